//! Steps of offers, one by one and in any order.

use super::*;
use crate::domain::listing::ListingState;
use jiff::SignedDuration;
use proptest::prelude::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn wanted(asin: Option<&str>) -> NewOffer {
    let connection = ConnectionKey {
        tenant: "t".parse().unwrap(),
        id: "c".parse().unwrap(),
    };
    let asin = asin.map(|asin| asin.parse().unwrap());
    NewOffer::wanted(
        &connection,
        "A".parse().unwrap(),
        Marketplace::Uk,
        asin,
        None,
        at(0),
    )
}

fn candidate(asin: &str) -> Candidate {
    Candidate {
        asin: asin.parse().unwrap(),
        title: None,
        brand: None,
        product_type: None,
    }
}

fn sent() -> SentOffer {
    SentOffer {
        asin: "B000000001".parse().unwrap(),
        price: Decimal::new(1290, 2),
        currency: "GBP".into(),
        quantity: 3,
        at: at(1),
        feed: "F".parse().unwrap(),
    }
}

#[test]
fn exactly_one_item_is_offered_and_of_several_or_none_a_person_is_asked() {
    let searching = wanted(None).searching(at(1));
    let one = searching.found(
        vec![candidate("B000000001"), candidate("B000000001")],
        at(2),
    );
    assert_eq!(
        (one.state, one.asin.unwrap().as_str()),
        (NewOfferState::Searching, "B000000001")
    );
    let two = searching.found(
        vec![candidate("B000000001"), candidate("B000000002")],
        at(2),
    );
    assert_eq!(
        (two.state, two.candidates.len(), &two.asin),
        (NewOfferState::Ask, 2, &None)
    );
    assert!(two.queue().is_none(), "it waits for a person");
    let none = searching.found(Vec::new(), at(2));
    assert_eq!(none.state, NewOfferState::Ask);
    assert!(none.why.contains("no item"), "{}", none.why);

    let item = OfferAnswer::Item("B000000002".parse().unwrap());
    let picked = two.answered(&item, Some("ann".into()), at(3)).unwrap();
    assert_eq!((picked.state, picked.picked), (NewOfferState::Wanted, true));
    assert_eq!(
        picked.queue(),
        Some(OfferQueue::Turn(at(0))),
        "as old as it is"
    );
    let never = two.answered(&OfferAnswer::Never, None, at(3)).unwrap();
    assert_eq!((never.state, never.queue()), (NewOfferState::Never, None));
    assert_eq!(never.answered(&OfferAnswer::Never, None, at(4)), None);
    let again = never.wanted_again(Marketplace::Uk, None, None, None, at(5));
    assert_eq!(again, None, "a list of many does not overrule a person");
    for asin in ["B000000002", "B000000003"] {
        let never = picked.answered(&OfferAnswer::Never, None, at(4)).unwrap();
        let item = OfferAnswer::Item(asin.parse().unwrap());
        let again = never.answered(&item, None, at(5)).unwrap();
        assert_eq!(
            (again.state, again.revision),
            (NewOfferState::Wanted, never.revision + 1),
            "a person changed their mind"
        );
    }
}

#[test]
fn what_is_under_way_is_not_wanted_twice() {
    for (state, again) in [
        (NewOfferState::Wanted, false),
        (NewOfferState::Searching, false),
        (NewOfferState::Sent, false),
        (NewOfferState::Accepted, false),
        (NewOfferState::Matched, false),
        (NewOfferState::Restricted, true),
        (NewOfferState::Refused, true),
        (NewOfferState::NoPrice, true),
        (NewOfferState::Never, false),
    ] {
        let offer = NewOffer {
            state,
            ..wanted(None)
        };
        let matched = Some(ListingState::Matched);
        let asked = offer.wanted_again(Marketplace::Uk, None, None, matched, at(1));
        assert_eq!(asked.is_some(), again, "{state:?}");
        let gone = offer.wanted_again(Marketplace::Uk, None, None, None, at(1));
        let again = again || state == NewOfferState::Matched;
        assert_eq!(gone.is_some(), again, "{state:?}");
    }
}

#[test]
fn an_item_is_free_again_once_no_offer_can_be_at_amazon() {
    let uk = Marketplace::Uk;
    let offer = wanted(Some("B000000001"));
    let asin = &"B000000001".parse().unwrap();
    let sent = offer.searching(at(1)).sent(sent(), at(2));
    assert!(sent.may_be_of(uk, asin));
    let unknown = sent.unknown("the answer was lost", at(3));
    let held = unknown.holds_price("9.90".parse().unwrap(), "unseen", at(4));
    assert!(held.may_be_of(uk, asin), "Amazon may have it");
    assert!(!sent.refused(Vec::new(), at(3)).may_be_of(uk, asin));
    assert!(!offer.asks("which item", at(1)).may_be_of(uk, asin));
    let matched = sent
        .accepted(Vec::new(), at(3))
        .looked(Some(ListingState::Matched), at(4));
    assert!(!matched.is_gone(Some(ListingState::Matched)));
    assert!(matched.is_gone(Some(ListingState::NotOnAmazon)) && matched.is_gone(None));
}

#[test]
fn a_price_that_was_looked_at_counts_on_its_own_marketplace_alone() {
    let price = "9.90".parse().unwrap();
    let held = wanted(None).holds_price(price, "unseen", at(1));
    let answer = OfferAnswer::Price(price);
    let released = held.answered(&answer, None, at(2)).unwrap();
    let refused = released.refused(Vec::new(), at(3));
    let on = |marketplace| {
        let again = refused.wanted_again(marketplace, None, None, None, at(4));
        again.unwrap().released_price
    };
    assert_eq!(on(Marketplace::Uk), Some(price));
    assert_eq!(on(Marketplace::De), None);
}

