//! Both sides of each listing: what we want, sent and had accepted, and what Amazon shows.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;

/// A listing as the API shows it, and Amazon's number.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) state: String,
    /// How a person holds it.
    pub(crate) hold: Option<String>,
    pub(crate) wanted: Option<u64>,
    pub(crate) sent: Option<u64>,
    pub(crate) accepted: bool,
    pub(crate) refused: bool,
    pub(crate) on_amazon: Option<u64>,
}

impl Line {
    pub(crate) fn read(row: &Value, live: &BTreeMap<String, u64>) -> Result<Self> {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let sku = text("sku").context("it has no SKU")?;
        Ok(Self {
            state: text("state").context("it has no state")?,
            hold: text("hold"),
            wanted: row["wanted"].as_u64(),
            sent: row["sent"].as_u64(),
            accepted: row["outcome"] == "accepted",
            refused: row["outcome"] == "refused",
            on_amazon: live.get(&sku).copied(),
            sku,
        })
    }

    /// Matched, and not held by a person.
    fn is_matched(&self) -> bool {
        self.state == "matched" && self.hold.is_none()
    }

    /// Whether Amazon should show another number, or we do not know yet which.
    pub(crate) fn is_open(&self) -> bool {
        self.is_matched() && (self.wanted.is_none() || self.wanted != self.on_amazon)
    }
}

/// How both sides compare.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Compared {
    pub(crate) matched: usize,
    pub(crate) wanted: usize,
    pub(crate) sent: usize,
    pub(crate) accepted: usize,
    pub(crate) refused: usize,
    pub(crate) case_mismatch: usize,
    pub(crate) fba: usize,
    pub(crate) not_on_amazon: usize,
    pub(crate) closed_elsewhere: usize,
    pub(crate) held: usize,
    pub(crate) equal_on_amazon: usize,
}

impl Compared {
    pub(crate) fn of(lines: &[Line]) -> Self {
        let in_state = |state: &str| lines.iter().filter(|line| line.state == state).count();
        let matched: Vec<&Line> = lines.iter().filter(|line| line.is_matched()).collect();
        let count = |fits: fn(&Line) -> bool| matched.iter().filter(|line| fits(line)).count();
        Self {
            matched: matched.len(),
            wanted: count(|line| line.wanted.is_some()),
            sent: count(|line| line.sent.is_some()),
            accepted: count(|line| line.accepted),
            refused: count(|line| line.refused),
            case_mismatch: in_state("case_mismatch"),
            fba: in_state("fulfilled_by_amazon"),
            not_on_amazon: in_state("not_on_amazon"),
            closed_elsewhere: in_state("closed_elsewhere"),
            held: lines.iter().filter(|line| line.hold.is_some()).count(),
            equal_on_amazon: count(|line| line.wanted.is_some() && line.wanted == line.on_amazon),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_listing_is_equal_only_where_a_wanted_number_is_what_amazon_shows() {
        let live = BTreeMap::from([("A".to_owned(), 3), ("B".to_owned(), 4)]);
        let line = |row: Value| Line::read(&row, &live).unwrap();
        let lines = [
            line(
                json!({"sku": "A", "state": "matched", "wanted": 3, "sent": 3, "outcome": "accepted"}),
            ),
            line(json!({"sku": "B", "state": "matched", "wanted": 3})),
            line(json!({"sku": "C", "state": "matched"})),
            line(json!({"sku": "D", "state": "case_mismatch"})),
        ];
        let compared = Compared::of(&lines);
        assert_eq!((compared.matched, compared.wanted), (3, 2));
        assert_eq!((compared.equal_on_amazon, compared.sent), (1, 1));
        assert_eq!((compared.accepted, compared.refused), (1, 0));
        assert_eq!(lines.iter().filter(|line| line.is_open()).count(), 2);
    }
}
