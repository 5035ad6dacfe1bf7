//! A listing's quantity: computed from all that is known, stored if it is newer, and listed to be sent if Amazon shows
//! another.

use super::Work;
use super::read_once::Seller;
use stallkeeper::domain::ids::{ConnectionKey, Sku};
use stallkeeper::domain::listing::{Listing, next};
use stallkeeper::domain::stock::{Component, Sale, Wanted, WantedAs, deliverable, wanted};
use stallkeeper::error::Result;
use stallkeeper::store::{Listed, SkuInputs, ToSend, WantedWritten};
use std::sync::Arc;

/// A SKU that the quantity is counted in.
type Counted = (Sku, u32, Arc<SkuInputs>);

impl Work<'_> {
    /// Computes and stores what a listing is to have. The listing as it is then; `None` if a newer one is stored or
    /// it is not this SKU's any more: the run that wrote that has listed what is to be sent.
    pub(super) async fn write_wanted(
        &self,
        sku: &Sku,
        inputs: &Arc<SkuInputs>,
        listed: &Listed,
        seller: &Seller,
    ) -> Result<Option<Listing>> {
        let components = self.components(sku, inputs).await?;
        let wanted = self.wanted(inputs, &components, listed, seller);
        let key = ConnectionKey::new(self.tenant, &listed.connection).listing(&listed.amazon_sku);
        let tie = (sku, listed.units);
        let written = self.store.write_wanted(&key, tie, &wanted).await?;
        Ok(match written {
            WantedWritten::Stands(listing) => Some(*listing),
            WantedWritten::Outdated => None,
        })
    }

    async fn components(&self, sku: &Sku, inputs: &Arc<SkuInputs>) -> Result<Vec<Counted>> {
        if inputs.product.is_some() && inputs.parts().is_empty() {
            return Ok(vec![(sku.clone(), 1, inputs.clone())]);
        }
        let parts = inputs.parts().iter();
        let parts = parts.map(|part| async move {
            let inputs = self.read.inputs(&part.sku).await?;
            Ok((part.sku.clone(), part.units, inputs))
        });
        futures::future::try_join_all(parts).await
    }

    fn wanted(
        &self,
        inputs: &SkuInputs,
        components: &[Counted],
        listed: &Listed,
        seller: &Seller,
    ) -> Wanted {
        let published = &seller.published;
        let is_bundle = !inputs.parts().is_empty();
        // A SKU's label holds its own counter; a part's counter is added to it.
        let parts = components.iter().filter(|_| is_bundle);
        let label = parts
            .map(|(_, _, part)| part.levels.counter)
            .fold(inputs.counter(), u64::saturating_add)
            .saturating_add(published.version);
        let listed_as = WantedAs {
            units: listed.units,
            is_bundle,
            kept: inputs.product.is_some(),
        };
        let deliverables: Vec<_> = components
            .iter()
            .map(|(sku, units, inputs)| {
                let component = Component {
                    sku: sku.as_str(),
                    units: *units,
                    levels: &inputs.levels.levels,
                    reservations: &inputs.reservations,
                };
                deliverable(&component, &published.settings)
            })
            .collect();
        let settings = &published.settings;
        let mut wanted = wanted(listed_as, &deliverables, settings, label, self.now);
        // Two changes at the same moment can make a part a bundle; what that could deliver is unknown.
        let nested = components
            .iter()
            .find(|(_, _, part)| is_bundle && !part.parts().is_empty());
        if let Some((part, _, _)) = nested {
            wanted.quantity = None;
            wanted.why = format!("its part {part} is a bundle itself");
        }
        wanted
    }

    /// Lists a listing to be sent if Amazon may show another quantity. Whether it is urgent.
    pub(super) async fn put_quantity(
        &self,
        inputs: &SkuInputs,
        listing: &Listing,
        seller: &Seller,
    ) -> Result<bool> {
        let sent_by = listing.sent.as_ref().map(|sent| &sent.by);
        let standing = self.read.standing(&listing.connection, sent_by).await?;
        let sales: Vec<Sale> = inputs
            .reservations
            .iter()
            .filter(|reservation| {
                reservation.connection == listing.connection
                    && reservation.amazon_sku == listing.amazon_sku
            })
            .filter_map(|reservation| reservation.sale)
            .collect();
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
