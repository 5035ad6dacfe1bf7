//! Amazon's regions and marketplaces: codes, ids, addresses, currencies, and what counts as domestic to each.
//! The one table of these facts; it knows nothing of connections, and never asks Amazon.
//!
//! Sources: Amazon's pages "Marketplace IDs", "SP-API Endpoints" and "Seller Central URLs".

mod place;
mod region;
mod territory;

pub(crate) use place::Place;
pub use region::{Region, UnknownRegion};

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One of Amazon's country sites, named by the country code as Amazon writes it (`UK`, not `GB`).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::VariantArray,
)]
#[serde(try_from = "String", into = "String")]
pub enum Marketplace {
    Ae,
    Au,
    Be,
    Br,
    Ca,
    De,
    Eg,
    Es,
    Fr,
    Ie,
    In,
    It,
    Jp,
    Mx,
    Nl,
    Pl,
    Sa,
    Se,
    Sg,
    Tr,
    Uk,
    Us,
    Za,
}

/// What Amazon says of one marketplace.
struct Store {
    country: &'static str,
    id: &'static str,
    region: Region,
    seller_central: &'static str,
    currency: &'static str,
}

const fn store(
    country: &'static str,
    id: &'static str,
    region: Region,
    seller_central: &'static str,
    currency: &'static str,
) -> Store {
    Store {
        country,
        id,
        region,
        seller_central,
        currency,
    }
}

/// ES, UK, FR, DE and IT share one Seller Central.
const EUROPE: &str = "https://sellercentral-europe.amazon.com";

impl utoipa::PartialSchema for Marketplace {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Country code of a marketplace, as Amazon writes it"))
            .enum_values(Some(Self::ALL.iter().map(|it| it.country())))
            .examples(["UK"])
            .into()
    }
}

impl utoipa::ToSchema for Marketplace {
    fn name() -> std::borrow::Cow<'static, str> {
        "MarketplaceCode".into()
    }
}

impl Marketplace {
    /// All marketplaces there are, by country code.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The country codes of all, for a sentence or a pattern.
    pub(crate) fn countries(separator: &str) -> String {
        let all: Vec<&str> = Self::ALL.iter().map(|it| it.country()).collect();
        all.join(separator)
    }

    #[rustfmt::skip]
    const fn store(self) -> Store {
        use Region::{Eu, Fe, Na};
        match self {
            Self::Ae => store("AE", "A2VIGQ35RCS4UG", Eu, "https://sellercentral.amazon.ae", "AED"),
            Self::Au => store("AU", "A39IBJ37TRP1C6", Fe, "https://sellercentral.amazon.com.au", "AUD"),
            Self::Be => store("BE", "AMEN7PMS3EDWL", Eu, "https://sellercentral.amazon.com.be", "EUR"),
            Self::Br => store("BR", "A2Q3Y263D00KWC", Na, "https://sellercentral.amazon.com.br", "BRL"),
            Self::Ca => store("CA", "A2EUQ1WTGCTBG2", Na, "https://sellercentral.amazon.ca", "CAD"),
            Self::De => store("DE", "A1PA6795UKMFR9", Eu, EUROPE, "EUR"),
            Self::Eg => store("EG", "ARBP9OOSHTCHU", Eu, "https://sellercentral.amazon.eg", "EGP"),
            Self::Es => store("ES", "A1RKKUPIHCS9HS", Eu, EUROPE, "EUR"),
            Self::Fr => store("FR", "A13V1IB3VIYZZH", Eu, EUROPE, "EUR"),
            Self::Ie => store("IE", "A28R8C7NBKEWEA", Eu, "https://sellercentral.amazon.ie", "EUR"),
            Self::In => store("IN", "A21TJRUUN4KGV", Eu, "https://sellercentral.amazon.in", "INR"),
            Self::It => store("IT", "APJ6JRA9NG5V4", Eu, EUROPE, "EUR"),
            Self::Jp => store("JP", "A1VC38T7YXB528", Fe, "https://sellercentral.amazon.co.jp", "JPY"),
            Self::Mx => store("MX", "A1AM78C64UM0Y8", Na, "https://sellercentral.amazon.com.mx", "MXN"),
            Self::Nl => store("NL", "A1805IZSGTT6HS", Eu, "https://sellercentral.amazon.nl", "EUR"),
            Self::Pl => store("PL", "A1C3SOZRARQ6R3", Eu, "https://sellercentral.amazon.pl", "PLN"),
            Self::Sa => store("SA", "A17E79C6D8DWNP", Eu, "https://sellercentral.amazon.sa", "SAR"),
            Self::Se => store("SE", "A2NODRKZP88ZB9", Eu, "https://sellercentral.amazon.se", "SEK"),
            Self::Sg => store("SG", "A19VAU5U5O7RUS", Fe, "https://sellercentral.amazon.sg", "SGD"),
            Self::Tr => store("TR", "A33AVAJ2PDY3EV", Eu, "https://sellercentral.amazon.com.tr", "TRY"),
            Self::Uk => store("UK", "A1F83G8C2ARO7P", Eu, EUROPE, "GBP"),
            Self::Us => store("US", "ATVPDKIKX0DER", Na, "https://sellercentral.amazon.com", "USD"),
            Self::Za => store("ZA", "AE08WJ6YKNBMC", Eu, "https://sellercentral.amazon.co.za", "ZAR"),
        }
    }

