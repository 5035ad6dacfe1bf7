//! One listing explained: a bundle, an alias, a refused one, a case mismatch; and what it waits for.

use super::listings::{feed, place, save, send};
use super::*;
use stallkeeper::domain::feed::{FeedState, SentBy};
use stallkeeper::domain::listing::Refused;
use stallkeeper::domain::stock::{Reservation, Sale};
use stallkeeper::domain::stock_settings::Freeze;

fn order(name: &str, amazon_sku: &str, units: u32, sold: Option<u32>) -> Reservation {
    Reservation {
        connection: c1(),
        order: name.parse().unwrap(),
        line: "1".into(),
        amazon_sku: amazon_sku.parse().unwrap(),
        units,
        sale: sold.map(|units| Sale {
            ordered_at: at(20),
            units,
            most: units,
            reduced_at: None,
        }),
        acknowledged_at: None,
        dispatched: Vec::new(),
        is_elsewhere: false,
        warehouse: None,
        revision: 1,
    }
}

pub(super) async fn explained(stand: &Stand, amazon_sku: &str) -> Value {
    let path = format!("/connections/C1/listings?sku={amazon_sku}");
    stand.get(&path).await.is(200)
}

pub(super) fn contains(value: &Value, words: &str) {
    let text = value.to_string();
    assert!(text.contains(words), "{words}: {text}");
}

#[tokio::test]
async fn a_bundle_is_explained_part_by_part() {
    let stand = Stand::new().await;
    stand.keep(&["P", "Q"]).await;
    let bundle = json!([{"sku": "B", "title": "Both", "parts": [{"sku": "P", "units": 2}, {"sku": "Q", "units": 1}]}]);
    stand.put("/products", bundle).await.is(202);
    stand.work().await;
    stand
        .publish(|plan| plan.published.as_mut().unwrap().settings.policy.buffer = 4)
        .await;
    stand.list("B", "B", 1, 50).await;
    let levels = vec![
        level("P", "LON", 30, 10),
        level("P", "PAR", 7, 12),
        level("Q", "LON", 99, 10),
    ];
    stand.deliver(&[levels_message(levels)]).await;
    for (under, units, sold) in [("B", 0, Some(1)), ("P", 2, None), ("Q", 1, None)] {
        let order = order("o1", "B", units, sold);
        let put = stand
            .store
            .put_reservation(&tenant(), &sku(under), &order)
            .await;
        assert_eq!(put.unwrap(), Written::Done);
    }
    stand.deliver(&[recompute_message(&["P"], true)]).await;
    let told = explained(&stand, "B").await;
    assert_eq!(
        (
            &told["state"],
            &told["product"]["is_bundle"],
            &told["product"]["title"]
        ),
        (&json!("matched"), &json!(true), &json!("Both"))
    );
    let part = &told["parts"][0];
    assert_eq!(
        (
            &part["sku"],
            &part["units"],
            &part["level"],
            &part["reserved"],
            &part["enough_for"]
        ),
        (&json!("P"), &json!(2), &json!(37), &json!(2), &json!(17))
    );
    assert_eq!(part["levels"][1]["warehouse"], "PAR");
    assert_eq!(part["reservations"][0]["order_id"], "o1");
    assert_eq!(part["reservations"][0]["why"], "not acknowledged yet");
    let steps: Vec<&Value> = told["policy"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["quantity"])
        .collect();
    assert_eq!(steps, [17, 13, 13, 13]);
    assert_eq!(
        (&told["wanted"]["value"], &told["computed"]["value"]),
        (&json!(13), &json!(13))
    );
    assert_eq!(told["wanted"]["generation"], told["computed"]["generation"]);
    contains(&told["wanted"]["why"], "of P ÷ 2 = 17; buffer 4 → 13");
    assert_eq!(
        (&told["live"]["lowest"], &told["live"]["highest"]),
        (&json!(49), &json!(49))
    );
    contains(&told["live"]["why"], "1 sold since");
    assert_eq!(told["next"]["send"], 13);
    contains(&told["next"]["why"], "Amazon shows 49, and 13 are wanted");
    assert!(told["next"]["listed_since"].is_string());
    contains(&told["history"], "1 ordered: o1");
    contains(&told["history"], "7 of P measured in PAR");
}

#[tokio::test]
async fn an_alias_tells_its_product_and_units_and_what_an_increase_waits_for() {
    let stand = Stand::new().await;
    stand.keep(&["P"]).await;
    place(&stand, "six/pack #1", ListingState::UnknownHere).await;
    let name = "six%2Fpack%20%231";
    let path = format!("/connections/C1/aliases?sku={name}");
    stand
        .put(&path, json!({"product": "P", "units": 6}))
        .await
        .is(200);
    stand
        .deliver(&[levels_message(vec![level("P", "LON", 20, 10)])])
        .await;
    stand.work().await;
    let told = explained(&stand, name).await;
    assert_eq!(
        (
            &told["sku"],
            &told["product"]["sku"],
            &told["product"]["units"],
            &told["product"]["alias"]
        ),
        (&json!("six/pack #1"), &json!("P"), &json!(6), &json!(true))
    );
    assert_eq!(told["wanted"]["value"], 3);
    assert_eq!(told["live"], Value::Null, "nothing was seen of it");
    contains(
        &told["next"]["why"],
        "it is not known what Amazon shows, and 3 are wanted",
    );

    stand.list("Q", "P", 1, 5).await;
    stand.deliver(&[recompute_message(&["P"], false)]).await;
    let told = explained(&stand, "Q").await;
    contains(&told["next"]["waits_for"], "when the level was measured");
    stand
        .publish(|plan| {
            plan.frozen = Some(Freeze {
                at: at(0),
                reason: Some("a wrong file".into()),
            });
        })
        .await;
    let told = explained(&stand, "Q").await;
    contains(
        &told["next"]["waits_for"],
        "the connection is frozen, since",
    );
    contains(&told["next"]["waits_for"], "a wrong file");
}

