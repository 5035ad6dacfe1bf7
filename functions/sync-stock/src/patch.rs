//! Patches: one listing at a time, whose answer is the verdict. It claims before it sends, and takes an entry out only
//! once Amazon has answered.

use crate::claim::Claim;
use crate::claim::{ClaimOutcome, Target, claim, confirm};
use crate::plan::marketplace_of;
use crate::send_session::{SendSession, Stop, refused_for_good, words};
use futures::future::join_all;
use stallkeeper::domain::feed::{Feed, FeedKind, LineValue, SentBy};
use stallkeeper::domain::ids::{AmazonSku, FeedId};
use stallkeeper::domain::listing::{Refused, advice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::{Account, Change, Issue, ListingPatch, Operation, PatchStatus};
use stallkeeper::sp_api::{PatchVerdict, SpApi};
use stallkeeper::store::{RoundSummary, ToSend};
use std::collections::{HashSet, VecDeque};
use std::time::Duration;
use tracing::warn;

/// Patches side by side: what Amazon takes in a second, and all that its bucket holds.
const BURST: usize = 5;
/// How often Amazon may say that its limit is reached before the rest is left to the next tick. Once is normal: what
/// was permitted does not arrive in the rhythm that it was permitted in.
const MOST_LIMITS: u32 = 3;
/// What one more burst may need: Amazon's slowest answer, and settling it.
const BURST_TIME: Duration = Duration::from_secs(40);

/// Feeds that Amazon has not received yet, with their listings: what is patched meanwhile must be taken out of them.
#[derive(Debug, Default)]
pub(crate) struct Unsubmitted(Vec<FeedContents>);

#[derive(Debug)]
struct FeedContents {
    feed: FeedId,
    /// Of a price feed.
    marketplace: Option<Marketplace>,
    skus: HashSet<AmazonSku>,
}

impl Unsubmitted {
    /// To be read after the entries: what those know of is in a manifest by then.
    pub(crate) async fn read(session: &SendSession<'_>, open: &[Feed]) -> Result<Self> {
        let mut all = Vec::new();
        for feed in open.iter().filter(|feed| feed.state.is_unsubmitted()) {
            let lines = session.app.store.manifest(feed).await?;
            all.push(FeedContents {
                feed: feed.id.clone(),
                marketplace: (feed.kind == FeedKind::Price).then_some(feed.marketplace),
                skus: lines.into_iter().map(|line| line.sku).collect(),
            });
        }
        Ok(Self(all))
    }

    fn holding<'a>(&'a self, target: Target<'a>) -> impl Iterator<Item = &'a FeedId> {
        self.0
            .iter()
            .filter(move |it| it.marketplace == target.price_on && it.skus.contains(target.sku))
            .map(|it| &it.feed)
    }
}

/// The outcome of one patch.
enum Patched {
    Accepted,
    Refused,
    /// There was nothing to send.
    Dropped,
    /// It waits for a later round.
    Left,
    /// Amazon failed: it may or may not have it.
    Unsure,
    /// Amazon's limit is reached, whatever we thought.
    Limited,
    /// Amazon accepts no patch; in words.
    Stopped(String),
}

/// Patches all entries, burst by burst. Returns how many have an unknown outcome, and why it stopped before the end.
pub(crate) async fn patch_all(
    session: &SendSession<'_>,
    entries: &[ToSend],
    unsubmitted: &Unsubmitted,
    summary: &mut RoundSummary,
) -> Result<(u64, Option<Stop>)> {
    let mut left: VecDeque<&ToSend> = entries.iter().collect();
    let (mut unsure, mut limits) = (0, 0);
    while !left.is_empty() {
        let burst: Vec<&ToSend> = left.drain(..left.len().min(BURST)).collect();
        if let Some(stop) = before_burst(session, burst.len()).await? {
            return Ok((unsure, Some(stop)));
        }
        let patches = burst
            .iter()
            .map(|entry| patch_one(session, entry, unsubmitted));
        let (mut stop, mut limited) = (None, 0);
        // Each is settled, whatever becomes of the others.
        let patched: Vec<Result<Patched>> = join_all(patches).await;
        for (entry, patched) in burst.iter().zip(patched) {
            match patched? {
                Patched::Accepted => summary.patched += 1,
                Patched::Refused => summary.refused += 1,
                Patched::Dropped => {}
                Patched::Left => summary.waiting += 1,
                Patched::Unsure => unsure += 1,
                Patched::Limited => {
                    limited = 1;
                    left.push_back(*entry);
                }
                Patched::Stopped(words) => stop = Some(Stop::Refused(words)),
            }
        }
        limits += limited;
        if limits > MOST_LIMITS {
            stop = stop.or(Some(Stop::Limited));
        }
        if stop.is_some() {
            return Ok((unsure, stop));
        }
    }
    Ok((unsure, None))
}

/// Time, Amazon's limit, and last the brakes.
async fn before_burst(session: &SendSession<'_>, patches: usize) -> Result<Option<Stop>> {
    if !session.has_time_for(BURST_TIME) {
        return Ok(Some(Stop::OutOfTime));
    }
    let count = u32::try_from(patches).unwrap_or(1);
    let limit = session.permits(Operation::PatchListingsItem, count).await?;
    if limit.is_some() {
        return Ok(limit);
    }
    Ok((!session.still_on().await?).then_some(Stop::SwitchedOff))
}

async fn patch_one(
    session: &SendSession<'_>,
    entry: &ToSend,
    unsubmitted: &Unsubmitted,
) -> Result<Patched> {
    let connection = &session.key();
    let store = &session.app.store;
    let target = Target::of(entry);
    for feed in unsubmitted.holding(target) {
        session.overtake(feed, target.sku).await?;
    }
    let first = Claim {
        value: entry.value.clone(),
        generation: entry.generation,
        send_count: entry.send_count,
    };
    let claimed = match claim(session, target, first, &SentBy::Patch).await? {
        ClaimOutcome::Claimed(claimed) => claimed,
        ClaimOutcome::Left => return Ok(Patched::Left),
        ClaimOutcome::Dropped => {
            store.delete_to_send(connection, entry).await?;
            return Ok(Patched::Dropped);
        }
    };
    let answer = send(session, entry, &claimed).await;
    // Another run may have sent something else meanwhile, and it is not known whose patch Amazon got last.
    confirm(session, target, &claimed).await?;
    let patched = match answer {
        Ok(CallOutcome::Limited(_)) => return Ok(Patched::Limited),
        Ok(CallOutcome::Answered(answer)) => match refusing(&answer.value) {
            None => Patched::Accepted,
            Some(Issue { code, message, .. }) => {
                let again = advice(&code).retry;
                refuse(session, target, &claimed, code, message).await?;
                if again {
                    // The entry stays, so the next round sends it again.
                    return Ok(Patched::Refused);
                }
                Patched::Refused
            }
        },
        Err(error) => {
            let failed = after_failure(session, target, &claimed, error).await?;
            if !matches!(failed, Patched::Refused) {
                return Ok(failed);
            }
            failed
        }
    };
    store.delete_to_send(connection, entry).await?;
    Ok(patched)
}

async fn send(
    session: &SendSession<'_>,
    entry: &ToSend,
    claimed: &Claim<LineValue>,
) -> Result<CallOutcome<PatchVerdict>> {
    let seller = session.seller.seller().await?;
    let marketplace = marketplace_of(entry, session.sending.home());
    let patch = ListingPatch {
        product_type: entry.product_type.as_deref(),
        change: match claimed.value {
            LineValue::Quantity(quantity) => Change::Quantity(quantity),
            LineValue::Price { amount, .. } => Change::Price {
                marketplace,
                amount,
            },
        },
    };
    let sku = entry.sku.as_str();
    let call = async |amazon: &SpApi, account: Account<'_>| {
        let patch = amazon.patch_listings_item(&account, seller, sku, marketplace, &patch);
        patch.await
    };
    let operation = Operation::PatchListingsItem;
    session.seller.call_permitted(operation, call).await
}

