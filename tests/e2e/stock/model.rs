//! The warehouse and the platform before it, as plain as can be: what is there, what is sold, what is counted and what of
//! it has come in. It shares no rule with the code under test.

use super::scene::{LISTED, PARTS};
use jiff::Timestamp;
use proptest::prelude::*;

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Act {
    /// Seconds pass.
    Pass(u16),
    Buy(usize, u8),
    /// Orders are fetched and stored.
    Sweep,
    /// What changed in the orders is reported, and reserved.
    Announce,
    /// The platform takes the n-th order over.
    Acknowledge(u8),
    /// The n-th order that was taken over leaves the warehouse.
    Dispatch(u8),
    Cancel(u8),
    Restock(usize, u8),
    /// The platform counts a part; the level is on its way.
    Measure(usize),
    /// The n-th level on its way comes in; `true`: and comes again later.
    Deliver(u8, bool),
    /// All that came in is computed.
    Work,
    /// Time for a round.
    Tick {
        by_feed: bool,
    },
    /// Decreases that wait for no round.
    Urgent,
    /// Amazon holds feeds, or lets them go.
    Hold(bool),
    /// Feeds are looked at.
    Settle,
    /// Something fails once.
    Fault(u8),
    /// Everything comes to rest.
    Quiet,
}

/// A history.
pub fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 22..30)
}

fn act() -> impl Strategy<Value = Act> {
    let part = 0..PARTS.len();
    prop_oneof![
        3 => (30u16..900).prop_map(Act::Pass),
        6 => (0..LISTED.len(), 1u8..4).prop_map(|(listing, units)| Act::Buy(listing, units)),
        3 => Just(Act::Sweep),
        3 => Just(Act::Announce),
        3 => any::<u8>().prop_map(Act::Acknowledge),
        1 => any::<u8>().prop_map(Act::Dispatch),
        2 => any::<u8>().prop_map(Act::Cancel),
        2 => (part.clone(), 1u8..9).prop_map(|(part, units)| Act::Restock(part, units)),
        3 => part.prop_map(Act::Measure),
        4 => (any::<u8>(), prop::bool::weighted(0.3)).prop_map(|(n, again)| Act::Deliver(n, again)),
        3 => Just(Act::Work),
        4 => any::<bool>().prop_map(|by_feed| Act::Tick { by_feed }),
        1 => Just(Act::Urgent),
        1 => any::<bool>().prop_map(Act::Hold),
        2 => Just(Act::Settle),
        1 => (0u8..7).prop_map(Act::Fault),
        1 => Just(Act::Quiet),
    ]
}

/// An order of one listing.
#[derive(Debug)]
pub struct Sold {
    pub number: u32,
    listing: usize,
    units: u32,
    cancelled: bool,
    dispatched: bool,
    /// When the platform took it over.
    taken: Option<Timestamp>,
    /// What Stallkeeper knows of it, once it does: cancelled, taken over.
    known: Option<(bool, Option<Timestamp>)>,
}

impl Sold {
    /// Stallkeeper announced it, and the platform received that.
    pub fn told_of(&mut self, cancelled: bool) {
        self.known = Some((cancelled, self.taken));
    }

    fn units_of(&self, part: usize) -> u32 {
        let parts = LISTED[self.listing].parts.iter();
        let of_it = parts.filter(|(it, _)| *it == part);
        of_it.map(|(_, units)| units * self.units).sum()
    }

    fn is_to_ship(&self) -> bool {
        !self.cancelled && !self.dispatched
    }

    /// The platform no longer counts it. It learns of a cancellation when Stallkeeper announces it.
    fn is_off_the_count(&self) -> bool {
        let knows_better = self.known.is_some_and(|(cancelled, _)| cancelled);
        self.taken.is_some() && !self.dispatched && !knows_better
    }
}

#[derive(Debug)]
pub struct Warehouse {
    /// What is there of each part.
    pub there: [u32; 3],
    pub sold: Vec<Sold>,
    /// Part, quantity, and when it was counted.
    on_the_way: Vec<(usize, u32, Timestamp)>,
    /// The newest that has come in.
    known: [(u32, Timestamp); 3],
    /// The most units that were ever sold beyond what there is.
    pub oversold: u32,
}

impl Warehouse {
    pub fn new(there: [u32; 3], counted: Timestamp) -> Self {
        Self {
            there,
            sold: Vec::new(),
            on_the_way: Vec::new(),
            known: there.map(|quantity| (quantity, counted)),
            oversold: 0,
        }
    }

