//! The tenant's word on which courier service carries which shipping term.

use super::CourierServiceId;
use crate::domain::ids::{ConnectionKey, TenantId};
use crate::domain::shipping_term::ShippingTerm;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A shipping term and the service that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub term: ShippingTerm,
    pub service: CourierServiceId,
    /// Whether Prime orders may fall back to this mapping although its term has no `-PRIME`.
    #[serde(default)]
    pub carries_prime: bool,
    /// For whom it was put.
    pub scope: Scope,
}

/// For whom a mapping was put, from the widest to the narrowest.
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
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = MappingScope)]
pub enum Scope {
    /// A default of the whole deployment.
    Deployment,
    /// All connections of the tenant.
    Tenant,
    /// One connection.
    Connection,
}

/// Whose mapping it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingOwner {
    /// The operator, as a default for every tenant.
    Deployment,
    /// All connections of the tenant share it.
    Tenant(TenantId),
    /// It is narrowed to one connection.
    Connection(ConnectionKey),
}

impl MappingOwner {
    pub fn scope(&self) -> Scope {
        match self {
            Self::Deployment => Scope::Deployment,
            Self::Tenant(_) => Scope::Tenant,
            Self::Connection(_) => Scope::Connection,
        }
    }

    /// The connection that it is narrowed to.
    pub fn connection(&self) -> Option<&ConnectionKey> {
        match self {
            Self::Deployment | Self::Tenant(_) => None,
            Self::Connection(connection) => Some(connection),
        }
    }
}

impl Scope {
    /// The order of the search: the narrower wins.
    pub const NARROWEST_FIRST: [Self; 3] = [Self::Connection, Self::Tenant, Self::Deployment];
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deployment => "deployment",
            Self::Tenant => "tenant",
            Self::Connection => "connection",
        })
    }
}

/// The mappings that hold for one connection: its own, its tenant's and the deployment's, and no other connection's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mappings(BTreeMap<(Scope, ShippingTerm), Mapping>);

impl Mappings {
    /// The mapping that was put for exactly this scope and term.
    pub fn get(&self, scope: Scope, term: &ShippingTerm) -> Option<&Mapping> {
        self.0.get(&(scope, term.clone()))
    }

    /// The same with other mappings of one scope.
    #[must_use]
    pub fn with(&self, scope: Scope, others: impl IntoIterator<Item = Mapping>) -> Self {
        let kept = self.0.values().filter(|it| it.scope != scope).cloned();
        kept.chain(others).collect()
    }

    /// All mappings, widest scope first.
    pub fn iter(&self) -> impl Iterator<Item = &Mapping> {
        self.0.values()
    }
}

impl FromIterator<Mapping> for Mappings {
    /// Of two for the same scope and term the later one counts.
    fn from_iter<I: IntoIterator<Item = Mapping>>(mappings: I) -> Self {
        Self(
            mappings
                .into_iter()
                .map(|mapping| ((mapping.scope, mapping.term.clone()), mapping))
                .collect(),
        )
    }
}
