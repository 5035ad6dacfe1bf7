//! Identifiers, valid from construction: none can be empty, endless, or hold a control character.
//! How they are spelt in a table key is decided in `store::key` alone.

pub(crate) mod fold;

use super::described::{described, matching, printable};
use super::marketplace::Marketplace;
use fold::{fold, fold_case};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Why a text is no identifier. Says the rule, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {what} of 1 to {max} printable characters")]
pub struct InvalidId {
    what: &'static str,
    max: usize,
}

/// A text that is an identifier, with all ways in and out; every way in goes through `try_from`.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $error:ty, $schema:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        described!($name, $schema);
    };
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        text_id!($(#[$doc])* $name, InvalidId, printable($max));

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                let printable = !text.chars().any(char::is_control) && !text.trim().is_empty();
                if printable && text.len() <= $max { Ok(Self(text.into())) } else { Err(InvalidId { what: $what, max: $max }) }
            }
        }
    };
}

id!(
    /// A merchant of the platform, as the platform's token names it.
    TenantId, "tenant id", 128
);
id!(
    /// One Amazon seller account in one region; ours, opaque, unique across tenants.
    ConnectionId, "connection id", 64
);
id!(
    /// What Seller Central calls the Merchant Token or Merchant ID, e.g. `A1B2C3D4E5F6G7`.
    SellerId, "seller id", 64
);
id!(
    /// Amazon's order id, e.g. `026-1520163-6049104`.
    OrderId, "order id", 64
);

id!(
    /// What the merchant calls a product or bundle, to the letter.
    Sku, "SKU", 160
);
id!(
    /// A SKU of a seller account, spelt exactly as on Amazon. Keys are exact: case, spaces and accents count.
    AmazonSku, "Amazon SKU", 160
);
id!(
    /// A place that holds stock, as the platform names it.
    WarehouseCode, "warehouse code", 64
);
id!(
    /// A feed, by our own name (a ULID); Amazon's comes only once it was submitted.
    FeedId, "feed id", 64
);

text_id!(
    /// Amazon's number of an item of its catalogue, e.g. `B071VG5N9D`: ten capital letters and digits.
    Asin, InvalidAsin, matching(ASIN).examples(["B071VG5N9D"])
);

/// The rule of [`Asin`].
const ASIN: &str = "^[A-Z0-9]{10}$";

/// Why a text is no ASIN. Says the rule, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an ASIN is ten capital letters and digits")]
pub struct InvalidAsin;

impl TryFrom<String> for Asin {
    type Error = InvalidAsin;
    fn try_from(text: String) -> Result<Self, InvalidAsin> {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        match text.len() == 10 && text.bytes().all(fits) {
            true => Ok(Self(text.into())),
            false => Err(InvalidAsin),
        }
    }
}

macro_rules! strict_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $example:literal) => {
        text_id!(
            $(#[$doc])*
            ///
            /// 1 to 64 letters, digits, `.`, `-` or `_`, the first a letter or a digit: safe in a path, whoever reads it.
            $name, InvalidStrictId, matching(STRICT).examples([$example])
        );

        impl TryFrom<String> for $name {
            type Error = InvalidStrictId;
            fn try_from(text: String) -> Result<Self, InvalidStrictId> {
                if is_strict(&text) { Ok(Self(text.into())) } else { Err(InvalidStrictId($what)) }
            }
        }
    };
}

/// The rule of [`is_strict`].
const STRICT: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

