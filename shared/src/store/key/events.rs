//! Keys of the table of events.

use super::{Key, encoded, sortable};
use crate::domain::ids::TenantId;
use jiff::{SignedDuration, Timestamp};

/// How long a moment of [`sortable`] is.
pub(crate) const MOMENT_LENGTH: usize = "2026-11-01T00:00:00.000Z".len();
const HOUR_LENGTH: usize = "2026-11-01T00".len();

/// The hour of a moment, as the beginning of its text.
pub(crate) fn hour_of(moment: Timestamp) -> String {
    let mut moment = sortable(moment);
    moment.truncate(HOUR_LENGTH);
    moment
}

/// The hour of a key that begins with a moment.
pub(crate) fn hour_of_key(key: &str) -> &str {
    key.get(..HOUR_LENGTH).unwrap_or_default()
}

/// The first moment of the hour after one, as text; `None` if it is no hour.
pub(crate) fn hour_after(hour: &str) -> Option<String> {
    let begin: Timestamp = format!("{hour}:00:00Z").parse().ok()?;
    let next = begin.checked_add(SignedDuration::from_hours(1)).ok()?;
    Some(sortable(next))
}

impl Key {
    /// A tenant has some in an hour.
    pub(crate) fn events_in_hour(hour: &str, tenant: &TenantId) -> Self {
        Self::new(events_in_hour_pk(hour), encoded(tenant.as_str()))
    }

    /// Those of one change, by a moment.
    pub(crate) fn events(tenant: &TenantId, at: Timestamp, id: &str) -> Self {
        Self::new(
            events_pk(tenant),
            format!("{}#{}", sortable(at), encoded(id)),
        )
    }
}

pub(crate) fn events_pk(tenant: &TenantId) -> String {
    format!("EVENTS#{}", encoded(tenant.as_str()))
}

pub(crate) fn events_in_hour_pk(hour: &str) -> String {
    format!("EVENTS_IN#{hour}")
}
