//! What each step makes of an offer. None of them sends anything.

mod after_sending;

use super::{Candidate, NewOffer, NewOfferState, Restriction, SentOffer};
use crate::domain::ids::{Asin, ConnectionKey, Sku};
use crate::domain::listing::{ListingIssue, ListingState};
use crate::domain::marketplace::Marketplace;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A run that was stopped is taken for gone by then.
const RUN: SignedDuration = SignedDuration::from_mins(10);
/// What is not there yet (a price, stock) is looked for again after so long.
const MISSING: SignedDuration = SignedDuration::from_hours(24);
/// The first of the looks that come ever later.
const FIRST_LOOK: SignedDuration = SignedDuration::from_mins(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);
/// When Amazon's report may show what it accepted.
const SHOWN: SignedDuration = SignedDuration::from_mins(10);
/// After so long without being seen in a report, a person looks.
const LONGEST_UNSEEN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// So often an offer goes again of which nobody knows what became; then a person looks.
const MOST_TRIES: u32 = 8;
/// The most candidates that are shown.
const MOST_CANDIDATES: usize = 10;

/// What a person says of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferAnswer {
    /// It is this item.
    Item(Asin),
    /// Its first price, which is this one, may be sent.
    Price(Decimal),
    /// It is never to be offered.
    Never,
}

/// What became of an offer that a feed carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferVerdict {
    /// With what Amazon remarked.
    Accepted(Vec<ListingIssue>),
    Refused(Vec<ListingIssue>),
    /// Amazon certainly does not have it, and why.
    NotSent(String),
    /// Nobody knows, and why.
    Unknown(String),
}

