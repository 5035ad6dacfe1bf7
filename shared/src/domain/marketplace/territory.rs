//! What counts as domestic to each marketplace, by the country and the postcode of an address.
//! It decides domestic or abroad for shipping and nothing else: neither VAT nor customs follow from it.

use super::{Marketplace, Place};

impl Marketplace {
    /// Whether an address is domestic to this marketplace; `false` for a country that is no two-letter code.
    ///
    /// An address counts where it really is: a Jersey postcode written with GB is in Jersey, and one of French
    /// Polynesia written with FR is abroad.
    pub fn is_domestic(self, country: &str, postcode: Option<&str>) -> bool {
        Place::new(country, postcode).is_some_and(|place| self.holds(&place))
    }

    pub(crate) fn holds(self, place: &Place) -> bool {
        let territory = place.territory();
        territory == self.iso_country() || also_domestic(self).contains(&territory)
    }
}

/// Territories beside the marketplace's own country. Its own country's far parts need no row: Northern Ireland,
/// Helgoland and Büsingen (outside the EU's VAT area, inside Germany's post), the Balearics, the Canaries, Ceuta and
/// Melilla all carry their country's code and are domestic; which services reach them is for `courier::Territory`.
fn also_domestic(marketplace: Marketplace) -> &'static [&'static str] {
    match marketplace {
        // The Crown dependencies: part of Royal Mail's inland service.
        Marketplace::Uk => &["JE", "GG", "IM"],
        // Monaco and the five overseas departments. The collectivities (Saint-Barthélemy, French Polynesia, …) have
        // posts and customs of their own and are abroad.
        Marketplace::Fr => &["MC", "GP", "MQ", "GF", "RE", "YT"],
        // San Marino and the Vatican are in the Italian post's inland service.
        Marketplace::It => &["SM", "VA"],
        // Reserved codes that some address books have for the Canaries, and for Ceuta and Melilla.
        Marketplace::Es => &["IC", "EA"],
        // Amazon's shipping templates list the "US protectorates" under Domestic.
        Marketplace::Us => &["AS", "GU", "MP", "PR", "UM", "VI"],
        _ => &[],
    }
}

/// Postcodes of territories that are often written with another country's code: (country, prefix, territory).
/// The first row that fits wins, so a narrower prefix comes before a wider one.
const WRITTEN_WITH: [(&str, &str, &str); 18] = [
    ("FR", "97133", "BL"),
    ("FR", "97150", "MF"),
    ("FR", "971", "GP"),
    ("FR", "972", "MQ"),
    ("FR", "973", "GF"),
    ("FR", "974", "RE"),
    ("FR", "975", "PM"),
    ("FR", "976", "YT"),
    ("FR", "977", "BL"),
    ("FR", "978", "MF"),
    ("FR", "980", "MC"),
    ("FR", "984", "TF"),
    ("FR", "986", "WF"),
    ("FR", "987", "PF"),
    ("FR", "988", "NC"),
    ("FR", "989", "CP"),
    ("IT", "4789", "SM"),
    ("IT", "00120", "VA"),
];

pub(super) fn parent(territory: &str) -> Option<&'static str> {
    match territory {
        "JE" | "GG" | "IM" => Some("GB"),
        _ => WRITTEN_WITH
            .iter()
            .find(|row| row.2 == territory)
            .map(|row| row.0),
    }
}

pub(super) fn territory(country: &str, postcode: &str) -> Option<&'static str> {
    if country == "GB" {
        return match area(postcode) {
            "JE" => Some("JE"),
            "GY" => Some("GG"),
            "IM" => Some("IM"),
            // Overseas: post and customs of their own.
            "GX" => Some("GI"),
            "FIQQ" => Some("FK"),
            "SIQQ" => Some("GS"),
            "STHL" | "ASCN" | "TDCU" => Some("SH"),
            "BBND" => Some("IO"),
            "PCRN" => Some("PN"),
            "TKCA" => Some("TC"),
            _ => None,
        };
    }
    let fits = |row: &&(&str, &str, &str)| row.0 == country && postcode.starts_with(row.1);
    WRITTEN_WITH.iter().find(fits).map(|row| row.2)
}

/// The letters a British postcode begins with.
pub(super) fn area(postcode: &str) -> &str {
    let end = postcode
        .bytes()
        .position(|byte| !byte.is_ascii_uppercase())
        .unwrap_or(postcode.len());
    &postcode[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domestic_is_what_the_marketplace_posts_inland() {
        use Marketplace::{De, Es, Fr, Ie, It, Uk, Us};
        let rows: [(Marketplace, &str, Option<&str>, bool); 43] = [
            (Uk, "GB", Some("SW1A 1AA"), true),
            (Uk, "UK", None, true),
            (Uk, "GB", Some("BT1 5GS"), true),
            (Uk, "JE", Some("JE2 3AB"), true),
            (Uk, "GB", Some("je2 3ab"), true),
            (Uk, "GG", None, true),
            (Uk, "GB", Some("GY1 1AA"), true),
            (Uk, "IM", Some("IM1 1AA"), true),
            (Uk, "GI", Some("GX11 1AA"), false),
            (Uk, "GB", Some("GX11 1AA"), false),
            (Uk, "GB", Some("FIQQ 1ZZ"), false),
            (Uk, "IE", Some("D02 X285"), false),
            (Uk, "DE", None, false),
            (Ie, "GB", Some("BT1 5GS"), false),
            (De, "DE", Some("78266"), true),
            (De, "DE", Some("27498"), true),
            (De, "CH", Some("8238"), false),
            (De, "AT", Some("1010"), false),
            (Fr, "FR", Some("75001"), true),
            (Fr, "FR", None, true),
            (Fr, "MC", Some("98000"), true),
            (Fr, "FR", Some("98000"), true),
            (Fr, "GP", Some("97110"), true),
            (Fr, "FR", Some("97110"), true),
            (Fr, "RE", None, true),
            (Fr, "FR", Some("F-97410"), true),
            (Fr, "FR", Some("97600"), true),
            (Fr, "FR", Some("97133"), false),
            (Fr, "FR", Some("97150"), false),
            (Fr, "FR", Some("97500"), false),
            (Fr, "FR", Some("98714"), false),
            (Fr, "FR", Some("98800"), false),
            (Fr, "PF", None, false),
            (It, "SM", Some("47890"), true),
            (It, "IT", Some("47891"), true),
            (It, "VA", None, true),
            (It, "IT", Some("00120"), true),
            (Es, "ES", Some("35001"), true),
            (Es, "ES", Some("51001"), true),
            (Es, "IC", None, true),
            (Es, "AD", Some("AD500"), false),
            (Us, "PR", Some("00901"), true),
            (Us, "CA", None, false),
        ];
        for (marketplace, country, postcode, domestic) in rows {
            let got = marketplace.is_domestic(country, postcode);
            assert_eq!(got, domestic, "{marketplace}: {country} {postcode:?}");
        }
    }

    #[test]
    fn every_marketplace_holds_its_own_country_in_any_case() {
        for &one in Marketplace::ALL {
            assert!(
                one.is_domestic(&one.iso_country().to_lowercase(), None),
                "{one}"
            );
            assert!(one.is_domestic(one.country(), None), "{one}");
        }
    }

    #[test]
    fn a_country_that_is_no_code_is_nowhere() {
        for text in ["", "G", "GBR", "G1", "Ünited", "🇬🇧"] {
            assert!(Place::new(text, None).is_none(), "{text}");
            assert!(
                !Marketplace::Uk.is_domestic(text, Some("SW1A 1AA")),
                "{text}"
            );
        }
    }
}
