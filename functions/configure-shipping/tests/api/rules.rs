//! Couriers and mappings, and the work they queue for orders that wait.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::courier::{Courier, Mapping, MappingOwner};
use stallkeeper::store::{Permit, RevisedMappings, Written};

fn rerun(id: &str, term: Value) -> Value {
    json!({"v": 1, "kind": "rerun", "tenant": "north", "connection": id, "term": term, "after": null, "hop": 0})
}

#[tokio::test]
async fn a_mapping_looks_again_at_what_waits_at_once_and_later() {
    let world = World::new().await;
    let (one, two) = ("C1", "C2");
    for (tenant, id) in [("north", one), ("north", two), ("south", "C3")] {
        world.connect(tenant, id).await;
    }
    world
        .dpd(json!([{"code": "next-day", "prime": true}]))
        .await
        .is(200);
    assert_eq!(
        world.queued().len(),
        4,
        "each connection, at once and later"
    );

    let put = world
        .ask(
            "north",
            "PUT",
            "/mappings?term=Std%20uk%20Dom",
            json!({"service": "DPD/next-day", "carries_prime": true}),
        )
        .await
        .is(200);
    assert_eq!(
        put,
        json!({"term": "STD UK DOM", "service": "DPD/next-day", "carries_prime": true, "scope": "tenant"})
    );
    let mut sent = world.queued();
    sent.sort_by_key(|(message, delay)| (message["connection"].to_string(), *delay));
    let mut expected: Vec<(Value, i64)> = [one, two]
        .into_iter()
        .flat_map(|id| [0, 120].map(|delay| (rerun(id, json!("STD UK DOM")), delay)))
        .collect();
    expected.sort_by_key(|(message, delay)| (message["connection"].to_string(), *delay));
    assert_eq!(sent, expected);

    let narrowed = format!("/mappings?term=STD+UK+DOM&connection={one}");
    let put = world
        .ask(
            "north",
            "PUT",
            &narrowed,
            json!({"service": "DPD/next-day"}),
        )
        .await
        .is(200);
    assert_eq!(
        (&put["connection"], &put["carries_prime"]),
        (&json!(one), &json!(false))
    );
    assert_eq!(
        world.queued().len(),
        2,
        "only the connection it is narrowed to"
    );
    let list = world
        .ask("north", "GET", "/mappings", Value::Null)
        .await
        .is(200);
    assert_eq!(list["mappings"].as_array().unwrap().len(), 1);
    let list = world
        .ask(
            "north",
            "GET",
            &format!("/mappings?connection={one}&term=std%20uk%20dom"),
            Value::Null,
        )
        .await
        .is(200);
    assert_eq!(list["mappings"][0]["connection"], json!(one));
    world
        .ask("north", "DELETE", &narrowed, Value::Null)
        .await
        .is(204);
    world
        .ask("north", "DELETE", &narrowed, Value::Null)
        .await
        .is(204);
    for (query, service) in [
        ("term=STD%20UK%20DOM_1", "DPD/next-day"),
        ("term=Standard", "DPD/next-day"),
        ("term=UK%20NEXT", "DPD/slow"),
        ("term=UK%20NEXT", "UPS/a"),
        ("term=UK%20NEXT", "DPD"),
        ("", "DPD/next-day"),
        ("term=UK%20NEXT&x=1", "DPD/next-day"),
    ] {
        let told = world
            .ask(
                "north",
                "PUT",
                &format!("/mappings?{query}"),
                json!({"service": service}),
            )
            .await;
        assert_eq!(
            told.problem_kind(422),
            "invalid-request",
            "{query} {service}"
        );
    }
}

#[tokio::test]
async fn a_mapping_is_answered_only_after_its_reruns_are_queued() {
    let world = World::new().await;
    world.connect("north", "C1").await;
    world.dpd(json!([{"code": "next-day"}])).await.is(200);
    world.outside.aws().queues_down = true;
    let put = (
        "/mappings?term=UK%20NEXT",
        json!({"service": "DPD/next-day"}),
    );
    let told = world.ask("north", "PUT", put.0, put.1.clone()).await;
    assert_eq!(
        (
            told.problem_kind(503).as_str(),
            told.headers.contains_key("retry-after")
        ),
        ("unavailable", true)
    );
    world.outside.aws().queues_down = false;
    world.queued();
    world.ask("north", "PUT", put.0, put.1).await.is(200);
    assert_eq!(world.queued().len(), 2);
}

