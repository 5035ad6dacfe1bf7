//! The moment a seller's authorisation becomes a connection's: its token is tried, the marketplaces are read, and
//! then seller, token and status are written together or not at all.

use crate::App;
use crate::connections::status::authorised;
use jiff::Timestamp;
use stallkeeper::api::{Answer, Problem, changed_meanwhile};
use stallkeeper::domain::connection::{Connection, Credentials, Participation};
use stallkeeper::domain::ids::{SellerId, TenantId};
use stallkeeper::domain::marketplace::{Marketplace, Region};
use stallkeeper::error::{Class, Error};
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{self, Account, LoginCheck, Operation, SpApi};
use stallkeeper::store::{Attached, SealedCredentials};
use tracing::info;

/// A seller's authorisation that no connection has yet.
pub(crate) struct Grant {
    pub(crate) seller: SellerId,
    pub(crate) credentials: Credentials,
    pub(crate) sealed: SealedCredentials,
    pub(crate) at: Timestamp,
}

impl App {
    /// Makes a pasted token a grant, if Amazon takes it.
    pub(crate) async fn granted_by_token(
        &self,
        connection: &Connection,
        seller: SellerId,
        credentials: Credentials,
    ) -> Answer<Grant> {
        let login = self
            .vault
            .login_with(connection.region(), seller.clone(), credentials.clone())
            .await?;
        match self.amazon.check_login(&login.account()).await? {
            LoginCheck::Works => {}
            LoginCheck::TokenRefused => return Err(token_refused()),
            LoginCheck::AppRefused if credentials.own_app.is_some() => return Err(app_refused()),
            LoginCheck::AppRefused => {
                let error = "Amazon refuses the deployment's client id or client secret";
                return Err(Error::permanent("check a pasted token", error).into());
            }
        }
        let sealed = self.vault.seal(&connection.key(), &credentials).await?;
        Ok(Grant {
            seller,
            credentials,
            sealed,
            at: Timestamp::now(),
        })
    }

    /// Attaches a grant to a connection, which goes on where it stopped. Doing it again does no harm.
    pub(crate) async fn attach(&self, connection: &Connection, grant: Grant) -> Answer<Connection> {
        let status = authorised(connection)?;
        refuse_other_seller(connection, &grant.seller)?;
        // Before any call that counts on the seller's limits: who does not have the seller must not use them up.
        let (region, key) = (connection.region(), connection.key());
        let holder = self.store.seller_holder(region, &grant.seller).await?;
        if holder.is_some_and(|holder| holder != key) {
            return Err(self
                .seller_taken(&connection.tenant, region, &grant.seller)
                .await);
        }
        let own_app = grant.credentials.own_app.is_some();
        let login = self
            .vault
            .login_with(connection.region(), grant.seller.clone(), grant.credentials)
            .await?;
        let session = SellerSession::with_login(&self.store, &self.amazon, login);
        let participations = self.participations(region, &session).await?;
        self.prove_seller(connection.marketplace, &session).await?;
        let attached = Connection {
            status,
            resume: None,
            seller: Some(grant.seller.clone()),
            participations,
            authorised_at: Some(grant.at),
            own_app,
            revision: connection.revision + 1,
            ..connection.clone()
        };
        let outcome = self
            .store
            .attach_seller(&attached, &grant.seller, &grant.sealed)
            .await?;
        match outcome {
            Attached::Done => {}
            Attached::SellerTaken => {
                return Err(self
                    .seller_taken(&connection.tenant, connection.region(), &grant.seller)
                    .await);
            }
            Attached::Conflict => return Err(changed_meanwhile()),
        }
        self.store.ask_for_refused_again(&attached.key()).await?;
        info!(connection.id = %attached.id, connection.status = attached.status.as_str(), "connection `{}` is authorised", attached.id);
        if attached.status.fetches_orders() {
            self.follow(&attached).await?;
        }
        self.begin_notices(&attached).await;
        Ok(attached)
    }

    /// The marketplaces that the seller takes part in, within Amazon's limit.
    pub(crate) async fn participations(
        &self,
        region: Region,
        session: &SellerSession<'_>,
    ) -> Answer<Vec<Participation>> {
        let read =
            async |amazon: &SpApi, account: Account<'_>| amazon.participations(&account).await;
        let operation = Operation::GetMarketplaceParticipations;
        let outcome = session.call(operation, Waiting::No, read).await;
        match outcome.and_then(CallOutcome::or_throttled) {
            Ok(answer) => Ok(answer.value),
            Err(error) => Err(stores_unread(error, region)),
        }
    }

