//! The end of a listing's offer on one marketplace: the product is not sold there, and the quantity, which all marketplaces
//! share, stays as it is. Wanted → sent → accepted → observed. Pure.
//!
//! Amazon is sent an end in the past ("closing a listing"), and no end again once it is to be sold there; its pages are
//! *Manage purchasable offer* and *Understanding Amazon listing status*. An offer that nothing here ended is left alone.

use super::{Listing, ListingState, Observed, Refused, Sent, Standing, report_shows_from};
use crate::domain::feed::SentBy;
use crate::domain::marketplace::Marketplace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was sent of an offer's end on one marketplace, and what Amazon shows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferEnd {
    /// Whether it was sent an end, or that it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent<bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused<bool>>,
    /// Whether Amazon's report showed it ended, or sold, since something was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed<bool>>,
    /// What Amazon did not do once, although it had accepted it, and was sent again. Not done a second time, it is a person's
    /// word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_taken: Option<bool>,
    /// How often something was sent; the lock of the function that sends the next.
    #[serde(default)]
    pub send_count: u64,
}

/// What a report shows of an offer's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndNews {
    None,
    /// It shows the offer ended as it was sent, for the first time.
    Ended,
    /// It shows the offer sold again as it was sent, for the first time.
    Opened,
    /// Amazon did not do it, long after it accepted that: it is sent again, once.
    NotTaken,
    /// The offer was ended and is sold again: a person opened it at Amazon, who is not overruled.
    Reopened,
    /// The offer was opened and is ended again: a person ended it at Amazon, who is not overruled.
    ClosedAgain,
}

impl OfferEnd {
    pub fn sent_by(&self) -> Option<&SentBy> {
        self.sent.as_ref().map(|sent| &sent.by)
    }

    /// Whether Amazon was sent an end last, as far as that was not refused.
    pub fn is_ended(&self) -> bool {
        let ended = self.sent.as_ref().is_some_and(|sent| sent.value);
        ended && !self.is_refused(true)
    }

    /// Whether Amazon refused this for good.
    pub fn is_refused(&self, ended: bool) -> bool {
        let refused = self.refused.as_ref();
        refused.is_some_and(|refused| refused.value == ended && refused.is_final())
    }

    /// Whether a person opened the offer at Amazon after it was ended.
    pub fn is_reopened(&self) -> bool {
        let shown = self.observed.as_ref().map(|observed| observed.value);
        self.is_ended() && shown == Some(false)
    }

    /// Whether a person ended the offer at Amazon after it was opened here.
    pub fn is_closed_again(&self) -> bool {
        let sent = self.sent.as_ref().map(|sent| sent.value);
        let shown = self.observed.as_ref().map(|observed| observed.value);
        (sent, shown) == (Some(false), Some(true))
    }

    /// Whether an end of ours may keep the offer from being sold: one that was sent, or was taken away, which no report shows
    /// yet.
    pub fn may_be_ended(&self) -> bool {
        let sent = self.sent.as_ref().map(|sent| sent.value);
        self.is_ended() || sent == Some(false) && self.observed.is_none()
    }

    /// What is to be sent; `None`: nothing.
    fn next(&self, wanted: bool, standing: Standing) -> Option<bool> {
        // Whom a person overruled, or what a person did already.
        if self.is_refused(wanted) || wanted && self.is_reopened() || self.is_closed_again() {
            return None;
        }
        let sent = self.sent.as_ref().map(|sent| sent.value);
        let known = sent.filter(|_| standing != Standing::Lost);
        match (wanted, known) {
            (true, Some(true)) | (false, Some(false)) => None,
            // What nothing here ended is not opened here either.
            (false, None) if sent.is_none() => None,
            _ => Some(wanted),
        }
    }

    /// What Amazon's report of `at` shows: `ended` if the offer is inactive there although it has stock.
    pub fn news(&self, ended: bool, at: Timestamp, standing: Standing) -> EndNews {
        let certain = report_shows_from(at);
        let sent = self.sent.as_ref();
        let Some(sent) = sent.filter(|sent| !self.is_refused(sent.value)) else {
            return EndNews::None;
        };
        if sent.at >= certain || !standing.is_applied_before(certain) {
            return EndNews::None;
        }
        let shown = self.observed.as_ref().map(|observed| observed.value);
        match (ended == sent.value, ended) {
            _ if shown == Some(ended) => EndNews::None,
            (true, true) => EndNews::Ended,
            (true, false) => EndNews::Opened,
            _ if shown.is_none() && self.not_taken != Some(sent.value) => EndNews::NotTaken,
            (false, true) => EndNews::ClosedAgain,
            (false, false) => EndNews::Reopened,
        }
    }

    /// The same once a report of `at` showed it.
    pub fn after(&self, news: EndNews, at: Timestamp) -> Self {
        let observed = |value| Some(Observed { value, at });
        match news {
            EndNews::None => self.clone(),
            EndNews::Ended | EndNews::ClosedAgain => Self {
                observed: observed(true),
                not_taken: None,
                ..self.clone()
            },
            EndNews::Opened | EndNews::Reopened => Self {
                observed: observed(false),
                not_taken: None,
                ..self.clone()
            },
            EndNews::NotTaken => {
                let sent = self.sent.clone();
                let not_taken = sent.as_ref().map(|sent| sent.value);
                Self {
                    // What was not opened is ended as before.
                    sent: sent.filter(|sent| !sent.value).map(|sent| sent.with(true)),
                    refused: None,
                    observed: None,
                    not_taken,
                    ..self.clone()
                }
            }
        }
    }
}

impl Listing {
    /// Whether its offer on a marketplace is wanted to be ended.
    pub fn end_is_wanted(&self, marketplace: Marketplace) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_some_and(|wanted| wanted.ended.contains(&marketplace))
    }

    /// What is known of the end of its offer on a marketplace.
    pub fn end(&self, marketplace: Marketplace) -> OfferEnd {
        self.ends.get(&marketplace).cloned().unwrap_or_default()
    }

    /// The marketplaces on which an end of its offer is wanted, or was ever sent.
    pub fn ends_to_decide(&self) -> Vec<Marketplace> {
        let wanted = self.wanted.iter().flat_map(|wanted| &wanted.ended);
        let mut all: Vec<Marketplace> = wanted.chain(self.ends.keys()).copied().collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether it may be sent what its offers are apart from the quantity: it is matched, and no person holds it.
    pub fn is_sent_ends(&self) -> bool {
        self.state == ListingState::Matched && self.hold.is_none()
    }

    /// Whether the offer on a marketplace is to be ended or opened again; `None`: nothing is to be sent.
    pub fn next_end(&self, marketplace: Marketplace, standing: Standing) -> Option<bool> {
        if !self.is_sent_ends() || !self.marketplaces.contains(&marketplace) {
            return None;
        }
        let (wanted, end) = (self.end_is_wanted(marketplace), self.end(marketplace));
        // What another hand ended is ended; were it sent an end here, it would be opened here some day.
        if wanted && !end.is_ended() && self.inactive_on.contains(&marketplace) {
            return None;
        }
        end.next(wanted, standing)
    }
}

#[cfg(test)]
mod tests;