impl NewOffer {
    /// One that somebody wants now; with the item that it is, if they know it.
    pub fn wanted(
        connection: &ConnectionKey,
        sku: Sku,
        marketplace: Marketplace,
        asin: Option<Asin>,
        author: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            sku,
            marketplace,
            state: NewOfferState::Wanted,
            why: "it waits for its turn".to_owned(),
            wanted_at: now,
            author,
            picked: asin.is_some(),
            asin,
            candidates: Vec::new(),
            held_price: None,
            released_price: None,
            restrictions: Vec::new(),
            sent: None,
            issues: Vec::new(),
            tries: 0,
            due_at: None,
            changed_at: now,
            revision: 1,
        }
    }

    /// It is wanted again, now with this item if one is named; `None`: it is under way, or a person said never, which only an
    /// answer takes back. `listing`: the state of its listing; one that was matched and is gone is made again.
    #[must_use]
    pub fn wanted_again(
        &self,
        marketplace: Marketplace,
        asin: Option<Asin>,
        author: Option<String>,
        listing: Option<ListingState>,
        now: Timestamp,
    ) -> Option<Self> {
        let is_gone = self.is_gone(listing);
        if self.state == NewOfferState::Never || self.state.is_under_way() && !is_gone {
            return None;
        }
        let picked = asin.is_some() || self.picked;
        let asin = asin.or_else(|| self.asin.clone().filter(|_| self.picked));
        let again = Self::wanted(
            &self.connection_key(),
            self.sku.clone(),
            marketplace,
            asin,
            author,
            now,
        );
        Some(Self {
            picked,
            // Amazon may have it: that is looked at before it is sent again.
            sent: self.sent.clone(),
            // Nobody looked at it in another currency.
            released_price: self
                .released_price
                .filter(|_| marketplace == self.marketplace),
            revision: self.revision + 1,
            ..again
        })
    }

    /// A person answers; `None`: it is sent already, was answered so, or holds no such price.
    #[must_use]
    pub fn answered(
        &self,
        answer: &OfferAnswer,
        author: Option<String>,
        now: Timestamp,
    ) -> Option<Self> {
        use NewOfferState::{Accepted, Matched, Never, SeenInReport, Sent};
        if matches!(self.state, Sent | Accepted | SeenInReport | Matched) {
            return None;
        }
        match answer {
            OfferAnswer::Never if self.state == Never => None,
            OfferAnswer::Never => Some(Self {
                author,
                ..self.moved(Never, "a person said that it is never to be offered", now)
            }),
            OfferAnswer::Price(price) if self.held_price == Some(*price) => Some(Self {
                released_price: Some(*price),
                author,
                ..self.moved(
                    NewOfferState::Wanted,
                    "a person released its first price: it waits for its turn",
                    now,
                )
            }),
            OfferAnswer::Price(_) => None,
            OfferAnswer::Item(asin) if self.picked && self.asin.as_ref() == Some(asin) => {
                let state = match self.state {
                    // Named again, it is no longer never to be offered.
                    Never => NewOfferState::Ask,
                    state => state,
                };
                let asked = Self {
                    state,
                    ..self.clone()
                };
                asked.wanted_again(self.marketplace, Some(asin.clone()), author, None, now)
            }
            OfferAnswer::Item(asin) => Some(Self {
                asin: Some(asin.clone()),
                picked: true,
                author,
                ..self.moved(
                    NewOfferState::Wanted,
                    "a person named the item: it waits for its turn",
                    now,
                )
            }),
        }
    }

    /// A run has taken it. If that is stopped, the next one goes on.
    #[must_use]
    pub fn searching(&self, now: Timestamp) -> Self {
        Self {
            due_at: Some(now + RUN),
            tries: self.tries,
            ..self.moved(
                NewOfferState::Searching,
                "it is looked for in Amazon's catalogue",
                now,
            )
        }
    }

    /// The items that have its number: one is it, of several a person picks.
    #[must_use]
    pub fn found(&self, mut candidates: Vec<Candidate>, now: Timestamp) -> Self {
        let mut seen = BTreeSet::new();
        candidates.retain(|it| seen.insert(it.asin.clone()));
        if let [one] = candidates.as_slice() {
            return Self {
                asin: Some(one.asin.clone()),
                candidates: Vec::new(),
                ..self.clone()
            };
        }
        let why = match candidates.len() {
            0 => "Amazon's catalogue has no item with its number: name its ASIN, or list it in Seller Central".to_owned(),
            many => format!("Amazon's catalogue has {many} items with its number: pick one"),
        };
        candidates.truncate(MOST_CANDIDATES);
        Self {
            candidates,
            ..self.moved(NewOfferState::Ask, &why, now)
        }
    }

    /// A person must say which item it is.
    #[must_use]
    pub fn asks(&self, why: &str, now: Timestamp) -> Self {
        self.moved(NewOfferState::Ask, why, now)
    }

    /// Nothing shows that its first price is right: a person looks at it.
    #[must_use]
    pub fn holds_price(&self, price: Decimal, why: &str, now: Timestamp) -> Self {
        let currency = self.marketplace.currency();
        let why = format!("its first price would be {price} {currency}: release it ({why})");
        Self {
            held_price: Some(price),
            ..self.moved(NewOfferState::Ask, &why, now)
        }
    }

    /// Amazon does not let the seller offer it.
    #[must_use]
    pub fn restricted(&self, restrictions: Vec<Restriction>, now: Timestamp) -> Self {
        let words = restrictions.first().map_or("", |it| it.message.as_str());
        let why = format!("Amazon restricts it: {words}");
        Self {
            restrictions,
            ..self.moved(NewOfferState::Restricted, &why, now)
        }
    }

    /// Nothing is sent until there is a price, or stock; that is looked for again by itself.
    #[must_use]
    pub fn lacks(&self, what: NewOfferState, why: &str, now: Timestamp) -> Self {
        Self {
            due_at: Some(now + MISSING),
            ..self.moved(what, why, now)
        }
    }

    /// It is tried again later, for a reason of ours.
    #[must_use]
    pub fn put_off(&self, why: &str, now: Timestamp) -> Self {
        let tries = self.tries + 1;
        Self {
            due_at: Some(now + wait(self.tries)),
            tries,
            ..self.moved(NewOfferState::Wanted, why, now)
        }
    }

    /// The seller has a listing of it already.
    #[must_use]
    pub fn listed(&self, why: &str, now: Timestamp) -> Self {
        self.moved(NewOfferState::Listed, why, now)
    }

    /// A feed carries it, before Amazon is called.
    #[must_use]
    pub fn sent(&self, sent: SentOffer, now: Timestamp) -> Self {
        let why = format!(
            "it is sent as {} for {} {}, {} units",
            sent.asin, sent.price, sent.currency, sent.quantity
        );
        Self {
            sent: Some(sent),
            tries: self.tries,
            ..self.moved(NewOfferState::Sent, &why, now)
        }
    }

    /// What is due may not be sent before then.
    #[must_use]
    pub fn not_before(&self, due: Timestamp) -> Self {
        Self {
            due_at: Some(due),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// In another state, without what was left of the one before.
    fn moved(&self, state: NewOfferState, why: &str, now: Timestamp) -> Self {
        Self {
            state,
            why: why.to_owned(),
            candidates: Vec::new(),
            held_price: None,
            restrictions: Vec::new(),
            issues: Vec::new(),
            tries: 0,
            due_at: None,
            changed_at: now,
            revision: self.revision + 1,
            ..self.clone()
        }
    }
}

/// Twice as long each time, a day at most.
fn wait(tries: u32) -> SignedDuration {
    let times = 1i32 << tries.min(6);
    (FIRST_LOOK * times).min(LONGEST_WAIT)
}
