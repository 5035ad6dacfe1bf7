//! How often each shipping term came to a connection: one item a week, so that a batch of orders is one write whatever their
//! terms are.

use super::Store;
use super::item::{Item, VERSION, failure, n, number, s};
use super::key::{self, Key};
use crate::domain::ids::ConnectionKey;
use crate::domain::shipping_term::ShippingTerm;
use crate::domain::term_tally::{Counts, Tallied, Week};
use crate::error::Result;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Attributes of a term: how many orders, and the second in which the one that was counted last was bought.
const ORDERS: &str = "orders ";
const BOUGHT: &str = "bought ";
/// Terms of one write: its expression may be no longer than 4 KB.
const AT_ONCE: usize = 50;

/// A term that came to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTerm {
    pub term: ShippingTerm,
    /// Of the last half year.
    pub orders: u64,
    /// When the latest of them was bought: of those of one week the one that was counted last.
    pub last_seen: Timestamp,
}

impl Store {
    /// Adds orders to the counts of a week's terms: one write, of a unit for each kilobyte that the terms of the week take, about
    /// 15 of them. Not idempotent: for orders that were stored just now.
    ///
    /// # Errors
    ///
    /// `Retryable` if the table does not answer: with more than 50 terms some may be counted then.
    pub async fn count_terms(&self, tallied: &Tallied, counts: &Counts) -> Result<()> {
        let counts: Vec<_> = counts.iter().collect();
        for counts in counts.chunks(AT_ONCE) {
            let mut update = self
                .db
                .update_item()
                .table_name(&self.tables.orders)
                .set_key(Some(
                    Key::seen_terms(&tallied.connection, tallied.week).into_map(),
                ))
                .expression_attribute_values(":end", n(tallied.week.forgotten_at().as_second()))
                .expression_attribute_values(":v", n(VERSION));
            let mut add = Vec::new();
            let mut set = vec!["expires_at = :end".to_owned(), "v = :v".to_owned()];
            for (at, (term, count)) in counts.iter().enumerate() {
                add.push(format!("#n{at} :n{at}"));
                set.push(format!("#t{at} = :t{at}"));
                update = update
                    .expression_attribute_names(format!("#n{at}"), format!("{ORDERS}{term}"))
                    .expression_attribute_names(format!("#t{at}"), format!("{BOUGHT}{term}"))
                    .expression_attribute_values(format!(":n{at}"), n(count.orders))
                    .expression_attribute_values(format!(":t{at}"), n(count.last_seen.as_second()));
            }
            update
                .update_expression(format!("ADD {} SET {}", add.join(", "), set.join(", ")))
                .send()
                .await
                .map_err(|error| failure("count shipping terms", error))?;
        }
        Ok(())
    }

    /// The terms that came to a connection in the last half year.
    pub async fn seen_terms(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
    ) -> Result<Vec<SeenTerm>> {
        let first = Week::first(now);
        let mut weeks = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .key_condition_expression("pk = :pk AND sk >= :first")
            .expression_attribute_values(":pk", s(key::seen_terms_pk(connection)))
            .expression_attribute_values(":first", s(key::seen_terms_sk(first)))
            .into_paginator()
            .items()
            .send();
        let mut terms = BTreeMap::new();
        while let Some(week) = weeks.next().await {
            let week = week.map_err(|error| failure("list shipping terms", error))?;
            add(&mut terms, &week);
        }
        Ok(terms.into_values().collect())
    }
}

fn add(terms: &mut BTreeMap<ShippingTerm, SeenTerm>, week: &Item) {
    for attribute in week.keys() {
        let Some(name) = attribute.strip_prefix(ORDERS) else {
            continue;
        };
        let orders = number(week, attribute).and_then(|orders| u64::try_from(orders).ok());
        let bought = number(week, &format!("{BOUGHT}{name}"));
        let bought = bought.and_then(|second| Timestamp::from_second(second).ok());
        let (Ok(term), Some(orders), Some(last_seen)) = (name.parse(), orders, bought) else {
            continue;
        };
        let term: ShippingTerm = term;
        let seen = terms.entry(term.clone()).or_insert(SeenTerm {
            term,
            orders: 0,
            last_seen,
        });
        seen.orders = seen.orders.saturating_add(orders);
        seen.last_seen = seen.last_seen.max(last_seen);
    }
}
