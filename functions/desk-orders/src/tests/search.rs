//! Orders by what a person has in hand: an order id, a SKU, the postcode on a parcel.

use super::*;
use stallkeeper::store::PostcodeEntry;

fn ids(page: &Value) -> Vec<&str> {
    let orders = page["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["order_id"].as_str().unwrap())
        .collect()
}

/// A connection of a tenant.
async fn connect(stand: &Stand, tenant: &str, id: &str) {
    let connection = kit::sample::connection(tenant, id);
    let written = stand.app.store.create_connection(&connection).await;
    assert_eq!(written.unwrap(), Written::Done);
}

fn of(tenant: &str, connection: &str, mut order: StoredOrder) -> StoredOrder {
    order.tenant = tenant.parse().unwrap();
    order.connection = connection.parse().unwrap();
    order
}

fn with_skus(mut order: StoredOrder, skus: &[&str]) -> StoredOrder {
    let lines = skus.iter().enumerate();
    order.order.items = lines
        .map(|(n, sku)| line(&format!("L{n}"), sku, 1, 0))
        .collect();
    order
}

#[tokio::test]
async fn an_order_is_found_by_its_id_whatever_its_connection_and_status_and_by_its_tenant_alone() {
    let stand = Stand::new().await;
    for (tenant, id) in [("north", "C1"), ("north", "C2"), ("south", "C3")] {
        connect(&stand, tenant, id).await;
    }
    let mut gone = ready("026-1", 1);
    gone.status = OrderStatus::Dispatched;
    stand.put(&of("north", "C2", gone)).await;
    stand.put(&of("south", "C3", ready("026-2", 1))).await;
    let find = async |query: &str| stand.get(&format!("/orders?{query}")).await.is(200);
    let found = find("order_id=026-1&include=items").await;
    assert_eq!(ids(&found), ["026-1"]);
    let order = &found["orders"][0];
    assert_eq!(
        (&order["connection"], &order["status"]),
        (&json!("C2"), &json!("dispatched"))
    );
    assert!(order["items"].is_array());
    assert_eq!(found["next"], Value::Null);
    assert_eq!(ids(&find("order_id=026-1&connection=C2").await), ["026-1"]);
    for nothing in [
        "order_id=026-1&connection=C1",
        "order_id=026-2",
        "order_id=026-2&connection=C3",
        "order_id=026-3",
    ] {
        assert!(ids(&find(nothing).await).is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn orders_are_found_by_a_sku_to_the_letter_together_with_every_other_filter() {
    let stand = Stand::new().await;
    let orders = [
        with_skus(waiting("o1", 3), &["TEA", "CUP #1"]),
        with_skus(ready("o2", 1), &["TEA", "TEA"]),
        with_skus(ready("o3", 2), &["TEA-12"]),
        with_skus(ready("o4", 2), &["tea"]),
        with_skus(ready("o5", 2), &[]),
    ];
    for order in &orders {
        stand.put(order).await;
    }
    let find = async |query: &str| stand.get(&format!("/orders?{query}")).await.is(200);
    assert_eq!(ids(&find("sku=TEA").await), ["o1", "o2"]);
    assert_eq!(ids(&find("sku=TEA&sort=ship_by").await), ["o2", "o1"]);
    assert_eq!(ids(&find("sku=TEA&status=ready").await), ["o2"]);
    assert_eq!(ids(&find("sku=CUP%20%231").await), ["o1"]);
    assert!(ids(&find("sku=TE").await).is_empty());
    let changed = stand
        .change(&orders[0], |order| order.order.items.truncate(0))
        .await;
    assert!(changed.order.items.is_empty());
    assert_eq!(ids(&find("sku=TEA").await), ["o2"], "its lines changed");
}

#[tokio::test]
async fn an_operator_finds_open_orders_of_all_tenants_by_id_and_by_sku() {
    let stand = Stand::new().await;
    stand
        .put(&of("north", "C1", with_skus(ready("o1", 1), &["TEA"])))
        .await;
    stand
        .put(&of("south", "C2", with_skus(ready("o2", 2), &["TEA"])))
        .await;
    stand
        .put(&of("south", "C2", with_skus(ready("o3", 3), &["CUP"])))
        .await;
    let find = async |query: &str| {
        let operator = Caller::new("house".parse().unwrap(), &[Scope::Operator]);
        let path = format!("/operator/orders?{query}");
        stand
            .send_as(Some(operator), "GET", &path, None)
            .await
            .is(200)
    };
    assert_eq!(ids(&find("sku=TEA").await), ["o1", "o2"]);
    assert_eq!(ids(&find("order_id=o3").await), ["o3"]);
    assert!(ids(&find("order_id=o3&tenant=north").await).is_empty());
}

/// Stores an order with a buyer at a postcode, as `remap-carriers` does.
async fn put_at(stand: &Stand, order: &StoredOrder, postcode: &str, expires_at: Timestamp) {
    stand.put(order).await;
    let (vault, store) = (&stand.app.vault, &stand.app.store);
    let key = vault.made_postcode_key(store, &order.tenant).await.unwrap();
    let mut buyer = buyer_of(order, expires_at);
    buyer.postcode = Some(PostcodeEntry {
        digest: key.digest(&postcode.parse().unwrap()),
        ordered_at: order.order.created_at,
    });
    store.put_buyer(&buyer, at(0)).await.unwrap();
}

async fn search_as(stand: &Stand, tenant: &str, body: Value) -> Answer {
    let caller = Caller::new(tenant.parse().unwrap(), &[Scope::Desk, Scope::Buyer]);
    stand
        .send_as(Some(caller), "POST", "/orders/search", Some(body))
        .await
}

#[tokio::test]
async fn orders_of_a_tenant_are_found_by_a_postcode_in_any_spelling_the_latest_first() {
    let stand = Stand::new().await;
    for hour in 0..5 {
        let mut order = of("north", "C1", ready(&format!("o{hour}"), 1));
        order.order.created_at = at(hour);
        put_at(&stand, &order, "SW1A 1AA", Timestamp::MAX).await;
    }
    put_at(&stand, &ready("other", 1), "SW1A 1AB", Timestamp::MAX).await;
    put_at(
        &stand,
        &of("south", "C3", ready("o9", 1)),
        "SW1A 1AA",
        Timestamp::MAX,
    )
    .await;
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let body = json!({"postcode": " sw1a1aa", "limit": 2, "after": after});
        let answer = search_as(&stand, "north", body).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        let page = answer.is(200);
        found.extend(ids(&page).into_iter().map(str::to_owned));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(found, ["o4", "o3", "o2", "o1", "o0"]);
    let first = search_as(&stand, "north", json!({"postcode": "SW1A 1AA", "limit": 2})).await;
    let next = &first.is(200)["next"];
    let body = json!({"postcode": "SW1A 1AB", "after": next});
    let answer = search_as(&stand, "north", body).await;
    answer.problem(422, "invalid-request");
    let south = search_as(&stand, "south", json!({"postcode": "SW1A-1AA"})).await;
    assert_eq!(ids(&south.is(200)), ["o9"]);
    let nobody = search_as(&stand, "west", json!({"postcode": "SW1A 1AA"})).await;
    assert!(ids(&nobody.is(200)).is_empty(), "it has no key yet");
}

#[tokio::test]
async fn what_was_erased_has_expired_or_was_corrected_is_not_found() {
    let stand = Stand::new().await;
    let ids_at = async |postcode: &str| {
        let page = search_as(&stand, "north", json!({"postcode": postcode})).await;
        let page = page.is(200);
        ids(&page)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    put_at(&stand, &ready("erased", 1), "10115", Timestamp::MAX).await;
    put_at(&stand, &ready("expired", 1), "10115", at(0)).await;
    put_at(&stand, &ready("kept", 1), "10115", Timestamp::MAX).await;
    let store = &stand.app.store;
    let erased = "erased".parse().unwrap();
    store
        .erase_buyer(&connection(), &erased, at(1))
        .await
        .unwrap();
    assert_eq!(ids_at("10115").await, ["kept"]);
    let items = stand._database.items("BuyersTable").await;
    let of_erased = items
        .iter()
        .find(|item| item["pk"].as_s().unwrap().contains("erased"));
    assert!(!of_erased.unwrap().contains_key("postcode_pk"));

    let key = stand
        .app
        .vault
        .postcode_key(store, &tenant())
        .await
        .unwrap()
        .unwrap();
    let order = ready("kept", 1);
    let mut corrected = buyer_of(&order, Timestamp::MAX);
    corrected.postcode = Some(PostcodeEntry {
        digest: key.digest(&"10117".parse().unwrap()),
        ordered_at: order.order.created_at,
    });
    store.put_buyer(&corrected, at(0)).await.unwrap();
    assert!(ids_at("10115").await.is_empty());
    assert_eq!(ids_at("10117").await, ["kept"]);
}

#[tokio::test]
async fn a_postcode_is_searched_by_those_alone_who_may_see_buyers_and_is_kept_nowhere() {
    let stand = Stand::new().await;
    put_at(&stand, &ready("o1", 1), "SW1A 1AA", Timestamp::MAX).await;
    let body = json!({"postcode": "SW1A 1AA"});
    let refused = stand.post("/orders/search", body.clone()).await;
    refused.problem(403, "missing-scope");
    for bad in ["", "-", "12345678901234567", "\u{7}1"] {
        let answer = search_as(&stand, "north", json!({"postcode": bad})).await;
        assert!(!answer.text.contains("123456"));
        answer.problem(422, "invalid-request");
    }
    let answer = search_as(
        &stand,
        "north",
        json!({"postcode": "SW1A 1AA", "after": "e30"}),
    )
    .await;
    answer.problem(422, "invalid-request");
    let answer = search_as(
        &stand,
        "north",
        json!({"postcode": "SW1A 1AA", "colour": 1}),
    )
    .await;
    assert!(answer.status.is_client_error());
    for table in ["ConnectionsTable", "OrdersTable", "BuyersTable"] {
        let text = stand._database.text(table).await;
        assert!(!text.contains("SW1A"), "{table}");
    }
}

#[tokio::test]
async fn two_that_make_a_tenants_key_at_once_both_get_the_one_that_is_kept() {
    let stand = Stand::new().await;
    let store = &stand.app.store;
    // Environments of their own: no two share what they know.
    let vaults = [(); 4].map(|()| stand.outside.clients(&Calls::default()).vault());
    let make = vaults.iter().map(|vault| {
        let north = tenant();
        async move { vault.made_postcode_key(store, &north).await.unwrap() }
    });
    let keys = futures::future::join_all(make).await;
    let postcode = "10115".parse().unwrap();
    let first = keys[0].digest(&postcode);
    assert!(keys.iter().all(|key| key.digest(&postcode) == first));
    let south = "south".parse().unwrap();
    let other = stand.app.vault.made_postcode_key(store, &south);
    assert_ne!(
        other.await.unwrap().digest(&postcode),
        first,
        "each tenant has its own"
    );
}
