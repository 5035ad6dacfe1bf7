//! Events: kept by tenant, read by tenant or over all, and none missed by a reader who goes on after a place.

use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use stallkeeper::store::{EventPlace, EventsOfChange, KeptEvent};

fn change(tenant: &str, id: &str, at: Timestamp) -> EventsOfChange {
    EventsOfChange {
        tenant: tenant.parse().unwrap(),
        at: Some(at),
        id: id.to_owned(),
        events: vec![KeptEvent {
            kind: "order.imported".into(),
            time: Some(at),
            detail: json!({"id": id, "tenant": tenant}),
        }],
    }
}

/// Reads on after a place, to the end; the ids of what there is.
async fn read_on(
    store: &Store,
    place: &mut Option<EventPlace>,
    limit: usize,
    now: Timestamp,
) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = store.events_of_all_after(place.as_ref(), limit, now).await;
        let page = page.unwrap();
        let found = page.events.iter();
        ids.extend(found.map(|event| event.detail["id"].as_str().unwrap().to_owned()));
        *place = page.place.or(place.take());
        if page.is_last {
            return ids;
        }
    }
}

#[tokio::test]
async fn an_hours_events_of_a_tenant_cost_one_write_more() {
    let (db, store) = store().await;
    let now = Timestamp::now();
    for number in 0..40 {
        let tenant = ["north", "south"][number % 2];
        let change = change(tenant, &format!("e{number}"), now);
        store.keep_events(&change, now).await.unwrap();
    }
    let items = db.items("EventsTable").await;
    let marks = items
        .iter()
        .filter(|item| item["pk"].as_s().unwrap().starts_with("EVENTS_IN#"));
    assert_eq!((items.len(), marks.count()), (42, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Time passes, tenants have events, some of them written late or twice, and one reader goes on after its place.
    #[test]
    fn a_reader_of_all_tenants_misses_nothing_however_events_come_and_pages_end(
        steps in prop::collection::vec((0_i64..4_000, 0_usize..5, 0_i64..5_000, any::<bool>()), 1..40),
        limit in 1_usize..7,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (db, store) = store().await;
            let (mut now, mut place) = (at(0), None);
            let mut kept = Vec::new();
            let mut read = Vec::new();
            for (number, (seconds, tenant, late_ms, reads)) in steps.into_iter().enumerate() {
                now += SignedDuration::from_secs(seconds);
                let happened = now - SignedDuration::from_millis(late_ms);
                let id = format!("e{number:02}");
                let change = change(&format!("t{tenant}"), &id, happened);
                // What another run of the function remembers is not known to this one.
                let store = if reads { store.clone() } else { db.store_counted_by(&kit::Calls::default()) };
                store.keep_events(&change, now).await.unwrap();
                kept.push(id);
                if reads {
                    read.extend(read_on(&store, &mut place, limit, now).await);
                }
            }
            let end = now + SignedDuration::from_secs(60);
            read.extend(read_on(&store, &mut place, limit, end).await);
            prop_assert_eq!(&read.len(), &kept.len(), "each comes once: {:?}", read);
            read.sort();
            prop_assert_eq!(read, kept);
            Ok(())
        })?;
    }
}
