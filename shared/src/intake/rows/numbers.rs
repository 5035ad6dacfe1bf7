//! Numbers of units in the forms in which programs write them.

use crate::domain::row::RowCode;
use crate::intake::Refusal;
use serde_json::Value;

/// Units as they were read, never more than what was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Units {
    pub(super) units: u32,
    written: f64,
    /// It may mean a thousand times as many.
    ambiguous: bool,
}

impl Units {
    /// What is to be said if the units are not what was written.
    pub(super) fn remark(&self, field: &str) -> Option<Refusal> {
        let (code, detail) = if self.ambiguous {
            (
                RowCode::Ambiguous,
                "Its comma may separate decimals or thousands: the fewer units were taken. Write it without a comma.",
            )
        } else if self.written < 0.0 {
            (RowCode::Negative, "Less than nothing was taken as 0.")
        } else if self.written.fract() != 0.0 {
            (
                RowCode::Rounded,
                "A part of a unit is no unit: it was rounded down.",
            )
        } else {
            return None;
        };
        Some(Refusal::new(Some(field), code, detail))
    }
}

/// Reads a number or a text that is one. `None`: it is no number, or more than there can be.
pub(super) fn units(value: &Value) -> Option<Units> {
    let (written, ambiguous) = match value {
        Value::Number(number) => (number.as_f64()?, false),
        Value::String(text) => written(text)?,
        _ => return None,
    };
    let fits = written.is_finite() && written <= f64::from(u32::MAX);
    // Within these bounds a float holds every whole number exactly.
    fits.then(|| Units {
        units: written.max(0.0) as u32,
        written,
        ambiguous,
    })
}

/// The number of a text, and whether its comma may as well separate thousands.
fn written(text: &str) -> Option<(f64, bool)> {
    let mut plain: String = text.chars().filter_map(plain).collect();
    // As accounting programs write what is less than nothing.
    if let Some(number) = plain.strip_suffix('-') {
        plain = format!("-{number}");
    }
    let numeric = |c: char| c.is_ascii_digit() || "+-.,eE".contains(c);
    if !plain.chars().all(numeric) {
        return None;
    }
    let commas = plain.matches(',').count();
    let ambiguous = commas == 1
        && !plain.contains('.')
        && plain.rsplit(',').next().is_some_and(|rest| rest.len() == 3);
    let number = match (plain.rfind(','), plain.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => plain.replace('.', "").replace(',', "."),
        (Some(_), None) if commas == 1 => plain.replace(',', "."),
        _ => plain.replace(',', ""),
    };
    Some((number.parse().ok()?, ambiguous))
}

/// A character without its spaces and forms: digits of full width, the minus of typography.
fn plain(character: char) -> Option<char> {
    match character {
        '\u{feff}' => None,
        space if space.is_whitespace() => None,
        '\u{2212}' | '\u{ff0d}' => Some('-'),
        '０'..='９' => char::from_digit(u32::from(character) - u32::from('０'), 10),
        other => Some(other),
    }
}
