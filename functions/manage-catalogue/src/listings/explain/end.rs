//! The ends of a listing's offers, one for each marketplace on which one is wanted or was ever sent.

use super::answer::{End, Observed};
use super::{ListingFacts, refused_value, sent_value};
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::listing::{OfferEnd, Standing};
use stallkeeper::domain::marketplace::Marketplace;

impl ListingFacts {
    pub(super) fn ends(&self) -> Vec<End> {
        let ends = self.ends.iter();
        ends.map(|(on, end, feed)| self.end(*on, end, feed.as_ref()))
            .collect()
    }

    fn end(&self, on: Marketplace, end: &OfferEnd, feed: Option<&Feed>) -> End {
        let refused = end.refused.as_ref();
        End {
            marketplace: on,
            wanted: self.listing.end_is_wanted(on),
            sent: end
                .sent
                .as_ref()
                .map(|sent| sent_value(sent, refused, feed, |ended| *ended)),
            refused: refused.map(|it| refused_value(it, |ended| *ended)),
            observed: end.observed.as_ref().map(|observed| Observed {
                value: observed.value,
                at: observed.at,
            }),
            reopened: end.is_reopened(),
            next: self.next_end(on, end, feed).to_owned(),
        }
    }

    fn next_end(&self, on: Marketplace, end: &OfferEnd, feed: Option<&Feed>) -> &'static str {
        if self.listing.hold.is_some() {
            return "a person holds the listing: no end is sent";
        }
        if !self.listing.is_sent_ends() {
            return "the listing is not matched: no end is sent";
        }
        let standing = Standing::of(end.sent_by(), feed);
        match self.listing.next_end(on, standing) {
            Some(true) => "its end is to be sent",
            Some(false) => "that it is sold again is to be sent",
            None if end.is_refused(self.listing.end_is_wanted(on)) => {
                "nothing: Amazon refused it, and it is not sent again"
            }
            None if end.is_reopened() => {
                "a person opened it at Amazon: it stays open until the selection offers it there again"
            }
            None if end.is_closed_again() => {
                "a person ended it at Amazon after it was opened here: it stays ended"
            }
            None if self.listing.inactive_on.contains(&on) && !end.is_ended() => {
                "somebody ended it at Amazon: it stays as it is, and is never opened here"
            }
            None if self.listing.end_is_wanted(on) => "nothing: it was sent its end",
            None => "nothing: it is offered there",
        }
    }
}
