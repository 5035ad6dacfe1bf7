//! Parcels that were handed over.

use super::*;
use stallkeeper::domain::dispatch::DispatchWords;

fn parcel(lines: Value) -> Value {
    json!({
        "courier_service": "DPD/next-day", "tracking_number": "15501234567890", "handed_over_at": "2026-11-20T16:00:00Z",
        "lines": lines,
    })
}

/// An order of two lines that the platform has taken over.
async fn stand() -> Stand {
    let stand = Stand::new().await;
    stand
        ._database
        .connect(&kit::sample::connection("north", "C1"))
        .await;
    let mut order = ready("026-1", 1);
    order.order.items = vec![line("1", "MUG", 2, 0), line("2", "MUG", 1, 0)];
    stand.put(&order).await;
    stand
}

const PATH: &str = "/orders/C1/026-1/dispatches";

#[tokio::test]
async fn a_part_leaves_the_rest_open_and_wakes_who_tells_amazon() {
    let stand = stand().await;
    let part = parcel(json!([{"sku": "MUG", "quantity": 2}]));
    let path = format!("{PATH}/P-1");
    let first = stand.send("PUT", &path, Some(part.clone())).await.is(200);
    assert_eq!(first["state"], "to_confirm");
    assert_eq!(
        first["lines"],
        json!([{"order_item_id": "1", "quantity": 2}])
    );
    let again = stand.send("PUT", &path, Some(part)).await.is(200);
    assert_eq!(again, first, "the same again");
    let order = stand.get("/orders/C1/026-1").await.is(200);
    assert_eq!(order["status"], "partly_dispatched");
    assert_eq!(order["amazon"]["items"][1]["open_quantity"], 1);
    assert_eq!(order["dispatches"], json!([first]));
    assert_eq!(order["history"][1]["kind"], "dispatched");
    let queued = stand.outside.aws().messages.clone();
    assert_eq!((queued.len(), queued[0].0.as_str()), (2, "dispatches"));
    assert_eq!(
        queued[0].1["new"],
        json!({"order_id": "026-1", "parcel": "P-1"})
    );
    let rest = parcel(json!("all_open"));
    let rest = stand
        .send("PUT", &format!("{PATH}/P-2"), Some(rest))
        .await
        .is(200);
    assert_eq!(
        rest["lines"],
        json!([{"order_item_id": "2", "quantity": 1}])
    );
    assert_ne!(rest["package_number"], first["package_number"]);
}

#[tokio::test]
async fn a_refused_parcel_that_is_put_again_goes_again_under_its_number() {
    let stand = stand().await;
    let path = format!("{PATH}/P-1");
    let whole = parcel(json!("all_open"));
    let first = stand.send("PUT", &path, Some(whole.clone())).await.is(200);
    let key = ConnectionKey::new(&"north".parse().unwrap(), &"C1".parse().unwrap());
    let (order, id) = ("026-1".parse().unwrap(), "P-1".parse().unwrap());
    let store = &stand._database.store;
    let dispatch = store.dispatch(&key, &order, &id).await.unwrap().unwrap();
    let order = store.order(&key, &order).await.unwrap().unwrap();
    let words = DispatchWords {
        at: Timestamp::now(),
        code: "InvalidInput".into(),
        message: "no".into(),
    };
    let refused = dispatch.refused(&order, words, Timestamp::now());
    let (dispatch, order) = (refused.dispatch, refused.order);
    let written = store.write_dispatch(&dispatch, &order, &refused.entry);
    assert_eq!(written.await.unwrap(), Written::Done);
    let again = stand.send("PUT", &path, Some(whole)).await.is(200);
    assert_eq!(again["state"], "to_confirm");
    assert_eq!(again["package_number"], first["package_number"]);
    let order = stand.get("/orders/C1/026-1").await.is(200);
    assert_eq!(order["status"], "dispatched");
}

#[tokio::test]
async fn more_than_is_open_is_a_conflict_that_shows_the_order() {
    let stand = stand().await;
    let path = format!("{PATH}/P-1");
    let many = parcel(json!([{"order_item_id": "1", "quantity": 3}]));
    let problem = stand
        .send("PUT", &path, Some(many))
        .await
        .problem(409, "too-many");
    assert_eq!(problem["current"]["order_id"], "026-1");
    let unknown = parcel(json!([{"order_item_id": "9", "quantity": 1}]));
    let problem = stand.send("PUT", &path, Some(unknown)).await;
    problem.problem(422, "invalid-request");
    assert!(stand.outside.aws().messages.is_empty());
}

