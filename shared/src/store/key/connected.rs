//! Keys of index `connected`: the connections of all tenants that are not given up.

use super::encoded;
use crate::domain::ids::{ConnectionKey, TenantId};

/// The only partition.
pub(crate) const CONNECTED: &str = "CONNECTED";

/// By tenant, then connection.
pub(crate) fn connected_sk(connection: &ConnectionKey) -> String {
    let tenant = encoded(connection.tenant.as_str());
    format!("{tenant}#{}", encoded(connection.id.as_str()))
}

/// Nothing after a connection sorts before this. A blank is the least of what an id may hold.
pub(crate) fn after_connected(connection: &ConnectionKey) -> String {
    format!("{} ", connected_sk(connection))
}

/// The range of all tenants, or of one. No encoded part holds a `~`.
pub(crate) fn connected_range(tenant: Option<&TenantId>) -> (String, String) {
    let prefix = tenant.map(|tenant| format!("{}#", encoded(tenant.as_str())));
    let prefix = prefix.unwrap_or_default();
    (format!("{prefix} "), format!("{prefix}~"))
}
