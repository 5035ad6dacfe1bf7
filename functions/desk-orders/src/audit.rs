//! The audit trail of who could see whose buyer data: every look, allowed or refused. Ids only.

use stallkeeper::api::Author;
use stallkeeper::domain::ids::TenantId;
use tracing::info;

/// How a look at an order's buyer data ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Look {
    BuyerDataShown,
    /// It was found by a postcode that the searcher knew.
    BuyerDataMatched,
    /// There is none, any more or at all.
    BuyerDataMissing,
    /// The token does not allow it.
    BuyerDataRefused,
}

/// Records a look; before anything is shown.
pub fn look(tenant: &TenantId, author: &Author, connection: &str, order: &str, look: Look) {
    let audit: &'static str = look.into();
    info!(
        audit,
        tenant.id = %tenant, connection.id = connection, order.id = order,
        by = author.0.as_deref().unwrap_or_default(),
        "looked at the buyer data of order `{order}`: {audit}"
    );
}

/// Records a search by buyer data, and how many orders it found.
pub fn searched(tenant: &TenantId, author: &Author, found: usize) {
    info!(
        audit = "buyer_data_searched",
        tenant.id = %tenant,
        by = author.0.as_deref().unwrap_or_default(),
        orders.found = found,
        "searched orders by postcode"
    );
}

/// Records that a list was refused the buyer data of its orders.
pub fn list_refused(tenant: &TenantId, author: &Author) {
    let audit: &'static str = Look::BuyerDataRefused.into();
    info!(
        audit,
        tenant.id = %tenant,
        by = author.0.as_deref().unwrap_or_default(),
        "a list was refused the buyer data of its orders"
    );
}
