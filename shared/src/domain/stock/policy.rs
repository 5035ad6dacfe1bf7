//! From what can be delivered to what Amazon is sent, step by step.

use serde::{Deserialize, Serialize};

/// What of the deliverable units is offered. The steps apply in the order of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = StockPolicy)]
pub struct Policy {
    /// Units held back.
    pub buffer: u32,
    /// Share of what remains, 1 to 100.
    pub percentage: u8,
    /// Never offer more than this.
    pub maximum: Option<u32>,
    /// A decrease to this quantity or below is sent at once, without waiting for a round.
    pub low_stock_mark: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            buffer: 0,
            percentage: 100,
            maximum: None,
            low_stock_mark: 0,
        }
    }
}

/// One step and the quantity after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub step: &'static str,
    pub quantity: u32,
}

impl Policy {
    /// The steps from what can be delivered to what is wanted; the last one's quantity is the result.
    pub fn steps(&self, deliverable: u32) -> [Step; 4] {
        let buffered = deliverable.saturating_sub(self.buffer);
        let share = u64::from(buffered) * u64::from(self.percentage.min(100)) / 100;
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        let capped = self.maximum.map_or(share, |maximum| share.min(maximum));
        let step = |step, quantity| Step { step, quantity };
        [
            step("deliverable", deliverable),
            step("less the buffer", buffered),
            step("times the percentage", share),
            step("at most the maximum", capped),
        ]
    }

    pub fn apply(&self, deliverable: u32) -> u32 {
        self.steps(deliverable)[3].quantity
    }

    /// Whether a decrease to this quantity is sent without waiting for a round.
    pub fn is_urgent(&self, quantity: u32) -> bool {
        quantity <= self.low_stock_mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_is_offered_than_can_be_delivered(
            deliverable: u32, buffer: u32, percentage in 1u8..=100, maximum: Option<u32>,
        ) {
            let policy = Policy { buffer, percentage, maximum, low_stock_mark: 0 };
            let steps = policy.steps(deliverable);
            prop_assert!(steps.windows(2).all(|pair| pair[1].quantity <= pair[0].quantity));
        }

        #[test]
        fn more_stock_never_offers_less(more in 0u32..1000, less in 0u32..1000, buffer in 0u32..50, percentage in 1u8..=100) {
            let policy = Policy { buffer, percentage, ..Policy::default() };
            prop_assert!(policy.apply(more.max(less)) >= policy.apply(more.min(less)));
        }
    }

    #[test]
    fn the_steps_apply_in_order() {
        let policy = Policy {
            buffer: 2,
            percentage: 50,
            maximum: Some(3),
            low_stock_mark: 1,
        };
        assert_eq!(policy.steps(11).map(|step| step.quantity), [11, 9, 4, 3]);
        assert!(policy.is_urgent(1) && !policy.is_urgent(2));
    }
}
