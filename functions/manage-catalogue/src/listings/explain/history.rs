//! What is known to have happened to a listing, the newest first.

use super::answer::Event;
use super::{ListingFacts, words};
use stallkeeper::domain::feed::{Feed, SentBy};
use stallkeeper::domain::ids::Sku;
use stallkeeper::store::SkuInputs;

impl ListingFacts {
    pub(super) fn history(&self) -> Vec<Event> {
        let listing = &self.listing;
        let mut events = Vec::new();
        let mut add = |at, what: String| events.push(Event { at, what });
        let own = (self.parts.is_empty()).then_some((&self.product, &self.inputs));
        let parts = self.parts.iter().map(|(sku, _, inputs)| (sku, inputs));
        for (sku, inputs) in own.into_iter().chain(parts) {
            levels(sku, inputs, &mut add);
        }
        self.orders(&mut add);
        if let Some(wanted) = &listing.wanted {
            let quantity = wanted.quantity.map(|quantity| quantity.to_string());
            let quantity = quantity.unwrap_or_else(|| "nothing".to_owned());
            add(wanted.at, format!("{quantity} wanted: {}", wanted.why));
        }
        if let Some(sent) = &listing.sent {
            let how = match &sent.by {
                SentBy::Patch => "by patch".to_owned(),
                SentBy::Feed(id) => format!("in feed {id}"),
            };
            let nth = listing.send_count;
            add(
                sent.at,
                format!("{} sent {how} (send number {nth})", sent.value),
            );
        }
        if let Some(feed) = &self.feed {
            outcome(feed, &mut add);
        }
        if let Some(refused) = &listing.refused {
            let (value, code) = (refused.value, &refused.code);
            add(refused.at, format!("{value} refused by Amazon: {code}"));
        }
        if let Some(observed) = &listing.observed {
            let value = observed.value;
            add(observed.at, format!("{value} in Amazon's listings report"));
        }
        for entry in &self.holds {
            add(entry.at, words::hold(entry));
        }
        if let Some(published) = &self.plan.published {
            let generation = published.generation;
            add(
                published.at,
                format!("stock settings published, generation {generation}"),
            );
        }
        events.sort_by(|a, b| b.cmp(a));
        events
    }

    /// What was bought of this listing.
    fn orders(&self, add: &mut impl FnMut(jiff::Timestamp, String)) {
        let listing = &self.listing;
        for reservation in &self.inputs.reservations {
            let Some(sale) = reservation.sale.filter(|_| reservation.is_of(listing)) else {
                continue;
            };
            let order = &reservation.order;
            add(sale.ordered_at, format!("{} ordered: {order}", sale.most));
            if let Some(at) = sale.reduced_at {
                add(at, format!("order {order} reduced to {}", sale.units));
            }
            if let Some(at) = reservation.acknowledged_at {
                add(at, format!("order {order} acknowledged"));
            }
            for dispatch in &reservation.dispatched {
                add(
                    dispatch.at,
                    format!("{} of order {order} dispatched", dispatch.units),
                );
            }
        }
    }
}

fn levels(sku: &Sku, inputs: &SkuInputs, add: &mut impl FnMut(jiff::Timestamp, String)) {
    for (warehouse, level) in &inputs.levels.levels {
        let quantity = level.quantity;
        add(
            level.measured_at,
            format!("{quantity} of {sku} measured in {warehouse}"),
        );
    }
}

/// What became of a feed.
fn outcome(feed: &Feed, add: &mut impl FnMut(jiff::Timestamp, String)) {
    let id = &feed.id;
    if let Some(at) = feed.submitted_at {
        add(
            at,
            format!("feed {id} submitted to Amazon with {} lines", feed.lines),
        );
    }
    if let Some(at) = feed.applied_at {
        let (accepted, refused) = (feed.accepted, feed.refused);
        add(
            at,
            format!("feed {id} processed by Amazon: {accepted} accepted, {refused} refused"),
        );
    }
}
