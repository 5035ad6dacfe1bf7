//! A connection: one Amazon seller account in one region, and its status.

use super::courier::{Strategy, Switches};
use super::dispatch::ConfirmAt;
use super::ids::{ConnectionId, ConnectionKey, SellerId, TenantId};
use super::marketplace::{Marketplace, Region};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ConnectionStatus {
    /// Made, but no seller has authorised us yet.
    AwaitingAuthorisation,
    /// Authorised, not switched on: nothing is fetched or sent.
    Inactive,
    Active,
    /// Nothing is sent, orders still come.
    Paused,
    /// Amazon refuses our token; the seller must authorise again.
    NeedsReauthorisation,
    /// Given up for good; tokens, states and schedules are erased.
    Disconnected,
}

impl ConnectionStatus {
    /// Whether orders are fetched.
    pub fn fetches_orders(self) -> bool {
        matches!(self, Self::Active | Self::Paused)
    }

    /// Whether Amazon accepts the seller's authorisation, as far as is known: it may be asked in the seller's name.
    pub fn is_authorised(self) -> bool {
        matches!(self, Self::Inactive | Self::Active | Self::Paused)
    }

    /// Whether it is computed what listings are to have. It is computed also while nothing may be sent, so that what is
    /// to be sent is ready once it may.
    pub fn computes_stock(self) -> bool {
        matches!(
            self,
            Self::Active | Self::Paused | Self::NeedsReauthorisation
        )
    }

    /// Whether anything is sent to Amazon: stock, prices, confirmations and cancellations.
    pub fn sends(self) -> bool {
        self == Self::Active
    }

    /// The spelling used in tables and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A marketplace of the seller's region, as Amazon's Sellers API reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Participation {
    pub marketplace: Marketplace,
    pub participating: bool,
    pub suspended_listings: bool,
}

/// One Amazon seller account in one region, authorised once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub tenant: TenantId,
    pub id: ConnectionId,
    pub name: String,
    /// The marketplace whose Seller Central the seller signs in to.
    pub marketplace: Marketplace,
    pub status: ConnectionStatus,
    /// The status to return to once the seller has authorised again.
    pub resume: Option<ConnectionStatus>,
    pub seller: Option<SellerId>,
    pub participations: Vec<Participation>,
    pub created_at: Timestamp,
    /// The moment of the last authorisation, which lasts 365 days.
    pub authorised_at: Option<Timestamp>,
    /// Whether the token comes from the seller's own private app, with credentials of its own.
    pub own_app: bool,
    /// The take-over moment: orders bought before it belong to whoever handled them. Not set, all orders are only watched.
    #[serde(default)]
    pub orders_from: Option<Timestamp>,
    /// When dispatches are confirmed to Amazon; absent in what older releases wrote.
    #[serde(default, skip_serializing_if = "ConfirmAt::is_handover")]
    pub confirm_at: ConfirmAt,
    /// Rises by one with every write.
    pub revision: u64,
}

impl Connection {
    pub fn key(&self) -> ConnectionKey {
        ConnectionKey::new(&self.tenant, &self.id)
    }

    pub fn region(&self) -> Region {
        self.marketplace.region()
    }

    /// The marketplaces of its region that the seller takes part in, switched on or not.
    pub fn taken_part_in(&self) -> impl Iterator<Item = Marketplace> {
        let participations = self.participations.iter();
        participations
            .filter(|it| it.participating && it.marketplace.region() == self.region())
            .map(|it| it.marketplace)
    }
}

/// What a connection's functions need to talk to Amazon in the seller's name.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub refresh_token: SecretString,
    /// The seller's own private app; `None` = the deployment's app.
    pub own_app: Option<AppCredentials>,
}

/// An application registered with Login with Amazon.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    pub client_id: String,
    pub client_secret: SecretString,
}

/// What decides the prices on a marketplace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceMode {
    /// Prices are never touched.
    #[default]
    Leave,
    /// The product's recommended retail price in the marketplace's currency; if it has none, no price is sent.
    Rrp,
    /// What the marketplace's price rules make of the product's cost or recommended price.
    Rules,
}

/// How a marketplace of a connection is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketplaceSettings {
    pub marketplace: Marketplace,
    /// Off until switched on.
    pub active: bool,
    pub strategy: Strategy,
    /// Whether orders that Amazon fulfils are kept too (read only).
    pub fba_orders: bool,
    /// What decides the prices here as long as no selling rules do, see [`SellingRules::price_mode`]; absent in what older
    /// releases wrote.
    ///
    /// [`SellingRules::price_mode`]: super::selling_rules::SellingRules::price_mode
    #[serde(default)]
    pub price_mode: PriceMode,
    /// Couriers that are switched off here; every other is on.
    pub couriers: Switches,
}

impl MarketplaceSettings {
    pub fn new(marketplace: Marketplace) -> Self {
        Self {
            marketplace,
            active: false,
            strategy: Strategy::Review,
            fba_orders: false,
            price_mode: PriceMode::Leave,
            couriers: Switches::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectionStatus::{
        Active, AwaitingAuthorisation, Disconnected, Inactive, NeedsReauthorisation, Paused,
    };

    #[test]
    fn what_each_status_lets_happen() {
        let rows = [
            // authorised, fetches orders, computes stock, sends
            (AwaitingAuthorisation, [false, false, false, false]),
            (Inactive, [true, false, false, false]),
            (Active, [true, true, true, true]),
            (Paused, [true, true, true, false]),
            (NeedsReauthorisation, [false, false, true, false]),
            (Disconnected, [false, false, false, false]),
        ];
        for (status, expected) in rows {
            let found = [
                status.is_authorised(),
                status.fetches_orders(),
                status.computes_stock(),
                status.sends(),
            ];
            assert_eq!(found, expected, "{status:?}");
        }
    }
}
