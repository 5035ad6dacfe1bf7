//! What the demo found: JSON for programs, tables for people, and whether it holds.

mod prices;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use comfy_table::{Cell, CellAlignment, Table};
use serde::Serialize;
use serde_json::Value;

use super::cancelling::Cancellations;
use super::goods::{
    ALIAS, BUNDLE, CASE_MISMATCH, CLOSED, FULFILLED_BY_AMAZON, HELD, REFUSED, URGENT_ZERO,
};
use super::listings::{Compared, Line};
use super::parcels::{Dispatches, Parcel, Story};
use super::platform::Row;
use super::prices::{PriceCounts, PriceLine};
use super::scene::SHIP_PLUS_ORDER;
use tables::{counts, table, tally};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) connections: Vec<ConnectionLine>,
    pub(crate) orders: Counts,
    pub(crate) listings: Compared,
    /// Offers that were wanted of products that were not on Amazon, by how far they are.
    pub(crate) offers: BTreeMap<String, usize>,
    pub(crate) prices: PriceCounts,
    /// Units that buyers ordered from a number that was about to fall.
    pub(crate) oversold: u64,
    pub(crate) dispatches: Dispatches,
    pub(crate) cancellations: Cancellations,
    /// From an order on Amazon to its being stored with its courier, by notice; null if no notice came.
    pub(crate) median_seconds_to_stored: Option<f64>,
    pub(crate) sp_api_calls: Value,
    pub(crate) events: BTreeMap<String, usize>,
    pub(crate) dead_letters: u64,
    pub(crate) elapsed_seconds: f64,
    /// What broke a promise; empty if none was broken.
    #[serde(skip)]
    pub(crate) broken: Vec<String>,
    #[serde(skip)]
    pub(crate) rows: Vec<Row>,
    #[serde(skip)]
    pub(crate) taken_over: Option<(String, String)>,
    #[serde(skip)]
    pub(crate) lines: Vec<Line>,
    #[serde(skip)]
    pub(crate) price_lines: Vec<PriceLine>,
    #[serde(skip)]
    pub(crate) parcels: Vec<Parcel>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ConnectionLine {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) marketplaces: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) on_amazon: usize,
    pub(crate) stored: usize,
    pub(crate) with_courier: usize,
    pub(crate) pending_review: usize,
    pub(crate) parked: usize,
    /// Bought before the take-over moment: left to whoever handled them.
    pub(crate) elsewhere: usize,
    pub(crate) lost: usize,
    pub(crate) duplicated: usize,
}

/// Compares both sides by connection and order id.
pub(crate) fn compare(on_amazon: &BTreeSet<(String, String)>, rows: &[Row]) -> Counts {
    let mut stored: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows {
        *stored
            .entry((row.connection.clone(), row.order_id.clone()))
            .or_default() += 1;
    }
    let in_status = |status: &str| rows.iter().filter(|row| row.status == status).count();
    Counts {
        on_amazon: on_amazon.len(),
        stored: stored.len(),
        with_courier: rows.iter().filter(|row| row.service.is_some()).count(),
        pending_review: in_status("pending_review"),
        parked: in_status("parked"),
        elsewhere: in_status("elsewhere"),
        lost: on_amazon
            .iter()
            .filter(|order| !stored.contains_key(*order))
            .count(),
        duplicated: stored.values().filter(|times| **times > 1).count(),
    }
}

impl Report {
    /// Prints tables.
    pub(crate) fn print(&self) {
        let of =
            |name, value: fn(&Row) -> Option<&str>| tally(name, self.rows.iter().filter_map(value));
        let calls = self.sp_api_calls.as_object().into_iter().flatten();
        let calls = calls.map(|(name, count)| (name.as_str(), count.to_string()));
        let events = self
            .events
            .iter()
            .map(|(name, count)| (name.as_str(), count.to_string()));
        for table in [
            self.summary(),
            of("Shipping term", |row| row.term.as_deref()),
            of("Courier service", |row| row.service.as_deref()),
            of("Waits for a person because", |row| row.reason.as_deref()),
            of("Status", |row| Some(row.status.as_str())),
            self.order_stories(),
            self.parcel_stories(),
            self.stories(),
            self.price_table(),
            counts(&["Amazon's operation", "Calls"], calls),
            counts(&["Told on the bus", "Events"], events),
        ] {
            println!("\n{table}");
        }
    }

    /// Orders that something else than a mapping decides.
    fn order_stories(&self) -> Table {
        let mut table = table(&["Order", "Is", "Status", "Label from"]);
        let taken_over = self.taken_over.as_ref().map_or("", |(_, id)| id);
        for (id, is) in [
            (SHIP_PLUS_ORDER, "Ship+: packed here, sent by Amazon"),
            (taken_over, "bought before, taken over by hand"),
        ] {
            let rows = self.rows.iter().filter(|row| row.order_id == id);
            table.add_rows(rows.map(|row| {
                let label = row.label_source.as_deref().unwrap_or("courier");
                [id, is, row.status.as_str(), label]
            }));
        }
        table
    }

