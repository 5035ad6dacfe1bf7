//! The feed of a batch of offers, from its manifest to the moment when Amazon has it, and the resuming of what a stop left
//! behind.
//!
//! An offer says which feed carries it before Amazon is called. A feed whose submission has an unknown outcome gives its offers
//! back: each is looked for at Amazon before it is sent again.

use crate::check::Ready;
use crate::making::Making;
use crate::run::today;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedKind, FeedLine, LineValue};
use stallkeeper::domain::ids::{AmazonSku, Asin, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{NewOffer, OfferRules, OfferVerdict, SentOffer};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::offering;
use stallkeeper::small_feed::{Leftover, Submission};
use stallkeeper::sp_api::ListingOffer;
use stallkeeper::sp_api::listings_feed::FeedWriter;
use stallkeeper::store::{Leased, OfferRun, Written};

/// An offer that is sent, with its item.
pub(crate) struct Outgoing {
    pub(crate) ready: Ready,
    pub(crate) asin: Asin,
}

/// Goes on with what earlier runs left behind: what Amazon cannot have, or may not have, is given back.
pub(crate) async fn resume(making: &Making<'_>) -> Result<()> {
    let (app, now) = (making.app, Timestamp::now());
    for feed in app.store.open_offer_feeds(&making.key()).await? {
        let verdict = match making.feeds().left_behind(&feed, now).await? {
            Some(Leftover::NotSent) => {
                OfferVerdict::NotSent("the run that was to send it was stopped before".to_owned())
            }
            Some(Leftover::Unknown) => {
                OfferVerdict::Unknown("it is not known whether Amazon received it".to_owned())
            }
            None => continue,
        };
        offering::return_offers(&app.store, &feed, &verdict, now).await?;
    }
    Ok(())
}

/// Makes one feed of these offers and submits it.
pub(crate) async fn send(
    making: &Making<'_>,
    leased: &mut Leased<OfferRun>,
    marketplace: Marketplace,
    rules: &OfferRules,
    offers: Vec<Outgoing>,
) -> Result<()> {
    if offers.is_empty() {
        return Ok(());
    }
    making.feeds().permits().await?;
    let all = offers.len();
    count(making, leased, all).await?;
    let feed = begin(making, marketplace, &offers).await?;
    let carried = claim(making, &feed, offers).await?;
    leased.discount(all - carried.len());
    let verdict = match submitted(making, rules, &feed, &carried).await? {
        Ok(Submission::Submitted) => return Ok(()),
        Ok(Submission::NotCreated(error)) => {
            leased.discount(carried.len());
            return not_created(making, &feed, error).await;
        }
        Ok(Submission::Unknown) => {
            let why =
                "Amazon's answer to its feed was lost: it is looked for before it is sent again";
            OfferVerdict::Unknown(why.to_owned())
        }
        Err(unsent) => {
            leased.discount(carried.len());
            OfferVerdict::NotSent(unsent.to_owned())
        }
    };
    let now = Timestamp::now();
    offering::return_offers(&making.app.store, &feed, &verdict, now).await
}

/// Uploads the document and has Amazon take the feed. `Err`: why it is not sent, for no fault of its own.
async fn submitted(
    making: &Making<'_>,
    rules: &OfferRules,
    feed: &Feed,
    carried: &[Outgoing],
) -> Result<Result<Submission, &'static str>> {
    if carried.is_empty() {
        return Ok(Err("all of it changed meanwhile"));
    }
    let document = match upload(making, rules, carried).await {
        Ok(document) => document,
        Err(error) => return Ok(Ok(Submission::NotCreated(error))),
    };
    match making.may_go_on().await? {
        Some(true) => {}
        Some(false) => return Ok(Err("settings or rules were published meanwhile")),
        None => return Ok(Err("offers are not sent any more: frozen, or switched off")),
    }
    let feeds = making.feeds();
    let submission = feeds.submit(feed, carried.len(), &document).await?;
    Ok(Ok(submission))
}

/// Counts the offers of today before they are sent: stopped here, fewer are sent.
async fn count(making: &Making<'_>, leased: &mut Leased<OfferRun>, offers: usize) -> Result<()> {
    let today = today(Timestamp::now());
    leased.count(u32::try_from(offers).unwrap_or(u32::MAX), today);
    match making.app.store.save_leased(&making.key(), leased).await? {
        Written::Done => Ok(()),
        Written::Conflict => Err(Error::retryable(
            "count the offers of a day",
            "another run has them",
        )),
    }
}

/// A feed with its manifest, before any offer says that it carries it.
async fn begin(making: &Making<'_>, marketplace: Marketplace, offers: &[Outgoing]) -> Result<Feed> {
    let now = Timestamp::now();
    let (id, kind) = (FeedId::new(now, rand::random()), FeedKind::Offer);
    let feed = Feed::begun(making.key(), id, kind, marketplace, offers.len(), now);
    let lines = manifest(&feed, offers);
    making.feeds().begin(&feed, &lines).await?;
    Ok(feed)
}

