//! What a call, an answer of Amazon's and Amazon's packages make of a dispatch.

use super::decide::without_claim;
use super::{Dispatch, DispatchState, DispatchWords, TrackingNumber};
use crate::domain::order::{
    HistoryEntry, HistoryKind, LineClaim, Package, StoredOrder, buyer_expires, is_closed,
};
use jiff::{SignedDuration, Timestamp};

/// Amazon's packages show a parcel with a label of Amazon's within this time after the hand-over.
pub const LABEL_SHOWN_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// How long a call is left to itself before its answer counts as lost.
const CALL_LASTS: SignedDuration = SignedDuration::from_secs(90);
/// Until the same goes again after a lost answer; each time after that, twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Orders are bought to the second, and clocks differ: a ship date is so much before Amazon's now at most.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// A dispatch that was refused, the order whose units are open again, and what it adds to the order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub dispatch: Dispatch,
    pub order: StoredOrder,
    pub entry: HistoryEntry,
}

/// What Amazon's packages show of a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownAs {
    /// Its tracking number; or its number, and no tracking number yet.
    Itself,
    /// Its number with another tracking number: what it was before an edit.
    BeforeEdit,
    Nothing,
}

impl Dispatch {
    /// Whether Amazon may be asked about it now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let is_being_called = self.calling_until.is_some_and(|until| until > now);
        self.is_pending() && self.is_confirmed_by_us() && self.due_at <= now && !is_being_called
    }

    /// Before a call is made: from now on Amazon may know of its number.
    #[must_use]
    pub fn calling(&self, now: Timestamp) -> Self {
        Self {
            calling_until: Some(later(now, CALL_LASTS)),
            called: true,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// Amazon confirmed it, or its packages show it.
    #[must_use]
    pub fn confirmed(&self, not_counted: Option<String>, now: Timestamp) -> Self {
        Self {
            state: DispatchState::Confirmed,
            words: None,
            calling_until: None,
            lost: 0,
            confirmed_at: self.confirmed_at.or(Some(now)),
            not_counted,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// Amazon's answer was lost: nobody knows what became of it, and the same goes again under the same number.
    #[must_use]
    pub fn lost(&self, words: DispatchWords, now: Timestamp) -> Self {
        let doubled = self.lost.min(5);
        let wait = (FIRST_WAIT * (1 << doubled)).min(LONGEST_WAIT);
        Self {
            state: DispatchState::Unknown,
            words: Some(words),
            calling_until: None,
            lost: self.lost.saturating_add(1),
            due_at: later(now, wait),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// Amazon did not take the call, for a reason that is not the dispatch's: it goes again at `due_at`.
    #[must_use]
    pub fn put_off(&self, words: Option<DispatchWords>, due_at: Timestamp) -> Self {
        Self {
            words: words.or_else(|| self.words.clone()),
            calling_until: None,
            due_at,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// A call was made for what it was before an edit; what it is now is still to be confirmed.
    #[must_use]
    pub fn edited_meanwhile(&self, confirmed: bool, now: Timestamp) -> Self {
        Self {
            calling_until: None,
            called: true,
            confirmed_at: self.confirmed_at.or(confirmed.then_some(now)),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// It is refused: its units are open again, and a person is to look at it. Of an edit, only the edit is refused: Amazon
    /// has the parcel as it was, and its units stay with it.
    pub fn refused(&self, order: &StoredOrder, words: DispatchWords, now: Timestamp) -> Settled {
        let note = format!("parcel `{}` is refused: {}", self.parcel, words.message);
        let mut order = match self.confirmed_at {
            None => without_claim(order, &self.parcel),
            Some(_) => order.clone(),
        };
        order.status = order.status_taken_over();
        order.revision += 1;
        let expires = || buyer_expires(&order.order, order.status, order.buyer_until, now);
        order.buyer_until = is_closed(order.status).then(expires);
        let dispatch = Self {
            state: DispatchState::Refused,
            words: Some(words),
            calling_until: None,
            called: self.confirmed_at.is_some(),
            lost: 0,
            revision: self.revision + 1,
            ..self.clone()
        };
        let entry = HistoryEntry {
            at: now,
            kind: HistoryKind::DispatchRefused,
            note,
        };
        Settled {
            dispatch,
            order,
            entry,
        }
    }

    /// Amazon has it as it was before an edit, though the answer was lost, and refuses the edit.
    pub fn edit_refused(
        &self,
        order: &StoredOrder,
        words: DispatchWords,
        now: Timestamp,
    ) -> Settled {
        let known = Self {
            confirmed_at: self.confirmed_at.or(Some(now)),
            ..self.clone()
        };
        known.refused(order, words, now)
    }

    /// What Amazon's packages show of it. `claims` of its order: a package under the number of another parcel of the order
    /// is that parcel's, whatever tracking number they have in common.
    pub fn shown_as(&self, packages: &[Package], claims: &[LineClaim]) -> ShownAs {
        let numbers = claims.iter().filter_map(|claim| claim.package);
        let others: Vec<String> = numbers
            .filter(|number| *number != self.number)
            .map(|number| number.to_string())
            .collect();
        let may_be_its = |package: &&Package| !others.contains(&package.reference);
        let packages: Vec<Package> = packages.iter().filter(may_be_its).cloned().collect();
        if self.is_shown_in(&packages) {
            return ShownAs::Itself;
        }
        let number = self.number.to_string();
        let is_ours = |package: &&Package| !package.is_cancelled() && package.reference == number;
        match packages.iter().find(is_ours) {
            None => ShownAs::Nothing,
            Some(package) if package.tracking_number.is_none() => ShownAs::Itself,
            Some(_) => ShownAs::BeforeEdit,
        }
    }

    /// Whether Amazon's packages show it, by its tracking number.
    pub fn is_shown_in(&self, packages: &[Package]) -> bool {
        let hand_over = &self.hand_over;
        let numbers = || {
            hand_over
                .other_tracking_numbers
                .iter()
                .chain([&hand_over.tracking_number])
        };
        let shows = |number: &TrackingNumber, package: &Package| {
            let shown = package.tracking_number.as_deref();
            shown.is_some_and(|shown| number.is_same_as(shown))
        };
        let mut packages = packages.iter().filter(|package| !package.is_cancelled());
        packages.any(|package| numbers().any(|number| shows(number, package)))
    }

    /// When Amazon's packages should show it, if its label is Amazon's.
    pub fn shown_by(&self) -> Timestamp {
        later(self.hand_over.handed_over_at, LABEL_SHOWN_WITHIN)
    }

    /// With a label of Amazon's, what its packages show of it now; `None`: nothing new.
    pub fn by_packages(&self, packages: &[Package], now: Timestamp) -> Option<Self> {
        if self.is_confirmed_by_us() || !self.is_pending() {
            return None;
        }
        if self.is_shown_in(packages) {
            return Some(self.confirmed(None, now));
        }
        let is_late = self.state == DispatchState::ToConfirm && self.shown_by() <= now;
        is_late.then(|| Self {
            state: DispatchState::Unknown,
            words: Some(DispatchWords {
                at: now,
                code: "not_shown".to_owned(),
                message: "Amazon's packages do not show it a day after the hand-over; look for its label in Seller Central".to_owned(),
            }),
            revision: self.revision + 1,
            ..self.clone()
        })
    }

    /// The date that is sent to Amazon: the hand-over, but never after Amazon's now, nor before the purchase.
    pub fn ship_date(&self, purchased_at: Timestamp, amazons_now: Timestamp) -> Timestamp {
        let latest = amazons_now.saturating_sub(MARGIN).unwrap_or(amazons_now);
        self.hand_over.handed_over_at.min(latest).max(purchased_at)
    }
}

fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(Timestamp::MAX)
}