    /// Hand-overs by what is told of them.
    fn parcel_stories(&self) -> Table {
        let mut table = table(&["Parcels", "Handed over", "Confirmed", "Refused", "Unknown"]);
        for story in Story::ALL {
            let told: Vec<_> = self
                .parcels
                .iter()
                .filter(|one| one.story == story)
                .collect();
            let in_state = |state: &str| told.iter().filter(|one| one.state == state).count();
            let mut row = vec![Cell::new(story.words())];
            let counts = ["confirmed", "refused", "unknown"].map(in_state);
            row.extend(
                [told.len()]
                    .into_iter()
                    .chain(counts)
                    .map(|count| Cell::new(count).set_alignment(CellAlignment::Right)),
            );
            table.add_row(row);
        }
        table
    }

    /// One listing of each kind.
    fn stories(&self) -> Table {
        let mut table = table(&["Listing", "Is", "State", "Wanted", "Sent", "On Amazon"]);
        for (sku, is) in [
            (BUNDLE, "a bundle of two products"),
            (ALIAS.0, "twelve of a product, tied by alias"),
            (CASE_MISMATCH.1, "spelt differently here"),
            (FULFILLED_BY_AMAZON, "in Amazon's own warehouse"),
            (REFUSED, "refused first, then corrected"),
            (URGENT_ZERO, "emptied at once"),
            (CLOSED, "closed by the seller: left closed"),
            (HELD, "held by a person: left alone"),
        ] {
            let Some(line) = self.lines.iter().find(|line| line.sku == sku) else {
                continue;
            };
            let number = |number: Option<u64>| {
                let text = number.map_or_else(|| "–".to_owned(), |number| number.to_string());
                Cell::new(text).set_alignment(CellAlignment::Right)
            };
            table.add_row(vec![
                Cell::new(sku),
                Cell::new(is),
                Cell::new(
                    line.hold
                        .as_ref()
                        .map_or(line.state.clone(), |mode| format!("held: {mode}")),
                ),
                number(line.wanted),
                number(line.sent),
                number(line.on_amazon),
            ]);
        }
        table
    }

    fn summary(&self) -> Table {
        let mut table = table(&["Connection", "Status", "Marketplaces", "Orders"]);
        for connection in &self.connections {
            let orders = self
                .rows
                .iter()
                .filter(|row| row.connection == connection.id)
                .count();
            table.add_row(vec![
                Cell::new(&connection.id),
                Cell::new(&connection.status),
                Cell::new(connection.marketplaces.join(" ")),
                Cell::new(orders).set_alignment(CellAlignment::Right),
            ]);
        }
        table
    }

    /// # Errors
    /// Where any merchant-fulfilled order is not stored exactly once, or anything else is broken.
    pub(crate) fn verdict(&self) -> Result<()> {
        let Counts {
            on_amazon,
            stored,
            lost,
            duplicated,
            elsewhere,
            ..
        } = &self.orders;
        println!(
            "\nOn Amazon {on_amazon}, stored {stored}, left to the former system {elsewhere}, lost {lost}, duplicated {duplicated}, dead letters {}.",
            self.dead_letters
        );
        let Compared {
            matched,
            wanted,
            refused,
            equal_on_amazon,
            ..
        } = &self.listings;
        println!(
            "Listings matched {matched}, wanted {wanted}, refused on the way {refused}, equal on Amazon {equal_on_amazon}; units oversold while on the way {}.",
            self.oversold
        );
        println!("{}", self.price_words());
        let Dispatches {
            handed_over,
            confirmed,
            refused,
            unknown,
            doubled,
        } = &self.dispatches;
        println!(
            "Parcels handed over {handed_over}, confirmed {confirmed}, refused {refused}, unknown {unknown}, doubled {doubled}; orders cancelled {}.",
            self.cancellations.cancelled
        );
        if let Some(median) = self.median_seconds_to_stored {
            println!(
                "An order is stored with its courier {median:.1} s after it is on Amazon (median, by notice)."
            );
        }
        if self.broken.is_empty() {
            println!(
                "Every merchant-fulfilled order is stored exactly once, Amazon shows every wanted quantity, price and offer, and every hand-over exactly once ({:.1} s).",
                self.elapsed_seconds
            );
            return Ok(());
        }
        bail!("{}", self.broken.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(order: &str, status: &str) -> Row {
        serde_json::from_value(
            serde_json::json!({"connection": "c", "order_id": order, "status": status, "created_at": "2026-11-01T12:00:00Z"}),
        )
        .unwrap()
    }

    #[test]
    fn what_is_missing_is_lost_and_what_comes_twice_is_duplicated() {
        let on_amazon = ["1", "2", "3"]
            .map(|order| ("c".to_owned(), order.to_owned()))
            .into();
        let counts = compare(
            &on_amazon,
            &[
                row("1", "parked"),
                row("2", "ready"),
                row("2", "pending_review"),
            ],
        );
        let expected = Counts {
            on_amazon: 3,
            stored: 2,
            pending_review: 1,
            parked: 1,
            elsewhere: 0,
            lost: 1,
            duplicated: 1,
            with_courier: 0,
        };
        assert_eq!(counts, expected);
    }
}
