use crate::world::World;
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::store::{BackFillKind, ParkedMark};

#[tokio::test]
async fn a_marketplace_is_switched_on_and_its_parked_orders_flow_on() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}/marketplaces/UK");
    world
        .ask(
            "north",
            "PATCH",
            &format!("/connections/{id}"),
            json!({"status": "active"}),
        )
        .await
        .is(200);
    let connection = sample::key("north", &id);
    let now = jiff::Timestamp::now();
    let parked = now
        .saturating_sub(jiff::SignedDuration::from_hours(72))
        .unwrap();
    world
        .app
        .store
        .lease_order_cursor(&connection, "run", now, now, now)
        .await
        .unwrap();
    let ancient = now
        .saturating_sub(jiff::SignedDuration::from_hours(60 * 24))
        .unwrap();
    for (marketplace_id, at) in [
        ("A1F83G8C2ARO7P", parked),
        ("A13V1IB3VIYZZH", now),
        ("A1PA6795UKMFR9", ancient),
    ] {
        let mark = ParkedMark {
            marketplace_id: marketplace_id.into(),
            oldest_updated_at: at,
        };
        world
            .app
            .store
            .mark_parked(&connection, &mark)
            .await
            .unwrap();
    }
    let before = world.ask("north", "GET", &path, Value::Null).await.is(200);
    assert_eq!(
        (&before["active"], before["parked_since"].is_string()),
        (&json!(false), true)
    );
    world.sent("ticks");

    let after = world
        .ask(
            "north",
            "PUT",
            &path,
            json!({"active": true, "strategy": "review"}),
        )
        .await
        .is(200);
    assert_eq!(
        (&after["active"], &after["strategy"], &after["parked_since"]),
        (&json!(true), &json!("review"), &Value::Null)
    );
    let job = async |kind: &str| {
        let back_fill = world.app.store.back_fill(&connection).await.unwrap();
        let jobs = back_fill.jobs.into_iter();
        let found = jobs.filter(|job| job.kind == BackFillKind::Marketplace);
        let mut found = found.filter(|job| job.marketplaces == [kind.parse().unwrap()]);
        found.next().unwrap()
    };
    let read = job("UK").await;
    assert_eq!(read.after.as_millisecond(), parked.as_millisecond());
    let cursor = world.app.store.order_cursor(&connection).await;
    let cursor = cursor.unwrap().unwrap();
    assert_eq!(
        (cursor.since, cursor.generation),
        (now, 0),
        "today's orders do not wait for it"
    );
    assert_eq!(
        world
            .app
            .store
            .parked_marks(&connection)
            .await
            .unwrap()
            .len(),
        2,
        "the other marketplaces' marks stay"
    );
    assert_eq!(world.sent("ticks").len(), 1);

    let german = format!("/connections/{id}/marketplaces/DE");
    world
        .ask("north", "PUT", &german, json!({"active": true}))
        .await
        .is(200);
    let back = now.duration_since(job("DE").await.after);
    assert!(
        (29 * 24..=30 * 24).contains(&back.as_hours()),
        "no further than a refetch: {back}"
    );
    world.sent("ticks");

    let off = world
        .ask("north", "PUT", &path, json!({"active": false}))
        .await
        .is(200);
    assert_eq!(
        (&off["active"], world.sent("ticks").len()),
        (&json!(false), 0)
    );
    let list = world
        .ask(
            "north",
            "GET",
            &format!("/connections/{id}/marketplaces"),
            Value::Null,
        )
        .await
        .is(200);
    let countries: Vec<&str> = list["marketplaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|store| store["marketplace"].as_str().unwrap())
        .collect();
    assert_eq!(countries, ["DE", "UK"]);
}

