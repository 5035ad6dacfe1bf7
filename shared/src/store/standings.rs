//! What became of the values that were sent, each feed read once.

use super::Store;
use crate::domain::feed::SentBy;
use crate::domain::ids::{ConnectionKey, FeedId};
use crate::domain::listing::Standing;
use crate::error::Result;
use std::collections::HashMap;
use tokio::sync::Mutex;

/// What became of the values that were sent of a connection.
pub struct Standings {
    store: Store,
    connection: ConnectionKey,
    known: Mutex<HashMap<FeedId, Standing>>,
}

impl Standings {
    pub fn new(store: &Store, connection: &ConnectionKey) -> Self {
        Self {
            store: store.clone(),
            connection: connection.clone(),
            known: Mutex::default(),
        }
    }

    /// Of what was sent by this last.
    pub async fn of(&self, sent_by: Option<&SentBy>) -> Result<Standing> {
        let Some(id) = sent_by.and_then(SentBy::feed) else {
            return Ok(Standing::of(sent_by, None));
        };
        if let Some(known) = self.known.lock().await.get(id) {
            return Ok(*known);
        }
        let feed = self.store.feed(&self.connection, id).await?;
        let standing = Standing::of(sent_by, feed.as_ref());
        self.known.lock().await.insert(id.clone(), standing);
        Ok(standing)
    }
}
