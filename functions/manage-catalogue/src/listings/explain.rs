//! One listing, explained: where each number comes from, what was made of it, and what is to be sent or why not. Reads
//! everything strongly, computes by the rules that the recompute uses, and changes nothing.

mod answer;
mod end;
mod history;
mod next;
mod price;
mod stock;
mod words;

pub(super) use answer::Explanation;

use super::amazon::{outcome, shown};
use crate::App;
use answer::{ExplainedHold, Observed, Product, RefusedValue, SentValue, SentWay};
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::connection::{Connection, MarketplaceSettings};
use stallkeeper::domain::feed::{Feed, SentBy};
use stallkeeper::domain::ids::{AmazonSku, Sku, TenantId};
use stallkeeper::domain::listing::{
    HoldEntry, Listing, ListingPart, Offer, OfferEnd, Refused, Sent, Standing, advice,
};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::selection::ProductRules;
use stallkeeper::domain::selling_rules::SellingRules;
use stallkeeper::domain::stock_settings::{Freeze, StockPlan, StockSettings};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::{Round, SkuInputs, Store, ToSend};

/// Parts of a bundle that are read at a time.
const AT_ONCE: usize = 16;

/// All that an explanation rests on.
struct ListingFacts {
    connection: Connection,
    listing: Listing,
    /// The product that it is tied to, or would be.
    product: Sku,
    inputs: SkuInputs,
    /// For a bundle: each part, with how many one bundle takes.
    parts: Vec<(Sku, u32, SkuInputs)>,
    feed: Option<Feed>,
    offers: Vec<(Offer, Option<Feed>)>,
    ends: Vec<(Marketplace, OfferEnd, Option<Feed>)>,
    marketplaces: Vec<MarketplaceSettings>,
    plan: StockPlan,
    /// In force.
    rules: SellingRules,
    /// What they say of the product's stock.
    product_rules: ProductRules,
    round: Round,
    deployment: Option<Freeze>,
    to_send: Option<ToSend>,
    holds: Vec<HoldEntry>,
    /// Up to when all orders are known.
    orders_known_to: Option<jiff::Timestamp>,
}

impl App {
    /// # Errors
    /// 404 if nothing is known of the listing.
    pub(super) async fn explain(
        &self,
        connection: &Connection,
        sku: &AmazonSku,
    ) -> Answer<Explanation> {
        let (store, key) = (&self.store, &connection.key());
        let name = &key.listing(sku);
        let listing = store.listing(name).await?;
        let listing = listing.ok_or_else(|| Problem::not_found("listing"))?;
        let product = listing.product.clone().unwrap_or_else(|| sku.as_product());
        let inputs = store.sku_inputs(&connection.tenant, &product).await?;
        let parts = parts(store, connection, &inputs).await?;
        let feed = self.carried_by(key, listing.sent_by()).await?;
        let mut offers = Vec::new();
        for offer in store.offers(name).await? {
            let feed = self.carried_by(key, offer.sent_by()).await?;
            offers.push((offer, feed));
        }
        let mut ends = Vec::new();
        for on in listing.ends_to_decide() {
            let end = listing.end(on);
            let feed = self.carried_by(key, end.sent_by()).await?;
            ends.push((on, end, feed));
        }
        let cursor = store.order_cursor(key).await?;
        let plan = store.stock_plan(key).await?;
        let rules = store.rules_in_force(key, &plan).await?;
        let product_rules = product_rules(store, &key.tenant, &rules, &inputs);
        let product_rules = Box::pin(product_rules).await?;
        let facts = ListingFacts {
            product,
            inputs,
            parts,
            feed,
            offers,
            ends,
            marketplaces: store.marketplaces(key).await?,
            rules,
            product_rules,
            plan,
            round: store.round(key).await?.state,
            deployment: store.deployment_freeze().await?,
            to_send: store.to_send_of(key, sku, ListingPart::Quantity).await?,
            holds: store.hold_history(name).await?,
            orders_known_to: cursor.map(|cursor| cursor.known_until()),
            connection: connection.clone(),
            listing,
        };
        Ok(facts.explained())
    }
}

