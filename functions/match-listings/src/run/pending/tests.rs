use super::*;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::{ListingState, Refused, Sent, WantedPrice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::SentLimits;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::domain::stock_settings::StockSettings;

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
}

/// When the report was made.
const REPORT: i64 = 100;

fn listing(wanted: Option<u32>, sent: Option<(u32, i64)>) -> Listing {
    let connection = kit::sample::connection("north", "c1");
    let mut listing = Listing::new(&connection, "A".parse().unwrap(), ListingState::Matched);
    listing.wanted = wanted.map(|quantity| Wanted {
        quantity: Some(quantity),
        why: String::new(),
        level_at: None,
        ended: std::collections::BTreeSet::new(),
        asks: false,
        unsold: false,
        generation: 1,
        at: hour(10),
    });
    listing.sent = sent.map(|(value, at)| Sent {
        value,
        generation: 1,
        at: hour(at),
        by: SentBy::Patch,
    });
    listing.observed = Some(Observed {
        value: 10,
        at: hour(1),
    });
    listing
}

fn sale(at: i64, units: u32) -> Sale {
    Sale {
        ordered_at: hour(at),
        units,
        most: units,
        reduced_at: None,
    }
}

#[test]
fn a_number_that_nothing_explains_is_a_drift_and_one_that_may_be_late_is_none() {
    let sent = listing(Some(7), Some((10, 50)));
    let settled = Standing::Applied { by: hour(50) };
    let rows: [(&str, &[Sale], Standing, u32, bool); 9] = [
        ("what was sent", &[], settled, 10, false),
        ("somebody set it", &[], settled, 12, true),
        ("somebody took it", &[], settled, 9, true),
        ("sold since", &[sale(60, 3)], settled, 7, false),
        ("sold, and set back", &[sale(60, 3)], settled, 10, true),
        (
            "sold a moment ago",
            &[sale(REPORT - 1, 3)],
            settled,
            9,
            false,
        ),
        (
            "sold after the report",
            &[sale(REPORT + 1, 3)],
            settled,
            9,
            true,
        ),
        ("not applied yet", &[], Standing::InFlight, 9, false),
        ("nobody knows", &[], Standing::Lost, 9, false),
    ];
    for (what, sales, standing, seen, drifted) in rows {
        let found = has_drifted(&sent, standing, sales, seen, hour(REPORT));
        assert_eq!(found, drifted, "{what}");
    }
    let late = listing(Some(7), Some((10, REPORT - 1)));
    assert!(!has_drifted(&late, Standing::Patched, &[], 9, hour(REPORT)));
    let mut refused = listing(Some(7), Some((10, 50)));
    refused.refused = Some(Refused {
        value: 10,
        code: "1".into(),
        message: String::new(),
        at: hour(51),
        by: SentBy::Patch,
    });
    assert!(!has_drifted(
        &refused,
        Standing::Patched,
        &[],
        3,
        hour(REPORT)
    ));
}

#[test]
fn what_was_never_sent_is_judged_by_the_report_before() {
    let never = listing(Some(10), None);
    let judge =
        |sales: &[Sale], seen| has_drifted(&never, Standing::Patched, sales, seen, hour(REPORT));
    assert!(!judge(&[], 10) && judge(&[], 11));
    assert!(!judge(&[sale(60, 3)], 7) && judge(&[sale(60, 3)], 10));
}

#[test]
fn sales_are_read_only_where_a_number_differs_from_what_is_wanted() {
    let rows = [
        (Some(10), None, Some(10), false),
        (Some(10), None, Some(9), true),
        (Some(10), None, None, false),
        (Some(10), Some((10, 1)), Some(10), false),
        (Some(10), Some((9, 1)), Some(10), true),
        (None, Some((9, 1)), Some(10), false),
    ];
    for (wanted, sent, seen, worth) in rows {
        let listing = listing(wanted, sent);
        assert_eq!(
            is_worth_a_look(&listing, seen),
            worth,
            "{wanted:?} {sent:?} {seen:?}"
        );
    }
}

#[test]
fn what_is_wanted_by_older_settings_is_computed_anew() {
    let known = listing(Some(1), None);
    assert!(!is_unwanted(&known, hour(9)) && is_unwanted(&known, hour(11)));
    assert!(is_unwanted(&listing(None, None), hour(9)));
}

fn offer(observed: Option<i64>, sent: Option<(i64, i64)>) -> Offer {
    Offer {
        tenant: "north".parse().unwrap(),
        connection: "c1".parse().unwrap(),
        amazon_sku: "A".parse().unwrap(),
        marketplace: Marketplace::Uk,
        wanted: Some(WantedPrice {
            amount: Some(Decimal::from(12)),
            generation: 1,
            at: hour(1),
            ..WantedPrice::default()
        }),
        sent_limits: SentLimits::default(),
        sent: sent.map(|(value, at)| Sent {
            value: Decimal::from(value),
            generation: 1,
            at: hour(at),
            by: SentBy::Patch,
        }),
        refused: None,
        observed: observed.map(|value| Observed {
            value: Decimal::from(value),
            at: hour(1),
        }),
        released_to: 0,
        send_count: 0,
    }
}

#[test]
fn a_price_is_news_where_it_is_another_and_a_drift_where_it_is_not_ours_any_more() {
    let published = Published {
        settings: StockSettings::default(),
        generation: 1,
        at: hour(1),
        shadow: false,
        rules: None,
        quantities: None,
    };
    let rows = [
        (None, PriceNews::Changed, Some(Pending::Recompute)),
        (
            Some(offer(None, None)),
            PriceNews::Changed,
            Some(Pending::Send),
        ),
        (
            Some(offer(Some(10), None)),
            PriceNews::None,
            Some(Pending::Send),
        ),
        (Some(offer(Some(10), Some((12, 99)))), PriceNews::None, None),
        (
            Some(offer(Some(10), Some((12, 50)))),
            PriceNews::Drifted,
            Some(Pending::Send),
        ),
    ];
    for (offer, news, pending) in rows {
        let price = Decimal::from(10);
        let found = price_news(offer.as_ref(), price, hour(REPORT), Standing::Patched);
        assert_eq!(found, news, "{offer:?}");
        let at = hour(REPORT);
        let due = pending_price(offer, price, at, found, Standing::Patched, &published);
        assert_eq!(due, pending);
    }
}
