//! Claims: a listing or an offer is marked as sent before anything is sent, conditionally. It sends nothing.

use crate::again::{Again, Seen, Try, again};
use crate::outgoing::Outgoing;
use jiff::Timestamp;
use rust_decimal::Decimal;
use stallkeeper::domain::feed::{FeedLine, LineValue, SentBy};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Offer, Sent};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Error, Result};
use stallkeeper::store::{Claimed, ToSend};

/// How often an entry is decided anew because somebody else wrote meanwhile.
const MOST_TRIES: usize = 5;

/// What came of an entry.
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// It may be sent.
    Sent(Try<LineValue>),
    /// It says nothing any more.
    Dropped,
    /// It waits.
    Left,
}

/// What is sent to: a listing's quantity, or its price on a marketplace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) sku: &'a AmazonSku,
    pub(crate) price_on: Option<Marketplace>,
}

impl<'a> Target<'a> {
    pub(crate) fn of(entry: &'a ToSend) -> Self {
        Self {
            sku: &entry.sku,
            price_on: entry.price_on,
        }
    }

    /// The entry that a line of a feed came from, as far as its key goes.
    pub(crate) fn entry(self, line: &FeedLine) -> ToSend {
        ToSend {
            sku: self.sku.clone(),
            price_on: self.price_on,
            value: line.value.clone(),
            label: line.label,
            sends: line.sends,
            decrease: true,
            urgent: false,
            level_at: None,
            after: None,
            stores: Vec::new(),
            product_type: line.product_type.clone(),
            at: Timestamp::now(),
        }
    }
}

/// Marks what an entry is about as sent `by`, with what is wanted of it now.
pub(crate) async fn claim(
    out: &Outgoing<'_>,
    target: Target<'_>,
    first: Try<LineValue>,
    by: &SentBy,
) -> Result<Claim> {
    let connection = &out.key();
    let store = &out.app.store;
    match (target.price_on, first.value) {
        (None, LineValue::Quantity(value)) => {
            let first = Try {
                value,
                label: first.label,
                sends: first.sends,
            };
            let call = async |sends: u64, sent: Sent<u32>| {
                let claimed = store
                    .claim_listing(&connection.listing(target.sku), sends, &sent)
                    .await?;
                Ok(seen(claimed))
            };
            let claimed = claim_with(out, target, first, by, call).await?;
            Ok(as_line(claimed, LineValue::Quantity))
        }
        (Some(marketplace), LineValue::Price { amount, .. }) => {
            let first = Try {
                value: amount,
                label: first.label,
                sends: first.sends,
            };
            let offer = &connection.listing(target.sku).offer(marketplace);
            let call = async |sends: u64, sent: Sent<Decimal>| {
                Ok(seen(store.claim_offer(offer, sends, &sent).await?))
            };
            let claimed = claim_with(out, target, first, by, call).await?;
            Ok(as_line(claimed, |amount| {
                LineValue::price(amount, marketplace)
            }))
        }
        // A quantity where a price belongs or the other way round: nobody writes that.
        _ => Ok(Claim::Dropped),
    }
}

/// `None`: done. Else the item as it is, or nothing where it is gone.
type Refused<V> = Option<Option<Seen<V>>>;

fn seen<T: Into<Seen<V>>, V>(claimed: Claimed<T>) -> Refused<V> {
    match claimed {
        Claimed::Done => None,
        Claimed::Conflict(item) => Some(item.map(|item| (*item).into())),
    }
}

/// `Ok(None)`: dropped. `Err`: it waits.
type Outcome<V> = Result<Option<Try<V>>, ()>;

fn as_line<V>(outcome: Outcome<V>, value: impl Fn(V) -> LineValue) -> Claim {
    match outcome {
        Ok(Some(claimed)) => Claim::Sent(Try {
            value: value(claimed.value),
            label: claimed.label,
            sends: claimed.sends,
        }),
        Ok(None) => Claim::Dropped,
        Err(()) => Claim::Left,
    }
}

