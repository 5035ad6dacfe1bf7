//! Offers that nobody asked for one by one: of products that the published selection takes in and that Amazon does not have.
//!
//! A pass goes through the listings that are not on Amazon, once a day and after each publication but of price rules alone, in
//! steps. It only wants offers: one that was ever wanted, or that a person said never of, is left as it is.

use crate::making::Making;
use crate::run::today;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::new_offer::NewOffer;
use stallkeeper::domain::product::Product;
use stallkeeper::domain::selling_rules::SellingRules;
use stallkeeper::error::{Class, Result};
use stallkeeper::store::{OfferRun, SelectedPass, Written};
use tracing::error;

const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Listings looked up together.
const PAGE: i32 = 200;

/// Goes on with the pass that is due. Idempotent.
pub(crate) async fn want_selected(making: &Making<'_>, run: &mut OfferRun) -> Result<()> {
    if !making.offering.settings.wants_selected {
        return Ok(());
    }
    let now = Timestamp::now();
    run.selected = begun(making, &run.selected, now);
    let (store, key) = (&making.app.store, &making.key());
    let rules = store
        .published_rules(key, making.offering.sending.published.rules)
        .await?;
    let (a_day, today) = (making.offering.settings.a_day, today(now));
    while run.selected.ended_at.is_none() && !making.is_late() {
        let left = run.selected.left(a_day, today);
        if left == 0 {
            return Ok(());
        }
        let state = Some(ListingState::NotOnAmazon);
        let after = run.selected.after.as_deref();
        let page = store.listing_page(key, state, after, PAGE).await?;
        let skus = page.listings.into_iter().map(|(_, sku)| sku).collect();
        let wanted = want(making, &rules, skus, left, now).await?;
        run.selected.count(wanted, today);
        if wanted == left {
            // Of what is left of this page, more may be wanted tomorrow.
            return Ok(());
        }
        run.selected.ended_at = page.next.is_none().then_some(now);
        run.selected.after = page.next;
    }
    Ok(())
}

/// When it goes on by itself; `None`: it is not asked for.
pub(crate) fn next_at(making: &Making<'_>, run: &OfferRun, now: Timestamp) -> Option<Timestamp> {
    let settings = &making.offering.settings;
    if !settings.wants_selected {
        return None;
    }
    let pass = begun(making, &run.selected, now);
    Some(match pass.ended_at {
        Some(ended) => ended.saturating_add(EVERY).unwrap_or(now),
        None if pass.left(settings.a_day, today(now)) == 0 => crate::run::tomorrow(now),
        None => now,
    })
}

fn begun(making: &Making<'_>, pass: &SelectedPass, now: Timestamp) -> SelectedPass {
    let offering = making.offering;
    let generation = offering.sending.published.quantities().generation;
    pass.at((offering.settings.revision, generation), now, EVERY)
}

/// Wants offers of those that are to be offered, so many at most; how many.
async fn want(
    making: &Making<'_>,
    rules: &SellingRules,
    skus: Vec<AmazonSku>,
    most: u32,
    now: Timestamp,
) -> Result<u32> {
    let (store, tenant) = (&making.app.store, &making.connection().tenant);
    let skus: Vec<Sku> = skus.iter().map(AmazonSku::as_product).collect();
    let products = store.products(tenant, &skus).await?;
    let mut wanted = 0;
    for sku in &skus {
        let Some(product) = products.get(sku) else {
            continue;
        };
        if wanted == most {
            break;
        }
        // One that cannot be read holds up no other.
        wanted += match want_one(making, rules, product, now).await {
            Err(error) if error.class() == Class::Permanent => {
                error!(connection.id = %making.key(), sku = %sku, error = error.chain(), "an offer of the selection cannot be read");
                0
            }
            is_wanted => u32::from(is_wanted?),
        };
    }
    Ok(wanted)
}

async fn want_one(
    making: &Making<'_>,
    rules: &SellingRules,
    product: &Product,
    now: Timestamp,
) -> Result<bool> {
    let (store, connection) = (&making.app.store, making.connection());
    let (key, on) = (&connection.key(), connection.marketplace);
    let rules = store.rules_of_product(&key.tenant, rules, product).await?;
    let selected = rules.selected;
    let settings = &making.offering.settings;
    if !settings.wants(product, selected.as_ref(), on)
        || store.new_offer(key, &product.sku).await?.is_some()
    {
        return Ok(false);
    }
    let offer = NewOffer::wanted(key, product.sku.clone(), on, None, None, now);
    // Conflict: somebody wanted it meanwhile.
    Ok(store.put_new_offer(&offer, None).await? == Written::Done)
}