/// Why a text is no such identifier. Says the rule, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {0} is 1 to 64 letters, digits, `.`, `-` or `_`, and begins with a letter or a digit")]
pub struct InvalidStrictId(&'static str);

fn is_strict(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let begins = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    begins && text.len() <= 64 && text.bytes().all(safe)
}

strict_id!(
    /// A parcel of an order, as the platform names it.
    ParcelId, "parcel id", "P-1"
);
strict_id!(
    /// A cancellation of lines of an order.
    CancellationId, "cancellation id", "C-1"
);

impl CancellationId {
    /// A fresh id, sortable by time of creation.
    pub fn new(now: jiff::Timestamp, random: u128) -> Self {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(
            ulid::Ulid::from_parts(milliseconds, random)
                .to_string()
                .into(),
        )
    }
}

impl FeedId {
    /// A fresh id, sortable by time of creation.
    pub fn new(now: jiff::Timestamp, random: u128) -> Self {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(
            ulid::Ulid::from_parts(milliseconds, random)
                .to_string()
                .into(),
        )
    }
}

impl Sku {
    /// The Amazon SKU that is spelt alike.
    pub fn as_amazon_sku(&self) -> AmazonSku {
        AmazonSku(self.0.clone())
    }

    /// The spelling under which another spelling of the same SKU is looked for; for help only, never a key.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// As [`Self::folded`], as the release before did it: in lower case, without outer spaces.
    pub fn in_lower_case(&self) -> String {
        fold_case(&self.0)
    }
}

impl AmazonSku {
    /// Whether an address can name it. Whoever reads an address, on the way to Amazon or there, may take a part such as
    /// `..` or an empty one for a step on the path, however it is encoded.
    pub fn fits_in_an_address(&self) -> bool {
        let mut parts = self.0.split(['/', '\\']);
        parts.all(|part| !matches!(part.trim(), "" | "." | ".."))
    }

    /// The product that a listing belongs to if nobody has tied it to another: the one spelt alike.
    pub fn as_product(&self) -> Sku {
        Sku(self.0.clone())
    }
}

impl ConnectionId {
    /// A fresh id; `random` makes it unguessable, `now` keeps it sortable by time of creation.
    pub fn new(now: jiff::Timestamp, random: u128) -> Self {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(
            ulid::Ulid::from_parts(milliseconds, random)
                .to_string()
                .into(),
        )
    }
}

/// Which connection of which tenant. Cheap to clone, as every id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionKey {
    pub tenant: TenantId,
    #[serde(rename = "connection")]
    pub id: ConnectionId,
}

impl ConnectionKey {
    pub fn new(tenant: &TenantId, id: &ConnectionId) -> Self {
        Self {
            tenant: tenant.clone(),
            id: id.clone(),
        }
    }

    /// A listing of this connection.
    pub fn listing(&self, amazon_sku: &AmazonSku) -> ListingKey {
        ListingKey {
            connection: self.clone(),
            amazon_sku: amazon_sku.clone(),
        }
    }
}

/// The connection's id, which is unique across tenants.
impl fmt::Display for ConnectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

/// Which listing of which connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListingKey {
    #[serde(flatten)]
    pub connection: ConnectionKey,
    pub amazon_sku: AmazonSku,
}

impl ListingKey {
    /// The listing's offer on a marketplace.
    pub fn offer(&self, marketplace: Marketplace) -> OfferKey {
        OfferKey {
            listing: self.clone(),
            marketplace,
        }
    }
}

/// Which offer of which listing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OfferKey {
    #[serde(flatten)]
    pub listing: ListingKey,
    pub marketplace: Marketplace,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_that_is_a_step_on_a_path_fits_in_no_address() {
        let fits = |sku: &str| sku.parse::<AmazonSku>().unwrap().fits_in_an_address();
        for sku in [
            ".", "..", "/", "a//b", "/a", "a/", "a/../b", "..\\a", "a/ . /b",
        ] {
            assert!(!fits(sku), "{sku}");
        }
        for sku in [
            "A", "a/b", "a.b", "..a", "a..", "...", "c#3", "d%2F..", "a\\b",
        ] {
            assert!(fits(sku), "{sku}");
        }
    }

    #[test]
    fn an_id_is_neither_empty_nor_endless_nor_full_of_control_characters() {
        for bad in ["", "   ", "a\nb", &"x".repeat(65)] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad:?}");
        }
        assert!("026-1520163-6049104".parse::<OrderId>().is_ok());
    }

    #[test]
    fn a_parcel_id_is_safe_in_a_path() {
        for bad in [
            "",
            ".",
            "..",
            "-a",
            "a/b",
            "a b",
            "ä",
            "a%2F",
            &"x".repeat(65),
        ] {
            assert!(bad.parse::<ParcelId>().is_err(), "{bad:?}");
        }
        for good in ["1", "P-1", "00340434161094015902", "a..b", &"x".repeat(64)] {
            assert!(good.parse::<ParcelId>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn an_asin_is_ten_capital_letters_and_digits() {
        assert!("B071VG5N9D".parse::<Asin>().is_ok() && "0306406152".parse::<Asin>().is_ok());
        for bad in ["", "b071vg5n9d", "B071VG5N9", "B071VG5N9DX", "B071VG5N9 "] {
            assert!(bad.parse::<Asin>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn serde_goes_through_the_same_check() {
        assert!(serde_json::from_str::<TenantId>("\"\"").is_err());
        assert_eq!(
            serde_json::from_str::<TenantId>("\"north\"")
                .unwrap()
                .as_str(),
            "north"
        );
    }
}
