//! The offers of a connection that are to be made, with how far each is.

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Limit, Parameters, TenantConnection, decode_cursor, encode_cursor, foreign_cursor,
};
use stallkeeper::domain::ids::{Asin, Sku};
use stallkeeper::domain::listing::ListingIssue;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{Candidate, NewOffer, NewOfferState, Restriction, SentOffer};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// Only this state. A page may then hold fewer, and not be the last.
    #[param(inline)]
    state: Option<NewOfferState>,
    /// How many a page holds.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<100>,
    /// `next` of the page before.
    after: Option<String>,
}

/// An offer that is to be made, or was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewOffer)]
pub(crate) struct OfferRow {
    pub(super) sku: Sku,
    marketplace: Marketplace,
    pub(super) state: NewOfferState,
    /// For a person.
    why: String,
    /// The item of Amazon's catalogue that is offered.
    asin: Option<Asin>,
    /// For `ask`: the items that it may be. `POST …/offers/answer` says which.
    candidates: Vec<Candidate>,
    /// For `ask`: the first price, in the marketplace's currency, which waits for a person's look. `POST …/offers/answer`
    /// releases it.
    #[schema(value_type = Option<String>, example = "19.99")]
    held_price: Option<Decimal>,
    /// For `restricted`: what Amazon wants first.
    restrictions: Vec<Restriction>,
    /// What was sent of it last.
    sent: Option<SentOffer>,
    /// What Amazon said of it.
    issues: Vec<ListingIssue>,
    wanted_at: Timestamp,
    /// Who wanted it, or answered last, as the token named them.
    author: Option<String>,
    changed_at: Timestamp,
    /// When it goes on by itself; `null`: it waits for its turn, its feed or a person, or is done.
    due_at: Option<Timestamp>,
}

impl From<NewOffer> for OfferRow {
    fn from(offer: NewOffer) -> Self {
        Self {
            sku: offer.sku,
            marketplace: offer.marketplace,
            state: offer.state,
            why: offer.why,
            asin: offer.asin,
            candidates: offer.candidates,
            held_price: offer.held_price,
            restrictions: offer.restrictions,
            sent: offer.sent,
            issues: offer.issues,
            wanted_at: offer.wanted_at,
            author: offer.author,
            changed_at: offer.changed_at,
            due_at: offer.due_at,
        }
    }
}

/// A page of offers, by SKU.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewOfferList)]
pub(crate) struct OfferList {
    offers: Vec<OfferRow>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// Where a list goes on. Holds the connection, so that a cursor is refused by any other list.
#[derive(Serialize, Deserialize)]
struct Place {
    connection: String,
    offers_after: String,
}

/// List the offers that are to be made, or were, of products that were not on Amazon.
#[utoipa::path(get, path = "/connections/{connection}/offers", operation_id = "listNewOffers", tag = "listings",
    params(ListParams),
    responses((status = 200, body = OfferList)))]
pub(crate) async fn list(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
    Parameters(ListParams {
        state,
        limit,
        after,
    }): Parameters<ListParams>,
) -> Answer<Json<OfferList>> {
    let after = after.as_deref().map(decode_cursor::<Place>).transpose()?;
    let id = connection.id.as_str();
    if after.as_ref().is_some_and(|place| place.connection != id) {
        return Err(foreign_cursor());
    }
    let after = after.as_ref().map(|place| place.offers_after.as_str());
    let key = &connection.key();
    let page = app
        .store
        .new_offer_page(key, after, limit.get().into())
        .await?;
    let wanted = |offer: &NewOffer| state.is_none_or(|state| state == offer.state);
    let offers = page.offers.into_iter().filter(wanted);
    Ok(Json(OfferList {
        offers: offers.map(OfferRow::from).collect(),
        next: page.next.map(|offers_after| {
            encode_cursor(&Place {
                connection: id.to_owned(),
                offers_after,
            })
        }),
    }))
}
