//! What an order's life costs: taken in by a sweep, read again unchanged, dispatched; with the events and the reservations
//! that follow.

use super::budget::{self, Budget};
use crate::functions::{Functions, NOTICES};
use crate::queues::ApiRequest;
use crate::report::Phase;
use crate::seller::{self, MARKETPLACE};
use crate::shop::{Shop, sku};
use crate::world;
use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::courier::{Courier, CourierService, Mapping, MappingOwner, Scope};
use stallkeeper::domain::ids::OrderId;
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use stallkeeper::queue::TickMessage;
use stallkeeper::sp_api::Operation;
use stallkeeper::store::{BackFillJob, BackFillKind, Written};
use std::time::Instant;

const SERVICE: &str = "DPD/next-day";
/// Of one call.
const MOST_ROWS: usize = 1_000;
/// Mapped, so that most orders are ready.
const TERMS: [&str; 5] = [
    "STD UK DOM",
    "EXP UK DOM",
    "UK NEXT",
    "UK SECOND",
    "ECON UK DOM",
];

/// What an order's life came to.
pub(super) struct Life {
    pub(super) phases: Vec<Phase>,
    pub(super) budgets: Vec<Budget>,
    /// From the tick to the last order stored, events and reservations apart.
    pub(super) orders_per_second: f64,
    /// As Amazon writes them.
    pub(super) orders: Vec<Value>,
}

pub(super) async fn life(shop: &mut Shop, count: u32) -> Result<Life> {
    prepare(shop, count).await?;
    let started = Instant::now();
    sweep(shop).await?;
    let seconds = started.elapsed().as_secs_f64();
    follow(shop).await?;
    // Those that Amazon fulfils are not fetched, so that what is generated is more than what is counted here.
    let orders = merchant_orders(shop).await?;
    let new = stored(shop, &orders).await?;
    let taken_in = u32::try_from(new.len())?;
    let by_sweep = shop.bench.phase("new, by sweep", taken_in).await?;
    let mut budgets = Vec::from(budget::of_new(&by_sweep, lines_each(&new)));

    shop.begin("new, by notice").await?;
    let new = by_notice(shop, count).await?;
    let noticed = u32::try_from(new.len())?;
    let by_notice = shop.bench.phase("new, by notice", noticed).await?;
    budgets.extend(budget::of_new(&by_notice, lines_each(&new)));

    shop.begin("read again, unchanged").await?;
    read_again(shop).await?;
    let read = taken_in + noticed;
    let unchanged = shop.bench.phase("read again, unchanged", read).await?;
    budgets.push(budget::of_unchanged(&unchanged));

    shop.begin("dispatched").await?;
    let orders = merchant_orders(shop).await?;
    let known = stored(shop, &orders).await?;
    let dispatched = dispatch(shop, &known).await?;
    let dispatched = shop.bench.phase("dispatched and confirmed", dispatched);
    let dispatched = dispatched.await?;
    budgets.push(budget::of_dispatched(&dispatched));
    Ok(Life {
        phases: vec![by_sweep, by_notice, unchanged, dispatched],
        budgets,
        orders_per_second: f64::from(taken_in) / seconds,
        orders,
    })
}

/// The seller with its catalogue, its orders, a courier, and mappings for the commonest terms.
async fn prepare(shop: &mut Shop, count: u32) -> Result<()> {
    shop.bar.set_message("the catalogue");
    shop.connect().await?;
    shop.products().await?;
    shop.matching().await?;
    let (connection, store) = (&shop.connection, &shop.bench.functions.store);
    let courier = Courier {
        code: "DPD".parse()?,
        name: "DPD".into(),
        services: vec![CourierService::new("next-day".parse()?, "Next day")],
    };
    store.put_courier(&connection.tenant, &courier).await?;
    for term in TERMS {
        let mapping = Mapping {
            term: term.parse()?,
            service: SERVICE.parse()?,
            carries_prime: false,
            scope: Scope::Tenant,
        };
        let owner = MappingOwner::Tenant(connection.tenant.clone());
        store.put_mapping(&owner, &mapping).await?;
    }
    note_rate(shop).await?;
    // Of the last day: older ones would come by the back-fill lane, tick by tick.
    let since = Timestamp::now() - SignedDuration::from_hours(20);
    let skus: Vec<String> = (0..shop.listings).map(sku).collect();
    let wish = json!({"count": count, "seed": 1, "since": since.to_string(), "skus": skus});
    seller::sandbox(&shop.bench, "POST", "/orders", json!({"generate": wish})).await?;
    shop.begin("new, by sweep").await
}

