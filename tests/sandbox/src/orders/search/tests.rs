use serde_json::json;

use super::*;

const NOW: &str = "2026-11-20T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn order(id: u32, updated: &str) -> Value {
    json!({"orderId": format!("202-0000000-{id:07}"), "lastUpdatedTime": updated, "createdTime": updated,
        "salesChannel": {"marketplaceId": "A1F83G8C2ARO7P"},
        "fulfillment": {"fulfilledBy": "MERCHANT", "fulfillmentStatus": "UNSHIPPED"}})
}

fn ids(page: &Page<'_>) -> Vec<String> {
    page.orders
        .iter()
        .map(|order| order["orderId"].as_str().unwrap()[12..].to_owned())
        .collect()
}

fn is_violation(pairs: &[(&str, &str)]) -> bool {
    matches!(
        Search::parse(&query(pairs), now()),
        Err(Refusal::Violation(_))
    )
}

#[test]
fn exactly_one_after_is_wanted() {
    let after = ("lastUpdatedAfter", "2026-11-20T10:00:00Z");
    assert!(is_violation(&[]));
    assert!(is_violation(&[
        after,
        ("createdAfter", "2026-11-20T10:00:00Z")
    ]));
    assert!(is_violation(&[
        after,
        ("createdBefore", "2026-11-20T11:00:00Z")
    ]));
    assert!(!is_violation(&[after]));
}

#[test]
fn the_window_must_end_two_minutes_ago() {
    let after = ("lastUpdatedAfter", "2026-11-20T10:00:00Z");
    assert!(is_violation(&[
        after,
        ("lastUpdatedBefore", "2026-11-20T11:58:01Z")
    ]));
    assert!(!is_violation(&[
        after,
        ("lastUpdatedBefore", "2026-11-20T11:58:00Z")
    ]));
    assert!(is_violation(&[
        after,
        ("lastUpdatedBefore", "2026-11-20T09:59:59Z")
    ]));
}

#[test]
fn numbers_and_ids_out_of_range_are_violations() {
    let after = ("lastUpdatedAfter", "2026-11-20T10:00:00Z");
    assert!(is_violation(&[after, ("maxResultsPerPage", "101")]));
    assert!(is_violation(&[after, ("marketplaceIds", "UK")]));
    let many = vec!["A1F83G8C2ARO7P"; 51].join(",");
    assert!(is_violation(&[after, ("marketplaceIds", &many)]));
}

#[test]
fn an_order_that_moves_between_pages_hides_no_other() {
    let mut orders = [
        order(1, "2026-11-20T11:00:00Z"),
        order(2, "2026-11-20T11:01:00Z"),
        order(3, "2026-11-20T11:02:00Z"),
        order(4, "2026-11-20T11:03:00Z"),
    ];
    let mut pairs = query(&[
        ("lastUpdatedAfter", "2026-11-20T10:00:00Z"),
        ("maxResultsPerPage", "2"),
    ]);
    let first = Search::parse(&pairs, now()).unwrap();
    let page = first.page(orders.iter(), now());
    assert_eq!(ids(&page), ["0000001", "0000002"]);
    pairs.push(("paginationToken".to_owned(), page.next_token.unwrap()));
    orders[0]["lastUpdatedTime"] = json!("2026-11-20T11:30:00Z");
    let second = Search::parse(&pairs, now()).unwrap();
    let page = second.page(orders.iter(), now());
    assert_eq!(
        (ids(&page), page_number(&pairs)),
        (vec!["0000003".to_owned(), "0000004".to_owned()], 2)
    );
    assert!(
        page.next_token.is_some(),
        "the moved order comes on a third page"
    );
}

#[test]
fn a_token_wants_the_same_parameters_but_for_size_and_datasets() {
    let orders = [
        order(1, "2026-11-20T11:00:00Z"),
        order(2, "2026-11-20T11:01:00Z"),
    ];
    let after = ("lastUpdatedAfter", "2026-11-20T10:00:00Z");
    let first = Search::parse(&query(&[after, ("maxResultsPerPage", "1")]), now()).unwrap();
    let token = first.page(orders.iter(), now()).next_token.unwrap();
    let token = ("paginationToken", token.as_str());
    assert!(!is_violation(&[
        after,
        token,
        ("maxResultsPerPage", "7"),
        ("includedData", "BUYER")
    ]));
    assert!(is_violation(&[after, token, ("fulfilledBy", "MERCHANT")]));
    assert!(is_violation(&[
        ("lastUpdatedAfter", "2026-11-20T10:00:01Z"),
        token
    ]));
    assert!(is_violation(&[token]));
}

#[test]
fn a_token_ends_after_a_day_which_is_no_violation() {
    let orders = [
        order(1, "2026-11-20T11:00:00Z"),
        order(2, "2026-11-20T11:01:00Z"),
    ];
    let mut pairs = query(&[
        ("lastUpdatedAfter", "2026-11-20T10:00:00Z"),
        ("maxResultsPerPage", "1"),
    ]);
    let token = Search::parse(&pairs, now())
        .unwrap()
        .page(orders.iter(), now())
        .next_token
        .unwrap();
    pairs.push(("paginationToken".to_owned(), token));
    let later = "2026-11-21T12:00:01Z".parse().unwrap();
    assert!(matches!(
        Search::parse(&pairs, later),
        Err(Refusal::Other(_))
    ));
}

#[test]
fn later_pages_keep_the_end_of_the_window_that_was_left_out() {
    let orders = [
        order(1, "2026-11-20T11:00:00Z"),
        order(2, "2026-11-20T11:01:00Z"),
    ];
    let mut pairs = query(&[
        ("lastUpdatedAfter", "2026-11-20T10:00:00Z"),
        ("maxResultsPerPage", "1"),
    ]);
    let first = Search::parse(&pairs, now()).unwrap();
    pairs.push((
        "paginationToken".to_owned(),
        first.page(orders.iter(), now()).next_token.unwrap(),
    ));
    let later = "2026-11-20T12:30:00Z".parse().unwrap();
    assert_eq!(Search::parse(&pairs, later).unwrap().before, first.before);
}

#[test]
fn filters_leave_others_out() {
    let orders = [order(1, "2026-11-20T11:00:00Z")];
    let after = ("lastUpdatedAfter", "2026-11-20T10:00:00Z");
    let found = |filter| {
        Search::parse(&query(&[after, filter]), now())
            .unwrap()
            .page(orders.iter(), now())
            .orders
            .len()
    };
    assert_eq!(found(("fulfilledBy", "AMAZON")), 0);
    assert_eq!(found(("fulfilledBy", "AMAZON,MERCHANT")), 1);
    assert_eq!(found(("fulfillmentStatuses", "SHIPPED")), 0);
    assert_eq!(found(("marketplaceIds", "A1PA6795UKMFR9")), 0);
}
