//! Who asked to cancel a line, why, and who cancelled it in the end: what Amazon reports of it that is not the buyer's own
//! words.

use super::{CancellationId, ClaimedBy, OrderItem, StoredOrder};
use serde::{Deserialize, Serialize};

/// Who cancelled. Page: *Orders API v2026-01-01 model*, `ItemCancellationExecution`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum CancelledBy {
    /// Amazon itself: payment, fraud, or a dispatch that was not confirmed in time.
    Amazon,
    /// The buyer, before anybody had to answer.
    Buyer,
    /// The seller: we, or somebody in Seller Central. A buyer's request that was accepted is the seller's cancellation too.
    Merchant,
}

/// Why a buyer asks to cancel, as far as it is one of the reasons that Amazon offers. A buyer's own words are buyer data,
/// and no reason here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuyerReason {
    ChangedMind,
    OrderedByMistake,
    FoundCheaper,
    PriceTooHigh,
    ShippingCostTooHigh,
    ArrivesTooLate,
    ChangeAddress,
    ChangeDeliverySpeed,
    ChangePayment,
    Other,
}

impl BuyerReason {
    /// Reads one of the sentences that Amazon offers to buyers, in any case and punctuation. Two of them are in Amazon's
    /// models (*Orders API v2026-01-01 model*, *Orders API v0 model*: static cases); the others are those of Amazon's page
    /// for buyers, and were not found in its documentation of the API.
    pub fn of(text: &str) -> Option<Self> {
        let words: String = text
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let known = SENTENCES.iter().find(|(sentence, _)| *sentence == words)?;
        Some(known.1)
    }
}

/// Without spaces and punctuation.
const SENTENCES: [(&str, BuyerReason); 15] = [
    ("changedmindaboutpurchase", BuyerReason::ChangedMind),
    ("changedmymind", BuyerReason::ChangedMind),
    ("nolongerneeded", BuyerReason::ChangedMind),
    ("ordercreatedbymistake", BuyerReason::OrderedByMistake),
    ("orderedbymistake", BuyerReason::OrderedByMistake),
    ("foundcheapersomewhereelse", BuyerReason::FoundCheaper),
    ("itempricetoohigh", BuyerReason::PriceTooHigh),
    ("shippingcosttoohigh", BuyerReason::ShippingCostTooHigh),
    ("itemswouldnotarriveontime", BuyerReason::ArrivesTooLate),
    ("itemwouldnotarriveontime", BuyerReason::ArrivesTooLate),
    ("needtochangeshippingaddress", BuyerReason::ChangeAddress),
    (
        "needtochangeshippingspeed",
        BuyerReason::ChangeDeliverySpeed,
    ),
    ("needtochangebillingaddress", BuyerReason::ChangePayment),
    ("needtochangepaymentmethod", BuyerReason::ChangePayment),
    ("other", BuyerReason::Other),
];

impl StoredOrder {
    /// The lines whose buyer asks to cancel, and waits for an answer: nothing of them is to be shipped meanwhile.
    pub fn open_cancel_requests(&self) -> impl Iterator<Item = &OrderItem> {
        let lines = self.order.items.iter();
        lines.filter(|line| self.has_open_cancel_request(line))
    }

    /// Whether a line's buyer asks to cancel, and waits for an answer. Ours is a cancellation, or that it is too late.
    pub fn has_open_cancel_request(&self, line: &OrderItem) -> bool {
        line.cancel_requested
            && self.open_quantity(line) > 0
            && !self.cancel_too_late.contains(&line.id)
            && self.cancelling(line).is_none()
    }

    /// The cancellation that a line is part of, until Amazon refuses it.
    pub fn cancelling(&self, line: &OrderItem) -> Option<&CancellationId> {
        self.claims.iter().find_map(|claim| match &claim.by {
            ClaimedBy::Cancellation(id) if claim.line == line.id => Some(id),
            _ => None,
        })
    }

    /// Whether all that is left of it is being cancelled: there is nothing to take over or to ship.
    pub fn is_being_cancelled(&self) -> bool {
        let is_cancelling = self.claims.iter().any(|claim| !claim.ships());
        let mut lines = self.order.items.iter();
        is_cancelling && lines.all(|line| self.unclaimed(line) == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyers_own_words_are_no_reason() {
        let rows = [
            (
                "Changed mind about purchase",
                Some(BuyerReason::ChangedMind),
            ),
            (
                "Found cheaper somewhere else.",
                Some(BuyerReason::FoundCheaper),
            ),
            (
                "Item(s) would not arrive on time",
                Some(BuyerReason::ArrivesTooLate),
            ),
            ("I moved to 9 Nowhere Road", None),
            ("", None),
        ];
        for (text, reason) in rows {
            assert_eq!(BuyerReason::of(text), reason, "{text}");
        }
    }

    #[test]
    fn who_cancelled_is_read_as_amazon_writes_it() {
        assert_eq!("AMAZON".parse(), Ok(CancelledBy::Amazon));
        assert_eq!("MERCHANT".parse(), Ok(CancelledBy::Merchant));
        assert!("CARRIER".parse::<CancelledBy>().is_err());
    }
}
