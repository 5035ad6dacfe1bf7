//! Reservations on the real store: what an order's life leaves of them, and which recomputes it queues.

mod arrival;
mod batches;
mod cancelled;
mod taken_over;

use crate::App;
use crate::demand::OrderChanges;
use crate::reserve::reserve;
use kit::sample::{at, demo_connection as connection, demo_order as stored};
use kit::{Aws, Calls, Database, StandIn};
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::order::{AmazonStatus, FulfilledBy, OrderItem, OrderStatus, StoredOrder};
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::Reservation;
use stallkeeper::store::stream::Images;
use stallkeeper::store::{SkuInputs, Written};

struct Cloud {
    outside: StandIn,
    database: Database,
    app: App,
}

impl Cloud {
    async fn new() -> Self {
        let outside = StandIn::start(Aws::default(), ()).await;
        let database = Database::new().await;
        let app = App {
            store: database.store.clone(),
            changes: outside.clients(&Calls::default()).queue("changes"),
        };
        Self {
            outside,
            database,
            app,
        }
    }

    /// The SKUs of each recompute that was queued.
    fn recomputed(&self) -> Vec<Vec<String>> {
        let aws = self.outside.aws();
        let messages = aws.messages.iter().map(|(_, message, _)| {
            assert_eq!(message["kind"], "recompute");
            assert_eq!(message["raise"], false, "the generations are raised before");
            let skus = message["skus"].as_array().unwrap().iter();
            skus.map(|sku| sku.as_str().unwrap().to_owned()).collect()
        });
        messages.collect()
    }

    /// The only order of the table, in the stream's spelling.
    async fn image(&self) -> serde_json::Value {
        self.database.image("OrdersTable", "ORDER").await
    }
}

fn item(id: &str, sku: &str, quantity: u32) -> OrderItem {
    OrderItem {
        id: id.into(),
        sku: Some(sku.into()),
        asin: None,
        title: None,
        quantity,
        quantity_fulfilled: 0,
        quantity_unfulfilled: None,
        unit_price: None,
        proceeds: None,
        constraints: Vec::new(),
        cancel_requested: false,
        cancel_reason: None,
        cancelled_by: None,
        programs: Vec::new(),
    }
}

fn order(items: Vec<OrderItem>) -> StoredOrder {
    let mut order = stored();
    order.order.fulfilled_by = Some(FulfilledBy::Merchant);
    order.order.items = items;
    order
}

/// The next revision of an order, which Amazon reported a minute later.
fn next(before: &StoredOrder, change: impl FnOnce(&mut StoredOrder)) -> StoredOrder {
    let mut order = before.clone();
    order.revision += 1;
    let later = jiff::SignedDuration::from_mins(1);
    order.order.updated_at += later;
    order.version.fetched_at += later;
    change(&mut order);
    order
}

fn changes(old: Option<&StoredOrder>, new: &StoredOrder) -> OrderChanges {
    let images = Images {
        old: old.cloned().map(Box::new),
        new: Box::new(new.clone()),
    };
    OrderChanges::new(images, old.is_none())
}

/// Lives of an order, record by record.
async fn live(cloud: &Cloud, life: &[StoredOrder]) {
    for (index, new) in life.iter().enumerate() {
        let old = index.checked_sub(1).map(|before| &life[before]);
        reserve(&cloud.app, [changes(old, new)].iter())
            .await
            .unwrap();
    }
}

async fn inputs(cloud: &Cloud, sku: &str) -> SkuInputs {
    let sku: Sku = sku.parse().unwrap();
    let store = &cloud.app.store;
    store.sku_inputs(&stored().tenant, &sku).await.unwrap()
}

async fn only(cloud: &Cloud, sku: &str) -> Reservation {
    let mut reservations = inputs(cloud, sku).await.reservations;
    assert_eq!(reservations.len(), 1, "{sku}");
    reservations.remove(0)
}

async fn keep(cloud: &Cloud, sku: &str, parts: &[(&str, u32)]) {
    let tenant = stored().tenant;
    let product = Product {
        sku: sku.parse().unwrap(),
        title: None,
        brand: None,
        category: None,
        ean: None,
        weight_grams: None,
        dimensions: None,
        rrp: Default::default(),
        cost: Default::default(),
        tax_class: None,
        parts: parts
            .iter()
            .map(|(sku, units)| Part {
                sku: sku.parse().unwrap(),
                units: *units,
            })
            .collect(),
    };
    let store = &cloud.app.store;
    let read = inputs(cloud, sku).await;
    let put = store.put_product(&tenant, &product, sku, at(0), &read, 0);
    let _ = put.await.unwrap();
}

async fn list(cloud: &Cloud, sku: &str, product: &str, units: u32) {
    let connection = connection();
    let store = &cloud.app.store;
    let sku = sku.parse().unwrap();
    let key = connection.key().listing(&sku);
    let read = store.listing(&key).await.unwrap();
    let mut listing = read
        .clone()
        .unwrap_or_else(|| Listing::new(&connection, sku, ListingState::Matched));
    listing.product = Some(product.parse().unwrap());
    listing.units = units;
    let placed = store.place_listing(&listing, read.as_ref(), false);
    assert_eq!(placed.await.unwrap(), Written::Done);
}

