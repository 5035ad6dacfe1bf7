//! A connection's stock settings: shown, and their draft changed. Nothing of a draft is in force before it is published.

use crate::App;
use crate::access::Manager;
use crate::dance::changed_meanwhile;
use crate::status::disconnected;
use crate::stock_answer::StockAnswer;
use crate::stock_request::StockRequest;
use axum::Json;
use axum::extract::{Path, State};
use stallkeeper::api::{Answer, Body, Problem};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::Written;
use std::sync::Arc;
use tracing::info;

/// How often a change is decided anew because somebody else changed the settings at the same time.
const MOST_TRIES: usize = 5;

/// Show the stock settings: the draft, what is in force, and what keeps it from being sent.
#[utoipa::path(get, path = "/connections/{connection}/stock-settings", operation_id = "showStockSettings", tag = "stock",
    params(("connection" = String, Path)),
    responses(
        (status = 200, body = StockAnswer),
        (status = 404, description = "There is no such connection", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Manager(tenant): Manager,
    Path(id): Path<String>,
) -> Answer<Json<StockAnswer>> {
    let connection = app.connection(&tenant, &id).await?;
    let plan = app.store.stock_plan(&tenant, &connection.id).await?;
    app.stock_answer(&connection, &plan).await
}

/// Replace the draft of the stock settings. Nothing is in force before it is published.
#[utoipa::path(put, path = "/connections/{connection}/stock-settings", operation_id = "putStockSettings", tag = "stock", request_body = StockRequest,
    params(("connection" = String, Path)),
    responses(
        (status = 200, body = StockAnswer),
        (status = 404, description = "There is no such connection", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The connection is disconnected", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A setting cannot be; `errors` says why for each", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Manager(tenant): Manager,
    Path(id): Path<String>,
    Body(request): Body<StockRequest>,
) -> Answer<Json<StockAnswer>> {
    let connection = app.kept(app.connection(&tenant, &id).await?)?;
    let draft = request.checked(&connection)?;
    let plan = app
        .change_plan(&connection, |plan| {
            if plan.draft != draft {
                plan.draft = draft.clone();
                plan.draft_revision += 1;
            }
            Ok(())
        })
        .await?;
    info!(connection.id = %connection.id, draft.revision = plan.draft_revision, "the draft of the stock settings of connection `{}` is set", connection.id);
    app.stock_answer(&connection, &plan).await
}

impl App {
    /// The connection, unless it was given up for good.
    pub(crate) fn kept(&self, connection: Connection) -> Answer<Connection> {
        if connection.status == ConnectionStatus::Disconnected {
            return Err(disconnected());
        }
        Ok(connection)
    }

    /// Changes a connection's stock settings as they stand; decides anew where somebody else was quicker.
    pub(crate) async fn change_plan(
        &self,
        connection: &Connection,
        change: impl Fn(&mut StockPlan) -> Answer<()>,
    ) -> Answer<StockPlan> {
        let (tenant, id) = (&connection.tenant, &connection.id);
        for _ in 0..MOST_TRIES {
            let read = self.store.stock_plan(tenant, id).await?;
            let mut plan = read.clone();
            change(&mut plan)?;
            if plan == read {
                return Ok(read);
            }
            plan.revision += 1;
            if self.store.save_stock_plan(tenant, id, &plan).await? == Written::Done {
                return Ok(plan);
            }
        }
        Err(changed_meanwhile())
    }

    /// What stands, as it is shown.
    pub(crate) async fn stock_answer(
        &self,
        connection: &Connection,
        plan: &StockPlan,
    ) -> Answer<Json<StockAnswer>> {
        let round = self.store.round(&connection.tenant, &connection.id).await?;
        let deployment = self.store.deployment_freeze().await?;
        let answer = StockAnswer::of(connection, plan, &round, deployment.as_ref());
        Ok(Json(answer))
    }
}
