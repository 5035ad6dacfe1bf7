//! Claims: a listing or an offer is marked as sent before anything is sent, conditionally. It sends nothing.

mod retry;

pub(crate) use retry::Claim;

use crate::send_session::SendSession;
use jiff::Timestamp;
use retry::{Current, LimitedPrice, RetryDecision, retry_decision};
use stallkeeper::domain::feed::{FeedLine, LineValue, SentBy};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingPart, Offer, Sent, Standing};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Error, Result};
use stallkeeper::store::{Claimed, ToSend, Written};

/// The outcome of an entry.
#[derive(Debug, PartialEq)]
pub(crate) enum ClaimOutcome {
    /// It may be sent.
    Claimed(Claim<LineValue>),
    /// The entry is void.
    Dropped,
    /// It waits.
    Left,
}

/// What is sent to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) sku: &'a AmazonSku,
    pub(crate) part: ListingPart,
}

impl<'a> Target<'a> {
    pub(crate) fn of(entry: &'a ToSend) -> Self {
        Self {
            sku: &entry.sku,
            part: entry.part(),
        }
    }

    /// The entry that a line of a feed came from, as far as its key goes.
    pub(crate) fn entry(self, line: &FeedLine) -> ToSend {
        let (price_on, end_on) = match self.part {
            ListingPart::Quantity => (None, None),
            ListingPart::Price(marketplace) => (Some(marketplace), None),
            ListingPart::End(marketplace) => (None, Some(marketplace)),
        };
        ToSend {
            sku: self.sku.clone(),
            price_on,
            end_on,
            value: line.value.clone(),
            generation: line.generation,
            send_count: line.send_count,
            decrease: true,
            urgent: false,
            level_at: None,
            after: None,
            marketplaces: Vec::new(),
            product_type: line.product_type.clone(),
            at: Timestamp::now(),
            by_patch: false,
            tries: 0,
            next_at: None,
        }
    }
}

/// Marks what an entry is about as sent `by`, with what is wanted of it now.
pub(crate) async fn claim(
    session: &SendSession<'_>,
    target: Target<'_>,
    first: Claim<LineValue>,
    by: &SentBy,
) -> Result<ClaimOutcome> {
    let connection = &session.key();
    let store = &session.app.store;
    match (target.part, first.value) {
        (ListingPart::Quantity, LineValue::Quantity(value)) => {
            let first = Claim {
                value,
                generation: first.generation,
                send_count: first.send_count,
            };
            let call = async |send_count: u64, sent: Sent<u32>| {
                let claimed = store
                    .claim_listing(&connection.listing(target.sku), send_count, &sent)
                    .await?;
                Ok(seen(claimed))
            };
            let claimed = claim_with(session, target, first, by, call).await?;
            Ok(as_line(claimed, LineValue::Quantity))
        }
        (ListingPart::End(marketplace), LineValue::End { ended }) => {
            let first = Claim {
                value: ended,
                generation: first.generation,
                send_count: first.send_count,
            };
            let listing = &connection.listing(target.sku);
            let call = async |send_count: u64, sent: Sent<bool>| {
                let claim = store.claim_end(listing, marketplace, send_count, &sent);
                Ok(match claim.await? {
                    Claimed::Done => None,
                    Claimed::Conflict(now) => Some(now.map(|it| Current::end(&it, marketplace))),
                })
            };
            let claimed = claim_with(session, target, first, by, call).await?;
            Ok(as_line(claimed, |ended| LineValue::End { ended }))
        }
        (ListingPart::Price(marketplace), LineValue::Price { amount, .. }) => {
            let key = &connection.listing(target.sku).offer(marketplace);
            let listing = store.listing(&key.listing).await?;
            let offer = store.offer(key).await?;
            let is_sent = listing.is_some_and(|listing| listing.is_sent_prices());
            let Some(offer) = offer.filter(|_| is_sent) else {
                return Ok(ClaimOutcome::Dropped);
            };
            let first = Claim {
                value: LimitedPrice::of(&offer, amount),
                generation: first.generation,
                send_count: first.send_count,
            };
            let percent = session.sending.settings().brakes.price_percent;
            let call = async |send_count: u64, sent: Sent<LimitedPrice>| {
                let LimitedPrice { amount, limits } = sent.value;
                let sent = sent.with(amount);
                let claim = store.claim_offer(key, send_count, &sent, limits);
                Ok(match claim.await? {
                    Claimed::Done => None,
                    Claimed::Conflict(now) => Some(now.map(|it| Current::price(*it, percent))),
                })
            };
            let claimed = claim_with(session, target, first, by, call).await?;
            Ok(as_line(claimed, |LimitedPrice { amount, limits }| {
                LineValue::limited_price(amount, limits, marketplace)
            }))
        }
        // The value of one part where another one belongs: no code writes that.
        _ => Ok(ClaimOutcome::Dropped),
    }
}

