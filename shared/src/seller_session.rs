//! One way to call Amazon in a seller's name: log in, take a permit, call, and learn from the answer.
//!
//! A session keeps the seller's limits before Amazon must say so, corrects them by what Amazon answers, notes a
//! connection whose authorisation was revoked, and counts the calls. It decides nothing about what was called for.

mod look;

use crate::domain::connection::Connection;
use crate::domain::ids::SellerId;
use crate::error::{Class, Error, Result};
use crate::sp_api::{Account, Answer, Operation, SpApi, refusal};
use crate::store::{Bucket, Permit, Store};
use crate::vault::{SellerLogin, Vault};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;
use tracing::info;

/// How long a call may wait until the limit has room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Not at all.
    No,
    /// At most `longest` at a time, and never past `until`.
    For {
        longest: Duration,
        until: SystemTime,
    },
}

impl Waiting {
    fn allows(self, wait: Duration) -> bool {
        match self {
            Self::No => false,
            Self::For { longest, until } => wait <= longest && SystemTime::now() + wait <= until,
        }
    }
}

/// The outcome of a call that did not fail.
#[must_use]
#[derive(Debug)]
pub enum CallOutcome<T> {
    Answered(Answer<T>),
    /// The limit of this very operation is reached, by our count or by Amazon's. The error is throttled and says for
    /// how long, if that is known.
    Limited(Error),
}

impl<T> CallOutcome<T> {
    /// # Errors
    /// Throttled if the limit is reached: for callers whose message waits for it.
    pub fn or_throttled(self) -> Result<Answer<T>> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::Limited(error) => Err(error),
        }
    }
}

/// Calls in the name of one seller. It logs in at the first call.
pub struct SellerSession<'a> {
    store: &'a Store,
    amazon: &'a SpApi,
    /// The connection that is called for; `None` while its authorisation is not attached yet.
    connection: Option<(&'a Connection, &'a Vault)>,
    login: OnceCell<SellerLogin>,
    calls: Calls,
}

impl<'a> SellerSession<'a> {
    pub fn new(
        store: &'a Store,
        vault: &'a Vault,
        amazon: &'a SpApi,
        connection: &'a Connection,
    ) -> Self {
        Self {
            store,
            amazon,
            connection: Some((connection, vault)),
            login: OnceCell::new(),
            calls: Calls::default(),
        }
    }

    /// A session with an authorisation that no connection may have yet.
    pub fn with_login(store: &'a Store, amazon: &'a SpApi, login: SellerLogin) -> Self {
        Self {
            store,
            amazon,
            connection: None,
            login: OnceCell::new_with(Some(login)),
            calls: Calls::default(),
        }
    }

    /// # Errors
    /// Authorisation revoked if the connection has no token.
    pub async fn seller(&self) -> Result<&SellerId> {
        Ok(&self.login().await?.seller)
    }

    /// The client id of the app that is called with.
    ///
    /// # Errors
    /// Authorisation revoked if the connection has no token.
    pub async fn client_id(&self) -> Result<String> {
        let account = self.login().await?.account();
        Ok(account.app.client_id.clone())
    }

