//! Whether prices of a connection are sent at all: a release that nothing follows from would be a promise that is not kept.

use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::listing::Listing;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::store::Store;

/// What decides about all prices of a connection.
pub(super) struct PriceTerms {
    /// The brake.
    pub(super) brake_percent: u8,
    /// Nothing is published, or it is published in shadow.
    is_silent: bool,
    /// Where prices are ours to send.
    priced: Vec<Marketplace>,
}

impl PriceTerms {
    /// As published. Three reads.
    pub(super) async fn load(store: &Store, key: &ConnectionKey) -> Result<Self> {
        let plan = store.stock_plan(key).await?;
        let published = plan.in_force();
        let settings = published.map_or(&plan.draft, |it| &it.settings);
        let rules = store.rules_in_force(key, &plan).await?;
        Ok(Self {
            brake_percent: settings.brakes.price_percent,
            is_silent: published.is_none_or(|it| it.shadow),
            priced: rules.priced(&store.marketplaces(key).await?),
        })
    }

    /// # Errors
    /// 409 if no price of this listing is sent there, whatever is released.
    pub(super) fn must_be_sent(&self, listing: &Listing, on: Marketplace) -> Answer<()> {
        if self.is_silent {
            return Err(Problem::conflict(
                "nothing-sent",
                "Nothing is published for the connection, or it is published in shadow: no price is sent.",
                "Publish first: POST /connections/{connection}/publish",
            ));
        }
        if !self.priced.contains(&on) {
            return Err(Problem::conflict(
                "price-left-alone",
                format!("Prices on {on} are left alone: none is sent."),
                "Set its mode: PUT /connections/{connection}/prices/{marketplace}",
            ));
        }
        if !listing.is_sent_prices() {
            return Err(Problem::conflict(
                "not-sold",
                "The listing is not matched, or the selection leaves its product out: no price is sent.",
                "GET /connections/{connection}/listings?sku= explains why.",
            ));
        }
        Ok(())
    }
}
