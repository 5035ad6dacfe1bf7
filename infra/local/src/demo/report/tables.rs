//! The form of the demo's tables.

use std::collections::BTreeMap;

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};

pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled);
    // On anything but a terminal the table drops the attribute by itself.
    table.set_header(
        header
            .iter()
            .map(|name| Cell::new(name).add_attribute(Attribute::Bold)),
    );
    table
}

pub(super) fn tally<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Table {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values {
        *times.entry(value).or_default() += 1;
    }
    let mut rows: Vec<_> = times.into_iter().collect();
    rows.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
    counts(
        &[name, "Orders"],
        rows.into_iter()
            .map(|(value, count)| (value, count.to_string())),
    )
}

pub(super) fn counts<'a>(header: &[&str], rows: impl Iterator<Item = (&'a str, String)>) -> Table {
    let mut table = table(header);
    for (value, count) in rows {
        table.add_row(vec![
            Cell::new(value),
            Cell::new(count).set_alignment(CellAlignment::Right),
        ]);
    }
    table
}
