//! Orders that may come too late.

use super::*;

/// An order that is to be shipped so many hours from now.
fn in_hours(id: &str, status: OrderStatus, hours: i64) -> StoredOrder {
    let mut order = ready(id, 0);
    order.status = status;
    order.order.ship_by = Some(Timestamp::now() + SignedDuration::from_hours(hours));
    order
}

#[tokio::test]
async fn what_amazon_cancels_within_two_days_is_listed_and_every_order_shows_when_that_is() {
    let stand = Stand::new().await;
    let days = |days: i64| 24 * days;
    let orders = [
        in_hours("soon", OrderStatus::Acknowledged, -days(5) - 1),
        in_hours("late", OrderStatus::Ready, -days(4)),
        in_hours("in time", OrderStatus::Ready, 20),
        in_hours("unconfirmed", OrderStatus::Dispatched, -days(6)),
    ];
    for order in &orders {
        stand.put(order).await;
    }
    let ids = async |path: &str| {
        let page = stand.get(path).await.is(200);
        let orders = page["orders"].as_array().unwrap().clone();
        let id = |order: Value| order["order_id"].as_str().unwrap().to_owned();
        orders.into_iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids("/orders?auto_cancel_soon=true").await, ["soon"]);
    let at_risk = ids("/orders?at_risk=true&sort=ship_by").await;
    assert_eq!(at_risk, ["soon", "late"]);
    for order in &orders {
        let week = SignedDuration::from_hours(days(7));
        let expected = json!(order.order.ship_by.unwrap() + week);
        let id = url::form_urlencoded::byte_serialize(order.order.id.as_str().as_bytes());
        let id: String = id.collect();
        let path = format!("/orders/C1/{}", id.replace('+', "%20"));
        let shown = stand.get(&path).await.is(200);
        assert_eq!(shown["amazon"]["auto_cancel_at"], expected, "{id}");
        let status = order.status.as_str();
        let page = stand.get(&format!("/orders?status={status}")).await.is(200);
        let rows = page["orders"].as_array().unwrap();
        let of_id = |row: &&Value| row["order_id"] == order.order.id.as_str();
        let row = rows.iter().find(of_id).unwrap();
        assert_eq!(row["auto_cancel_at"], expected, "{id}");
    }
    let mut shipped = in_hours("shipped", OrderStatus::Dispatched, -1);
    shipped.order.amazon_status = Some(stallkeeper::domain::order::AmazonStatus::Shipped);
    stand.put(&shipped).await;
    let shown = stand.get("/orders/C1/shipped").await.is(200);
    assert_eq!(shown["amazon"]["auto_cancel_at"], Value::Null);
    let operator = Caller::new("house".parse().unwrap(), &[Scope::Operator]);
    let path = "/operator/orders?auto_cancel_soon=true";
    let page = stand
        .send_as(Some(operator), "GET", path, None)
        .await
        .is(200);
    assert_eq!(page["orders"][0]["order_id"], "soon");
    assert!(page["orders"][0]["auto_cancel_at"].is_string());
    assert_eq!(page["orders"][0]["tenant"], "north");
}
