//! What a changed table would have chosen for the latest orders of the terms that it changes: a look, bounded, that writes
//! nothing.

use crate::App;
use serde::Serialize;
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::courier::{
    Choice, CourierServiceId, Couriers, MappingOwner, MappingTable, Mappings, Reason, Switches,
    choose,
};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, OrderId, TenantId};
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::fan_out;
use stallkeeper::store::{OrderRow, Settings};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Orders of a status that are looked at.
const MOST_ORDERS: usize = 100;
/// Rows of a list that are read to find them.
const MOST_ROWS: i32 = 1_000;
/// Orders that are read side by side.
const AT_ONCE: usize = 16;
/// Of these statuses, the latest ship-by first.
const STATUSES: [OrderStatus; 6] = [
    OrderStatus::Elsewhere,
    OrderStatus::PendingReview,
    OrderStatus::Ready,
    OrderStatus::Acknowledged,
    // Of a part that is still open.
    OrderStatus::PartlyDispatched,
    OrderStatus::Dispatched,
];

/// What a table would have chosen for orders that there were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Rehearsal {
    /// Orders of the terms that change, at most 100 of each of `elsewhere`, `pending_review`, `ready`, `acknowledged`,
    /// `partly_dispatched` (what is said of one holds for its open part) and `dispatched`, the latest ship-by first.
    looked_at: usize,
    /// There were more orders than were looked for.
    has_more: bool,
    /// Orders that would have gone another way.
    differing: Vec<RehearsedOrder>,
}

/// An order that would have gone another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RehearsedOrder {
    connection: ConnectionId,
    order_id: OrderId,
    status: OrderStatus,
    term: ShippingTerm,
    /// What the rules choose by the table there is,
    before: Rehearsed,
    /// and by the one that was sent.
    after: Rehearsed,
}

/// What the rules choose: a service, or why the order waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Rehearsed {
    service: Option<CourierServiceId>,
    reason: Option<Reason>,
}

impl From<Choice> for Rehearsed {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Courier { service, .. } => Self {
                service: Some(service),
                reason: None,
            },
            Choice::Review { reason, .. } => Self {
                service: None,
                reason: Some(reason),
            },
        }
    }
}

impl App {
    /// Looks at orders of the terms that differ between two tables of one owner.
    pub(super) async fn rehearse(
        &self,
        owner: &MappingOwner,
        before: &MappingTable,
        after: &MappingTable,
    ) -> Answer<Rehearsal> {
        let (tenant, connection) = match owner {
            MappingOwner::Tenant(tenant) => (tenant, None),
            MappingOwner::Connection(key) => (&key.tenant, Some(&key.id)),
            MappingOwner::Deployment => {
                let detail = "a default has no orders of its own to be rehearsed with";
                return Err(Problem::invalid("rehearse", detail));
            }
        };
        let changed = changed(before, after);
        let mut rehearsal = Rehearsal::default();
        if changed.is_empty() {
            return Ok(rehearsal);
        }
        let mut keys = Vec::new();
        for status in STATUSES {
            let store = &self.store;
            let latest = store
                .latest_orders(tenant, status, connection, MOST_ROWS)
                .await?;
            let mut rows: Vec<OrderRow> = latest.rows;
            rows.retain(|row| is_touched(row, &changed));
            rehearsal.has_more |= latest.has_more || rows.len() > MOST_ORDERS;
            let found = rows.into_iter().take(MOST_ORDERS);
            keys.extend(
                found.map(|row| (ConnectionKey::new(tenant, &row.connection), row.order_id)),
            );
        }
        let orders = fan_out(keys, AT_ONCE, |(connection, order)| async move {
            self.store.order(&connection, &order).await
        });
        let orders: Vec<StoredOrder> = orders.await?.into_iter().flatten().collect();
        let rules = self.rules_of(tenant, &orders).await?;
        rehearsal.looked_at = orders.len();
        let scoped = (owner, after);
        let differing = orders
            .iter()
            .filter_map(|order| differs(order, rules.get(&order.connection)?, scoped));
        rehearsal.differing = differing.collect();
        Ok(rehearsal)
    }

    async fn rules_of(
        &self,
        tenant: &TenantId,
        orders: &[StoredOrder],
    ) -> Answer<HashMap<ConnectionId, Settings>> {
        let ids = orders.iter().map(|order| order.connection.clone());
        let ids: BTreeSet<ConnectionId> = ids.collect();
        let read = fan_out(ids, AT_ONCE, |id| async move {
            let key = ConnectionKey::new(tenant, &id);
            let settings = self.store.settings(&key).await?;
            Ok::<_, Problem>((id, settings))
        });
        Ok(read.await?.into_iter().collect())
    }
}

/// Terms that are mapped otherwise, or not any more.
fn changed(before: &MappingTable, after: &MappingTable) -> BTreeSet<ShippingTerm> {
    let all = before.mappings.keys().chain(after.mappings.keys());
    all.filter(|term| before.mappings.get(term) != after.mappings.get(term))
        .cloned()
        .collect()
}

/// Whether an order's term falls back to one that changes.
fn is_touched(row: &OrderRow, changed: &BTreeSet<ShippingTerm>) -> bool {
    let term = row.term.as_deref().and_then(|term| term.parse().ok());
    term.is_some_and(|term: ShippingTerm| term.falls_back_to(changed))
}

/// An order that goes another way by the other table.
fn differs(
    stored: &StoredOrder,
    settings: &Settings,
    (owner, table): (&MappingOwner, &MappingTable),
) -> Option<RehearsedOrder> {
    let term = stored.decision.term.as_ref()?;
    let couriers = Couriers::new(settings.couriers.iter().cloned());
    let active = settings.active(term.marketplace);
    let every_courier_on = Switches::default();
    let switches = active.map_or(&every_courier_on, |it| &it.couriers);
    let by = |mappings: &Mappings| {
        let order = &stored.requirements;
        Rehearsed::from(choose(Some(term), order, mappings, &couriers, switches))
    };
    let now: Mappings = settings.mappings.iter().cloned().collect();
    let then = now.with(owner.scope(), table.mappings.values().cloned());
    let (before, after) = (by(&now), by(&then));
    (before != after).then(|| RehearsedOrder {
        connection: stored.connection.clone(),
        order_id: stored.order.id.clone(),
        status: stored.status,
        term: term.clone(),
        before,
        after,
    })
}
