use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::Sent;
use stallkeeper::domain::stock::Wanted;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn connection() -> Connection {
    kit::sample::connection("north", "c1")
}

fn sku(text: &str) -> AmazonSku {
    text.parse().unwrap()
}

fn seen(by_amazon: bool, quantity: Option<u32>) -> Seen {
    Seen {
        marketplaces: vec![Marketplace::De, Marketplace::Uk],
        by_amazon,
        open: true,
        shown: shows(Marketplace::Uk, quantity, 100),
        offered: Vec::new(),
        inactive_on: std::collections::BTreeSet::new(),
        at: at(100),
    }
}

fn shows(marketplace: Marketplace, quantity: Option<u32>, second: i64) -> Vec<Shown> {
    let shown = |quantity| Shown {
        marketplace,
        quantity,
        at: at(second),
    };
    quantity.map(shown).into_iter().collect()
}

fn ours(product: bool, other: Option<&str>) -> Ours {
    Ours {
        product,
        other_spelling: other.map(|other| other.parse().unwrap()),
        zeroed: false,
        sends: true,
    }
}

fn place(known: Option<&Listing>, seen: &Seen, ours: &Ours) -> Listing {
    on_amazon(&connection(), &sku("MUG#1"), known, seen, ours)
}

#[test]
fn every_listing_on_amazon_has_its_state_and_is_tied_only_where_it_is_matched() {
    use ListingState::{CaseMismatch, FulfilledByAmazon, Matched, UnknownHere};
    let rows = [
        (false, true, None, Matched),
        (false, true, Some("mug#1"), Matched),
        (false, false, Some("mug#1"), CaseMismatch),
        (false, false, None, UnknownHere),
        (true, true, None, FulfilledByAmazon),
        (true, false, Some("mug#1"), FulfilledByAmazon),
    ];
    for (by_amazon, product, other, state) in rows {
        let listing = place(None, &seen(by_amazon, Some(3)), &ours(product, other));
        assert_eq!(listing.state, state, "{by_amazon} {product} {other:?}");
        assert_eq!(listing.product.is_some(), state == Matched);
        let told = listing.other_spelling.is_some();
        assert_eq!(told, state == CaseMismatch, "the remedy names our spelling");
    }
}

#[test]
fn what_a_person_tied_stays_tied_whatever_becomes_of_it() {
    let mut alias = place(None, &seen(false, Some(3)), &ours(false, None));
    alias.alias = true;
    alias.product = Some("MUG-BLUE".parse().unwrap());
    alias.units = 2;
    assert_eq!(product_of(&sku("MUG#1"), Some(&alias)).as_str(), "MUG-BLUE");
    let cases = [
        (Some(seen(false, None)), true, ListingState::Matched),
        (Some(seen(false, None)), false, ListingState::UnknownHere),
        (
            Some(seen(true, None)),
            true,
            ListingState::FulfilledByAmazon,
        ),
        (None, true, ListingState::NotOnAmazon),
        (None, false, ListingState::NotOnAmazon),
    ];
    for (seen, product, state) in cases {
        let placed = match seen {
            Some(seen) => place(Some(&alias), &seen, &ours(product, Some("mug#1"))),
            None => off_amazon(&alias, product).unwrap(),
        };
        assert_eq!(placed.state, state);
        assert_eq!((&placed.product, placed.units), (&alias.product, 2));
        assert!(placed.alias && placed.other_spelling.is_none());
    }
}

#[test]
fn a_quantity_is_noted_where_it_is_new_and_when_the_listing_comes_back() {
    let first = place(None, &seen(false, Some(3)), &ours(true, None));
    assert_eq!(first.observed.as_ref().unwrap().value, 3);
    let later = Seen {
        at: at(500),
        shown: shows(Marketplace::Uk, Some(3), 500),
        ..seen(false, Some(3))
    };
    let again = place(Some(&first), &later, &ours(true, None));
    assert_eq!(again, first, "the same again is no change");
    let sold = Seen {
        shown: shows(Marketplace::Uk, Some(2), 500),
        ..later.clone()
    };
    let sold = place(Some(&first), &sold, &ours(true, None));
    assert_eq!(sold.observed, Some(observation(2, at(500))));
    let gone = off_amazon(&first, true).unwrap();
    let back = place(Some(&gone), &later, &ours(true, None));
    assert_eq!(back.observed, Some(observation(3, at(500))));
}

