//! The feed of a batch of offers, from its manifest to the moment when Amazon has it, and the resuming of what a stop left
//! behind.
//!
//! An offer says which feed carries it before Amazon is called. A feed whose submission has an unknown outcome gives its offers
//! back: each is looked for at Amazon before it is sent again.

use crate::App;
use crate::check::Ready;
use crate::making::Making;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedKind, FeedLine, FeedState, LineValue};
use stallkeeper::domain::ids::{AmazonSku, Asin, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{OfferRules, OfferVerdict, SentOffer};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::offering;
use stallkeeper::queue::FeedCheck;
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::listings_feed::FeedWriter;
use stallkeeper::sp_api::{Account, FeedType, ListingOffer, Operation, SpApi, refusal};
use stallkeeper::store::{Leased, OfferRun, Written};
use tracing::{info, warn};

const KIND: FeedType = FeedType::JsonListings;
/// Calls of `createFeed` that are left to the feeds of stock, whose decreases are urgent.
const RESERVE: u32 = 2;
/// How long to wait before asking Amazon how far it is.
const FIRST_CHECK_SECONDS: u32 = 60;

/// An offer that is sent, with its item.
pub(crate) struct Outgoing {
    pub(crate) ready: Ready,
    pub(crate) asin: Asin,
}

/// Goes on with what earlier runs left behind: what Amazon cannot have, or may not have, is given back.
pub(crate) async fn resume(making: &Making<'_>) -> Result<()> {
    let (app, now) = (making.app, Timestamp::now());
    for feed in app.store.open_offer_feeds(&making.key()).await? {
        match feed.state {
            FeedState::Building | FeedState::Claimed => {
                let why = "the run that was to send it was stopped before".to_owned();
                let verdict = OfferVerdict::NotSent(why);
                offering::return_offers(&app.store, &feed, &verdict, now).await?;
            }
            FeedState::Submitting => {
                let why = "it is not known whether Amazon received it".to_owned();
                let verdict = OfferVerdict::Unknown(why);
                offering::return_offers(&app.store, &feed, &verdict, now).await?;
            }
            FeedState::Submitted if feed.is_forgotten(now) => {
                check(app, &feed, 0).await?;
                let looked = |feed: &mut Feed| feed.next_check_at = Some(now);
                app.store.change_open_feed(&feed, looked).await?;
            }
            _ => {}
        }
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
    // A feed is only begun if it may be submitted.
    let seller = &making.seller;
    seller.spare_permit(Operation::CreateFeed, RESERVE).await?;
    seller.permit(Operation::CreateFeedDocument).await?;
    count(making, leased, offers.len()).await?;
    let feed = begin(making, marketplace, &offers).await?;
    let carried = claim(making, &feed, offers).await?;
    let document = match upload(making, rules, &carried).await {
        Ok(document) => document,
        Err(error) => return not_created(making, &feed, error).await,
    };
    if making.app.store.is_frozen(&making.key()).await? {
        let verdict = OfferVerdict::NotSent("sending is frozen".to_owned());
        let now = Timestamp::now();
        return offering::return_offers(&making.app.store, &feed, &verdict, now).await;
    }
    let submitting = Feed {
        state: FeedState::Submitting,
        lines: u32::try_from(carried.len()).unwrap_or(u32::MAX),
        submitted_at: Some(Timestamp::now()),
        revision: feed.revision + 1,
        ..feed
    };
    if making.app.store.save_feed(&submitting).await? == Written::Conflict {
        return Err(Error::retryable("submit a feed", "another run has it"));
    }
    create(making, submitting, &document).await
}

/// Counts the offers of today before they are sent: stopped here, fewer are sent.
async fn count(making: &Making<'_>, leased: &mut Leased<OfferRun>, offers: usize) -> Result<()> {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
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
    let (store, now) = (&making.app.store, Timestamp::now());
    let feed = Feed {
        connection: making.key(),
        id: FeedId::new(now, rand::random()),
        kind: FeedKind::Offer,
        marketplace,
        state: FeedState::Building,
        lines: u32::try_from(offers.len()).unwrap_or(u32::MAX),
        parts: 1,
        created_at: now,
        amazon_id: None,
        submitted_at: None,
        applied_at: None,
        accepted: 0,
        refused: 0,
        note: None,
        stuck: false,
        decreases_again: false,
        next_check_at: None,
        overtaken: Vec::new(),
        revision: 1,
    };
    // The manifest comes first: with the feed its offers can be found.
    store
        .put_manifest_part(&feed, 0, &manifest(&feed, offers))
        .await?;
    if store.save_feed(&feed).await? == Written::Conflict {
        return Err(Error::retryable("store a feed", "its name is taken"));
    }
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
            quantity: one.ready.quantity,
            handling_days: settings.handling_days,
            shipping_template: template,
        };
        // A hundred offers are far from any limit.
        let _ = writer.push_offer(one.ready.offer.sku.as_str(), &offer)?;
    }
    let document = writer.finish()?;
    let create = async |amazon: &SpApi, account: Account<'_>| {
        amazon.create_feed_document(&account, KIND).await
    };
    let operation = Operation::CreateFeedDocument;
    let made = making.seller.call_permitted(operation, create).await?;
    let address = made.or_throttled()?.value;
    let amazon = &making.app.amazon;
    amazon.upload_feed_document(&address, document).await?;
    Ok(address.document_id)
}