/// What kept Amazon from taking it. A word that is new to us counts by its issues alone.
fn refusing(verdict: &PatchVerdict) -> Option<Issue> {
    let issue = verdict.issues.iter().find(|issue| issue.refuses());
    match (&verdict.status, issue) {
        (PatchStatus::Accepted, _) | (PatchStatus::Valid | PatchStatus::Other(_), None) => None,
        (_, Some(issue)) => Some(issue.clone()),
        (PatchStatus::Invalid, None) => {
            let first = verdict.issues.first().cloned();
            Some(first.unwrap_or_else(|| Issue {
                code: "INVALID".into(),
                message: "Amazon gave no reason".into(),
                severity: stallkeeper::sp_api::Severity::Error,
                attribute_names: Vec::new(),
            }))
        }
    }
}

async fn after_failure(
    session: &SendSession<'_>,
    target: Target<'_>,
    claimed: &Claim<LineValue>,
    error: Error,
) -> Result<Patched> {
    let operation = Operation::PatchListingsItem;
    match error.class() {
        Class::AuthRevoked => Err(error),
        // Login with Amazon's limit.
        Class::Throttled { .. } => Ok(Patched::Limited),
        Class::Retryable => {
            warn!(error = error.chain(), "a patch may or may not have arrived");
            Ok(Patched::Unsure)
        }
        Class::Permanent => match refused_for_good(&error, operation) {
            Some(refusal) if refusal.status == 403 => {
                warn!(error = error.chain(), "Amazon accepts no patch");
                Ok(Patched::Stopped(words(refusal)))
            }
            Some(refusal) => {
                let code = refusal.code.clone();
                let code = code.unwrap_or_else(|| refusal.status.to_string());
                refuse(session, target, claimed, code, words(refusal)).await?;
                Ok(Patched::Refused)
            }
            // No address can hold this SKU.
            None if stallkeeper::sp_api::refusal(&error).is_none() => {
                refuse(session, target, claimed, "address".into(), error.chain()).await?;
                Ok(Patched::Refused)
            }
            // Login with Amazon refuses the app.
            None => Err(error),
        },
    }
}

async fn refuse(
    session: &SendSession<'_>,
    target: Target<'_>,
    claimed: &Claim<LineValue>,
    code: String,
    message: String,
) -> Result<()> {
    let connection = &session.key();
    let store = &session.app.store;
    let at = session.amazons_now();
    match (target.price_on, &claimed.value) {
        (Some(marketplace), LineValue::Price { amount, .. }) => {
            let refused = refusal(*amount, code, message, at);
            let offer = &connection.listing(target.sku).offer(marketplace);
            store.refuse_offer(offer, &refused).await?;
        }
        (None, LineValue::Quantity(quantity)) => {
            let refused = refusal(*quantity, code, message, at);
            store
                .refuse_listing(&connection.listing(target.sku), &refused)
                .await?;
        }
        _ => {}
    }
    Ok(())
}

fn refusal<V>(value: V, code: String, message: String, at: jiff::Timestamp) -> Refused<V> {
    Refused {
        value,
        code,
        message,
        at,
        by: SentBy::Patch,
    }
}
