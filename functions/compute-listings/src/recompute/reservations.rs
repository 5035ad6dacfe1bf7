//! Forgets reservations that nothing depends on any more: no quantity, and no prediction of what Amazon shows.

use super::Work;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::ids::{ConnectionId, Sku};
use stallkeeper::domain::listing::{Listing, ListingState, Next};
use stallkeeper::domain::stock::{Measured, Reservation};
use stallkeeper::domain::stock_settings::StockSettings;
use stallkeeper::error::Result;
use stallkeeper::store::{SkuInputs, ToSend};
use std::collections::BTreeSet;

/// How many are forgotten in one go, so that no recompute gets long.
const MOST_FORGOTTEN: usize = 25;
/// When this many ended ones wait for a newer value to be sent, one is sent.
const PILE: usize = 50;
/// Older than any report that will be read; and if no level ever came, none is waited for any longer.
const LONG: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Work<'_> {
    /// `listings`: those of the SKU that were recomputed, as they are now.
    pub(super) async fn forget_reservations(
        &self,
        sku: &Sku,
        inputs: &SkuInputs,
        listings: &[Listing],
    ) -> Result<()> {
        let levels = &inputs.levels;
        if inputs.reservations.is_empty() {
            if levels.reserving {
                let read = levels.generation;
                self.store
                    .no_longer_reserving(self.tenant, sku, read)
                    .await?;
            }
            return Ok(());
        }
        let settings = self.settings(inputs).await?;
        let measured: Vec<Measured<'_>> = settings
            .iter()
            .map(|settings| Measured::new(&levels.levels, settings))
            .collect();
        let long_ago = self.now.saturating_sub(LONG).unwrap_or(Timestamp::MIN);
        let unknown = levels.levels.is_empty();
        let (mut needed, mut idle) = (Vec::new(), Vec::new());
        for reservation in &inputs.reservations {
            self.note_given_up(sku, reservation, &measured, &settings)
                .await?;
            let settled = measured.iter().all(|one| reservation.is_over(*one));
            let left = unknown && reservation.left_before(long_ago);
            if !(settled || left) {
                continue;
            }
            let seller = self.read.seller(&reservation.connection).await?;
            let baseline = Baseline {
                computed: seller.is_some(),
                long_ago,
            };
            match baseline.needs(reservation, inputs, listings) {
                true => needed.push(reservation),
                false => idle.push(reservation),
            }
        }
        for reservation in idle.into_iter().take(MOST_FORGOTTEN) {
            self.store
                .forget_reservation(self.tenant, sku, reservation)
                .await?;
        }
        for listing in listings {
            let piled = needed.iter().filter(|it| it.is_of(listing)).count();
            if piled > PILE {
                self.move_baseline(listing).await?;
            }
        }
        Ok(())
    }

    /// Announces, once, units that are no longer reserved although the warehouse that gave them never counted since.
    async fn note_given_up(
        &self,
        sku: &Sku,
        reservation: &Reservation,
        measured: &[Measured<'_>],
        settings: &[StockSettings],
    ) -> Result<()> {
        let given_up = measured.iter().zip(settings);
        let units = given_up
            .map(|(measured, settings)| reservation.given_up(settings.levels, *measured))
            .max()
            .unwrap_or(0);
        if units == 0 {
            return Ok(());
        }
        self.store
            .note_given_up(self.tenant, sku, reservation, units, self.now)
            .await
    }

    /// The settings of each connection that counts the SKU: a reservation is over once it is for all of them.
    async fn settings(&self, inputs: &SkuInputs) -> Result<Vec<StockSettings>> {
        let mut connections: BTreeSet<ConnectionId> = inputs
            .reservations
            .iter()
            .map(|reservation| reservation.connection.clone())
            .chain(inputs.listed.iter().map(|listed| listed.connection.clone()))
            .collect();
        for bundle in &inputs.part_of {
            let bundle = self.read.inputs(bundle).await?;
            connections.extend(bundle.listed.iter().map(|listed| listed.connection.clone()));
        }
        let mut all = Vec::with_capacity(connections.len());
        for connection in &connections {
            let seller = self.read.seller(connection).await?;
            let settings = seller.as_ref().as_ref();
            all.push(settings.map_or_else(StockSettings::default, |seller| {
                seller.published.settings.clone()
            }));
        }
        Ok(all)
    }

    /// Has the wanted number sent again, which is absolute, so that the sales before it count no more.
    async fn move_baseline(&self, listing: &Listing) -> Result<()> {
        let (Some(quantity), ListingState::Matched) = (listing.quantity_to_show(), listing.state)
        else {
            return Ok(());
        };
        let again = Next::Send {
            quantity,
            decrease: false,
            urgent: false,
            after: None,
        };
        let Some(entry) = ToSend::quantity(listing, again, self.now) else {
            return Ok(());
        };
        self.store
            .put_to_send(&listing.connection_key(), &entry)
            .await
    }
}

/// What decides whether a sale still matters for what Amazon shows.
struct Baseline {
    /// Whether stock is computed for the sale's connection.
    computed: bool,
    long_ago: Timestamp,
}

impl Baseline {
    fn needs(&self, reservation: &Reservation, inputs: &SkuInputs, listings: &[Listing]) -> bool {
        let Some(sale) = reservation.sale else {
            return false;
        };
        let last = sale
            .reduced_at
            .unwrap_or(sale.ordered_at)
            .max(sale.ordered_at);
        // Before anything is sent of it, a report newer than that is read.
        let recent = last >= self.long_ago;
        let Some(listing) = listings.iter().find(|it| reservation.is_of(it)) else {
            // Not recomputed now: only what is no listing of this SKU any more needs nothing.
            let listed = inputs.listed.iter().any(|listed| {
                listed.connection == reservation.connection
                    && listed.amazon_sku == reservation.amazon_sku
            });
            return listed && (self.computed || recent);
        };
        listing
            .sales_count_from()
            .map_or(recent, |from| last >= from)
    }
}
