//! Amazon's offers as they are to be at the end, by the table written by hand, beside those that Amazon shows. Pure.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;

use super::table::{
    BRAKED, ENDED_IN_DE, EXPECTED, KEPT, LISTED, NEW, NO_COST, NewPrice, RESTRICTED, WARES, Ware,
    units,
};
use crate::demo::scene::{DE, OfferId, Shown, UK, hundredths};

/// What Amazon shows of a seller's offers.
pub(crate) type Offers = BTreeMap<OfferId, Shown>;

/// An end that is past, whichever it is.
const PAST: &str = "past";

/// How the prices of the twenty products came out; a price is one of a SKU on one marketplace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PriceCounts {
    /// Sent by patch, by feed, or with the offer.
    pub(crate) sent: usize,
    /// Held by the brake on the way, until a person released them.
    pub(crate) held: usize,
    pub(crate) no_cost: usize,
    /// Nobody's to set: prices are left alone on the marketplace, a person holds the listing, Amazon's own rule sets it, or the
    /// product is not selected.
    pub(crate) left: usize,
}

impl PriceCounts {
    /// As they are to be, by the table.
    pub(super) fn wanted() -> Self {
        let left = |(sku, _): &&(&str, &str)| *sku != NO_COST;
        Self {
            sent: EXPECTED.len(),
            held: 1,
            no_cost: 1,
            left: LISTED.len() + KEPT.iter().filter(left).count(),
        }
    }

    /// Counts a price of a listing, as the API explains it.
    pub(super) fn count(&mut self, listing: &Value, price: &Value) {
        let wanted = &price["wanted"];
        let why = wanted["why"].as_str().unwrap_or_default();
        let next = price["next"].as_str().unwrap_or_default();
        let automated = next.contains("automated pricing");
        if price["mode"] == "leave" || !listing["hold"].is_null() || automated || wanted.is_null() {
            self.left += 1;
        } else if why.contains("no_price: the product has no cost") {
            self.no_cost += 1;
        } else if price["sent"]["outcome"] == "accepted" {
            self.sent += 1;
        }
    }
}

/// How far the journey is that the offers are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The brake holds one price; no new offer is looked at.
    Braked,
    /// Everything is as it is to be at the end.
    End,
}

/// What Amazon is to show, by what it showed before anything was sent.
pub(crate) fn wanted(before: &Offers, stage: Stage) -> Result<Offers> {
    let mut offers = before.clone();
    for new in &EXPECTED {
        let id = (new.sku.to_owned(), UK.to_owned());
        match NEW.iter().find(|(sku, ..)| *sku == new.sku) {
            Some(_) if stage == Stage::Braked => {}
            Some((.., asin)) => {
                let made = Shown {
                    asin: (*asin).to_owned(),
                    ..Shown::default()
                };
                offers.insert(id, priced(made, new)?);
            }
            None if stage == Stage::Braked && new.sku == BRAKED => {}
            None => {
                let known = offers.remove(&id).context("a listing is not on Amazon")?;
                offers.insert(id, priced(known, new)?);
            }
        }
    }
    let ended = offers.get_mut(&(ENDED_IN_DE.to_owned(), DE.to_owned()));
    ended.context("what is to end is not on Amazon")?.ends = Some(PAST.to_owned());
    Ok(offers)
}

fn priced(shown: Shown, new: &NewPrice) -> Result<Shown> {
    let amount = |text: &str| hundredths(text).context("an amount of the table");
    let (least, most) = new.limits;
    Ok(Shown {
        price: Some(amount(new.price)?),
        least: Some(amount(least)?),
        most: Some(amount(most)?),
        ..shown
    })
}

/// Every offer that is not as it is to be, in words. `today`: as `2026-11-30`, of UTC.
pub(crate) fn differences(wanted: &Offers, shown: &Offers, today: &str) -> Vec<String> {
    let ids = wanted.keys().chain(shown.keys());
    let ids: BTreeSet<_> = ids.collect();
    let differs = |id: &OfferId| {
        let (wanted, shown) = (wanted.get(id), shown.get(id));
        let shown = shown.map(|shown| as_past(shown, today));
        (wanted != shown.as_ref()).then(|| {
            let (sku, marketplace) = (&id.0, country(&id.1));
            format!("{sku} on {marketplace} is to be {wanted:?}, and Amazon shows {shown:?}.")
        })
    };
    ids.into_iter().filter_map(differs).collect()
}

