use super::*;
use rust_decimal::Decimal;
use stallkeeper::domain::order::{Money, OrderItem};

#[tokio::test]
async fn an_order_is_shown_whole_with_its_history_and_without_its_buyer() {
    let stand = Stand::new().await;
    let mut order = waiting("026-1", 1);
    order.order.total = Some(Money {
        amount: Decimal::new(1990, 2),
        currency: "GBP".into(),
    });
    order.order.items = vec![OrderItem {
        id: "1".into(),
        sku: Some("MUG#1".into()),
        asin: None,
        title: Some("A mug".into()),
        quantity: 2,
        quantity_fulfilled: 0,
        quantity_unfulfilled: None,
        unit_price: None,
        proceeds: None,
        constraints: vec!["signatureConfirmation".into()],
        cancel_requested: false,
        cancel_reason: None,
        cancelled_by: None,
        programs: Vec::new(),
    }];
    stand.put(&order).await;
    stand
        .app
        .store
        .put_buyer(&buyer_of(&order, Timestamp::MAX), at(0))
        .await
        .unwrap();
    stand.change(&order, |order| order.content_hash = 2).await;

    let answer = stand.get("/orders/C1/026-1").await;
    assert!(!answer.text.contains("Testina") && !answer.text.contains("Nowhere"));
    let shown = answer.is(200);
    assert_eq!(shown["status"], "pending_review");
    assert_eq!(shown["revision"], 2);
    assert_eq!(shown["amazon"]["marketplace"], "UK");
    assert_eq!(
        shown["amazon"]["total"],
        json!({"amount": "19.90", "currency": "GBP"})
    );
    assert_eq!(shown["amazon"]["items"][0]["sku"], "MUG#1");
    assert_eq!(shown["decision"]["term"], "STD UK DOM");
    assert_eq!(shown["decision"]["reason"], "no_mapping");
    assert_eq!(shown["decision"]["candidates"], json!(["DPD/next-day"]));
    assert!(
        !shown["decision"]["explanation"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let history: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["revision"], &entry["kind"]))
        .collect();
    assert_eq!(
        history,
        [
            (&json!(1), &json!("imported")),
            (&json!(2), &json!("changed"))
        ]
    );
    stand
        .get("/orders/C1/026-2")
        .await
        .problem(404, "not-found");
    stand
        .get(&format!("/orders/C1/{}", "x".repeat(65)))
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn buyer_data_needs_its_scope_and_is_not_to_be_stored() {
    let stand = Stand::new().await;
    let order = waiting("026-1", 1);
    stand.put(&order).await;
    stand
        .app
        .store
        .put_buyer(&buyer_of(&order, Timestamp::MAX), at(0))
        .await
        .unwrap();
    let path = "/orders/C1/026-1/buyer";
    let refused = stand.get(path).await;
    assert!(!refused.text.contains("Testina"));
    refused.problem(403, "missing-scope");
    let only_buyer = Caller::new(tenant(), &[Scope::Buyer]);
    stand
        .send_as(Some(only_buyer), "GET", path, None)
        .await
        .problem(403, "missing-scope");

    let both = Caller::new(tenant(), &[Scope::Desk, Scope::Buyer]);
    let answer = stand.send_as(Some(both), "GET", path, None).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let shown = answer.is(200);
    assert_eq!(shown["order_id"], "026-1");
    assert_eq!(
        shown["buyer"]["recipient"]["deliveryAddress"]["name"],
        "Testina Buyerova"
    );
}

#[tokio::test]
async fn buyer_data_that_has_expired_does_not_exist() {
    let stand = Stand::new().await;
    let order = waiting("026-1", 1);
    stand.put(&order).await;
    let both = || Some(Caller::new(tenant(), &[Scope::Desk, Scope::Buyer]));
    stand
        .send_as(both(), "GET", "/orders/C1/026-1/buyer", None)
        .await
        .problem(404, "no-buyer-data");
    let expired = buyer_of(&order, Timestamp::from_second(1_500_000_000).unwrap());
    stand.app.store.put_buyer(&expired, at(0)).await.unwrap();
    stand
        .send_as(both(), "GET", "/orders/C1/026-1/buyer", None)
        .await
        .problem(404, "no-buyer-data");
}

#[tokio::test]
async fn what_is_not_served_is_told_as_a_problem() {
    let stand = Stand::new().await;
    for path in ["/", "/order", "/orders/C1/026-1/buyer/name"] {
        stand.get(path).await.problem(404, "no-such-route");
    }
    stand
        .send("DELETE", "/orders", None)
        .await
        .problem(405, "no-such-method");
    stand
        .send("GET", "/orders/C1/026-1/courier", None)
        .await
        .problem(405, "no-such-method");
}

#[test]
fn the_document_has_every_route() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let found: Vec<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{method} {path}"))
        })
        .collect();
    let expected = [
        "post /dispatches",
        "put /orders/{connection}/{order}/dispatches/{parcel}",
        "get /orders",
        "get /orders/pick-list",
        "get /orders/{connection}/{order}",
        "get /orders/{connection}/{order}/buyer",
        "delete /orders/{connection}/{order}/buyer",
        "post /orders/{connection}/{order}/courier",
        "post /orders/{connection}/{order}/hold",
        "post /orders/{connection}/{order}/release",
        "post /orders/{connection}/{order}/cancel",
        "put /orders/{connection}/{order}/cancel-request",
        "post /orders/acknowledge",
        "post /orders/give-back",
        "post /orders/courier",
        "post /orders/hold",
        "post /orders/release",
        "get /operator/orders",
        "get /operator/events",
        "get /events",
        "post /operator/orders/release",
        "post /orders/take-over",
        "post /orders/search",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for route in expected {
        assert!(found.iter().any(|found| found == route), "{route}");
    }
}

/// The document is merged with other functions': what is called `Page` or `Row` here may be something else there.
#[test]
fn the_documents_schemas_have_names_of_their_own() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<&str> = schemas.keys().map(String::as_str).collect();
    for general in [
        "Page", "Row", "Line", "Word", "Outcome", "Choice", "Named", "Buyer", "Current",
    ] {
        assert!(!names.contains(&general), "{names:?}");
    }
    for ours in [
        "OrderList",
        "WholeOrder",
        "OrderItem",
        "OrderResult",
        "Problem",
    ] {
        assert!(names.contains(&ours), "{names:?}");
    }
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(names.contains(&name), "`{name}` is named and not described");
    }
}
