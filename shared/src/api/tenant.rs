//! What a handler may know of its caller: a tenant whose token holds the scope that the handler names, and a connection
//! of that tenant. A handler that takes one of these cannot forget to check it.

use super::{Answer, Caller, Problem, Scope};
use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionKey, TenantId};
use crate::store::Store;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// The scopes that a handler demands, as a type.
pub trait Demands: Send + Sync + 'static {
    /// The token must hold each.
    const SCOPES: &'static [Scope];
}

macro_rules! demands {
    ($($(#[$doc:meta])* $name:ident = [$($scope:ident),+];)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Demands for $name {
            const SCOPES: &'static [Scope] = &[$(Scope::$scope),+];
        }
    )+};
}

/// One type for each set of scopes that a route can demand.
pub mod scope {
    use super::{Demands, Scope};

    demands! {
        /// Connections, their settings, couriers and mappings.
        Connections = [Connections];
        /// Connections, and the buyers of their orders.
        ConnectionsAndBuyer = [Connections, Buyer];
        /// Products, stock levels and listings.
        Catalogue = [Catalogue];
        /// Orders.
        Desk = [Desk];
        /// Orders with their buyers.
        DeskAndBuyer = [Desk, Buyer];
        /// What concerns every tenant of the deployment.
        Operator = [Operator];
    }
}

/// A tenant whose token holds the scopes of `D`.
pub struct Tenant<D> {
    id: TenantId,
    demanded: PhantomData<D>,
}

impl<D> Deref for Tenant<D> {
    type Target = TenantId;

    fn deref(&self) -> &TenantId {
        &self.id
    }
}

impl<D> fmt::Display for Tenant<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

impl<S: Send + Sync, D: Demands> FromRequestParts<S> for Tenant<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        for scope in D::SCOPES {
            caller.require(*scope)?;
        }
        Ok(Self {
            id: caller.tenant,
            demanded: PhantomData,
        })
    }
}

/// A function whose handlers may ask for connections.
pub trait HasStore: Send + Sync {
    fn store(&self) -> &Store;
}

/// The connection that the path names, of a tenant whose token holds the scopes of `D`. Another tenant's does not exist.
pub struct TenantConnection<D> {
    connection: Connection,
    demanded: PhantomData<D>,
}

impl<D> TenantConnection<D> {
    pub fn into_inner(self) -> Connection {
        self.connection
    }
}

impl<D> Deref for TenantConnection<D> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl<A: HasStore, D: Demands> FromRequestParts<Arc<A>> for TenantConnection<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<A>) -> Answer<Self> {
        let tenant = Tenant::<D>::from_request_parts(parts, app).await?;
        let path = RawPathParams::from_request_parts(parts, app).await.ok();
        let id = path.as_ref().and_then(|path| {
            let mut parameters = path.iter();
            parameters.find_map(|(name, value)| (name == "connection").then_some(value))
        });
        Ok(Self {
            connection: find_connection(app.store(), &tenant, id.unwrap_or_default()).await?,
            demanded: PhantomData,
        })
    }
}

/// The tenant's connection with this id; another tenant's does not exist.
///
/// # Errors
/// 404 if there is none.
pub async fn find_connection(store: &Store, tenant: &TenantId, id: &str) -> Answer<Connection> {
    let missing = || Problem::not_found("connection");
    let key = ConnectionKey {
        tenant: tenant.clone(),
        id: id.parse().map_err(|_| missing())?,
    };
    store.connection(&key).await?.ok_or_else(missing)
}
