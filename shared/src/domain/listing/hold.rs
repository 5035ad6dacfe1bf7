//! A hold: a person's word on one listing. It is stronger than every rule, for as long as it is on the listing: whoever
//! finds that its time is over takes it off, and only then the listing is sent again.

use super::{Listing, ListingState};
use crate::domain::ids::{AmazonSku, ConnectionId, Sku, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// What a person wants of a listing.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = ListingHoldMode)]
pub enum HoldMode {
    /// It is sent nothing, neither quantity nor price.
    Leave,
    /// It is sent zero and stays at it; no price is sent.
    Zero,
}

impl HoldMode {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A hold on a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingHold {
    /// A mode of a newer release counts as [`HoldMode::Leave`].
    #[serde(deserialize_with = "leave_if_unknown")]
    pub mode: HoldMode,
    /// For colleagues.
    pub reason: String,
    /// When it ends; `None`: once somebody releases it.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Who held it, if the token named somebody.
    #[serde(default)]
    pub author: Option<String>,
    pub since: Timestamp,
}

fn leave_if_unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HoldMode, D::Error> {
    let mode = String::deserialize(deserializer)?;
    Ok(mode.parse().unwrap_or(HoldMode::Leave))
}

impl ListingHold {
    /// Whether its time is over, so that it is to be taken off.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldChange {
    Held,
    Released,
}

/// An entry in the history of a listing's holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldEntry {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub amazon_sku: AmazonSku,
    #[serde(default)]
    pub product: Option<Sku>,
    pub change: HoldChange,
    /// The hold that began or ended.
    pub hold: ListingHold,
    pub at: Timestamp,
    /// Who did it, if the token named somebody; nobody if its time was over.
    #[serde(default)]
    pub author: Option<String>,
}

impl HoldEntry {
    pub fn new(
        listing: &Listing,
        change: HoldChange,
        hold: &ListingHold,
        author: Option<&str>,
        at: Timestamp,
    ) -> Self {
        Self {
            tenant: listing.tenant.clone(),
            connection: listing.connection.clone(),
            amazon_sku: listing.amazon_sku.clone(),
            product: listing.product.clone(),
            change,
            hold: hold.clone(),
            at,
            author: author.map(str::to_owned),
        }
    }
}

impl Listing {
    /// The quantity that Amazon is to show: what is wanted, unless a person holds the listing. `None`: nothing is sent.
    pub fn quantity_to_show(&self) -> Option<u32> {
        match self.hold.as_ref().map(|hold| hold.mode) {
            Some(HoldMode::Leave) => None,
            Some(HoldMode::Zero) => Some(0),
            None => self.wanted_quantity(),
        }
    }

    /// The quantity that Amazon's report is compared with. What a hold leaves alone is compared as if it were not held: what
    /// people make of it meanwhile is known then.
    pub fn quantity_to_compare(&self) -> Option<u32> {
        self.quantity_to_show().or(self.wanted_quantity())
    }

    /// Whether a person must decide whether its product is sold, and nobody holds it.
    pub fn asks(&self) -> bool {
        self.hold.is_none() && self.wanted.as_ref().is_some_and(|wanted| wanted.asks)
    }

    /// Whether a person holds it so that it is sent nothing at all.
    pub fn is_left_alone(&self) -> bool {
        let hold = self.hold.as_ref();
        hold.is_some_and(|hold| hold.mode == HoldMode::Leave)
    }

    /// Whether its prices may be sent, if its product is sold.
    pub fn takes_prices(&self) -> bool {
        self.state == ListingState::Matched && self.hold.is_none()
    }

    /// Whether its prices may be sent.
    pub fn is_sent_prices(&self) -> bool {
        self.takes_prices() && !self.wanted.as_ref().is_some_and(|wanted| wanted.unsold)
    }

    /// The listing once it is held.
    pub fn held(&self, hold: ListingHold) -> Self {
        Self {
            hold: Some(hold),
            released_at: None,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// The listing once it is held no longer.
    pub fn released(&self, at: Timestamp) -> Self {
        Self {
            hold: None,
            released_at: Some(at),
            revision: self.revision + 1,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(mode: &str) -> ListingHold {
        let hold =
            serde_json::json!({"mode": mode, "reason": "r", "since": "2026-11-01T00:00:00Z"});
        serde_json::from_value(hold).unwrap()
    }

    #[test]
    fn a_hold_of_a_newer_release_sends_nothing() {
        assert_eq!(hold("zero").mode, HoldMode::Zero);
        assert_eq!(hold("half").mode, HoldMode::Leave);
    }

    #[test]
    fn a_listing_of_the_release_before_is_not_held() {
        let listing = serde_json::json!({
            "tenant": "t", "connection": "c", "amazon_sku": "A", "state": "matched", "units": 1, "alias": false,
            "marketplaces": [], "send_count": 3, "revision": 2,
            "wanted": {"quantity": 4, "why": "", "generation": 1, "at": "2026-11-01T00:00:00Z"},
        });
        let listing: Listing = serde_json::from_value(listing).unwrap();
        assert_eq!((&listing.hold, listing.released_at), (&None, None));
        assert_eq!(listing.quantity_to_show(), Some(4));
        assert_eq!(listing.held(hold("leave")).quantity_to_show(), None);
        assert_eq!(listing.held(hold("zero")).quantity_to_show(), Some(0));
    }

    #[test]
    fn a_hold_is_over_at_its_end_and_one_without_end_never() {
        let end: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
        let ends = ListingHold {
            until: Some(end),
            ..hold("leave")
        };
        let before = end - jiff::SignedDuration::from_secs(1);
        assert!(!ends.is_over(before) && ends.is_over(end));
        assert!(!hold("leave").is_over(Timestamp::MAX));
    }
}
