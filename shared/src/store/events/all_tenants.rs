//! The events of all tenants in one list, for the operator.
//!
//! Events lie by tenant, and an index over them would cost a write for each. Instead a mark says that a tenant has events in an
//! hour: one small write a tenant and hour, however many events. A reader goes hour by hour and merges what the hour's tenants
//! have, by moment; so a page costs a read of each tenant to which something happened in that hour, and whoever does not read
//! pays nothing.
//!
//! A mark lands in the time in which its event must: when a reader passes an hour, all its marks are there.

use super::{EventPage, EventPlace, KEEP, KEPT, KeptChange, range};
use crate::domain::ids::TenantId;
use crate::error::Result;
use crate::fan_out;
use crate::store::Store;
use crate::store::item::{failure, n, s, text};
use crate::store::key::{self, Key};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use tokio::sync::Mutex;

/// Hours that one page may pass without an event.
const MOST_HOURS: usize = 48;
/// Tenants that are read side by side.
const TENANTS_AT_ONCE: usize = 16;
/// The fewest changes that are read of a tenant at once.
const FEWEST: usize = 2;

/// The tenants that were marked in the latest hour. Forgotten, it costs a write a tenant, and nothing else.
#[derive(Debug, Default)]
pub(in crate::store) struct MarkedHour(Mutex<(String, HashSet<TenantId>)>);

impl Store {
    /// Marks that a tenant has events in the hour of `place`, unless that was done by this store. Idempotent.
    pub(super) async fn mark_hour(
        &self,
        tenant: &TenantId,
        place: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let hour = key::hour_of(place);
        let mut marked = self.marked_hour.0.lock().await;
        if marked.0 != hour {
            *marked = (hour.clone(), HashSet::new());
        }
        if marked.1.contains(tenant) {
            return Ok(());
        }
        // As long as the last of the hour's events.
        let kept = KEPT + SignedDuration::from_hours(1);
        let expires = now.saturating_add(kept).unwrap_or(Timestamp::MAX);
        let mut fields = Key::events_in_hour(&hour, tenant).into_map();
        fields.insert("tenant".into(), s(tenant.as_str()));
        fields.insert("expires_at".into(), n(expires.as_second()));
        self.put_fields(KEEP, &self.tables.events, fields).await?;
        marked.1.insert(tenant.clone());
        Ok(())
    }

    /// The events of all tenants after a place, oldest first: those of about `changes` changes. A page may hold fewer, or none,
    /// and not be the last.
    pub async fn events_of_all_after(
        &self,
        after: Option<&EventPlace>,
        changes: usize,
        now: Timestamp,
    ) -> Result<EventPage> {
        let (mut from, until) = range(after, now);
        for _ in 0..MOST_HOURS {
            if from >= until {
                return Ok(EventPage::default());
            }
            let hour = key::hour_of_key(&from).to_owned();
            let Some(next_hour) = key::hour_after(&hour) else {
                return Ok(EventPage::default());
            };
            let is_last_hour = next_hour >= until;
            let end = if is_last_hour { &until } else { &next_hour };
            let tenants = self.tenants_in(&hour).await?;
            let page = self.merged(tenants, &from, end, changes).await?;
            if page.place.is_some() {
                let is_last = page.is_last && is_last_hour;
                return Ok(EventPage { is_last, ..page });
            }
            from = next_hour;
        }
        // Whoever comes back goes on here.
        Ok(EventPage {
            place: EventPlace::before(&from),
            is_last: false,
            ..EventPage::default()
        })
    }

    async fn tenants_in(&self, hour: &str) -> Result<Vec<TenantId>> {
        let mut pages = self
            .db
            .query()
            .table_name(&self.tables.events)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(key::events_in_hour_pk(hour)))
            .into_paginator()
            .items()
            .send();
        let mut tenants = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| failure("read who has events", error))?;
            tenants.extend(text(&item, "tenant").and_then(|tenant| tenant.parse().ok()));
        }
        Ok(tenants)
    }

    /// What these tenants have in a range, by moment, as far as all of them were read.
    async fn merged(
        &self,
        tenants: Vec<TenantId>,
        from: &str,
        until: &str,
        changes: usize,
    ) -> Result<EventPage> {
        // Twice what they have if they have it evenly: less would be read in vain if one has it all.
        let share = (2 * changes).div_ceil(tenants.len().max(1));
        let share = share.clamp(FEWEST, changes.max(FEWEST));
        let read = |tenant: TenantId| async move {
            self.changes_between(&tenant, from, until, share).await
        };
        let parts = fan_out(tenants, TENANTS_AT_ONCE, read).await?;
        let cut = parts.iter().filter(|part| !part.is_last);
        let read_until = cut
            .filter_map(|part| part.changes.last())
            .map(|it| it.place.clone());
        let read_until = read_until.min();
        let is_read = |change: &KeptChange| {
            let until = read_until.as_ref();
            until.is_none_or(|until| change.place <= *until)
        };
        let all = parts.into_iter().flat_map(|part| part.changes);
        let mut all: Vec<_> = all.filter(is_read).collect();
        all.sort_by(|one, other| one.place.cmp(&other.place));
        let rest = all.split_off(whole(&all, changes));
        let is_last = read_until.is_none() && rest.is_empty();
        EventPage::of(all, is_last)
    }
}

/// How many of these make a page of `wanted`: a place that two tenants share is passed with both.
fn whole(sorted: &[KeptChange], wanted: usize) -> usize {
    let Some(last) = wanted.checked_sub(1).and_then(|last| sorted.get(last)) else {
        return sorted.len();
    };
    sorted.partition_point(|change| change.place <= last.place)
}
