//! What was seen of a million SKUs in sixteen bytes each: their hashes, the marketplaces they are in, and a few marks. No SKU is
//! kept as text.

use stallkeeper::sp_api::listings_report::{Fulfilment, ListingRow};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

/// What is known of a SKU beside the marketplaces, which have the lowest bits in the order of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Amazon keeps its stock.
    ByAmazon = 1 << 24,
    /// The merchant does.
    ByMerchant = 1 << 25,
    /// A product of ours is spelt so.
    Product = 1 << 26,
    /// A listing of ours, not on Amazon, exists already.
    Absent = 1 << 27,
    /// Its listing was placed in this run.
    Placed = 1 << 28,
    /// Placed as matched.
    Matched = 1 << 29,
    /// A listing of another spelling belongs to this product of ours.
    Belongs = 1 << 30,
}

/// Bits of marketplaces; Amazon has 23.
const MARKETPLACES: u32 = (1 << 24) - 1;

/// By a key that no outsider knows, so that no two SKUs can be made to meet; of a million, two meet by chance once in
/// thirty million reports.
#[derive(Default)]
pub(crate) struct Sightings {
    hasher: RandomState,
    bits: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
}

impl Sightings {
    fn hash(&self, sku: &str) -> u64 {
        self.hasher.hash_one(sku)
    }

    /// Notes a line of the report that is the `place`-th to be read.
    pub(crate) fn see(&mut self, place: usize, row: &ListingRow) {
        let hash = self.hash(&row.sku);
        let by = match row.fulfilment {
            Fulfilment::Amazon(_) => Mark::ByAmazon as u32,
            Fulfilment::Merchant => Mark::ByMerchant as u32,
            Fulfilment::Unknown(_) => 0,
        };
        *self.bits.entry(hash).or_default() |= (1 << place) & MARKETPLACES | by;
    }

    pub(crate) fn mark(&mut self, sku: &str, mark: Mark) {
        let hash = self.hash(sku);
        *self.bits.entry(hash).or_default() |= mark as u32;
    }

    /// Marks a SKU, and returns whether it had the mark already.
    pub(crate) fn had(&mut self, sku: &str, mark: Mark) -> bool {
        let hash = self.hash(sku);
        let bits = self.bits.entry(hash).or_default();
        let had = *bits & mark as u32 != 0;
        *bits |= mark as u32;
        had
    }

    pub(crate) fn has(&self, sku: &str, mark: Mark) -> bool {
        self.bits(sku) & mark as u32 != 0
    }

    /// Whether any report has it.
    pub(crate) fn is_seen(&self, sku: &str) -> bool {
        self.bits(sku) & MARKETPLACES != 0
    }

    /// The places of the reports that have it.
    pub(crate) fn places(&self, sku: &str) -> impl Iterator<Item = usize> + use<> {
        let bits = self.bits(sku);
        (0..24).filter(move |place| bits & (1 << place) != 0)
    }

    fn bits(&self, sku: &str) -> u32 {
        self.bits.get(&self.hash(sku)).copied().unwrap_or_default()
    }
}

/// The keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sku: &str, fulfilment: Fulfilment) -> ListingRow {
        ListingRow {
            line: 2,
            sku: sku.to_owned(),
            asin: None,
            product_id: None,
            quantity: None,
            price: None,
            fulfilment,
            status: None,
        }
    }

    #[test]
    fn a_million_skus_take_less_than_forty_megabytes() {
        let mut seen = Sightings::default();
        for number in 0..1_000_000 {
            seen.mark(&number.to_string(), Mark::Product);
        }
        let buckets = seen.bits.capacity() * 8 / 7;
        let bytes = buckets * (size_of::<(u64, u32)>() + 1);
        assert!(bytes < 40_000_000, "{bytes}");
        assert_eq!(seen.bits.len(), 1_000_000, "no two of them met");
    }

    #[test]
    fn a_sku_gathers_its_marketplaces_and_its_marks_whatever_their_order() {
        let mut seen = Sightings::default();
        seen.mark("A#1", Mark::Product);
        seen.see(2, &row("A#1", Fulfilment::Merchant));
        seen.see(0, &row("A#1", Fulfilment::Amazon("AMAZON_EU".into())));
        assert_eq!(seen.places("A#1").collect::<Vec<_>>(), [0, 2]);
        assert!(seen.has("A#1", Mark::ByAmazon) && seen.has("A#1", Mark::ByMerchant));
        assert!(seen.has("A#1", Mark::Product) && !seen.has("A#1", Mark::Placed));
        assert!(!seen.is_seen("a#1") && seen.is_seen("A#1"));
        assert!(!seen.had("A#1", Mark::Placed) && seen.had("A#1", Mark::Placed));
    }
}
