//! Amazon's side of prices and offers: what each listing is sold for, where it ended, and what Amazon's catalogue knows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::Scene;

/// A listing of a seller on one marketplace, by the marketplace's id.
pub(crate) type OfferId = (String, String);

/// What Amazon shows of an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) asin: String,
    /// In hundredths of the marketplace's currency; none: it has no price.
    pub(crate) price: Option<i64>,
    /// What Amazon lets no price go below, and above.
    pub(crate) least: Option<i64>,
    pub(crate) most: Option<i64>,
    /// The end of its sale period.
    pub(crate) ends: Option<String>,
    /// Sub-attributes beside those, such as the plan of automated pricing.
    pub(crate) others: BTreeSet<String>,
}

impl Scene {
    /// What Amazon shows of all offers of a seller, or of those of one SKU.
    pub(crate) async fn offers(
        &self,
        seller: &str,
        sku: Option<&str>,
    ) -> Result<BTreeMap<OfferId, Shown>> {
        let path = format!("sellers/{seller}/listings");
        let path = match sku {
            Some(sku) => format!("{path}?sku={sku}"),
            None => path,
        };
        let listings = self.get(&path).await?;
        let listings = listings.as_array().into_iter().flatten();
        Ok(listings.flat_map(offers_of).collect())
    }

    /// Items that Amazon's catalogue knows.
    pub(crate) async fn catalogue(&self, items: Vec<Value>) -> Result<()> {
        self.send(Method::PUT, "catalogue", json!({"items": items}))
            .await?;
        Ok(())
    }

    /// Items that a seller may not offer, by ASIN.
    pub(crate) async fn restrict(&self, seller: &str, restrictions: Value) -> Result<()> {
        let path = format!("sellers/{seller}/restrictions");
        self.send(Method::PUT, &path, restrictions).await?;
        Ok(())
    }
}

fn offers_of(listing: &Value) -> Vec<(OfferId, Shown)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let sku = text(&listing["sku"]);
    let marketplaces = listing["marketplaces"].as_array().into_iter().flatten();
    marketplaces
        .map(|marketplace| {
            let id = text(marketplace);
            let shown = shown(listing, &id);
            ((sku.clone(), id), shown)
        })
        .collect()
}

fn shown(listing: &Value, marketplace: &str) -> Shown {
    let mut parts = listing["offer_parts"][marketplace]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut limit = |name: &str| {
        let part = parts.remove(name)?;
        hundredths(&part[0]["schedule"][0]["value_with_tax"].to_string())
    };
    let price = listing["prices"][marketplace]["amount"].as_str();
    Shown {
        asin: listing["asin"].as_str().unwrap_or_default().to_owned(),
        price: price.and_then(hundredths),
        least: limit("minimum_seller_allowed_price"),
        most: limit("maximum_seller_allowed_price"),
        ends: listing["ends"][marketplace].as_str().map(str::to_owned),
        others: parts.into_iter().map(|(name, _)| name).collect(),
    }
}

/// An amount with at most two decimals, in hundredths; `None`: it is no such amount.
pub(crate) fn hundredths(amount: &str) -> Option<i64> {
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, ""));
    if rest.len() > 2 || !rest.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let rest: i64 = format!("{rest:0<2}").parse().ok()?;
    whole
        .parse::<u32>()
        .ok()
        .map(|whole| i64::from(whole) * 100 + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_to_the_penny_however_they_are_written() {
        for (text, amount) in [
            ("24.5", Some(2_450)),
            ("24.50", Some(2_450)),
            ("24", Some(2_400)),
            ("0.07", Some(7)),
            ("24.505", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(hundredths(text), amount, "{text}");
        }
    }

    #[test]
    fn an_offer_is_read_with_its_limits_its_end_and_the_names_of_what_else_it_has() {
        let amount = |amount: f64| json!([{"schedule": [{"value_with_tax": amount}]}]);
        let listing = json!({
            "sku": "A", "asin": "B000000001", "marketplaces": ["UK", "DE"],
            "prices": {"UK": {"amount": "9.9", "currency": "GBP"}},
            "ends": {"DE": "2026-01-01"},
            "offer_parts": {"UK": {"minimum_seller_allowed_price": amount(8.0), "map_price": amount(9.0)}},
        });
        let offers: BTreeMap<_, _> = offers_of(&listing).into_iter().collect();
        let of = |marketplace: &str| &offers[&("A".to_owned(), marketplace.to_owned())];
        let (uk, de) = (of("UK"), of("DE"));
        assert_eq!((uk.price, uk.least, uk.most), (Some(990), Some(800), None));
        assert!(uk.others.contains("map_price") && uk.others.len() == 1);
        assert_eq!((de.price, de.ends.as_deref()), (None, Some("2026-01-01")));
    }
}
