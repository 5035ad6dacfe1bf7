//! A postcode, as orders are found by it.

use std::fmt;
use std::str::FromStr;

/// Longer than any country's.
const LONGEST: usize = 16;
/// What of a ZIP+4 code names the place; Amazon sends either.
const ZIP: usize = 5;

/// A postcode without what people write differently: letter case, blanks, hyphens, and the four digits that a US code may end
/// with. Buyer data: `Debug` shows nothing, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Postcode(String);

/// Says the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a postcode has 2 to {LONGEST} letters and digits")]
pub struct InvalidPostcode;

impl Postcode {
    /// In the clear, to make a digest of it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Postcode {
    type Err = InvalidPostcode;

    fn from_str(text: &str) -> Result<Self, InvalidPostcode> {
        let kept = text.chars().filter(|it| it.is_alphanumeric());
        let mut kept: String = kept.flat_map(char::to_uppercase).collect();
        if !(2..=LONGEST).contains(&kept.chars().count()) {
            return Err(InvalidPostcode);
        }
        if kept.len() == ZIP + 4 && kept.bytes().all(|byte| byte.is_ascii_digit()) {
            kept.truncate(ZIP);
        }
        Ok(Self(kept))
    }
}

/// A keyed digest of a postcode, by which a tenant's orders are found; the vault makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostcodeDigest(String);

impl PostcodeDigest {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postcode([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_postcode_are_the_same_and_others_are_not() {
        let of = |text: &str| text.parse::<Postcode>().unwrap();
        for (one, other) in [
            ("SW1A 1AA", " sw1a1aa "),
            ("98101", "98101-1234"),
            ("1012 ab", "1012AB"),
            ("150-0002", "1500002"),
            ("00-950", "00950"),
        ] {
            assert_eq!(of(one), of(other));
        }
        assert_ne!(of("SW1A 1AA"), of("SW1A 1AB"));
        assert_ne!(of("01310-100"), of("01310-200"), "Brazil has eight digits");
        for none in ["", " - ", "1", "12345678901234567"] {
            assert!(none.parse::<Postcode>().is_err(), "{none}");
        }
        assert!(!format!("{:?}", of("SW1A 1AA")).contains("SW1A"));
    }
}