#[tokio::test]
async fn a_mistake_is_answered_with_its_place() {
    let stand = stand().await;
    let rows = [
        (json!({"carrier": "Pigeon Post"}), "/courier_service"),
        (json!({"lines": []}), "/lines"),
        (
            json!({"lines": [{"sku": "MUG", "quantity": 0}]}),
            "/lines/0/quantity",
        ),
        (json!({"lines": [{"quantity": 1}]}), "/lines/0"),
        (json!({"tracking_number": "=1+1"}), "/tracking_number"),
        (json!({"colour": "red"}), "/colour"),
    ];
    for (change, pointer) in rows {
        let mut body = parcel(json!("all_open"));
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = stand.send("PUT", &format!("{PATH}/P-1"), Some(body)).await;
        let problem = answer.problem(422, "invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let bad = stand
        .send(
            "PUT",
            &format!("{PATH}/-x"),
            Some(parcel(json!("all_open"))),
        )
        .await;
    assert_eq!(
        bad.problem(422, "invalid-request")["errors"][0]["parameter"],
        "parcel"
    );
    let none = stand
        .send(
            "PUT",
            "/orders/C1/026-9/dispatches/P-1",
            Some(parcel(json!("all_open"))),
        )
        .await;
    none.problem(404, "not-found");
}

#[tokio::test]
async fn many_rows_are_judged_one_by_one_and_the_good_ones_queued() {
    let stand = stand().await;
    let row = |parcel: &str, change: Value| {
        let mut row = self::parcel(json!("all_open"));
        row["connection"] = json!("C1");
        row["order_id"] = json!("026-1");
        row["parcel"] = json!(parcel);
        for (name, value) in change.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    };
    let rows = json!([
        row("P-1", json!({})),
        row("-x", json!({})),
        row("P-2", json!({"lines": [{"sku": "MUG", "quantity": 9}]})),
        row("P-3", json!({"order_id": "026-9"})),
        row("P-4", json!({"colour": "red"})),
        "none",
    ]);
    let result = stand.post("/dispatches", rows).await.is(202);
    assert_eq!(
        (&result["accepted"], &result["unchanged"]),
        (&json!(1), &json!(0))
    );
    let codes: Vec<(u64, &str)> = result["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["row"].as_u64().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (2, "invalid"),
        (3, "too_many"),
        (4, "not_found"),
        (5, "invalid"),
        (6, "unreadable"),
    ];
    assert_eq!(codes, expected);
    let queued = stand.outside.aws().messages.clone();
    assert_eq!(queued.len(), 1);
    assert_eq!(
        (&queued[0].1["kind"], &queued[0].1["parcel"]),
        (&json!("hand_over"), &json!("P-1"))
    );
}

#[tokio::test]
async fn of_two_rows_for_a_parcel_the_later_one_was_asked_later() {
    let stand = stand().await;
    let rows = ["1", "2"].map(|tracking| {
        let mut row = parcel(json!("all_open"));
        row["connection"] = json!("C1");
        row["order_id"] = json!("026-1");
        row["parcel"] = json!("P-1");
        row["tracking_number"] = json!(tracking);
        row
    });
    stand.post("/dispatches", json!(rows)).await.is(202);
    let queued = stand.outside.aws().messages.clone();
    let asked: Vec<Timestamp> = queued
        .iter()
        .map(|(_, row, _)| row["asked_at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(asked[0] < asked[1], "{asked:?}");
}

#[test]
fn a_line_of_csv_is_what_json_would_say() {
    use crate::dispatch_rows::DispatchRows;
    use stallkeeper::api::RowForm as _;
    let cells = [
        ("lines", "[{\"sku\":\"MUG\",\"quantity\":2}]"),
        ("other_tracking_numbers", "[\"2\"]"),
        ("despite_cancel", "true"),
        ("tracking_number", "1"),
    ];
    let fields = DispatchRows::fields(cells.into_iter());
    let expected = json!({
        "lines": [{"sku": "MUG", "quantity": 2}], "other_tracking_numbers": ["2"], "despite_cancel": true,
        "tracking_number": "1",
    });
    assert_eq!(Value::Object(fields), expected);
}