/// The cursor knows the sandbox's rate from an earlier sweep. One that met it only now, a thousand times Amazon's, would
/// take the first call for a debt and leave the other pages to the next ticks.
async fn note_rate(shop: &Shop) -> Result<()> {
    let store = &shop.bench.functions.store;
    let now = Timestamp::now();
    let day_ago = now - SignedDuration::from_hours(24);
    let mut cursor = store
        .lease_order_cursor(&shop.connection, "bench", now, now, day_ago)
        .await?
        .context("another run has the cursor")?;
    cursor.rate = Some(Operation::SearchOrders.limit().rate * world::REFILL_FACTOR);
    let saved = store.give_back(&shop.connection, &mut cursor).await?;
    ensure!(saved == Written::Done, "the cursor was not saved");
    Ok(())
}

async fn sweep(shop: &mut Shop) -> Result<()> {
    let tick = TickMessage::Tick {
        connection: shop.connection.clone(),
        hop: 0,
    };
    let ticks = shop.bench.functions.poll_orders.ticks.clone();
    ticks.send(&shop.connection, tick, 0).await?;
    shop.drain().await
}

/// Until nothing follows from anything any more.
async fn follow(shop: &mut Shop) -> Result<()> {
    while shop.bench.announce().await? {
        shop.drain().await?;
    }
    Ok(())
}

/// New orders of which Amazon sends notices, all at once: the first few are fetched one by one, the others by an early sweep.
async fn by_notice(shop: &mut Shop, count: u32) -> Result<Vec<StoredOrder>> {
    let now = Timestamp::now();
    // Late enough for the next sweep, old enough for Amazon's search.
    let (since, until) = (
        now - SignedDuration::from_mins(11),
        now - SignedDuration::from_mins(5),
    );
    let skus: Vec<String> = (0..shop.listings).map(sku).collect();
    let wish = json!({"count": count, "seed": 2, "since": since.to_string(), "until": until.to_string(), "skus": skus});
    let known = merchant_orders(shop).await?;
    seller::sandbox(&shop.bench, "POST", "/orders", json!({"generate": wish})).await?;
    let mut new = merchant_orders(shop).await?;
    new.retain(|order| !known.contains(order));
    let functions = &shop.bench.functions;
    let queue = crate::functions::url(&shop.bench.at.aws, NOTICES);
    for order in &new {
        let notice = functions.sqs.send_message().queue_url(&queue);
        notice
            .message_body(notice_of(order).to_string())
            .send()
            .await?;
    }
    shop.drain().await?;
    follow(shop).await?;
    stored(shop, &new).await
}

fn lines_each(orders: &[StoredOrder]) -> f64 {
    let lines: usize = orders.iter().map(|stored| stored.order.items.len()).sum();
    lines as f64 / orders.len().max(1) as f64
}

