use super::*;

const SAMPLE: &str = include_str!("../../../../events/desk-orders.json");

#[tokio::test]
async fn the_sample_event_lists_what_waits_in_the_uk() {
    let stand = Stand::new().await;
    let mut order = waiting("026-1", 1);
    order.tenant = "demo".parse().unwrap();
    stand.put(&order).await;
    stand.put(&waiting("another-tenants", 1)).await;
    let page = Answer::to_event(stand.router.clone(), SAMPLE).await.is(200);
    assert_eq!(page["orders"].as_array().unwrap().len(), 1);
    assert_eq!(page["orders"][0]["order_id"], "026-1");
    assert_eq!(page["orders"][0]["status"], "pending_review");
}

#[tokio::test]
async fn the_claim_that_names_the_tenant_is_the_deployments() {
    let stand = Stand::new().await;
    let app = App {
        store: stand.app.store.clone(),
        vault: stand.app.vault.clone(),
        dispatches: stand.app.dispatches.clone(),
        cancellations: stand.app.cancellations.clone(),
        at_risk_before: SignedDuration::from_hours(12),
        tenant_claim: "organisation".to_owned(),
    };
    Answer::to_event(router(Arc::new(app)), SAMPLE)
        .await
        .problem(401, "no-tenant");
}
