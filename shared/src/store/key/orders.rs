//! Keys of orders, of what lies beside them, and of the indexes over them.

use super::{Key, connection_pk, decoded, encoded, sortable};
use crate::domain::dispatch::Dispatch;
use crate::domain::ids::{ConnectionId, ConnectionKey, OrderId, ParcelId, TenantId};
use crate::domain::order::{HistoryKind, OrderStatus, PostcodeDigest, Version};
use crate::domain::shipping_term::ShippingTerm;
use crate::domain::term_tally::Week;
use crate::store::WaitingKind;
use jiff::Timestamp;

/// The sort key after every possible moment, for orders without a ship-by moment.
const NO_MOMENT: &str = "9999";

/// The sort key of an order itself, beside its history.
pub(crate) const ORDER: &str = "ORDER";
/// The sort key of an order's buyer data, in the table of buyers.
pub(crate) const BUYER: &str = "BUYER";
pub(crate) const HISTORY: &str = "HISTORY#";
pub(crate) const DISPATCH: &str = "DISPATCH#";
/// Partitions of index `open`.
pub(crate) const OPEN_SHARDS: u8 = 16;

impl Key {
    pub(crate) fn order(connection: &ConnectionId, order: &OrderId) -> Self {
        Self::new(order_pk(connection, order), ORDER)
    }

    pub(crate) fn history(
        connection: &ConnectionId,
        order: &OrderId,
        revision: u64,
        kind: HistoryKind,
    ) -> Self {
        Self::new(
            order_pk(connection, order),
            format!("{HISTORY}{revision:010}#{}", kind.as_str()),
        )
    }

    pub(crate) fn dispatch(connection: &ConnectionId, order: &OrderId, parcel: &ParcelId) -> Self {
        Self::new(
            order_pk(connection, order),
            format!("{DISPATCH}{}", encoded(parcel.as_str())),
        )
    }

    /// How often each shipping term came to a connection in a week.
    pub(crate) fn seen_terms(connection: &ConnectionKey, week: Week) -> Self {
        Self::new(seen_terms_pk(connection), seen_terms_sk(week))
    }

    pub(crate) fn dispatch_lease(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "DISPATCHES")
    }

    /// In the table of buyer data, which has one item an order.
    pub(crate) fn buyer(connection: &ConnectionId, order: &OrderId) -> Self {
        Self::new(order_pk(connection, order), BUYER)
    }

    /// In the partition of an order.
    pub(crate) fn beside(order_pk: &str, sk: &str) -> Self {
        Self::new(order_pk.to_owned(), sk)
    }
}

/// Index `by_postcode` of the buyers: a tenant's orders to one postcode.
pub(crate) fn postcode_pk(tenant: &TenantId, digest: &PostcodeDigest) -> String {
    format!("{}#{}", encoded(tenant.as_str()), digest.as_str())
}

/// The terms that came to a connection, in the table of orders.
pub(crate) fn seen_terms_pk(connection: &ConnectionKey) -> String {
    format!("TERMS#{}", connection_pk(connection))
}

pub(crate) fn seen_terms_sk(week: Week) -> String {
    format!("WEEK#{:06}", week.0)
}

pub(crate) fn order_pk(connection: &ConnectionId, order: &OrderId) -> String {
    format!(
        "ORDER#{}#{}",
        encoded(connection.as_str()),
        encoded(order.as_str())
    )
}

/// Index `by_status`: a tenant's orders of one status.
pub(crate) fn status_pk(tenant: &TenantId, status: OrderStatus) -> String {
    format!("{}#{}", encoded(tenant.as_str()), status.as_str())
}

/// Index `by_status`: the most urgent first.
pub(crate) fn status_sk(
    ship_by: Option<Timestamp>,
    connection: &ConnectionId,
    order: &OrderId,
) -> String {
    let ship_by = ship_by.map_or_else(|| NO_MOMENT.to_owned(), sortable);
    format!(
        "{ship_by}#{}#{}",
        encoded(connection.as_str()),
        encoded(order.as_str())
    )
}

/// Index `open`: what a desk must see of all tenants, sorted as index `by_status`.
pub(crate) fn open_pk(shard: u8) -> String {
    format!("OPEN#{shard:02}")
}

/// Which shard of index `open` holds an order.
pub(crate) fn open_shard_of(order: &OrderId) -> u8 {
    use sha2::Digest as _;
    sha2::Sha256::digest(order.as_str())[0] % OPEN_SHARDS
}

