//! A listing's quantity: computed from all that is known, stored if it is newer, and listed to be sent if Amazon shows
//! another.

use super::read_once::Seller;
use super::{Generations, Work};
use stallkeeper::domain::ids::{ConnectionKey, ListingKey, Sku};
use stallkeeper::domain::listing::{Listing, next};
use stallkeeper::domain::selection::ProductRules;
use stallkeeper::domain::stock::{Wanted, count};
use stallkeeper::error::{Error, Result};
use stallkeeper::store::{Listed, SkuInputs, ToSend, WantedWritten};
use std::collections::HashMap;
use std::sync::Arc;

impl Work<'_> {
    /// Computes and stores what a listing is to have, and ends its hold if the time of that is over. The listing as it is
    /// then; `None` if a newer one is stored or it is not this SKU's any more: the run that wrote that has listed what is to
    /// be sent.
    pub(super) async fn write_wanted(
        &self,
        sku: &Sku,
        inputs: &Arc<SkuInputs>,
        listed: &Listed,
        seller: &Seller,
        rules: &ProductRules,
    ) -> Result<Option<Listing>> {
        let wanted = self.wanted(sku, inputs, listed, seller, rules).await?;
        let key = ConnectionKey::new(self.tenant, &listed.connection).listing(&listed.amazon_sku);
        let tie = (sku, listed.units);
        if let Some(listing) = self.stored(&key, tie, &wanted).await? {
            return self.store.end_hold(listing, self.now).await;
        }
        let written = self.store.write_wanted(&key, tie, &wanted).await?;
        match written {
            WantedWritten::Current(listing) => self.store.end_hold(*listing, self.now).await,
            WantedWritten::Outdated => Ok(None),
        }
    }

    /// The listing, if what is wanted of it was computed from the very same before. A write that finds that costs five times as
    /// much as this read, so it is read first if that is likely.
    async fn stored(
        &self,
        key: &ListingKey,
        (product, units): (&Sku, u32),
        wanted: &Wanted,
    ) -> Result<Option<Listing>> {
        if self.generations == Generations::Raised {
            return Ok(None);
        }
        let stored = self.store.listing(key).await?;
        Ok(stored.filter(|it| {
            let generation = it.wanted.as_ref().map(|it| it.generation);
            it.product.as_ref() == Some(product)
                && it.units == units
                && generation == Some(wanted.generation)
        }))
    }

    async fn wanted(
        &self,
        sku: &Sku,
        inputs: &SkuInputs,
        listed: &Listed,
        seller: &Seller,
        rules: &ProductRules,
    ) -> Result<Wanted> {
        let parts = inputs.parts().iter().map(|part| async move {
            Ok::<_, Error>((part.sku.clone(), self.read.inputs(&part.sku).await?))
        });
        let parts: HashMap<Sku, Arc<SkuInputs>> = futures::future::try_join_all(parts)
            .await?
            .into_iter()
            .collect();
        let part = |sku: &Sku| {
            let (sku, inputs) = parts.get_key_value(sku)?;
            Some(inputs.stock(sku))
        };
        let published = &seller.published;
        let (settings, generation) = (&published.settings, published.quantities().generation);
        let own = inputs.stock(sku);
        let (units, now) = (listed.units, self.now);
        Ok(count(own, part, units, settings, rules, generation, now).wanted)
    }

    /// Lists a listing to be sent if Amazon may show another quantity. Whether it is urgent.
    pub(super) async fn put_quantity(
        &self,
        inputs: &SkuInputs,
        listing: &Listing,
        seller: &Seller,
    ) -> Result<bool> {
        let read = &self.read;
        let standing = read
            .standing(&listing.connection, listing.sent_by())
            .await?;
        let sales = listing.sales(&inputs.reservations);
        let policy = &seller.published.settings.policy;
        let next = next(listing, standing, &sales, policy);
        let Some(entry) = ToSend::quantity(listing, next, self.now) else {
            return Ok(false);
        };
        self.store
            .put_to_send(&listing.connection_key(), &entry)
            .await?;
        Ok(entry.urgent)
    }
}
