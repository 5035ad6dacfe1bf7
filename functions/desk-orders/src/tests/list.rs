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
    let rows: [(&str, &[&str]); 10] = [
        ("marketplace=DE", &["german"]),
        ("marketplace=A1PA6795UKMFR9", &["german"]),
        ("marketplace=A0FICTIONAL0ID", &["unknown"]),
        ("reason=courier_off", &["off"]),
        ("connection=C2", &["other"]),
        ("connection=C3", &[]),
        ("term=exp%20de%20int-prime", &["german"]),
        ("ship_by_before=2026-09-21T16:13:21Z", &["german", "off"]),
        (
            "ship_by_from=2514-01-01T00:00:00Z&ship_by_before=2026-09-21T16:13:21Z",
            &[],
        ),
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

#[tokio::test]
async fn sorted_by_ship_by_the_most_urgent_of_all_statuses_comes_first() {
    let stand = Stand::new().await;
    let statuses = [
        OrderStatus::PendingReview,
        OrderStatus::Ready,
        OrderStatus::Acknowledged,
    ];
    for hour in 0..30 {
        let mut order = waiting(&format!("o{hour:02}"), i64::from(hour));
        order.status = statuses[hour as usize * 7 % 3];
        stand.put(&order).await;
    }
    let all: Vec<String> = (0..30).map(|hour| format!("o{hour:02}")).collect();
    for limit in [1, 4, 7, 100] {
        let (found, pages) =
            walk(&stand, &format!("sort=ship_by&limit={limit}"), async |_| {}).await;
        assert_eq!(found, all, "{limit}");
        assert_eq!(pages, 30_usize.div_ceil(limit));
    }
}

#[tokio::test]
async fn an_order_that_changes_its_status_between_pages_comes_once_if_sorted_by_ship_by() {
    let stand = Stand::new().await;
    let orders: Vec<StoredOrder> = (0..12)
        .map(|hour| ready(&format!("o{hour:02}"), hour))
        .collect();
    for order in &orders {
        stand.put(order).await;
    }
    let (found, _) = walk(&stand, "sort=ship_by&limit=3", async |page| {
        // One that was listed, and one that was not.
        for index in [3 * page - 1, (3 * page + 1).min(11)] {
            let key = orders[index].connection_key();
            let stored = stand.app.store.order(&key, &orders[index].order.id).await;
            let stored = stored.unwrap().unwrap();
            stand
                .change(&stored, |order| order.status = OrderStatus::Acknowledged)
                .await;
        }
    })
    .await;
    let all: Vec<String> = (0..12).map(|hour| format!("o{hour:02}")).collect();
    assert_eq!(found, all);
}

#[tokio::test]
async fn a_page_reads_a_bounded_number_of_rows_and_says_where_to_go_on() {
    let stand = Stand::new().await;
    for number in 0..40 {
        let mut order = ready(&format!("o{number:02}"), number);
        if number == 38 {
            order.decision.service = Some("Evri/standard".parse().unwrap());
        }
        stand.put(&order).await;
    }
    for sort in ["status", "ship_by"] {
        let query = format!("courier=Evri&sort={sort}&limit=2");
        let (found, _) = walk(&stand, &query, async |_| {}).await;
        assert_eq!(found, ["o38"], "{sort}");
    }
    let page = stand.get("/orders?courier=Evr").await.is(200);
    assert!(ids(&page).is_empty(), "a courier's code is compared whole");
}

#[tokio::test]
async fn what_is_still_to_be_shipped_soon_is_at_risk() {
    let stand = Stand::new().await;
    let in_hours = |hours: i64| Some(Timestamp::now() + SignedDuration::from_hours(hours));
    let mut rows = [
        ready("late", 1),
        ready("soon", 1),
        ready("far", 1),
        ready("unpaid", 1),
    ];
    rows[1].order.ship_by = in_hours(11);
    rows[2].order.ship_by = in_hours(13);
    rows[3].status = OrderStatus::AwaitingPayment;
    for order in &rows {
        stand.put(order).await;
    }
    let page = stand.get("/orders?at_risk=true").await.is(200);
    assert_eq!(ids(&page), ["late", "soon"]);
    let first = stand.get("/orders?at_risk=true&limit=1").await.is(200);
    let next = first["next"].as_str().unwrap();
    let page = stand
        .get(&format!("/orders?at_risk=true&after={next}"))
        .await
        .is(200);
    assert_eq!(ids(&page), ["soon"], "although time went on");
    let unpaid = "/orders?at_risk=true&status=awaiting_payment";
    assert!(ids(&stand.get(unpaid).await.is(200)).is_empty());
    let problem = stand.get(&format!("/orders?after={next}")).await;
    problem.problem(422, "invalid-request");
}

#[tokio::test]
async fn whole_orders_are_handed_out_in_one_call_to_who_may_see_buyers() {
    let stand = Stand::new().await;
    let (mut a, b) = (ready("a", 1), ready("b", 2));
    a.order.items = vec![line("L1", "TEA", 3, 1)];
    for order in [&a, &b] {
        stand.put(order).await;
    }
    let buyer = buyer_of(&a, "2100-01-01T00:00:00Z".parse().unwrap());
    stand.app.store.put_buyer(&buyer, at(0)).await.unwrap();
    let plain = stand.get("/orders?include=items").await.is(200);
    let row = &plain["orders"][0];
    assert_eq!(row["items"][0]["open_quantity"], 2, "{row}");
    assert!(row.get("recipient").is_none());

    let refused = stand.get("/orders?include=items,recipient").await;
    refused.problem(403, "missing-scope");
    let packer = || Some(Caller::new(tenant(), &[Scope::Desk, Scope::Buyer]));
    let path = "/orders?include=items,recipient";
    let page = stand.send_as(packer(), "GET", path, None).await.is(200);
    let name = &page["orders"][0]["recipient"]["deliveryAddress"]["name"];
    assert_eq!(name, "Testina Buyerova");
    assert_eq!(page["orders"][1]["recipient"], Value::Null, "there is none");
    assert!(
        page["orders"][1]
            .as_object()
            .unwrap()
            .contains_key("recipient")
    );
    let other = Caller::new("south".parse().unwrap(), &[Scope::Desk, Scope::Buyer]);
    let page = stand.send_as(Some(other), "GET", path, None).await.is(200);
    assert!(ids(&page).is_empty());
}

#[tokio::test]
async fn a_pick_list_has_a_row_for_each_open_line_and_no_formula() {
    let stand = Stand::new().await;
    let (mut order, mut other) = (ready("a", 1), ready("b", 2));
    order.order.items = vec![
        line("L1", "TEA", 1, 0),
        line("L2", "=cmd()", 3, 1),
        line("L3", "GONE", 2, 2),
    ];
    other.order.items = vec![line("M1", "TEA", 1, 0)];
    for order in [&order, &other, &waiting("w", 0)] {
        stand.put(order).await;
    }
    let answer = stand.get("/orders/pick-list?limit=1").await;
    let text = answer.text.clone();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("ship_by,status,connection,order_id,service"),
        "{text}"
    );
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[2].contains(",L2,'=cmd(),") && lines[2].ends_with(",2"),
        "{text}"
    );
    let link = answer.headers["link"].to_str().unwrap().to_owned();
    assert!(
        link.starts_with("</orders/pick-list?limit=1&after=") && link.ends_with("rel=\"next\"")
    );
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let answer = stand.get(next).await;
    assert!(answer.text.contains(",b,DPD/next-day,"), "{}", answer.text);
    assert!(answer.headers.get("link").is_none());
    stand
        .get("/orders/pick-list?include=recipient")
        .await
        .problem(422, "invalid-request");
}
