use super::*;

/// The ids of a page, in order.
fn ids(page: &Value) -> Vec<String> {
    let orders = page["orders"].as_array().unwrap();
    let id = |order: &Value| order["order_id"].as_str().unwrap().to_owned();
    orders.iter().map(id).collect()
}

/// Walks all pages; `between` may change the tables between two of them. Tells the ids and how many pages there were.
async fn walk(
    stand: &Stand,
    query: &str,
    mut between: impl AsyncFnMut(usize),
) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut after = String::new();
    for pages in 1.. {
        let page = stand
            .get(&format!("/orders?{query}&after={after}"))
            .await
            .is(200);
        found.extend(ids(&page));
        let Some(next) = page["next"].as_str() else {
            return (found, pages);
        };
        after = next.to_owned();
        between(pages).await;
    }
    unreachable!("a list ends");
}

#[tokio::test]
async fn the_most_urgent_comes_first_and_pages_end_where_the_list_does() {
    let stand = Stand::new().await;
    for hour in [5, 1, 4, 2, 3, 6] {
        stand.put(&waiting(&format!("o{hour}"), hour)).await;
    }
    let mut never = waiting("never", 0);
    never.order.ship_by = None;
    stand.put(&never).await;
    let (found, pages) = walk(&stand, "status=pending_review&limit=3", async |_| {}).await;
    assert_eq!(found, ["o1", "o2", "o3", "o4", "o5", "o6", "never"]);
    assert_eq!(pages, 3);
    let (found, pages) = walk(&stand, "status=pending_review&limit=7", async |_| {}).await;
    assert_eq!(
        (found.len(), pages),
        (7, 1),
        "no page follows that is empty"
    );
}

#[tokio::test]
async fn orders_that_come_in_between_pages_move_no_other() {
    let stand = Stand::new().await;
    for hour in 0..20 {
        stand
            .put(&waiting(&format!("old-{hour:02}"), 2 * hour))
            .await;
    }
    let (found, _) = walk(&stand, "status=pending_review&limit=3", async |page| {
        // One before the place that was reached, one after it.
        stand.put(&waiting(&format!("new-{page}-a"), 0)).await;
        stand.put(&waiting(&format!("new-{page}-z"), 39)).await;
    })
    .await;
    let old: Vec<_> = found.iter().filter(|id| id.starts_with("old")).collect();
    let expected: Vec<_> = (0..20).map(|hour| format!("old-{hour:02}")).collect();
    assert_eq!(old, expected.iter().collect::<Vec<_>>());
    let mut distinct = found.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), found.len(), "no order comes twice");
}

#[tokio::test]
async fn without_a_status_all_open_orders_come_one_status_after_another() {
    let stand = Stand::new().await;
    let rows = [
        (OrderStatus::Parked, "parked"),
        (OrderStatus::AwaitingPayment, "unpaid"),
        (OrderStatus::PendingReview, "waits"),
        (OrderStatus::Ready, "ready"),
        (OrderStatus::Acknowledged, "taken"),
        (OrderStatus::Dispatched, "gone"),
        (OrderStatus::Cancelled, "off"),
    ];
    for (status, name) in rows {
        for hour in [2, 1] {
            let mut order = waiting(&format!("{name}-{hour}"), hour);
            order.status = status;
            stand.put(&order).await;
        }
    }
    for limit in [1, 2, 3, 50] {
        let (found, _) = walk(&stand, &format!("limit={limit}"), async |_| {}).await;
        let expected = [
            "waits-1", "waits-2", "ready-1", "ready-2", "taken-1", "taken-2", "unpaid-1",
            "unpaid-2", "parked-1", "parked-2",
        ];
        assert_eq!(found, expected, "{limit}");
    }
    assert_eq!(
        ids(&stand.get("/orders?status=cancelled").await.is(200)),
        ["off-1", "off-2"]
    );
}

#[tokio::test]
async fn a_list_is_narrowed_by_each_parameter() {
    let stand = Stand::new().await;
    let mut german = waiting("german", 1);
    german.order.marketplace_id = Some(Marketplace::De.id().to_owned());
    german.decision.term = Some("EXP DE INT-PRIME".parse().unwrap());
    let mut off = waiting("off", 2);
    off.decision.reason = Some(Reason::CourierOff);
    let mut other = waiting("other", 3);
    other.connection = "C2".parse().unwrap();
    let mut unknown = waiting("unknown", 4);
    unknown.order.marketplace_id = Some("A0FICTIONAL0ID".into());
    unknown.status = OrderStatus::Parked;
    for order in [&german, &off, &other, &unknown] {
        stand.put(order).await;
    }
    let rows: [(&str, &[&str]); 9] = [
        ("marketplace=DE", &["german"]),
        ("marketplace=A1PA6795UKMFR9", &["german"]),
        ("marketplace=A0FICTIONAL0ID", &["unknown"]),
        ("reason=courier_off", &["off"]),
        ("connection=C2", &["other"]),
        ("connection=C3", &[]),
        ("term=exp%20de%20int-prime", &["german"]),
        ("ship_by_before=2026-09-21T16:13:21Z", &["german", "off"]),
        (
            "ship_by_before=2026-09-21T16:13:21Z&reason=no_mapping",
            &["german"],
        ),
    ];
    for (query, expected) in rows {
        let page = stand.get(&format!("/orders?{query}")).await.is(200);
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn a_filter_that_lets_little_through_does_not_make_empty_pages() {
    let stand = Stand::new().await;
    for hour in 0..60 {
        let mut order = waiting(&format!("o{hour}"), hour);
        if hour % 20 == 19 {
            order.decision.reason = Some(Reason::BuyerCancel);
        }
        stand.put(&order).await;
    }
    let (found, pages) = walk(&stand, "reason=buyer_cancel&limit=2", async |_| {}).await;
    assert_eq!(found, ["o19", "o39", "o59"]);
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn a_cursor_goes_on_in_its_own_list_only() {
    let stand = Stand::new().await;
    for hour in 0..5 {
        stand.put(&waiting(&format!("o{hour}"), hour)).await;
    }
    let first = stand
        .get("/orders?status=pending_review&limit=2")
        .await
        .is(200);
    let next = first["next"].as_str().unwrap();
    let page = stand
        .get(&format!(
            "/orders?status=pending_review&limit=50&after={next}"
        ))
        .await
        .is(200);
    assert_eq!(ids(&page), ["o2", "o3", "o4"], "the limit may change");

    let altered = format!("{}A", &next[..next.len() - 1]);
    let others = [
        format!("/orders?after={next}"),
        format!("/orders?status=ready&after={next}"),
        format!("/orders?status=pending_review&reason=no_mapping&after={next}"),
        format!("/orders?status=pending_review&after={altered}"),
        "/orders?after=nonsense".to_owned(),
    ];
    for path in others {
        let problem = stand.get(&path).await.problem(422, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], "after", "{path}");
    }
    let south = Caller::new("south".parse().unwrap(), &[Scope::Desk]);
    let path = format!("/orders?status=pending_review&after={next}");
    stand
        .send_as(Some(south), "GET", &path, None)
        .await
        .problem(422, "invalid-request");
}

#[tokio::test]
async fn a_parameter_that_does_not_exist_is_a_problem() {
    let stand = Stand::new().await;
    let problem = stand
        .get("/orders?status=lost")
        .await
        .problem(422, "invalid-request");
    assert_eq!(problem["errors"][0]["parameter"], "status");
    assert!(
        problem["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("pending_review")
    );
}
