//! The orders: four fifths of one tenant, most of them open, in all that lists are narrowed by.

use crate::shop::Shop;
use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::order::{BuyerData, OrderStatus, StoredOrder};
use stallkeeper::fan_out;
use stallkeeper::store::{BuyerRecord, PostcodeEntry, Written};

/// Written side by side.
const AT_ONCE: usize = 16;
const CONNECTIONS: u32 = 10;
pub(super) const RARE_SKU: &str = "/orders?sort=ship_by&sku=RARE";
pub(super) const SOUGHT: &str = "/orders?order_id=026-0000001";
pub(super) const POSTCODE: &str = "SW1A 1AA";
/// Orders that go there.
const AT_THE_POSTCODE: u32 = 10;

/// What the orders are, a tenth each.
const STATUSES: [OrderStatus; 10] = [
    OrderStatus::PendingReview,
    OrderStatus::Ready,
    OrderStatus::Ready,
    OrderStatus::Ready,
    OrderStatus::Acknowledged,
    OrderStatus::Acknowledged,
    OrderStatus::PartlyDispatched,
    OrderStatus::AwaitingPayment,
    OrderStatus::Dispatched,
    OrderStatus::Dispatched,
];

pub(super) async fn fill(shop: &Shop, count: u32) -> Result<()> {
    let store = &shop.bench.functions.store;
    for n in 0..CONNECTIONS {
        let made = store.create_connection(&connection(n)?).await?;
        ensure!(made == Written::Done, "the connection is there");
    }
    let now = Timestamp::now();
    fan_out(0..count, AT_ONCE, |n| async move {
        let written = store.insert_order(&order(n, now)?).await?;
        ensure!(written == Written::Done, "the order is there");
        if n.is_multiple_of(1_000) {
            shop.bar.set_prefix(format!("{n} orders"));
        }
        anyhow::Ok(())
    })
    .await?;
    let tenant = shop.connection.tenant.clone();
    let key = shop
        .bench
        .functions
        .vault
        .made_postcode_key(store, &tenant)
        .await?;
    let digest = key.digest(&POSTCODE.parse()?);
    for n in (0..count)
        .filter(|n| !n.is_multiple_of(5))
        .take(AT_THE_POSTCODE as usize)
    {
        let order = order(n, now)?;
        let buyer = BuyerRecord {
            tenant: order.tenant.clone(),
            connection: order.connection.clone(),
            order_id: order.order.id.clone(),
            version: order.version,
            data: BuyerData::new(
                json!({"recipient": {"deliveryAddress": {"postalCode": POSTCODE}}}),
            ),
            postcode: Some(PostcodeEntry {
                digest: digest.clone(),
                ordered_at: order.order.created_at,
            }),
            expires_at: Timestamp::MAX,
        };
        store.put_buyer(&buyer, now).await?;
    }
    Ok(())
}

fn connection(n: u32) -> Result<Connection> {
    let now = Timestamp::now();
    let json = json!({
        "tenant": "bench", "id": format!("C{n}"), "name": "Stall", "marketplace": "UK", "status": "active",
        "resume": null, "seller": null, "participations": [], "created_at": now, "authorised_at": now, "own_app": false,
        "orders_from": null, "confirm_at": "handover", "revision": 1,
    });
    Ok(serde_json::from_value(json)?)
}

/// The n-th order. Ship-by moments are those of 30 days, many orders each, as couriers collect once a day.
pub(super) fn order(n: u32, now: Timestamp) -> Result<StoredOrder> {
    // Scrambled, so that no two properties go together.
    let mixed = n.wrapping_mul(2_654_435_761) >> 8;
    let status = STATUSES[mixed as usize % STATUSES.len()];
    let day = SignedDuration::from_hours(24 * i64::from(mixed / 16 % 30) - 24 * 2);
    let (tenant, connection) = match n % 5 {
        0 => ("other", "X".to_owned()),
        _ => ("bench", format!("C{}", mixed / 64 % CONNECTIONS)),
    };
    let marketplace = [
        "A1F83G8C2ARO7P",
        "A1F83G8C2ARO7P",
        "A1PA6795UKMFR9",
        "A13V1IB3VIYZZH",
    ];
    let sku = if mixed % 2_000 == 7 {
        "RARE".to_owned()
    } else {
        format!("SKU-{}", mixed % 500)
    };
    let reason = ["no_mapping", "address_missing"][usize::from((mixed / 8).is_multiple_of(8))];
    let service = ["DPD/next-day", "RoyalMail/tracked-48"][mixed as usize / 32 % 2];
    let is_waiting = status == OrderStatus::PendingReview;
    let line = json!({
        "id": "1", "sku": sku, "asin": "B000000000", "title": "A thing with a name of the usual length", "quantity": 1,
        "quantity_fulfilled": 0, "quantity_unfulfilled": 1, "unit_price": {"amount": "19.90", "currency": "GBP"},
        "proceeds": null, "constraints": [], "cancel_requested": false, "programs": [],
    });
    let json = json!({
        "tenant": tenant, "connection": connection, "status": status,
        "order": {
            "id": format!("026-{n:07}"), "marketplace_id": marketplace[mixed as usize / 128 % 4], "created_at": now,
            "updated_at": now, "amazon_status": "UNSHIPPED", "fulfilled_by": "MERCHANT", "service_level": "STANDARD",
            "ship_by": now + day, "deliver_by": now + day, "label_from": null, "programs": [], "associated": [],
            "country": "GB", "address_type": "RESIDENTIAL", "total": null, "items": [line],
        },
        "decision": {
            "term": "STD UK DOM", "service": (!is_waiting).then_some(service), "reason": is_waiting.then_some(reason),
            "candidates": [], "by_person": false, "explanation": [],
        },
        "requirements": stallkeeper::domain::courier::Requirements::default(),
        "version": {"updated_at": now, "datasets": 6, "fetched_at": now},
        "content_hash": n, "revision": 1, "imported_at": now, "acknowledged_at": null,
        "first_history": {"at": now, "kind": "imported", "note": "fetched from Amazon"},
    });
    Ok(serde_json::from_value(json)?)
}
