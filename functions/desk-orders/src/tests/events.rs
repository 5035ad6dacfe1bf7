//! What happened, for who cannot listen to the bus.

use super::*;
use stallkeeper::store::{EventsOfChange, KeptEvent};

fn change(id: &str, at: Option<Timestamp>) -> EventsOfChange {
    let event = |kind: &str| KeptEvent {
        kind: kind.to_owned(),
        time: at,
        detail: json!({"v": 1, "id": format!("{id}-{kind}"), "tenant": "north"}),
    };
    EventsOfChange {
        tenant: tenant(),
        at,
        id: id.to_owned(),
        events: vec![event("order.imported"), event("order.pending_review")],
    }
}

fn ids(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["detail"]["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn events_are_read_page_by_page_and_later_from_the_same_place() {
    let stand = Stand::new().await;
    let ago = |seconds: i64| Timestamp::now() - SignedDuration::from_secs(seconds);
    let store = &stand.app.store;
    for (id, seconds) in [("a", 300), ("b", 200), ("c", 100)] {
        let at = ago(seconds);
        store.keep_events(&change(id, Some(at)), at).await.unwrap();
        store.keep_events(&change(id, Some(at)), at).await.unwrap();
    }
    store
        .keep_events(&change("young", Some(ago(1))), Timestamp::now())
        .await
        .unwrap();
    let empty = stand.send_as(
        Some(Caller::new("south".parse().unwrap(), &[Scope::Desk])),
        "GET",
        "/events",
        None,
    );
    assert_eq!(
        empty.await.is(200),
        json!({"events": [], "next": null, "more": false})
    );

    let first = stand.get("/events?limit=2").await.is(200);
    let expected = [
        "a-order.imported",
        "a-order.pending_review",
        "b-order.imported",
        "b-order.pending_review",
    ];
    assert_eq!(
        ids(&first),
        expected,
        "twice kept at once, they are there once"
    );
    assert_eq!(first["events"][0]["type"], "order.imported");
    let next = first["next"].as_str().unwrap();
    let second = stand.get(&format!("/events?after={next}")).await.is(200);
    assert_eq!(ids(&second), ["c-order.imported", "c-order.pending_review"]);
    assert_eq!(second["more"], false);
    let end = second["next"].as_str().unwrap();
    let third = stand.get(&format!("/events?after={end}")).await.is(200);
    assert_eq!(third, json!({"events": [], "next": end, "more": false}));

    // A change that is written late comes after all that was shown.
    let written = ago(30);
    store
        .keep_events(&change("late", Some(ago(250))), written)
        .await
        .unwrap();
    let fourth = stand.get(&format!("/events?after={end}")).await.is(200);
    assert_eq!(
        ids(&fourth),
        ["late-order.imported", "late-order.pending_review"]
    );
    stand
        .get("/events?after=nonsense")
        .await
        .problem(422, "invalid-request");
}

#[tokio::test]
async fn an_operator_reads_the_events_of_any_tenant() {
    let stand = Stand::new().await;
    let at = Timestamp::now() - SignedDuration::from_secs(60);
    stand
        .app
        .store
        .keep_events(&change("a", Some(at)), at)
        .await
        .unwrap();
    let path = "/operator/events?tenant=north";
    stand.get(path).await.problem(403, "missing-scope");
    let operator = || Some(Caller::new("house".parse().unwrap(), &[Scope::Operator]));
    let page = stand.send_as(operator(), "GET", path, None).await.is(200);
    assert_eq!(ids(&page).len(), 2);
    let answer = stand
        .send_as(operator(), "GET", "/operator/events", None)
        .await;
    answer.problem(422, "invalid-request");
}