    /// Makes one call of `operation` once its limit has room for it.
    ///
    /// # Errors
    /// As Amazon answers. Throttled only by Login with Amazon, whose limits are its own; authorisation revoked is
    /// noted in the connection.
    pub async fn call<T>(
        &self,
        operation: Operation,
        waiting: Waiting,
        call: impl AsyncFnOnce(&SpApi, Account<'_>) -> Result<Answer<T>>,
    ) -> Result<CallOutcome<T>> {
        match self.permits(operation, 1, waiting).await? {
            Permit::Granted => self.call_permitted(operation, call).await,
            Permit::NotBefore(moment) => Ok(CallOutcome::Limited(limited(operation, moment))),
        }
    }

    /// Makes one call of `operation` if its limit then still holds `reserve` calls for work that goes first. Waits not at all.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_if_spare<T>(
        &self,
        operation: Operation,
        reserve: u32,
        call: impl AsyncFnOnce(&SpApi, Account<'_>) -> Result<Answer<T>>,
    ) -> Result<CallOutcome<T>> {
        let bucket = self.bucket(self.login().await?, operation);
        let permit = self.store.spare_permit(bucket, reserve, Timestamp::now());
        match permit.await? {
            Permit::Granted => self.call_permitted(operation, call).await,
            Permit::NotBefore(moment) => Ok(CallOutcome::Limited(limited(operation, moment))),
        }
    }

    /// Makes a call whose permit was taken by [`Self::permits`].
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_permitted<T>(
        &self,
        operation: Operation,
        call: impl AsyncFnOnce(&SpApi, Account<'_>) -> Result<Answer<T>>,
    ) -> Result<CallOutcome<T>> {
        let login = self.login().await?;
        self.calls.count(&login.seller, operation);
        match call(self.amazon, login.account()).await {
            Ok(answer) => {
                if let Some(rate) = answer.rate_limit {
                    self.amazon.note_rate(login.limit_of(operation), rate);
                }
                Ok(CallOutcome::Answered(answer))
            }
            // Login with Amazon's limits are its own: they say nothing about this operation's.
            Err(error) if error.is_throttled() && is_of(&error, operation) => {
                let bucket = self.bucket(login, operation);
                self.store.drain(bucket, Timestamp::now()).await?;
                Ok(CallOutcome::Limited(error))
            }
            Err(error) => Err(self.noted(error).await?),
        }
    }

    /// Takes one request of `operation` out of the seller's limit.
    ///
    /// # Errors
    /// Throttled if the limit has no room for it: for callers whose message waits for it.
    pub async fn permit(&self, operation: Operation) -> Result<()> {
        match self.permits(operation, 1, Waiting::No).await? {
            Permit::Granted => Ok(()),
            Permit::NotBefore(moment) => Err(limited(operation, moment)),
        }
    }

    /// As [`Self::permit`], if the limit then still holds `reserve` calls for work that goes first.
    ///
    /// # Errors
    /// As [`Self::permit`].
    pub async fn spare_permit(&self, operation: Operation, reserve: u32) -> Result<()> {
        let bucket = self.bucket(self.login().await?, operation);
        let permit = self.store.spare_permit(bucket, reserve, Timestamp::now());
        match permit.await? {
            Permit::Granted => Ok(()),
            Permit::NotBefore(moment) => Err(limited(operation, moment)),
        }
    }

    /// Takes `count` requests of `operation` out of the seller's limit, all or none.
    ///
    /// # Errors
    /// Authorisation revoked if the connection has no token.
    pub async fn permits(
        &self,
        operation: Operation,
        count: u32,
        waiting: Waiting,
    ) -> Result<Permit> {
        let login = self.login().await?;
        loop {
            let now = Timestamp::now();
            let bucket = self.bucket(login, operation);
            let Permit::NotBefore(moment) = self.store.permits(bucket, count, now).await? else {
                return Ok(Permit::Granted);
            };
            let wait = moment.duration_since(now).unsigned_abs();
            if !waiting.allows(wait) {
                info!(amazon_seller = %login.seller, not_before = %moment, "Amazon's limit of {} is reached", operation.name());
                return Ok(Permit::NotBefore(moment));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Notes the seller's own rate for an operation that an earlier answer reported, in requests per second.
    ///
    /// # Errors
    /// Authorisation revoked if the connection has no token.
    pub async fn note_rate(&self, operation: Operation, rate: f64) -> Result<()> {
        let login = self.login().await?;
        self.amazon.note_rate(login.limit_of(operation), rate);
        Ok(())
    }

    async fn login(&self) -> Result<&SellerLogin> {
        self.login
            .get_or_try_init(|| async {
                let Some((connection, vault)) = self.connection else {
                    return Err(Error::permanent("log in as the seller", "no connection"));
                };
                match vault.seller_login(self.store, connection).await {
                    Ok(login) => Ok(login),
                    Err(error) => Err(self.noted(error).await?),
                }
            })
            .await
    }

    /// An error, after the connection was marked if its authorisation was revoked.
    async fn noted(&self, error: Error) -> Result<Error> {
        if let (Class::AuthRevoked, Some((connection, _))) = (error.class(), self.connection) {
            let _ = self.store.require_reauthorisation(connection).await?;
        }
        Ok(error)
    }

    fn bucket<'b>(&self, login: &'b SellerLogin, operation: Operation) -> Bucket<'b> {
        Bucket {
            region: login.account().region,
            seller: &login.seller,
            operation,
            rate: self.amazon.noted_rate(&login.limit_of(operation)),
        }
    }
}

fn limited(operation: Operation, until: Timestamp) -> Error {
    let wait = Duration::try_from(until.duration_since(Timestamp::now()));
    let class = Class::Throttled {
        retry_after: Some(wait.unwrap_or_default()),
    };
    let name = operation.name();
    let why = format!("our share of Amazon's limit of {name} is used up");
    Error::new(class, operation.doing(), why)
}

/// Whether Amazon's answer to this operation is the cause of an error, and not Login with Amazon's.
fn is_of(error: &Error, operation: Operation) -> bool {
    refusal(error).is_some_and(|refusal| refusal.operation == operation.name())
}

/// The calls of a session by operation, logged once at its end; a metric counts them by operation.
#[derive(Default)]
struct Calls(Mutex<BTreeMap<(SellerId, Operation), u64>>);

impl Calls {
    fn count(&self, seller: &SellerId, operation: Operation) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry((seller.clone(), operation)).or_default() += 1;
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        let calls = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for ((seller, operation), calls) in calls {
            let operation = operation.name();
            info!(amazon_seller = %seller, amazon_operation = operation, amazon_calls = *calls, "called Amazon's {operation} {calls} times");
        }
    }
}

#[cfg(test)]
mod tests;
