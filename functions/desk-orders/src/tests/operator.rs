//! The desk over all tenants.

use super::*;

fn of(tenant: &str, mut order: StoredOrder) -> StoredOrder {
    order.tenant = tenant.parse().unwrap();
    order.connection = format!("C-{tenant}").parse().unwrap();
    order
}

async fn ask(stand: &Stand, method: &str, path: &str, body: Option<Value>) -> Answer {
    let operator = Caller::new("house".parse().unwrap(), &[Scope::Operator]);
    stand.send_as(Some(operator), method, path, body).await
}

fn found(page: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let orders = page["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|row| (text(row, "tenant"), text(row, "order_id")))
        .collect()
}

#[tokio::test]
async fn open_orders_of_all_tenants_are_listed_the_most_urgent_of_all_first() {
    let stand = Stand::new().await;
    let tenants = ["north", "south", "west"];
    let mut expected = Vec::new();
    for hour in 0..45_i64 {
        let tenant = tenants[hour as usize % 3];
        let id = format!("o{hour:02}");
        stand.put(&of(tenant, ready(&id, hour))).await;
        expected.push((tenant.to_owned(), id));
    }
    let mut gone = of("north", ready("gone", 0));
    gone.status = OrderStatus::Dispatched;
    let mut fba = of("north", ready("fba", 0));
    fba.status = OrderStatus::Acknowledged;
    fba.order.fulfilled_by = Some(stallkeeper::domain::order::FulfilledBy::Amazon);
    stand.put(&gone).await;
    stand.put(&fba).await;
    for limit in [7, 20, 100] {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/operator/orders?limit={limit}&after={after}");
            let page = ask(&stand, "GET", &path, None).await.is(200);
            all.extend(found(&page));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = next.to_owned();
        }
        assert_eq!(all, expected, "{limit}");
    }
    let page = ask(
        &stand,
        "GET",
        "/operator/orders?tenant=west&courier=DPD&limit=3",
        None,
    )
    .await;
    let page = page.is(200);
    assert_eq!(found(&page)[0], ("west".to_owned(), "o02".to_owned()));
    assert!(found(&page).iter().all(|(tenant, _)| tenant == "west"));
    let page = ask(
        &stand,
        "GET",
        "/operator/orders?status=pending_review",
        None,
    )
    .await
    .is(200);
    assert!(found(&page).is_empty());
}

#[tokio::test]
async fn what_leaves_the_desk_leaves_the_list() {
    let stand = Stand::new().await;
    let order = of("north", ready("a", 1));
    stand.put(&order).await;
    stand
        .change(&order, |order| order.status = OrderStatus::Dispatched)
        .await;
    let page = ask(&stand, "GET", "/operator/orders", None).await.is(200);
    assert!(found(&page).is_empty());
}

#[tokio::test]
async fn an_operator_releases_orders_of_any_tenant_and_nobody_else_does() {
    let stand = Stand::new().await;
    let mut held = of("south", ready("a", 1));
    held.decision.by_person = true;
    stand.put_couriers().await;
    stand.put(&held).await;
    let south = || Some(Caller::new("south".parse().unwrap(), &[Scope::Desk]));
    let hold = json!({"orders": [{"connection": "C-south", "id": "a"}], "reason": "counting"});
    stand
        .send_as(south(), "POST", "/orders/hold", Some(hold))
        .await
        .is(200);
    let body = |tenant: &str| {
        let order = json!({"tenant": tenant, "connection": "C-south", "id": "a"});
        Some(json!({"orders": [order], "reason": "the count is done"}))
    };
    let path = "/operator/orders/release";
    let refused = stand.send_as(south(), "POST", path, body("south")).await;
    refused.problem(403, "missing-scope");
    let refused = stand
        .send_as(south(), "GET", "/operator/orders", None)
        .await;
    refused.problem(403, "missing-scope");
    let log = kit::Log::start();
    let answer = ask(&stand, "POST", path, body("north")).await.is(200);
    assert_eq!(
        answer["orders"][0]["outcome"], "not_found",
        "it is another tenant's"
    );
    let answer = ask(&stand, "POST", path, body("south")).await.is(200);
    assert_eq!(answer["orders"][0]["outcome"], "released");
    let recorded = log.audit();
    let of = |record: &Value| (record["audit"].clone(), record["tenant.id"].clone());
    let (allowed, released) = (json!("operator_allowed"), json!("order_released"));
    let expected = [
        (allowed.clone(), json!("*")),
        (released.clone(), json!("north")),
        (allowed, json!("*")),
        (released, json!("south")),
    ];
    assert_eq!(recorded.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(recorded[3]["reason"], "the count is done");
    let order = stand
        .send_as(south(), "GET", "/orders/C-south/a", None)
        .await
        .is(200);
    let note = order["history"][2]["note"].as_str().unwrap();
    assert!(
        note.contains("operator") && note.contains("the count is done"),
        "{note}"
    );
}

#[tokio::test]
async fn an_operators_release_is_refused_whole_before_anything_of_it_is_recorded() {
    let stand = Stand::new().await;
    let log = kit::Log::start();
    let order = |id: &str| json!({"tenant": "south", "connection": "C-south", "id": id});
    let many: Vec<Value> = (0..101).map(|n| order(&n.to_string())).collect();
    for (orders, place) in [
        (json!([]), "/orders"),
        (json!(many), "/orders"),
        (json!([order("a"), order("a\nb")]), "/orders/1/id"),
    ] {
        let body = json!({"orders": orders, "reason": "counted"});
        let path = "/operator/orders/release";
        let told = ask(&stand, "POST", path, Some(body)).await;
        let problem = told.problem(422, "invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], place);
        let recorded = log.audit();
        assert_eq!(recorded.len(), 1, "that it was asked for: {recorded:?}");
    }
    let path = "/operator/orders?tenant=west";
    ask(&stand, "GET", path, None).await.is(200);
    assert_eq!(log.audit()[0]["tenant.id"], "west");
}
