//! What a change of an offer that is to be made means to the outside, and what a new category: pure, so that the same record
//! always announces the same.

use crate::event::{Event, Happened, OfferFacts};
use jiff::Timestamp;
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::store::AskedCategory;
use stallkeeper::store::stream::Images;

/// What to do about a product that may be several items, or none.
const NAME_THE_ITEM: &str = "Name the item (POST /connections/{connection}/offers/answer with its asin), or say that it is \
                             never to be offered.";
/// What to do about a first price that nobody has looked at.
const LOOK_AT_THE_PRICE: &str = "Let its first price go (POST /connections/{connection}/offers/answer with that price), or say \
                                 that it is never to be offered.";
/// What to do about a product that Amazon does not let the seller offer.
const ASK_AMAZON: &str = "Ask Amazon for approval where a restriction links to it, and want the offer again once it is there.";
/// What to do about a category that nothing decides about.
const DECIDE: &str = "Name the category in known_categories, include or exclude of the selection (PUT \
                      /connections/{connection}/selection), and publish it.";

/// What happened to an offer that is to be made: it waits for a person now.
pub fn new_offer_changes(images: &Images<NewOffer>, at: Option<Timestamp>) -> Option<Event> {
    let new = &*images.new;
    let before = images.old.as_deref();
    let (of, remedy): (fn(Box<OfferFacts>) -> Happened, _) = match new.state {
        NewOfferState::Ask if new.held_price.is_some() => (Happened::OfferAsks, LOOK_AT_THE_PRICE),
        NewOfferState::Ask => (Happened::OfferAsks, NAME_THE_ITEM),
        NewOfferState::Restricted => (Happened::OfferRestricted, ASK_AMAZON),
        _ => return None,
    };
    let asked = |offer: &NewOffer| (offer.state, offer.held_price);
    if before.map(asked) == Some(asked(new)) {
        return None;
    }
    let happened = of(Box::new(OfferFacts {
        connection: new.connection.clone(),
        sku: new.sku.clone(),
        marketplace: new.marketplace,
        why: new.why.clone(),
        asin: new.asin.clone(),
        held_price: new.held_price,
        candidates: new.candidates.clone(),
        restrictions: new.restrictions.clone(),
        remedy,
        revision: new.revision,
    }));
    let (connection, revision) = (new.connection.as_str(), new.revision.to_string());
    let which = [connection, new.sku.as_str(), &revision];
    Some(Event::new(&new.tenant, which, happened, at))
}

/// A connection asks about a category, for the first time.
pub fn category_asks(asked: AskedCategory, at: Option<Timestamp>) -> Event {
    let category = asked.category.to_string();
    let happened = Happened::SelectionCategoryAsks {
        connection: asked.connection.clone(),
        category: category.clone(),
        asked_at: asked.at,
        remedy: DECIDE,
    };
    let (connection, moment) = (asked.connection.as_str(), asked.at.to_string());
    let which = [connection, &category, &moment];
    Event::new(&asked.tenant, which, happened, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::domain::ids::ConnectionKey;
    use stallkeeper::domain::marketplace::Marketplace;

    #[test]
    fn each_question_about_an_offer_is_told_once_with_how_it_is_answered() {
        let now = Timestamp::UNIX_EPOCH;
        let key = ConnectionKey {
            tenant: "north".parse().unwrap(),
            id: "C1".parse().unwrap(),
        };
        let wanted = NewOffer::wanted(
            &key,
            "VASE".parse().unwrap(),
            Marketplace::Uk,
            None,
            None,
            now,
        );
        let item = wanted.asks("it may be two items", now);
        let price = item.holds_price("12.50".parse().unwrap(), "nobody saw its price", now);
        let again = item.asks("it may still be two items", now);
        let told = |old: &NewOffer, new: &NewOffer| {
            let images = Images {
                old: Some(Box::new(old.clone())),
                new: Box::new(new.clone()),
            };
            let event = new_offer_changes(&images, None)?;
            match event.detail.happened {
                Happened::OfferAsks(facts) => Some((facts.remedy, facts.held_price)),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(told(&wanted, &item), Some((NAME_THE_ITEM, None)));
        let held = Some((LOOK_AT_THE_PRICE, price.held_price));
        assert_eq!(told(&item, &price), held);
        assert_eq!(told(&item, &again), None);
    }
}
