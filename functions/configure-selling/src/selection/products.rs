//! What the draft of the selection says of each product, and what publishing it would do on Amazon: computed now, page by page,
//! from what is stored. It writes nothing.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Limit, PageFormat, Parameters, TenantConnection, csv_answer, decode_cursor,
    encode_cursor, foreign_cursor, wants_csv,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::OfferSettings;
use stallkeeper::domain::product::Product;
use stallkeeper::domain::selection::{ProductRules, Verdict};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::preview::{EffectKind, ListingEffect, PreviewDraft, PreviewPage};
use stallkeeper::store::Standings;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Products looked at side by side.
const AT_ONCE: usize = 16;
/// Where the next page of a CSV begins.
const NEXT: &str = "next-page";
const COLUMNS: [&str; 6] = ["sku", "title", "verdict", "why", "on_amazon", "offers"];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductParams {
    /// Only products of which the draft says this. A page may hold fewer of them than there is room for, even none.
    #[param(inline)]
    verdict: Option<Verdict>,
    /// How many products are looked at for a page.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<100>,
    /// `next` of the page before.
    after: Option<String>,
    #[param(inline)]
    format: Option<PageFormat>,
}

/// A page of products, by SKU.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SelectedProducts {
    /// The draft's that it was computed with.
    draft_revision: u64,
    products: Vec<SelectedProduct>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// What publishing the draft would do on Amazon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = SelectionEffect)]
enum OnAmazon {
    /// Nothing follows from the selection.
    Nothing,
    /// Its listings would go to zero.
    Zero,
    /// Its offer on the marketplace would be ended.
    OfferEnded,
    /// Its offer on the marketplace, which was ended here, would be opened again.
    OfferOpened,
    /// An offer would be wanted of it, as the settings of offers say: Amazon does not have it.
    OfferMade,
}

/// What the draft says of a product.
#[derive(Debug, Serialize, ToSchema)]
struct SelectedProduct {
    sku: Sku,
    title: Option<String>,
    /// Whether the connection sells it.
    verdict: Verdict,
    /// Which rule says so.
    why: String,
    /// What would become of its quantity, or that it would be offered.
    on_amazon: OnAmazon,
    /// Its listings on this connection, by Amazon SKU.
    listings: Vec<AmazonSku>,
    /// Marketplaces on which it is not offered, or would be offered again.
    offers: Vec<SelectedOffer>,
}

/// What the draft says of a product on a marketplace.
#[derive(Debug, Serialize, ToSchema)]
struct SelectedOffer {
    marketplace: Marketplace,
    offered: bool,
    why: String,
    on_amazon: OnAmazon,
}

/// Where a list goes on. Holds the connection, so that a cursor is refused by any other list.
#[derive(Serialize, Deserialize)]
struct Place {
    connection: String,
    selected_after: String,
}

/// List what the draft of the selection says of each product: in or out, why, and what would happen on Amazon.
///
/// It is computed now, with the current draft and what is known of Amazon's listings. As CSV if `Accept` is `text/csv` or
/// `format` is `csv`; then the header `next-page` is the `after` of the next page.
#[utoipa::path(get, path = "/connections/{connection}/selection/products", operation_id = "listSelectedProducts", tag = "selection",
    params(ProductParams),
    responses((status = 200, description = "A page of products", content(
        (SelectedProducts = "application/json"),
        (String = "text/csv"),
    ))))]
