//! Amazon's notices: what each leads to, and that none of them is needed or trusted.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::feed::{Feed, FeedKind, FeedState};
use stallkeeper::domain::ids::FeedId;
use stallkeeper::domain::listing::{Finding, Listing, ListingState, Look};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::notice::AccountStatus;
use stallkeeper::domain::stock_settings::Freeze;
use stallkeeper::store::{Attached, SealedCredentials, Written};

const ID: &str = "026-1520163-6049104";

/// As Amazon writes of a changed order.
fn order(seller: &str, id: &str, changed_at: Timestamp) -> Value {
    json!({
        "NotificationVersion": "1.0", "NotificationType": "ORDER_CHANGE", "PayloadVersion": "1.0",
        "EventTime": changed_at.to_string(),
        "Payload": {"OrderChangeNotification": {
            "NotificationLevel": "OrderLevel", "SellerId": seller, "AmazonOrderId": id,
            "OrderChangeType": "OrderStatusChange",
            "OrderChangeTrigger": {"TimeOfOrderChange": changed_at.to_string(), "ChangeReason": "Status"},
            "Summary": {"MarketplaceId": Marketplace::Uk.id(), "OrderStatus": "Unshipped", "FulfillmentType": "MFN", "DestinationPostalCode": "LS1 1AA"},
        }},
        "NotificationMetadata": {"SubscriptionId": "s1", "PublishTime": changed_at.to_string(), "NotificationId": "n"},
    })
}

fn told(id: &str, seconds_ago: i64) -> String {
    let at = Timestamp::now() - SignedDuration::from_secs(seconds_ago);
    order("A1STALL", id, at).to_string()
}

impl World {
    /// The ids that a queued message asks to be fetched.
    fn fetched(&self) -> Vec<String> {
        let sent = self.sent("orders").into_iter();
        sent.map(|(message, delay)| {
            assert_eq!((&message["kind"], delay), (&json!("order_id"), 0));
            assert_eq!(message["noticed"], true);
            message["order_id"].as_str().unwrap().to_owned()
        })
        .collect()
    }

    async fn table(&self) -> String {
        let name = self.tables.name("ConnectionsTable");
        let scan = self.tables.client.scan().table_name(name).send().await;
        format!("{:?}", scan.unwrap().items())
    }
}

#[tokio::test]
async fn a_changed_order_is_asked_for_at_once_by_its_id_alone() {
    let world = World::start().await;
    let notice = told(ID, 1);
    assert!(world.notices(std::slice::from_ref(&notice)).await);
    assert_eq!(world.fetched(), [ID]);
    assert!(world.notices(&[notice.clone(), notice]).await);
    let again = world.fetched();
    assert!(again.iter().all(|id| id == ID), "doubled: {again:?}");
    assert!(world.searches().is_empty() && world.dead_letters() == 0);
    assert!(!world.table().await.contains("LS1"), "no postcode");
}

#[tokio::test]
async fn what_is_stored_already_costs_nothing_and_a_later_change_does() {
    let world = World::start().await;
    let now = Timestamp::now();
    let mut stored = kit::sample::demo_order();
    stored.tenant = world.connection.tenant.clone();
    stored.connection = world.connection.id.clone();
    stored.version.updated_at = now;
    assert_eq!(
        world.store.insert_order(&stored).await.unwrap(),
        Written::Done
    );
    let at = |seconds| now + SignedDuration::from_secs(seconds);
    for seconds in [-60, 0] {
        let late = order("A1STALL", ID, at(seconds)).to_string();
        assert!(world.notices(&[late]).await);
        assert_eq!(world.fetched(), [""; 0]);
    }
    let later = order("A1STALL", ID, at(1)).to_string();
    assert!(world.notices(&[later]).await);
    assert_eq!(world.fetched(), [ID]);
}

#[tokio::test]
async fn a_storm_is_one_sweep_as_soon_as_amazons_search_shows_its_changes() {
    let world = World::start().await;
    let minute = || Timestamp::now().as_second() / 60;
    let (mut fetched, mut ticks) = (Vec::new(), Vec::new());
    let began = minute();
    for batch in 0..6 {
        let ids = (0..10).map(|place| format!("026-{batch}-{place}"));
        let bodies: Vec<String> = ids.map(|id| told(&id, 1)).collect();
        assert!(world.notices(&bodies).await);
        ticks.extend(world.sent("order-ticks"));
        fetched.extend(world.fetched());
    }
    let minutes = usize::try_from(minute() - began + 1).unwrap();
    let fetched = fetched.len();
    assert!((3..=3 * minutes).contains(&fetched), "{fetched}");
    // What came in the second minute of a storm may need a sweep after the one of the first.
    assert!((1..=2).contains(&ticks.len()), "{ticks:?}");
    let (message, delay) = &ticks[0];
    assert_eq!(message["kind"], "tick");
    assert!(
        (180..=190).contains(delay),
        "Amazon shows three minutes ago: {delay}"
    );
}