/// `None`: done. Else the item as it is, or nothing if it is gone.
type Refused<V> = Option<Option<Current<V>>>;

fn seen<T: Into<Current<V>>, V>(claimed: Claimed<T>) -> Refused<V> {
    match claimed {
        Claimed::Done => None,
        Claimed::Conflict(item) => Some(item.map(|item| (*item).into())),
    }
}

/// `Ok(None)`: dropped. `Err`: it waits.
type ClaimResult<V> = Result<Option<Claim<V>>, ()>;

fn as_line<V>(outcome: ClaimResult<V>, value: impl Fn(V) -> LineValue) -> ClaimOutcome {
    match outcome {
        Ok(Some(claimed)) => ClaimOutcome::Claimed(Claim {
            value: value(claimed.value),
            generation: claimed.generation,
            send_count: claimed.send_count,
        }),
        Ok(None) => ClaimOutcome::Dropped,
        Err(()) => ClaimOutcome::Left,
    }
}

async fn claim_with<V: Copy>(
    session: &SendSession<'_>,
    target: Target<'_>,
    first: Claim<V>,
    by: &SentBy,
    call: impl AsyncFn(u64, Sent<V>) -> Result<Refused<V>>,
) -> Result<ClaimResult<V>> {
    let gate = session.gate(std::collections::HashSet::new());
    let entry = (first.generation, first.send_count);
    let mut now = first;
    for () in Written::attempts() {
        let sent = Sent {
            value: now.value,
            generation: now.generation,
            at: session.amazons_now(),
            by: by.clone(),
        };
        let Some(seen) = call(now.send_count, sent).await? else {
            return Ok(Ok(Some(now)));
        };
        let in_feed = seen.as_ref().and_then(|seen| seen.sent.as_ref());
        if let (SentBy::Patch, Some(SentBy::Feed(feed))) = (by, in_feed.map(|sent| &sent.by)) {
            session.overtake(feed, target.sku).await?;
        }
        match retry_decision(entry, by, seen, |level| gate.knows_orders_until(level)) {
            RetryDecision::Claim(next) => now = next,
            RetryDecision::Unfinished(next) if is_pending(session, target, entry).await? => {
                now = next
            }
            RetryDecision::Unfinished(_) => return Ok(Ok(None)),
            RetryDecision::Ours(ours) => return Ok(Ok(Some(ours))),
            RetryDecision::Drop => return Ok(Ok(None)),
            RetryDecision::Leave => return Ok(Err(())),
        }
    }
    Ok(Err(()))
}

/// Whether an entry, known by its generation and send count, is still there: it is taken out once what it asked for has been sent.
async fn is_pending(
    session: &SendSession<'_>,
    target: Target<'_>,
    entry: (u64, u64),
) -> Result<bool> {
    let connection = &session.key();
    let store = &session.app.store;
    let pending = store
        .to_send_of(connection, target.sku, target.part)
        .await?;
    Ok(pending.is_some_and(|it| (it.generation, it.send_count) == entry))
}

