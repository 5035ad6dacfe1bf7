//! Whoever runs the deployment sees every tenant's connections and events, and has orders read again.

use crate::stack::shop::Shop;
use crate::stack::tenant::Tenant;
use crate::stack::{STAFF, until};
use crate::world::amazon::{order, order_id};
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;

/// The row of a shop in the operator's list.
async fn row_of(house: &Tenant, shop: &Shop) -> Value {
    let path = format!("/operator/connections?tenant={}", shop.tenant.id);
    let page = house.get(&path).await.is(200);
    let rows = page["connections"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{page}");
    rows[0].clone()
}

#[tokio::test]
async fn an_operator_sees_how_far_a_shops_orders_are_read_what_happened_and_has_them_read_again() {
    let (shop, house) = tokio::join!(Shop::connect(&[Uk], STAFF), Tenant::new("operator"));
    let row = row_of(&house, &shop).await;
    assert_eq!(
        (&row["id"], &row["status"]),
        (&json!(shop.connection), &json!("inactive"))
    );
    assert!(row["next_step"]["text"].is_string(), "{row}");
    shop.switch_on("UK").await;
    shop.seller.add(vec![order(1, json!({}))]).await;
    shop.set_status("active").await;
    shop.has_orders("pending_review", 1).await;

    let row = until("the sweep is seen to have ended", async || {
        let row = row_of(&house, &shop).await;
        row["cursor"]["last_success_at"].is_string().then_some(row)
    })
    .await;
    assert_eq!(
        (&row["status"], &row["orders"]),
        (&json!("active"), &json!("live"))
    );
    assert!(
        row["cursor"]["age_seconds"].is_u64() && row["cursor"]["failing"].is_null(),
        "{row}"
    );
    assert_eq!(row["marketplaces_on"], json!(["UK"]));

    let refetch = format!(
        "/operator/connections/{}{}",
        shop.tenant.id,
        shop.path("/orders/refetch")
            .trim_start_matches("/connections")
    );
    let since = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let body = json!({"since": since.to_string(), "reason": "a journey"});
    house.post(&refetch, body).await.is(202);

    let mut after = String::new();
    until("the tenant among all tenants", async || {
        let page = house
            .get(&format!("/operator/tenants?limit=100{after}"))
            .await
            .is(200);
        after = page["next"]
            .as_str()
            .map_or_else(String::new, |next| format!("&after={next}"));
        let tenants = page["tenants"].as_array().unwrap();
        let found = tenants
            .iter()
            .find(|row| row["tenant"] == shop.tenant.id.as_str());
        found.map(|row| {
            assert_eq!(
                row["by_status"],
                json!([{"status": "active", "connections": 1}])
            )
        })
    })
    .await;

    let mut after = String::new();
    until("its order among the events of all tenants", async || {
        let page = house
            .get(&format!("/operator/events?limit=100{after}"))
            .await
            .is(200);
        if let Some(next) = page["next"].as_str() {
            after = format!("&after={next}");
        }
        let events = page["events"].as_array().unwrap();
        let is_ours = |event: &&Value| {
            let detail = &event["detail"];
            event["type"] == "order.imported"
                && detail["tenant"] == shop.tenant.id.as_str()
                && detail["order_id"] == order_id(1).as_str()
        };
        events.iter().find(is_ours).map(|_| ())
    })
    .await;
}
