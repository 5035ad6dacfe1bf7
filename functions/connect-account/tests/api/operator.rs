//! What an operator sees and does over all tenants.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::store::Written;

/// Seven connections of three tenants, and one that was given up.
const ALL: [(&str, &str, ConnectionStatus); 8] = [
    ("east", "E1", ConnectionStatus::Active),
    ("east", "E2", ConnectionStatus::Paused),
    ("north", "N1", ConnectionStatus::Active),
    ("north", "N2", ConnectionStatus::AwaitingAuthorisation),
    ("north", "N3", ConnectionStatus::NeedsReauthorisation),
    ("north", "N4", ConnectionStatus::Disconnected),
    ("south", "S1", ConnectionStatus::Active),
    ("south", "S2", ConnectionStatus::Inactive),
];

async fn world() -> World {
    let world = World::new().await;
    for (tenant, id, status) in ALL {
        let connection = Connection {
            status,
            ..sample::connection(tenant, id)
        };
        world.database.connect(&connection).await;
    }
    world
}

/// The orders of a connection are read until some minutes ago.
async fn read_until(world: &World, tenant: &str, id: &str, minutes_ago: i64) {
    let now = Timestamp::now();
    let first = now - SignedDuration::from_mins(minutes_ago);
    let (store, key) = (&world.database.store, sample::key(tenant, id));
    let leased = store.lease_order_cursor(&key, "run", now, now, first);
    leased.await.unwrap().unwrap();
}

async fn become_status(world: &World, tenant: &str, id: &str, status: ConnectionStatus) {
    let store = &world.database.store;
    let read = store.connection(&sample::key(tenant, id)).await;
    let read = read.unwrap().unwrap();
    let changed = Connection {
        status,
        revision: read.revision + 1,
        ..read
    };
    let written = store.replace_connection(&changed).await.unwrap();
    assert_eq!(written, Written::Done);
}

/// Tenant and id of each connection of a page.
fn found(page: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let connections = page["connections"].as_array().unwrap();
    let ids = connections.iter();
    ids.map(|row| (text(row, "tenant"), text(row, "id")))
        .collect()
}

async fn get(world: &World, path: &str) -> Value {
    world
        .ask_as_operator("GET", path, Value::Null)
        .await
        .is(200)
}

#[tokio::test]
async fn a_connection_that_changes_its_status_between_two_pages_is_listed_once_all_the_same() {
    let world = world().await;
    let (mut all, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("/operator/connections?limit=2{after}");
        let page = get(&world, &path).await;
        all.extend(found(&page));
        pages += 1;
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
        // One that was shown, one that is to be.
        become_status(&world, "east", "E1", ConnectionStatus::Paused).await;
        become_status(&world, "south", "S2", ConnectionStatus::Active).await;
    }
    let expected: Vec<_> = ALL
        .iter()
        .filter(|(.., status)| *status != ConnectionStatus::Disconnected)
        .map(|(tenant, id, _)| ((*tenant).to_owned(), (*id).to_owned()))
        .collect();
    assert_eq!((all, pages), (expected, 4));
}

#[tokio::test]
async fn the_list_is_narrowed_to_a_tenant_a_status_and_those_whose_orders_come_late() {
    let world = world().await;
    read_until(&world, "east", "E1", 2).await;
    read_until(&world, "east", "E2", 90).await;
    read_until(&world, "north", "N3", 300).await;
    // Nobody waits for the orders of a connection that is switched off.
    read_until(&world, "south", "S2", 9_000).await;
    let rows = [
        ("tenant=north", vec!["N1", "N2", "N3"]),
        ("tenant=nor", vec![]),
        ("status=active", vec!["E1", "N1", "S1"]),
        ("tenant=north&status=active", vec!["N1"]),
        ("status=disconnected", vec![]),
        // N1 and S1 were never swept.
        ("cursor_older_than=1800", vec!["E2", "N1", "N3", "S1"]),
        ("cursor_older_than=1800&status=paused", vec!["E2"]),
    ];
    for (query, expected) in rows {
        let page = get(&world, &format!("/operator/connections?{query}")).await;
        let ids: Vec<_> = found(&page).into_iter().map(|(_, id)| id).collect();
        assert_eq!((ids, &page["next"]), (owned(&expected), &Value::Null));
    }
    for query in [
        "cursor_older_than=soon",
        "status=odd",
        "after=nonsense",
        "sort=age",
    ] {
        let path = format!("/operator/connections?{query}");
        let answer = world.ask_as_operator("GET", &path, Value::Null).await;
        assert_eq!(answer.problem_kind(422), "invalid-request", "{query}");
    }
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn a_row_says_how_far_orders_are_read_and_what_is_to_be_done_next() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}");
    let on = json!({"active": true});
    world
        .ask("north", "PUT", &format!("{path}/marketplaces/UK"), on)
        .await
        .is(200);
    read_until(&world, "north", &id, 10).await;
    let page = get(&world, "/operator/connections").await;
    let row = &page["connections"][0];
    let expected = json!([
        "north",
        "A1",
        "EU",
        "inactive",
        ["UK"],
        "shadow",
        "off",
        false
    ]);
    let shown: Vec<_> = [
        "tenant",
        "seller_id",
        "region",
        "status",
        "marketplaces_on",
        "orders",
        "stock",
        "frozen",
    ]
    .iter()
    .map(|name| row[*name].clone())
    .collect();
    assert_eq!(json!(shown), expected);
    let age = row["cursor"]["age_seconds"].as_u64().unwrap();
    assert!((600..700).contains(&age), "{age}");
    let setup = world
        .ask("north", "GET", &format!("{path}/setup"), Value::Null)
        .await
        .is(200);
    let steps = setup["steps"].as_array().unwrap();
    let next = steps.iter().find(|step| step["done"] == false).unwrap();
    assert_eq!(&row["next_step"], next, "as the tenant sees it");
    assert_eq!(row["clocks"], setup["clocks"]);
    assert_eq!(row["clocks"][0]["days_left"], 364);
}