async fn claim_with<V: Copy>(
    out: &Outgoing<'_>,
    target: Target<'_>,
    first: Try<V>,
    by: &SentBy,
    call: impl AsyncFn(u64, Sent<V>) -> Result<Refused<V>>,
) -> Result<Outcome<V>> {
    let gate = out.gate(std::collections::HashSet::new());
    let entry = (first.label, first.sends);
    let mut now = first;
    for _ in 0..MOST_TRIES {
        let sent = Sent {
            value: now.value,
            label: now.label,
            at: out.amazons_now(),
            by: by.clone(),
        };
        let Some(seen) = call(now.sends, sent).await? else {
            return Ok(Ok(Some(now)));
        };
        let in_feed = seen.as_ref().and_then(|seen| seen.sent.as_ref());
        if let (SentBy::Patch, Some(SentBy::Feed(feed))) = (by, in_feed.map(|sent| &sent.by)) {
            out.overtake(feed, target.sku).await?;
        }
        match again(entry, by, seen, |level| gate.knows_orders_until(level)) {
            Again::Claim(next) => now = next,
            Again::Unfinished(next) if stands(out, target, entry).await? => now = next,
            Again::Unfinished(_) => return Ok(Ok(None)),
            Again::Ours(ours) => return Ok(Ok(Some(ours))),
            Again::Drop => return Ok(Ok(None)),
            Again::Leave => return Ok(Err(())),
        }
    }
    Ok(Err(()))
}

/// Whether an entry, known by its label and sends, is still there: it is taken out once what it asked for has been sent.
async fn stands(out: &Outgoing<'_>, target: Target<'_>, entry: (u64, u64)) -> Result<bool> {
    let connection = &out.key();
    let store = &out.app.store;
    let stands = store
        .to_send_of(connection, target.sku, target.price_on)
        .await?;
    Ok(stands.is_some_and(|it| (it.label, it.sends) == entry))
}

/// Whether nothing else was sent since `claimed`; else what is wanted now is noted to be said again, since nobody knows
/// which of the two came last.
pub(crate) async fn confirm(
    out: &Outgoing<'_>,
    target: Target<'_>,
    claimed: &Try<LineValue>,
) -> Result<()> {
    let connection = &out.key();
    let store = &out.app.store;
    let after = claimed.sends + 1;
    let moved = match target.price_on {
        None => {
            let listing = store.listing(&connection.listing(target.sku)).await?;
            listing.is_some_and(|listing| {
                let sent = listing.sent.map(|sent| LineValue::Quantity(sent.value));
                listing.sends != after && sent.as_ref() != Some(&claimed.value)
            })
        }
        Some(marketplace) => {
            let offer = store
                .offer(&connection.listing(target.sku).offer(marketplace))
                .await?;
            offer.is_some_and(|offer| {
                let sent = offer
                    .sent
                    .map(|sent| LineValue::price(sent.value, marketplace));
                offer.sends != after && sent.as_ref() != Some(&claimed.value)
            })
        }
    };
    if moved && put_back(out, target, |_| true).await? {
        out.wake_urgent().await?;
    }
    Ok(())
}

/// Notes that what is wanted now is to be sent again, where what was sent last satisfies `lost`: nobody knows what
/// Amazon shows. Whether that waits for no round.
pub(crate) async fn put_back(
    out: &Outgoing<'_>,
    target: Target<'_>,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<bool> {
    let entry = match target.price_on {
        None => lost_quantity(out, target, lost).await?,
        Some(marketplace) => lost_price(out, target, marketplace, lost).await?,
    };
    let Some(entry) = entry else {
        return Ok(false);
    };
    let connection = &out.key();
    let store = &out.app.store;
    store.put_to_send(connection, &entry).await?;
    Ok(entry.urgent)
}

async fn lost_quantity(
    out: &Outgoing<'_>,
    target: Target<'_>,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<Option<ToSend>> {
    let connection = &out.key();
    let store = &out.app.store;
    let Some(listing) = store.listing(&connection.listing(target.sku)).await? else {
        return Ok(None);
    };
    if !listing.sent.as_ref().is_some_and(|sent| lost(&sent.by)) {
        return Ok(None);
    }
    let policy = &out.going.settings().policy;
    Ok(ToSend::lost_quantity(&listing, policy, Timestamp::now()))
}

async fn lost_price(
    out: &Outgoing<'_>,
    target: Target<'_>,
    marketplace: Marketplace,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<Option<ToSend>> {
    let connection = &out.key();
    let store = &out.app.store;
    let offer = store
        .offer(&connection.listing(target.sku).offer(marketplace))
        .await?;
    let carries = |offer: &Offer| offer.sent.as_ref().is_some_and(|sent| lost(&sent.by));
    let Some(offer) = offer.filter(carries) else {
        return Ok(None);
    };
    let percent = out.going.settings().brakes.price_percent;
    Ok(ToSend::lost_price(&offer, percent, None, Timestamp::now()))
}

/// For whoever holds two things that cannot be: a line whose value is not of its feed's kind.
pub(crate) fn damaged() -> Error {
    Error::permanent("read a manifest", "a line is not of its feed's kind")
}
