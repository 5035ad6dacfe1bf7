//! Releases prices that were held because they move too far: one, several, or all of a rule.

pub(super) mod several;
mod terms;

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Parameters, Problem, TenantConnection, changed_meanwhile};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{NextPrice, Offer, Standing, next_price};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::queue::StockTick;
use stallkeeper::store::{ToSend, Written};
use std::sync::Arc;
use terms::PriceTerms;
use tracing::info;
use utoipa::{IntoParams, ToSchema};

/// The kind of problem of a price that is not held.
const NOTHING_HELD: &str = "nothing-held";

/// Which price.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceParams {
    /// The Amazon SKU, to the letter, percent-encoded.
    #[param(inline)]
    sku: AmazonSku,
    #[param(inline)]
    marketplace: Marketplace,
}

/// A price that is sent with the round that begins now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReleasedPrice {
    sku: String,
    marketplace: Marketplace,
    #[schema(value_type = String, example = "19.99")]
    amount: Decimal,
    #[schema(example = "GBP")]
    currency: &'static str,
}

/// Release a price that was held because it moves by more than the brake allows. Only this price is released.
#[utoipa::path(post, path = "/connections/{connection}/prices/release", operation_id = "releasePrice", tag = "listings",
    params(PriceParams),
    responses(
        (status = 200, description = "Released, now or before", body = ReleasedPrice),
        (status = 404, description = "There is no such connection or price"),
        (status = 409, description = "It is not held; or none is sent there: the connection is in shadow, prices are left alone, the product is not sold, Amazon's own rules set it, or a person holds the whole listing"),
    ))]
pub(crate) async fn release(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(PriceParams { sku, marketplace }): Parameters<PriceParams>,
) -> Answer<Json<ReleasedPrice>> {
    let now = Timestamp::now();
    let terms = PriceTerms::load(&app.store, &connection.key()).await?;
    let released = app
        .release_price(&connection, &terms, sku, marketplace, now)
        .await?;
    app.begin_round(&connection).await?;
    Ok(Json(released))
}

impl App {
    /// Releases one price, and lists it to be sent.
    ///
    /// # Errors
    /// 404 if there is none; 409 if it is not held, or may not be sent.
    async fn release_price(
        &self,
        connection: &Connection,
        terms: &PriceTerms,
        sku: AmazonSku,
        marketplace: Marketplace,
        now: Timestamp,
    ) -> Answer<ReleasedPrice> {
        let key = &connection.key().listing(&sku).offer(marketplace);
        let missing = || Problem::not_found("price");
        let store = &self.store;
        let listing = store.listing(&key.listing).await?;
        let listing = listing.ok_or_else(missing)?;
        if listing.hold.is_some() {
            return Err(Problem::conflict(
                "listing-held",
                "A person holds the listing: no price is sent of it.",
                "Release it first: DELETE /connections/{connection}/holds?sku=…",
            ));
        }
        let offer = store.offer(key).await?;
        let offer = offer.ok_or_else(missing)?;
        if listing.price_is_automated(marketplace) {
            return Err(Problem::conflict(
                "price-automated",
                "A rule of Amazon's automated pricing sets this price: it is left alone.",
                "Take the listing out of the rule in Seller Central; within a day it is seen here.",
            ));
        }
        terms.must_be_sent(&listing, marketplace)?;
        let amount = self.held(connection, terms, &offer).await?;
        let generation = offer.wanted.as_ref().map_or(0, |wanted| wanted.generation);
        // Of what was looked at, and no other: a newer price waits for its own release.
        if store.release_offer(key, generation).await? == Written::Conflict {
            return Err(changed_meanwhile());
        }
        let entry = ToSend::price(&offer, amount, generation, listing.product_type, now);
        store.put_to_send(&connection.key(), &entry).await?;
        info!(audit = "price_released", tenant.id = %connection.tenant, connection.id = %connection.id, %marketplace, "a held price of connection `{}` is released", connection.id);
        Ok(ReleasedPrice {
            sku: AmazonSku::into(sku),
            marketplace,
            amount,
            currency: marketplace.currency(),
        })
    }

    async fn begin_round(&self, connection: &Connection) -> Answer<()> {
        let tick = StockTick::Tick {
            connection: connection.key(),
            hop: 0,
        };
        Ok(self.stock_ticks.send(&connection.id, tick, 0).await?)
    }

    /// The price that is held; one that was released and is not sent yet counts as held, so that asking again does what
    /// a crash left undone.
    async fn held(
        &self,
        connection: &Connection,
        terms: &PriceTerms,
        offer: &Offer,
    ) -> Answer<Decimal> {
        let feed = self.carried_by(&connection.key(), offer.sent_by()).await?;
        let standing = Standing::of(offer.sent_by(), feed.as_ref());
        let released = offer.wanted.as_ref().map(|wanted| wanted.generation);
        match next_price(offer, standing, terms.brake_percent) {
            NextPrice::Held { to, .. } => Ok(to),
            NextPrice::Send(amount)
                if released.is_some_and(|generation| offer.released_to >= generation) =>
            {
                Ok(amount)
            }
            _ => Err(Problem::conflict(
                NOTHING_HELD,
                "This price is not held.",
                "GET /connections/{connection}/listings?sku= explains what is to be sent, or why nothing is.",
            )),
        }
    }
}