/// Products of which Amazon shows other units than the table says.
pub(crate) fn miscounted(shown: &BTreeMap<String, u64>) -> Vec<String> {
    let wrong = |ware: &Ware| {
        let (wanted, shown) = (units(ware), shown.get(ware.sku).copied());
        let sku = ware.sku;
        (wanted != shown)
            .then(|| format!("{sku} is to have {wanted:?} units, and Amazon shows {shown:?}."))
    };
    WARES.iter().filter_map(wrong).collect()
}

/// An end by whether it is past: which past day it is makes no difference.
fn as_past(shown: &Shown, today: &str) -> Shown {
    let day = shown.ends.as_deref().and_then(|ends| ends.get(..10));
    let mut shown = shown.clone();
    if day.is_some_and(|day| day < today) {
        shown.ends = Some(PAST.to_owned());
    }
    shown
}

fn country(marketplace: &str) -> &str {
    match marketplace {
        UK => "UK",
        DE => "DE",
        other => other,
    }
}

/// A line of the table of prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PriceLine {
    pub(crate) sku: String,
    pub(crate) marketplace: &'static str,
    pub(crate) old: Option<i64>,
    pub(crate) new: Option<i64>,
    pub(crate) rule: Option<String>,
    /// What is left of it for the merchant after tax, Amazon's fee, shipping and cost.
    pub(crate) margin: Option<i64>,
    pub(crate) is: &'static str,
}

/// All prices of the twenty products: before and after on Amazon, with rule and margin as the API shows them for the UK.
pub(crate) fn lines(before: &Offers, after: &Offers, simulated: &[Value]) -> Vec<PriceLine> {
    let expected = EXPECTED.iter().map(|new| (new.sku, new.is));
    let kept = KEPT.iter().copied();
    let restricted = [(RESTRICTED, "Amazon restricts it: not offered")];
    let stories = expected.chain(kept).chain(restricted);
    let line = |sku: &str, marketplace, is| {
        let id = (
            sku.to_owned(),
            if marketplace == "UK" { UK } else { DE }.to_owned(),
        );
        let price = |offers: &Offers| offers.get(&id)?.price;
        PriceLine {
            sku: sku.to_owned(),
            marketplace,
            old: price(before),
            new: price(after),
            is,
            ..PriceLine::default()
        }
    };
    let mut lines: Vec<PriceLine> = stories.map(|(sku, is)| line(sku, "UK", is)).collect();
    for line in &mut lines {
        let Some(known) = simulated.iter().find(|it| it["sku"] == line.sku) else {
            continue;
        };
        let would_be = known["would_be"].as_str().and_then(hundredths);
        if would_be.is_some() && would_be != line.new {
            // The rules do not make the price that is there.
            continue;
        }
        line.rule = known["rule"].as_str().map(str::to_owned);
        let margin = known["kept"]["margin"].as_str();
        line.margin = margin.and_then(to_hundredths);
    }
    let german = |(sku, ..): &(&'static str, _, _)| {
        let is = match *sku == ENDED_IN_DE {
            true => "prices are left alone; its offer ended",
            false => "prices are left alone",
        };
        line(sku, "DE", is)
    };
    lines.extend(LISTED.iter().map(german));
    lines
}

/// Prices whose rule or margin is another than the table says.
pub(crate) fn misjudged(lines: &[PriceLine]) -> Vec<String> {
    let wrong = |new: &NewPrice| {
        let line = lines
            .iter()
            .find(|line| line.sku == new.sku && line.marketplace == "UK")?;
        let said = (line.rule.as_deref(), line.margin);
        let right = said == (Some(new.rule), hundredths(new.margin));
        (!right).then(|| {
            let (rule, margin) = (new.rule, new.margin);
            format!(
                "{} is to follow from “{rule}” with {margin} left, and the API says {said:?}.",
                new.sku
            )
        })
    };
    EXPECTED.iter().filter_map(wrong).collect()
}

/// An amount of up to four decimals, to the nearest hundredth.
fn to_hundredths(amount: &str) -> Option<i64> {
    let amount: f64 = amount.parse().ok()?;
    hundredths(&format!("{amount:.2}"))
}

#[cfg(test)]
mod tests;
