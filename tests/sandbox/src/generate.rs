//! Owns invented orders: the same seed, seller and moment give the same orders. It never stores them.
//!
//! The first forty are [`cases`], one of each thing that has ever gone wrong; the rest is the everyday
//! mix of a seller at home in the UK and Germany.

mod build;
mod cases;
mod dice;
mod items;
mod people;
mod places;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    marketplaces::{self, Marketplace},
    world::SellerAccount,
};
use cases::SoldOn;
use dice::Dice;

const YOUNGEST: SignedDuration = SignedDuration::from_mins(10);
const OLDEST: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Nobody means more than this.
const MOST: u32 = 100_000;

/// What orders are wanted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    pub(crate) count: u32,
    #[serde(default)]
    pub(crate) seed: u64,
    /// Only orders of these marketplaces of the seller; none: of all.
    pub(crate) marketplaces: Option<Vec<String>>,
    /// The last change of every order is between these: three days and ten minutes ago, if left out.
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// What is ordered; none: products of the sandbox's own.
    pub(crate) skus: Option<Vec<String>>,
}

pub(crate) fn orders(
    seller: &str,
    account: &SellerAccount,
    wish: &Wish,
    now: Timestamp,
) -> Result<Vec<Value>, String> {
    let ids = wish.marketplaces.as_ref().unwrap_or(&account.marketplaces);
    if let Some(foreign) = ids.iter().find(|id| !account.marketplaces.contains(id)) {
        return Err(format!("the seller has no marketplace `{foreign}`"));
    }
    let marketplaces: Vec<_> = ids.iter().filter_map(|id| marketplaces::of(id)).collect();
    if marketplaces.is_empty() {
        return Err("the seller has no marketplace to have orders on".to_owned());
    }
    if wish.count > MOST {
        return Err(format!("at most {MOST} orders at once"));
    }
    let since = wish
        .since
        .or_else(|| now.checked_sub(OLDEST).ok())
        .unwrap_or(now);
    let until = wish
        .until
        .or_else(|| now.checked_sub(YOUNGEST).ok())
        .unwrap_or(now);
    if wish.skus.as_ref().is_some_and(Vec::is_empty) {
        return Err("skus holds nothing to order".to_owned());
    }
    if since > until {
        return Err("since is later than until".to_owned());
    }
    let one = |index: u32| {
        let mut dice = Dice::new(&[wish.seed, dice::hash(seller), u64::from(index)]);
        let case = cases::special(index).unwrap_or_else(|| cases::everyday(&mut dice));
        let marketplace = place_of_sale(&marketplaces, case.marketplace);
        let span = (since, until);
        build::order(&case, marketplace, span, wish.skus.as_deref(), &mut dice)
    };
    Ok((0..wish.count).map(one).collect())
}

/// The title and the price in hundredths of an invented product.
pub(crate) fn product(seed: u64, number: u32) -> (String, u64) {
    items::product(&mut Dice::new(&[seed, u64::from(number)]), number)
}

/// The ASIN that belongs to a SKU, unless somebody says another.
pub(crate) fn asin(sku: &str) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut rest = dice::hash(sku);
    let tail = (0..8).map(|_| {
        let letter = letters[(rest % 36) as usize];
        rest /= 36;
        char::from(letter)
    });
    format!("B0{}", tail.collect::<String>())
}

/// The marketplace a case wants, or the nearest thing the seller has.
fn place_of_sale(marketplaces: &[&'static Marketplace], wanted: SoldOn) -> &'static Marketplace {
    let in_country = |country: &str| {
        marketplaces
            .iter()
            .copied()
            .find(|marketplace| marketplace.country == country)
    };
    let mut others = marketplaces
        .iter()
        .copied()
        .filter(|marketplace| !matches!(marketplace.country, "GB" | "DE"));
    let found = match wanted {
        SoldOn::Uk => in_country("GB"),
        SoldOn::De => in_country("DE"),
        SoldOn::Other => others.next(),
        SoldOn::YetAnother => others.next_back(),
    };
    found
        .or_else(|| in_country("GB"))
        .unwrap_or(marketplaces[0])
}

#[cfg(test)]
mod tests;