#[tokio::test]
async fn an_order_is_reserved_where_its_listing_is_tied_to_and_its_recompute_is_queued() {
    let cloud = Cloud::new().await;
    list(&cloud, "MUG/6 #1", "MUG", 6).await;
    let order = order(vec![item("1", "MUG/6 #1", 2), item("2", "Täße & Co", 1)]);
    live(&cloud, std::slice::from_ref(&order)).await;
    let mug = only(&cloud, "MUG").await;
    assert_eq!((mug.units, mug.revision), (12, 1));
    let sale = mug.sale.unwrap();
    assert_eq!((sale.units, sale.most, sale.reduced_at), (2, 2, None));
    assert_eq!(sale.ordered_at, order.order.created_at);
    assert_eq!(only(&cloud, "Täße & Co").await.units, 1, "no listing yet");
    let levels = inputs(&cloud, "MUG").await.levels;
    assert_eq!((levels.generation, levels.reserving), (1, true));
    assert_eq!(
        cloud.recomputed(),
        [vec!["MUG".to_owned(), "Täße & Co".to_owned()]]
    );
}

#[tokio::test]
async fn a_bundles_line_holds_each_part_and_itself_only_keeps_the_sale() {
    let cloud = Cloud::new().await;
    keep(&cloud, "SET", &[("MUG", 2), ("SPOON", 1)]).await;
    list(&cloud, "SET-UK", "SET", 3).await;
    let first = order(vec![item("1", "SET-UK", 2)]);
    live(&cloud, std::slice::from_ref(&first)).await;
    let set = only(&cloud, "SET").await;
    assert_eq!((set.units, set.sale.unwrap().units), (0, 2));
    assert_eq!(only(&cloud, "MUG").await.units, 12);
    assert_eq!(only(&cloud, "SPOON").await.units, 6);
    assert!(only(&cloud, "MUG").await.sale.is_none());

    keep(&cloud, "SET", &[("SPOON", 1), ("FORK", 1)]).await;
    let cancelled = next(&first, |order| order.status = OrderStatus::Cancelled);
    live(&cloud, &[first, cancelled]).await;
    assert_eq!(
        only(&cloud, "MUG").await.units,
        0,
        "what it was made of as the order came is let go"
    );
    assert!(inputs(&cloud, "FORK").await.reservations.is_empty());
}

#[tokio::test]
async fn a_cancellation_frees_the_units_and_keeps_what_was_sold() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 5)]);
    let fewer = next(&first, |order| order.order.items[0].quantity = 3);
    let off = next(&fewer, |order| {
        order.order.amazon_status = Some(AmazonStatus::Cancelled);
    });
    let fewer_at = fewer.order.updated_at;
    live(&cloud, &[first.clone(), fewer.clone()]).await;
    let mug = only(&cloud, "MUG").await;
    let sale = mug.sale.unwrap();
    assert_eq!((mug.units, sale.units, sale.most), (3, 3, 5));
    assert_eq!(sale.reduced_at, Some(fewer_at));
    let off_at = off.order.updated_at;
    live(&cloud, &[first, fewer, off]).await;
    let mug = only(&cloud, "MUG").await;
    let sale = mug.sale.unwrap();
    assert_eq!((mug.units, sale.units, sale.most), (0, 0, 5));
    assert_eq!(sale.reduced_at, Some(off_at));
}

#[tokio::test]
async fn each_partial_shipment_is_kept_with_the_moment_it_was_seen() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 5)]);
    let ship = |before: &StoredOrder, units: u32| {
        next(before, |order| {
            order.order.items[0].quantity_fulfilled = units;
            order.order.amazon_status = Some(AmazonStatus::PartiallyShipped);
        })
    };
    let (two, same) = (ship(&first, 2), ship(&ship(&first, 2), 2));
    let all = next(&same, |order| order.status = OrderStatus::Dispatched);
    live(&cloud, &[first, two.clone(), same, all.clone()]).await;
    let mug = only(&cloud, "MUG").await;
    let seen: Vec<_> = mug.dispatched.iter().map(|it| (it.at, it.units)).collect();
    assert_eq!(
        seen,
        [(two.version.fetched_at, 2), (all.version.fetched_at, 3)]
    );
    assert_eq!(
        mug.acknowledged_at,
        Some(all.version.fetched_at),
        "shipped is taken over"
    );
    let later = next(&all, |_| {});
    live(&cloud, &[all.clone(), later]).await;
    assert_eq!(
        only(&cloud, "MUG").await.acknowledged_at,
        mug.acknowledged_at
    );
}

#[tokio::test]
async fn what_is_not_ours_to_deliver_yet_is_not_reserved() {
    let cloud = Cloud::new().await;
    let mut by_amazon = order(vec![item("1", "FBA", 1)]);
    by_amazon.order.fulfilled_by = Some(FulfilledBy::Amazon);
    live(&cloud, &[by_amazon]).await;
    assert!(inputs(&cloud, "FBA").await.reservations.is_empty());

    let mut unreleased = order(vec![item("1", "BOOK", 1)]);
    unreleased.order.programs = vec!["PREORDER".into()];
    unreleased.order.amazon_status = Some(AmazonStatus::PendingAvailability);
    live(&cloud, std::slice::from_ref(&unreleased)).await;
    let book = only(&cloud, "BOOK").await;
    assert_eq!(book.units, 0, "a pre-order holds nothing yet");
    let sale = book.sale.unwrap();
    assert_eq!((sale.units, sale.most), (0, 1));
    assert!(
        sale.reduced_at.is_some(),
        "Amazon may have taken it off: its number is in doubt"
    );
    let released = next(&unreleased, |order| {
        order.order.amazon_status = Some(AmazonStatus::Pending);
    });
    live(&cloud, &[unreleased, released]).await;
    assert_eq!(only(&cloud, "BOOK").await.units, 1);

    let mut parked = order(vec![item("1", "PLATE", 4)]);
    parked.status = OrderStatus::Parked;
    live(&cloud, &[parked]).await;
    assert_eq!(
        only(&cloud, "PLATE").await.units,
        4,
        "parked orders reserve"
    );
}
