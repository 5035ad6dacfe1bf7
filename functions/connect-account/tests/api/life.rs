//! A connection's life after it is made: switched on and off, read again, given up.

use crate::world::{World, oauth};
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::store::ParkedMark;

#[tokio::test]
async fn switching_on_wakes_the_clock_and_fetches_at_once() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}");
    let schedule = format!("orders-{id}");
    assert!(
        world.sent("ticks").is_empty() && world.outside.aws().schedules.is_empty(),
        "off until switched on"
    );
    for _ in 0..2 {
        let answer = world
            .ask(
                "north",
                "PATCH",
                &path,
                json!({"status": "active", "name": "North, EU"}),
            )
            .await
            .is(200);
        assert_eq!(
            (&answer["status"], &answer["name"]),
            (&json!("active"), &json!("North, EU"))
        );
        assert!(world.outside.aws().schedules.contains_key(&schedule));
        let tick = json!({"v": 1, "kind": "tick", "tenant": "north", "connection": id, "hop": 0});
        assert_eq!(world.sent("ticks"), [(tick, 0)]);
    }
    world
        .ask("north", "PATCH", &path, json!({"status": "paused"}))
        .await
        .is(200);
    assert!(
        world.outside.aws().schedules.contains_key(&schedule),
        "orders still come"
    );
    world.sent("ticks");
    world
        .ask("north", "PATCH", &path, json!({"status": "inactive"}))
        .await
        .is(200);
    assert!(world.outside.aws().schedules.is_empty() && world.sent("ticks").is_empty());
    assert_eq!(
        world
            .ask("north", "PATCH", &path, json!({"status": "disconnected"}))
            .await
            .problem_kind(422),
        "invalid-request"
    );
    let awaiting = world
        .ask("north", "POST", "/connections", oauth("DE"))
        .await
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = world
        .ask(
            "north",
            "PATCH",
            &format!("/connections/{awaiting}"),
            json!({"status": "active"}),
        )
        .await;
    assert_eq!(told.problem_kind(409), "not-authorised");
}

#[tokio::test]
async fn disconnecting_erases_says_what_stays_and_frees_the_seller() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}");
    world
        .ask("north", "PATCH", &path, json!({"status": "active"}))
        .await
        .is(200);
    world
        .ask("north", "POST", &format!("{path}/reauthorise"), Value::Null)
        .await
        .is(200);
    let connection = sample::key("north", &id);
    let now = jiff::Timestamp::now();
    let mark = ParkedMark {
        marketplace_id: "A13V1IB3VIYZZH".into(),
        oldest_updated_at: now,
    };
    world
        .app
        .store
        .mark_parked(&connection, &mark)
        .await
        .unwrap();
    world
        .app
        .store
        .lease_order_cursor(&connection, "run", now, now, now)
        .await
        .unwrap();
    let first = world
        .ask("north", "DELETE", &path, Value::Null)
        .await
        .is(200);
    assert_eq!(first["status"], "disconnected");
    assert!(
        first["retained"].to_string().contains("18 months")
            && first["retained"].to_string().contains("own expiry")
    );
    assert_eq!(
        world
            .ask("north", "DELETE", &path, Value::Null)
            .await
            .is(200),
        first
    );
    let table = world.table().await;
    for gone in [
        "CREDENTIALS",
        "OAUTH_STATE",
        "ATTEMPT",
        "CURSOR",
        "PARKED",
        "SELLER#",
    ] {
        assert!(!table.contains(gone), "{gone}: {table}");
    }
    assert!(world.outside.aws().schedules.is_empty());
    for (method, path, body) in [
        ("PATCH", path.clone(), json!({"status": "active"})),
        ("POST", format!("{path}/reauthorise"), json!({})),
        (
            "POST",
            format!("{path}/confirm"),
            json!({"seller_id": "A1", "code": "x"}),
        ),
    ] {
        assert_eq!(
            world
                .ask("north", method, &path, body)
                .await
                .problem_kind(409),
            "disconnected"
        );
    }
    world.connected("south", "A1").await;
    world
        .ask("north", "DELETE", &path, Value::Null)
        .await
        .is(200);
    assert!(
        world.table().await.contains("SELLER#"),
        "the seller is another connection's by now"
    );
}

#[tokio::test]
async fn orders_are_read_again_from_where_one_asks() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}");
    let refetch = format!("{path}/orders/refetch");
    let now = jiff::Timestamp::now();
    let since = now
        .saturating_sub(jiff::SignedDuration::from_hours(48))
        .unwrap();
    let body = json!({"since": since.to_string()});
    assert_eq!(
        world
            .ask("north", "POST", &refetch, body.clone())
            .await
            .problem_kind(409),
        "not-fetching"
    );
    world
        .ask("north", "PATCH", &path, json!({"status": "active"}))
        .await
        .is(200);
    let connection = sample::key("north", &id);
    world
        .app
        .store
        .lease_order_cursor(&connection, "run", now, now, now)
        .await
        .unwrap();
    world.sent("ticks");
    assert_eq!(
        world.ask("north", "POST", &refetch, body).await.is(202),
        json!({"since": since.to_string()})
    );
    let cursor = world.app.store.order_cursor(&connection).await;
    assert_eq!(cursor.unwrap().unwrap().since, now, "never set back");
    let setup = world
        .ask("north", "GET", &format!("{path}/setup"), Value::Null)
        .await
        .is(200);
    let kinds: Vec<_> = setup["orders"]["back_fill"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["kind"].clone(), job["from"].clone()))
        .collect();
    assert_eq!(kinds[0].0, "first_read", "the connection is new: {kinds:?}");
    assert_eq!(kinds[2], (json!("refetch"), json!(since.to_string())));
    assert_eq!(world.sent("ticks").len(), 1);
    assert_eq!(
        world
            .ask(
                "north",
                "POST",
                &refetch,
                json!({"since": "2020-01-01T00:00:00Z"})
            )
            .await
            .problem_kind(422),
        "invalid-request"
    );
}
