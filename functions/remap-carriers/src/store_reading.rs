//! A reading, stored: buyer data first, the order last and conditionally. That last write is the commit point.

use crate::fetch::Fetch;
use crate::intake::{Intake, Reading, take_in};
use crate::skus::unknown_skus;
use crate::{App, RulesOfBatch, rules_of};
use jiff::Timestamp;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::{
    AmazonStatus, BuyerData, OrderStatus, StoredOrder, buyer_expires, is_closed,
};
use stallkeeper::error::{Class, Result};
use stallkeeper::store::{BuyerRecord, ParkedMark, PostcodeEntry, Written};
use tracing::{error, info};

/// Stores a reading of a page. If parts of it are missing, the order is queued to be fetched before it is stored: stopped in
/// between, the message comes again.
pub(crate) async fn take_reading(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    mut reading: Reading,
) -> Result<()> {
    reading.unknown_skus = unknown_skus(app, rules, connection, &reading.order).await?;
    if reading.lacks_parts() {
        let stored = app.store.order(connection, &reading.order.id).await?;
        let Some(rules) = rules_of(app, rules, connection).await? else {
            return Ok(());
        };
        let now = Timestamp::now();
        if let Intake::Write { order, .. } =
            take_in(connection, &reading, stored.as_ref(), &rules, now)
            && !is_closed(order.status)
        {
            Fetch::for_missing(connection, &reading).later(app).await?;
        }
    }
    store_reading(app, rules, connection, reading).await
}

/// Stores a reading, whatever else is written meanwhile.
pub(crate) async fn store_reading(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    reading: Reading,
) -> Result<()> {
    for () in Written::attempts() {
        let Some(rules_now) = rules_of(app, rules, connection).await? else {
            return Ok(());
        };
        let stored = app.store.order(connection, &reading.order.id).await?;
        let now = Timestamp::now();
        let intake = take_in(connection, &reading, stored.as_ref(), &rules_now, now);
        let (order, entry) = match intake {
            Intake::Write { order, entry } => (order, entry),
            Intake::Known => return mend_buyer(app, &reading, stored).await,
            Intake::NotWanted => return Ok(()),
        };
        write_buyer(app, &reading, &order, now).await?;
        let mark = parked_mark(&order);
        if let Some(mark) = &mark {
            app.store.mark_parked(connection, mark).await?;
        }
        let written = match &stored {
            None => app.store.insert_order(&order).await?,
            Some(_) => app.store.replace_order(&order, &entry).await?,
        };
        match written {
            Written::Conflict => continue,
            Written::Done
                if order.status == OrderStatus::Parked
                    && switched_on_meanwhile(app, &order).await? =>
            {
                rules.lock().await.remove(&connection.id);
                if let Some(mark) = &mark {
                    app.store.forget_parked(connection, mark).await?;
                }
            }
            // Disconnecting writes the status first and erases then; this writes first and looks then: one sees the other.
            Written::Done if is_disconnected(app, connection).await? => {
                let id = &order.order.id;
                return app.store.erase_buyer(&connection.id, id, now).await;
            }
            Written::Done => {
                if let Ok(mut terms) = app.terms.lock() {
                    terms.note(stored.as_ref(), &order);
                }
                report(connection, &order);
                return Ok(());
            }
        }
    }
    Err(Written::given_up("store an order"))
}

fn report(connection: &ConnectionKey, order: &StoredOrder) {
    let id = &order.order.id;
    let places = &order.requirements.unreadable;
    if !places.is_empty() || order.requirements.lines_missing {
        // The alarm `UnreadableRecords` counts these words.
        error!(connection.id = %connection.id, order.id = %id, ?places, "an order cannot be read; it is stored as far as it can be");
    }
    info!(connection.id = %connection.id, order.id = %id, order.status = order.status.as_str(), "stored order `{id}`");
}