#[tokio::test]
async fn a_crash_after_the_settings_is_cured_by_the_same_request() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}/marketplaces/UK");
    world
        .ask(
            "north",
            "PATCH",
            &format!("/connections/{id}"),
            json!({"status": "active"}),
        )
        .await
        .is(200);
    world
        .ask("north", "PUT", &path, json!({"active": true}))
        .await
        .is(200);
    let connection = sample::key("north", &id);
    let now = jiff::Timestamp::now();
    world
        .app
        .store
        .lease_order_cursor(&connection, "run", now, now, now)
        .await
        .unwrap();
    let mark = ParkedMark {
        marketplace_id: "A1F83G8C2ARO7P".into(),
        oldest_updated_at: now,
    };
    world
        .app
        .store
        .mark_parked(&connection, &mark)
        .await
        .unwrap();
    world
        .ask("north", "PUT", &path, json!({"active": true}))
        .await
        .is(200);
    assert!(
        world
            .app
            .store
            .parked_marks(&connection)
            .await
            .unwrap()
            .is_empty()
    );
    let back_fill = world.app.store.back_fill(&connection).await.unwrap();
    let jobs = back_fill.jobs.iter();
    let of_it = jobs.filter(|job| job.kind == BackFillKind::Marketplace);
    assert_eq!(of_it.count(), 1, "its orders are read");
}

#[tokio::test]
async fn only_a_store_that_the_seller_is_in_is_switched_on() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = |country: &str| format!("/connections/{id}/marketplaces/{country}");
    let on = json!({"active": true});
    assert_eq!(
        world
            .ask("north", "PUT", &path("FR"), on.clone())
            .await
            .problem_kind(422),
        "not-participating"
    );
    assert_eq!(
        world
            .ask("north", "PUT", &path("US"), on.clone())
            .await
            .problem_kind(404),
        "not-found"
    );
    assert_eq!(
        world
            .ask("north", "PUT", &path("XX"), on.clone())
            .await
            .problem_kind(404),
        "not-found"
    );
    assert_eq!(
        world
            .ask(
                "north",
                "PUT",
                &path("UK"),
                json!({"active": true, "strategy": "cheapest"})
            )
            .await
            .problem_kind(422),
        "invalid-request"
    );
    world
        .outside
        .amazon()
        .marketplaces
        .insert("A1".into(), vec!["A1F83G8C2ARO7P", "A13V1IB3VIYZZH"]);
    world
        .ask("north", "PUT", &path("FR"), on.clone())
        .await
        .is(200);
    let body = json!({"name": "North", "marketplace": "UK", "authorisation": {"kind": "oauth"}});
    let awaiting = world
        .ask("north", "POST", "/connections", body)
        .await
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = world
        .ask(
            "north",
            "PUT",
            &format!("/connections/{awaiting}/marketplaces/UK"),
            on,
        )
        .await;
    assert_eq!(told.problem_kind(409), "not-authorised");
}

#[tokio::test]
async fn a_courier_switched_on_looks_again_at_what_waits_and_switched_off_at_what_is_ready() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let dpd = serde_json::from_value(json!({"code": "DPD", "name": "DPD"})).unwrap();
    let tenant = "north".parse().unwrap();
    world.app.store.put_courier(&tenant, &dpd).await.unwrap();
    let rerun = json!({"v": 1, "kind": "rerun", "tenant": "north", "connection": id, "term": null, "after": null, "hop": 0});
    let mut of_ready = rerun.clone();
    of_ready["of"] = json!("ready");
    let path = format!("/connections/{id}/marketplaces/UK/couriers/DPD");
    let off = world
        .ask("north", "PUT", &path, json!({"on": false}))
        .await
        .is(200);
    assert_eq!(
        (&off["couriers_off"], &off["active"], world.sent("orders")),
        (
            &json!(["DPD"]),
            &json!(false),
            [0, 120].map(|delay| (of_ready.clone(), delay)).to_vec()
        )
    );
    let kept = world
        .ask(
            "north",
            "PUT",
            &format!("/connections/{id}/marketplaces/UK"),
            json!({"active": true}),
        )
        .await
        .is(200);
    assert_eq!(
        kept["couriers_off"],
        json!(["DPD"]),
        "the switches are not the settings'"
    );
    let on = world
        .ask("north", "PUT", &path, json!({"on": true}))
        .await
        .is(200);
    assert_eq!(on["couriers_off"], json!([]));
    assert_eq!(world.sent("orders"), [(rerun.clone(), 0), (rerun, 120)]);
    let unknown = format!("/connections/{id}/marketplaces/UK/couriers/UPS");
    assert_eq!(
        world
            .ask("north", "PUT", &unknown, json!({"on": true}))
            .await
            .problem_kind(404),
        "not-found"
    );
}
