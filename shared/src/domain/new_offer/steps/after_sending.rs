//! What becomes of an offer that a feed carried.

use super::{LONGEST_UNSEEN, MOST_TRIES, NewOffer, NewOfferState, OfferVerdict, RUN, SHOWN, wait};
use crate::domain::listing::{ListingIssue, ListingState};
use jiff::Timestamp;

impl NewOffer {
    /// Its feed came to an end.
    #[must_use]
    pub fn settled(&self, verdict: &OfferVerdict, now: Timestamp) -> Self {
        match verdict {
            OfferVerdict::Accepted(issues) => self.accepted(issues.clone(), now),
            OfferVerdict::Refused(issues) => self.refused(issues.clone(), now),
            OfferVerdict::NotSent(why) => self.not_sent(why, now),
            OfferVerdict::Unknown(why) => self.unknown(why, now),
        }
    }

    /// Amazon accepted it: its report will show it.
    #[must_use]
    pub fn accepted(&self, issues: Vec<ListingIssue>, now: Timestamp) -> Self {
        Self {
            issues,
            due_at: Some(now + SHOWN),
            ..self.moved(
                NewOfferState::Accepted,
                "Amazon accepted it; its report does not show it yet",
                now,
            )
        }
    }

    /// Amazon refused it, or would.
    #[must_use]
    pub fn refused(&self, issues: Vec<ListingIssue>, now: Timestamp) -> Self {
        let words = issues.first().map_or("", |it| it.message.as_str());
        let why = format!("Amazon refuses it: {words}");
        Self {
            issues,
            ..self.moved(NewOfferState::Refused, &why, now)
        }
    }

    /// Its feed certainly did not reach Amazon, for no fault of the offer's: it goes with a later one.
    #[must_use]
    pub fn not_sent(&self, why: &str, now: Timestamp) -> Self {
        Self {
            due_at: Some(now + RUN),
            tries: self.tries,
            ..self.moved(NewOfferState::Searching, why, now)
        }
    }

    /// Nobody knows whether Amazon has it. It is looked for there before it is sent again.
    #[must_use]
    pub fn unknown(&self, why: &str, now: Timestamp) -> Self {
        let tries = self.tries + 1;
        if tries > MOST_TRIES {
            let why = format!("it was sent {MOST_TRIES} times in vain: {why}");
            let issue = ListingIssue {
                code: "no_verdict".to_owned(),
                severity: "ERROR".to_owned(),
                message: why,
            };
            return self.refused(vec![issue], now);
        }
        Self {
            due_at: Some(now + wait(self.tries)),
            tries,
            ..self.moved(NewOfferState::Searching, why, now)
        }
    }

    /// What its listing shows; later it is looked at again, unless it is matched. Unchanged in state if nothing shows it yet; after
    /// two weeks of that it is refused.
    #[must_use]
    pub fn looked(&self, listing: Option<ListingState>, now: Timestamp) -> Self {
        let (state, why) = match listing {
            Some(ListingState::Matched) => (
                NewOfferState::Matched,
                "it is a listing as any other".to_owned(),
            ),
            None | Some(ListingState::NotOnAmazon) if self.is_unseen_for_long(now) => {
                let why = "it was accepted, and no report showed it for two weeks: look in Seller Central, and want it again if it is not there";
                let issue = ListingIssue {
                    code: "not_seen".to_owned(),
                    severity: "ERROR".to_owned(),
                    message: why.to_owned(),
                };
                return Self {
                    issues: vec![issue],
                    ..self.moved(NewOfferState::Refused, why, now)
                };
            }
            None | Some(ListingState::NotOnAmazon) => {
                return Self {
                    due_at: Some(now + wait(self.tries)),
                    tries: self.tries + 1,
                    revision: self.revision + 1,
                    ..self.clone()
                };
            }
            Some(other) => {
                let other = other.as_str();
                let why = format!("Amazon's report shows it, and its listing is `{other}`");
                (NewOfferState::SeenInReport, why)
            }
        };
        let tries = if state == self.state {
            self.tries + 1
        } else {
            0
        };
        let due_at = (state != NewOfferState::Matched).then_some(now + wait(tries));
        Self {
            issues: self.issues.clone(),
            due_at,
            tries,
            ..self.moved(state, &why, now)
        }
    }

    fn is_unseen_for_long(&self, now: Timestamp) -> bool {
        now.duration_since(self.changed_at) > LONGEST_UNSEEN
    }

    /// Amazon has its listing, as a look before sending it again showed.
    #[must_use]
    pub fn shown(&self, now: Timestamp) -> Self {
        match self.sent {
            Some(_) => self.accepted(Vec::new(), now),
            None => self.listed("Amazon has a listing with this SKU already", now),
        }
    }
}
