//! How often shipping terms came.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::domain::term_tally::{Count, Counts, TermTally, Week};

/// Stores a count as `remap-carriers` does.
async fn came(world: &World, connection: &str, term: &str, orders: u32, days_ago: i64) {
    let at = Timestamp::now() - SignedDuration::from_hours(24 * days_ago);
    let mut order = sample::demo_order();
    order.tenant = "north".parse().unwrap();
    order.connection = connection.parse().unwrap();
    order.order.created_at = at;
    order.decision.term = Some(term.parse().unwrap());
    let mut tally = TermTally::default();
    for _ in 0..orders {
        tally.note(None, &order);
    }
    // The same term again is no news.
    tally.note(Some(&order), &order);
    for (tallied, counts) in tally.take() {
        let count = Count {
            orders,
            last_seen: at,
        };
        let counted = Counts::from([(term.parse().unwrap(), count)]);
        assert_eq!((tallied.week, &counts), (Week::of(at), &counted));
        let store = &world.app.store;
        store.count_terms(&tallied, &counts).await.unwrap();
    }
}

#[tokio::test]
async fn terms_of_the_last_half_year_are_listed_what_nothing_carries_first() {
    let world = World::new().await;
    for id in ["C1", "C2"] {
        world.connect("north", id).await;
    }
    world.dpd(json!([{"code": "next-day"}])).await.is(200);
    let path = "/mappings?term=STD%20UK%20DOM";
    let service = json!({"service": "DPD/next-day"});
    world.ask("north", "PUT", path, service).await.is(200);
    came(&world, "C1", "STD UK DOM", 3, 1).await;
    came(&world, "C1", "STD UK DOM", 2, 40).await;
    came(&world, "C2", "STD UK DOM", 4, 2).await;
    came(&world, "C2", "UK NEXT", 1, 3).await;
    came(&world, "C2", "EXP UK DOM", 1, 200).await;

    let list = async |query: &str| {
        let path = format!("/mapping-terms{query}");
        let list = world.ask("north", "GET", &path, Value::Null).await.is(200);
        let terms = list["terms"].as_array().unwrap().clone();
        let of = |it: &Value| {
            json!([
                it["term"],
                it["orders"],
                it["connections"],
                it["service"],
                it["of"],
                it["reason"]
            ])
        };
        terms.iter().map(of).collect::<Vec<_>>()
    };
    let unmapped = json!(["UK NEXT", 1, 1, null, null, "no_mapping"]);
    let all = json!(["STD UK DOM", 9, 2, "DPD/next-day", "tenant", null]);
    assert_eq!(list("").await, [unmapped, all]);
    let one = json!(["STD UK DOM", 5, 1, "DPD/next-day", "tenant", null]);
    assert_eq!(list("?connection=C1").await, [one]);
    let csv = "/mapping-terms?format=csv";
    let csv = world.ask("north", "GET", csv, Value::Null).await;
    let first = csv.text.lines().nth(1).unwrap();
    assert!(
        first.starts_with("UK NEXT,1,") && first.ends_with(",1,,,,no_mapping"),
        "{first}"
    );
    let told = world
        .ask("south", "GET", "/mapping-terms", Value::Null)
        .await;
    assert_eq!(told.is(200)["terms"], json!([]));
    let told = world
        .ask("south", "GET", "/mapping-terms?connection=C1", Value::Null)
        .await;
    assert_eq!(told.problem_kind(404), "not-found");
}
