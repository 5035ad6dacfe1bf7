//! The brake on mass zeros: how many listings may go to zero, or have an offer ended, within an hour before a person must look.
//! Pure, except that it reads which are so already.

use crate::send_session::{AT_ONCE, SendSession};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::feed::LineValue;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingPart};
use stallkeeper::domain::stock_settings::Brakes;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::{HeldRound, Round, ToSend};
use std::collections::BTreeSet;

/// How long zeros are counted together.
pub(crate) const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Whether so many zeros are too many, of so many matched listings.
pub(crate) fn holds(brakes: &Brakes, zeros: u64, matched: u64) -> bool {
    if brakes.zero_percent >= 100 || zeros < u64::from(brakes.zero_at_least).max(1) {
        return false;
    }
    u128::from(zeros) * 100 > u128::from(brakes.zero_percent) * u128::from(matched)
}

/// Whether a person released what was held, and zeros are not counted.
pub(crate) fn is_released(round: &Round, now: Timestamp) -> bool {
    round.released_until.is_some_and(|until| until > now)
}

/// Zeros that were sent within the last hour.
pub(crate) fn recent_zeros(round: &Round, now: Timestamp) -> u64 {
    let fresh = round
        .zeros_since
        .is_some_and(|since| now.duration_since(since) < WINDOW);
    if fresh { round.zeros } else { 0 }
}

/// Whether its listing is sold less: nowhere any more, or not on one marketplace.
fn is_zero(entry: &ToSend) -> bool {
    matches!(
        entry.value,
        LineValue::Quantity(0) | LineValue::End { ended: true }
    )
}

/// How many listings entries are of: one at zero whose offers are ended counts once.
fn listings<'a>(entries: impl Iterator<Item = &'a ToSend>) -> u64 {
    let skus: BTreeSet<&AmazonSku> = entries.map(|entry| &entry.sku).collect();
    skus.len() as u64
}

/// Judges entries that are to be sent, and counts nothing. `Some`: a person must release them.
pub(crate) async fn judge(
    session: &SendSession<'_>,
    round: &Round,
    entries: &[ToSend],
) -> Result<Option<HeldRound>> {
    match weigh(session, round, entries).await? {
        Weighed::Held(held) => Ok(Some(held)),
        Weighed::Without | Weighed::Passes { .. } => Ok(None),
    }
}

/// As [`judge`]. If the ends of offers are what makes it too much, they are taken out and wait alone: what is sold out must go to
/// zero whatever a selection ends.
pub(crate) async fn judge_apart(
    session: &SendSession<'_>,
    round: &Round,
    entries: &mut Vec<ToSend>,
) -> Result<Option<HeldRound>> {
    let Some(held) = judge(session, round, entries).await? else {
        return Ok(None);
    };
    let others: Vec<ToSend> = entries.iter().filter(|it| !is_end(it)).cloned().collect();
    if let Some(whole) = judge(session, round, &others).await? {
        return Ok(Some(whole));
    }
    *entries = others;
    Ok(Some(HeldRound {
        ends_alone: true,
        ..held
    }))
}

fn is_end(entry: &ToSend) -> bool {
    entry.value == LineValue::End { ended: true }
}

/// As [`judge`], of entries that are about to be sent: counts their zeros if they may be.
pub(crate) async fn judge_and_count(
    session: &SendSession<'_>,
    round: &Round,
    entries: &[ToSend],
) -> Result<Option<HeldRound>> {
    let (zeros, matched) = match weigh(session, round, entries).await? {
        Weighed::Without => return Ok(None),
        Weighed::Held(held) => return Ok(Some(held)),
        Weighed::Passes { zeros, matched } => (zeros, matched),
    };
    let now = Timestamp::now();
    // Those of an urgent message that came meanwhile count as well.
    let all = count(session, zeros, now).await?;
    let brakes = &session.sending.settings().brakes;
    let matched = matched.filter(|matched| holds(brakes, all, *matched));
    Ok(matched.map(|matched| held(now, all, matched)))
}

