//! The price rules of a marketplace: shown, and their draft changed. Nothing of a draft is in force before it is published.

use crate::App;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Faults, Problem, TenantConnection, must_not_be_disconnected};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::PriceRules;
use stallkeeper::domain::selling_rules::RulesDraft;
use stallkeeper::domain::stock_settings::StockPlan;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// What the path names within the connection.
#[derive(Debug, Deserialize)]
pub(crate) struct PricesPath {
    marketplace: String,
}

/// How the prices of a marketplace are made: the draft, and what is in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceRulesOfMarketplace)]
pub(crate) struct PricesAnswer {
    marketplace: Marketplace,
    /// Of all amounts.
    #[schema(example = "GBP")]
    currency: &'static str,
    /// What publishing would put in force; `null`: no rules were drafted, the price mode of the marketplace's settings decides.
    draft: Option<PriceRules>,
    /// That of the stock settings, which are published together with the rules.
    draft_revision: u64,
    /// Whether these rules are in force as they are drafted.
    draft_is_published: bool,
    /// `null`: the price mode of the marketplace's settings decides.
    published: Option<PriceRules>,
}

/// Show the price rules of a marketplace: the draft, and what is in force.
#[utoipa::path(get, path = "/connections/{connection}/prices/{marketplace}", operation_id = "showPriceRules", tag = "prices",
    params(("marketplace" = String, Path, description = "Country code of the marketplace, as Amazon writes it")),
    responses((status = 200, body = PricesAnswer)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(path): Path<PricesPath>,
) -> Answer<Json<PricesAnswer>> {
    let marketplace = of_region(&connection, &path)?;
    let key = &connection.key();
    let plan = app.store.stock_plan(key).await?;
    let draft = app.store.rules_draft(key).await?;
    app.prices_answer(&connection, marketplace, &plan, &draft)
        .await
}

/// Replace the draft of a marketplace's price rules. Nothing is in force before it is published.
///
/// They are drafted, previewed and published together with the stock settings: `POST …/publish`. What is left out is as it is
/// by default. Amounts and percentages are decimal numbers as text.
#[utoipa::path(put, path = "/connections/{connection}/prices/{marketplace}", operation_id = "putPriceRules", tag = "prices", request_body = PriceRules,
    params(("marketplace" = String, Path, description = "Country code of the marketplace, as Amazon writes it")),
    responses(
        (status = 200, body = PricesAnswer),
        (status = 409, description = "The connection is disconnected"),
        (status = 422, description = "A rule cannot be; `errors` says why for each"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(path): Path<PricesPath>,
    Body(rules): Body<PriceRules>,
) -> Answer<Json<PricesAnswer>> {
    must_not_be_disconnected(&connection)?;
    let marketplace = of_region(&connection, &path)?;
    let mut faults = Faults::default();
    for (place, detail) in rules.faults(marketplace) {
        faults.add(place, detail);
    }
    faults.done()?;
    let change = app.change_rules(&connection, |draft| {
        draft.prices.insert(marketplace, rules.clone());
        Ok(())
    });
    let (plan, draft) = change.await?;
    info!(connection.id = %connection.id, %marketplace, draft.revision = plan.draft_revision, "the draft of the price rules of connection `{}` is set", connection.id);
    app.prices_answer(&connection, marketplace, &plan, &draft)
        .await
}

/// Take the draft of a marketplace's price rules away: once that is published, the price mode of the marketplace's settings
/// decides.
///
/// Taken away before, nothing changes. What Amazon was sent stays there until another price is wanted.
#[utoipa::path(delete, path = "/connections/{connection}/prices/{marketplace}", operation_id = "deletePriceRules", tag = "prices",
    params(("marketplace" = String, Path, description = "Country code of the marketplace, as Amazon writes it")),
    responses(
        (status = 200, description = "No rules are drafted", body = PricesAnswer),
        (status = 409, description = "The connection is disconnected"),
    ))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(path): Path<PricesPath>,
) -> Answer<Json<PricesAnswer>> {
    must_not_be_disconnected(&connection)?;
    let marketplace = of_region(&connection, &path)?;
    let change = app.change_rules(&connection, |draft| {
        draft.prices.remove(&marketplace);
        Ok(())
    });
    let (plan, draft) = change.await?;
    info!(connection.id = %connection.id, %marketplace, draft.revision = plan.draft_revision, "the draft of the price rules of connection `{}` is taken away", connection.id);
    app.prices_answer(&connection, marketplace, &plan, &draft)
        .await
}

fn of_region(connection: &Connection, path: &PricesPath) -> Answer<Marketplace> {
    let marketplace: Option<Marketplace> = path.marketplace.parse().ok();
    let of_region = marketplace.filter(|it| it.region() == connection.region());
    of_region.ok_or_else(|| Problem::not_found("marketplace"))
}

impl App {
    async fn prices_answer(
        &self,
        connection: &Connection,
        marketplace: Marketplace,
        plan: &StockPlan,
        draft: &RulesDraft,
    ) -> Answer<Json<PricesAnswer>> {
        let published = self.store.rules_in_force(&connection.key(), plan).await?;
        let published = published.prices.get(&marketplace).cloned();
        let drafted = draft.rules.prices.get(&marketplace).cloned();
        Ok(Json(PricesAnswer {
            marketplace,
            currency: marketplace.currency(),
            draft_revision: plan.draft_revision,
            draft_is_published: drafted == published,
            draft: drafted,
            published,
        }))
    }
}
