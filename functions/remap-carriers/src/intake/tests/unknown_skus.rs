//! Orders of SKUs that nobody here knows.

use super::*;

fn reading(unknown: &[&str], fetched: i64) -> Reading {
    Reading {
        unknown_skus: unknown.iter().map(ToString::to_string).collect(),
        ..read(raw("UNSHIPPED", 1, json!({})), fetched)
    }
}

fn written(reading: &Reading, stored: Option<&StoredOrder>) -> StoredOrder {
    match take_in(&ids(), reading, stored, &rules(), at(200)) {
        Intake::Write { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_of_an_unknown_sku_waits_until_it_is_known_and_is_looked_for_again() {
    let first = reading(&["MUG#1"], 100);
    assert!(first.lacks_parts(), "it is fetched again, ever later");
    let waiting = written(&first, None);
    assert_eq!(
        (waiting.status, waiting.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::UnknownSku))
    );
    let named = |line: &String| line.contains("MUG#1");
    assert!(waiting.decision.explanation.iter().any(named));
    let same = take_in(
        &ids(),
        &reading(&["MUG#1"], 101),
        Some(&waiting),
        &rules(),
        at(200),
    );
    assert_eq!(same, Intake::Known);
    let known = written(&reading(&[], 102), Some(&waiting));
    assert_eq!(
        (known.status, known.decision.reason),
        (OrderStatus::Ready, None)
    );
}

#[test]
fn a_person_may_ship_an_unknown_sku_and_what_was_taken_over_is_not_opened_for_one() {
    let waiting = written(&reading(&["MUG#1"], 100), None);
    let mut picked = waiting;
    picked.status = OrderStatus::Ready;
    picked.decision.service = Some("DPD/next-day".parse().unwrap());
    picked.decision.by_person = true;
    picked.decision.reason = None;
    let mut changed = reading(&["MUG#1"], 101);
    changed.content_hash += 1;
    assert_eq!(written(&changed, Some(&picked)).status, OrderStatus::Ready);

    let acknowledged = StoredOrder {
        status: OrderStatus::Acknowledged,
        acknowledged_at: Some(at(150)),
        ..written(&reading(&[], 100), None)
    };
    let later = take_in(
        &ids(),
        &reading(&["MUG#1"], 101),
        Some(&acknowledged),
        &rules(),
        at(200),
    );
    assert_eq!(later, Intake::Known);
}

#[test]
fn skus_are_to_be_known_only_of_open_orders_where_all_listings_are_known() {
    let uk = Marketplace::Uk;
    let matched =
        |marketplaces: &[Marketplace]| rules().with_matched(marketplaces.iter().copied().collect());
    let rows = [
        ("UNSHIPPED", "MERCHANT", vec![uk], 1),
        ("PARTIALLY_SHIPPED", "MERCHANT", vec![uk], 1),
        ("UNSHIPPED", "MERCHANT", vec![], 0),
        ("UNSHIPPED", "MERCHANT", vec![Marketplace::De], 0),
        ("UNSHIPPED", "AMAZON", vec![uk], 0),
        ("PENDING", "MERCHANT", vec![uk], 0),
        ("SHIPPED", "MERCHANT", vec![uk], 0),
        ("CANCELLED", "MERCHANT", vec![uk], 0),
    ];
    for (status, by, marketplaces, count) in rows {
        let by = json!({"fulfillment": {"fulfilledBy": by}});
        let order = read(raw(status, 1, by.clone()), 1).order;
        let skus = matched(&marketplaces).skus_to_know(&order);
        assert_eq!(skus.len(), count, "{status} {by} {marketplaces:?}");
    }
    let order = read(raw("UNSHIPPED", 1, json!({})), 1).order;
    let known = |rules: Rules| rules.with_matched([uk].into()).skus_to_know(&order).len();
    assert_eq!(known(Rules::new(rules().settings, Some(at(0)))), 1);
    let watched = Rules::new(rules().settings, None);
    let before = Rules::new(rules().settings, Some(at(1)));
    let off = with(Settings::default());
    assert_eq!([watched, before, off].map(known), [0, 0, 0]);
}
