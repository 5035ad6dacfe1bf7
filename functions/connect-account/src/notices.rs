//! What Amazon is asked to send notices of, from the authorisation to the end of a connection.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::error::Result;
use stallkeeper::seller_session::SellerSession;
use stallkeeper::subscriptions::{Check, Subscriptions};
use std::time::Duration;
use tracing::warn;

/// How long a request waits for Amazon's answers about notices, which it does not depend on.
const LONGEST: Duration = Duration::from_secs(6);

impl App {
    /// Subscribes a seller who has just authorised. Whatever goes wrong keeps no connection from being made: the setup page
    /// shows it, and `poll-orders` tries again.
    pub(crate) async fn begin_notices(&self, connection: &Connection) {
        let session = SellerSession::new(&self.store, &self.vault, &self.amazon, connection);
        let subscriptions = self.subscriptions(connection, &session);
        let kept = subscriptions.keep_subscribed(Check::Authorised, Timestamp::now());
        let failed = match tokio::time::timeout(LONGEST, kept).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.chain(),
            Err(_) => "Amazon takes long to answer".to_owned(),
        };
        let id = &connection.id;
        warn!(connection.id = %id, error = failed, "the notices of connection `{id}` are left to the next sweep");
    }

    /// Ends a connection's subscriptions, while there is a token that says which app they came by. What Amazon does not end
    /// in time it goes on sending, and it is ignored.
    pub(crate) async fn end_notices(&self, connection: &Connection) -> Result<()> {
        let session = SellerSession::new(&self.store, &self.vault, &self.amazon, connection);
        let subscriptions = self.subscriptions(connection, &session);
        match tokio::time::timeout(LONGEST, subscriptions.end_subscriptions()).await {
            Ok(ended) => ended,
            Err(_) => self.store.forget_notices(&connection.key()).await,
        }
    }

    fn subscriptions<'a>(
        &'a self,
        connection: &'a Connection,
        session: &'a SellerSession<'a>,
    ) -> Subscriptions<'a> {
        Subscriptions {
            store: &self.store,
            session,
            connection,
            queue_arn: &self.config.notices_queue_arn,
            listing_notices: self.config.listing_notices,
        }
    }
}
