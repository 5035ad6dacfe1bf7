//! What publishing the draft would do, listing by listing: so that a person sees which would be zeroed before it is done.

pub(crate) mod prices;

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
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{HoldMode, Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::preview::{
    EffectKind, EndEffect, ListingEffect, PreviewDraft, PreviewPage, PriceEffect,
};
use stallkeeper::store::Standings;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewParams {
    /// Only listings that this would happen to. A page may hold fewer of them than there is room for, even none.
    #[param(inline)]
    effect: Option<EffectKind>,
    /// How many listings are looked at for a page.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<100>,
    /// `next` of the page before.
    after: Option<String>,
}

/// A page of what publishing the draft would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedListings {
    /// The draft's that it was computed with.
    draft_revision: u64,
    listings: Vec<PreviewedListing>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// What publishing the draft would do to a listing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedListing {
    /// The Amazon SKU, to the letter.
    sku: AmazonSku,
    product: Option<Sku>,
    effect: EffectKind,
    /// Amazon shows at least this now; `null`: it is not known.
    now_lowest: Option<u32>,
    /// And at most this.
    now_highest: Option<u32>,
    /// What it would be sent; `null`: it is left as it is.
    would_be: Option<u32>,
    /// Where the number comes from, or why the listing is left.
    why: String,
    /// A person holds it so.
    hold: Option<HoldMode>,
    /// The offers that would be ended or opened again.
    offers: Vec<PreviewedOffer>,
    /// The prices that would change.
    prices: Vec<PreviewedPrice>,
}

/// An offer that would be ended on one marketplace, or opened again there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedOffer {
    marketplace: Marketplace,
    /// Else it would be opened again.
    ended: bool,
    why: String,
}

impl From<EndEffect> for PreviewedOffer {
    fn from(end: EndEffect) -> Self {
        Self {
            marketplace: end.marketplace,
            ended: end.ended,
            why: end.why,
        }
    }
}

/// A price that would change; amounts in the marketplace's currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedPrice {
    marketplace: Marketplace,
    /// `null`: none was ever seen or sent.
    #[schema(value_type = Option<String>, example = "19.99")]
    now: Option<Decimal>,
    #[schema(value_type = String, example = "17.50")]
    would_be: Decimal,
    /// It would wait for a person: POST …/prices/release.
    held: bool,
}

impl PreviewedPrice {
    /// `None`: it would not change.
    fn of(price: &PriceEffect) -> Option<Self> {
        Some(Self {
            marketplace: price.marketplace,
            now: price.shown,
            would_be: price.would_be()?,
            held: price.is_held(),
        })
    }
}

impl PreviewedListing {
    fn new(listing: &Listing, effect: ListingEffect) -> Self {
        Self {
            sku: listing.amazon_sku.clone(),
            product: listing.product.clone(),
            effect: effect.kind,
            now_lowest: effect.shown.map(|live| live.lowest),
            now_highest: effect.shown.map(|live| live.highest),
            would_be: effect.would_be,
            why: effect.why,
            hold: listing.hold.as_ref().map(|hold| hold.mode),
            offers: effect.ends.into_iter().map(Into::into).collect(),
            prices: effect
                .prices
                .iter()
                .filter_map(PreviewedPrice::of)
                .collect(),
        }
    }
}

/// Where a list goes on. Holds the connection, so that a cursor is refused by any other list.
#[derive(Serialize, Deserialize)]
struct Place {
    connection: String,
    previewed_after: String,
}

impl Place {
    /// # Errors
    /// 422 if it is no cursor of this connection's lists.
    fn opened(after: Option<&str>, connection: &Connection) -> Answer<Option<String>> {
        let Some(after) = after else { return Ok(None) };
        let place = decode_cursor::<Self>(after)?;
        match place.connection == connection.id.as_str() {
            true => Ok(Some(place.previewed_after)),
            false => Err(foreign_cursor()),
        }
    }
}

/// List what publishing the draft would do to each matched listing.
///
/// It is computed now, page by page, with the current draft and what is known of Amazon's listings: `POST …/publish` with
/// `preview` reads those first. Listings that are not matched are sent nothing: `GET …/listings?state=` lists them.
#[utoipa::path(get, path = "/connections/{connection}/preview/listings", operation_id = "listPreviewedListings", tag = "stock",
    params(PreviewParams),
    responses((status = 200, body = PreviewedListings)))]
pub(crate) async fn list(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
    Parameters(params): Parameters<PreviewParams>,
) -> Answer<Json<PreviewedListings>> {
    Ok(Json(app.previewed(&connection, params).await?))
}

impl App {
    async fn previewed(
        &self,
        connection: &Connection,
        params: PreviewParams,
    ) -> Answer<PreviewedListings> {
        let after = Place::opened(params.after.as_deref(), connection)?;
        let now = Timestamp::now();
        let page = self.effects(connection, after, params.limit.get().into(), now);
        let (draft, effects, next) = page.await?;
        let effects = effects.into_iter();
        let is_asked = |effect: &ListingEffect| params.effect.is_none_or(|it| it == effect.kind);
        let listings = effects
            .filter(|(_, effect)| is_asked(effect))
            .map(|(listing, effect)| PreviewedListing::new(&listing, effect));
        Ok(PreviewedListings {
            draft_revision: draft.revision,
            listings: listings.collect(),
            next,
        })
    }

    /// What the draft would do to a page of matched listings, and where the next page begins.
    async fn effects(
        &self,
        connection: &Connection,
        after: Option<String>,
        limit: i32,
        now: Timestamp,
    ) -> Answer<(PreviewDraft, Vec<(Listing, ListingEffect)>, Option<String>)> {
        let (store, key) = (&self.store, &connection.key());
        let plan = store.stock_plan(key).await?;
        let draft = PreviewDraft::read(store, key, &plan).await?;
        let matched = Some(ListingState::Matched);
        let keys = store
            .listing_page(key, matched, after.as_deref(), limit)
            .await?;
        let skus: Vec<AmazonSku> = keys.listings.into_iter().map(|(_, sku)| sku).collect();
        let page = PreviewPage::read(store, key, &draft, &skus).await?;
        let standings = Standings::new(store, key);
        let mut effects = Vec::new();
        for listing in &page.listings {
            let effect = page.effect_on(listing, &standings, now).await?;
            effects.push((listing.clone(), effect));
        }
        drop(page);
        let next = keys.next.map(|previewed_after| {
            encode_cursor(&Place {
                connection: connection.id.to_string(),
                previewed_after,
            })
        });
        Ok((draft, effects, next))
    }
}
