//! What was handed over beside what Amazon shows. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::demo::platform::Row;

/// The service of a parcel whose order no rule gave one.
const ANY: &str = "RoyalMail/tracked-48";

/// What is told of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Story {
    Whole,
    /// One of the boxes of an order.
    Box,
    /// Some of an order; the rest stays.
    Part,
    /// Its tracking number was wrong first.
    Edited,
    /// Amazon's first answer was lost.
    AnswerLost,
    /// The order was shipped in Seller Central meanwhile.
    Refused,
}

impl Story {
    pub(crate) const ALL: [Self; 6] = [
        Self::Whole,
        Self::Box,
        Self::Part,
        Self::Edited,
        Self::AnswerLost,
        Self::Refused,
    ];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Whole => "a whole order",
            Self::Box => "one of two boxes of an order",
            Self::Part => "a part of an order",
            Self::Edited => "its tracking number corrected later",
            Self::AnswerLost => "Amazon's first answer lost",
            Self::Refused => "shipped in Seller Central before",
        }
    }
}

/// A parcel that was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) connection: String,
    pub(crate) order: String,
    pub(crate) name: String,
    /// The service that was chosen for the order.
    service: String,
    pub(crate) tracking: String,
    pub(crate) story: Story,
    /// As the API says; empty as long as it does not.
    pub(crate) state: String,
}

impl Parcel {
    pub(crate) fn of(row: &Row, name: &str, story: Story) -> Self {
        let digits: String = row.order_id.chars().filter(char::is_ascii_digit).collect();
        Self {
            connection: row.connection.clone(),
            order: row.order_id.clone(),
            name: name.to_owned(),
            service: row.service.clone().unwrap_or_else(|| ANY.to_owned()),
            tracking: format!("RM{digits}{}", name.to_uppercase().replace('-', "")),
            story,
            state: String::new(),
        }
    }

    pub(crate) fn path(&self) -> String {
        let (connection, order, name) = (&self.connection, &self.order, &self.name);
        format!("/orders/{connection}/{order}/dispatches/{name}")
    }

    pub(crate) fn body(&self, lines: &Value) -> Value {
        let soon = match self.story {
            Story::Refused => SignedDuration::from_secs(5),
            _ => SignedDuration::ZERO,
        };
        let at = Timestamp::now().saturating_add(soon);
        json!({
            "courier_service": self.service,
            "tracking_number": self.tracking,
            "handed_over_at": at.unwrap_or(Timestamp::MAX).to_string(),
            "lines": lines,
        })
    }

    /// Whether Amazon's answer is there, and lasts.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self.state.as_str(), "confirmed" | "refused")
    }
}

/// A package that Amazon shows.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) order: String,
    pub(crate) tracking: String,
    /// It was made by `confirmShipment`, and not by another hand.
    pub(crate) confirmed: bool,
}

/// Hand-overs by what became of them.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Dispatches {
    pub(crate) handed_over: usize,
    pub(crate) confirmed: usize,
    pub(crate) refused: usize,
    pub(crate) unknown: usize,
    /// Shown by Amazon more than once.
    pub(crate) doubled: usize,
}

impl Dispatches {
    pub(crate) fn of(parcels: &[Parcel], packages: &[Package]) -> Self {
        let in_state = |state: &str| parcels.iter().filter(|one| one.state == state).count();
        Self {
            handed_over: parcels.len(),
            confirmed: in_state("confirmed"),
            refused: in_state("refused"),
            unknown: in_state("unknown"),
            doubled: shown(packages).values().filter(|times| **times > 1).count(),
        }
    }
}

/// How often each tracking number of an order is shown.
fn shown(packages: &[Package]) -> BTreeMap<(&str, &str), usize> {
    let mut shown = BTreeMap::new();
    for package in packages.iter().filter(|package| package.confirmed) {
        *shown
            .entry((package.order.as_str(), package.tracking.as_str()))
            .or_default() += 1;
    }
    shown
}

/// What Amazon shows otherwise than it was handed over, in words.
pub(crate) fn differences(parcels: &[Parcel], packages: &[Package]) -> Vec<String> {
    let shown = shown(packages);
    let mut wrong = Vec::new();
    for parcel in parcels {
        let Parcel {
            order,
            name,
            tracking,
            story,
            state,
            ..
        } = parcel;
        let times = shown.get(&(order.as_str(), tracking.as_str())).copied();
        let (expected, times) = match story {
            Story::Refused => ("refused", times.map_or(Some(1), |_| None)),
            _ => ("confirmed", times),
        };
        if state != expected {
            wrong.push(format!(
                "Parcel {name} of {order} is {state}, not {expected}."
            ));
        }
        if times != Some(1) {
            let times = times.unwrap_or_default();
            wrong.push(format!(
                "Amazon shows parcel {name} of {order} ({}) {times} times.",
                story.words()
            ));
        }
    }
    let known: BTreeSet<(&str, &str)> = parcels
        .iter()
        .map(|parcel| (parcel.order.as_str(), parcel.tracking.as_str()))
        .collect();
    for (order, tracking) in shown.keys().filter(|one| !known.contains(*one)) {
        wrong.push(format!(
            "Amazon shows a package {tracking} of {order} that nobody handed over."
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(order: &str, story: Story, state: &str) -> Parcel {
        let row = serde_json::from_value(json!({"connection": "c", "order_id": order, "status": "ready", "created_at": "2026-11-01T12:00:00Z"})).unwrap();
        let mut parcel = Parcel::of(&row, "1", story);
        state.clone_into(&mut parcel.state);
        parcel
    }

    fn package(parcel: &Parcel) -> Package {
        Package {
            order: parcel.order.clone(),
            tracking: parcel.tracking.clone(),
            confirmed: true,
        }
    }

    #[test]
    fn what_was_handed_over_is_shown_once_and_nothing_else() {
        let parcels = [
            parcel("202-1", Story::Whole, "confirmed"),
            parcel("202-2", Story::Refused, "refused"),
        ];
        let shown = [package(&parcels[0])];
        assert_eq!(differences(&parcels, &shown), Vec::<String>::new());
        let counts = Dispatches::of(&parcels, &shown);
        assert_eq!(
            (counts.handed_over, counts.confirmed, counts.refused),
            (2, 1, 1)
        );
        let doubled = [package(&parcels[0]), package(&parcels[0])];
        assert_eq!(Dispatches::of(&parcels, &doubled).doubled, 1);
        assert_eq!(differences(&parcels, &doubled).len(), 1);
        assert_eq!(differences(&parcels, &[]).len(), 1);
        assert_eq!(
            differences(&parcels[1..], &shown).len(),
            1,
            "nobody handed it over"
        );
        let by_hand = Package {
            confirmed: false,
            ..package(&parcels[1])
        };
        assert_eq!(differences(&parcels[1..], &[by_hand]), Vec::<String>::new());
    }
}
