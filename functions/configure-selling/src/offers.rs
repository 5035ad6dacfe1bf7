//! Offers that are to be made of products which are not on Amazon yet: wanted, listed, answered, and how they are made. What
//! follows is the work of `create-offers`.

pub(crate) mod answer;
pub(crate) mod list;
pub(crate) mod settings;
pub(crate) mod want;

use crate::App;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::Result;
use stallkeeper::queue::OfferJob;

impl App {
    /// Has a run begin, if it wants what the selection takes in. One read.
    pub(crate) async fn make_selected_offers(&self, connection: &ConnectionKey) -> Result<()> {
        let settings = self.store.offer_settings(connection).await?;
        match settings.on && settings.wants_selected {
            true => self.make_offers(connection).await,
            false => Ok(()),
        }
    }

    /// Has a run begin.
    async fn make_offers(&self, connection: &ConnectionKey) -> Result<()> {
        let job = OfferJob::Run {
            connection: connection.clone(),
            hop: 0,
        };
        self.offer_jobs.send(connection, job, 0).await
    }
}