/// Index `waiting`: the orders of a connection that a change of its settings may move, by what they are. Ready ones are not
/// in it, since nearly every order would be, twice in its life: they are found by their status.
pub(crate) fn waiting_pk(connection: &ConnectionKey, kind: WaitingKind) -> Option<String> {
    let pk = connection_pk(connection);
    match kind {
        WaitingKind::PendingReview => Some(pk),
        WaitingKind::Ready => None,
        WaitingKind::Elsewhere => Some(format!("{pk}#elsewhere")),
    }
}

/// Index `waiting`: by term, so that a new mapping finds those it fits.
pub(crate) fn waiting_sk(term: Option<&ShippingTerm>, order: &OrderId) -> String {
    let term = term
        .map(|term| encoded(&term.to_string()))
        .unwrap_or_default();
    format!("{term}#{}", encoded(order.as_str()))
}

/// Index `waiting`: the dispatches of a connection that are still to be confirmed to Amazon, or, `by_amazon`, whose label Amazon's
/// packages are still to show.
pub(crate) fn pending_dispatches_pk(connection: &ConnectionKey, by_amazon: bool) -> String {
    let kind = if by_amazon { "labels" } else { "dispatches" };
    format!("{}#{kind}", connection_pk(connection))
}

/// Index `waiting`: the most urgent dispatch first; of those with Amazon's label the one that should be shown first.
pub(crate) fn pending_dispatch_sk(dispatch: &Dispatch) -> String {
    let (order, parcel) = (dispatch.order_id.as_str(), dispatch.parcel.as_str());
    let ids = format!("{}#{}", encoded(order), encoded(parcel));
    if !dispatch.is_confirmed_by_us() {
        return format!("{}#{ids}", sortable(dispatch.shown_by()));
    }
    let ship_by = dispatch
        .ship_by
        .map_or_else(|| NO_MOMENT.to_owned(), sortable);
    let handed_over = sortable(dispatch.hand_over.handed_over_at);
    format!(
        "{ship_by}#{}#{handed_over}#{ids}",
        sortable(dispatch.due_at)
    )
}

/// The order and the parcel that a sort key of pending dispatches ends with.
pub(crate) fn parcel_of(pending_sk: &str) -> Option<(OrderId, ParcelId)> {
    let (rest, parcel) = pending_sk.rsplit_once('#')?;
    let (_, order) = rest.rsplit_once('#')?;
    Some((
        decoded(order)?.parse().ok()?,
        decoded(parcel)?.parse().ok()?,
    ))
}

/// Until when a pending dispatch is to be shipped, when it is due, and when it was handed over, from its sort key.
pub(crate) fn moments_of(pending_sk: &str) -> Option<(Option<Timestamp>, Timestamp, Timestamp)> {
    let mut parts = pending_sk.split('#');
    let ship_by = parts.next()?.parse().ok();
    Some((
        ship_by,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    ))
}

/// The order that a sort key of index `waiting` ends with.
pub(crate) fn order_id_of(waiting_sk: &str) -> Option<OrderId> {
    decoded(waiting_sk.rsplit_once('#')?.1)?.parse().ok()
}

/// The table's partition of the order that a sort key of index `by_status` names.
pub(crate) fn order_pk_of(status_sk: &str) -> Option<String> {
    let (_, connection_and_order) = status_sk.split_once('#')?;
    let (connection, order) = connection_and_order.split_once('#')?;
    Some(order_pk(
        &decoded(connection)?.parse().ok()?,
        &decoded(order)?.parse().ok()?,
    ))
}

/// A version as text that sorts as versions do.
pub(crate) fn version(version: &Version) -> String {
    format!(
        "{}#{}#{:03}",
        sortable(version.fetched_at),
        sortable(version.updated_at),
        version.datasets
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn versions_sort_as_text_as_they_do_as_values(
            a in (0i64..4_000_000_000_000, 0u8.., 0i64..4_000_000_000_000),
            b in (0i64..4_000_000_000_000, 0u8.., 0i64..4_000_000_000_000),
        ) {
            let make = |(updated, datasets, fetched): (i64, u8, i64)| Version {
                updated_at: Timestamp::from_millisecond(updated).unwrap(),
                datasets,
                fetched_at: Timestamp::from_millisecond(fetched).unwrap(),
            };
            let (a, b) = (make(a), make(b));
            prop_assert_eq!(version(&a).cmp(&version(&b)), a.cmp(&b));
        }
    }
}