#[tokio::test]
async fn tenants_are_listed_with_their_connections_and_the_oldest_cursor() {
    let world = world().await;
    read_until(&world, "east", "E1", 20).await;
    read_until(&world, "east", "E2", 90).await;
    read_until(&world, "north", "N3", 300).await;
    let first = get(&world, "/operator/tenants?limit=1").await;
    let east = &first["tenants"][0];
    assert_eq!(
        (&east["tenant"], &east["connections"]),
        (&json!("east"), &json!(2))
    );
    assert_eq!(east["oldest_cursor"]["connection"], "E2");
    let age = east["oldest_cursor"]["age_seconds"].as_u64().unwrap();
    assert!((5_400..5_500).contains(&age), "{age}");
    let next = first["next"].as_str().unwrap();
    let second = get(&world, &format!("/operator/tenants?limit=1&after={next}")).await;
    let by_status = json!([
        {"status": "active", "connections": 1},
        {"status": "awaiting_authorisation", "connections": 1},
        {"status": "needs_reauthorisation", "connections": 1},
    ]);
    let north = &second["tenants"][0];
    assert_eq!(
        (&north["tenant"], &north["by_status"]),
        (&json!("north"), &by_status)
    );
    assert_eq!(
        (&north["oldest_cursor"]["connection"], &north["never_swept"]),
        (&json!("N3"), &json!(1))
    );
    let next = second["next"].as_str().unwrap();
    let last = get(&world, &format!("/operator/tenants?limit=1&after={next}")).await;
    assert_eq!(last["tenants"][0]["tenant"], "south");
    assert_eq!(last["next"], Value::Null);
    let whole = get(&world, "/operator/tenants").await;
    assert_eq!(whole["tenants"].as_array().unwrap().len(), 3);
    // A cursor of the other list is none of this one.
    let other = get(&world, "/operator/connections?limit=1").await;
    let path = format!(
        "/operator/tenants?after={}",
        other["next"].as_str().unwrap()
    );
    let answer = world.ask_as_operator("GET", &path, Value::Null).await;
    assert_eq!(answer.problem_kind(422), "invalid-request");
}

#[tokio::test]
async fn an_operator_has_the_orders_of_any_connection_read_again_and_says_why() {
    let world = world().await;
    let since = Timestamp::now() - SignedDuration::from_hours(48);
    let body = json!({"since": since.to_string(), "reason": "orders of Monday are missing"});
    let path =
        |tenant: &str, id: &str| format!("/operator/connections/{tenant}/{id}/orders/refetch");
    let ask = async |tenant: &str, id: &str, body: &Value| {
        let path = path(tenant, id);
        world.ask_as_operator("POST", &path, body.clone()).await
    };
    let no_reason = json!({"since": since.to_string()});
    assert_eq!(
        ask("east", "E1", &no_reason).await.problem_kind(422),
        "invalid-request"
    );
    assert_eq!(
        ask("north", "E1", &body).await.problem_kind(404),
        "not-found"
    );
    assert_eq!(
        ask("south", "S2", &body).await.problem_kind(409),
        "not-fetching"
    );
    assert!(world.sent("ticks").is_empty(), "nothing was queued");
    for _ in 0..2 {
        let answer = ask("east", "E1", &body).await.is(202);
        assert_eq!(answer, json!({"since": since.to_string()}));
    }
    let back_fill = world.app.store.back_fill(&sample::key("east", "E1")).await;
    assert!(!back_fill.unwrap().jobs.is_empty());
    assert_eq!(world.sent("ticks").len(), 2);
}

#[tokio::test]
async fn a_tenant_may_do_nothing_of_an_operators() {
    let world = world().await;
    let since = json!({"since": Timestamp::now().to_string(), "reason": "curious"});
    for (method, path, body) in [
        ("GET", "/operator/connections", Value::Null),
        ("GET", "/operator/tenants", Value::Null),
        (
            "POST",
            "/operator/connections/east/E1/orders/refetch",
            since,
        ),
    ] {
        let answer = world.ask("east", method, path, body).await;
        assert_eq!(answer.problem_kind(403), "missing-scope", "{path}");
    }
    assert!(world.sent("ticks").is_empty());
}
