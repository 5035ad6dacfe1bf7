//! Prices and offers, for people.

use comfy_table::{Cell, CellAlignment, Table};

use super::Report;
use super::tables::table;

impl Report {
    /// Each price of the twenty products, before and after.
    pub(super) fn price_table(&self) -> Table {
        let mut table = table(&["SKU", "On", "Old", "New", "Rule", "Margin", "Is"]);
        for line in &self.price_lines {
            table.add_row(vec![
                Cell::new(&line.sku),
                Cell::new(line.marketplace),
                right(line.old.map(amount)),
                right(line.new.map(amount)),
                Cell::new(line.rule.as_deref().unwrap_or("–")),
                right(line.margin.map(amount)),
                Cell::new(line.is),
            ]);
        }
        table
    }

    pub(super) fn price_words(&self) -> String {
        let prices = &self.prices;
        let offers = self.offers.iter();
        let offers: Vec<String> = offers
            .map(|(state, count)| format!("{state} {count}"))
            .collect();
        format!(
            "Prices sent {}, held on the way {}, without cost {}, left alone {}; offers {}.",
            prices.sent,
            prices.held,
            prices.no_cost,
            prices.left,
            offers.join(", ")
        )
    }
}

fn right(text: Option<String>) -> Cell {
    Cell::new(text.unwrap_or_else(|| "–".to_owned())).set_alignment(CellAlignment::Right)
}

fn amount(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
