//! Units of fetched orders that the platform's stock levels do not reflect yet, and what those orders took off
//! Amazon's own number.

use super::Measured;
use crate::domain::ids::{AmazonSku, ConnectionId, OrderId, WarehouseCode};
use crate::domain::listing::Listing;
use crate::domain::stock_settings::LevelsKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Units that left the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    pub at: Timestamp,
    /// Of the reserved SKU.
    pub units: u32,
}

/// An order line's hold on a SKU. A bundle's line holds each part; it is also stored in the bundle's own partition, where
/// it holds nothing and only says what was sold of the listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub connection: ConnectionId,
    pub order: OrderId,
    /// Amazon's id of the order line.
    pub line: String,
    pub amazon_sku: AmazonSku,
    /// Units of this SKU that the order asks for now; 0 once it is cancelled.
    pub units: u32,
    /// What the order took off the listing's number, if this is the listing's own product.
    pub sale: Option<Sale>,
    /// When the platform took the order over. A shipped order was taken over, even if nobody said so.
    pub acknowledged_at: Option<Timestamp>,
    pub dispatched: Vec<Dispatch>,
    /// The order belongs to whoever handled it before the take-over moment: levels that are `available` know it already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_elsewhere: bool,
    /// The warehouse that gives the units, if the platform named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<WarehouseCode>,
    /// The order's revision that this describes; a lower one never replaces it.
    pub revision: u64,
}

/// Units of a listing that an order took off Amazon's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Amazon's clock.
    pub ordered_at: Timestamp,
    /// Units of the listing that the order asks for now.
    pub units: u32,
    /// The most it ever asked for: what was cancelled Amazon may or may not have given back.
    pub most: u32,
    /// When Amazon last reported fewer units (its `lastUpdatedTime` then); absent while there are as many as ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced_at: Option<Timestamp>,
}

impl Sale {
    /// Whether it is wholly before `moment`: neither the order nor a cancellation can have changed Amazon's number
    /// since.
    pub fn is_before(&self, moment: Timestamp) -> bool {
        self.ordered_at < moment && self.reduced_at.is_none_or(|reduced| reduced < moment)
    }
}

impl Reservation {
    /// Whether it is of an order for this listing.
    pub fn is_of(&self, listing: &Listing) -> bool {
        self.connection == listing.connection && self.amazon_sku == listing.amazon_sku
    }

    /// Units of the SKU that stay reserved, given when its levels were measured.
    pub fn held(&self, levels: LevelsKind, measured: Measured<'_>) -> u32 {
        self.held_if(levels, |at| {
            measured.is_settled(at, self.warehouse.as_ref())
        })
    }

    /// Units that are no longer reserved although no count reflects them: they were given up.
    pub fn given_up(&self, levels: LevelsKind, measured: Measured<'_>) -> u32 {
        let waiting = self.held_if(levels, |at| measured.reflects(at, self.warehouse.as_ref()));
        waiting - self.held(levels, measured)
    }

    /// `settled`: whether units that were taken at a moment are no longer to be taken off the levels.
    fn held_if(&self, levels: LevelsKind, settled: impl Fn(Timestamp) -> bool) -> u32 {
        if levels == LevelsKind::Available && self.is_elsewhere {
            return 0;
        }
        if levels == LevelsKind::Available && self.acknowledged_at.is_some_and(&settled) {
            return 0;
        }
        let left: u32 = self
            .dispatched
            .iter()
            .filter(|dispatch| settled(dispatch.at))
            .map(|dispatch| dispatch.units)
            .fold(0, u32::saturating_add);
        self.units.saturating_sub(left)
    }

    /// Whether no later level can find it reserved, whichever way the platform counts.
    pub fn is_over(&self, measured: Measured<'_>) -> bool {
        self.units == 0 || self.held(LevelsKind::OnHand, measured) == 0
    }

    /// Whether all of it left the warehouse before `moment`.
    pub fn left_before(&self, moment: Timestamp) -> bool {
        self.units == 0 || self.held_if(LevelsKind::OnHand, |at| at < moment) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stock::{Levels, StockLevel};
    use crate::domain::stock_settings::StockSettings;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reservation() -> Reservation {
        Reservation {
            connection: "c".parse().unwrap(),
            order: "o".parse().unwrap(),
            line: "1".into(),
            amazon_sku: "A".parse().unwrap(),
            units: 5,
            sale: None,
            acknowledged_at: None,
            dispatched: Vec::new(),
            is_elsewhere: false,
            warehouse: None,
            revision: 1,
        }
    }

    /// What is held once the only warehouse was measured at this second.
    fn held(reservation: &Reservation, kind: LevelsKind, measured: Option<i64>) -> u32 {
        let level = |second| StockLevel {
            quantity: 9,
            measured_at: at(second),
            received_at: at(second),
        };
        let lon = || "LON".parse().unwrap();
        let levels: Levels = measured
            .map(|second| (lon(), level(second)))
            .into_iter()
            .collect();
        let settings = StockSettings::default();
        reservation.held(kind, Measured::new(&levels, &settings))
    }

    #[test]
    fn the_first_level_measured_after_the_acknowledgement_drops_it() {
        let open = reservation();
        assert_eq!(held(&open, LevelsKind::Available, Some(100)), 5);
        let taken = Reservation {
            acknowledged_at: Some(at(50)),
            ..open
        };
        assert_eq!(held(&taken, LevelsKind::Available, None), 5);
        assert_eq!(held(&taken, LevelsKind::Available, Some(50)), 5);
        assert_eq!(held(&taken, LevelsKind::Available, Some(51)), 0);
        assert_eq!(held(&taken, LevelsKind::OnHand, Some(51)), 5);
    }

    #[test]
    fn an_order_that_is_elsewhere_is_reserved_only_where_it_still_lies() {
        let elsewhere = Reservation {
            is_elsewhere: true,
            ..reservation()
        };
        assert_eq!(held(&elsewhere, LevelsKind::Available, None), 0);
        assert_eq!(held(&elsewhere, LevelsKind::OnHand, Some(100)), 5);
        let shipped = Reservation {
            acknowledged_at: Some(at(20)),
            dispatched: vec![Dispatch {
                at: at(20),
                units: 5,
            }],
            ..elsewhere
        };
        assert_eq!(held(&shipped, LevelsKind::OnHand, Some(20)), 5);
        assert_eq!(held(&shipped, LevelsKind::OnHand, Some(21)), 0);
    }

    #[test]
    fn what_lies_there_is_reserved_until_a_level_after_its_dispatch_part_by_part() {
        let sent = Reservation {
            acknowledged_at: Some(at(10)),
            dispatched: vec![
                Dispatch {
                    at: at(20),
                    units: 2,
                },
                Dispatch {
                    at: at(30),
                    units: 3,
                },
            ],
            ..reservation()
        };
        assert_eq!(held(&sent, LevelsKind::OnHand, Some(15)), 5);
        assert_eq!(held(&sent, LevelsKind::OnHand, Some(25)), 3);
        assert_eq!(held(&sent, LevelsKind::OnHand, Some(31)), 0);
        assert!(sent.left_before(at(31)) && !sent.left_before(at(25)));
    }
}
