//! A tracking number, and whether it reads like one of its carrier's.

use crate::domain::described::{described, matching};
use serde::{Deserialize, Serialize};
use std::fmt;

const LONGEST: usize = 64;
const PATTERN: &str = "^[A-Za-z0-9]([A-Za-z0-9 ./_-]{0,62}[A-Za-z0-9])?$";

/// Why a text is no tracking number. Says the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tracking number is 1 to {LONGEST} letters, digits, blanks, `.`, `/`, `-` or `_`, and begins and ends with a letter or a digit"
)]
pub struct InvalidTrackingNumber;

/// What the carrier calls a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrackingNumber(String);

described!(
    TrackingNumber,
    matching(PATTERN).examples(["1Z86V8030385598957"])
);

impl TrackingNumber {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether another spelling means the same parcel: blanks, dashes and letter case do not count.
    pub fn is_same_as(&self, other: &str) -> bool {
        folded(&self.0) == folded(other)
    }

    /// A warning if it does not read like one of its carrier's. `carrier`: the carrier's name or code, in any spelling.
    /// Carriers change their formats without notice, so it is never more than a warning.
    pub fn odd_for(&self, carrier: &str) -> Option<String> {
        let carrier_folded = folded(carrier);
        let format = FORMATS
            .iter()
            .find(|format| format.names.contains(&carrier_folded.as_str()))?;
        let number = folded(&self.0);
        let fits = format.shapes.iter().any(|shape| matches(shape, &number));
        (!fits).then(|| format!("the tracking number does not read like one of {carrier}'s"))
    }
}

impl TryFrom<String> for TrackingNumber {
    type Error = InvalidTrackingNumber;

    fn try_from(text: String) -> Result<Self, InvalidTrackingNumber> {
        let inner = |c: char| c.is_ascii_alphanumeric() || " ./_-".contains(c);
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_whole = ends(text.chars().next()) && ends(text.chars().next_back());
        if is_whole && text.len() <= LONGEST && text.chars().all(inner) {
            Ok(Self(text))
        } else {
            Err(InvalidTrackingNumber)
        }
    }
}

impl std::str::FromStr for TrackingNumber {
    type Err = InvalidTrackingNumber;

    fn from_str(text: &str) -> Result<Self, InvalidTrackingNumber> {
        text.to_owned().try_into()
    }
}

impl From<TrackingNumber> for String {
    fn from(number: TrackingNumber) -> String {
        number.0
    }
}

impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn folded(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_uppercase()).collect()
}

/// How the numbers of a carrier read.
struct Format {
    /// Names and codes of it, folded.
    names: &'static [&'static str],
    /// Each is one way in which they read.
    shapes: &'static [&'static [Part]],
}

enum Part {
    Text(&'static str),
    Letters(usize),
    Digits(usize, usize),
    Any(usize, usize),
}

use Part::{Any, Digits, Letters, Text};

/// The Universal Postal Union's: two letters, nine digits, country.
const POSTAL: &[Part] = &[Letters(2), Digits(9, 9), Letters(2)];

/// The formats that carriers publish. A carrier that is not here has none.
const FORMATS: &[Format] = &[
    Format {
        names: &["UPS"],
        shapes: &[
            &[Text("1Z"), Any(16, 16)],
            &[Digits(9, 12)],
            &[Text("T"), Digits(10, 10)],
        ],
    },
    Format {
        names: &["FEDEX"],
        shapes: &[
            &[Digits(12, 12)],
            &[Digits(15, 15)],
            &[Digits(20, 22)],
            &[Digits(34, 34)],
        ],
    },
    Format {
        names: &["ROYALMAIL", "PARCELFORCE"],
        shapes: &[
            POSTAL,
            &[Letters(2), Digits(7, 7)],
            &[Any(21, 21)],
            &[Digits(16, 16)],
        ],
    },
    Format {
        names: &["DPD", "DPDUK", "DPDLOCAL"],
        shapes: &[
            &[Digits(10, 10)],
            &[Digits(14, 15)],
            &[Digits(14, 14), Letters(1)],
        ],
    },
    Format {
        names: &["EVRI", "HERMES", "HERMESUK"],
        shapes: &[&[Any(16, 16)], &[Digits(8, 8)]],
    },
    Format {
        names: &["YODEL"],
        shapes: &[&[Text("JD"), Digits(16, 16)], &[Text("JJD"), Any(15, 17)]],
    },
    Format {
        names: &["DHL", "DHLEXPRESS", "DHLPARCEL", "DHLPAKET"],
        shapes: &[
            &[Digits(10, 14)],
            &[Digits(20, 20)],
            &[Text("JJD"), Any(15, 20)],
            &[Text("JVGL"), Digits(16, 20)],
            POSTAL,
        ],
    },
    Format {
        names: &["GLS"],
        shapes: &[&[Digits(11, 14)], &[Any(8, 8)]],
    },
    Format {
        names: &["USPS"],
        shapes: &[&[Digits(20, 22)], &[Digits(26, 34)], POSTAL],
    },
    Format {
        names: &["LAPOSTE", "COLISSIMO"],
        shapes: &[&[Any(2, 2), Digits(11, 11)], POSTAL],
    },
    Format {
        names: &["CORREOS"],
        shapes: &[&[Any(23, 23)], POSTAL],
    },
];

fn matches(shape: &[Part], text: &str) -> bool {
    let Some((first, rest)) = shape.split_first() else {
        return text.is_empty();
    };
    let repeated = |least: usize, most: usize, is: fn(&u8) -> bool| {
        (least..=most.min(text.len())).any(|count| {
            text.bytes().take(count).all(|byte| is(&byte)) && matches(rest, &text[count..])
        })
    };
    match *first {
        Text(start) => text
            .strip_prefix(start)
            .is_some_and(|left| matches(rest, left)),
        Letters(count) => repeated(count, count, u8::is_ascii_uppercase),
        Digits(least, most) => repeated(least, most, u8::is_ascii_digit),
        Any(least, most) => repeated(least, most, u8::is_ascii_alphanumeric),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_number_is_printable_and_not_endless() {
        for bad in ["", " ", "1Z ", "a\nb", "=1+1", "é", &"1".repeat(65)] {
            assert!(bad.parse::<TrackingNumber>().is_err(), "{bad:?}");
        }
        for good in ["1", "RA 123 456 789 GB", "1Z86V8030385598957", "12/3-4"] {
            assert!(good.parse::<TrackingNumber>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn spelling_does_not_make_another_parcel() {
        let number: TrackingNumber = "RA 123 456 789 GB".parse().unwrap();
        assert!(number.is_same_as("ra123456789gb"));
        assert!(!number.is_same_as("RA123456788GB"));
    }

    #[test]
    fn an_odd_number_is_warned_of_and_a_carrier_without_format_is_not() {
        let rows = [
            ("UPS", "1Z86V8030385598957", false),
            ("UPS", "RA123456789GB", true),
            ("Royal Mail", "RA 123 456 789 GB", false),
            ("Royal Mail", "12345", true),
            ("DPD", "15501234567890", false),
            ("DPD", "X1", true),
            ("FedEx", "112345678", true),
            ("DHL", "00340434161094015902", false),
            ("Yodel", "JD0002221234567890", false),
            ("Pigeon Post", "7", false),
        ];
        for (carrier, number, odd) in rows {
            let tracking: TrackingNumber = number.parse().unwrap();
            assert_eq!(
                tracking.odd_for(carrier).is_some(),
                odd,
                "{carrier} {number}"
            );
        }
    }
}