/// Makes sure that nothing else was sent since `claimed`; else what is wanted now is listed to be sent again, since it is
/// not known which of the two Amazon got last. Whether issues of the listing are kept, as far as that was read.
pub(crate) async fn confirm(
    session: &SendSession<'_>,
    target: Target<'_>,
    claimed: &Claim<LineValue>,
) -> Result<bool> {
    let connection = &session.key();
    let store = &session.app.store;
    let after = claimed.send_count + 1;
    let mut has_issues = false;
    let moved = match target.part {
        ListingPart::Quantity => {
            let listing = store.listing(&connection.listing(target.sku)).await?;
            listing.is_some_and(|listing| {
                has_issues = listing.issues.is_some();
                let sent = listing.sent.map(|sent| LineValue::Quantity(sent.value));
                listing.send_count != after && sent.as_ref() != Some(&claimed.value)
            })
        }
        ListingPart::End(marketplace) => {
            let listing = store.listing(&connection.listing(target.sku)).await?;
            listing.is_some_and(|listing| {
                has_issues = listing.issues.is_some();
                let end = listing.end(marketplace);
                let sent = end.sent.map(|sent| LineValue::End { ended: sent.value });
                end.send_count != after && sent.as_ref() != Some(&claimed.value)
            })
        }
        ListingPart::Price(marketplace) => {
            let offer = store
                .offer(&connection.listing(target.sku).offer(marketplace))
                .await?;
            offer.is_some_and(|offer| {
                let limits = offer.sent_limits;
                let sent = offer
                    .sent
                    .map(|sent| LineValue::limited_price(sent.value, limits, marketplace));
                offer.send_count != after && sent.as_ref() != Some(&claimed.value)
            })
        }
    };
    if moved && put_back(session, target, |_| true).await? {
        session.wake_urgent().await?;
    }
    Ok(has_issues)
}

/// Lists what is wanted now to be sent again, if what was sent last satisfies `lost`: it is not known what Amazon shows.
/// Whether that is urgent.
pub(crate) async fn put_back(
    session: &SendSession<'_>,
    target: Target<'_>,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<bool> {
    let entry = match target.part {
        ListingPart::Quantity => lost_quantity(session, target, lost).await?,
        ListingPart::Price(marketplace) => lost_price(session, target, marketplace, lost).await?,
        ListingPart::End(marketplace) => lost_end(session, target, marketplace, lost).await?,
    };
    let Some(entry) = entry else {
        return Ok(false);
    };
    let connection = &session.key();
    let store = &session.app.store;
    store.put_to_send(connection, &entry).await?;
    Ok(entry.urgent)
}

async fn lost_quantity(
    session: &SendSession<'_>,
    target: Target<'_>,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<Option<ToSend>> {
    let connection = &session.key();
    let store = &session.app.store;
    let Some(listing) = store.listing(&connection.listing(target.sku)).await? else {
        return Ok(None);
    };
    if !listing.sent.as_ref().is_some_and(|sent| lost(&sent.by)) {
        return Ok(None);
    }
    let policy = &session.sending.settings().policy;
    Ok(ToSend::lost_quantity(&listing, policy, Timestamp::now()))
}

async fn lost_price(
    session: &SendSession<'_>,
    target: Target<'_>,
    marketplace: Marketplace,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<Option<ToSend>> {
    let connection = &session.key();
    let store = &session.app.store;
    let offer = store
        .offer(&connection.listing(target.sku).offer(marketplace))
        .await?;
    let carries = |offer: &Offer| offer.sent.as_ref().is_some_and(|sent| lost(&sent.by));
    let Some(offer) = offer.filter(carries) else {
        return Ok(None);
    };
    let percent = session.sending.settings().brakes.price_percent;
    Ok(ToSend::lost_price(&offer, percent, None, Timestamp::now()))
}

async fn lost_end(
    session: &SendSession<'_>,
    target: Target<'_>,
    marketplace: Marketplace,
    lost: impl Fn(&SentBy) -> bool,
) -> Result<Option<ToSend>> {
    let connection = &session.key();
    let store = &session.app.store;
    let listing = store.listing(&connection.listing(target.sku)).await?;
    let carries = |listing: &Listing| listing.end(marketplace).sent_by().is_some_and(&lost);
    let listing = listing.filter(carries);
    Ok(listing.and_then(|it| ToSend::end(&it, marketplace, Standing::Lost, Timestamp::now())))
}

/// The error of a line whose value is not of its feed's kind.
pub(crate) fn damaged() -> Error {
    Error::permanent("read a manifest", "a line is not of its feed's kind")
}
