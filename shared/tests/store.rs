//! The store's promises, on an embedded DynamoDB with the template's own tables.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::courier::{Reason, Requirements};
use stallkeeper::domain::ids::{ConnectionId, OrderId, SellerId, TenantId};
use stallkeeper::domain::marketplace::{Marketplace, Region};
use stallkeeper::domain::order::{
    BuyerData, Decision, HistoryEntry, HistoryKind, OrderStatus, StoredOrder, Version,
};
use stallkeeper::sp_api::{Operation, RawOrder, read_order};
use stallkeeper::store::{
    Attached, Bucket, BuyerRecord, OrderFilter, OverlapMemory, ParkedMark, Permit,
    SealedCredentials, Store, Tables, Written,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn north() -> TenantId {
    "north".parse().unwrap()
}

fn c1() -> ConnectionId {
    "c1".parse().unwrap()
}

async fn store() -> (tables::Embedded, Store) {
    let embedded = tables::embedded().await;
    let names = Tables {
        connections: embedded.name("ConnectionsTable").into(),
        orders: embedded.name("OrdersTable").into(),
        buyers: embedded.name("BuyersTable").into(),
        catalogue: embedded.name("CatalogueTable").into(),
    };
    let store = Store::new(embedded.client.clone(), names);
    (embedded, store)
}

fn connection(id: &str) -> Connection {
    Connection {
        tenant: north(),
        id: id.parse().unwrap(),
        name: "Shop".into(),
        marketplace: Marketplace::Uk,
        status: ConnectionStatus::Active,
        resume: None,
        seller: None,
        participations: Vec::new(),
        created_at: at(0),
        authorised_at: None,
        own_app: false,
        revision: 1,
    }
}

fn order(id: &str, status: OrderStatus, ship_by: i64, term: Option<&str>) -> StoredOrder {
    let raw: RawOrder = serde_json::from_value(json!({
        "orderId": id,
        "createdTime": at(0).to_string(),
        "lastUpdatedTime": at(1).to_string(),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1F83G8C2ARO7P"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "shipByWindow": {"latestDateTime": at(ship_by).to_string()}},
        "orderItems": [],
    }))
    .unwrap();
    StoredOrder {
        tenant: north(),
        connection: c1(),
        order: read_order(&raw).unwrap().order,
        status,
        decision: Decision {
            term: term.map(|term| term.parse().unwrap()),
            reason: (status == OrderStatus::PendingReview).then_some(Reason::NoMapping),
            ..Decision::default()
        },
        requirements: Requirements::default(),
        version: Version {
            updated_at: at(1),
            datasets: 6,
            fetched_at: at(2),
        },
        content_hash: raw.content_hash(),
        revision: 1,
        imported_at: at(2),
        acknowledged_at: None,
        first_history: entry(HistoryKind::Imported),
    }
}

fn entry(kind: HistoryKind) -> HistoryEntry {
    HistoryEntry {
        at: at(2),
        kind,
        note: "a note".into(),
    }
}

fn sealed() -> SealedCredentials {
    SealedCredentials {
        refresh_token: "c2VhbGVk".into(),
        own_client_id: None,
        own_client_secret: None,
    }
}

#[tokio::test]
async fn a_connection_is_made_once_and_changed_by_whoever_read_it_last() {
    let (_db, store) = store().await;
    let made = connection("c1");
    assert_eq!(store.create_connection(&made).await.unwrap(), Written::Done);
    assert_eq!(
        store.create_connection(&made).await.unwrap(),
        Written::Conflict
    );
    let renamed = Connection {
        name: "Other".into(),
        revision: 2,
        ..made.clone()
    };
    assert_eq!(
        store.replace_connection(&renamed).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        store.replace_connection(&renamed).await.unwrap(),
        Written::Conflict
    );
    assert_eq!(
        store.connections(&north()).await.unwrap(),
        std::slice::from_ref(&renamed)
    );
    assert_eq!(
        store
            .connection(&"south".parse().unwrap(), &c1())
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_seller_has_one_connection_in_a_region_until_it_is_freed() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let attach = |id: &str| Connection {
        seller: Some(seller.clone()),
        ..connection(id)
    };
    assert_eq!(
        store
            .attach_seller(&attach("c1"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::Done
    );
    assert_eq!(
        store
            .attach_seller(&attach("c2"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::SellerTaken
    );
    assert_eq!(
        store
            .connection(&north(), &"c2".parse().unwrap())
            .await
            .unwrap(),
        None,
        "nothing is half written"
    );
    assert_eq!(
        store.credentials(&north(), &c1()).await.unwrap(),
        Some(sealed())
    );
    assert_eq!(
        store
            .attach_seller(&attach("c1"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::Conflict,
        "an old revision"
    );

    for _ in 0..2 {
        store.erase_credentials(&attach("c1")).await.unwrap();
    }
    assert_eq!(store.credentials(&north(), &c1()).await.unwrap(), None);
    assert_eq!(
        store
            .attach_seller(&attach("c2"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::Done
    );
    store.erase_credentials(&attach("c1")).await.unwrap();
    let holder = store
        .seller_holder(Region::Eu, &seller)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        holder.1.as_str(),
        "c2",
        "a late repeat does not free another's seller"
    );
}

#[tokio::test]
async fn a_refused_token_is_noted_once_and_not_after_a_new_authorisation() {
    let (_db, store) = store().await;
    let read = connection("c1");
    let _ = store.create_connection(&read).await.unwrap();
    assert_eq!(
        store.require_reauthorisation(&read).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        store.require_reauthorisation(&read).await.unwrap(),
        Written::Conflict
    );
    let noted = store.connection(&north(), &c1()).await.unwrap().unwrap();
    assert_eq!(
        (noted.status, noted.resume),
        (
            ConnectionStatus::NeedsReauthorisation,
            Some(ConnectionStatus::Active)
        )
    );
}

#[tokio::test]
async fn one_run_owns_the_cursor_and_a_rewind_takes_it_from_it() {
    let (_db, store) = store().await;
    let (t, c) = (north(), c1());
    let lease = async |owner: &str, now: i64| {
        store
            .lease_order_cursor(&t, &c, owner, at(now), at(now + 90), at(-100))
            .await
            .unwrap()
    };
    let mut first = lease("one", 0).await.unwrap();
    assert_eq!(first.since, at(-100));
    assert_eq!(lease("two", 10).await, None);
    first.since = at(5);
    first.version += 1;
    assert_eq!(
        store
            .save_order_cursor(&t, &c, "one", &first)
            .await
            .unwrap(),
        Written::Done
    );
    assert_eq!(
        store
            .save_order_cursor(&t, &c, "one", &first)
            .await
            .unwrap(),
        Written::Conflict,
        "a version is written once"
    );

    let late = lease("two", 91).await.unwrap();
    first.version += 1;
    assert_eq!(
        store
            .save_order_cursor(&t, &c, "one", &first)
            .await
            .unwrap(),
        Written::Conflict,
        "the lease has gone to another"
    );

    store.rewind_order_cursor(&t, &c, at(-50)).await.unwrap();
    let mut lost = late.clone();
    lost.version += 1;
    assert_eq!(
        store.save_order_cursor(&t, &c, "two", &lost).await.unwrap(),
        Written::Conflict
    );
    let rewound = store.order_cursor(&t, &c).await.unwrap().unwrap();
    assert_eq!(
        (rewound.since, rewound.owner, rewound.epoch),
        (at(-50), None, late.epoch + 1)
    );
    store.rewind_order_cursor(&t, &c, at(1_000)).await.unwrap();
    assert_eq!(
        store.order_cursor(&t, &c).await.unwrap().unwrap().since,
        at(-50),
        "never forward"
    );
}

#[tokio::test]
async fn the_overlap_memory_comes_back_whole_and_is_void_after_a_rewind() {
    let (_db, store) = store().await;
    let memory = OverlapMemory {
        epoch: 3,
        hashes: [1, u64::MAX, 7].into(),
    };
    store
        .remember_overlap(&north(), &c1(), &memory)
        .await
        .unwrap();
    assert_eq!(
        store.overlap_memory(&north(), &c1(), 3).await.unwrap(),
        memory
    );
    assert!(
        store
            .overlap_memory(&north(), &c1(), 4)
            .await
            .unwrap()
            .hashes
            .is_empty()
    );
}

#[tokio::test]
async fn a_bucket_gives_its_burst_and_then_one_an_interval() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let bucket = Bucket {
        region: Region::Eu,
        seller: &seller,
        operation: Operation::GetOrder,
        rate: None,
    };
    let burst = usize::try_from(Operation::GetOrder.limit().burst).unwrap();
    for _ in 0..burst {
        assert_eq!(store.permit(bucket, at(0)).await.unwrap(), Permit::Granted);
    }
    let Permit::NotBefore(moment) = store.permit(bucket, at(0)).await.unwrap() else {
        panic!("the burst is used up")
    };
    assert_eq!(moment, at(2), "getOrder refills one in two seconds");
    assert_eq!(store.permit(bucket, moment).await.unwrap(), Permit::Granted);
    assert_ne!(store.permit(bucket, moment).await.unwrap(), Permit::Granted);

    store.drain(bucket, at(1_000)).await.unwrap();
    assert_eq!(
        store.permit(bucket, at(1_000)).await.unwrap(),
        Permit::NotBefore(at(1_002)),
        "Amazon said it is empty"
    );
}

#[tokio::test]
async fn a_bucket_emptied_at_a_slow_rate_opens_at_the_pace_of_a_faster_one() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let slow = Bucket {
        region: Region::Eu,
        seller: &seller,
        operation: Operation::SearchOrders,
        rate: Some(0.0167),
    };
    let fast = Bucket {
        rate: Some(1.0),
        ..slow
    };
    store.drain(slow, at(0)).await.unwrap();
    assert_eq!(
        store.permit(fast, at(0)).await.unwrap(),
        Permit::NotBefore(at(1)),
        "as empty as can be, at the rate of now"
    );
    assert_eq!(store.permit(fast, at(1)).await.unwrap(), Permit::Granted);
}

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
    assert_eq!(
        store.order(&north(), &c1(), id).await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(
        store
            .order(&"south".parse().unwrap(), &c1(), id)
            .await
            .unwrap(),
        None
    );
    let history = store.order_history(&second).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].revision, history[0].entry.clone()), (2, note));
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
            .orders_by_status(&north(), OrderStatus::Ready, &filter, after.as_deref(), 1)
            .await
            .unwrap();
        ids.extend(page.rows.into_iter().map(|row| row.order_id.to_string()));
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
        .orders_by_status(&north(), OrderStatus::Ready, &before, None, 10)
        .await
        .unwrap();
    assert_eq!(page.rows.len(), 1);
    let elsewhere = store
        .orders_by_status(
            &"south".parse().unwrap(),
            OrderStatus::Ready,
            &filter,
            None,
            10,
        )
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
        .waiting_orders(&north(), &c1(), Some(&standard), None, 10)
        .await
        .unwrap();
    assert_eq!(page.orders, ["026-1".parse::<OrderId>().unwrap()]);
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store
            .waiting_orders(&north(), &c1(), None, after.as_deref(), 1)
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
        whole: true,
        expires_at: at(1_000),
    };
    store.put_buyer(&record("new", 5)).await.unwrap();
    store.put_buyer(&record("old", 4)).await.unwrap();
    let read = async |tenant: &str, now: i64| {
        let data = store
            .buyer(&tenant.parse().unwrap(), &c1(), &id, at(now))
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
    let part = BuyerRecord {
        whole: false,
        ..record("part", 9)
    };
    store.put_buyer(&part).await.unwrap();
    assert_eq!(
        read("north", 0).await.as_deref(),
        Some("new"),
        "a part replaces nothing"
    );
    assert_eq!(read("south", 0).await, None);
    assert_eq!(read("north", 1_000).await, None, "expired, swept or not");
    store.expire_buyer(&c1(), &id, at(10)).await.unwrap();
    store.expire_buyer(&c1(), &id, at(500)).await.unwrap();
    assert_eq!(read("north", 11).await, None, "never lives longer again");
}

#[tokio::test]
async fn the_oldest_parked_order_is_remembered_and_forgotten_once() {
    let (_db, store) = store().await;
    let mark = |second: i64| ParkedMark {
        marketplace_id: "A13V1IB3VIYZZH".into(),
        oldest_updated_at: at(second),
    };
    for second in [50, 20, 70] {
        store
            .mark_parked(&north(), &c1(), &mark(second))
            .await
            .unwrap();
    }
    assert_eq!(
        store.parked_marks(&north(), &c1()).await.unwrap(),
        [mark(20)]
    );
    store
        .mark_parked(
            &north(),
            &c1(),
            &ParkedMark {
                oldest_updated_at: at(20) - SignedDuration::from_millis(500),
                ..mark(0)
            },
        )
        .await
        .unwrap();
    store
        .forget_parked(&north(), &c1(), &mark(20))
        .await
        .unwrap();
    assert_eq!(
        store.parked_marks(&north(), &c1()).await.unwrap().len(),
        1,
        "it moved back meanwhile"
    );
}
