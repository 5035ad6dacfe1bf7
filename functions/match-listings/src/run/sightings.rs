//! What was seen of a million SKUs in sixteen bytes each: their hashes, the marketplaces they are in, a few marks and the
//! quantity. No SKU is kept as text; only those whose marketplaces show different quantities take more.

use stallkeeper::sp_api::listings_report::{Fulfilment, ListingRow};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

/// What is known of a SKU beside the marketplaces, which have the lowest bits in the order of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Amazon lets people buy it, on one marketplace at least; or its report does not say.
    Open = 1 << 23,
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

/// Bits of marketplaces; Amazon has 23, and no region more than 16.
const MARKETPLACES: u32 = (1 << 20) - 1;
/// No quantity.
const NONE: u32 = u32::MAX;
/// SKUs whose quantities are kept by marketplace, because they differ. Of further ones the highest is known.
const MOST_DIFFERING: usize = 100_000;

/// What was seen of one SKU.
#[derive(Debug, Clone, Copy)]
struct Seen {
    bits: u32,
    /// The quantity that the merchant's rows show, the highest.
    quantity: u32,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            bits: 0,
            quantity: NONE,
        }
    }
}

/// By a key that no outsider knows, so that no two SKUs can be made to meet; of a million, two meet by chance once in
/// thirty million reports.
#[derive(Default)]
pub(crate) struct Sightings {
    hasher: RandomState,
    seen: HashMap<u64, Seen, BuildHasherDefault<AsItIs>>,
    /// The places of reports that show SKUs inactive although they have stock.
    closed: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    /// The quantities of SKUs that show different ones, by the place of their report.
    differing: HashMap<u64, Vec<(usize, u32)>, BuildHasherDefault<AsItIs>>,
}

impl Sightings {
    fn hash(&self, sku: &str) -> u64 {
        self.hasher.hash_one(sku)
    }

    /// Notes a line of the report that is the `place`-th to be read; returns whether it is the first of its SKU there.
    pub(crate) fn see(&mut self, place: usize, row: &ListingRow) -> bool {
        let hash = self.hash(&row.sku);
        let merchants = row.fulfilment == Fulfilment::Merchant;
        let by = match row.fulfilment {
            Fulfilment::Amazon(_) => Mark::ByAmazon as u32,
            Fulfilment::Merchant => Mark::ByMerchant as u32,
            Fulfilment::Unknown(_) => 0,
        };
        let open = if row.is_open() { Mark::Open as u32 } else { 0 };
        let here = (1 << place) & MARKETPLACES;
        if open == 0 && row.quantity.is_some_and(|quantity| quantity > 0) {
            *self.closed.entry(hash).or_default() |= here;
        }
        let seen = self.seen.entry(hash).or_default();
        let before = *seen;
        seen.bits |= here | by | open;
        if let Some(quantity) = row.quantity.filter(|_| merchants) {
            seen.quantity = match seen.quantity {
                NONE => quantity,
                known => known.max(quantity),
            };
            self.note_quantity(hash, before, place, quantity);
        }
        before.bits & here == 0
    }

    /// Keeps a quantity by its marketplace, if it is not the same as all before.
    fn note_quantity(&mut self, hash: u64, before: Seen, place: usize, quantity: u32) {
        if let Some(quantities) = self.differing.get_mut(&hash) {
            quantities.push((place, quantity));
        } else if before.quantity != NONE
            && before.quantity != quantity
            && self.differing.len() < MOST_DIFFERING
        {
            let earlier = (0..20).filter(|earlier| before.bits & (1 << earlier) != 0);
            let mut quantities: Vec<(usize, u32)> =
                earlier.map(|earlier| (earlier, before.quantity)).collect();
            quantities.push((place, quantity));
            self.differing.insert(hash, quantities);
        }
    }

