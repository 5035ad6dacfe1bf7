//! Amazon's service levels and their names in a shipping term: the only place where one becomes the other.

use std::fmt;

/// A speed of the regular form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Speed {
    /// `STD`
    Standard,
    /// `EXP`
    Expedited,
    /// `ECON`, Amazon's `FREE_ECONOMY`.
    Economy,
    /// `PRIO`, the seller-fulfilled Prime level of several EU marketplaces.
    Priority,
    /// `SAME`
    SameDay,
    /// `SCHED`
    Scheduled,
    /// A level that is new to us, under its own name.
    Other(SpeedName),
}

/// A promise that is a shipping term by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Premium {
    /// `NEXT`, Amazon's `NEXT_DAY`.
    Next,
    /// `SECOND`, Amazon's `SECOND_DAY`.
    Second,
}

impl Premium {
    /// Its name in a term.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The name of a level that is new to us: capitals, digits and single underscores, at most 32, and never one of the
/// names we know.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpeedName(String);

impl fmt::Debug for SpeedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LONGEST_NAME: usize = 32;

/// The name of an order whose service level is missing or has no letter or digit in it.
const UNKNOWN: &str = "UNKNOWN";

impl Speed {
    /// Its name in a term.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Standard => "STD",
            Self::Expedited => "EXP",
            Self::Economy => "ECON",
            Self::Priority => "PRIO",
            Self::SameDay => "SAME",
            Self::Scheduled => "SCHED",
            Self::Other(name) => &name.0,
        }
    }

    /// Whether this is one of Amazon's levels that we know.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// What a service level asks for: a regular speed or a premium promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    Regular(Speed),
    Premium(Premium),
}

impl Level {
    /// Reads Amazon's `fulfillmentServiceLevel`, or the name one has in a term; any letter case.
    ///
    /// Never fails: what is unknown becomes its own name, with everything but letters and digits as underscores and
    /// cut at 32; nothing at all becomes `UNKNOWN`.
    pub fn of(text: &str) -> Self {
        let name = normal(text);
        Self::Regular(match name.as_str() {
            "STD" | "STANDARD" => Speed::Standard,
            "EXP" | "EXPEDITED" => Speed::Expedited,
            "ECON" | "ECONOMY" | "FREE_ECONOMY" | "FREEECONOMY" => Speed::Economy,
            "PRIO" | "PRIORITY" => Speed::Priority,
            "SAME" | "SAME_DAY" | "SAMEDAY" => Speed::SameDay,
            "SCHED" | "SCHEDULED" => Speed::Scheduled,
            "NEXT" | "NEXT_DAY" | "NEXTDAY" => return Self::Premium(Premium::Next),
            "SECOND" | "SECOND_DAY" | "SECONDDAY" => return Self::Premium(Premium::Second),
            _ => Speed::Other(SpeedName(name)),
        })
    }

    /// As [`of`](Self::of), but only for a text that already has a name's form.
    pub(super) fn named(text: &str) -> Option<Self> {
        (normal(text) == text).then(|| Self::of(text))
    }
}

fn normal(text: &str) -> String {
    let mut name = String::new();
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            name.push(char.to_ascii_uppercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if name.len() == LONGEST_NAME {
            break;
        }
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() {
        UNKNOWN.to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_amazons_has_its_name_and_any_other_its_own() {
        let rows = [
            ("STANDARD", "STD"),
            ("Expedited", "EXP"),
            ("FREE_ECONOMY", "ECON"),
            ("PRIORITY", "PRIO"),
            ("SAME_DAY", "SAME"),
            ("SameDay", "SAME"),
            ("SCHEDULED", "SCHED"),
            ("NEXT_DAY", "NEXT"),
            ("SecondDay", "SECOND"),
            ("hyper  loop-2", "HYPER_LOOP_2"),
            ("__drone__", "DRONE"),
            ("fußweg", "FU_WEG"),
            ("日本", "UNKNOWN"),
            ("  ", "UNKNOWN"),
            ("", "UNKNOWN"),
            (
                "A234567890123456789012345678901 BC",
                "A234567890123456789012345678901",
            ),
            (
                "A2345678901234567890123456789012BC",
                "A2345678901234567890123456789012",
            ),
        ];
        for (text, name) in rows {
            let got = match Level::of(text) {
                Level::Regular(speed) => speed.as_str().to_owned(),
                Level::Premium(premium) => premium.as_str().to_owned(),
            };
            assert_eq!(got, name, "{text}");
        }
    }
}