#[test]
fn what_nobody_knows_of_waits_ever_longer_and_ends_with_a_person() {
    let mut offer = wanted(Some("B000000001"));
    let mut waits = Vec::new();
    loop {
        offer = offer
            .searching(at(0))
            .sent(sent(), at(0))
            .unknown("lost", at(0));
        match offer.due_at {
            Some(due) => waits.push(due.duration_since(at(0)).as_mins()),
            None => break,
        }
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1440, 1440]);
    assert_eq!(
        (offer.state, offer.issues.len()),
        (NewOfferState::Refused, 1)
    );
    assert!(offer.sent.is_some(), "Amazon may have it");
}

#[test]
fn a_listing_that_amazon_shows_is_ours_only_if_it_was_sent() {
    let searching = wanted(Some("B000000001")).searching(at(1));
    assert_eq!(searching.shown(at(2)).state, NewOfferState::Listed);
    let again = searching
        .sent(sent(), at(2))
        .unknown("lost", at(3))
        .searching(at(4));
    assert_eq!(again.shown(at(5)).state, NewOfferState::Accepted);
}

#[test]
fn an_accepted_offer_is_looked_for_until_it_is_matched() {
    let accepted = wanted(Some("B000000001"))
        .searching(at(0))
        .sent(sent(), at(0))
        .accepted(Vec::new(), at(0));
    assert_eq!(accepted.due_at, Some(at(10)));
    let absent = accepted.looked(Some(ListingState::NotOnAmazon), at(10));
    assert_eq!(
        (absent.state, absent.due_at),
        (NewOfferState::Accepted, Some(at(40)))
    );
    let two_weeks = 14 * 24 * 60;
    let waits = absent.looked(None, at(two_weeks));
    assert_eq!(waits.state, NewOfferState::Accepted);
    let gone = waits.looked(None, at(two_weeks + 1));
    assert_eq!((gone.state, gone.queue()), (NewOfferState::Refused, None));
    assert_eq!(gone.issues[0].code, "not_seen");
    let closed = absent.looked(Some(ListingState::ClosedElsewhere), at(90));
    assert_eq!(closed.state, NewOfferState::SeenInReport);
    assert!(closed.due_at.is_some() && closed.why.contains("closed_elsewhere"));
    let matched = closed.looked(Some(ListingState::Matched), at(200));
    assert_eq!(
        (matched.state, matched.queue()),
        (NewOfferState::Matched, None)
    );
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Search,
    Found(usize),
    Lacks,
    Send,
    Lost,
    NotSent,
    Accept,
    Refuse,
    Look(bool),
    Never,
    Pick,
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Search),
        (0..3usize).prop_map(Step::Found),
        Just(Step::Lacks),
        Just(Step::Send),
        Just(Step::Lost),
        Just(Step::NotSent),
        Just(Step::Accept),
        Just(Step::Refuse),
        any::<bool>().prop_map(Step::Look),
        Just(Step::Never),
        Just(Step::Pick),
        Just(Step::Again),
    ]
}

/// What a caller makes of a step that fits the state; others are not taken.
fn taken(offer: &NewOffer, step: Step, now: Timestamp) -> Option<NewOffer> {
    use NewOfferState::{Accepted, NoStock, Searching, SeenInReport, Sent};
    let pick = OfferAnswer::Item("B000000009".parse().unwrap());
    match (step, offer.state) {
        (Step::Search, _)
            if offer.queue().is_some() && !matches!(offer.state, Accepted | SeenInReport) =>
        {
            Some(offer.searching(now))
        }
        (Step::Found(count), Searching) => {
            let all = ["B000000001", "B000000002"].map(candidate);
            Some(offer.found(all.into_iter().take(count).collect(), now))
        }
        (Step::Lacks, Searching) => Some(offer.lacks(NoStock, "none", now)),
        (Step::Send, Searching) if offer.asin.is_some() => Some(offer.sent(sent(), now)),
        (Step::Lost, Sent) => Some(offer.unknown("lost", now)),
        (Step::NotSent, Sent) => Some(offer.not_sent("no", now)),
        (Step::Accept, Sent) => Some(offer.accepted(Vec::new(), now)),
        (Step::Refuse, Sent) => Some(offer.refused(Vec::new(), now)),
        (Step::Look(shown), Accepted | SeenInReport) => {
            let state = if shown {
                ListingState::Matched
            } else {
                ListingState::NotOnAmazon
            };
            Some(offer.looked(Some(state), now))
        }
        (Step::Never, _) => offer.answered(&OfferAnswer::Never, None, now),
        (Step::Pick, _) => offer.answered(&pick, None, now),
        (Step::Again, _) => offer.wanted_again(Marketplace::Uk, None, None, None, now),
        _ => None,
    }
}

proptest! {
    #[test]
    fn whatever_happens_an_offer_goes_on_waits_for_somebody_or_is_done(steps in prop::collection::vec(step(), 0..60)) {
        use NewOfferState::{Ask, Listed, Matched, Never, Refused, Restricted, Sent};
        let mut offer = wanted(None);
        for (minute, step) in (1i64..).zip(steps) {
            let Some(next) = taken(&offer, step, at(minute)) else { continue };
            let found = matches!(step, Step::Found(1));
            prop_assert!(found || next.revision > offer.revision, "each write is a revision");
            let parked = matches!(next.state, Ask | Listed | Matched | Never | Refused | Restricted | Sent);
            prop_assert_eq!(next.queue().is_none(), parked, "{:?}", next);
            prop_assert!(offer.sent.is_none() || next.sent.is_some(), "what was sent is never forgotten");
            offer = next;
        }
    }
}
