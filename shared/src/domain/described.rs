//! What the API's description says of texts that have rules of their own.

use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::{AnyOfBuilder, Type};

/// A type whose values are texts, with the schema of those that it accepts.
macro_rules! described {
    ($name:ident, $schema:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use described;

const UNCONTROLLED: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";

/// A text with no control character, and more than blanks in it. Python, Rust and ECMAScript read the pattern alike.
pub(crate) fn printable(longest: usize) -> ObjectBuilder {
    const PRINTABLE: &str =
        r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$";
    matching(PRINTABLE)
        .min_length(Some(1))
        .max_length(Some(longest))
}

/// A text that a pattern matches.
pub(crate) fn matching(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
}

/// Some known names; and others, since Amazon adds some at any time.
pub(crate) fn open_set(known: &[&str], longest: usize) -> AnyOfBuilder {
    let names = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(known.iter().copied()));
    AnyOfBuilder::new()
        .item(names)
        .item(matching(UNCONTROLLED).max_length(Some(longest)))
}
