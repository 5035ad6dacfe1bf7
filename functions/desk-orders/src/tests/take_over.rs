use super::*;
use stallkeeper::domain::courier::{Mapping, MappingOwner, Scope as MappingScope};
use stallkeeper::domain::order::AmazonStatus;

const PATH: &str = "/orders/take-over";

fn elsewhere(id: &str) -> StoredOrder {
    let mut order = ready(id, 1);
    order.status = OrderStatus::Elsewhere;
    order
}

fn named(ids: &[&str]) -> Value {
    let orders: Vec<Value> = ids
        .iter()
        .map(|id| json!({"connection": "C1", "id": id}))
        .collect();
    json!({"orders": orders})
}

async fn stand_with_mapping() -> Stand {
    let stand = Stand::new().await;
    stand.put_couriers().await;
    let mapping = Mapping {
        term: "STD UK DOM".parse().unwrap(),
        service: "DPD/two-day".parse().unwrap(),
        carries_prime: false,
        scope: MappingScope::Tenant,
    };
    let owner = MappingOwner::Tenant(tenant());
    stand.app.store.put_mapping(&owner, &mapping).await.unwrap();
    stand
}

#[tokio::test]
async fn what_is_elsewhere_is_listed_apart_and_cannot_be_acknowledged() {
    let stand = Stand::new().await;
    stand.put(&elsewhere("a")).await;
    let listed = |list: Value| list["orders"].as_array().unwrap().len();
    assert_eq!(
        listed(stand.get("/orders?status=elsewhere").await.is(200)),
        1
    );
    for path in ["/orders", "/orders?status=ready"] {
        assert_eq!(listed(stand.get(path).await.is(200)), 0, "{path}");
    }
    let answer = stand
        .post("/orders/acknowledge", named(&["a"]))
        .await
        .is(200);
    assert_eq!(answer["orders"][0]["outcome"], "not_ready");
    assert_eq!(answer["orders"][0]["status"], "elsewhere");
}

#[tokio::test]
async fn an_order_that_is_taken_over_goes_where_todays_rules_put_it() {
    let stand = stand_with_mapping().await;
    let (a, mut pending, mut missing) = (elsewhere("a"), elsewhere("b"), elsewhere("c"));
    pending.order.amazon_status = Some(AmazonStatus::Pending);
    missing.requirements.lines_missing = true;
    for order in [&a, &pending, &missing] {
        stand.put(order).await;
    }
    stand.put(&ready("ours", 1)).await;
    let answer = stand
        .post(PATH, named(&["a", "b", "c", "ours", "nowhere"]))
        .await
        .is(200);
    let rows: Vec<(&str, &str, &Value)> = answer["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["id"].as_str().unwrap(),
                row["outcome"].as_str().unwrap(),
                &row["status"],
            )
        })
        .collect();
    let status = |text: &str| json!(text);
    let expected = [
        ("a", "taken_over", &status("ready")),
        ("b", "taken_over", &status("awaiting_payment")),
        ("c", "taken_over", &status("pending_review")),
        ("ours", "not_elsewhere", &status("ready")),
        ("nowhere", "not_found", &Value::Null),
    ];
    assert_eq!(rows, expected);
    let order = stand.get("/orders/C1/a").await.is(200);
    assert_eq!(
        order["decision"]["service"], "DPD/two-day",
        "by today's mapping"
    );
    assert_eq!(order["history"][1]["kind"], "taken_over");
    let waiting = stand.get("/orders/C1/c").await.is(200);
    assert_eq!(waiting["decision"]["reason"], "lines_missing");

    let again = stand.post(PATH, named(&["a"])).await.is(200);
    assert_eq!(again["orders"][0]["outcome"], "not_elsewhere");
    let taken = stand
        .post("/orders/acknowledge", named(&["a"]))
        .await
        .is(200);
    assert_eq!(taken["orders"][0]["outcome"], "acknowledged");
    stand
        .post(PATH, json!({"orders": []}))
        .await
        .problem(422, "invalid-request");
}
