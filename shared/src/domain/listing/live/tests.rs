use super::*;
use crate::domain::feed::FeedKind;
use crate::domain::listing::{Observed, Refused, Sent};
use crate::domain::marketplace::Marketplace;
use crate::domain::stock::Wanted;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn sale(second: i64, units: u32) -> Sale {
    Sale {
        ordered_at: at(second),
        units,
        most: units,
        reduced_at: None,
    }
}

fn listing(wanted: u32, sent: Option<(u32, i64, SentBy)>) -> Listing {
    Listing {
        tenant: "t".parse().unwrap(),
        connection: "c".parse().unwrap(),
        amazon_sku: "A".parse().unwrap(),
        state: ListingState::Matched,
        product: None,
        units: 1,
        alias: false,
        other_spelling: None,
        differing: None,
        closed: None,
        reopened_at: None,
        inactive_on: std::collections::BTreeSet::new(),
        hold: None,
        released_at: None,
        ends: std::collections::BTreeMap::new(),
        look: None,
        marketplaces: Vec::new(),
        product_type: None,
        wanted: Some(Wanted {
            quantity: Some(wanted),
            why: String::new(),
            level_at: None,
            ended: std::collections::BTreeSet::new(),
            asks: false,
            unsold: false,
            generation: 2,
            at: at(0),
        }),
        sent: sent.map(|(value, second, by)| Sent {
            value,
            generation: 1,
            at: at(second),
            by,
        }),
        refused: None,
        observed: None,
        issues: None,
        send_count: 1,
        revision: 1,
    }
}

fn feed() -> SentBy {
    SentBy::Feed("F".parse().unwrap())
}

#[test]
fn what_became_of_a_value_is_what_became_of_its_feed() {
    let in_state = |state, applied_at| Feed {
        connection: listing(1, None).connection_key(),
        id: "F".parse().unwrap(),
        kind: FeedKind::Quantity,
        marketplace: Marketplace::Uk,
        state,
        lines: 1,
        parts: 1,
        created_at: at(0),
        amazon_id: None,
        submitted_at: None,
        applied_at,
        accepted: 0,
        refused: 0,
        note: None,
        stuck: false,
        decreases_again: false,
        next_check_at: None,
        overtaken: Vec::new(),
        revision: 1,
    };
    let by = Some(at(9));
    let rows = [
        (None, None, Standing::Patched),
        (Some(SentBy::Patch), None, Standing::Patched),
        (Some(feed()), None, Standing::Lost),
        (
            Some(feed()),
            Some((FeedState::Building, None)),
            Standing::InFlight,
        ),
        (
            Some(feed()),
            Some((FeedState::Submitted, None)),
            Standing::InFlight,
        ),
        (
            Some(feed()),
            Some((FeedState::Settled, by)),
            Standing::Applied { by: at(9) },
        ),
        (
            Some(feed()),
            Some((FeedState::Settled, None)),
            Standing::Lost,
        ),
        (
            Some(feed()),
            Some((FeedState::Returned, by)),
            Standing::Lost,
        ),
    ];
    for (sent_by, carried, expected) in rows {
        let carried = carried.map(|(state, applied_at)| in_state(state, applied_at));
        assert_eq!(
            Standing::of(sent_by.as_ref(), carried.as_ref()),
            expected,
            "{carried:?}"
        );
    }
}

#[test]
fn sales_of_a_listing_are_those_through_its_own_connection_and_sku() {
    let through = |connection: &str, amazon_sku: &str, sale| Reservation {
        connection: connection.parse().unwrap(),
        order: "o".parse().unwrap(),
        line: "1".into(),
        amazon_sku: amazon_sku.parse().unwrap(),
        units: 1,
        sale,
        acknowledged_at: None,
        dispatched: Vec::new(),
        is_elsewhere: false,
        warehouse: None,
        revision: 1,
    };
    let reservations = [
        through("c", "A", Some(sale(1, 1))),
        through("c", "A", None),
        through("c", "B", Some(sale(2, 1))),
        through("d", "A", Some(sale(3, 1))),
    ];
    assert_eq!(listing(1, None).sales(&reservations), [sale(1, 1)]);
}

#[test]
fn sales_count_from_a_little_before_the_sending_or_as_long_as_a_report_is_behind() {
    let sent = listing(1, Some((1, LONG_AGO, SentBy::Patch)));
    assert_eq!(sent.sales_count_from(), Some(at(LONG_AGO - 2)));
    let mut observed = listing(1, None);
    assert_eq!(observed.sales_count_from(), None);
    observed.observed = Some(Observed {
        value: 1,
        at: at(LONG_AGO),
    });
    assert_eq!(observed.sales_count_from(), Some(at(LONG_AGO - 3 * 3_600)));
}

const LONG_AGO: i64 = 100_000;

#[test]
fn what_amazon_sold_by_itself_is_not_sent() {
    let listing = listing(7, Some((10, 1_000, SentBy::Patch)));
    let sales = [sale(LONG_AGO, 3)];
    let next = next(&listing, Standing::Patched, &sales, &Policy::default());
    assert_eq!(next, Next::Nothing("Amazon shows it"));
}

#[test]
fn an_order_before_the_value_was_sent_is_not_subtracted_by_amazon() {
    let listing = listing(7, Some((10, 1_000, SentBy::Patch)));
    let next = next(
        &listing,
        Standing::Patched,
        &[sale(900, 3)],
        &Policy::default(),
    );
    assert!(matches!(
        next,
        Next::Send {
            quantity: 7,
            decrease: true,
            urgent: false,
            ..
        }
    ));
}