/// What the brake finds.
enum Weighed {
    /// No new zero.
    Without,
    Held(HeldRound),
    Passes {
        zeros: u64,
        /// How many listings are matched, if there are enough zeros to ask.
        matched: Option<u64>,
    },
}

async fn weigh(session: &SendSession<'_>, round: &Round, entries: &[ToSend]) -> Result<Weighed> {
    let now = Timestamp::now();
    // What is tried again was counted the first time.
    let new = |entry: &&ToSend| is_zero(entry) && entry.tries == 0;
    let mut zeros = listings(entries.iter().filter(new));
    if zeros == 0 || is_released(round, now) {
        return Ok(Weighed::Without);
    }
    let brakes = &session.sending.settings().brakes;
    let before = recent_zeros(round, now);
    if before + zeros < u64::from(brakes.zero_at_least) {
        let matched = None;
        return Ok(Weighed::Passes { zeros, matched });
    }
    let connection = &session.key();
    let matching = session.app.store.matching(connection).await?;
    let matched = matching.counts.matched;
    if holds(brakes, before + zeros, matched) && round.held.is_none() {
        // Those whose zero was lost on its way are not zeroed twice.
        zeros = newly_zero(session, entries).await?;
    }
    Ok(match holds(brakes, before + zeros, matched) {
        true => Weighed::Held(held(now, before + zeros, matched)),
        false => Weighed::Passes {
            zeros,
            matched: Some(matched),
        },
    })
}

async fn count(session: &SendSession<'_>, zeros: u64, now: Timestamp) -> Result<u64> {
    if zeros == 0 {
        return Ok(0);
    }
    let connection = &session.key();
    let since = now.saturating_sub(WINDOW).unwrap_or(now);
    let store = &session.app.store;
    store.count_zeros(connection, zeros, now, since).await
}

fn held(at: Timestamp, zeros: u64, matched: u64) -> HeldRound {
    HeldRound {
        at,
        zeros,
        matched,
        ends_alone: false,
    }
}

/// How many of the zeros are of listings that were sent something else last.
async fn newly_zero(session: &SendSession<'_>, entries: &[ToSend]) -> Result<u64> {
    let connection = &session.key();
    let zeros: Vec<&ToSend> = entries.iter().filter(|entry| is_zero(entry)).collect();
    let new = fan_out(zeros, AT_ONCE, |entry| async move {
        let name = &connection.listing(&entry.sku);
        let listing = session.app.store.listing(name).await?;
        let is_new = listing.is_some_and(|listing| is_new(&listing, entry));
        Ok::<_, stallkeeper::Error>(is_new.then_some(entry))
    })
    .await?;
    Ok(listings(new.into_iter().flatten()))
}

fn is_new(listing: &Listing, entry: &ToSend) -> bool {
    match entry.part() {
        ListingPart::End(on) => !listing.end(on).is_ended(),
        _ => listing.sent.as_ref().is_none_or(|sent| sent.value != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_share_holds_and_a_handful_never_does() {
        let brakes = Brakes::default();
        assert!(!holds(&brakes, 19, 20), "fewer than may ever hold");
        assert!(!holds(&brakes, 30, 100));
        assert!(holds(&brakes, 31, 100));
        assert!(holds(&brakes, 20, 0), "unknown how many there are");
        let never = Brakes {
            zero_percent: 100,
            ..brakes
        };
        assert!(!holds(&never, 1_000, 10));
    }

    #[test]
    fn zeros_of_an_hour_ago_are_forgotten() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let round = Round {
            zeros: 7,
            zeros_since: Some(at(0)),
            ..Round::default()
        };
        assert_eq!(recent_zeros(&round, at(3_599)), 7);
        assert_eq!(recent_zeros(&round, at(3_600)), 0);
    }
}
