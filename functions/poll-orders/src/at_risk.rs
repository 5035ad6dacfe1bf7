//! A tick is also the clock of its tenant's ship-by moments: it marks the orders that come at risk as time passes, and the
//! stream announces each mark (`order.at_risk`).
//!
//! Only time needs a clock. An order that comes at risk by what happens to it (it comes in late, is paid, is taken over, or gets
//! an earlier ship-by moment) is announced by the stream itself, so that this never looks at an order twice: it reads on where
//! it stopped, by ship-by moment, and its cost follows the orders that come at risk.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::dispatch::DispatchState;
use stallkeeper::domain::ids::{ConnectionKey, TenantId};
use stallkeeper::domain::order::{OrderStatus, Risk, RiskMark};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::{
    ListedOrder, MergedOrders, OrderFilter, OrderPartition, OrderReader, RiskClock, Written,
};
use std::time::{Duration, SystemTime};
use tracing::info;

/// Orders that are looked at before it is noted how far that got.
const PAGE: usize = 500;
/// Orders that are marked side by side.
const AT_ONCE: usize = 10;
/// What a page may take; the sweep of orders that follows needs the rest of the tick.
const PAGE_TIME: Duration = Duration::from_secs(40);

/// Marks what came at risk since the last look, a quarter of an hour ago or more. Of two ticks that do it at once both may mark, each
/// order once, and one of them notes how far it got. What time does not suffice for is left to the next tick.
pub(crate) async fn watch(app: &App, tenant: &TenantId, deadline: SystemTime) -> Result<()> {
    let mut clock = app.store.risk_clock(tenant).await?;
    let before = clock.clone();
    for risk in Risk::ALL {
        if look(app, tenant, &mut clock, *risk, deadline).await? == Written::Conflict {
            return Ok(());
        }
    }
    if clock != before {
        // Whoever noted it meanwhile looked at the same.
        let (Written::Done | Written::Conflict) = save(app, tenant, &mut clock).await?;
    }
    Ok(())
}

async fn save(app: &App, tenant: &TenantId, clock: &mut RiskClock) -> Result<Written> {
    clock.revision += 1;
    app.store.save_risk_clock(tenant, clock).await
}

/// Looks at what is due for one risk. Each page but the last is noted at once, and that one with the other risk's.
async fn look(
    app: &App,
    tenant: &TenantId,
    clock: &mut RiskClock,
    risk: Risk,
    deadline: SystemTime,
) -> Result<Written> {
    let now = Timestamp::now();
    let window = clock.of(risk).window(risk, now, app.at_risk_before);
    let Some((from, until)) = window else {
        return Ok(Written::Done);
    };
    let filter = OrderFilter {
        ship_by_from: Some(from),
        ship_by_before: Some(until),
        ..OrderFilter::default()
    };
    let statuses = risk.statuses().into_iter();
    let partitions: Vec<OrderPartition> = statuses
        .map(|status| OrderPartition::Status(tenant.clone(), status))
        .collect();
    loop {
        let left = deadline.duration_since(SystemTime::now());
        if left.unwrap_or_default() < PAGE_TIME {
            return Ok(Written::Done);
        }
        let place = clock.of(risk).place.clone();
        let mut reader = OrderReader::new(&app.store, &filter);
        let page = reader.merge(&partitions, place.as_deref(), PAGE).await?;
        let MergedOrders { orders, next } = page;
        let looked_at = orders.len();
        let marked = fan_out(orders, AT_ONCE, |order| mark(app, order, risk)).await?;
        let marked = marked.into_iter().filter(|it| *it).count();
        let is_last = next.is_none();
        clock.of(risk).note(until, next);
        let name: &'static str = risk.into();
        info!(tenant.id = %tenant, risk = name, orders.looked_at = looked_at, orders.marked = marked, "looked for orders at risk");
        if is_last {
            return Ok(Written::Done);
        }
        if save(app, tenant, clock).await? == Written::Conflict {
            return Ok(Written::Conflict);
        }
    }
}

/// Whether it is marked now and was not before.
async fn mark(app: &App, order: ListedOrder, risk: Risk) -> Result<bool> {
    let ListedOrder { tenant, row } = order;
    let (Some(ship_by), Some(_)) = (row.ship_by, row.auto_cancel_at()) else {
        return Ok(false);
    };
    // Amazon may have confirmed it, and no sweep shown that yet.
    if row.status == OrderStatus::Dispatched {
        let key = ConnectionKey::new(&tenant, &row.connection);
        let dispatches = app.store.dispatches(&key, &row.order_id).await?;
        let awaited = |state: DispatchState| state != DispatchState::Confirmed;
        if !dispatches.iter().any(|dispatch| awaited(dispatch.state)) {
            return Ok(false);
        }
    }
    let mark = RiskMark { risk, ship_by };
    Ok(app.store.mark_at_risk(&row, &mark).await? == Written::Done)
}