/// Calls `createFeed` for a feed that is marked as submitting.
async fn create(making: &Making<'_>, feed: Feed, document: &str) -> Result<()> {
    let create = async |amazon: &SpApi, account: Account<'_>| {
        let create = amazon.create_feed(&account, KIND, feed.marketplace, document);
        create.await
    };
    let operation = Operation::CreateFeed;
    let outcome = making.seller.call_permitted(operation, create).await;
    match outcome.and_then(CallOutcome::or_throttled) {
        Ok(answer) => {
            // The check comes first: if it were lost, nobody would look for the verdict for hours.
            check(making.app, &feed, FIRST_CHECK_SECONDS).await?;
            let submitted = Feed {
                state: FeedState::Submitted,
                amazon_id: Some(answer.value),
                revision: feed.revision + 1,
                ..feed
            };
            let _ = making.app.store.save_feed(&submitted).await?;
            info!(feed.id = %submitted.id, feed.lines = submitted.lines, "feed `{}` of offers is submitted", submitted.id);
            Ok(())
        }
        Err(error) if error.is_throttled() || certainly_not_created(&error) => {
            not_created(making, &feed, error).await
        }
        Err(error) => {
            warn!(feed.id = %feed.id, error = error.chain(), "Amazon's answer to a feed of offers is lost");
            let why =
                "Amazon's answer to its feed was lost: it is looked for before it is sent again";
            let verdict = OfferVerdict::Unknown(why.to_owned());
            offering::return_offers(&making.app.store, &feed, &verdict, Timestamp::now()).await
        }
    }
}

/// Amazon has no such feed: its offers go with a later one.
async fn not_created(making: &Making<'_>, feed: &Feed, error: Error) -> Result<()> {
    let why = match refusal(&error) {
        Some(refusal) => format!(
            "Amazon answered {} with {}; the app may lack the role Product Listing",
            refusal.operation, refusal.status
        ),
        None => "Amazon did not take the feed".to_owned(),
    };
    warn!(feed.id = %feed.id, error = error.chain(), "Amazon did not take a feed of offers");
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

/// Amazon said no, or was never asked.
fn certainly_not_created(error: &Error) -> bool {
    refusal(error)
        .is_some_and(|refusal| (400..500).contains(&refusal.status) && refusal.status != 408)
}

/// Has `settle-feeds` look at a feed.
async fn check(app: &App, feed: &Feed, delay_seconds: u32) -> Result<()> {
    let message = FeedCheck::Check {
        connection: feed.connection.clone(),
        feed: feed.id.clone(),
        hop: 0,
    };
    app.checks
        .send(&feed.connection, message, delay_seconds)
        .await
}
