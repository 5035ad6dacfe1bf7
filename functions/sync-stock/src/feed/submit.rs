//! A claimed feed until Amazon has it: the document, its upload, `createFeed`.

use super::{check, give_back, put_all_back, reload, returned_in_a_row, target};
use crate::claim::damaged;
use crate::send_session::{SendSession, Stop, general_words, refused_for_good};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::feed::{Feed, FeedLine, FeedState, LineValue, SentBy};
use stallkeeper::domain::ids::{AmazonSku, SellerId};
use stallkeeper::domain::listing::ListingPart;
use stallkeeper::error::{Error, Result};
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::small_feed::certainly_not_created;
use stallkeeper::sp_api::listings_feed::{FeedWriter, Pushed};
use stallkeeper::sp_api::{Account, Change, FeedType, ListingPatch, Operation, SpApi};
use stallkeeper::store::{RoundSummary, Written};
use std::collections::HashSet;
use std::time::Duration;
use tracing::{info, warn};

/// What the document, its upload and `createFeed` may need.
const SUBMIT_TIME: Duration = Duration::from_secs(100);
/// Amazon takes five of these feeds in five minutes, beside `createFeed`'s own limit. Page: *JSON listings feed*.
const MOST_IN_WINDOW: usize = 5;
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// So many of the newest feeds are looked at.
pub(super) const PAGE: i32 = 20;
/// How long to wait before asking Amazon how far it is.
const FIRST_CHECK_SECONDS: u32 = 60;
/// What a line takes in a document, as a rule.
const BYTES_A_LINE: usize = 260;

/// Takes one feed out of Amazon's limits.
pub(super) async fn allowance(session: &SendSession<'_>) -> Result<Option<Stop>> {
    let connection = &session.key();
    let store = &session.app.store;
    let page = store.feed_page(connection, None, PAGE).await?;
    let (_, wait) = returned_in_a_row(&page.feeds);
    if wait.is_some_and(|until| until > Timestamp::now()) {
        return Ok(Some(Stop::Limited));
    }
    let now = session.amazons_now();
    let of_listings = page.feeds.iter().filter(|feed| feed.kind.is_of_listings());
    let lately = of_listings.filter(|feed| {
        let submitted = feed.submitted_at;
        submitted.is_some_and(|at| now.duration_since(at) < WINDOW)
    });
    if lately.count() >= MOST_IN_WINDOW {
        return Ok(Some(Stop::Limited));
    }
    session.permits(Operation::CreateFeed, 1).await
}

/// Brings a claimed feed to Amazon. `allowed`: its allowance was taken already.
pub(super) async fn submit(
    session: &SendSession<'_>,
    mut feed: Feed,
    allowed: bool,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    if !session.has_time_for(SUBMIT_TIME) {
        return Ok(Some(Stop::OutOfTime));
    }
    if !allowed && let Some(stop) = allowance(session).await? {
        return Ok(Some(stop));
    }
    for () in Written::attempts() {
        let (lines, document) = document(session, &feed).await?;
        if lines == 0 {
            give_back(session, feed, "all of it was overtaken by patches").await?;
            return Ok(None);
        }
        let document_id = match upload(session, document).await {
            Ok(Some(document_id)) => document_id,
            Ok(None) => return Ok(Some(Stop::Limited)),
            Err(error) => {
                return refused(session, feed, error, Operation::CreateFeedDocument).await;
            }
        };
        if !session.still_on().await? {
            return Ok(Some(Stop::SwitchedOff));
        }
        let submitting = Feed {
            state: FeedState::Submitting,
            submitted_at: Some(session.amazons_now()),
            lines,
            revision: feed.revision + 1,
            ..feed.clone()
        };
        match session.app.store.save_feed(&submitting).await? {
            Written::Done => {
                let create = create(session, submitting, &document_id, summary);
                return Box::pin(create).await;
            }
            // A listing of it was patched meanwhile: it must not be in the document.
            Written::Conflict => feed = reload(session, &feed).await?,
        }
    }
    Err(Written::given_up("submit a feed"))
}

