//! `POST /connections/{connection}/prices/release-several`: prices that are named, or all of a rule, page by page.

use super::terms::PriceTerms;
use super::{NOTHING_HELD, ReleasedPrice};
use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{
    Answer, Body, Faults, TenantConnection, decode_cursor, encode_cursor, foreign_cursor,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace;
use std::sync::Arc;
use utoipa::ToSchema;

/// Prices of one call.
const MOST_PRICES: usize = 200;
/// Listings that are looked at for a page of a rule's prices.
const PAGE: i32 = 100;

/// A price that is meant.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedPrice {
    /// The Amazon SKU, to the letter.
    sku: AmazonSku,
    marketplace: Marketplace,
}

/// All prices that a rule made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricesOfRule {
    /// As `GET …/listings?sku=` shows it with each price.
    name: String,
    marketplace: Marketplace,
    /// `next` of the call before.
    after: Option<String>,
}

/// Which prices are to be released: either those that are named, or all of a rule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceReleaseRequest {
    /// At most 200.
    #[serde(default)]
    #[schema(max_items = 200)]
    prices: Vec<NamedPrice>,
    rule: Option<PricesOfRule>,
}

/// What became of prices that were to be released.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ReleasedPrices {
    /// They are sent with the round that begins now.
    released: Vec<ReleasedPrice>,
    /// Prices that could not be released, and why. Of a rule, those that are not held are left out.
    refused: Vec<UnreleasedPrice>,
    /// Of a rule: give it back as `after` to go on; `null` = that was all.
    next: Option<String>,
}

/// A price that could not be released.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnreleasedPrice {
    sku: AmazonSku,
    marketplace: Marketplace,
    #[schema(example = "urn:stallkeeper:nothing-held")]
    kind: String,
    detail: String,
}

/// Where a rule's prices go on. Holds all that was asked, so that a cursor is refused by any other call.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    connection: String,
    rule: String,
    marketplace: Marketplace,
    released_after: String,
}

/// Release several prices that were held because they move by more than the brake allows: those named, or all of a rule.
///
/// Each is released as by `releasePrice`; one that cannot be keeps no other. Asking again does no harm.
#[utoipa::path(post, path = "/connections/{connection}/prices/release-several", operation_id = "releaseSeveralPrices", tag = "listings",
    request_body = PriceReleaseRequest,
    responses(
        (status = 200, description = "What became of each", body = ReleasedPrices),
        (status = 422, description = "Neither prices nor a rule are named, or both are"),
    ))]
pub(crate) async fn release(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Body(request): Body<PriceReleaseRequest>,
) -> Answer<Json<ReleasedPrices>> {
    let now = Timestamp::now();
    let released = match request.checked()? {
        Wanted::Named(prices) => app.release_named(&connection, prices, now).await?,
        Wanted::OfRule(rule) => app.release_rule(&connection, rule, now).await?,
    };
    if !released.released.is_empty() {
        app.begin_round(&connection).await?;
    }
    Ok(Json(released))
}

enum Wanted {
    Named(Vec<NamedPrice>),
    OfRule(PricesOfRule),
}

impl PriceReleaseRequest {
    fn checked(self) -> Answer<Wanted> {
        let mut faults = Faults::default();
        let place = "/prices";
        if self.prices.len() > MOST_PRICES {
            faults.add(place, format!("at most {MOST_PRICES} in one call"));
        }
        if self.prices.is_empty() == self.rule.is_none() {
            faults.add(place, "name either prices or a rule");
        }
        faults.done()?;
        Ok(match self.rule {
            Some(rule) => Wanted::OfRule(rule),
            None => Wanted::Named(self.prices),
        })
    }
}

impl App {
    async fn release_named(
        &self,
        connection: &Connection,
        prices: Vec<NamedPrice>,
        now: Timestamp,
    ) -> Answer<ReleasedPrices> {
        let mut all = ReleasedPrices::default();
        let terms = PriceTerms::load(&self.store, &connection.key()).await?;
        for NamedPrice { sku, marketplace } in prices {
            let released = self.release_price(connection, &terms, sku.clone(), marketplace, now);
            match released.await {
                Ok(released) => all.released.push(released),
                // Ours to mend: the caller tries again.
                Err(problem) if problem.status().is_server_error() => return Err(problem),
                Err(problem) => all.refused.push(UnreleasedPrice {
                    sku,
                    marketplace,
                    kind: problem.kind().to_owned(),
                    detail: problem.words(),
                }),
            }
        }
        Ok(all)
    }

    /// Releases what is held of the rule's prices on a page of listings.
    async fn release_rule(
        &self,
        connection: &Connection,
        rule: PricesOfRule,
        now: Timestamp,
    ) -> Answer<ReleasedPrices> {
        let (store, key) = (&self.store, &connection.key());
        let place = |released_after| Place {
            connection: connection.id.to_string(),
            rule: rule.name.clone(),
            marketplace: rule.marketplace,
            released_after,
        };
        let after = rule
            .after
            .as_deref()
            .map(decode_cursor::<Place>)
            .transpose()?;
        if after
            .as_ref()
            .is_some_and(|it| *it != place(it.released_after.clone()))
        {
            return Err(foreign_cursor());
        }
        let after = after.map(|place| place.released_after);
        let matched = Some(ListingState::Matched);
        let page = store.listing_page(key, matched, after.as_deref(), PAGE);
        let page = page.await?;
        let offers = page
            .listings
            .into_iter()
            .map(|(_, sku)| (sku, rule.marketplace));
        let offers: Vec<(AmazonSku, Marketplace)> = offers.collect();
        let known = store.batch_get_offers(key, &offers).await?;
        let of_rule = |offer: &(AmazonSku, Marketplace)| {
            let wanted = known.get(offer).and_then(|offer| offer.wanted.as_ref());
            wanted.is_some_and(|it| it.rule.as_deref() == Some(&rule.name))
        };
        let prices = offers.into_iter().filter(of_rule);
        let prices = prices.map(|(sku, marketplace)| NamedPrice { sku, marketplace });
        let mut released = self
            .release_named(connection, prices.collect(), now)
            .await?;
        // That is what most of them are.
        released
            .refused
            .retain(|price| !price.kind.ends_with(NOTHING_HELD));
        Ok(ReleasedPrices {
            next: page.next.map(|after| encode_cursor(&place(after))),
            ..released
        })
    }
}
