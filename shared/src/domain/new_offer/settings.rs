//! How offers are made for a connection.

use crate::domain::marketplace::Marketplace;
use crate::domain::product::Product;
use crate::domain::selection::Selected;
use serde::{Deserialize, Serialize};

/// The longest handling time that Amazon's attribute is sent with.
pub const MOST_HANDLING_DAYS: u8 = 30;

/// The condition of what is offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferCondition {
    #[default]
    New,
    NewOpenBox,
    Refurbished,
    UsedLikeNew,
    UsedVeryGood,
    UsedGood,
    UsedAcceptable,
}

impl OfferCondition {
    /// Amazon's spelling. Page: *Listings Restrictions API v2021-08-01 Reference*, `conditionType`.
    pub fn amazon(self) -> &'static str {
        match self {
            Self::New => "new_new",
            Self::NewOpenBox => "new_open_box",
            Self::Refurbished => "refurbished_refurbished",
            Self::UsedLikeNew => "used_like_new",
            Self::UsedVeryGood => "used_very_good",
            Self::UsedGood => "used_good",
            Self::UsedAcceptable => "used_acceptable",
        }
    }
}

/// How offers are made for a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct OfferSettings {
    /// Off until somebody switches it on.
    pub on: bool,
    pub condition: OfferCondition,
    /// Days until an order is handed over; absent: the seller's default at Amazon.
    #[schema(minimum = 0, maximum = 30)]
    pub handling_days: Option<u8>,
    /// The name of a shipping template as Seller Central shows it; absent: the seller's default.
    #[schema(max_length = 100)]
    pub shipping_template: Option<String>,
    /// So many offers are sent in one day (UTC) at most.
    #[schema(minimum = 1, maximum = 10000)]
    pub a_day: u32,
    /// The first price of an offer is sent without a person's look. Else the offer asks, and waits until that very price is
    /// released.
    pub sends_first_prices: bool,
    /// Products that the published selection takes in, that have an EAN, UPC or GTIN and that Amazon does not have are wanted by
    /// themselves, as many in one day as may be sent.
    pub wants_selected: bool,
    /// Rises by one with every write.
    #[schema(read_only)]
    pub revision: u64,
}

impl Default for OfferSettings {
    fn default() -> Self {
        Self {
            on: false,
            condition: OfferCondition::default(),
            handling_days: None,
            shipping_template: None,
            a_day: 200,
            sends_first_prices: false,
            wants_selected: false,
            revision: 0,
        }
    }
}

impl OfferSettings {
    /// Whether a product that Amazon does not have is wanted by itself. `selected`: what a selection says of it, if there is one.
    pub fn wants(&self, product: &Product, selected: Option<&Selected>, on: Marketplace) -> bool {
        let is_in = |it: &Selected| it.is_in() && it.why_not_offered(on).is_none();
        self.on && self.wants_selected && product.ean.is_some() && selected.is_some_and(is_in)
    }
}
