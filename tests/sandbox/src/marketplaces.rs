//! Owns the list of Amazon's marketplaces (page "Marketplace IDs"). It never says which of them a seller
//! has.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Region {
    Na,
    Eu,
    Fe,
}

#[derive(Debug)]
pub(crate) struct Marketplace {
    pub(crate) id: &'static str,
    pub(crate) region: Region,
    /// ISO 3166, as the Sellers API and addresses write it: the UK is GB here.
    pub(crate) country: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) language: &'static str,
    pub(crate) domain: &'static str,
}

impl Marketplace {
    /// The marketplace's name, for example `Amazon.co.uk`.
    pub(crate) fn name(&self) -> String {
        self.domain.replacen("www.a", "A", 1)
    }
}

/// The marketplace with this id, if there is one.
pub(crate) fn of(id: &str) -> Option<&'static Marketplace> {
    MARKETPLACES.iter().find(|marketplace| marketplace.id == id)
}

const fn marketplace(
    region: Region,
    country: &'static str,
    id: &'static str,
    currency: &'static str,
    language: &'static str,
    domain: &'static str,
) -> Marketplace {
    Marketplace {
        id,
        region,
        country,
        currency,
        language,
        domain,
    }
}

#[rustfmt::skip]
pub(crate) const MARKETPLACES: &[Marketplace] = &[
    marketplace(Region::Na, "CA", "A2EUQ1WTGCTBG2", "CAD", "en_CA", "www.amazon.ca"),
    marketplace(Region::Na, "US", "ATVPDKIKX0DER", "USD", "en_US", "www.amazon.com"),
    marketplace(Region::Na, "MX", "A1AM78C64UM0Y8", "MXN", "es_MX", "www.amazon.com.mx"),
    marketplace(Region::Na, "BR", "A2Q3Y263D00KWC", "BRL", "pt_BR", "www.amazon.com.br"),
    marketplace(Region::Eu, "IE", "A28R8C7NBKEWEA", "EUR", "en_IE", "www.amazon.ie"),
    marketplace(Region::Eu, "ES", "A1RKKUPIHCS9HS", "EUR", "es_ES", "www.amazon.es"),
    marketplace(Region::Eu, "GB", "A1F83G8C2ARO7P", "GBP", "en_GB", "www.amazon.co.uk"),
    marketplace(Region::Eu, "FR", "A13V1IB3VIYZZH", "EUR", "fr_FR", "www.amazon.fr"),
    marketplace(Region::Eu, "BE", "AMEN7PMS3EDWL", "EUR", "fr_BE", "www.amazon.com.be"),
    marketplace(Region::Eu, "NL", "A1805IZSGTT6HS", "EUR", "nl_NL", "www.amazon.nl"),
    marketplace(Region::Eu, "DE", "A1PA6795UKMFR9", "EUR", "de_DE", "www.amazon.de"),
    marketplace(Region::Eu, "IT", "APJ6JRA9NG5V4", "EUR", "it_IT", "www.amazon.it"),
    marketplace(Region::Eu, "SE", "A2NODRKZP88ZB9", "SEK", "sv_SE", "www.amazon.se"),
    marketplace(Region::Eu, "ZA", "AE08WJ6YKNBMC", "ZAR", "en_ZA", "www.amazon.co.za"),
    marketplace(Region::Eu, "PL", "A1C3SOZRARQ6R3", "PLN", "pl_PL", "www.amazon.pl"),
    marketplace(Region::Eu, "EG", "ARBP9OOSHTCHU", "EGP", "ar_EG", "www.amazon.eg"),
    marketplace(Region::Eu, "TR", "A33AVAJ2PDY3EV", "TRY", "tr_TR", "www.amazon.com.tr"),
    marketplace(Region::Eu, "SA", "A17E79C6D8DWNP", "SAR", "ar_AE", "www.amazon.sa"),
    marketplace(Region::Eu, "AE", "A2VIGQ35RCS4UG", "AED", "en_AE", "www.amazon.ae"),
    marketplace(Region::Eu, "IN", "A21TJRUUN4KGV", "INR", "en_IN", "www.amazon.in"),
    marketplace(Region::Fe, "SG", "A19VAU5U5O7RUS", "SGD", "en_SG", "www.amazon.sg"),
    marketplace(Region::Fe, "AU", "A39IBJ37TRP1C6", "AUD", "en_AU", "www.amazon.com.au"),
    marketplace(Region::Fe, "JP", "A1VC38T7YXB528", "JPY", "ja_JP", "www.amazon.co.jp"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uk_is_gb_and_named_by_its_domain() {
        let uk = of("A1F83G8C2ARO7P").unwrap();
        assert_eq!((uk.country, uk.name().as_str()), ("GB", "Amazon.co.uk"));
    }
}