/// Calls `createFeed` for a feed that is marked as submitting.
async fn create(
    session: &SendSession<'_>,
    feed: Feed,
    document_id: &str,
    summary: &mut RoundSummary,
) -> Result<Option<Stop>> {
    let create = async |amazon: &SpApi, account: Account<'_>| {
        let (kind, marketplace) = (FeedType::JsonListings, feed.marketplace);
        let create = amazon.create_feed(&account, kind, marketplace, document_id);
        create.await
    };
    let operation = Operation::CreateFeed;
    match session.seller.call_permitted(operation, create).await {
        Ok(CallOutcome::Answered(answer)) => {
            session.note_feed(feed.marketplace, None);
            // The check comes first: if it were lost, the feed would not be checked for hours.
            check(session, &feed, FIRST_CHECK_SECONDS).await?;
            summary.fed += u64::from(feed.lines);
            info!(feed.id = %feed.id, feed.lines = feed.lines, amazon.feed_id = answer.value, "feed `{}` is submitted", feed.id);
            let submitted_at = Some(session.amazons_now());
            mark(session, feed, |feed| Feed {
                state: FeedState::Submitted,
                amazon_id: Some(answer.value.clone()),
                submitted_at,
                ..feed
            })
            .await?;
            Ok(None)
        }
        Ok(CallOutcome::Limited(error)) => {
            not_created(session, feed, &error).await?;
            Ok(Some(Stop::Limited))
        }
        Err(error) if certainly_not_created(&error) => {
            refused(session, feed, error, operation).await
        }
        Err(error) => {
            warn!(feed.id = %feed.id, error = error.chain(), "Amazon's answer to a feed is lost");
            let note = "Amazon's answer to its submission was lost: its lines are sent again";
            give_back(session, feed, note).await?;
            // What failed just now is better left for a while.
            Ok(Some(Stop::Limited))
        }
    }
}

/// Saves what a submitting feed has become. What was patched while it was submitted must be sent again: it is not
/// known which of the two Amazon got first.
async fn mark(
    session: &SendSession<'_>,
    mut feed: Feed,
    change: impl Fn(Feed) -> Feed,
) -> Result<()> {
    let known = feed.overtaken.len();
    for () in Written::attempts_among_many() {
        let meanwhile = feed.overtaken.iter().skip(known).collect();
        put_all_back(session, &feed, meanwhile, |_| true).await?;
        let mut changed = change(feed.clone());
        changed.revision += 1;
        match session.app.store.save_feed(&changed).await? {
            Written::Done => return Ok(()),
            Written::Conflict => feed = reload(session, &feed).await?,
        }
    }
    Err(Written::given_up("note how far a feed is"))
}

/// The feed is claimed again.
async fn not_created(session: &SendSession<'_>, feed: Feed, error: &Error) -> Result<()> {
    warn!(feed.id = %feed.id, error = error.chain(), "Amazon did not take a feed");
    mark(session, feed, |feed| Feed {
        state: FeedState::Claimed,
        submitted_at: None,
        ..feed
    })
    .await
}

/// Amazon refuses a feed that it does not know yet: whatever the cause, its lines are sent another way, and feeds go
/// through another marketplace for a while.
async fn refused(
    session: &SendSession<'_>,
    feed: Feed,
    error: Error,
    operation: Operation,
) -> Result<Option<Stop>> {
    let Some(refusal) = refused_for_good(&error, operation) else {
        // Login with Amazon refuses, or it is only for now: the feed stays claimed and is tried again.
        if feed.state == FeedState::Submitting {
            not_created(session, feed, &error).await?;
        }
        return Err(error);
    };
    let words = format!("Asked for {}: {}", feed.marketplace, general_words(refusal));
    session.note_feed(feed.marketplace, Some(words.clone()));
    // It never was at Amazon.
    let feed = Feed {
        submitted_at: None,
        ..feed
    };
    Box::pin(give_back(session, feed, &words)).await?;
    Ok(Some(Stop::Refused(words)))
}

