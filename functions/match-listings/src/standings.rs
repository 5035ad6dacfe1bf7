//! What became of the values that were sent, each feed read once.

use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::ids::{ConnectionKey, FeedId};
use stallkeeper::domain::listing::Standing;
use stallkeeper::error::Result;
use stallkeeper::store::Store;
use std::collections::HashMap;
use tokio::sync::Mutex;

pub(crate) struct Standings {
    store: Store,
    connection: ConnectionKey,
    known: Mutex<HashMap<FeedId, Standing>>,
}

impl Standings {
    pub(crate) fn new(store: &Store, connection: &ConnectionKey) -> Self {
        Self {
            store: store.clone(),
            connection: connection.clone(),
            known: Mutex::default(),
        }
    }

    /// Of what was sent by this last.
    pub(crate) async fn of(&self, sent_by: Option<&SentBy>) -> Result<Standing> {
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