pub(crate) async fn list(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Parameters(params): Parameters<ProductParams>,
) -> Answer<Response> {
    let page = app.selected(&connection, &params).await?;
    if !wants_csv(&headers, params.format) {
        return Ok(Json(page).into_response());
    }
    let mut response = csv_answer(&COLUMNS, page.products.iter().map(SelectedProduct::cells))?;
    if let Some(next) = page.next.and_then(|next| next.parse().ok()) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

/// A product with what is known of it on one connection.
struct Known {
    product: Product,
    rules: ProductRules,
    listings: Vec<AmazonSku>,
    /// An offer would be wanted of it.
    offer_made: bool,
}

impl App {
    async fn selected(
        &self,
        connection: &Connection,
        params: &ProductParams,
    ) -> Answer<SelectedProducts> {
        let (store, key) = (&self.store, &connection.key());
        let place: Option<Place> = params.after.as_deref().map(decode_cursor).transpose()?;
        let id = connection.id.as_str();
        if place.as_ref().is_some_and(|place| place.connection != id) {
            return Err(foreign_cursor());
        }
        let after = place.as_ref().map(|place| place.selected_after.as_str());
        let limit = i32::from(params.limit.get());
        let (skus, next) = store.product_page(&key.tenant, after, limit).await?;
        let plan = store.stock_plan(key).await?;
        let draft = PreviewDraft::read(store, key, &plan).await?;
        let offers = &store.offer_settings(key).await?;
        let known = |sku| self.known(connection, &draft, offers, sku);
        let known: Vec<Option<Known>> = fan_out(skus, AT_ONCE, known).await?;
        let known: Vec<Known> = known.into_iter().flatten().collect();
        let effects = self.effects_on_listings(connection, &draft, &known).await?;
        let products = known.into_iter().map(|it| it.selected(&effects));
        let wanted = |it: &SelectedProduct| params.verdict.is_none_or(|only| only == it.verdict);
        Ok(SelectedProducts {
            draft_revision: draft.revision,
            products: products.filter(wanted).collect(),
            next: next.map(|selected_after| {
                encode_cursor(&Place {
                    connection: id.to_owned(),
                    selected_after,
                })
            }),
        })
    }

    /// `None`: it was deleted a moment ago.
    async fn known(
        &self,
        connection: &Connection,
        draft: &PreviewDraft,
        offers: &OfferSettings,
        sku: Sku,
    ) -> Result<Option<Known>> {
        let inputs = self.store.sku_inputs(&connection.tenant, &sku).await?;
        let Some(product) = inputs.product else {
            return Ok(None);
        };
        let rules = draft.rules_of(&self.store, &connection.tenant, &product);
        let rules = rules.await?;
        let of_connection = inputs.listed.into_iter();
        let of_connection = of_connection.filter(|listed| listed.connection == connection.id);
        let listings: Vec<AmazonSku> = of_connection.map(|listed| listed.amazon_sku).collect();
        let selected = rules.selected.as_ref();
        let wanted = offers.wants(&product, selected, connection.marketplace);
        let offer_made = wanted
            && listings.is_empty()
            && self.is_not_on_amazon(connection, &product.sku).await?;
        Ok(Some(Known {
            product,
            rules,
            listings,
            offer_made,
        }))
    }

    /// Whether Amazon has no listing of a product, and nobody ever wanted an offer of it.
    async fn is_not_on_amazon(&self, connection: &Connection, sku: &Sku) -> Result<bool> {
        let (store, key) = (&self.store, &connection.key());
        let listing = store.listing(&key.listing(&sku.as_amazon_sku())).await?;
        let absent = listing.is_some_and(|it| it.state == ListingState::NotOnAmazon);
        Ok(absent && store.new_offer(key, sku).await?.is_none())
    }

    /// What the draft would do to the matched listings of these products.
    async fn effects_on_listings(
        &self,
        connection: &Connection,
        draft: &PreviewDraft,
        known: &[Known],
    ) -> Result<HashMap<AmazonSku, ListingEffect>> {
        let (store, key, now) = (&self.store, &connection.key(), Timestamp::now());
        let skus: Vec<AmazonSku> = known.iter().flat_map(|it| it.listings.clone()).collect();
        let page = PreviewPage::read(store, key, draft, &skus).await?;
        let standings = Standings::new(store, key);
        let mut effects = HashMap::new();
        for listing in &page.listings {
            let effect = page.effect_on(listing, &standings, now).await?;
            effects.insert(listing.amazon_sku.clone(), effect);
        }
        Ok(effects)
    }
}

impl Known {
    fn selected(self, effects: &HashMap<AmazonSku, ListingEffect>) -> SelectedProduct {
        let effects: Vec<&ListingEffect> = self
            .listings
            .iter()
            .filter_map(|sku| effects.get(sku))
            .collect();
        let (verdict, why) = match &self.rules.selected {
            Some(selected) => (selected.decision.verdict, selected.decision.words()),
            None => (Verdict::In, "there is no selection".to_owned()),
        };
        let to_zero = effects.iter().any(|it| it.kind == EffectKind::ToZero);
        SelectedProduct {
            offers: self.offers(&effects),
            on_amazon: match verdict == Verdict::Out && to_zero {
                true => OnAmazon::Zero,
                false if self.offer_made => OnAmazon::OfferMade,
                false => OnAmazon::Nothing,
            },
            sku: self.product.sku,
            title: self.product.title,
            verdict,
            why,
            listings: self.listings,
        }
    }

    fn offers(&self, effects: &[&ListingEffect]) -> Vec<SelectedOffer> {
        let ends = || effects.iter().flat_map(|effect| &effect.ends);
        let selected = self.rules.selected.iter();
        let not_offered = selected.flat_map(|selected| &selected.not_offered);
        let not_offered = not_offered.map(|(marketplace, decision)| {
            let ended = ends().any(|end| end.marketplace == *marketplace && end.ended);
            SelectedOffer {
                marketplace: *marketplace,
                offered: false,
                why: decision.words(),
                on_amazon: match ended {
                    true => OnAmazon::OfferEnded,
                    false => OnAmazon::Nothing,
                },
            }
        });
        let mut offers: Vec<SelectedOffer> = not_offered.collect();
        for end in ends().filter(|end| !end.ended) {
            if offers.iter().all(|it| it.marketplace != end.marketplace) {
                offers.push(SelectedOffer {
                    marketplace: end.marketplace,
                    offered: true,
                    why: end.why.clone(),
                    on_amazon: OnAmazon::OfferOpened,
                });
            }
        }
        offers
    }
}

impl SelectedProduct {
    fn cells(&self) -> [String; 6] {
        let verdict: &str = self.verdict.into();
        let offers = self.offers.iter().map(|offer| {
            let what: &str = offer.on_amazon.into();
            format!("{}: {what} ({})", offer.marketplace, offer.why)
        });
        let on_amazon: &str = self.on_amazon.into();
        [
            self.sku.to_string(),
            self.title.clone().unwrap_or_default(),
            verdict.to_owned(),
            self.why.clone(),
            on_amazon.to_owned(),
            offers.collect::<Vec<_>>().join("; "),
        ]
    }
}
