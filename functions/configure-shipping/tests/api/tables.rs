//! Tables of mappings: all or none, old spellings, Mintsoft's columns, defaults, and a rehearsal.

use crate::world::World;
use kit::{Log, Side, sample};
use serde_json::{Value, json};
use stallkeeper::domain::courier::{MappingOwner, Requirements};
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::store::Written;

async fn with_dpd() -> World {
    let world = World::new().await;
    world.connect("north", "C1").await;
    let services = json!([{"code": "next-day", "name": "Next Day"}, {"code": "two-day"}]);
    world.dpd(services).await.is(200);
    world.queued();
    world
}

async fn mapped(world: &World, owner: &MappingOwner) -> Vec<String> {
    let mappings = world.app.store.mappings(owner).await.unwrap();
    let words = mappings
        .iter()
        .map(|it| format!("{} {}", it.term, it.service));
    words.collect()
}

#[tokio::test]
async fn a_table_is_tried_first_and_then_taken_whole_or_not_at_all() {
    let world = with_dpd().await;
    let north = MappingOwner::Tenant("north".parse().unwrap());
    let csv = "term,service,carries_prime\nStd UK Dom,DPD/next-day,\nUK NEXT,dpd next day,yes\n";
    let dry = "/mappings?dry_run=true";
    let told = world.send_csv("north", dry, csv).await.is(200);
    assert_eq!(
        (&told["applied"], &told["added"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(told["rows"][1]["after"], "DPD/next-day (Prime too)");
    let wrong = format!("{csv}Standard,DPD/two-day,\nUK NEXT,DPD/two-day,\n");
    let told = world.send_csv("north", dry, &wrong).await.is(200);
    assert_eq!(
        (&told["refused"], &told["rows"][2]["row"]),
        (&json!(2), &json!(3))
    );
    let told = world.send_csv("north", "/mappings", &wrong).await;
    let problem = told.problem(422, "invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/2/term");
    assert_eq!(problem["errors"][1]["pointer"], "/3/term");
    assert!(mapped(&world, &north).await.is_empty() && world.queued().is_empty());

    world.send_csv("north", "/mappings", csv).await.is(200);
    let both = ["UK NEXT DPD/next-day", "STD UK DOM DPD/next-day"];
    assert_eq!(mapped(&world, &north).await, both);
    assert_eq!(world.queued().len(), 2, "all that waits, at once and later");
    let told = world.send_csv("north", "/mappings", csv).await.is(200);
    assert_eq!(
        (&told["unchanged"], &told["applied"]),
        (&json!(2), &json!(true))
    );
    let list = world
        .ask("north", "GET", "/mappings", Value::Null)
        .await
        .is(200);
    assert_eq!(list["revision"], 1, "the same again is no write");

    let one = "term,service\nUK NEXT,DPD/two-day\n";
    let old = "/mappings?replace=true&revision=0";
    let told = world.send_csv("north", old, one).await;
    assert_eq!(told.problem_kind(409), "changed-meanwhile");
    let replace = "/mappings?replace=true&revision=1";
    let told = world.send_csv("north", replace, one).await.is(200);
    assert_eq!((&told["changed"], &told["removed"]), (&json!(1), &json!(1)));
    assert_eq!(mapped(&world, &north).await, ["UK NEXT DPD/two-day"]);
    let narrowed = "/mappings?connection=C1";
    world.send_csv("north", narrowed, one).await.is(200);
    let c1 = MappingOwner::Connection(sample::key("north", "C1"));
    assert_eq!(mapped(&world, &c1).await, ["UK NEXT DPD/two-day"]);
    let told = world.send_csv("south", narrowed, one).await;
    assert_eq!(told.problem_kind(404), "not-found");
}

#[tokio::test]
async fn mintsofts_table_is_taken_as_it_is_and_its_old_rates_wait_to_be_tied() {
    let world = with_dpd().await;
    let north = MappingOwner::Tenant("north".parse().unwrap());
    let csv = "Source,Client,Courier Service,Name\n\
               AmazonSPAPI,ALL,DPD - Next Day,Std UK Dom_1\n\
               Amazon,North,DPD Next Day,EXP UK DOM_2-PRIME\n\
               Amazon,South,Yodel,UK Next\nShopify,ALL,Yodel,Standard\n";
    let told = world.send_csv("north", "/mappings", csv).await;
    assert_eq!(
        told.problem_kind(422),
        "invalid-request",
        "whose rows are they?"
    );
    let path = "/mappings?client=north";
    let told = world.send_csv("north", path, csv).await.is(200);
    assert_eq!(
        (&told["inactive"], &told["skipped"]),
        (&json!(2), &json!(2))
    );
    assert!(mapped(&world, &north).await.is_empty());

    let tie = "/mappings/tie?term=Std%20UK%20Dom_1";
    let to = json!({"to": "STD UK DOM"});
    for _ in 0..2 {
        let list = world.ask("north", "PUT", tie, to.clone()).await.is(200);
        assert_eq!(list["mappings"][0]["service"], "DPD/next-day");
        assert_eq!(list["inactive"].as_array().unwrap().len(), 1);
        assert_eq!(
            list["tied"],
            json!([{"term": "STD UK DOM_1", "to": "STD UK DOM"}])
        );
    }
    let table = world
        .ask("north", "GET", "/mappings?format=csv", Value::Null)
        .await;
    let again = world
        .send_csv("north", "/mappings?replace=true", &table.text)
        .await;
    assert_eq!(again.is(200)["removed"], 0, "{}", table.text);
    let forget = "/mappings/tie?term=EXP%20UK%20DOM_2-PRIME";
    world
        .ask("north", "DELETE", forget, Value::Null)
        .await
        .is(204);
    let list = world
        .ask("north", "GET", "/mappings", Value::Null)
        .await
        .is(200);
    assert_eq!(list["inactive"], json!([]));
    for (path, to) in [
        ("/mappings/tie?term=UK%20NEXT", "STD UK DOM"),
        ("/mappings/tie?term=STD%20UK%20DOM_3", "STD UK DOM_2"),
        ("/mappings/tie?term=STD%20UK%20DOM_3", "Standard"),
    ] {
        let told = world.ask("north", "PUT", path, json!({"to": to})).await;
        assert_eq!(told.problem_kind(422), "invalid-request", "{path} {to}");
    }
}

#[tokio::test]
async fn a_default_is_the_operators_and_overrules_no_tenant() {
    let world = with_dpd().await;
    let default = "/default-mappings?term=STD%20UK%20DOM";
    let service = json!({"service": "DPD/two-day"});
    let told = world.ask("north", "PUT", default, service.clone()).await;
    assert_eq!(told.problem_kind(403), "missing-scope");
    let put = world.operate("PUT", default, service).await.is(200);
    assert_eq!(put["scope"], "deployment");
    let rows = json!([{"term": "UK NEXT", "service": "DPD/two-day"}]);
    world
        .operate("POST", "/default-mappings", rows)
        .await
        .is(200);
    let csv = "/default-mappings?format=csv";
    let table = world.operate("GET", csv, Value::Null).await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    let mut lines: Vec<&str> = table.text.lines().collect();
    lines.sort_unstable();
    let expected = [
        "STD UK DOM,DPD/two-day,false,",
        "UK NEXT,DPD/two-day,false,",
        "term,service,carries_prime,tied_to",
    ];
    assert_eq!(lines, expected);
    let old = json!([{"term": "STD UK DOM_1", "service": "DPD/two-day"}]);
    let told = world.operate("POST", "/default-mappings", old).await;
    assert_eq!(told.problem_kind(422), "invalid-request");

    let own = json!({"service": "DPD/next-day"});
    let path = "/mappings?term=STD%20UK%20DOM";
    world.ask("north", "PUT", path, own).await.is(200);
    let list = world
        .ask("north", "GET", "/mappings", Value::Null)
        .await
        .is(200);
    assert_eq!(list["defaults"].as_array().unwrap().len(), 1);
    assert_eq!(list["defaults"][0]["term"], "UK NEXT");
    let key = sample::key("north", "C1");
    let settings = world.app.store.settings(&key).await.unwrap();
    let words = settings.mappings.iter();
    let words: Vec<_> = words
        .map(|it| format!("{} {} {}", it.term, it.service, it.scope))
        .collect();
    let expected = [
        "UK NEXT DPD/two-day deployment",
        "STD UK DOM DPD/two-day deployment",
        "STD UK DOM DPD/next-day tenant",
    ];
    assert_eq!(words, expected);
    world.operate("DELETE", default, Value::Null).await.is(204);
    let list = world
        .operate("GET", "/default-mappings", Value::Null)
        .await
        .is(200);
    assert_eq!(list["mappings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_use_of_the_defaults_is_recorded_and_a_change_before_it_is_written() {
    let world = World::new().await;
    let log = Log::start();
    let recorded = || {
        let records = log.audit().into_iter();
        let of = |it: Value| format!("{} {} {}", it["audit"], it["tenant.id"], it["what"]);
        let all: Vec<_> = records.map(of).collect();
        all.join("; ").replace('"', "")
    };
    let default = "/default-mappings?term=Std%20UK%20Dom";
    let service = json!({"service": "DPD/two-day"});
    let refused = [("GET", "/default-mappings"), ("PUT", default)];
    let refused = [
        refused.as_slice(),
        &[("DELETE", default), ("POST", "/default-mappings")],
    ];
    for (method, path) in refused.concat() {
        let told = world.ask("north", method, path, json!("no body of any of them"));
        assert_eq!(told.await.problem_kind(403), "missing-scope");
        let words = recorded();
        assert!(words.starts_with("operator_refused * "), "{method} {words}");
    }
    world.calls.stop_at(2, Side::Before);
    world.operate("PUT", default, service.clone()).await;
    assert!(world.calls.go_on(), "it is not written");
    let put = "operator_allowed * put a default mapping; default_mapping_put * `STD UK DOM` to `DPD/two-day`";
    assert_eq!(recorded(), put);
    world.operate("PUT", default, service).await.is(200);
    log.audit();
    let rows = json!([{"term": "UK NEXT", "service": "DPD/day"}]);
    let path = "/default-mappings?replace=true";
    let told = world.operate("POST", path, rows).await;
    assert_eq!(told.is(200)["removed"], 1);
    let import = "operator_allowed * import default mappings; default_mapping_put * `UK NEXT` to `DPD/day`; default_mapping_deleted * `STD UK DOM`";
    assert_eq!(recorded(), import);
    let next = "/default-mappings?term=UK%20NEXT";
    world.operate("DELETE", next, Value::Null).await.is(204);
    assert!(recorded().ends_with("default_mapping_deleted * `UK NEXT`"));
}

#[tokio::test]
async fn a_rehearsal_says_what_a_table_would_have_chosen_and_writes_nothing() {
    let world = with_dpd().await;
    let path = "/mappings?term=STD%20UK%20DOM";
    let service = json!({"service": "DPD/next-day"});
    world.ask("north", "PUT", path, service).await.is(200);
    let order = |number: usize, term: &str, status| {
        let mut order = sample::demo_order();
        order.tenant = "north".parse().unwrap();
        order.connection = "C1".parse().unwrap();
        order.order.id = format!("206-0000000-000000{number}").parse().unwrap();
        order.decision.term = Some(term.parse().unwrap());
        order.requirements = Requirements::default();
        order.status = status;
        order
    };
    for (number, term, status) in [
        (1, "STD UK DOM", OrderStatus::Ready),
        (2, "STD UK DOM", OrderStatus::Dispatched),
        (3, "UK NEXT", OrderStatus::PendingReview),
        (4, "EXP UK DOM", OrderStatus::PendingReview),
        (5, "STD UK DOM", OrderStatus::PartlyDispatched),
    ] {
        let order = order(number, term, status);
        let stored = world.app.store.insert_order(&order).await;
        assert_eq!(stored.unwrap(), Written::Done);
    }
    world.queued();
    let before = world.database.text("ConnectionsTable").await;
    let rows = json!([{"term": "STD UK DOM", "service": "DPD/two-day"}, {"term": "UK NEXT", "service": "DPD/next-day"}]);
    let path = "/mappings?dry_run=true&rehearse=true";
    let told = world.ask("north", "POST", path, rows.clone()).await.is(200);
    let rehearsal = &told["rehearsal"];
    assert_eq!(
        (&rehearsal["looked_at"], &rehearsal["has_more"]),
        (&json!(4), &json!(false))
    );
    let differing = rehearsal["differing"].as_array().unwrap();
    assert_eq!(differing.len(), 4);
    let of = |term: &str| differing.iter().find(|it| it["term"] == term).unwrap();
    assert_eq!(of("STD UK DOM")["before"]["service"], "DPD/next-day");
    assert_eq!(of("STD UK DOM")["after"]["service"], "DPD/two-day");
    assert_eq!(of("UK NEXT")["before"]["reason"], "no_mapping");
    assert_eq!(world.database.text("ConnectionsTable").await, before);
    assert!(world.queued().is_empty());
    let path = "/mappings?rehearse=true";
    let told = world.ask("north", "POST", path, rows).await;
    assert_eq!(told.problem_kind(422), "invalid-request");
}

#[tokio::test]
async fn mappings_that_change_side_by_side_are_all_kept() {
    let world = with_dpd().await;
    let put = |number: usize| {
        let world = &world;
        async move {
            let path = format!("/mappings?term=SPEED{number}%20UK%20DOM");
            let service = json!({"service": "DPD/next-day"});
            world.ask("north", "PUT", &path, service).await.is(200);
        }
    };
    futures::future::join_all((0..12).map(put)).await;
    let north = MappingOwner::Tenant("north".parse().unwrap());
    assert_eq!(mapped(&world, &north).await.len(), 12);
}
