//! A look at prices and offers at the end: what Amazon shows beside the table written by hand, and what the API says of each.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use super::compare::{
    PriceCounts, PriceLine, Stage, differences, lines, miscounted, misjudged, wanted,
};
use super::table::{LISTED, NEW};
use super::{SELLER, today};
use crate::demo::Journey;
use crate::demo::scene::BY_CONSENT;
use crate::demo::stock::of_sku;

/// How prices and offers are at the end.
pub(crate) struct ShopLook {
    pub(crate) prices: PriceCounts,
    /// Offers that were wanted, by how far they are.
    pub(crate) offers: BTreeMap<String, usize>,
    pub(crate) lines: Vec<PriceLine>,
    pub(crate) broken: Vec<String>,
}

impl Journey<'_> {
    /// Both sides at the end.
    pub(crate) async fn look_at_shop(&self) -> Result<ShopLook> {
        let mut broken = Vec::new();
        let (before, shown) = (self.before(SELLER)?, self.scene.offers(SELLER, None).await?);
        broken.extend(differences(&wanted(before, Stage::End)?, &shown, &today()));
        broken.extend(miscounted(&self.scene.quantities(SELLER).await?));
        // The other seller's prices are left alone everywhere.
        let others = self.scene.offers(BY_CONSENT, None).await?;
        broken.extend(differences(self.before(BY_CONSENT)?, &others, &today()));
        let lines = lines(before, &shown, &self.simulated().await?);
        broken.extend(misjudged(&lines));
        let new = self.new_offers().await?;
        let mut offers = BTreeMap::new();
        for offer in new.values() {
            let state = offer["state"].as_str().unwrap_or_default();
            *offers.entry(state.to_owned()).or_default() += 1;
        }
        let wanted_offers = [("matched", NEW.len() - 1), ("restricted", 1)];
        if offers
            != wanted_offers
                .map(|(state, count)| (state.to_owned(), count))
                .into()
        {
            broken.push(format!("The offers are {offers:?}."));
        }
        let prices = self.price_counts(&new).await?;
        if prices != PriceCounts::wanted() {
            let wanted = PriceCounts::wanted();
            broken.push(format!("Prices are to be {wanted:?}, and are {prices:?}."));
        }
        Ok(ShopLook {
            prices,
            offers,
            lines,
            broken,
        })
    }

    async fn price_counts(&self, new: &BTreeMap<String, Value>) -> Result<PriceCounts> {
        let sent = |offer: &&Value| !offer["sent"].is_null();
        let mut counts = PriceCounts {
            sent: new.values().filter(sent).count(),
            held: self.shop.held,
            ..PriceCounts::default()
        };
        for (sku, ..) in LISTED {
            let path = format!("/connections/{}/listings?{}", self.shop()?, of_sku(sku));
            let listing = self.platform.get(&path).await?;
            for price in listing["prices"].as_array().into_iter().flatten() {
                counts.count(&listing, price);
            }
        }
        Ok(counts)
    }

    /// What the API says of each price in the UK: rule and margin among it.
    async fn simulated(&self) -> Result<Vec<Value>> {
        let (mut prices, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!(
                "/connections/{}/preview/prices?marketplace=UK&limit=100{after}",
                self.shop()?
            );
            let page = self.platform.get(&path).await?;
            prices.extend(page["prices"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(prices),
            }
        }
    }
}
