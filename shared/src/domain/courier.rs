//! Couriers, what their services can do, which of them carries which shipping term, and the choice for one order.
//!
//! Pure: it never reads a table, never books anything, and keeps no buyer data.

mod address;
mod carrier_name;
mod choose;
mod code;
mod mapping;
mod mapping_table;
#[cfg(test)]
mod properties;
mod reason;
mod requirements;
mod territory;
#[cfg(test)]
mod tests;

pub use address::{ADDRESS_ROLE, Address, AddressKind, AddressPart};
pub use carrier_name::{
    CarrierName, CountedByAmazon, InvalidCarrierName, NamedService, OTHER, carrier_text,
    judges_by_pair,
};
pub use choose::{Choice, Refusal, Rule, choose, fitness, fitness_by_hand, mapped};
pub use code::{CourierCode, CourierServiceId, InvalidCourierService, ServiceCode};
pub use mapping::{Mapping, MappingOwner, Mappings, Scope};
pub use mapping_table::{
    Carried, MOST_MAPPINGS, MappingRow, MappingTable, Merged, OldRate, RowVerdict,
};
pub use reason::{Reason, Strategy};
pub use requirements::{AmazonShips, Constraint, LabelSource, Requirements};
pub use territory::Territory;

use crate::domain::marketplace::Marketplace;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who carries, with the services they offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Courier {
    pub code: CourierCode,
    /// For people; the code is what mappings name.
    pub name: String,
    #[serde(default)]
    pub services: Vec<CourierService>,
}

/// One service of a courier and what it can do.
///
/// What is not said is taken as "cannot" if a parcel would come back (Prime, lockers, PO boxes, military post,
/// territories, constraints), and as "can" for zones, since a service without rate cards says nothing of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CourierService {
    pub code: ServiceCode,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Whether it may carry Prime orders.
    #[serde(default)]
    pub prime: bool,
    /// Whether it delivers to lockers and counters.
    #[serde(default)]
    pub pickup_points: bool,
    /// Whether it delivers to PO boxes.
    #[serde(default)]
    pub po_boxes: bool,
    /// Whether it delivers by military post: BFPO, APO, FPO, DPO.
    #[serde(default)]
    pub military: bool,
    /// The territories that it carries to beside its countries' mainlands.
    #[serde(default)]
    pub territories: BTreeSet<Territory>,
    /// What it can fulfil at the door.
    #[serde(default)]
    pub constraints: BTreeSet<Constraint>,
    /// The zones it reaches; `None` if nobody has said, which counts as all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<BTreeSet<ServedZone>>,
}

/// A zone of a marketplace that a service reaches.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct ServedZone {
    pub marketplace: Marketplace,
    pub number: u16,
}

impl CourierService {
    /// A service of which no more than its code and name is known.
    pub fn new(code: ServiceCode, name: impl Into<String>) -> Self {
        Self {
            code,
            name: name.into(),
            prime: false,
            pickup_points: false,
            po_boxes: false,
            military: false,
            territories: BTreeSet::new(),
            constraints: BTreeSet::new(),
            zones: None,
        }
    }

    /// Whether it reaches a zone, as far as anyone has said.
    pub fn reaches(&self, marketplace: Marketplace, number: u16) -> bool {
        self.zones.as_ref().is_none_or(|zones| {
            zones.contains(&ServedZone {
                marketplace,
                number,
            })
        })
    }
}

/// The couriers an order may go with: a tenant's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Couriers(BTreeMap<CourierServiceId, CourierService>);

impl Couriers {
    /// Collects the services of `couriers`; of two with the same code the later one counts.
    pub fn new(couriers: impl IntoIterator<Item = Courier>) -> Self {
        let services = couriers
            .into_iter()
            .flat_map(|Courier { code, services, .. }| {
                services.into_iter().map(move |service| {
                    (
                        CourierServiceId::new(code.clone(), service.code.clone()),
                        service,
                    )
                })
            });
        Self(services.collect())
    }

    /// The service with this id.
    pub fn service(&self, id: &CourierServiceId) -> Option<&CourierService> {
        self.0.get(id)
    }

    /// All services in the order of their ids.
    pub fn services(&self) -> impl Iterator<Item = (&CourierServiceId, &CourierService)> {
        self.0.iter()
    }
}

/// Which couriers are switched off for a connection's marketplace; every courier is on until it is switched off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Switches {
    off: BTreeSet<CourierCode>,
}

impl Switches {
    /// Whether the courier may be used.
    pub fn is_on(&self, courier: &CourierCode) -> bool {
        !self.off.contains(courier)
    }

    /// Switches a courier on or off; says whether that changed anything.
    pub fn switch(&mut self, courier: CourierCode, on: bool) -> bool {
        if on {
            self.off.remove(&courier)
        } else {
            self.off.insert(courier)
        }
    }

    /// The couriers that are switched off.
    pub fn off(&self) -> impl Iterator<Item = &CourierCode> {
        self.off.iter()
    }
}

impl FromIterator<CourierCode> for Switches {
    /// From the couriers that are switched off.
    fn from_iter<I: IntoIterator<Item = CourierCode>>(off: I) -> Self {
        Self {
            off: off.into_iter().collect(),
        }
    }
}
