//! The look before the first send to a listing, and before each one after a day: one call of Amazon over all marketplaces
//! that the seller takes part in. What Amazon fulfils, or the merchant from several locations, is sent nothing.
//!
//! A listing that cannot be looked at waits, and no other with it. A decrease does not wait if an earlier look found it
//! clear: a number that is too high sells what is not there.

mod one;

use crate::denials::Denials;
use crate::plan::pressing;
use crate::send_session::{FAILURES_AT_ONCE, SendSession, Stop, general_words};
use futures::future::join_all;
use jiff::SignedDuration;
use one::{Failure, LookOutcome, look_at};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingPart, ListingState, Look, LookVerdict};
use stallkeeper::error::{Class, Result};
use stallkeeper::sp_api::Refusal;
use stallkeeper::store::ToSend;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;
use tracing::{error, info};

/// How often in a row Amazon may say that its limit is reached before what it does not show is left to the next round: what
/// was permitted does not arrive in the rhythm that it was permitted in.
const MOST_LIMITS: u32 = 3;

/// What was looked at.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// What may be sent, the most pressing first.
    pub(crate) clear: Vec<ToSend>,
    /// What is tried again later, since Amazon did not show it.
    put_off: Vec<ToSend>,
    /// How many wait.
    pub(crate) waiting: u64,
    /// How many Amazon does not show.
    pub(crate) refused: u64,
    /// How long until the first of those is tried again.
    pub(crate) retry: Option<SignedDuration>,
    /// Why it stopped before the end.
    pub(crate) stop: Option<Stop>,
}

/// What is to be sent of one listing.
struct Group {
    sku: AmazonSku,
    entries: Vec<ToSend>,
}

/// Looks at the listings of all entries that must be looked at first, as long as time for what comes after is left.
///
/// # Errors
/// Authorisation revoked; retryable if a table fails; permanent if Login with Amazon refuses the app.
pub(crate) async fn look_first(
    session: &SendSession<'_>,
    entries: Vec<ToSend>,
    reserve: Duration,
) -> Result<Looked> {
    let mut groups = grouped(entries);
    let known = known(session, &groups).await?;
    let mut looked = Looked::default();
    let now = session.amazons_now();
    let is_clear = |group: &mut Group| {
        let listing = known.get(&group.sku);
        let listing = listing.filter(|it| it.state == ListingState::Matched);
        listing.is_some_and(|it| Look::verdict(it.look.as_ref(), now) == LookVerdict::Clear)
    };
    for group in groups.extract_if(.., is_clear) {
        let listing = &known[&group.sku];
        looked.pass(session, listing, group.entries).await?;
    }
    let mut left = VecDeque::from(groups);
    let mut denials = Denials::default();
    let mut limits = 0;
    while !left.is_empty() && looked.stop.is_none() {
        if !session.has_time_for(reserve) {
            looked.stop = Some(Stop::OutOfTime);
            break;
        }
        let set = denials.next_set(&mut left);
        let may_repeat = limits < MOST_LIMITS;
        let limited = looked
            .look_at_set(session, set, &mut denials, may_repeat)
            .await?;
        limits = if limited.is_empty() { 0 } else { limits + 1 };
        for group in limited.into_iter().rev() {
            left.push_front(group);
        }
    }
    for group in left {
        looked.pass_decreases(known.get(&group.sku), group.entries);
    }
    looked.clear.sort_by_key(pressing);
    Ok(looked)
}

fn grouped(entries: Vec<ToSend>) -> Vec<Group> {
    let mut groups: BTreeMap<AmazonSku, Vec<ToSend>> = BTreeMap::new();
    for entry in entries {
        groups.entry(entry.sku.clone()).or_default().push(entry);
    }
    let groups = groups.into_iter();
    let mut groups: Vec<Group> = groups
        .map(|(sku, entries)| Group { sku, entries })
        .collect();
    groups.sort_by_key(|group| group.entries.iter().map(pressing).min());
    groups
}

/// The listings as they are, or were a moment ago: what is clear then need not be read once more.
async fn known(session: &SendSession<'_>, groups: &[Group]) -> Result<HashMap<AmazonSku, Listing>> {
    let connection = &session.key();
    let skus: Vec<AmazonSku> = groups.iter().map(|group| group.sku.clone()).collect();
    match session
        .app
        .store
        .batch_get_listings(connection, &skus)
        .await
    {
        // One that cannot be read keeps no other from being sent: each is read by itself.
        Err(failed) if failed.class() == Class::Permanent => {
            error!(connection.id = %connection, error = failed.chain(), "a listing cannot be read");
            Ok(HashMap::new())
        }
        other => other,
    }
}

impl Looked {
    /// What the brake counts now: what is put off is not counted again.
    pub(crate) fn counted(&self) -> Vec<ToSend> {
        [self.clear.as_slice(), &self.put_off].concat()
    }