    /// The quantities that the reports show of a SKU, with their places.
    pub(crate) fn quantities(&self, sku: &str) -> Vec<(usize, u32)> {
        let hash = self.hash(sku);
        if let Some(quantities) = self.differing.get(&hash) {
            return quantities.clone();
        }
        let seen = self.seen.get(&hash).copied().unwrap_or_default();
        let quantity = (seen.quantity != NONE).then_some(seen.quantity);
        let places = (0..20).filter(|place| seen.bits & (1 << place) != 0);
        places
            .filter_map(|place| Some((place, quantity?)))
            .collect()
    }

    /// What was seen under one spelling was seen of another SKU.
    pub(crate) fn respell(&mut self, from: &str, to: &str) {
        let (from, to) = (self.hash(from), self.hash(to));
        let Some(seen) = self.seen.remove(&from) else {
            return;
        };
        let target = self.seen.entry(to).or_default();
        target.bits |= seen.bits;
        target.quantity = match (target.quantity, seen.quantity) {
            (NONE, other) | (other, NONE) => other,
            (one, other) => one.max(other),
        };
        if let Some(closed) = self.closed.remove(&from) {
            *self.closed.entry(to).or_default() |= closed;
        }
        if let Some(quantities) = self.differing.remove(&from) {
            self.differing.entry(to).or_default().extend(quantities);
        }
    }

    pub(crate) fn mark(&mut self, sku: &str, mark: Mark) {
        let hash = self.hash(sku);
        self.seen.entry(hash).or_default().bits |= mark as u32;
    }

    /// Marks a SKU, and returns whether it had the mark already.
    pub(crate) fn had(&mut self, sku: &str, mark: Mark) -> bool {
        let hash = self.hash(sku);
        let seen = self.seen.entry(hash).or_default();
        let had = seen.bits & mark as u32 != 0;
        seen.bits |= mark as u32;
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
        (0..20).filter(move |place| bits & (1 << place) != 0)
    }

    /// Whether the report that is the `place`-th has it.
    pub(crate) fn is_in(&self, sku: &str, place: usize) -> bool {
        self.bits(sku) & MARKETPLACES & (1 << place) != 0
    }

    /// Whether the report that is the `place`-th shows it inactive although it has stock.
    pub(crate) fn is_closed_in(&self, sku: &str, place: usize) -> bool {
        let closed = self.closed.get(&self.hash(sku));
        closed.is_some_and(|places| places & (1 << place) != 0)
    }

    fn bits(&self, sku: &str) -> u32 {
        let seen = self.seen.get(&self.hash(sku));
        seen.map(|seen| seen.bits).unwrap_or_default()
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
        let buckets = seen.seen.capacity() * 8 / 7;
        let bytes = buckets * (size_of::<(u64, Seen)>() + 1);
        assert!(bytes < 40_000_000, "{bytes}");
        assert_eq!(seen.seen.len(), 1_000_000, "no two of them met");
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

    #[test]
    fn quantities_are_kept_by_marketplace_only_if_they_differ() {
        let mut seen = Sightings::default();
        let shows = |sku: &str, quantity| ListingRow {
            quantity,
            ..row(sku, Fulfilment::Merchant)
        };
        for place in [0, 2] {
            seen.see(place, &shows("SAME", Some(4)));
        }
        for (place, quantity) in [(0, 0), (1, 0), (2, 4), (3, 0)] {
            seen.see(place, &shows("OTHER", Some(quantity)));
        }
        assert_eq!(seen.quantities("SAME"), [(0, 4), (2, 4)]);
        assert_eq!(seen.quantities("OTHER"), [(0, 0), (1, 0), (2, 4), (3, 0)]);
        assert_eq!(seen.quantities("NEVER"), []);
        assert_eq!(seen.differing.len(), 1);
        seen.see(0, &shows("?", Some(2)));
        seen.respell("?", "Ł");
        assert!(!seen.is_seen("?") && seen.is_in("Ł", 0));
        assert_eq!(seen.quantities("Ł"), [(0, 2)]);
    }
}