#[tokio::test]
async fn a_refused_listing_tells_amazons_words_and_what_to_do() {
    let stand = Stand::new().await;
    stand.keep(&["P"]).await;
    stand.list("P", "P", 1, 5).await;
    stand
        .deliver(&[levels_message(vec![level("P", "LON", 8, 10)])])
        .await;
    save(&stand, &feed("F1", FeedState::Submitted)).await;
    let by = SentBy::Feed("F1".parse().unwrap());
    send(&stand, "P", by.clone(), 30).await;
    let told = explained(&stand, "P").await;
    assert_eq!(
        (&told["sent"]["outcome"], &told["sent"]["feed"]),
        (&json!("in_flight"), &json!("F1"))
    );
    contains(&told["sent"]["note"], "not confirmed since");
    contains(&told["sent"]["note"], "has not finished processing it");
    contains(&told["live"]["why"], "not confirmed since");
    contains(&told["next"]["why"], "Amazon has not confirmed it yet");
    let refused = Refused {
        value: 8,
        code: "13013".into(),
        message: "This SKU does not exist.".into(),
        at: at(160),
        by,
    };
    let name = "P".parse().unwrap();
    stand
        .store
        .refuse_listing(&key().listing(&name), &refused)
        .await
        .unwrap();
    let mut settled = feed("F1", FeedState::Settled);
    settled.revision = 2;
    save(&stand, &settled).await;
    let told = explained(&stand, "P").await;
    assert_eq!(
        (&told["sent"]["outcome"], &told["live"]),
        (&json!("refused"), &Value::Null)
    );
    let refused = &told["refused"];
    assert_eq!(
        (
            &refused["code"],
            &refused["message"],
            &refused["tried_again"]
        ),
        (
            &json!("13013"),
            &json!("This SKU does not exist."),
            &json!(false)
        )
    );
    assert!(
        refused["meaning"].as_str().unwrap().len() > 20
            && refused["remedy"].as_str().unwrap().len() > 20
    );
    assert_eq!(
        (&told["next"]["send"], &told["next"]["why"]),
        (&Value::Null, &json!("Amazon refused this quantity"))
    );
    contains(&told["history"], "8 refused by Amazon: 13013");
    contains(
        &told["history"],
        "feed F1 processed by Amazon: 2 accepted, 1 refused",
    );
}

#[tokio::test]
async fn a_value_that_a_settled_feed_carried_is_accepted_and_one_that_came_back_is_unknown() {
    let stand = Stand::new().await;
    stand.keep(&["P"]).await;
    stand.list("P", "P", 1, 5).await;
    stand
        .deliver(&[levels_message(vec![level("P", "LON", 8, 10)])])
        .await;
    send(&stand, "P", SentBy::Patch, 30).await;
    let told = explained(&stand, "P").await;
    assert_eq!(
        (&told["sent"]["by"], &told["sent"]["outcome"]),
        (&json!("patch"), &json!("accepted"))
    );
    assert_eq!(
        (&told["live"]["lowest"], &told["next"]["why"]),
        (&json!(8), &json!("Amazon shows it"))
    );
    let mut returned = feed("F2", FeedState::Returned);
    returned.note = Some("FATAL".into());
    save(&stand, &returned).await;
    send(&stand, "P", SentBy::Feed("F2".parse().unwrap()), 40).await;
    let told = explained(&stand, "P").await;
    assert_eq!(told["sent"]["outcome"], "unknown");
    contains(&told["sent"]["note"], "FATAL");
    assert_eq!(told["next"]["send"], 8, "in doubt it is sent again");
}

#[tokio::test]
async fn a_case_mismatch_shows_both_spellings_and_the_remedy() {
    let stand = Stand::new().await;
    stand.keep(&["SHIRT"]).await;
    let mut listing = Listing::new(
        &connection("C1"),
        "Shirt".parse().unwrap(),
        ListingState::CaseMismatch,
    );
    listing.other_spelling = Some(sku("SHIRT"));
    let placed = stand.store.place_listing(&listing, None, false).await;
    assert_eq!(placed.unwrap(), Written::Done);
    let told = explained(&stand, "Shirt").await;
    for words in [
        "`Shirt`",
        "`SHIRT`",
        "Rename the product here",
        "aliases?sku=",
    ] {
        contains(&json!(told["state_note"].as_str().unwrap()), words);
    }
    assert_eq!(told["next"]["why"], "it is not matched");
    assert_eq!(
        (&told["product"]["sku"], &told["product"]["tied"]),
        (&json!("Shirt"), &json!(false))
    );
    assert_eq!(told["computed"]["why"], "no product of this SKU is kept");
    stand
        .get("/connections/C1/listings?sku=SHIRT")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn unknown_is_told_as_unknown_and_never_as_zero() {
    let stand = Stand::new().await;
    stand.keep(&["P"]).await;
    stand.list("P", "P", 1, 5).await;
    let told = explained(&stand, "P").await;
    assert_eq!(
        (&told["computed"]["value"], &told["parts"][0]["level"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(told["computed"]["why"], "no stock level of P yet");
    assert_eq!(
        (&told["policy"], &told["next"]["send"]),
        (&json!([]), &Value::Null)
    );
}