    /// The number of the new order.
    pub fn sell(&mut self, listing: usize, units: u32) -> u32 {
        let number = u32::try_from(self.sold.len() + 1).unwrap();
        self.sold.push(Sold {
            number,
            listing,
            units,
            cancelled: false,
            dispatched: false,
            taken: None,
            known: None,
        });
        number
    }

    /// Whether more is to be shipped than is there, by more than ever before; it is counted.
    pub fn oversells(&mut self) -> bool {
        let over = (0..PARTS.len()).map(|part| self.to_ship(part).saturating_sub(self.there[part]));
        let over = over.sum();
        let more = over > self.oversold;
        self.oversold = self.oversold.max(over);
        more
    }

    fn to_ship(&self, part: usize) -> u32 {
        let waiting = self.sold.iter().filter(|sold| sold.is_to_ship());
        waiting.map(|sold| sold.units_of(part)).sum()
    }

    /// What is there and not sold.
    pub fn left(&self) -> [u32; 3] {
        std::array::from_fn(|part| self.there[part].saturating_sub(self.to_ship(part)))
    }

    fn pick(&mut self, n: u8, which: impl Fn(&Sold) -> bool) -> Option<&mut Sold> {
        let mut some: Vec<&mut Sold> = self.sold.iter_mut().filter(|sold| which(sold)).collect();
        let count = some.len();
        (count > 0).then(|| some.swap_remove(usize::from(n) % count))
    }

    pub fn cancel(&mut self, n: u8) -> Option<u32> {
        let sold = self.pick(n, Sold::is_to_ship)?;
        sold.cancelled = true;
        Some(sold.number)
    }

    pub fn next_to_take(&mut self, n: u8) -> Option<u32> {
        let sold = self.pick(n, |sold| sold.taken.is_none() && sold.is_to_ship())?;
        Some(sold.number)
    }

    pub fn take(&mut self, number: u32, at: Timestamp) {
        let mut sold = self.sold.iter_mut();
        sold.find(|sold| sold.number == number).unwrap().taken = Some(at);
    }

    /// Whatever is not there cannot leave.
    pub fn dispatch(&mut self, n: u8) {
        let there = self.there;
        let enough = |sold: &Sold| (0..PARTS.len()).all(|part| sold.units_of(part) <= there[part]);
        let is_next = |sold: &Sold| sold.taken.is_some() && sold.is_to_ship() && enough(sold);
        let Some(sold) = self.pick(n, is_next) else {
            return;
        };
        sold.dispatched = true;
        let units: Vec<u32> = (0..PARTS.len()).map(|part| sold.units_of(part)).collect();
        for (there, units) in self.there.iter_mut().zip(units) {
            *there -= units;
        }
    }

    pub fn measure(&mut self, part: usize, at: Timestamp) {
        let off = self.sold.iter().filter(|sold| sold.is_off_the_count());
        let off: u32 = off.map(|sold| sold.units_of(part)).sum();
        let quantity = self.there[part].saturating_sub(off);
        self.on_the_way.push((part, quantity, at));
    }

    pub fn has_levels_on_the_way(&self) -> bool {
        !self.on_the_way.is_empty()
    }

    pub fn deliver(&mut self, n: u8, again: bool) -> Option<(usize, u32, Timestamp)> {
        let count = self.on_the_way.len();
        if count == 0 {
            return None;
        }
        let index = usize::from(n) % count;
        let level = if again {
            self.on_the_way[index]
        } else {
            self.on_the_way.remove(index)
        };
        let (part, quantity, at) = level;
        if at > self.known[part].1 {
            self.known[part] = (quantity, at);
        }
        Some(level)
    }

    /// What the rules say of what is known: levels less what is reserved, for the scarcest part.
    pub fn wanted(&self, parts: &[(usize, u32)]) -> u32 {
        let free = |part: usize| {
            let (level, counted) = self.known[part];
            let reserved = self.sold.iter().filter(|sold| match sold.known {
                None | Some((true, _)) => false,
                Some((false, taken)) => taken.is_none_or(|taken| taken >= counted),
            });
            level.saturating_sub(reserved.map(|sold| sold.units_of(part)).sum())
        };
        let enough = parts.iter().map(|(part, units)| free(*part) / units);
        enough.min().unwrap_or(0)
    }
}