#[test]
fn an_order_at_the_moment_of_application_makes_the_quantity_go_out_again() {
    let listing = listing(7, Some((10, 1_000, feed())));
    let sales = [sale(1_050, 3)];
    let applied = Standing::Applied { by: at(1_100) };
    assert_eq!(
        live(&listing, applied, &sales),
        Some(Live {
            lowest: 7,
            highest: 10
        })
    );
    let next = next(&listing, applied, &sales, &Policy::default());
    assert!(matches!(
        next,
        Next::Send {
            quantity: 7,
            after: None,
            ..
        }
    ));
}

#[test]
fn while_the_feed_is_on_its_way_an_order_waits_for_its_end_unless_it_empties_the_shelf() {
    let sales = [sale(1_050, 3)];
    let sold = listing(7, Some((10, 1_000, feed())));
    let waits = next(&sold, Standing::InFlight, &sales, &Policy::default());
    assert!(matches!(waits, Next::Send { after: Some(_), .. }));
    let empty = listing(0, Some((3, 1_000, feed())));
    let urgent = next(&empty, Standing::InFlight, &sales, &Policy::default());
    assert!(matches!(
        urgent,
        Next::Send {
            quantity: 0,
            urgent: true,
            after: None,
            ..
        }
    ));
}

#[test]
fn a_refused_quantity_is_not_sent_again_and_another_is() {
    let mut listing = listing(10, Some((10, 1_000, SentBy::Patch)));
    listing.refused = Some(Refused {
        value: 10,
        code: "90220".into(),
        message: String::new(),
        at: at(1_001),
        by: SentBy::Patch,
    });
    let policy = Policy::default();
    let decided = next(&listing, Standing::Patched, &[], &policy);
    assert_eq!(decided, Next::Nothing("Amazon refused this quantity"));
    if let Some(wanted) = &mut listing.wanted {
        wanted.quantity = Some(9);
    }
    let decided = next(&listing, Standing::Patched, &[], &policy);
    assert!(matches!(decided, Next::Send { quantity: 9, .. }));
}

#[test]
fn units_that_were_cancelled_may_be_back_or_not() {
    let listing = listing(10, Some((10, 1_000, SentBy::Patch)));
    let cancelled = Sale {
        ordered_at: at(LONG_AGO),
        units: 0,
        most: 2,
        reduced_at: Some(at(LONG_AGO + 60)),
    };
    assert_eq!(
        live(&listing, Standing::Patched, &[cancelled]),
        Some(Live {
            lowest: 8,
            highest: 10
        })
    );
}

#[test]
fn units_of_an_older_order_may_be_given_back_after_the_value_was_sent() {
    let listing = listing(0, Some((0, 1_000, SentBy::Patch)));
    let cancelled = |second| Sale {
        ordered_at: at(500),
        units: 0,
        most: 2,
        reduced_at: Some(at(second)),
    };
    let after = live(&listing, Standing::Patched, &[cancelled(2_000)]);
    assert_eq!(
        after,
        Some(Live {
            lowest: 0,
            highest: 2
        })
    );
    let before = live(&listing, Standing::Patched, &[cancelled(600)]);
    assert!(before.unwrap().is_exactly(0));
}

#[test]
fn the_first_number_is_what_the_report_showed() {
    let mut listing = listing(4, None);
    listing.observed = Some(Observed {
        value: 4,
        at: at(LONG_AGO),
    });
    let policy = Policy::default();
    assert_eq!(
        next(&listing, Standing::Patched, &[], &policy),
        Next::Nothing("Amazon shows it")
    );
    let just_before = [sale(LONG_AGO - 60, 1)];
    assert!(matches!(
        next(&listing, Standing::Patched, &just_before, &policy),
        Next::Send { .. }
    ));
}

proptest! {
    #[test]
    fn the_true_number_is_always_within_the_range(
        quantity in 0u32..50,
        applied in 1_000i64..1_200,
        orders in prop::collection::vec((900i64..1_400, 1u32..4), 0..8),
    ) {
        // A model of Amazon: an absolute value at one moment, sales before it wiped, sales after it subtracted.
        let listing = listing(0, Some((quantity, 1_000, feed())));
        let sales: Vec<Sale> = orders.iter().map(|(second, units)| sale(*second, *units)).collect();
        let sold: u32 = orders.iter().filter(|(second, _)| *second > applied).map(|(_, units)| units).sum();
        let truth = quantity.saturating_sub(sold);
        for standing in [Standing::InFlight, Standing::Applied { by: at(1_200) }] {
            let live = live(&listing, standing, &sales).unwrap();
            prop_assert!((live.lowest..=live.highest).contains(&truth), "{live:?} does not hold {truth}");
        }
    }
}

#[test]
fn a_refusal_stands_until_something_else_is_wanted_unless_it_was_amazons_own_failure() {
    let refused = |code: &str| {
        let mut listing = listing(4, Some((4, 1_000, feed())));
        listing.refused = Some(Refused {
            value: 4,
            code: code.into(),
            message: String::new(),
            at: at(1_100),
            by: feed(),
        });
        let standing = Standing::Applied { by: at(1_100) };
        next(&listing, standing, &[], &Policy::default())
    };
    assert_eq!(
        refused("13013"),
        Next::Nothing("Amazon refused this quantity")
    );
    assert!(matches!(refused("4000000"), Next::Send { quantity: 4, .. }));
}
