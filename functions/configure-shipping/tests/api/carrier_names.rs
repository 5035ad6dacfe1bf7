//! What Amazon is told of courier services.

use crate::world::World;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace;

async fn with_couriers() -> World {
    let world = World::new().await;
    world
        .dpd(json!([{"code": "next-day"}, {"code": "two-day"}]))
        .await
        .is(200);
    let van = json!({"name": "Our van", "services": [{"code": "day"}]});
    world
        .ask("north", "PUT", "/couriers/van", van)
        .await
        .is(200);
    world
}

#[tokio::test]
async fn a_carrier_name_is_put_listed_used_and_deleted() {
    let world = with_couriers().await;
    let path = "/carrier-names?marketplace=UK&service=DPD/next-day";
    let body = json!({"carrier": "dpd", "shipping_method": "Next Day"});
    let put = world.ask("north", "PUT", path, body).await.is(200);
    assert_eq!((&put["code"], &put["name"]), (&json!("DPD"), &Value::Null));
    assert_eq!(put["counted_by_amazon"], "yes");
    let (north, service) = ("north".parse().unwrap(), "DPD/next-day".parse().unwrap());
    let stored = world
        .app
        .store
        .carrier_name(&north, Marketplace::Uk, &service);
    let stored = stored.await.unwrap().unwrap();
    assert_eq!(stored.shipping_method(), Some("Next Day"));

    let van = "/mappings?term=STD%20UK%20DOM";
    let service = json!({"service": "van/day"});
    world.ask("north", "PUT", van, service).await.is(200);
    let list = async |query: &str| {
        let path = format!("/carrier-names{query}");
        let list = world.ask("north", "GET", &path, Value::Null).await.is(200);
        let names = list["carrier_names"].as_array().unwrap().clone();
        let of = |name: &Value| (name["service"].clone(), name["code"].clone());
        names.iter().map(of).collect::<Vec<_>>()
    };
    let both = [("DPD/next-day", "DPD"), ("van/day", "Other")];
    let both = both.map(|(service, code)| (json!(service), json!(code)));
    assert_eq!(list("").await, both);
    assert_eq!(list("?counted_by_amazon=no").await, both[1..]);
    assert!(list("?marketplace=DE").await.is_empty());
    for _ in 0..2 {
        world
            .ask("north", "DELETE", path, Value::Null)
            .await
            .is(204);
    }
    assert_eq!(list("").await, both[1..]);
    for (path, body) in [
        (
            "/carrier-names?marketplace=UK&service=DPD/slow",
            json!({"carrier": "DPD"}),
        ),
        (
            "/carrier-names?marketplace=XX&service=DPD/two-day",
            json!({"carrier": "DPD"}),
        ),
        (
            "/carrier-names?marketplace=UK&service=DPD/two-day",
            json!({"carrier": " "}),
        ),
        (
            "/carrier-names?marketplace=UK&service=DPD/two-day",
            json!({"carrier": "Other", "listed": true}),
        ),
    ] {
        let told = world.ask("north", "PUT", path, body).await;
        assert_eq!(told.problem_kind(422), "invalid-request", "{path}");
    }
}

#[tokio::test]
async fn a_table_of_names_is_taken_whole_or_not_at_all_and_comes_back_as_it_was() {
    let world = with_couriers().await;
    let send = async |query: &str, csv: &str| {
        let path = format!("/carrier-names{query}");
        world.send_csv("north", &path, csv).await
    };
    let csv = "marketplace,service,carrier,shipping_method,listed\n\
               UK,DPD/next-day,DPD,Next Day,\nDE,van/day,Unser Wagen,,true\nUK,van/day,=Van,,no\n";
    let dry = send("?dry_run=true", csv).await.is(200);
    assert_eq!((&dry["applied"], &dry["added"]), (&json!(false), &json!(3)));
    let north = "north".parse().unwrap();
    assert!(
        world
            .app
            .store
            .carrier_names(&north)
            .await
            .unwrap()
            .is_empty()
    );

    let wrong = format!("{csv}UK,DPD/slow,DPD,,\nXX,DPD/two-day,DPD,,\nUK,DPD/next-day,GLS,,\n");
    let dry = send("?dry_run=true", &wrong).await.is(200);
    assert_eq!(dry["refused"], 3);
    let told = send("", &wrong).await;
    let problem = told.problem(422, "invalid-request");
    let places = problem["errors"].as_array().unwrap().iter();
    let places: Vec<_> = places.map(|it| it["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/3/service", "/4/marketplace", "/5/service"]);
    assert!(
        world
            .app
            .store
            .carrier_names(&north)
            .await
            .unwrap()
            .is_empty()
    );

    assert_eq!(send("", csv).await.is(200)["applied"], true);
    assert_eq!(send("", csv).await.is(200)["unchanged"], 3);
    let table = "/carrier-names?format=csv";
    let table = world.ask("north", "GET", table, Value::Null).await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        table.text.contains("UK,van/day,'=Van,,false,no,false"),
        "{}",
        table.text
    );
    assert_eq!(send("", &table.text).await.is(200)["unchanged"], 3);
}
