//! Every key of every table, spelt here and nowhere else.
//!
//! Variable parts are percent-encoded, so that no id can forge a separator; moments are written with a fixed width, so
//! that they sort as text.

mod cancellations;
mod catalogue;
mod connected;
mod events;
mod new_offers;
mod orders;

pub(crate) use cancellations::*;
pub(crate) use catalogue::*;
pub(crate) use connected::*;
pub(crate) use events::*;
pub(crate) use new_offers::*;
pub(crate) use orders::*;

use super::{Cursor, Matching, OfferRun, Round};
use crate::domain::courier::{CourierCode, CourierServiceId, MappingOwner};
use crate::domain::ids::{ConnectionKey, SellerId, TenantId};
use crate::domain::marketplace::{Marketplace, Region};
use crate::domain::notice::Workflow;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// What stays readable in a key; `#` never does.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b' ');

pub(crate) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, ENCODED).to_string()
}

/// A moment as text that sorts: UTC, milliseconds, fixed width.
pub(crate) fn sortable(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    pub(crate) fn into_map(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".into(), AttributeValue::S(self.pk)),
            ("sk".into(), AttributeValue::S(self.sk)),
        ])
    }

    pub(crate) fn connection(connection: &ConnectionKey) -> Self {
        Self::new(
            tenant_pk(&connection.tenant),
            format!("{CONNECTION}{}", encoded(connection.id.as_str())),
        )
    }

    pub(crate) fn courier(tenant: &TenantId, courier: &CourierCode) -> Self {
        Self::new(
            tenant_pk(tenant),
            format!("{COURIER}{}", encoded(courier.as_str())),
        )
    }

    /// The carrier name of a courier service on a marketplace.
    pub(crate) fn carrier_name(
        tenant: &TenantId,
        marketplace: Marketplace,
        service: &CourierServiceId,
    ) -> Self {
        let service = encoded(&service.to_string());
        Self::new(
            tenant_pk(tenant),
            format!("{CARRIER_NAME}{}#{service}", marketplace.country()),
        )
    }

    /// All mappings of a tenant, of one connection if they are narrowed, or of the deployment.
    pub(crate) fn mapping_table(owner: &MappingOwner) -> Self {
        Self::new(mapping_pk(owner), MAPPING_TABLE)
    }

    pub(crate) fn credentials(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "CREDENTIALS")
    }

    pub(crate) fn marketplace(connection: &ConnectionKey, marketplace: Marketplace) -> Self {
        Self::new(
            connection_pk(connection),
            format!("{MARKETPLACE}{}", marketplace.country()),
        )
    }

    pub(crate) fn parked(connection: &ConnectionKey, marketplace_id: &str) -> Self {
        Self::new(
            connection_pk(connection),
            format!("{PARKED}{}", encoded(marketplace_id)),
        )
    }

    /// What should be an order and has no id to be kept by.
    pub(crate) fn nameless_order(connection: &ConnectionKey, digest: &str) -> Self {
        Self::new(
            connection_pk(connection),
            format!("{UNREADABLE}{}", encoded(digest)),
        )
    }

    /// What one run of a connection at a time works on.
    pub(crate) fn leased<T: LeasedState>(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), T::SORT_KEY)
    }

    pub(crate) fn back_fill(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "CURSOR#backfill")
    }

    pub(crate) fn order_overlap(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "OVERLAP#orders")
    }

    pub(crate) fn seller(region: Region, seller: &SellerId) -> Self {
        Self::new(
            format!("SELLER#{region}#{}", encoded(seller.as_str())),
            "SELLER",
        )
    }

    /// What a connection has arranged with Amazon for its notices.
    pub(crate) fn notices(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "NOTICES")
    }

    /// How many notices of orders came of late.
    pub(crate) fn heard(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "HEARD")
    }

    /// Where Amazon sends the notices of an app in a region.
    pub(crate) fn destination(region: Region, client_id: &str, workflow: Workflow) -> Self {
        let sk = match workflow {
            Workflow::Queue => "DESTINATION",
            Workflow::EventBridge => "EVENT_SOURCE",
        };
        Self::new(format!("DESTINATION#{region}#{}", encoded(client_id)), sk)
    }

    /// Whose a subscription of Amazon's is.
    pub(crate) fn subscription(subscription: &str) -> Self {
        Self::new(
            format!("SUBSCRIPTION#{}", encoded(subscription)),
            "SUBSCRIPTION",
        )
    }

    /// The state of a connection's current authorisation attempt.
    pub(crate) fn attempt(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "ATTEMPT")
    }

    /// What a connection was asked for with.
    pub(crate) fn request(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "REQUEST")
    }

    /// `digest`: of the state, so that a reader of the table cannot use it.
    pub(crate) fn oauth_state(digest: &str) -> Self {
        Self::new(format!("OAUTH_STATE#{digest}"), "OAUTH_STATE")
    }

    pub(crate) fn limit(region: Region, seller: &SellerId, operation: &str) -> Self {
        Self::new(
            format!("LIMIT#{region}#{}", encoded(seller.as_str())),
            operation,
        )
    }

    /// How fast a tenant calls.
    pub(crate) fn tenant_limit(tenant: &TenantId) -> Self {
        Self::new(
            format!("LIMIT#TENANT#{}", encoded(tenant.as_str())),
            "requests",
        )
    }

    /// A connection's stock settings.
    pub(crate) fn stock_plan(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), STOCK)
    }

    /// The drafted selling rules of a connection.
    pub(crate) fn rules_draft(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), RULES)
    }

    /// Selling rules as they were published; `revision`: of the draft that they were.
    pub(crate) fn published_rules(connection: &ConnectionKey, revision: u64) -> Self {
        Self::new(connection_pk(connection), format!("{RULES}#{revision}"))
    }

    /// A tenant's exchange rates.
    pub(crate) fn exchange_rates(tenant: &TenantId) -> Self {
        Self::new(tenant_pk(tenant), "EXCHANGE_RATES")
    }

    pub(crate) fn urgent_lease(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "STOCK_URGENT")
    }

    /// A person said that what Amazon's reports lack is gone.
    pub(crate) fn report_release(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "MATCH_RELEASE")
    }

    /// When a tenant's last stock level came.
    pub(crate) fn stock_seen(tenant: &TenantId) -> Self {
        Self::new(tenant_pk(tenant), "STOCK_SEEN")
    }

    /// How far a tenant's orders were looked at for those at risk.
    pub(crate) fn risk_clock(tenant: &TenantId) -> Self {
        Self::new(tenant_pk(tenant), "RISK_CLOCK")
    }

    /// What a tenant's digests of postcodes are made with, sealed.
    pub(crate) fn postcode_key(tenant: &TenantId) -> Self {
        Self::new(tenant_pk(tenant), "POSTCODE_KEY")
    }

    /// The brake of the whole deployment.
    pub(crate) fn deployment_freeze() -> Self {
        Self::new(DEPLOYMENT.to_owned(), "FREEZE")
    }
}