    /// Looks at a few listings side by side; returns those to look at once more, if `may_repeat`.
    async fn look_at_set(
        &mut self,
        session: &SendSession<'_>,
        set: Vec<Group>,
        denials: &mut Denials,
        may_repeat: bool,
    ) -> Result<Vec<Group>> {
        let looks = set.iter().map(|it| look_at(session, &it.sku, &it.entries));
        let outcomes = join_all(looks).await;
        let home = session.sending.home();
        let (mut limited, mut denied, mut why) = (Vec::new(), 0, None);
        for (group, outcome) in set.into_iter().zip(outcomes) {
            let outcome = outcome?;
            if matches!(outcome, LookOutcome::Clear(_) | LookOutcome::Guarded) {
                denials.note_verdict(home);
            }
            if may_repeat && is_limited(&outcome, &group) {
                limited.push(group);
            } else if let Some(refusal) = self.take(session, &group, outcome).await? {
                denials.note_denial(home, (refusal.status, refusal.code.as_deref()));
                denied += 1;
                why = Some(general_words(&refusal));
            }
        }
        denials.note_set(denied);
        self.stop = why.filter(|_| denials.is_general()).map(Stop::Refused);
        Ok(limited)
    }

    /// Takes the outcome of one look; Amazon's refusal, if it was one.
    async fn take(
        &mut self,
        session: &SendSession<'_>,
        group: &Group,
        outcome: LookOutcome,
    ) -> Result<Option<Refusal>> {
        let entries = group.entries.clone();
        let (listing, failure) = match outcome {
            LookOutcome::Clear(listing) => {
                self.pass(session, &listing, entries).await?;
                return Ok(None);
            }
            LookOutcome::Guarded => {
                drop_all(session, &entries).await?;
                return Ok(None);
            }
            LookOutcome::NotMatched => {
                let (others, quantities): (Vec<_>, Vec<_>) = entries
                    .into_iter()
                    .partition(|it| it.part() != ListingPart::Quantity);
                drop_all(session, &others).await?;
                // Whether it is void is decided with its claim.
                self.clear.extend(quantities);
                return Ok(None);
            }
            LookOutcome::Failed(listing, failure) => (listing, failure),
        };
        let waiting = self.pass_decreases(listing.as_deref(), entries);
        if matches!(failure, Failure::NotShown | Failure::Denied(_)) {
            self.refused += waiting.len() as u64;
        }
        for entry in &waiting {
            self.wait(session, entry, &failure).await?;
        }
        Ok(match failure {
            Failure::Denied(refusal) => Some(refusal),
            _ => None,
        })
    }

    /// Lets a listing's entries pass, except the prices that Amazon's own rules set, which are left alone.
    async fn pass(
        &mut self,
        session: &SendSession<'_>,
        listing: &Listing,
        entries: Vec<ToSend>,
    ) -> Result<()> {
        for entry in entries {
            let prices_shown = listing
                .look
                .as_ref()
                .is_none_or(|look| look.automated_prices.is_some());
            match entry.price_on {
                Some(marketplace) if listing.price_is_automated(marketplace) => {
                    info!(listing.sku = %entry.sku, %marketplace, "a price that Amazon's rules set is left alone");
                    drop_all(session, &[entry]).await?;
                }
                Some(_) if !prices_shown => {
                    self.waiting += 1;
                    self.wait(session, &entry, &Failure::NotShown).await?;
                }
                _ => self.clear.push(entry),
            }
        }
        Ok(())
    }

    /// Lets decreases pass that need not wait for a look; returns what waits.
    fn pass_decreases(&mut self, listing: Option<&Listing>, entries: Vec<ToSend>) -> Vec<ToSend> {
        let (clear, waiting): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| listing.is_some_and(|listing| goes_unseen(listing, entry)));
        self.clear.extend(clear);
        self.waiting += waiting.len() as u64;
        waiting
    }

    async fn wait(
        &mut self,
        session: &SendSession<'_>,
        entry: &ToSend,
        failure: &Failure,
    ) -> Result<()> {
        let at_once = match failure {
            Failure::Limited => None,
            Failure::Unsure => Some(FAILURES_AT_ONCE),
            Failure::NotShown | Failure::Denied(_) => Some(0),
        };
        let mut wait = SignedDuration::ZERO;
        if let Some(at_once) = at_once {
            session.put_off(entry, at_once).await?;
            self.put_off.push(entry.clone());
            wait = ToSend::wait_after((entry.tries + 1).saturating_sub(at_once));
        }
        self.retry = Some(self.retry.map_or(wait, |known| known.min(wait)));
        Ok(())
    }
}

/// Whether Amazon said that its limit is reached, and something of the listing must wait for an answer.
fn is_limited(outcome: &LookOutcome, group: &Group) -> bool {
    let LookOutcome::Failed(listing, Failure::Limited) = outcome else {
        return false;
    };
    let goes = |entry| {
        listing
            .as_deref()
            .is_some_and(|listing| goes_unseen(listing, entry))
    };
    !group.entries.iter().all(goes)
}

/// Whether an entry goes although Amazon does not answer a look now.
fn goes_unseen(listing: &Listing, entry: &ToSend) -> bool {
    let is_decrease = entry.decrease && entry.part() == ListingPart::Quantity;
    is_decrease && Look::clears_decreases(listing.look.as_ref())
}

async fn drop_all(session: &SendSession<'_>, entries: &[ToSend]) -> Result<()> {
    let connection = &session.key();
    for entry in entries {
        session.app.store.delete_to_send(connection, entry).await?;
    }
    Ok(())
}
