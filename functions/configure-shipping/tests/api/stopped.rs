//! A table of mappings whose request is stopped at any call, and sent again as it was.

use crate::world::World;
use kit::Side;
use serde_json::{Value, json};
use stallkeeper::domain::courier::MappingOwner;
use std::collections::BTreeSet;

/// A tenant of its own with two connections and one mapping, at revision 1.
async fn mapped_once(world: &World, tenant: &str) {
    for connection in ["A", "B"] {
        let id = format!("{tenant}-{connection}");
        world.connect(tenant, &id).await;
    }
    let courier = json!({"name": "DPD", "services": [{"code": "next-day"}, {"code": "two-day"}]});
    world
        .ask(tenant, "PUT", "/couriers/DPD", courier)
        .await
        .is(200);
    let rows = json!([{"term": "UK NEXT", "service": "DPD/two-day"}]);
    world.ask(tenant, "POST", "/mappings", rows).await.is(200);
    world.queued();
}

async fn mapped(world: &World, tenant: &str) -> Vec<String> {
    let owner = MappingOwner::Tenant(tenant.parse().unwrap());
    let mappings = world.database.store.mappings(&owner).await.unwrap();
    let words = mappings
        .iter()
        .map(|it| format!("{} {}", it.term, it.service));
    words.collect()
}

#[tokio::test]
async fn a_table_stopped_at_any_call_is_sent_again_with_its_revision_and_ends_as_if_it_had_not_been()
 {
    let world = World::new().await;
    // The old rate maps a term that the row does not begin with.
    let rows =
        json!([{"term": "Std UK Dom_1", "tied_to": "STD UK DOM", "service": "DPD/next-day"}]);
    let path = "/mappings?replace=true&revision=1";
    let mut stops = 0;
    for side in [Side::Before, Side::After] {
        for n in 1.. {
            let tenant = format!("t{side:?}{n}");
            mapped_once(&world, &tenant).await;
            world.calls.stop_at(n, side);
            let first = world.ask(&tenant, "POST", path, rows.clone()).await;
            if !world.calls.go_on() {
                first.is(200);
                break;
            }
            stops += 1;
            assert!(first.status.is_server_error(), "{side:?} {n}");
            world.queued();
            let again = world.ask(&tenant, "POST", path, rows.clone()).await;
            assert_eq!(again.is(200)["applied"], true, "{side:?} {n}");
            assert_eq!(mapped(&world, &tenant).await, ["STD UK DOM DPD/next-day"]);
            // One that was on its way at the stop may come late.
            let woken = world.queued().into_iter();
            let of_term = woken.filter(|(message, _)| message["term"] == "STD UK DOM");
            let whom = of_term.map(|(message, delay)| (message["connection"].to_string(), delay));
            let whom: BTreeSet<_> = whom.collect();
            assert_eq!(whom.len(), 4, "both connections, now and later: {whom:?}");
            let list = world.ask(&tenant, "GET", "/mappings", Value::Null).await;
            assert_eq!(list.is(200)["revision"], 2, "it is one write");
        }
    }
    assert!(stops >= 2 * 8, "the request was {stops} calls only");
}

#[tokio::test]
async fn a_table_that_changes_something_is_refused_if_the_mappings_are_of_another_revision() {
    let world = World::new().await;
    mapped_once(&world, "north").await;
    let rows = json!([{"term": "UK NEXT", "service": "DPD/next-day"}]);
    let path = "/mappings?revision=0";
    let told = world.ask("north", "POST", path, rows).await;
    assert_eq!(told.problem_kind(409), "changed-meanwhile");
    assert_eq!(mapped(&world, "north").await, ["UK NEXT DPD/two-day"]);
    assert!(world.queued().is_empty());
}

#[tokio::test]
async fn a_table_that_says_nothing_of_the_tenant_replaces_nothing() {
    let world = World::new().await;
    mapped_once(&world, "north").await;
    let others = "Source,Client,Courier Service,Name\nAmazon,South,Yodel,UK Next\nShopify,ALL,Yodel,Standard\n";
    for (query, csv) in [
        ("", "term,service\n"),
        ("&dry_run=true", "term,service\n"),
        ("&client=north", others),
    ] {
        let path = format!("/mappings?replace=true{query}");
        let told = world.send_csv("north", &path, csv).await;
        let problem = told.problem(422, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], "replace", "{query}");
    }
    let path = "/mappings?replace=true";
    let told = world.ask("north", "POST", path, json!([])).await;
    told.problem(422, "invalid-request");
    let wrong = "term,service\nStandard,DPD/two-day\n";
    let told = world.send_csv("north", path, wrong).await;
    let problem = told.problem(422, "invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/0/term", "what is wrong");
    assert_eq!(mapped(&world, "north").await, ["UK NEXT DPD/two-day"]);
    let told = world.send_csv("north", "/mappings?client=north", others);
    assert_eq!(told.await.is(200)["skipped"], 2, "it removes nothing");
}