/// As Amazon's page "`ORDER_CHANGE`" shows it.
fn notice_of(order: &Value) -> Value {
    json!({
        "NotificationVersion": "1.0",
        "NotificationType": "ORDER_CHANGE",
        "PayloadVersion": "1.0",
        "EventTime": order["lastUpdatedTime"],
        "Payload": {"OrderChangeNotification": {
            "NotificationLevel": "OrderLevel",
            "SellerId": seller::SELLER,
            "AmazonOrderId": order["orderId"],
            "OrderChangeType": "OrderStatusChange",
            "OrderChangeTrigger": {
                "TimeOfOrderChange": order["lastUpdatedTime"],
                "ChangeReason": "OrderStatusChange",
            },
            "Summary": {"MarketplaceId": MARKETPLACE.id(), "OrderStatus": "Unshipped", "FulfillmentType": "MFN"},
        }},
        "NotificationMetadata": {
            "ApplicationId": "bench",
            "SubscriptionId": "bench",
            "PublishTime": order["lastUpdatedTime"],
            "NotificationId": order["orderId"],
        },
    })
}

async fn read_again(shop: &mut Shop) -> Result<()> {
    let now = Timestamp::now();
    let since = now - SignedDuration::from_hours(24);
    let job = BackFillJob::of_changes(BackFillKind::Refetch, since, now);
    let Functions { store, .. } = &shop.bench.functions;
    store.add_back_fill(&shop.connection, job).await?;
    sweep(shop).await?;
    follow(shop).await
}

/// Hands over the orders that are ready, a parcel each; how many.
async fn dispatch(shop: &mut Shop, stored: &[StoredOrder]) -> Result<u32> {
    let ready = |stored: &&StoredOrder| stored.status == OrderStatus::Ready;
    let rows: Vec<Value> = stored
        .iter()
        .filter(ready)
        .take(MOST_ROWS)
        .map(|stored| row(shop, &stored.order.id))
        .collect();
    let routes = desk_orders::router(shop.bench.functions.desk_orders.clone());
    let request = ApiRequest {
        method: "POST",
        path: "/dispatches",
        scope: "desk",
        body: serde_json::to_string(&rows)?,
    };
    let answer = shop.bench.api("desk-orders (API)", routes, request).await?;
    let accepted = answer["accepted"].as_u64().unwrap_or_default();
    ensure!(
        accepted == rows.len() as u64,
        "not every row was accepted: {answer}"
    );
    shop.drain().await?;
    follow(shop).await?;
    let shipped = merchant_orders(shop).await?;
    let shipped = shipped.iter().filter(|order| is_shipped(order)).count();
    ensure!(
        shipped >= rows.len(),
        "only {shipped} of {} are shipped at Amazon",
        rows.len()
    );
    Ok(u32::try_from(rows.len())?)
}

fn row(shop: &Shop, order: &OrderId) -> Value {
    let number: String = order
        .as_str()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    json!({
        "connection": shop.connection.id.as_str(),
        "order_id": order.as_str(),
        "parcel": "1",
        "courier_service": SERVICE,
        "tracking_number": format!("155{number}"),
        "handed_over_at": Timestamp::now().to_string(),
    })
}

fn is_shipped(order: &Value) -> bool {
    order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
}

/// The orders that the seller fulfils, as Amazon writes them.
async fn merchant_orders(shop: &Shop) -> Result<Vec<Value>> {
    let (amazon, seller) = (&shop.bench.at.amazon, seller::SELLER);
    let url = format!("{amazon}/_sandbox/sellers/{seller}/orders");
    let mut orders: Vec<Value> = shop.bench.http.get(url).send().await?.json().await?;
    orders.retain(|order| order["fulfillment"]["fulfilledBy"] == "MERCHANT");
    ensure!(!orders.is_empty(), "there are no orders");
    Ok(orders)
}

async fn stored(shop: &Shop, orders: &[Value]) -> Result<Vec<StoredOrder>> {
    let store = &shop.bench.functions.store;
    let mut all = Vec::new();
    for order in orders {
        let id = order["orderId"].as_str().context("an order without id")?;
        let stored = store.order(&shop.connection, &id.parse()?).await?;
        all.push(stored.with_context(|| format!("{id} is not stored"))?);
    }
    Ok(all)
}
