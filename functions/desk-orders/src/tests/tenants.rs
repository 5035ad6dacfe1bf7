use super::*;

/// Every route, with the ids of tenant `north`.
fn routes() -> Vec<(&'static str, &'static str, Option<Value>)> {
    vec![
        ("GET", "/orders", None),
        ("GET", "/orders?connection=C1", None),
        ("GET", "/orders/C1/026-1", None),
        ("GET", "/orders/C1/026-1/buyer", None),
        (
            "POST",
            "/orders/C1/026-1/courier",
            Some(json!({"service": "DPD/next-day"})),
        ),
        (
            "POST",
            "/orders/acknowledge",
            Some(json!({"orders": [{"connection": "C1", "id": "026-2"}]})),
        ),
    ]
}

#[tokio::test]
async fn another_tenants_orders_do_not_exist() {
    let stand = Stand::new().await;
    stand.put_couriers().await;
    for order in [waiting("026-1", 1), ready("026-2", 1)] {
        stand.put(&order).await;
        stand
            .app
            .store
            .put_buyer(&buyer_of(&order, Timestamp::MAX), at(0))
            .await
            .unwrap();
    }
    let south: TenantId = "south".parse().unwrap();
    for (method, path, body) in routes() {
        let caller = Caller::new(
            south.clone(),
            &[Scope::Desk, Scope::Buyer, Scope::Connections],
        );
        let answer = stand.send_as(Some(caller), method, path, body).await;
        match path {
            "/orders" | "/orders?connection=C1" => {
                assert_eq!(answer.is(200), json!({"orders": [], "next": null}))
            }
            "/orders/acknowledge" => {
                let answer = answer.is(200);
                assert_eq!(answer["orders"][0]["outcome"], "not_found");
                assert_eq!(answer["orders"][0]["status"], Value::Null);
            }
            "/orders/C1/026-1/buyer" => {
                answer.problem(404, "no-buyer-data");
            }
            _ => {
                answer.problem(404, "not-found");
            }
        }
    }
    let untouched = stand.get("/orders/C1/026-1").await.is(200);
    assert_eq!(
        (&untouched["status"], &untouched["revision"]),
        (&json!("pending_review"), &json!(1))
    );
    assert_eq!(
        stand.get("/orders/C1/026-2").await.is(200)["status"],
        "ready"
    );
}

#[tokio::test]
async fn every_route_needs_a_tenant_and_the_scope() {
    let stand = Stand::new().await;
    for (method, path, body) in routes() {
        let nobody = stand.send_as(None, method, path, body.clone()).await;
        nobody.problem(401, "no-tenant");
        let caller = Caller::new(tenant(), &[Scope::Connections, Scope::Buyer]);
        let without = stand.send_as(Some(caller), method, path, body).await;
        without.problem(403, "missing-scope");
    }
}