    /// The marketplace with this id of Amazon's, spelt exactly; `None` for one that is new to us.
    pub fn by_id(id: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|marketplace| marketplace.id() == id)
    }

    /// The country code as Amazon writes it; `UK` for the United Kingdom.
    pub const fn country(self) -> &'static str {
        self.store().country
    }

    /// Amazon's marketplace id.
    pub const fn id(self) -> &'static str {
        self.store().id
    }

    /// The region whose endpoint and authorisation serve this marketplace.
    pub const fn region(self) -> Region {
        self.store().region
    }

    /// Base address of the Seller Central where this marketplace's sellers sign in, without a slash at the end.
    pub const fn seller_central(self) -> &'static str {
        self.store().seller_central
    }

    /// ISO 4217 code of the currency this marketplace sells in.
    pub const fn currency(self) -> &'static str {
        self.store().currency
    }

    /// Whether the prices that buyers see there include tax. Where they do not, sales tax is added when somebody buys.
    pub const fn prices_include_tax(self) -> bool {
        !matches!(self, Self::Us | Self::Ca)
    }

    /// The ISO 3166 country code, as addresses have it; `GB` for the United Kingdom.
    pub const fn iso_country(self) -> &'static str {
        match self {
            Self::Uk => "GB",
            other => other.country(),
        }
    }
}

impl fmt::Display for Marketplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.country())
    }
}

/// A text that names no marketplace; its message lists those that exist, and never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMarketplace;

impl std::error::Error for UnknownMarketplace {}

impl fmt::Display for UnknownMarketplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let countries = Marketplace::countries(", ");
        write!(f, "there is no such marketplace; Amazon has {countries}")
    }
}

impl FromStr for Marketplace {
    type Err = UnknownMarketplace;

    /// Takes any letter case, and the ISO code `GB` for `UK`.
    fn from_str(text: &str) -> Result<Self, UnknownMarketplace> {
        let text = text.trim();
        let named = |one: &Self| {
            [one.country(), one.iso_country()]
                .iter()
                .any(|code| code.eq_ignore_ascii_case(text))
        };
        let mut all = Self::ALL.iter().copied();
        all.find(named).ok_or(UnknownMarketplace)
    }
}

impl TryFrom<String> for Marketplace {
    type Error = UnknownMarketplace;

    fn try_from(text: String) -> Result<Self, UnknownMarketplace> {
        text.parse()
    }
}

impl From<Marketplace> for String {
    fn from(marketplace: Marketplace) -> String {
        marketplace.country().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_marketplace_is_found_by_its_country_in_any_case_and_by_its_id() {
        for &one in Marketplace::ALL {
            assert_eq!(one.country().to_lowercase().parse(), Ok(one));
            assert_eq!(one.iso_country().parse(), Ok(one));
            assert_eq!(Marketplace::by_id(one.id()), Some(one));
            assert_eq!(
                format!("{one:?}").to_uppercase(),
                one.country(),
                "the variant is named after the country"
            );
        }
        let ids: BTreeSet<_> = Marketplace::ALL.iter().map(|it| it.id()).collect();
        assert_eq!(ids.len(), 23, "no id stands twice");
        assert_eq!(Marketplace::by_id("A1F83G8C2ARO7p"), None);
    }

    #[test]
    fn the_united_kingdom_is_uk_on_amazon_and_gb_in_an_address() {
        let uk: Marketplace = " gb ".parse().unwrap();
        assert_eq!(
            (uk, uk.country(), uk.iso_country()),
            (Marketplace::Uk, "UK", "GB")
        );
        assert_eq!(
            (uk.region(), uk.currency(), uk.seller_central()),
            (Region::Eu, "GBP", EUROPE)
        );
    }

    #[test]
    fn an_unknown_country_code_is_answered_with_those_that_exist() {
        let words = "XX".parse::<Marketplace>().unwrap_err().to_string();
        assert!(
            words.contains("DE") && words.contains("UK") && !words.contains("XX"),
            "{words}"
        );
        assert!(
            "ATLANTIS"
                .parse::<Region>()
                .unwrap_err()
                .to_string()
                .contains("EU")
        );
    }

    #[test]
    fn json_has_the_country_code() {
        assert_eq!(serde_json::to_string(&Marketplace::Uk).unwrap(), "\"UK\"");
        assert_eq!(
            serde_json::from_str::<Marketplace>("\"de\"").unwrap(),
            Marketplace::De
        );
        assert!(serde_json::from_str::<Marketplace>("\"\"").is_err());
    }
}