/// Uploads a document and returns its id; `None` if Amazon's limit is reached.
async fn upload(session: &SendSession<'_>, document: Vec<u8>) -> Result<Option<String>> {
    let operation = Operation::CreateFeedDocument;
    if session.permits(operation, 1).await?.is_some() {
        return Ok(None);
    }
    let create = async |amazon: &SpApi, account: Account<'_>| {
        let kind = FeedType::JsonListings;
        amazon.create_feed_document(&account, kind).await
    };
    let CallOutcome::Answered(answer) = session.seller.call_permitted(operation, create).await?
    else {
        return Ok(None);
    };
    let (amazon, address) = (&session.app.amazon, answer.value);
    amazon.upload_feed_document(&address, document).await?;
    Ok(Some(address.document_id))
}

/// The document of all that is left in a feed, and how many lines it has. Lines that were overtaken, or find no room, go
/// back, and the manifest holds exactly the others: a line's place in it is its number in Amazon's report.
async fn document(session: &SendSession<'_>, feed: &Feed) -> Result<(u32, Vec<u8>)> {
    let by = SentBy::Feed(feed.id.clone());
    let mut less: HashSet<AmazonSku> = feed.overtaken.iter().cloned().collect();
    loop {
        put_all_back(session, feed, less.iter().collect(), |sent| *sent == by).await?;
        let lines = without(session, feed, &less).await?;
        let (document, written) = write(session, session.seller.seller().await?, feed, &lines)?;
        if written == lines.len() {
            return Ok((u32::try_from(written).unwrap_or(u32::MAX), document));
        }
        less = lines
            .into_iter()
            .skip(written)
            .map(|line| line.sku)
            .collect();
    }
}

/// The lines of a feed but those of `less`, which are taken out of the manifest.
async fn without(
    session: &SendSession<'_>,
    feed: &Feed,
    less: &HashSet<AmazonSku>,
) -> Result<Vec<FeedLine>> {
    let store = &session.app.store;
    if less.is_empty() {
        return store.manifest(feed).await;
    }
    let mut all = Vec::new();
    for part in 0..feed.parts {
        let mut lines: Vec<FeedLine> = store.manifest_part(feed, part).await?;
        let before = lines.len();
        lines.retain(|line| !less.contains(&line.sku));
        if lines.len() != before {
            store.put_manifest_part(feed, part, &lines).await?;
        }
        all.append(&mut lines);
    }
    Ok(all)
}

/// Writes lines until the document is full; how many it took.
fn write(
    session: &SendSession<'_>,
    seller: &SellerId,
    feed: &Feed,
    lines: &[FeedLine],
) -> Result<(Vec<u8>, usize)> {
    let out = Vec::with_capacity(lines.len() * BYTES_A_LINE + BYTES_A_LINE);
    let mut writer = FeedWriter::new(out, seller)?;
    let mut written = 0;
    for line in lines {
        let change = match (target(feed, &line.sku).part, &line.value) {
            (ListingPart::Quantity, LineValue::Quantity(quantity)) => Change::Quantity(*quantity),
            (ListingPart::End(marketplace), LineValue::End { ended }) => {
                session.end_change(marketplace, *ended)
            }
            (ListingPart::Price(marketplace), LineValue::Price { amount, limits, .. }) => {
                Change::Price {
                    marketplace,
                    amount: *amount,
                    limits: *limits,
                }
            }
            _ => return Err(damaged()),
        };
        let patch = ListingPatch {
            product_type: line.product_type.as_deref(),
            change,
        };
        if writer.push(line.sku.as_str(), &patch)? == Pushed::Full {
            break;
        }
        written += 1;
    }
    Ok((writer.finish()?, written))
}
