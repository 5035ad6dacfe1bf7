//! Changing how a marketplace is run: the settings, the seller's part in it, and the orders that waited for it.

use crate::App;
use crate::connections::refetch::FURTHEST;
use jiff::Timestamp;
use stallkeeper::api::{Answer, Problem, change_stock_plan, changed_meanwhile};
use stallkeeper::domain::connection::{Connection, MarketplaceSettings, PriceMode};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::seller_session::SellerSession;
use stallkeeper::store::{BackFillJob, BackFillKind, Written};

impl App {
    /// Changes a marketplace's current settings; decides again if another caller was quicker.
    pub(crate) async fn set_marketplace(
        &self,
        connection: &Connection,
        marketplace: Marketplace,
        change: impl Fn(MarketplaceSettings) -> MarketplaceSettings,
    ) -> Answer<MarketplaceSettings> {
        let key = &connection.key();
        for () in Written::attempts() {
            let read = self.store.marketplace(key, marketplace).await?;
            let settings = change(read.clone());
            let written = self
                .store
                .replace_marketplace(key, &settings, &read)
                .await?;
            if written == Written::Done {
                return Ok(settings);
            }
        }
        Err(changed_meanwhile())
    }

    /// Whether the prices of a marketplace are ours to send by any of these settings of it.
    pub(crate) async fn sends_prices(
        &self,
        connection: &Connection,
        settings: [&MarketplaceSettings; 2],
    ) -> Answer<bool> {
        let key = &connection.key();
        let plan = self.store.stock_plan(key).await?;
        let rules = self.store.rules_in_force(key, &plan).await?;
        let mut modes = settings.into_iter().map(|it| rules.price_mode(it));
        Ok(modes.any(|mode| mode != PriceMode::Leave))
    }

    /// Releases the orders that were parked for a marketplace.
    ///
    /// The order counts. The settings are written already, so every later read of an order keeps it; only then is the
    /// mark read, so that it covers all that were parked before. It is forgotten last: a crash in between leaves it, and
    /// the same request again queues the same again, which costs a few calls and never an order.
    ///
    /// Only this marketplace's orders are read, beside the new ones, and no further back than a refetch reaches
    /// ([`FURTHEST`]). Older ones stay parked until Amazon changes them.
    pub(crate) async fn release_parked(
        &self,
        connection: &Connection,
        marketplace: Marketplace,
    ) -> Answer<()> {
        let key = &connection.key();
        let marks = self.store.parked_marks(key).await?;
        if let Some(mark) = marks
            .iter()
            .find(|mark| mark.marketplace_id == marketplace.id())
        {
            let furthest = Timestamp::now().saturating_sub(FURTHEST);
            let since = furthest.map_or(mark.oldest_updated_at, |furthest| {
                mark.oldest_updated_at.max(furthest)
            });
            let job = BackFillJob {
                marketplaces: vec![marketplace],
                ..BackFillJob::of_changes(BackFillKind::Marketplace, since, Timestamp::now())
            };
            self.store.add_back_fill(key, job).await?;
            self.store.forget_parked(key, mark).await?;
        }
        Ok(self.tick(connection).await?)
    }

    /// Queues every listing to be computed again, since other prices are wanted: with a generation that writes over what was
    /// computed by the former mode.
    pub(crate) async fn recompute_prices(&self, connection: &Connection) -> Answer<()> {
        let plan = change_stock_plan(&self.store, connection, |plan| {
            let on = plan.in_force().is_some();
            if let Some(published) = plan.published.as_mut().filter(|_| on) {
                published.with_other_prices();
            }
            Ok(())
        })
        .await?;
        Ok(self.listing_jobs.recompute_all(connection, &plan).await?)
    }

    /// The connection, if its seller takes part in a marketplace; asks Amazon again if we do not know of it.
    pub(crate) async fn with_participation(
        &self,
        connection: Connection,
        marketplace: Marketplace,
    ) -> Answer<Connection> {
        if participates(&connection, marketplace) {
            return Ok(connection);
        }
        if !connection.status.is_authorised() {
            return Err(Problem::conflict(
                "not-authorised",
                "Which marketplaces the seller takes part in is not known while nobody has authorised.",
                "GET /connections/{connection}/setup lists the steps to authorise.",
            ));
        }
        let session = SellerSession::new(&self.store, &self.vault, &self.amazon, &connection);
        let participations = self.participations(connection.region(), &session).await?;
        drop(session);
        let connection = self
            .update(&connection.tenant, connection.id.as_str(), |read| {
                Ok(Connection {
                    participations: participations.clone(),
                    ..read.clone()
                })
            })
            .await?;
        if participates(&connection, marketplace) {
            return Ok(connection);
        }
        Err(not_participating(&connection, marketplace))
    }
}

/// Whether the seller takes part in a marketplace, as Amazon last reported.
pub(crate) fn participates(connection: &Connection, marketplace: Marketplace) -> bool {
    connection
        .participations
        .iter()
        .any(|part| part.marketplace == marketplace && part.participating)
}

fn not_participating(connection: &Connection, marketplace: Marketplace) -> Problem {
    let marketplaces: Vec<&str> = connection
        .participations
        .iter()
        .filter(|part| part.participating)
        .map(|part| part.marketplace.country())
        .collect();
    Problem::unprocessable(
        "not-participating",
        format!("The seller does not take part in marketplace {marketplace}."),
        format!(
            "Amazon says the seller sells in: {}. Open the other marketplace in Seller Central first.",
            marketplaces.join(", ")
        ),
    )
}