#[tokio::test]
async fn what_is_no_notice_of_ours_is_counted_and_never_fatal() {
    let world = World::start().await;
    let now = Timestamp::now();
    let mut by_amazon = order("A1STALL", ID, now);
    let summary = "/Payload/OrderChangeNotification/Summary";
    by_amazon.pointer_mut(summary).unwrap()["FulfillmentType"] = json!("AFN");
    let bodies = [
        String::new(),
        "no JSON".into(),
        json!({"NotificationType": "ANY_OFFER_CHANGED", "Payload": {}}).to_string(),
        json!({"NotificationType": "ORDER_CHANGE", "Payload": {}}).to_string(),
        json!({"v": 1, "kind": "tick", "tenant": "north", "connection": "c1"}).to_string(),
        order("A9NOBODY", ID, now).to_string(),
        by_amazon.to_string(),
    ];
    assert!(world.notices(&bodies).await);
    assert_eq!(world.fetched(), [""; 0]);
    assert_eq!(world.dead_letters(), 0);
}

#[tokio::test]
async fn a_shop_is_heard_by_the_notices_of_orders_that_amazon_ships_too() {
    let world = World::start().await;
    let mut by_amazon = order("A1STALL", ID, Timestamp::now());
    let summary = "/Payload/OrderChangeNotification/Summary";
    by_amazon.pointer_mut(summary).unwrap()["FulfillmentType"] = json!("AFN");
    assert!(world.notices(&[by_amazon.to_string()]).await);
    assert_eq!(world.fetched(), [""; 0]);
    let heard_at = world.store.heard_at(&world.connection.key()).await;
    assert!(heard_at.unwrap().is_some());
}

#[tokio::test]
async fn a_notice_reaches_no_other_sellers_connection() {
    let world = World::start().await;
    let other = Connection {
        tenant: "south".parse().unwrap(),
        id: "c2".parse().unwrap(),
        seller: Some("A2OTHER".parse().unwrap()),
        ..world.connection.clone()
    };
    let sealed = SealedCredentials {
        refresh_token: "x".into(),
        own_client_id: None,
        own_client_secret: None,
    };
    let seller = other.seller.clone().unwrap();
    let attached = world.store.attach_seller(&other, &seller, &sealed).await;
    assert_eq!(attached.unwrap(), Attached::Done);
    let south = other.key();
    world.store.put_subscriber("s2", &south).await.unwrap();
    // The subscription is south's, the seller north's: without a marketplace, the subscription decides, and they must agree.
    let mut forged = order("A1STALL", ID, Timestamp::now());
    forged["NotificationMetadata"]["SubscriptionId"] = json!("s2");
    let summary = "/Payload/OrderChangeNotification/Summary";
    forged.pointer_mut(summary).unwrap()["MarketplaceId"] = json!("unknown");
    assert!(world.notices(&[forged.to_string()]).await);
    assert_eq!(world.fetched(), [""; 0]);
    // An order of north's under south's name is asked for in south's name alone: Amazon has none, and that is all.
    let forged = order("A2OTHER", ID, Timestamp::now()).to_string();
    assert!(world.notices(&[forged]).await);
    let sent = world.sent("orders");
    assert_eq!((&sent[0].0["tenant"], sent.len()), (&json!("south"), 1));
}

#[tokio::test]
async fn a_connection_that_fetches_nothing_fetches_nothing_by_notice() {
    let world = World::start().await;
    for (revision, status) in [
        (2, ConnectionStatus::Inactive),
        (3, ConnectionStatus::NeedsReauthorisation),
    ] {
        let off = Connection {
            status,
            revision,
            ..world.connection.clone()
        };
        let replaced = world.store.replace_connection(&off).await;
        assert_eq!(replaced.unwrap(), Written::Done);
        assert!(world.notices(&[told(ID, 1)]).await);
        assert_eq!(world.fetched(), [""; 0]);
    }
}

