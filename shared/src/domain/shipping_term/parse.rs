//! Reading a shipping term, today's or one from the old Orders API (`Std UK Dom_1`, `UK Next`).

use super::{Delivery, Level, Premium, Reach, ShippingTerm};
use crate::domain::marketplace::{Marketplace, UnknownMarketplace};
use std::str::FromStr;

/// Far above the longest term there is; what is longer is not looked at.
const LONGEST: usize = 128;

/// Why a text is no shipping term. Says the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerm {
    /// It has neither of the two forms.
    #[error("a shipping term reads `STD UK DOM`, `STD UK DOM_2-PRIME` or `UK NEXT`")]
    Form,
    /// Its country is no marketplace.
    #[error("the country of a shipping term is a marketplace: {0}")]
    Country(#[from] UnknownMarketplace),
    /// Its speed has other characters than letters, digits and single underscores, or more than 32.
    #[error("the speed of a shipping term is a name such as STD, EXP, ECON, PRIO, SAME or SCHED")]
    Speed,
    /// A premium promise in the place of a speed.
    #[error("next-day and second-day terms read `UK NEXT` and `UK SECOND`")]
    PremiumForm,
    /// Its zone is no whole number up to 65535.
    #[error("the zone of a shipping term is a number from 0 to 65535, as in `DOM_2`")]
    Zone,
}

impl FromStr for ShippingTerm {
    type Err = InvalidTerm;

    /// Takes any letter case and stray blanks, also around `_` and `-`; the old API's filler word `D2D` is dropped.
    fn from_str(text: &str) -> Result<Self, InvalidTerm> {
        if text.len() > LONGEST {
            return Err(InvalidTerm::Form);
        }
        let text = tidy(text);
        let (rest, prime) = match text.strip_suffix("-PRIME") {
            Some(rest) => (rest, true),
            None => (text.as_str(), false),
        };
        let words: Vec<&str> = rest.split(' ').collect();
        let (country, delivery) = match words[..] {
            [country, promise] => (country, Delivery::Premium(premium(promise)?)),
            [speed, country, reach] | [speed, country, "D2D", reach] => {
                (country, regular(speed, reach)?)
            }
            _ => return Err(InvalidTerm::Form),
        };
        Ok(Self {
            marketplace: country.parse::<Marketplace>()?,
            delivery,
            prime,
        })
    }
}

impl TryFrom<String> for ShippingTerm {
    type Error = InvalidTerm;

    fn try_from(text: String) -> Result<Self, InvalidTerm> {
        text.parse()
    }
}

fn tidy(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .map(str::to_ascii_uppercase)
        .collect();
    let text = words.join(" ");
    text.replace(" _", "_")
        .replace("_ ", "_")
        .replace(" -", "-")
        .replace("- ", "-")
}

fn premium(promise: &str) -> Result<Premium, InvalidTerm> {
    match Level::named(promise) {
        Some(Level::Premium(premium)) => Ok(premium),
        _ => Err(InvalidTerm::Form),
    }
}

fn regular(speed: &str, reach: &str) -> Result<Delivery, InvalidTerm> {
    let speed = match Level::named(speed) {
        Some(Level::Regular(speed)) => speed,
        Some(Level::Premium(_)) => return Err(InvalidTerm::PremiumForm),
        None => return Err(InvalidTerm::Speed),
    };
    let (reach, zone) = match reach.split_once('_') {
        Some((reach, zone)) => (reach, Some(number(zone)?)),
        None => (reach, None),
    };
    let reach: Reach = reach.parse().map_err(|_| InvalidTerm::Form)?;
    Ok(Delivery::Regular { speed, reach, zone })
}

/// Digits only: `u16` itself would also take a plus sign.
fn number(zone: &str) -> Result<u16, InvalidTerm> {
    let digits = zone.bytes().all(|byte| byte.is_ascii_digit());
    zone.parse()
        .ok()
        .filter(|_| digits)
        .ok_or(InvalidTerm::Zone)
}