/// A listing as it is known, and what its report shows; whether it is closed then.
#[test]
fn what_somebody_else_closed_stays_closed_until_it_is_sold_again_or_a_person_reopens_it() {
    use ListingState::{ClosedElsewhere, Matched, NotOnAmazon};
    let day = 86_400;
    let known = |state, sent: Option<(u32, i64)>| {
        let mut listing = Listing::new(&connection(), sku("MUG#1"), state);
        listing.sent = sent.map(|(value, second)| Sent {
            value,
            generation: 1,
            at: at(second),
            by: SentBy::Patch,
        });
        Some(listing)
    };
    let reopened = |mut listing: Option<Listing>| {
        listing.as_mut().unwrap().reopened_at = Some(at(0));
        listing
    };
    let rows = [
        ("never seen, at zero", None, true, Some(0), true),
        ("never seen, inactive", None, false, Some(4), true),
        ("never seen, inactive, no quantity", None, false, None, true),
        ("never seen, sold", None, true, Some(4), false),
        (
            "came back at zero",
            known(NotOnAmazon, None),
            true,
            Some(0),
            true,
        ),
        (
            "our own zero",
            known(Matched, Some((0, -day))),
            false,
            Some(0),
            false,
        ),
        (
            "came back at our own zero",
            known(NotOnAmazon, Some((0, -day))),
            true,
            Some(0),
            false,
        ),
        (
            "inactive after what we sent",
            known(Matched, Some((4, -day))),
            false,
            Some(4),
            true,
        ),
        (
            "sent a moment ago",
            known(Matched, Some((4, 0))),
            false,
            Some(4),
            false,
        ),
        (
            "inactive, never sent",
            known(Matched, None),
            false,
            Some(4),
            true,
        ),
        (
            "closed, still inactive",
            known(ClosedElsewhere, None),
            false,
            Some(4),
            true,
        ),
        (
            "closed, active at zero",
            known(ClosedElsewhere, None),
            true,
            Some(0),
            true,
        ),
        (
            "closed, sold again",
            known(ClosedElsewhere, None),
            true,
            Some(1),
            false,
        ),
        (
            "reopened, still zero",
            reopened(known(Matched, None)),
            true,
            Some(0),
            false,
        ),
        (
            "reopened, still inactive",
            reopened(known(Matched, None)),
            false,
            Some(4),
            false,
        ),
    ];
    for (what, known, open, quantity, closed) in rows {
        let seen = Seen {
            open,
            ..seen(false, quantity)
        };
        let listing = place(known.as_ref(), &seen, &ours(true, None));
        let state = if closed { ClosedElsewhere } else { Matched };
        assert_eq!(listing.state, state, "{what}");
        assert_eq!(
            (listing.closed.is_some(), listing.product.is_some()),
            (closed, true),
            "{what}"
        );
        if open && quantity == Some(1) {
            assert_eq!(listing.reopened_at, None, "{what}");
        }
    }
    // Nothing is sent yet: who set it to zero meanwhile was not us.
    let draft = Ours {
        sends: false,
        ..ours(true, None)
    };
    let listing = place(known(Matched, None).as_ref(), &seen(false, Some(0)), &draft);
    assert_eq!(listing.state, ClosedElsewhere);
}

#[test]
fn quantities_that_differ_are_kept_by_marketplace_and_the_one_that_is_not_wanted_tells() {
    let mut two = seen(false, Some(0));
    two.shown.extend(shows(Marketplace::De, Some(4), 100));
    let listing = place(None, &two, &ours(true, None));
    assert_eq!(
        listing.state,
        ListingState::Matched,
        "it is sold on one of them"
    );
    let differing = listing.differing.clone().unwrap();
    assert_eq!(
        differing.quantities,
        [(Marketplace::Uk, 0), (Marketplace::De, 4)].into()
    );
    assert_eq!(listing.observed.as_ref().unwrap().value, 4);
    assert_eq!(listing.marketplaces_to_send_through(0), [Marketplace::De]);
    assert_eq!(two.telling(Some(4)).unwrap().quantity, 0);
    // Of one the report is missing: what it showed is still known.
    let later = place(Some(&listing), &seen(false, Some(0)), &ours(true, None));
    assert_eq!(later.differing, listing.differing);
    let mut same = seen(false, Some(4));
    same.shown.extend(shows(Marketplace::De, Some(4), 100));
    let same = place(Some(&listing), &same, &ours(true, None));
    assert_eq!(same.differing, None);
    assert_eq!(
        same.marketplaces_to_send_through(4),
        [Marketplace::De, Marketplace::Uk]
    );
}

#[test]
fn what_neither_amazon_nor_the_catalogue_has_is_forgotten() {
    let unknown = place(None, &seen(false, None), &ours(false, None));
    assert_eq!(off_amazon(&unknown, false), None);
    let gone = off_amazon(&unknown, true).unwrap();
    assert_eq!(
        (gone.state, gone.marketplaces.len()),
        (ListingState::NotOnAmazon, 0)
    );
}

fn listing() -> impl Strategy<Value = Option<Listing>> {
    let state = prop::sample::select(ListingState::ALL);
    let one = (state, any::<bool>(), any::<bool>(), 0u32..4).prop_map(|(state, alias, tied, q)| {
        let mut listing = Listing::new(&connection(), sku("MUG#1"), state);
        listing.alias = alias;
        let product = if alias { "MUG-BLUE" } else { "MUG#1" };
        listing.product = (tied || alias).then(|| product.parse().unwrap());
        listing.observed = (q > 0).then(|| observation(q, at(1)));
        listing.wanted = tied.then(|| Wanted {
            quantity: Some(q),
            why: String::new(),
            level_at: None,
            ended: std::collections::BTreeSet::new(),
            asks: false,
            unsold: false,
            generation: 3,
            at: at(1),
        });
        listing.send_count = 4;
        listing
    });
    prop::option::of(one)
}

proptest! {
    /// A second look at the same report changes nothing, whatever was stored before. Only what is matched or tied by a
    /// person has a product.
    #[test]
    fn deciding_twice_is_deciding_once(
        known in listing(), by_amazon: bool, quantity in prop::option::of(0u32..4), product: bool, other: bool,
    ) {
        let seen = seen(by_amazon, quantity);
        let ours = ours(product, other.then_some("mug#1"));
        let once = place(known.as_ref(), &seen, &ours);
        prop_assert_eq!(&place(Some(&once), &seen, &ours), &once);
        let ours_to_sell = matches!(once.state, ListingState::Matched | ListingState::ClosedElsewhere);
        prop_assert_eq!(once.product.is_some(), once.alias || ours_to_sell);
        prop_assert_eq!(once.send_count, known.as_ref().map_or(0, |known| known.send_count));
        if let Some(gone) = off_amazon(&once, product) {
            prop_assert_eq!(off_amazon(&gone, product), Some(gone));
        }
    }
}
