//! What requests hold besides the domain's own values.

use super::{Answer, Problem};
use crate::domain::described::printable;
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A text for people, on one line.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Text<const LONGEST: usize>(String);

/// What somebody calls a thing.
pub type Name = Text<100>;

impl<const LONGEST: usize> Text<LONGEST> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text without blanks around it.
    ///
    /// # Errors
    /// 422 at `pointer` if it is empty, too long or not printable.
    pub fn checked(&self, pointer: &str) -> Answer<String> {
        let text = self.0.trim();
        let printable = !text.is_empty() && !text.chars().any(char::is_control);
        if printable && self.0.chars().count() <= LONGEST {
            return Ok(text.to_owned());
        }
        let detail = format!("must be 1 to {LONGEST} printable characters");
        Err(Problem::invalid(pointer, detail))
    }
}

impl<const LONGEST: usize> PartialSchema for Text<LONGEST> {
    fn schema() -> RefOr<Schema> {
        printable(LONGEST).into()
    }
}

impl<const LONGEST: usize> ToSchema for Text<LONGEST> {
    fn name() -> Cow<'static, str> {
        format!("TextUpTo{LONGEST}").into()
    }
}

/// The revision of something that the caller read before: no more than the databases and languages that keep it can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u64")]
pub struct Revision(u64);

/// Why a number is no revision.
#[derive(Debug, thiserror::Error)]
#[error("expected a number up to 2^63 - 1")]
pub struct TooLarge;

impl Revision {
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Revision {
    type Error = TooLarge;

    fn try_from(number: u64) -> Result<Self, TooLarge> {
        i64::try_from(number)
            .map(|_| Self(number))
            .map_err(|_| TooLarge)
    }
}

impl PartialSchema for Revision {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(i64::MAX))
            .into()
    }
}

impl ToSchema for Revision {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_for_people_is_on_one_line_and_not_endless() {
        let check = |text: &str| {
            let text: Name = serde_json::from_value(json!(text)).unwrap();
            text.checked("/name")
        };
        assert_eq!(check(" North, Europe ").unwrap(), "North, Europe");
        assert!(check(&"x".repeat(100)).is_ok());
        for text in ["", "  ", "a\nb", "a\u{85}b", &"x".repeat(101)] {
            assert!(check(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_revision_is_as_large_as_it_is_described() {
        let read = |number: u64| serde_json::from_value::<Revision>(json!(number));
        assert_eq!(read(i64::MAX as u64).unwrap().get(), i64::MAX as u64);
        assert!(read(i64::MAX as u64 + 1).is_err());
        assert!(read(u64::MAX).is_err());
    }
}
