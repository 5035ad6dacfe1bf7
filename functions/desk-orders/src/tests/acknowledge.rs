use super::*;

const PATH: &str = "/orders/acknowledge";

fn named(ids: &[&str]) -> Value {
    let orders: Vec<Value> = ids
        .iter()
        .map(|id| json!({"connection": "C1", "id": id}))
        .collect();
    json!({"orders": orders})
}

fn outcomes(answer: &Value) -> Vec<(&str, &str)> {
    let rows = answer["orders"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            (
                row["id"].as_str().unwrap(),
                row["outcome"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn each_row_is_answered_for_itself_and_the_same_again_changes_nothing() {
    let stand = Stand::new().await;
    stand.put(&ready("a", 1)).await;
    stand.put(&ready("b", 2)).await;
    stand.put(&waiting("waits", 3)).await;
    let mut shipped = ready("shipped", 4);
    shipped.status = OrderStatus::Dispatched;
    stand.put(&shipped).await;
    let body = named(&["b", "waits", "nowhere", "a", "shipped", "a"]);

    let first = stand.post(PATH, body.clone()).await.is(200);
    let expected = [
        ("b", "acknowledged"),
        ("waits", "not_ready"),
        ("nowhere", "not_found"),
        ("a", "acknowledged"),
        ("shipped", "already"),
        ("a", "acknowledged"),
    ];
    assert_eq!(outcomes(&first), expected);
    let row = &first["orders"][0];
    assert_eq!(
        (&row["status"], &row["service"]),
        (&json!("acknowledged"), &json!("DPD/next-day"))
    );
    assert_eq!(first["orders"][1]["status"], "pending_review");
    assert_eq!(first["orders"][2]["status"], Value::Null);

    let again = stand.post(PATH, body).await.is(200);
    let expected = [
        ("b", "already"),
        ("waits", "not_ready"),
        ("nowhere", "not_found"),
        ("a", "already"),
        ("shipped", "already"),
        ("a", "already"),
    ];
    assert_eq!(outcomes(&again), expected);
    assert_eq!(
        first["orders"][0]["acknowledged_at"],
        again["orders"][0]["acknowledged_at"]
    );
    let order = stand.get("/orders/C1/a").await.is(200);
    assert_eq!(
        order["history"].as_array().unwrap().len(),
        2,
        "taken over once"
    );
    assert_eq!(order["history"][1]["kind"], "acknowledged");
}

#[tokio::test]
async fn two_platforms_at_once_take_an_order_over_once() {
    let stand = Stand::new().await;
    for id in ["a", "b", "c"] {
        stand.put(&ready(id, 1)).await;
    }
    let all = named(&["a", "b", "c"]);
    let (one, two) = tokio::join!(stand.post(PATH, all.clone()), stand.post(PATH, all));
    let (one, two) = (one.is(200), two.is(200));
    for (one, two) in outcomes(&one).into_iter().zip(outcomes(&two)) {
        let mut words = [one.1, two.1];
        words.sort_unstable();
        assert_eq!(words, ["acknowledged", "already"], "{}", one.0);
    }
}

#[tokio::test]
async fn an_order_that_amazon_cancelled_is_not_taken_over() {
    let stand = Stand::new().await;
    let order = ready("a", 1);
    stand.put(&order).await;
    stand
        .change(&order, |order| order.status = OrderStatus::Cancelled)
        .await;
    let answer = stand.post(PATH, named(&["a"])).await.is(200);
    assert_eq!(outcomes(&answer), [("a", "not_ready")]);
    assert_eq!(answer["orders"][0]["status"], "cancelled");
}

#[tokio::test]
async fn a_request_names_one_to_a_hundred_orders() {
    let stand = Stand::new().await;
    let many: Vec<String> = (0..101).map(|number| format!("o{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let hundred = stand.post(PATH, named(&many[..100])).await.is(200);
    assert!(
        outcomes(&hundred)
            .iter()
            .all(|(_, word)| *word == "not_found")
    );
    for body in [
        named(&many),
        named(&[]),
        json!({}),
        json!({"orders": [{"id": "a"}]}),
        json!({"orders": [["C1", "a", null, null]]}),
        json!({"orders": [{"connection": "C1", "id": "a", "warehouse": "LON\n"}]}),
    ] {
        stand.post(PATH, body).await.problem(422, "invalid-request");
    }
    let not_json = Request::builder().method("POST").uri(PATH);
    let mut not_json = not_json.body(Body::from("orders=a")).unwrap();
    not_json
        .extensions_mut()
        .insert(Caller::new(tenant(), &[Scope::Desk]));
    Answer::of(stand.router.clone(), not_json)
        .await
        .problem(400, "not-json");
}

fn read_at(revision: u64) -> Value {
    json!({"orders": [{"connection": "C1", "id": "a", "revision": revision}]})
}

#[tokio::test]
async fn an_order_that_changed_after_it_was_read_is_not_taken_over() {
    let stand = Stand::new().await;
    let order = ready("a", 1);
    stand.put(&order).await;
    stand
        .change(&order, |order| {
            order.order.service_level = Some("EXPEDITED".into())
        })
        .await;
    let answer = stand.post(PATH, read_at(1)).await.is(200);
    let row = &answer["orders"][0];
    assert_eq!(
        (&row["outcome"], &row["status"], &row["revision"]),
        (&json!("changed"), &json!("ready"), &json!(2))
    );
    assert_eq!(row["acknowledged_at"], Value::Null);

    let answer = stand.post(PATH, read_at(2)).await.is(200);
    assert_eq!(outcomes(&answer), [("a", "acknowledged")]);
    let answer = stand.post(PATH, read_at(2)).await.is(200);
    assert_eq!(
        outcomes(&answer),
        [("a", "already")],
        "the same request again"
    );
    let answer = stand.post(PATH, read_at(1)).await.is(200);
    assert_eq!(
        outcomes(&answer),
        [("a", "changed")],
        "who read an older one must not ship it because somebody else took the newer one over"
    );
    for bad in [
        json!("1"),
        json!(-1),
        json!(1.5),
        json!(i64::MAX as u64 + 1),
    ] {
        let body = json!({"orders": [{"connection": "C1", "id": "a", "revision": bad}]});
        stand.post(PATH, body).await.problem(422, "invalid-request");
    }
}

#[tokio::test]
async fn what_waits_again_or_is_cancelled_since_it_was_read_says_so() {
    for status in [
        OrderStatus::PendingReview,
        OrderStatus::Cancelled,
        OrderStatus::Elsewhere,
    ] {
        let stand = Stand::new().await;
        let order = ready("a", 1);
        stand.put(&order).await;
        stand.change(&order, |order| order.status = status).await;
        let answer = stand.post(PATH, read_at(1)).await.is(200);
        let row = &answer["orders"][0];
        assert_eq!(
            (&row["outcome"], &row["status"]),
            (&json!("changed"), &json!(status.as_str()))
        );
    }
}

#[tokio::test]
async fn the_warehouse_that_an_order_is_sent_from_is_kept_without_spaces_around_it() {
    let stand = Stand::new().await;
    stand.put(&ready("a", 1)).await;
    let body = json!({"orders": [{"connection": "C1", "id": "a", "warehouse": " LON "}]});
    let answer = stand.post(PATH, body).await.is(200);
    assert_eq!(outcomes(&answer), [("a", "acknowledged")]);
    let key = ready("a", 1).connection_key();
    let stored = stand.app.store.order(&key, &"a".parse().unwrap()).await;
    let warehouse = stored.unwrap().unwrap().warehouse.unwrap();
    assert_eq!(warehouse.as_str(), "LON");
}