#[tokio::test]
async fn a_courier_that_mappings_name_stays() {
    let world = World::new().await;
    let id = "C1";
    world.connect("north", id).await;
    world
        .dpd(json!([{"code": "next-day"}, {"code": "two-day"}]))
        .await
        .is(200);
    let narrowed = format!("/mappings?term=UK%20NEXT&connection={id}");
    world
        .ask(
            "north",
            "PUT",
            &narrowed,
            json!({"service": "DPD/next-day"}),
        )
        .await
        .is(200);
    let told = world
        .ask("north", "DELETE", "/couriers/DPD", Value::Null)
        .await;
    assert_eq!(
        (
            told.problem_kind(409).as_str(),
            told.json()["current"]["UK NEXT"].as_str()
        ),
        ("still-mapped", Some("DPD/next-day"))
    );
    assert_eq!(
        world
            .dpd(json!([{"code": "two-day"}]))
            .await
            .problem_kind(409),
        "still-mapped"
    );
    world.dpd(json!([{"code": "next-day"}])).await.is(200);
    world
        .ask("north", "DELETE", &narrowed, Value::Null)
        .await
        .is(204);
    world
        .ask("north", "DELETE", "/couriers/DPD", Value::Null)
        .await
        .is(204);
    world
        .ask("north", "DELETE", "/couriers/DPD", Value::Null)
        .await
        .is(204);
    assert_eq!(
        world
            .ask("north", "GET", "/couriers/DPD", Value::Null)
            .await
            .problem_kind(404),
        "not-found"
    );
}

#[tokio::test]
async fn a_tenant_has_two_hundred_couriers_and_two_thousand_mappings_at_most() {
    let world = World::new().await;
    let (north, store) = ("north".parse().unwrap(), &world.app.store);
    for n in 0..200 {
        let courier = Courier {
            code: format!("C{n}").parse().unwrap(),
            name: "One".into(),
            services: Vec::new(),
        };
        store.put_courier(&north, &courier).await.unwrap();
    }
    let put = async |path: &str, body: Value| world.ask("north", "PUT", path, body).await;
    let one = || json!({"name": "One", "services": [{"code": "x"}]});
    assert_eq!(
        put("/couriers/C200", one()).await.problem_kind(409),
        "limit-reached"
    );
    put("/couriers/C7", one()).await.is(200);

    let owner = MappingOwner::Tenant(north.clone());
    let mapping = |n| Mapping {
        term: format!("SPEED{n} UK DOM").parse().unwrap(),
        service: "C7/x".parse().unwrap(),
        carries_prime: false,
        scope: owner.scope(),
    };
    let full = RevisedMappings {
        table: (0..2_000).map(mapping).collect(),
        revision: 0,
    };
    let saved = store.save_mapping_table(&owner, &full).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let service = || json!({"service": "C7/x"});
    let one_more = put("/mappings?term=STD%20UK%20DOM", service()).await;
    assert_eq!(one_more.problem_kind(409), "limit-reached");
    put("/mappings?term=SPEED7%20UK%20DOM", service())
        .await
        .is(200);
}

#[tokio::test]
async fn a_tenant_that_sends_too_fast_is_answered_429_and_holds_up_no_other() {
    let world = World::new().await;
    let north = "north".parse().unwrap();
    // So many that nothing refills while the test runs.
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    let permits = world.app.store.tenant_permits(&north, 1_000, later).await;
    assert_eq!(permits.unwrap(), Permit::Granted);
    let list = async |tenant| world.ask(tenant, "GET", "/couriers", Value::Null).await;
    let answer = list("north").await;
    assert_eq!(answer.problem_kind(429), "too-fast");
    assert!(
        answer.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            >= 1
    );
    list("south").await.is(200);
}
