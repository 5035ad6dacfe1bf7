//! Which quantity is to be sent and what it waits for, or why nothing is to be sent.

use super::super::amazon::shown;
use super::answer::NextStep;
use super::{ListingFacts, words};
use stallkeeper::domain::listing::{Look, Next, Standing, next};

impl ListingFacts {
    pub(super) fn next(&self) -> NextStep {
        let listing = &self.listing;
        let standing = Standing::of(listing.sent_by(), self.feed.as_ref());
        let sold = listing.sales(&self.inputs.reservations);
        let listed_since = self.to_send.as_ref().map(|entry| entry.at);
        match next(listing, standing, &sold, &self.settings().policy) {
            Next::Nothing(why) => NextStep {
                send: None,
                why: why.to_owned(),
                urgent: false,
                waits_for: Vec::new(),
                listed_since,
            },
            Next::Send {
                quantity,
                decrease,
                urgent,
                after,
            } => NextStep {
                send: Some(quantity),
                why: self.difference(quantity),
                urgent,
                waits_for: self.waits_for(decrease, after.is_some()),
                listed_since,
            },
        }
    }

    fn difference(&self, quantity: u32) -> String {
        let live = shown(&self.listing, self.feed.as_ref(), &self.inputs.reservations);
        match live {
            _ if self.listing.hold.is_some() => {
                "a person holds it at zero, and Amazon may show more".to_owned()
            }
            None => format!("it is not known what Amazon shows, and {quantity} are wanted"),
            _ if self.listing.released_at.is_some() => {
                format!("a hold has ended, and {quantity} are wanted")
            }
            Some(live) if live.lowest == live.highest => {
                format!("Amazon shows {}, and {quantity} are wanted", live.lowest)
            }
            Some(live) => format!(
                "Amazon shows {} to {}, and {quantity} are wanted",
                live.lowest, live.highest
            ),
        }
    }

    fn waits_for(&self, decrease: bool, after_feed: bool) -> Vec<String> {
        let kept_back = self
            .plan
            .kept_back(self.connection.status, self.deployment.as_ref());
        let mut waits: Vec<String> = kept_back.into_iter().collect();
        if let Some(held) = self.round.held_whole() {
            waits.push(held.words());
        }
        if after_feed {
            waits.push("the feed in progress: nothing needs to be sent unless an order came between its submission and its application".to_owned());
        }
        let level_at = self.listing.wanted.as_ref().and_then(|it| it.level_at);
        if let Some(level_at) = level_at.filter(|_| !decrease)
            && self.orders_known_to.is_none_or(|known| known < level_at)
        {
            waits.push(format!(
                "all orders up to {level_at}, when the level was measured: until they are known, an increase could sell again what is sold already"
            ));
        }
        let now = jiff::Timestamp::now();
        let look = words::waits_for_look(&self.listing, now);
        let unseen = decrease && Look::clears_decreases(self.listing.look.as_ref());
        waits.extend(look.filter(|_| !unseen));
        let next_at = self.to_send.as_ref().and_then(|entry| entry.next_at);
        if let Some(next_at) = next_at.filter(|at| *at > now) {
            let tries = self.to_send.as_ref().map_or(0, |entry| entry.tries);
            waits.push(format!(
                "it was sent in vain {tries} times, and is tried again after {next_at}"
            ));
        }
        if waits.is_empty() && self.to_send.is_some() {
            waits.push("the next round".to_owned());
        }
        waits
    }
}
