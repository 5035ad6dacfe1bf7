//! How often each shipping term came to a connection, by week: one small item for each term.

use super::item::{Item, failure, n, number, s, text};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::ids::ConnectionKey;
use crate::domain::shipping_term::ShippingTerm;
use crate::domain::term_tally::{Count, Tallied, WEEKS, Week};
use crate::error::Result;
use jiff::Timestamp;

/// What an attribute is called that counts the orders of a week.
const WEEK: &str = "week_";

/// A term that came to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTerm {
    pub term: ShippingTerm,
    /// Of the last half year.
    pub orders: u64,
    /// When the latest of them was bought.
    pub last_seen: Timestamp,
}

impl Store {
    /// Adds orders to the count of a term: one write unit. Not idempotent: for orders that were stored just now.
    pub async fn count_term(&self, tallied: &Tallied, count: Count) -> Result<()> {
        let latest = self.add_to_term(tallied, count, true).await?;
        if latest == Written::Conflict {
            // A later order came before; its moment stays.
            let _ = self.add_to_term(tallied, count, false).await?;
        }
        Ok(())
    }

    async fn add_to_term(
        &self,
        tallied: &Tallied,
        count: Count,
        is_latest: bool,
    ) -> Result<Written> {
        let Tallied {
            connection,
            term,
            week,
        } = tallied;
        let forgotten = Week(week.0 - WEEKS);
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.orders)
            .set_key(Some(Key::seen_term(connection, term).into_map()))
            .expression_attribute_names("#week", name(*week))
            .expression_attribute_values(":orders", n(count.orders));
        if is_latest {
            update = update
                .update_expression(
                    "ADD #week :orders SET last_seen = :at, expires_at = :end, v = :v REMOVE #forgotten",
                )
                .condition_expression("attribute_not_exists(last_seen) OR last_seen < :at")
                .expression_attribute_names("#forgotten", name(forgotten))
                .expression_attribute_values(":at", s(key::sortable(count.last_seen)))
                .expression_attribute_values(":end", n(week.forgotten_at().as_second()))
                .expression_attribute_values(":v", n(super::item::VERSION));
        } else {
            update = update.update_expression("ADD #week :orders");
        }
        Written::from_result("count a shipping term", update.send().await)
    }

    /// The terms that came to a connection in the last half year.
    pub async fn seen_terms(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
    ) -> Result<Vec<SeenTerm>> {
        let mut pages = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(key::seen_terms_pk(connection)))
            .into_paginator()
            .items()
            .send();
        let mut terms = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| failure("list shipping terms", error))?;
            terms.extend(seen(&item, now));
        }
        Ok(terms)
    }
}

fn name(week: Week) -> String {
    format!("{WEEK}{}", week.0)
}

fn seen(item: &Item, now: Timestamp) -> Option<SeenTerm> {
    let orders = item.keys().filter_map(|name| {
        let week = Week(name.strip_prefix(WEEK)?.parse().ok()?);
        let orders = number(item, name).filter(|_| week.counts(now))?;
        u64::try_from(orders).ok()
    });
    let seen = SeenTerm {
        term: key::seen_term_of(&text(item, "sk")?)?,
        orders: orders.sum(),
        last_seen: text(item, "last_seen")?.parse().ok()?,
    };
    (seen.orders > 0).then_some(seen)
}