#[tokio::test]
async fn a_feed_that_amazon_is_done_with_is_checked_at_once() {
    let world = World::start().await;
    let key = world.connection.key();
    world.store.put_subscriber("s3", &key).await.unwrap();
    let now = Timestamp::now();
    let id = FeedId::new(now, 1);
    let feed = Feed {
        connection: key.clone(),
        id: id.clone(),
        kind: FeedKind::Quantity,
        marketplace: Marketplace::Uk,
        state: FeedState::Submitted,
        lines: 1,
        parts: 0,
        created_at: now,
        amazon_id: Some("53347018456".into()),
        submitted_at: Some(now),
        applied_at: None,
        accepted: 0,
        refused: 0,
        note: None,
        stuck: false,
        decreases_again: false,
        next_check_at: None,
        overtaken: Vec::new(),
        revision: 1,
    };
    assert_eq!(world.store.save_feed(&feed).await.unwrap(), Written::Done);
    let done = |feed: &str| {
        json!({
            "notificationType": "FEED_PROCESSING_FINISHED", "payloadVersion": "2020-09-04",
            "payload": {"feedProcessingFinishedNotification": {"sellerId": "A1STALL", "feedId": feed, "feedType": "JSON_LISTINGS_FEED", "processingStatus": "DONE"}},
            "notificationMetadata": {"subscriptionId": "s3"},
        })
        .to_string()
    };
    assert!(world.notices(&[done("1"), done("53347018456")]).await);
    let sent = world.sent("feed-checks");
    let check = json!({"v": 1, "kind": "check", "tenant": "north", "connection": "c1", "feed": id.as_str(), "hop": 0});
    assert_eq!(sent, [(check, 0)], "of the other feed nobody knows");
}

#[tokio::test]
async fn a_deactivated_account_is_frozen_until_amazon_takes_it_back() {
    let world = World::start().await;
    let key = world.connection.key();
    world.store.put_subscriber("s4", &key).await.unwrap();
    let now = Timestamp::now();
    let notice = |status: &str, second: i64, marketplace: &str| {
        json!({
            "notificationType": "ACCOUNT_STATUS_CHANGED",
            "eventTime": (now - SignedDuration::from_secs(100 - second)).to_string(),
            "payload": {"accountStatusChangeNotification": {"marketplaceId": marketplace, "currentAccountStatus": status}},
            "notificationMetadata": {"subscriptionId": "s4"},
        })
        .to_string()
    };
    let frozen = async || world.store.stock_plan(&key).await.unwrap().frozen.is_some();
    let rows = [
        ("DEACTIVATED", 1, Marketplace::De.id(), false, "DE is off"),
        ("AT_RISK", 2, Marketplace::Uk.id(), false, "still selling"),
        ("DEACTIVATED", 4, Marketplace::Uk.id(), true, "UK is on"),
        ("DEACTIVATED", 4, Marketplace::Uk.id(), true, "doubled"),
        (
            "NORMAL",
            3,
            Marketplace::Uk.id(),
            true,
            "an older one came late",
        ),
        ("NORMAL", 5, Marketplace::Uk.id(), false, "taken back"),
        ("DEACTIVATED", 6, "", true, "the whole account"),
    ];
    for (status, second, marketplace, expected, why) in rows {
        assert!(world.notices(&[notice(status, second, marketplace)]).await);
        assert_eq!(frozen().await, expected, "{why}");
    }
    let kept = world.store.notice_settings(&key).await.unwrap();
    assert_eq!(
        kept.account[&Marketplace::Fr].status,
        AccountStatus::Deactivated
    );
    // A person's freeze is no business of Amazon's.
    let mut plan = world.store.stock_plan(&key).await.unwrap();
    plan.frozen = Some(Freeze {
        at: now,
        reason: None,
    });
    plan.revision += 1;
    let saved = world.store.save_stock_plan(&key, &plan).await;
    assert_eq!(saved.unwrap(), Written::Done);
    assert!(world.notices(&[notice("NORMAL", 7, "")]).await);
    assert!(frozen().await);
}

#[tokio::test]
async fn a_listing_whose_status_changed_is_looked_at_before_anything_is_sent() {
    let world = World::start().await;
    let listing = kit::sample::key("north", "c1").listing(&"Mug #1".parse().unwrap());
    let look = Look::new(None, Finding::Merchant, Timestamp::now());
    // There may be no such listing here.
    let notice = json!({"detail-type": "LISTINGS_ITEM_STATUS_CHANGE", "detail": {
        "NotificationType": "LISTINGS_ITEM_STATUS_CHANGE",
        "Payload": {"SellerId": "A1STALL", "MarketplaceId": Marketplace::Uk.id(), "Sku": "Mug #1", "Status": []},
    }})
    .to_string();
    assert!(world.notices(std::slice::from_ref(&notice)).await);
    assert!(world.store.listing(&listing).await.unwrap().is_none());
    let sku = listing.amazon_sku.clone();
    let seen = Listing::new(&world.connection, sku, ListingState::Matched);
    let placed = world.store.place_listing(&seen, None, false).await;
    assert_eq!(placed.unwrap(), Written::Done);
    world.store.note_look(&listing, &look).await.unwrap();
    assert!(world.notices(&[notice]).await);
    let found = world.store.listing(&listing).await.unwrap().unwrap();
    let look = found.look.unwrap();
    assert_eq!(look.found, Finding::Unclear);
    assert!(look.clear_at.is_some(), "decreases still go");
}