/// What the rules in force say of the product's stock.
async fn product_rules(
    store: &Store,
    tenant: &TenantId,
    rules: &SellingRules,
    inputs: &SkuInputs,
) -> Result<ProductRules> {
    let Some(product) = &inputs.product else {
        return Ok(ProductRules::default());
    };
    store.rules_of_product(tenant, rules, product).await
}

async fn parts(
    store: &Store,
    connection: &Connection,
    inputs: &SkuInputs,
) -> Result<Vec<(Sku, u32, SkuInputs)>> {
    let product = inputs.product.as_ref();
    let parts = product.map_or_else(Vec::new, |product| product.parts.clone());
    fan_out(parts, AT_ONCE, |part| async move {
        let inputs = store.sku_inputs(&connection.tenant, &part.sku).await?;
        Ok((part.sku, part.units, inputs))
    })
    .await
}

impl ListingFacts {
    /// The settings that are in force, or the draft if nothing is published.
    fn settings(&self) -> &StockSettings {
        let published = self.plan.published.as_ref();
        published.map_or(&self.plan.draft, |published| &published.settings)
    }

    fn explained(&self) -> Explanation {
        let listing = &self.listing;
        let stock = self.stock();
        Explanation {
            connection: self.connection.id.to_string(),
            sku: listing.amazon_sku.to_string(),
            state: listing.state,
            state_note: words::state(listing),
            marketplaces: listing.marketplaces.clone(),
            product_type: listing.product_type.clone(),
            product: self.product(),
            settings_published: self.plan.in_force().is_some(),
            parts: stock.parts,
            policy: stock.policy,
            computed: stock.computed,
            wanted: stock.wanted,
            live: self.live(),
            sent: listing.sent.as_ref().map(|sent| {
                let refused = listing.refused.as_ref();
                sent_value(sent, refused, self.feed.as_ref(), |value| *value)
            }),
            refused: listing
                .refused
                .as_ref()
                .map(|it| refused_value(it, |value| *value)),
            observed: listing.observed.as_ref().map(|observed| Observed {
                value: observed.value,
                at: observed.at,
            }),
            issues: listing.issues.clone(),
            hold: listing.hold.clone().map(ExplainedHold::from),
            look: listing.look.clone(),
            next: self.next(),
            prices: self.prices(),
            ends: self.ends(),
            history: self.history(),
        }
    }

    fn product(&self) -> Product {
        let product = self.inputs.product.as_ref();
        Product {
            sku: self.product.to_string(),
            kept: product.is_some(),
            tied: self.listing.product.is_some(),
            alias: self.listing.alias,
            units: self.listing.units,
            is_bundle: product.is_some_and(stallkeeper::domain::product::Product::is_bundle),
            title: product.and_then(|product| product.title.clone()),
        }
    }

    fn live(&self) -> Option<answer::LiveRange> {
        let listing = &self.listing;
        let live = shown(listing, self.feed.as_ref(), &self.inputs.reservations)?;
        let sold = listing.sales(&self.inputs.reservations);
        Some(answer::LiveRange {
            lowest: live.lowest,
            highest: live.highest,
            why: words::live(listing, self.feed.as_ref(), live, &sold),
        })
    }
}

/// A value that was sent, and what became of it.
fn sent_value<T, V>(
    sent: &Sent<T>,
    refused: Option<&Refused<T>>,
    feed: Option<&Feed>,
    shown: impl Fn(&T) -> V,
) -> SentValue<V> {
    let standing = Standing::of(Some(&sent.by), feed);
    let (by, id) = match &sent.by {
        SentBy::Patch => (SentWay::Patch, None),
        SentBy::Feed(id) => (SentWay::Feed, Some(id.to_string())),
    };
    let outcome = outcome(sent, refused, standing);
    SentValue {
        value: shown(&sent.value),
        generation: sent.generation,
        at: sent.at,
        by,
        feed: id,
        outcome,
        note: words::outcome(outcome, feed),
        applied_at: feed.and_then(|feed| feed.applied_at),
    }
}

fn refused_value<T, V>(refused: &Refused<T>, shown: impl Fn(&T) -> V) -> RefusedValue<V> {
    let advice = advice(&refused.code);
    RefusedValue {
        value: shown(&refused.value),
        at: refused.at,
        code: refused.code.clone(),
        message: refused.message.clone(),
        meaning: advice.meaning,
        remedy: advice.remedy,
        tried_again: advice.retry,
    }
}
