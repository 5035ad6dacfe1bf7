//! Why we cancel lines of an order, and what that does to the seller's account.

use serde::{Deserialize, Serialize};

/// Why we cancel.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CancelReason {
    /// There is none left. The SKU goes to zero until a new stock level arrives.
    NoInventory,
    /// The buyer asked to cancel.
    BuyerAsked,
    /// The address cannot be delivered to.
    UndeliverableAddress,
    /// No carrier goes there.
    NoCarrier,
    /// It is exchanged for something else.
    Exchange,
    /// Anything else, a wrong price among it.
    Other,
}

impl CancelReason {
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The spelling used in tables and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether cancelling a line counts into the pre-fulfilment cancellation rate that Amazon keeps of the seller. Only a
    /// request that the buyer made at Amazon keeps it out, whatever reason we name: `requested` says whether there is one.
    pub fn counts(self, requested: bool) -> bool {
        !(self == Self::BuyerAsked && requested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_at_amazon_keeps_a_cancellation_out_of_the_rate() {
        for reason in CancelReason::ALL {
            assert!(reason.counts(false), "{}: nobody asked", reason.as_str());
            assert_eq!(reason.counts(true), *reason != CancelReason::BuyerAsked);
        }
    }
}
