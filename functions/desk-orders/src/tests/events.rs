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
    // Too young to be shown, however long the test takes.
    let young = ago(-600);
    store
        .keep_events(&change("young", Some(young)), young)
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
async fn an_operator_reads_the_events_of_one_tenant_or_of_all() {
    let stand = Stand::new().await;
    let store = &stand.app.store;
    let ago = |minutes: i64| Timestamp::now() - SignedDuration::from_mins(minutes);
    // Some hours lie between them, and two tenants have one in the same moment.
    let same = ago(500);
    for (tenant, id, at) in [
        ("west", "a", ago(700)),
        ("north", "b", same),
        ("south", "b", same),
        ("south", "c", ago(90)),
        ("north", "d", ago(3)),
        ("west", "e", ago(2)),
    ] {
        let change = EventsOfChange {
            tenant: tenant.parse().unwrap(),
            ..change(id, Some(at))
        };
        store.keep_events(&change, at).await.unwrap();
    }
    // Too young to be shown, however long the test takes.
    let young = Timestamp::now() + SignedDuration::from_mins(10);
    let of_young = change("young", Some(young));
    store.keep_events(&of_young, young).await.unwrap();
    stand
        .get("/operator/events")
        .await
        .problem(403, "missing-scope");
    let get = async |query: &str| {
        let operator = Caller::new("house".parse().unwrap(), &[Scope::Operator]);
        let path = format!("/operator/events{query}");
        stand.send_as(Some(operator), "GET", &path, None).await
    };
    let one = get("?tenant=north").await.is(200);
    assert_eq!(ids(&one).len(), 4);
    for limit in [1, 2, 100] {
        let (mut all, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = get(&format!("?limit={limit}{after}")).await.is(200);
            let kept = page["events"].as_array().unwrap().iter();
            let imported = kept.filter(|event| event["type"] == "order.imported");
            all.extend(imported.map(|event| event["detail"]["id"].as_str().unwrap().to_owned()));
            after = format!("&after={}", page["next"].as_str().unwrap());
            pages += 1;
            if page["more"] == false {
                break;
            }
        }
        let expected = ["a", "b", "b", "c", "d", "e"].map(|id| format!("{id}-order.imported"));
        assert_eq!(all, expected, "pages of {limit}");
        assert!(pages > 2, "an hour without events ends no list");
        let end = get(&format!("?limit={limit}{after}")).await.is(200);
        assert_eq!((ids(&end).len(), &end["more"]), (0, &json!(false)));
    }
    let next = one["next"].as_str().unwrap();
    for query in [format!("?after={next}"), "?after=nonsense".to_owned()] {
        let answer = get(&query).await;
        answer.problem(422, "invalid-request");
    }
}
