//! Orders, lists of them, buyer data and parked marks.

use super::*;
use stallkeeper::store::{OrderPartition, WaitingKind};

#[tokio::test]
async fn an_order_is_inserted_once_and_replaced_by_whoever_read_it_last() {
    let (_db, store) = store().await;
    let first = order("026-1", OrderStatus::Ready, 100, Some("STD UK DOM"));
    assert_eq!(store.insert_order(&first).await.unwrap(), Written::Done);
    assert_eq!(store.insert_order(&first).await.unwrap(), Written::Conflict);
    let second = StoredOrder {
        status: OrderStatus::Acknowledged,
        revision: 2,
        ..first.clone()
    };
    let note = entry(HistoryKind::Acknowledged);
    assert_eq!(
        store.replace_order(&second, &note).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        store.replace_order(&second, &note).await.unwrap(),
        Written::Conflict
    );
    let id = &first.order.id;
    assert_eq!(store.order(&key(), id).await.unwrap(), Some(second.clone()));
    assert_eq!(
        store
            .order(
                &ConnectionKey {
                    tenant: "south".parse().unwrap(),
                    id: c1()
                },
                id
            )
            .await
            .unwrap(),
        None
    );
    let history = store.order_history(&second).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].revision, history[0].entry.clone()), (2, note));
}

fn ready_of(tenant: &str) -> OrderPartition {
    OrderPartition::Status(tenant.parse().unwrap(), OrderStatus::Ready)
}

#[tokio::test]
async fn lists_are_by_urgency_page_by_page_and_of_one_tenant() {
    let (_db, store) = store().await;
    for (id, ship_by) in [("026-3", 300), ("026-1", 100), ("026-2", 200)] {
        let _ = store
            .insert_order(&order(id, OrderStatus::Ready, ship_by, Some("STD UK DOM")))
            .await
            .unwrap();
    }
    let filter = OrderFilter {
        marketplace: Some("UK".into()),
        ..OrderFilter::default()
    };
    let mut ids = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store
            .orders_in(&ready_of("north"), &filter, after.as_deref(), 1)
            .await
            .unwrap();
        ids.extend(
            page.rows
                .into_iter()
                .map(|listed| listed.row.order_id.to_string()),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["026-1", "026-2", "026-3"]);
    let before = OrderFilter {
        ship_by_before: Some(at(200)),
        ..OrderFilter::default()
    };
    let page = store
        .orders_in(&ready_of("north"), &before, None, 10)
        .await
        .unwrap();
    assert_eq!(page.rows.len(), 1);
    let elsewhere = store
        .orders_in(&ready_of("south"), &filter, None, 10)
        .await
        .unwrap();
    assert_eq!(elsewhere.rows, []);
}

#[tokio::test]
async fn waiting_orders_are_found_by_the_term_that_a_mapping_is_for() {
    let (_db, store) = store().await;
    for (id, status, term) in [
        (
            "026-1",
            OrderStatus::PendingReview,
            Some("STD UK DOM-PRIME"),
        ),
        ("026-2", OrderStatus::PendingReview, Some("EXP UK DOM")),
        ("026-3", OrderStatus::Ready, Some("STD UK DOM")),
        ("026-4", OrderStatus::PendingReview, None),
    ] {
        let _ = store
            .insert_order(&order(id, status, 1, term))
            .await
            .unwrap();
    }
    let standard = "STD UK DOM".parse().unwrap();
    let page = store
        .waiting_orders(
            &key(),
            WaitingKind::PendingReview,
            Some(&standard),
            None,
            10,
        )
        .await
        .unwrap();
    assert_eq!(page.orders, ["026-1".parse::<OrderId>().unwrap()]);
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store
            .waiting_orders(
                &key(),
                WaitingKind::PendingReview,
                None,
                after.as_deref(),
                1,
            )
            .await
            .unwrap();
        all.extend(page.orders);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 3);
}

#[tokio::test]
async fn ready_orders_of_a_connection_are_found_page_by_page_with_those_of_which_a_part_is() {
    let (_db, store) = store().await;
    let of_another = StoredOrder {
        connection: "01M8M362S69WP7B6VKMFF57FX7".parse().unwrap(),
        ..order("026-9", OrderStatus::Ready, 1, None)
    };
    let _ = store.insert_order(&of_another).await.unwrap();
    for (id, status, term) in [
        ("026-1", OrderStatus::Ready, Some("STD UK DOM")),
        ("026-2", OrderStatus::PendingReview, Some("STD UK DOM")),
        ("026-3", OrderStatus::PartlyDispatched, Some("STD UK DOM")),
        ("026-4", OrderStatus::Ready, Some("EXP UK DOM")),
        ("026-5", OrderStatus::Ready, None),
    ] {
        let _ = store
            .insert_order(&order(id, status, 1, term))
            .await
            .unwrap();
    }
    let ready = async |term: Option<&str>| {
        let (of, kind) = (key(), WaitingKind::Ready);
        let term = term.map(|term| term.parse().unwrap());
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = store.waiting_orders(&of, kind, term.as_ref(), after.as_deref(), 1);
            let page = page.await.unwrap();
            all.extend(page.orders.iter().map(ToString::to_string));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    };
    let mut all = ready(None).await;
    assert_eq!(all.pop().as_deref(), Some("026-3"), "a part is the last");
    all.sort();
    assert_eq!(all, ["026-1", "026-4", "026-5"]);
    assert_eq!(ready(Some("STD UK DOM")).await, ["026-1", "026-3"]);
}

