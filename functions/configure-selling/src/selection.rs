//! The selection of a connection: shown, and its draft changed. Nothing of a draft is in force before it is published.

pub(crate) mod products;
mod request;

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use request::SelectionRequest;
use serde::Serialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, TenantConnection, must_not_be_disconnected};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::product::{Category, Condition};
use stallkeeper::domain::selection::{Choice, NewCategories, Pin, PolicyRule, Selection, WhenOut};
use stallkeeper::domain::selling_rules::{RulesDraft, SellingRules};
use stallkeeper::domain::stock_settings::StockPlan;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// Which products a connection sells: the draft, and what is in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SelectionOfConnection)]
pub(crate) struct SelectionAnswer {
    /// What publishing would put in force.
    draft: SelectionValues,
    /// That of the stock settings, which are published together with the selection.
    draft_revision: u64,
    /// Whether this selection is in force as it is drafted.
    draft_is_published: bool,
    published: SelectionValues,
}

/// A selection.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Selection)]
struct SelectionValues {
    /// Products that are sold; none: all.
    include: Vec<Condition>,
    /// Products that are not, whatever includes them.
    exclude: Vec<Condition>,
    /// By SKU; stronger than both lists.
    #[schema(value_type = BTreeMap<String, Pin>)]
    pins: BTreeMap<Sku, Pin>,
    when_out: WhenOut,
    new_categories: NewCategories,
    /// Categories, with their sub-categories, that do not ask.
    known_categories: Vec<Category>,
    /// Categories that appeared later are new; `null`: none is.
    asks_since: Option<Timestamp>,
    /// What is offered on marketplaces; those that are not named offer everything that the connection sells.
    #[schema(value_type = BTreeMap<String, ChoiceValues>)]
    marketplaces: BTreeMap<Marketplace, ChoiceValues>,
    /// The narrowest one that matches a product is in force for it, in place of the policy of the stock settings.
    stock_policies: Vec<PolicyValues>,
}

/// Which products are chosen for the offers on a marketplace.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = SelectionChoice)]
struct ChoiceValues {
    include: Vec<Condition>,
    exclude: Vec<Condition>,
    #[schema(value_type = BTreeMap<String, Pin>)]
    pins: BTreeMap<Sku, Pin>,
}

/// A stock policy of some products.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = StockPolicyOfProducts)]
struct PolicyValues {
    products: Condition,
    buffer: u32,
    percentage: u8,
    maximum: Option<u32>,
}

impl From<&Choice> for ChoiceValues {
    fn from(choice: &Choice) -> Self {
        Self {
            include: choice.include.clone(),
            exclude: choice.exclude.clone(),
            pins: choice.pins.clone(),
        }
    }
}

impl From<&PolicyRule> for PolicyValues {
    fn from(rule: &PolicyRule) -> Self {
        Self {
            products: rule.products.clone(),
            buffer: rule.buffer,
            percentage: rule.percentage,
            maximum: rule.maximum,
        }
    }
}

impl From<&SellingRules> for SelectionValues {
    fn from(rules: &SellingRules) -> Self {
        let selection = rules.selection.clone().unwrap_or_default();
        let marketplaces = selection.marketplaces.iter();
        Self {
            marketplaces: marketplaces
                .map(|(it, choice)| (*it, choice.into()))
                .collect(),
            include: selection.products.include,
            exclude: selection.products.exclude,
            pins: selection.products.pins,
            when_out: selection.when_out,
            new_categories: selection.new_categories,
            known_categories: selection.known_categories,
            asks_since: selection.asks_since,
            stock_policies: rules.policies.iter().map(Into::into).collect(),
        }
    }
}

/// Show which products a connection sells: the draft, and what is in force.
#[utoipa::path(get, path = "/connections/{connection}/selection", operation_id = "showSelection", tag = "selection",
    responses((status = 200, body = SelectionAnswer)))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<SelectionAnswer>> {
    let key = &connection.key();
    let plan = app.store.stock_plan(key).await?;
    let draft = app.store.rules_draft(key).await?;
    app.selection_answer(&connection, &plan, &draft).await
}

/// Replace the draft of a connection's selection. Nothing is in force before it is published.
///
/// It is drafted, previewed and published together with the stock settings: `POST …/publish`. A pin is stronger than
/// `exclude`, and that is stronger than `include`; an empty `include` is everything. What is out is sent zero or left as it is, by
/// `when_out`; what a marketplace does not offer has its offer ended there, and its quantity stays as it is elsewhere. What is
/// left out is as it is by default. To let a category in that asks, name it in `known_categories`; to keep it out, in `exclude`.
#[utoipa::path(put, path = "/connections/{connection}/selection", operation_id = "putSelection", tag = "selection", request_body = SelectionRequest,
    responses(
        (status = 200, body = SelectionAnswer),
        (status = 409, description = "The connection is disconnected"),
        (status = 422, description = "A rule cannot be; `errors` says why for each"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Body(request): Body<SelectionRequest>,
) -> Answer<Json<SelectionAnswer>> {
    must_not_be_disconnected(&connection)?;
    let (selection, policies) = request.checked(&connection)?;
    let now = Timestamp::now();
    let change = app.change_rules(&connection, |draft| {
        let known = draft.selection.as_ref();
        // What exists before somebody selects is nothing new.
        let asks_since = known.and_then(|it| it.asks_since).or(Some(now));
        draft.selection = Some(Selection {
            asks_since,
            ..selection.clone()
        });
        draft.policies.clone_from(&policies);
        Ok(())
    });
    let (plan, draft) = change.await?;
    info!(connection.id = %connection.id, draft.revision = plan.draft_revision, "the draft of the selection of connection `{}` is set", connection.id);
    app.selection_answer(&connection, &plan, &draft).await
}

impl App {
    async fn selection_answer(
        &self,
        connection: &Connection,
        plan: &StockPlan,
        draft: &RulesDraft,
    ) -> Answer<Json<SelectionAnswer>> {
        let published = self.store.rules_in_force(&connection.key(), plan).await?;
        let (draft, published) = ((&draft.rules).into(), (&published).into());
        Ok(Json(SelectionAnswer {
            draft_revision: plan.draft_revision,
            draft_is_published: draft == published,
            draft,
            published,
        }))
    }
}
