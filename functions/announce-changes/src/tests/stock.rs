//! What is announced of the catalogue and the rounds, as the real store writes them.

mod day;

use super::bus::Cloud;
use super::*;
use crate::handle;
use day::active;
pub(super) use day::{A_DAYS_EVENTS, a_day};
use kit::{Database, stream_event as batch, stream_record as record};
use serde_json::{Value, json};
use stallkeeper::domain::stock_settings::{Published, StockPlan, StockSettings};
use stallkeeper::store::Written;

#[tokio::test]
async fn stock_out_announces_what_needs_a_person_with_what_to_do() {
    let cloud = Cloud::new().await;
    handle(&cloud.app, batch(a_day().await)).await.unwrap();
    let put: Vec<(String, Value)> = cloud
        .put()
        .into_iter()
        .flatten()
        .map(|entry| {
            let kind = entry["DetailType"].as_str().unwrap().to_owned();
            let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            (kind, detail)
        })
        .collect();
    let kinds: Vec<&str> = put.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, A_DAYS_EVENTS);
    let detail = |index: usize| &put[index].1;
    assert_eq!(detail(0)["sku"], "MUG #1/b");
    assert_eq!(detail(0)["product"], "MUG");
    assert_eq!(detail(0)["quantity"], 4);
    assert_eq!(detail(0)["code"], "13013");
    assert_eq!(detail(0)["message"], "SKU is not in the catalogue.");
    assert!(
        detail(0)["meaning"]
            .as_str()
            .unwrap()
            .contains("spelt exactly like this")
    );
    assert_eq!(detail(1)["sku"], "plate ", "as on Amazon, to the letter");
    assert_eq!(detail(1)["product"], "PLATE");
    assert_eq!(detail(2)["marketplace"], "DE");
    assert_eq!(detail(2)["price"], "12.50");
    assert_eq!(detail(2)["feed"], Value::Null);
    assert_eq!(detail(3)["amazon_id"], "50023018996");
    assert_eq!(detail(4)["reason"], "conflict: 3 is stored");
    assert_eq!(
        (&detail(5)["zeros"], &detail(5)["matched"]),
        (&json!(400), &json!(900))
    );
    assert_eq!(detail(6)["since"], at(40).to_string());
    assert_eq!(
        (&detail(7)["marketplace"], &detail(7)["lost"]),
        (&json!("UK"), &json!(400))
    );
    assert_eq!(
        (&detail(8)["marketplace"], &detail(8)["failures"]),
        (&json!("FR"), &json!(1))
    );
    assert_eq!(
        (&detail(9)["sku"], &detail(9)["inactive"]),
        (&json!("CLOSED"), &json!(true))
    );
    assert_eq!(detail(10)["quantities"], json!({"UK": 0, "DE": 3}));
    assert_eq!(
        (&detail(11)["order_id"], &detail(11)["units"]),
        (&json!("026-1"), &json!(3))
    );
    assert_eq!(detail(11)["given_up_at"], at(60).to_string());
    let (held, released) = (detail(12), detail(13));
    assert_eq!(
        (&held["mode"], &held["reason"], &held["held_by"]),
        (&json!("zero"), &json!("a recall"), &json!("ann"))
    );
    assert_eq!(held["released_at"], Value::Null);
    assert_eq!(
        (&released["released_at"], &released["released_by"]),
        (&json!(at(90)), &Value::Null),
        "its time was over"
    );
    assert_eq!(
        (&detail(14)["sku"], &detail(14)["candidates"][0]["asin"]),
        (&json!("VASE"), &json!("B000000001"))
    );
    assert_eq!(
        detail(15)["restrictions"][0]["code"],
        json!("APPROVAL_REQUIRED")
    );
    assert_eq!(
        (&detail(16)["category"], &detail(16)["asked_at"]),
        (&json!("Home > Kitchen > Kettles"), &json!(at(110)))
    );
    let ids: std::collections::BTreeSet<&str> = put
        .iter()
        .map(|(_, detail)| detail["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), put.len());
}

#[tokio::test]
async fn what_was_so_before_is_not_announced_again() {
    let cloud = Cloud::new().await;
    let unchanged = a_day().await.into_iter().map(|record_of_it| {
        let new = record_of_it["dynamodb"]["NewImage"].clone();
        record(1, Some(&new), Some(&new))
    });
    // A refused row is noted again each time: it is announced by the moment of its refusal.
    let unchanged = unchanged.filter(|it| it["dynamodb"]["Keys"]["sk"] != json!({"S": "REJECTED"}));
    handle(&cloud.app, batch(unchanged.collect()))
        .await
        .unwrap();
    assert!(cloud.put().is_empty());
}

#[tokio::test]
async fn the_clocks_of_stock_follow_what_is_published_and_no_draft() {
    let database = Database::new().await;
    let connection = active();
    let mut plan = StockPlan {
        revision: 1,
        ..StockPlan::default()
    };
    let mut images = Vec::new();
    let published = Published {
        settings: StockSettings {
            on: true,
            ..StockSettings::default()
        },
        generation: 1,
        at: at(0),
        shadow: false,
        rules: None,
        quantities: None,
    };
    let key = connection.key();
    for published in [None, None, Some(published)] {
        plan.published = published;
        let saved = database.store.save_stock_plan(&key, &plan);
        assert_eq!(saved.await.unwrap(), Written::Done);
        images.push(database.images("ConnectionsTable", "STOCK").await.remove(0));
        plan.revision += 1;
        plan.draft_revision += 1;
    }
    let cloud = Cloud::new().await;
    let store = &cloud.app.store;
    assert_eq!(
        store.create_connection(&connection).await.unwrap(),
        Written::Done
    );
    let draft = record(1, Some(&images[0]), Some(&images[1]));
    handle(&cloud.app, batch(vec![draft])).await.unwrap();
    assert!(cloud.scheduled().is_empty());
    let standing = StockPlan {
        revision: 1,
        ..plan
    };
    let saved = store.save_stock_plan(&key, &standing);
    assert_eq!(saved.await.unwrap(), Written::Done);
    let published = record(2, Some(&images[1]), Some(&images[2]));
    handle(&cloud.app, batch(vec![published])).await.unwrap();
    let path = |kind| format!("POST /schedules/{kind}-{}", connection.id);
    assert_eq!(
        cloud.scheduled(),
        [path("orders"), path("stock"), path("match")]
    );
}
