//! The sentences that a person reads about a listing. Pure.

use super::super::amazon::Outcome;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedState};
use stallkeeper::domain::listing::{
    Finding, HoldChange, HoldEntry, Listing, ListingState, Live, Look, LookVerdict,
};
use stallkeeper::domain::stock::{Measured, Reservation, Sale};
use stallkeeper::domain::stock_settings::LevelsKind;

/// What the state means, and the remedy if there is one.
pub(super) fn state(listing: &Listing) -> String {
    let sku = &listing.amazon_sku;
    match (listing.state, &listing.other_spelling) {
        (ListingState::Matched, _) => "Amazon lists it for the merchant to fulfil, and it belongs to a product here: it is sent.".to_owned(),
        (ListingState::CaseMismatch, Some(ours)) => format!(
            "Amazon spells it `{sku}`, here it is `{ours}`{}; nothing is sent. Rename the product here, or tie the two: PUT /connections/{}/aliases?sku=… with {{\"product\":\"{ours}\",\"units\":1}}. Amazon's spelling cannot be changed.",
            difference(sku.as_str(), ours.as_str()),
            listing.connection
        ),
        (ListingState::ClosedElsewhere, _) => closed(listing),
        (ListingState::CaseMismatch, None) => "Amazon spells it differently; nothing is sent.".to_owned(),
        (ListingState::FulfilledByAmazon, _) => by_amazon(listing),
        (ListingState::MultiLocation, _) => several_locations(listing),
        (ListingState::NotOnAmazon, _) => "Amazon's last report does not list it; nothing is sent until a report lists it with exactly this spelling.".to_owned(),
        (ListingState::UnknownHere, _) => "Amazon lists it, but no product here has this SKU; nothing is sent. Put the product, or tie the listing to one: PUT /connections/{connection}/aliases?sku=…".to_owned(),
    }
}

fn by_amazon(listing: &Listing) -> String {
    let shown = match &listing.look {
        Some(look) if look.found == Finding::Amazon => format!(
            " A look at {}, over all marketplaces that the seller takes part in, showed it; it is looked at again once a day, with the reports.",
            look.at
        ),
        _ => String::new(),
    };
    format!("Amazon keeps its stock: a quantity is never sent.{shown}")
}

fn several_locations(listing: &Listing) -> String {
    let at = listing.look.as_ref().map(|look| look.at.to_string());
    let at = at.unwrap_or_else(|| "the last look".to_owned());
    format!(
        "Amazon keeps a quantity of it for each of several locations (seen at {at}). One number would wipe them, so nothing is sent. It is looked at again once a day, with the reports."
    )
}

/// Why it waits for a look at Amazon, if it does; `now`: for how long the last one counts.
pub(super) fn waits_for_look(listing: &Listing, now: Timestamp) -> Option<String> {
    let look = listing.look.as_ref();
    if Look::verdict(look, now) == LookVerdict::Clear || !listing.amazon_sku.fits_in_an_address() {
        return None;
    }
    let ask = "Amazon is asked once over all marketplaces whose the listing is to fulfil";
    Some(match look {
        None => format!("its first look: {ask}"),
        Some(look) => match (look.found, &look.words) {
            (Finding::NotThere, _) => format!(
                "a look that shows it: at {} Amazon had it on no marketplace",
                look.at
            ),
            (Finding::Refused, words) => format!(
                "a look that shows it: at {} Amazon would not ({})",
                look.at,
                words.as_deref().unwrap_or("no reason")
            ),
            (Finding::Unclear, _) => format!(
                "a look that shows whose it is to fulfil: at {} Amazon's answer did not say it",
                look.at
            ),
            _ => format!(
                "a look, since the last one of {} is a day old: {ask}",
                look.at
            ),
        },
    })
}

/// Why it is taken for closed, and how it is opened again.
fn closed(listing: &Listing) -> String {
    let shown = match &listing.closed {
        Some(closed) if closed.inactive => {
            format!("Amazon's report of {} shows it as not active", closed.at)
        }
        Some(closed) => format!(
            "Amazon's report of {} shows zero, which neither we nor a sale explain",
            closed.at
        ),
        None => "Amazon's report shows it closed".to_owned(),
    };
    format!(
        "{shown}: somebody closed it there, so nothing is sent. Reopen it here: POST /connections/{}/listings/reopen?sku=…, or at Amazon.",
        listing.connection
    )
}

/// The difference between two spellings, if a reader may not see it.
fn difference(amazons: &str, ours: &str) -> String {
    if amazons.contains('?') && !ours.contains('?') {
        return " (Amazon's report writes `?` for letters that it cannot hold)".to_owned();
    }
    let mut letters = amazons.chars().zip(ours.chars());
    let differs = letters.find(|(theirs, ours)| theirs != ours);
    match differs {
        Some((theirs, ours)) if !(theirs.is_ascii() && ours.is_ascii()) => {
            let (theirs, ours) = (u32::from(theirs), u32::from(ours));
            format!(
                " (they look alike; the first difference is U+{theirs:04X} there and U+{ours:04X} here)"
            )
        }
        _ => String::new(),
    }
}