    /// Proves by a call in the seller's name that the authorisation is this seller's: a callback's address and a pasted id
    /// can be edited. Amazon answers for a SKU that nobody has with 404 if the seller is the token's, else it refuses.
    async fn prove_seller(
        &self,
        marketplace: Marketplace,
        session: &SellerSession<'_>,
    ) -> Answer<()> {
        let seller = session.seller().await?;
        let get = async |amazon: &SpApi, account: Account<'_>| {
            let (sku, marketplaces) = (NOBODYS_SKU, [marketplace]);
            let get = amazon.get_listings_item(&account, seller, sku, &marketplaces, &[]);
            get.await
        };
        let operation = Operation::GetListingsItem;
        let outcome = session.call(operation, Waiting::No, get).await;
        match outcome.and_then(CallOutcome::or_throttled) {
            Ok(_) => Ok(()),
            Err(error)
                if sp_api::refusal(&error).is_some_and(|it| matches!(it.status, 400 | 403)) =>
            {
                Err(seller_unproven(seller))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn seller_taken(&self, tenant: &TenantId, region: Region, seller: &SellerId) -> Problem {
        let holder = self.store.seller_holder(region, seller).await;
        let detail = match holder {
            Ok(Some(holder)) if holder.tenant == *tenant => {
                format!("Connection {holder} of yours has it: use that one, or disconnect it first.")
            }
            // The answer must not say whose it is.
            _ => "A seller account can be connected once in a region. If it is yours, have the other connection disconnected first.".to_owned(),
        };
        Problem::conflict(
            "seller-taken",
            format!("This seller account is connected already in region {region}."),
            detail,
        )
    }
}

/// Asked for to see whether Amazon lets the authorisation ask at all.
const NOBODYS_SKU: &str = "stallkeeper-asks-whose-token-this-is";

fn seller_unproven(seller: &SellerId) -> Problem {
    Problem::unprocessable(
        "seller-not-proven",
        format!("Amazon does not let this authorisation read the listings of seller {seller}."),
        "Either it is another seller's: check the merchant token in Seller Central under Settings, Account Info. Or the app lacks the role Product Listing: add it and authorise again.",
    )
}

/// A connection keeps its seller for life: its orders are that seller's.
pub(crate) fn refuse_other_seller(connection: &Connection, seller: &SellerId) -> Answer<()> {
    match &connection.seller {
        Some(held) if held != seller => Err(Problem::conflict(
            "other-seller",
            "Another seller authorised than the one this connection belongs to.",
            format!(
                "Sign in to Seller Central as seller {held} and authorise again, or make a new connection for the other seller."
            ),
        )),
        _ => Ok(()),
    }
}

fn token_refused() -> Problem {
    Problem::unprocessable(
        "token-refused",
        "Amazon does not accept this refresh token.",
        "It was revoked, has expired, was copied incompletely, or belongs to another app: then send that app's `client_id` and `client_secret` with it.",
    )
    .at(
        "/authorisation/refresh_token",
        "take a new one from Seller Central",
    )
}

fn app_refused() -> Problem {
    Problem::unprocessable(
        "app-refused",
        "Amazon does not accept the app's client id and client secret.",
        "Copy both again from the Developer page of Seller Central; a client secret is good for 180 days.",
    )
    .at("/authorisation/client_id", "unknown to Amazon, or not with this secret")
    .at("/authorisation/client_secret", "wrong, or renewed since")
}

fn stores_unread(error: Error, region: Region) -> Problem {
    let refused = sp_api::refusal(&error).is_some_and(|refusal| refusal.status == 403);
    if error.class() == Class::AuthRevoked {
        return Problem::unprocessable(
            "authorisation-refused",
            "Amazon does not accept this authorisation any more.",
            "The seller must authorise again: POST /connections/{connection}/reauthorise.",
        );
    }
    if refused {
        return Problem::unprocessable(
            "amazon-refuses",
            format!(
                "Amazon does not let this authorisation read the seller's marketplaces in region {region}."
            ),
            "Either the seller sells in another region: then make a connection for one of its marketplaces; or the app lacks a role: then add it and authorise again.",
        );
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::domain::connection::ConnectionStatus;

    #[test]
    fn a_connection_keeps_its_seller() {
        let seller = |id: &str| id.parse::<SellerId>().unwrap();
        let mut connection = Connection {
            status: ConnectionStatus::NeedsReauthorisation,
            ..kit::sample::connection("north", "c1")
        };
        assert!(refuse_other_seller(&connection, &seller("A1")).is_ok());
        connection.seller = Some(seller("A1"));
        assert!(refuse_other_seller(&connection, &seller("A1")).is_ok());
        let problem = refuse_other_seller(&connection, &seller("A2")).unwrap_err();
        assert_eq!(problem.kind(), "urn:stallkeeper:other-seller");
    }
}
