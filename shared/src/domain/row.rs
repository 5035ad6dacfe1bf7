//! What there is to say of a row of the catalogue, for programs.

use serde::Serialize;

/// Why a row is refused, or a part of it not taken as it came. Stable: programs act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RowCode {
    /// A text that is too long or has a line break.
    Text,
    Ean,
    EanCheckDigit,
    Weight,
    Dimension,
    /// No ISO 4217 code.
    Currency,
    /// Nothing, too much, or more decimals than its currency has.
    Amount,
    TooManyParts,
    /// More parts of a bundle come and go than one write can hold.
    TooManyPartsExchanged,
    PartOfItself,
    PartTwice,
    /// None of a part, or too many.
    Units,
    /// A bundle in a bundle.
    NestedBundle,
    /// The SKU is in the same call before, with other content.
    SkuTwice,
    /// A level measured later is known.
    Older,
    /// Another quantity was sent for the same moment.
    Conflict,
    /// A level that was measured in the future.
    Ahead,
    /// A comma that separates decimals or thousands: the fewer units were taken.
    Ambiguous,
    /// Less than nothing was taken as 0.
    Negative,
    /// A part of a unit was rounded down.
    Rounded,
    /// It cannot be read and only describes the product: it was left out.
    LeftOut,
    UnknownField,
    /// The row is no object, or cannot be decoded.
    Unreadable,
    /// What the row needs is missing or cannot be read.
    Invalid,
}

impl RowCode {
    /// The spelling used in answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