pub(crate) const CARRIER_NAME: &str = "CARRIER_NAME#";
/// The partition of what holds for the whole deployment.
const DEPLOYMENT: &str = "DEPLOYMENT";
pub(crate) const CONNECTION: &str = "CONNECTION#";
pub(crate) const COURIER: &str = "COURIER#";
/// Sorts before what begins with [`MAPPING`].
pub(crate) const MAPPING_TABLE: &str = "MAPPING";
/// A mapping in an item of its own, as an earlier release wrote them.
pub(crate) const MAPPING: &str = "MAPPING#";
pub(crate) const MARKETPLACE: &str = "MARKETPLACE#";
pub(crate) const PARKED: &str = "PARKED#";
pub(crate) const UNREADABLE: &str = "UNREADABLE#";

const RULES: &str = "SELLING_RULES";
pub(crate) const STOCK: &str = "STOCK";
pub(crate) const STOCK_ROUND: &str = "STOCK_ROUND";
pub(crate) const MATCH: &str = "MATCH";

/// The tenant and the connection that the partition of a connection's items names.
pub(crate) fn connection_of(pk: &str) -> Option<ConnectionKey> {
    let (tenant, connection) = pk.strip_prefix(CONNECTION)?.split_once('#')?;
    Some(ConnectionKey {
        tenant: decoded(tenant)?.parse().ok()?,
        id: decoded(connection)?.parse().ok()?,
    })
}

/// All that follows `prefix` sorts before this.
pub(crate) fn end_of(prefix: &str) -> String {
    format!("{}$", prefix.trim_end_matches('#'))
}

/// A state that is worked on under a lease.
pub trait LeasedState: Serialize + DeserializeOwned {
    const SORT_KEY: &'static str;
}

impl LeasedState for Cursor {
    const SORT_KEY: &'static str = "CURSOR#orders";
}

impl LeasedState for Round {
    const SORT_KEY: &'static str = STOCK_ROUND;
}

impl LeasedState for Matching {
    const SORT_KEY: &'static str = MATCH;
}

impl LeasedState for OfferRun {
    const SORT_KEY: &'static str = "OFFERS";
}

pub(super) fn mapping_pk(owner: &MappingOwner) -> String {
    match owner {
        MappingOwner::Deployment => DEPLOYMENT.to_owned(),
        MappingOwner::Tenant(tenant) => tenant_pk(tenant),
        MappingOwner::Connection(connection) => connection_pk(connection),
    }
}

pub(crate) fn tenant_pk(tenant: &TenantId) -> String {
    format!("TENANT#{}", encoded(tenant.as_str()))
}

/// Holds the tenant too: asked for with another tenant's id, a connection's items do not exist.
pub(crate) fn connection_pk(connection: &ConnectionKey) -> String {
    format!(
        "CONNECTION#{}#{}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

fn decoded(part: &str) -> Option<String> {
    percent_encoding::percent_decode_str(part)
        .decode_utf8()
        .ok()
        .map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_two_connections_share_a_partition(a in "[^\\p{C}]{1,20}", b in "[^\\p{C}]{1,20}", c in "[^\\p{C}]{1,20}", d in "[^\\p{C}]{1,20}") {
            let ids = |t: &str, c: &str| Some(ConnectionKey { tenant: t.parse().ok()?, id: c.parse().ok()? });
            if let (Some(one), Some(two)) = (ids(&a, &b), ids(&c, &d)) {
                prop_assert_eq!(connection_pk(&one) == connection_pk(&two), one == two);
            }
        }
    }
}
