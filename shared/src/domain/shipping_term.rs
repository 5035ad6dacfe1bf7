//! The canonical name of what the buyer chose, such as `STD UK DOM_2-PRIME`.
//!
//! Owns the grammar, the way a term is derived from an order, and the order in which a term falls back to wider ones.
//! It chooses no courier and never rewrites a term that was stored.
//!
//! ```text
//! <SPEED> <CC> <DOM|INT>[_<zone>][-PRIME]      STD UK DOM_2-PRIME
//! <CC> <NEXT|SECOND>[-PRIME]                   UK NEXT
//! ```

mod derive;
mod fallback;
mod parse;
#[cfg(test)]
mod properties;
mod speed;
#[cfg(test)]
mod tests;
mod zone;

pub use derive::{Derived, Facts, derive};
pub use fallback::{Fallback, Step};
pub use parse::InvalidTerm;
pub use speed::{Level, Premium, Speed, SpeedName};
pub use zone::{Area, Zone};

use crate::domain::described::{described, matching};
use crate::domain::marketplace::Marketplace;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the buyer chose, in one line; upper case in text and JSON, read in any letter case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShippingTerm {
    pub marketplace: Marketplace,
    pub delivery: Delivery,
    /// Whether the order is a Prime order.
    pub prime: bool,
}

described!(
    ShippingTerm,
    matching(&format!(
        "^(([A-Z0-9]_?){{0,31}}[A-Z0-9] ({0}) (DOM|INT)(_[0-9]{{1,4}})?|({0}) (NEXT|SECOND))(-PRIME)?$",
        Marketplace::countries("|")
    ))
    .max_length(Some(128))
    .examples(["STD UK DOM"])
);

/// How and where to, in one of the grammar's two forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Delivery {
    /// `UK NEXT`: the promise says it all, so neither reach nor zone is named.
    Premium(Premium),
    /// `STD UK DOM_2`.
    Regular {
        speed: Speed,
        reach: Reach,
        /// The marketplace's zone that holds the address, if its map has at least two.
        zone: Option<u16>,
    },
}

/// Whether the address is domestic to the marketplace.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum Reach {
    #[strum(serialize = "DOM")]
    Domestic,
    #[strum(serialize = "INT")]
    International,
}

impl Reach {
    /// `DOM` or `INT`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl ShippingTerm {
    /// The zone it names.
    pub fn zone(&self) -> Option<u16> {
        match self.delivery {
            Delivery::Premium(_) => None,
            Delivery::Regular { zone, .. } => zone,
        }
    }

    /// The same term without its zone.
    #[must_use]
    pub fn without_zone(&self) -> Self {
        let mut term = self.clone();
        if let Delivery::Regular { zone, .. } = &mut term.delivery {
            *zone = None;
        }
        term
    }

    /// The same term without `-PRIME`.
    #[must_use]
    pub fn without_prime(&self) -> Self {
        Self {
            prime: false,
            ..self.clone()
        }
    }
}

impl fmt::Display for ShippingTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = self.marketplace.country();
        match &self.delivery {
            Delivery::Premium(premium) => write!(f, "{country} {}", premium.as_str())?,
            Delivery::Regular { speed, reach, zone } => {
                write!(f, "{} {country} {}", speed.as_str(), reach.as_str())?;
                if let Some(number) = zone {
                    write!(f, "_{number}")?;
                }
            }
        }
        f.write_str(if self.prime { "-PRIME" } else { "" })
    }
}

impl From<ShippingTerm> for String {
    fn from(term: ShippingTerm) -> String {
        term.to_string()
    }
}
