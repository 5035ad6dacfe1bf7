//! `/operator/connections` and `/operator/tenants`: all connections of the deployment for whoever runs it, how far their orders
//! are read, and reading them again. Every use is in the audit log, also one that is refused.

pub(crate) mod connections;
mod cursor;
pub(crate) mod refetch;
mod row;
pub(crate) mod tenants;

/// How many connections one page may read. A filter that accepts next to nothing ends its page there, with `next`.
const MOST_READ: usize = 1_000;
/// How many connections are read with one query.
const READ_AT_ONCE: i32 = 100;
