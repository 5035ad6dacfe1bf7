//! Orders that may come too late, and when Amazon cancels one by itself.
//!
//! Amazon cancels an order whose dispatch is not confirmed seven days after its ship-by moment, and does not charge the buyer,
//! also if the parcel is on its way. That is Amazon's rule in the UK; elsewhere its page *Confirm shipment* says seven business days.
//! The earlier of both is taken for all.

use super::{AmazonStatus, OrderStatus};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const AUTO_CANCEL_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long before that an order is at risk of it.
const AUTO_CANCEL_NEAR: SignedDuration = SignedDuration::from_hours(2 * 24);

/// What an order is at risk of.
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
#[schema(as = OrderRisk)]
pub enum Risk {
    /// Its ship-by moment is near or over, and it is not dispatched.
    ShipBy,
    /// In two days at most Amazon cancels it by itself, since no dispatch of it is confirmed.
    AutoCancel,
}

impl Risk {
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// How long before its ship-by moment an order runs this risk; negative: after it.
    pub fn before_ship_by(self, at_risk_before: SignedDuration) -> SignedDuration {
        match self {
            Self::ShipBy => at_risk_before,
            Self::AutoCancel => AUTO_CANCEL_NEAR - AUTO_CANCEL_AFTER,
        }
    }

    /// The statuses of orders that run it.
    pub fn statuses(self) -> Vec<OrderStatus> {
        let mut statuses = OrderStatus::TO_SHIP.to_vec();
        if self == Self::AutoCancel {
            statuses.push(OrderStatus::Dispatched);
        }
        statuses
    }

    /// What an order that is still to be shipped is at risk of at a moment, if of anything.
    pub fn at(now: Timestamp, ship_by: Timestamp, at_risk_before: SignedDuration) -> Option<Self> {
        let runs = |risk: &&Self| {
            let left = ship_by.duration_since(now);
            left <= risk.before_ship_by(at_risk_before)
        };
        Self::ALL.iter().rev().find(runs).copied()
    }
}

/// That an order came at risk, once for each ship-by moment that it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskMark {
    pub risk: Risk,
    pub ship_by: Timestamp,
}

/// When Amazon cancels an order by itself, if no dispatch of it is confirmed by then; `None` if there is nothing to confirm.
pub fn auto_cancel_at(
    status: OrderStatus,
    amazon_status: Option<&AmazonStatus>,
    ship_by: Option<Timestamp>,
) -> Option<Timestamp> {
    let awaited = match status {
        OrderStatus::Dispatched => matches!(
            amazon_status,
            Some(AmazonStatus::Unshipped | AmazonStatus::PartiallyShipped)
        ),
        _ => OrderStatus::TO_SHIP.contains(&status),
    };
    ship_by.filter(|_| awaited).map(|at| {
        at.saturating_add(AUTO_CANCEL_AFTER)
            .unwrap_or(Timestamp::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 3_600 * hour).unwrap()
    }

    #[test]
    fn an_order_runs_the_risk_of_the_deadline_that_is_nearest() {
        let twelve = SignedDuration::from_hours(12);
        for (hour, expected) in [
            (-13, None),
            (-12, Some(Risk::ShipBy)),
            (0, Some(Risk::ShipBy)),
            (5 * 24 - 1, Some(Risk::ShipBy)),
            (5 * 24, Some(Risk::AutoCancel)),
            (30 * 24, Some(Risk::AutoCancel)),
        ] {
            assert_eq!(Risk::at(at(hour), at(0), twelve), expected, "{hour}");
        }
    }

    #[test]
    fn amazon_cancels_what_is_not_confirmed_and_nothing_else() {
        let of = |status, amazon: &str| {
            let amazon = AmazonStatus::from(amazon.to_owned());
            auto_cancel_at(status, Some(&amazon), Some(at(0)))
        };
        let after_a_week = Some(at(7 * 24));
        assert_eq!(of(OrderStatus::Ready, "UNSHIPPED"), after_a_week);
        assert_eq!(
            of(OrderStatus::Dispatched, "UNSHIPPED"),
            after_a_week,
            "not confirmed yet"
        );
        assert_eq!(of(OrderStatus::Dispatched, "SHIPPED"), None);
        assert_eq!(of(OrderStatus::Cancelled, "CANCELLED"), None);
        assert_eq!(of(OrderStatus::AwaitingPayment, "PENDING"), None);
        assert_eq!(auto_cancel_at(OrderStatus::Ready, None, None), None);
    }
}
