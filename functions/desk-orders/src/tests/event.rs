use super::*;

/// The sample event as Lambda's runtime hands it to the router.
fn sample() -> Request<Body> {
    let event = include_str!("../../../../events/desk-orders.json");
    let (parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
    Request::from_parts(parts, Body::from(body.to_vec()))
}

#[tokio::test]
async fn the_sample_event_lists_what_waits_in_the_uk() {
    let stand = Stand::new().await;
    let mut order = waiting("026-1", 1);
    order.tenant = "demo".parse().unwrap();
    stand.put(&order).await;
    stand.put(&waiting("another-tenants", 1)).await;
    let page = answered(stand.router.clone(), sample()).await.ok();
    assert_eq!(page["orders"].as_array().unwrap().len(), 1);
    assert_eq!(page["orders"][0]["order_id"], "026-1");
    assert_eq!(page["orders"][0]["status"], "pending_review");
}

#[tokio::test]
async fn the_claim_that_names_the_tenant_is_the_deployments() {
    let stand = Stand::new().await;
    let app = App {
        store: stand.app.store.clone(),
        tenant_claim: "organisation".to_owned(),
    };
    answered(router(Arc::new(app)), sample())
        .await
        .problem(401, "no-tenant");
}
