//! Where a list goes on, and that it is the same list: the cursor that callers get as `next` and give back as `after`.

use crate::query::ListRequest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stallkeeper::api::{Answer, Problem, decode_cursor, encode_cursor};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::order::OrderStatus;
use std::fmt::Debug;

/// A place in the walk over the statuses of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `None`: of all statuses at once.
    pub status: Option<OrderStatus>,
    /// The store's cursor within the status; `None` = its beginning.
    pub key: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    status: Option<OrderStatus>,
    key: Option<String>,
    /// Of all that must be the same for the place to make sense.
    check: String,
}

impl Place {
    pub fn to_cursor(&self, tenant: &TenantId, request: &ListRequest) -> String {
        encode_cursor(&Cursor {
            status: self.status,
            key: self.key.clone(),
            check: self.check(tenant, request),
        })
    }

    /// # Errors
    /// 422 if it is no cursor, was altered, or belongs to a list with other parameters.
    pub fn from_cursor(cursor: &str, tenant: &TenantId, request: &ListRequest) -> Answer<Self> {
        let Cursor { status, key, check } = decode_cursor(cursor)?;
        let place = Self { status, key };
        let is_listed = status.is_none_or(|status| request.statuses.contains(&status));
        if place.check(tenant, request) != check || !is_listed {
            return Err(Problem::invalid(
                "after",
                "this cursor belongs to another list; keep all parameters but `limit` and `include` as they were, or leave `after` out to start again",
            ));
        }
        Ok(place)
    }

    /// The limit is left out: pages may differ in size.
    fn check(&self, tenant: &TenantId, request: &ListRequest) -> String {
        let ListRequest {
            reach,
            statuses,
            sort,
            filter,
            risk,
            ..
        } = request;
        check_of((tenant, reach, statuses, sort, filter, risk, self))
    }
}

/// Of what must be the same for a place to make sense. Derived `Debug` quotes every text and names every field, so two lists
/// never read the same.
pub fn check_of(same: impl Debug) -> String {
    let hash = Sha256::digest(format!("{same:?}"));
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
