//! `configure-shipping` and `remap-carriers` together, on the template's tables in an embedded DynamoDB, with a stand-in for SQS.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if something is not as it should be"
)]

mod world;

use kit::Side;
use serde_json::json;
use stallkeeper::domain::courier::{MappingOwner, Scope};
use std::time::Duration;
use world::World;

/// As Lambda gives it.
const A_MINUTE: Duration = Duration::from_secs(60);

/// North maps the term itself, south does not, and west has no such courier service.
async fn three_tenants() -> World {
    let world = World::new().await;
    for (tenant, services) in [
        ("north", &["next-day", "two-day"][..]),
        ("south", &["next-day", "two-day"]),
        ("west", &["next-day"]),
    ] {
        world.connect(tenant, services).await;
        world.waits(tenant, "1", "STD UK DOM").await;
        world.waits(tenant, "2", "UK NEXT").await;
    }
    let own = world::mapping("STD UK DOM", "DPD/next-day", Scope::Tenant);
    let north = MappingOwner::Tenant("north".parse().unwrap());
    world.store.put_mapping(&north, &own).await.unwrap();
    world
}

/// What each tenant's orders of `STD UK DOM` go with; nothing else may have changed.
async fn chosen(world: &World) -> Vec<(String, u64)> {
    let mut chosen = Vec::new();
    for tenant in ["north", "south", "west"] {
        let order = world.order(tenant, "1").await;
        let service = order.decision.service.map(|it| it.to_string());
        chosen.push((service.unwrap_or("waits".to_owned()), order.revision));
        assert_eq!(world.order(tenant, "2").await.revision, 1, "{tenant}");
    }
    chosen
}

fn all_decided() -> Vec<(String, u64)> {
    let rows = [("DPD/next-day", 2), ("DPD/two-day", 2), ("waits", 2)];
    rows.map(|(service, revision)| (service.to_owned(), revision))
        .into()
}

#[tokio::test]
async fn a_default_decides_what_waits_of_every_tenant_and_a_tenants_own_mapping_wins() {
    let world = three_tenants().await;
    world.put_default("STD UK DOM", "DPD/two-day").await.is(200);
    let messages = world.queued();
    let delays: Vec<i64> = messages.iter().map(|(_, delay)| *delay).collect();
    assert_eq!(delays, [0, 120], "at once and once more");
    for (message, _) in &messages {
        world.deliver(message, A_MINUTE).await;
        assert_eq!(chosen(&world).await, all_decided());
    }
    assert!(world.queued().is_empty());
}

#[tokio::test]
async fn a_table_of_defaults_looks_at_the_terms_that_it_names_alone() {
    let world = three_tenants().await;
    let rows = json!([
        {"term": "STD UK DOM", "service": "DPD/two-day"},
        {"term": "EXP UK DOM", "service": "DPD/two-day"},
    ]);
    world.import_defaults(rows).await.is(200);
    let (message, _) = world.queued().remove(0);
    assert_eq!(message["terms"], json!(["STD UK DOM", "EXP UK DOM"]));
    world.calls.take();
    world.deliver(&message, A_MINUTE).await;
    assert_eq!(chosen(&world).await, all_decided());
    let calls = world.calls.take();
    let pages = calls.iter().filter(|call| call.body.contains("\"open\""));
    assert_eq!(pages.count(), 16, "one page a shard");
    let written = calls.iter().filter(|call| call.writes_to("Orders"));
    assert_eq!(written.count(), 3, "of west's order what could carry it");
}

#[tokio::test]
async fn a_look_at_all_tenants_that_runs_out_of_time_goes_on_where_it_stopped() {
    let world = three_tenants().await;
    for number in 3..40 {
        world
            .waits("south", &number.to_string(), "STD UK DOM-PRIME")
            .await;
    }
    world.put_default("STD UK DOM", "DPD/two-day").await.is(200);
    let mut next = world.queued().remove(0).0;
    world.queued();
    let mut hops = 0;
    loop {
        world.deliver(&next, Duration::ZERO).await;
        let Some((message, delay)) = world.queued().pop() else {
            break;
        };
        hops += 1;
        assert_eq!((&message["hop"], delay), (&json!(hops), 0));
        next = message;
    }
    assert_eq!(hops, 15, "one shard each time");
    assert_eq!(chosen(&world).await, all_decided());
}

#[tokio::test]
async fn a_look_at_all_tenants_stopped_at_any_call_ends_as_if_it_had_not_been() {
    for side in [Side::Before, Side::After] {
        let mut n = 1;
        loop {
            let world = three_tenants().await;
            world.put_default("STD UK DOM", "DPD/two-day").await.is(200);
            let message = world.queued().remove(0).0;
            world.calls.stop_at(n, side);
            world.try_to_deliver(&message, A_MINUTE).await;
            let was_stopped = world.calls.go_on();
            world.deliver(&message, A_MINUTE).await;
            assert_eq!(chosen(&world).await, all_decided(), "{side:?} {n}");
            if !was_stopped {
                break;
            }
            n += 3;
        }
        assert!(n > 16, "the look was {n} calls only");
    }
}