fn manifest(feed: &Feed, offers: &[Outgoing]) -> Vec<FeedLine> {
    let line = |it: &Outgoing| FeedLine {
        sku: it.ready.offer.sku.as_amazon_sku(),
        value: LineValue::price(it.ready.price, feed.marketplace),
        generation: 0,
        send_count: 0,
        product_type: None,
        increase: true,
    };
    offers.iter().map(line).collect()
}

/// Says in each offer which feed carries it. One that somebody changed meanwhile is in neither the manifest nor the document.
async fn claim(making: &Making<'_>, feed: &Feed, offers: Vec<Outgoing>) -> Result<Vec<Outgoing>> {
    let (store, now) = (&making.app.store, Timestamp::now());
    let all = offers.len();
    let mut carried = Vec::with_capacity(all);
    for one in offers {
        if !may_be_listed(making, &one.ready.offer).await? {
            continue;
        }
        let Ready {
            offer,
            price,
            quantity,
            ..
        } = &one.ready;
        let sent = SentOffer {
            asin: one.asin.clone(),
            price: *price,
            currency: feed.marketplace.currency().to_owned(),
            quantity: *quantity,
            at: now,
            feed: feed.id.clone(),
        };
        if store
            .put_new_offer(&offer.sent(sent, now), Some(offer))
            .await?
            == Written::Done
        {
            expect_listing(making, &offer.sku.as_amazon_sku(), now).await?;
            carried.push(one);
        }
    }
    if carried.len() < all {
        store
            .put_manifest_part(feed, 0, &manifest(feed, &carried))
            .await?;
    }
    Ok(carried)
}

/// Whether it still has no listing, and nobody holds it since it was looked at; else it is put off.
async fn may_be_listed(making: &Making<'_>, offer: &NewOffer) -> Result<bool> {
    let (store, key) = (&making.app.store, making.key());
    let listing = store
        .listing(&key.listing(&offer.sku.as_amazon_sku()))
        .await?;
    let is_free = |it: &Listing| it.state == ListingState::NotOnAmazon && it.hold.is_none();
    if listing.as_ref().is_some_and(is_free) {
        return Ok(true);
    }
    let later = offer.put_off("its listing changed meanwhile", Timestamp::now());
    let _ = store.put_new_offer(&later, Some(offer)).await?;
    Ok(false)
}

/// Notes that a person wants the listing open: sold out, or not live yet, when Amazon's report shows it first, it is not taken
/// for closed by another hand.
async fn expect_listing(making: &Making<'_>, sku: &AmazonSku, now: Timestamp) -> Result<()> {
    let (store, key) = (&making.app.store, &making.key().listing(sku));
    for () in Written::attempts() {
        let Some(read) = store.listing(key).await? else {
            return Ok(());
        };
        if read.state != ListingState::NotOnAmazon || read.reopened_at.is_some() {
            return Ok(());
        }
        let open = Listing {
            reopened_at: Some(now),
            ..read.clone()
        };
        if store.place_listing(&open, Some(&read), false).await? == Written::Done {
            return Ok(());
        }
    }
    Err(Written::given_up("note that a listing is wanted"))
}

/// Uploads the document of these offers and returns its id.
async fn upload(making: &Making<'_>, rules: &OfferRules, carried: &[Outgoing]) -> Result<String> {
    let settings = &making.offering.settings;
    let template = rules
        .template(settings)
        .map_err(|lacking| Error::permanent("write an offer", lacking))?;
    let mut writer = FeedWriter::new(Vec::new(), making.seller.seller().await?)?;
    for one in carried {
        let offer = ListingOffer {
            marketplace: one.ready.offer.marketplace,
            asin: &one.asin,
            condition: settings.condition,
            price: one.ready.price,
            limits: one.ready.limits,
            quantity: one.ready.quantity,
            handling_days: settings.handling_days,
            shipping_template: template,
        };
        // A hundred offers are far from any limit.
        let _ = writer.push_offer(one.ready.offer.sku.as_str(), &offer)?;
    }
    let document = writer.finish()?;
    making.feeds().upload(document).await
}

/// Amazon has no such feed: its offers go with a later one.
async fn not_created(making: &Making<'_>, feed: &Feed, error: Error) -> Result<()> {
    let why = making.feeds().refused(feed, &error);
    // Ever later, so that what Amazon refuses for good is not tried without end.
    let verdict = match error.is_throttled() {
        true => OfferVerdict::NotSent(why),
        false => OfferVerdict::Unknown(why),
    };
    let now = Timestamp::now();
    offering::return_offers(&making.app.store, feed, &verdict, now).await?;
    match error.class() {
        Class::Permanent => Ok(()),
        _ => Err(error),
    }
}
