//! Patches: one listing at a time, whose answer is the verdict. It claims before it sends, and takes an entry out only
//! once Amazon has answered. What Amazon refuses of one SKU keeps no other from being sent.

mod one;

use crate::claim::Target;
use crate::denials::Denials;
use crate::send_session::{SendSession, Stop, general_words};
use futures::future::join_all;
use jiff::SignedDuration;
use one::patch_one;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::{AmazonSku, FeedId};
use stallkeeper::domain::listing::ListingPart;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::sp_api::{Operation, Refusal};
use stallkeeper::store::{RoundSummary, ToSend};
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

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
    part: ListingPart,
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
                part: feed.kind.part(feed.marketplace),
                skus: lines.into_iter().map(|line| line.sku).collect(),
            });
        }
        Ok(Self(all))
    }

    fn holding<'a>(&'a self, target: Target<'a>) -> impl Iterator<Item = &'a FeedId> {
        self.0
            .iter()
            .filter(move |it| it.part == target.part && it.skus.contains(target.sku))
            .map(|it| &it.feed)
    }
}

/// The outcome of one patch.
enum Patched {
    Accepted,
    /// By a verdict; `again`: it may be taken later, and is tried again.
    Refused {
        again: bool,
    },
    /// The call was refused, which is noted on the listing; it is tried again.
    Denied(Refusal),
    /// There was nothing to send.
    Dropped,
    /// It waits for a later round.
    Left,
    /// Amazon failed: it may or may not have it.
    Unsure,
    /// Amazon's limit is reached, whatever we thought.
    Limited,
}

impl Patched {
    /// Whether there is nothing more to do about its entry.
    fn is_final(&self) -> bool {
        matches!(self, Self::Accepted | Self::Refused { again: false })
    }
}

/// What became of patches.
#[derive(Debug, Default)]
pub(crate) struct PatchesOutcome {
    /// How many may or may not have arrived.
    pub(crate) unsure: u64,
    /// How long until the first of those that were refused for now, or not shown, is tried again.
    pub(crate) refused_wait: Option<SignedDuration>,
    /// Why it stopped before the end.
    pub(crate) stop: Option<Stop>,
}

impl PatchesOutcome {
    fn stopped(self, stop: Stop) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    fn note_refused(&mut self, entry: &ToSend) {
        let wait = ToSend::wait_after(entry.tries.saturating_add(1));
        self.wait_at_most(Some(wait));
    }

    /// Some more are tried again after so long.
    pub(crate) fn wait_at_most(&mut self, wait: Option<SignedDuration>) {
        let waits = [self.refused_wait, wait];
        self.refused_wait = waits.into_iter().flatten().min();
    }
}

/// Patches all entries, burst by burst.
pub(crate) async fn patch_all(
    session: &SendSession<'_>,
    entries: &[ToSend],
    unsubmitted: &Unsubmitted,
    summary: &mut RoundSummary,
) -> Result<PatchesOutcome> {
    let mut left: VecDeque<&ToSend> = entries.iter().collect();
    let mut denials = Denials::default();
    let mut outcome = PatchesOutcome::default();
    let mut limits = 0;
    while !left.is_empty() {
        let burst = denials.next_set(&mut left);
        if let Some(stop) = before_burst(session, burst.len()).await? {
            return Ok(outcome.stopped(stop));
        }
        let home = session.sending.home();
        let through: Vec<Marketplace> = burst
            .iter()
            .map(|entry| denials.marketplace(entry, home))
            .collect();
        let patches = burst
            .iter()
            .zip(&through)
            .map(|(entry, marketplace)| patch_one(session, entry, *marketplace, unsubmitted));
        let (mut limited, mut denied, mut why) = (0, 0, None);
        // Each is settled, whatever becomes of the others.
        let patched: Vec<Result<Patched>> = join_all(patches).await;
        for ((entry, marketplace), patched) in burst.iter().zip(through).zip(patched) {
            match patched? {
                Patched::Accepted => {
                    denials.note_verdict(marketplace);
                    summary.patched += 1;
                }
                Patched::Refused { again } => {
                    if again {
                        outcome.note_refused(entry);
                    }
                    denials.note_verdict(marketplace);
                    summary.refused += 1;
                }
                Patched::Denied(refusal) => {
                    outcome.note_refused(entry);
                    denials.note_denial(marketplace, (refusal.status, refusal.code.as_deref()));
                    why = Some(general_words(&refusal));
                    denied += 1;
                    summary.refused += 1;
                }
                Patched::Dropped => {}
                Patched::Left => summary.waiting += 1,
                Patched::Unsure => outcome.unsure += 1,
                Patched::Limited => {
                    limited = 1;
                    left.push_back(*entry);
                }
            }
        }
        denials.note_set(denied);
        if let Some(words) = why.filter(|_| denials.is_general()) {
            summary.waiting += left.len() as u64;
            return Ok(outcome.stopped(Stop::Refused(words)));
        }
        limits += limited;
        if limits > MOST_LIMITS {
            return Ok(outcome.stopped(Stop::Limited));
        }
    }
    Ok(outcome)
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
