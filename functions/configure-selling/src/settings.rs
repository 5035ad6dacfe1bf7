//! A connection's stock settings: shown, and their draft changed. Nothing of a draft is in force before it is published.

pub(crate) mod answer;
mod request;

use crate::App;
use answer::StockAnswer;
use axum::Json;
use axum::extract::State;
use request::StockRequest;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Body, TenantConnection, change_stock_plan, must_not_be_disconnected,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::stock_settings::StockPlan;
use std::sync::Arc;
use tracing::info;

/// Show the stock settings: the draft, what is in force, and what keeps it from being sent.
#[utoipa::path(get, path = "/connections/{connection}/stock-settings", operation_id = "showStockSettings", tag = "stock",
    responses(
        (status = 200, body = StockAnswer),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<StockAnswer>> {
    let plan = app.store.stock_plan(&connection.key()).await?;
    app.stock_answer(&connection, &plan).await
}

/// Replace the draft of the stock settings. Nothing is in force before it is published.
#[utoipa::path(put, path = "/connections/{connection}/stock-settings", operation_id = "putStockSettings", tag = "stock", request_body = StockRequest,
    responses(
        (status = 200, body = StockAnswer),
        (status = 409, description = "The connection is disconnected"),
        (status = 422, description = "A setting cannot be; `errors` says why for each"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Body(request): Body<StockRequest>,
) -> Answer<Json<StockAnswer>> {
    must_not_be_disconnected(&connection)?;
    let draft = request.checked(&connection)?;
    let plan = change_stock_plan(&app.store, &connection, |plan| {
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
    /// The current settings, as they are shown.
    pub(crate) async fn stock_answer(
        &self,
        connection: &Connection,
        plan: &StockPlan,
    ) -> Answer<Json<StockAnswer>> {
        let round = self.store.round(&connection.key()).await?;
        let deployment = self.store.deployment_freeze().await?;
        let rules = self.store.rules_draft(&connection.key()).await?;
        let answer = StockAnswer::of(connection, plan, &rules, &round, deployment.as_ref());
        Ok(Json(answer))
    }
}