#[tokio::test]
async fn newer_buyer_data_stays_and_expired_buyer_data_is_gone() {
    let (_db, store) = store().await;
    let id: OrderId = "026-1".parse().unwrap();
    let record = |name: &str, fetched: i64| BuyerRecord {
        tenant: north(),
        connection: c1(),
        order_id: id.clone(),
        version: Version {
            updated_at: at(1),
            datasets: 6,
            fetched_at: at(fetched),
        },
        data: BuyerData::new(json!({"buyer": {"buyerName": name}})),
        postcode: None,
        expires_at: at(1_000),
    };
    store.put_buyer(&record("new", 5), at(0)).await.unwrap();
    store.put_buyer(&record("old", 4), at(0)).await.unwrap();
    let read = async |tenant: &str, now: i64| {
        let data = store
            .buyer(
                &ConnectionKey {
                    tenant: tenant.parse().unwrap(),
                    id: c1(),
                },
                &id,
                at(now),
            )
            .await
            .unwrap();
        data.map(|data| {
            data.expose()
                .pointer("/buyer/buyerName")
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        })
    };
    assert_eq!(read("north", 0).await.as_deref(), Some("new"));
    assert_eq!(read("south", 0).await, None);
    assert_eq!(read("north", 1_000).await, None, "expired, swept or not");
    store.expire_buyer(&c1(), &id, at(10)).await.unwrap();
    store.expire_buyer(&c1(), &id, at(500)).await.unwrap();
    assert_eq!(read("north", 11).await, None, "never lives longer again");
}

#[tokio::test]
async fn buyer_data_erased_on_request_never_comes_again() {
    let (_db, store) = store().await;
    let id: OrderId = "026-1".parse().unwrap();
    let record = |fetched: i64| BuyerRecord {
        tenant: north(),
        connection: c1(),
        order_id: id.clone(),
        version: Version {
            updated_at: at(fetched),
            datasets: 6,
            fetched_at: at(fetched),
        },
        data: BuyerData::new(json!({"buyer": {"buyerName": "new"}})),
        postcode: None,
        expires_at: at(9_000),
    };
    let read = async |now| store.buyer(&key(), &id, at(now)).await.unwrap();
    store.put_buyer(&record(1), at(0)).await.unwrap();
    assert!(read(1).await.is_some());
    for _ in 0..2 {
        store.erase_buyer(&c1(), &id, at(2)).await.unwrap();
        assert!(read(2).await.is_none());
    }
    store.put_buyer(&record(3), at(3)).await.unwrap();
    store.expire_buyer(&c1(), &id, at(10)).await.unwrap();
    store.put_buyer(&record(11), at(11)).await.unwrap();
    assert!(read(11).await.is_none(), "a later reading leaves none");
}

#[tokio::test]
async fn the_oldest_parked_order_is_remembered_and_forgotten_once() {
    let (_db, store) = store().await;
    let mark = |second: i64| ParkedMark {
        marketplace_id: "A13V1IB3VIYZZH".into(),
        oldest_updated_at: at(second),
    };
    for second in [50, 20, 70] {
        store.mark_parked(&key(), &mark(second)).await.unwrap();
    }
    assert_eq!(store.parked_marks(&key()).await.unwrap(), [mark(20)]);
    store
        .mark_parked(
            &key(),
            &ParkedMark {
                oldest_updated_at: at(20) - SignedDuration::from_millis(500),
                ..mark(0)
            },
        )
        .await
        .unwrap();
    store.forget_parked(&key(), &mark(20)).await.unwrap();
    assert_eq!(
        store.parked_marks(&key()).await.unwrap().len(),
        1,
        "it moved back meanwhile"
    );
}

#[tokio::test]
async fn what_has_no_usable_id_is_kept_once_and_counted() {
    let (_db, store) = store().await;
    let nameless = |id: Option<&str>, digest: &str| stallkeeper::sp_api::NamelessOrder {
        id: id.map(str::to_owned),
        digest: digest.to_owned(),
        why: "it has no `orderId`".to_owned(),
    };
    for (one, second) in [
        (nameless(None, "d1"), 10),
        (nameless(Some("7"), "d2"), 20),
        (nameless(None, "d1"), 30),
    ] {
        store
            .note_nameless_order(&key(), &one, at(second))
            .await
            .unwrap();
    }
    let all = store.unreadable_orders(&key()).await.unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|one| {
            (
                one.id.as_deref(),
                one.first_seen_at,
                one.last_seen_at,
                one.times,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [(None, at(10), at(30), 2), (Some("7"), at(20), at(20), 1)],
        "the latest first"
    );
    let other = ConnectionKey {
        tenant: "south".parse().unwrap(),
        id: c1(),
    };
    assert!(store.unreadable_orders(&other).await.unwrap().is_empty());
}