/// Buyer data of a parked order is not kept; that of a closed one not much longer, and none is written that had to go at
/// once.
async fn write_buyer(
    app: &App,
    reading: &Reading,
    order: &StoredOrder,
    now: Timestamp,
) -> Result<()> {
    if order.status == OrderStatus::Parked {
        return Ok(());
    }
    let expires_at = buyer_expires(&order.order, order.status, order.buyer_until, now);
    let is_over = order.status == OrderStatus::Cancelled || expires_at <= now;
    if is_over || reading.buyer.is_empty() {
        return app
            .store
            .expire_buyer(&order.connection, &order.order.id, expires_at)
            .await;
    }
    let mut record = BuyerRecord {
        tenant: order.tenant.clone(),
        connection: order.connection.clone(),
        order_id: order.order.id.clone(),
        version: reading.version,
        data: reading.buyer.clone(),
        postcode: None,
        expires_at,
    };
    if !reading.holds_buyer() {
        let key = order.connection_key();
        let before = app.store.buyer(&key, &record.order_id, now).await?;
        if let Some(before) = before {
            record.data = record.data.completed_by(&before);
        }
    }
    record.postcode = postcode_entry(app, order, &record.data).await?;
    app.store.put_buyer(&record, now).await
}

/// Where an order is found by its postcode. One that KMS refuses for good is stored all the same, and not found by it.
async fn postcode_entry(
    app: &App,
    order: &StoredOrder,
    buyer: &BuyerData,
) -> Result<Option<PostcodeEntry>> {
    let Some(postcode) = buyer.postcode().and_then(|text| text.parse().ok()) else {
        return Ok(None);
    };
    let key = app.vault.made_postcode_key(&app.store, &order.tenant).await;
    let key = match key {
        Ok(key) => key,
        Err(error) if error.class() == Class::Permanent => {
            error!(connection.id = %order.connection, order.id = %order.order.id, error = error.chain(), "an order is stored and cannot be found by its postcode");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(Some(PostcodeEntry {
        digest: key.digest(&postcode),
        ordered_at: order.order.created_at,
    }))
}

/// Nothing is new of the order; its buyer data may be gone all the same, or be there although the order is cancelled: a
/// reading that loses to a cancellation may have written it after the cancellation looked for any, in this run or in one
/// that was killed.
async fn mend_buyer(app: &App, reading: &Reading, stored: Option<StoredOrder>) -> Result<()> {
    let Some(stored) = stored else {
        return Ok(());
    };
    let now = Timestamp::now();
    let is_cancelled = stored.status == OrderStatus::Cancelled;
    if !is_cancelled && (is_closed(stored.status) || reading.buyer.is_empty()) {
        return Ok(());
    }
    let key = stored.connection_key();
    let is_there = app
        .store
        .buyer(&key, &stored.order.id, now)
        .await?
        .is_some();
    if is_there == is_cancelled {
        return write_buyer(app, reading, &stored, now).await;
    }
    Ok(())
}

/// How far back switching its marketplace on must reach for an order; not for one that nobody will ship any more.
fn parked_mark(order: &StoredOrder) -> Option<ParkedMark> {
    let over = matches!(
        order.order.amazon_status,
        Some(AmazonStatus::Shipped | AmazonStatus::Cancelled | AmazonStatus::Unfulfillable)
    );
    (order.status == OrderStatus::Parked && !over).then(|| ParkedMark {
        marketplace_id: order
            .order
            .marketplace_id
            .clone()
            .unwrap_or_else(|| "-".into()),
        oldest_updated_at: order.order.updated_at,
    })
}

/// Whether the marketplace was switched on between reading the rules and parking the order. Switching it on writes the
/// settings first and then looks for parked orders; this parks first and then reads the settings: one of the two sees
/// the other.
async fn switched_on_meanwhile(app: &App, order: &StoredOrder) -> Result<bool> {
    let Some(marketplace) = order.order.marketplace() else {
        return Ok(false);
    };
    Ok(app
        .store
        .marketplace(&order.connection_key(), marketplace)
        .await?
        .active)
}

async fn is_disconnected(app: &App, connection: &ConnectionKey) -> Result<bool> {
    let connection = app.store.connection(connection).await?;
    Ok(connection.is_none_or(|it| it.status == ConnectionStatus::Disconnected))
}