/// What became of what was sent.
pub(super) fn outcome(outcome: Outcome, feed: Option<&Feed>) -> String {
    match (outcome, feed) {
        (Outcome::Accepted, Some(_)) => {
            "Amazon finished processing the feed and did not refuse this line.".to_owned()
        }
        (Outcome::Accepted, None) => "Amazon accepted the patch.".to_owned(),
        (Outcome::Refused, _) => "Amazon refused it; see `refused`.".to_owned(),
        (Outcome::InFlight, Some(feed)) => match feed.state {
            FeedState::Submitted => format!(
                "Sent, not confirmed since {}: Amazon has the feed and has not finished processing it.",
                feed.submitted_at.unwrap_or(feed.created_at)
            ),
            state => format!("Its feed is not at Amazon yet: `{}`.", state.as_str()),
        },
        (Outcome::InFlight, None) => "It is being sent.".to_owned(),
        (Outcome::Unknown, feed) => {
            let why = feed.and_then(|feed| feed.note.as_deref());
            let why = why.unwrap_or("its feed is not stored any more");
            format!(
                "It is not known whether Amazon applied it ({why}); what is wanted is sent again."
            )
        }
    }
}

/// Where the range of the live quantity comes from.
pub(super) fn live(listing: &Listing, feed: Option<&Feed>, live: Live, sales: &[Sale]) -> String {
    let (quantity, since) = match (&listing.sent, &listing.observed) {
        (Some(sent), _) => {
            let how = match feed {
                Some(feed) if feed.applied_at.is_none() => {
                    format!("sent in a feed, not confirmed since {}", sent.at)
                }
                Some(_) => format!("sent in a feed at {}", sent.at),
                None => format!("patched at {}", sent.at),
            };
            (sent.value, how)
        }
        (None, Some(observed)) => (
            observed.value,
            format!("seen in Amazon's report of {}", observed.at),
        ),
        (None, None) => return "nothing was sent or seen".to_owned(),
    };
    let mut why = format!("{quantity} {since}");
    if sales.is_empty() && live.is_exactly(quantity) {
        why.push_str("; nothing was sold since");
        return why;
    }
    let certain = quantity.saturating_sub(live.highest);
    let possible = live.highest - live.lowest;
    if certain > 0 {
        why.push_str(&format!("; {certain} sold since"));
    }
    if possible > 0 {
        why.push_str(&format!(
            "; {possible} more may have been sold or cancelled, or were sold just as Amazon applied it"
        ));
    }
    why
}

/// A hold that began or ended.
pub(super) fn hold(entry: &HoldEntry) -> String {
    let mode = entry.hold.mode.as_str();
    let by = |author: Option<&String>| author.map_or_else(String::new, |it| format!(" by {it}"));
    match entry.change {
        HoldChange::Held => {
            let until = entry.hold.until;
            let until = until.map_or_else(String::new, |it| format!(" until {it}"));
            let (by, reason) = (by(entry.author.as_ref()), &entry.hold.reason);
            format!("held (`{mode}`){until}{by}: {reason}")
        }
        HoldChange::Released if entry.author.is_none() && entry.hold.is_over(entry.at) => {
            format!("its hold (`{mode}`) ended by itself")
        }
        HoldChange::Released => format!("released{} (`{mode}`)", by(entry.author.as_ref())),
    }
}

/// Why so many units of a reservation are held.
pub(super) fn held(
    reservation: &Reservation,
    levels: LevelsKind,
    measured: Measured<'_>,
) -> String {
    let held = reservation.held(levels, measured);
    let given_up = reservation.given_up(levels, measured);
    if given_up > 0 {
        return format!("{given_up} given up: the warehouse that gave them never counted since");
    }
    if reservation.units == 0 {
        return "the order no longer asks for any".to_owned();
    }
    if held == reservation.units {
        return match (levels, reservation.acknowledged_at) {
            (LevelsKind::Available, None) => "not acknowledged yet".to_owned(),
            (LevelsKind::Available, Some(at)) => {
                let who = reservation.warehouse.as_ref();
                let who = who.map_or_else(
                    || "each warehouse with stock".to_owned(),
                    ToString::to_string,
                );
                format!("acknowledged at {at}; held until a level of {who} is measured after that")
            }
            (LevelsKind::OnHand, _) => {
                "not dispatched, or no level was measured after that".to_owned()
            }
        };
    }
    match (levels, reservation.acknowledged_at) {
        (LevelsKind::Available, Some(at)) if held == 0 => {
            format!("acknowledged at {at}, and a level was measured after that")
        }
        _ => format!(
            "{} were dispatched before the last level was measured",
            reservation.units - held
        ),
    }
}
