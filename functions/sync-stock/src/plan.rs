//! What goes by patch and what by feed, and through which marketplace. Pure.

use jiff::Timestamp;
use stallkeeper::domain::feed::{FeedKind, MOST_LINES};
use stallkeeper::domain::listing::ListingPart;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::sp_api::listings_feed::MAX_BYTES;
use stallkeeper::store::ToSend;
use std::collections::{BTreeMap, BTreeSet};

/// What a line of a feed takes beside what the seller named: an upper bound.
const LINE_BYTES: usize = 300;

/// How entries are to be sent.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// The most pressing first.
    pub(crate) patches: Vec<ToSend>,
    pub(crate) feeds: Vec<Batch>,
    /// How many wait, since no marketplace takes feeds for them.
    pub(crate) waiting: u64,
}

/// What goes in one feed.
#[derive(Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) kind: FeedKind,
    pub(crate) marketplace: Marketplace,
    pub(crate) entries: Vec<ToSend>,
}

/// Which ways are open.
#[derive(Debug)]
pub(crate) struct Routes {
    pub(crate) home: Marketplace,
    pub(crate) patch_most: usize,
    /// Marketplaces that refused a feed lately.
    pub(crate) closed: BTreeSet<Marketplace>,
    /// Amazon does not bring a feed to an end.
    pub(crate) feeds_are_stuck: bool,
}

/// Few go by patch. Of many, what waits for no round goes by patch all the same, and the rest by the fewest feeds. A
/// decrease that a feed did not bring to Amazon goes by patch, however many there are.
pub(crate) fn plan(entries: Vec<ToSend>, routes: &Routes) -> Plan {
    let (mut quantities, mut prices, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        match entry.part() {
            ListingPart::Quantity => quantities.push(entry),
            ListingPart::Price(_) => prices.push(entry),
            ListingPart::End(_) => ends.push(entry),
        }
    }
    let mut plan = Plan::default();
    plan.add(FeedKind::Quantity, quantities, routes);
    plan.add(FeedKind::Price, prices, routes);
    // An offer that is opened again has its price by then, as a rule.
    plan.add(FeedKind::End, ends, routes);
    plan
}

impl Plan {
    fn add(&mut self, kind: FeedKind, mut entries: Vec<ToSend>, routes: &Routes) {
        entries.sort_by(|a, b| pressing(a).cmp(&pressing(b)).then(a.sku.cmp(&b.sku)));
        let (first, entries): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| goes_by_patch(entry, routes));
        self.patches.extend(first);
        let (mut entries, unaddressed): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| entry.sku.fits_in_an_address());
        let patched = match entries.len() <= routes.patch_most {
            true => entries.len(),
            false => entries.iter().take_while(|entry| entry.urgent).count(),
        };
        let mut rest = entries.split_off(patched.min(routes.patch_most));
        let mut room = routes.patch_most - entries.len();
        self.patches.append(&mut entries);
        rest.extend(unaddressed);
        self.add_groups(kind, rest, routes, &mut room);
    }

    fn add_groups(&mut self, kind: FeedKind, rest: Vec<ToSend>, routes: &Routes, room: &mut usize) {
        let (mut groups, closed) = cover(rest, routes);
        // A feed for a handful is not worth one of the few that Amazon takes.
        groups.sort_by_key(|(_, group)| group.len());
        for (marketplace, group) in groups {
            let (mut patched, fed) = match group.len() <= *room {
                true => group
                    .into_iter()
                    .partition(|entry| entry.sku.fits_in_an_address()),
                false => (Vec::new(), group),
            };
            *room -= patched.len();
            self.patches.append(&mut patched);
            self.feeds
                .extend(documents(fed).into_iter().map(|entries| Batch {
                    kind,
                    marketplace,
                    entries,
                }));
        }
        // By patch, Amazon says of each whether it is refused as well.
        let (mut closed, unaddressed): (Vec<_>, Vec<_>) = closed
            .into_iter()
            .partition(|entry| entry.sku.fits_in_an_address());
        let wait = closed.split_off(closed.len().min(*room));
        self.waiting += (wait.len() + unaddressed.len()) as u64;
        self.patches.append(&mut closed);
    }
}

/// How pressing an entry is: the least is the most.
pub(crate) fn pressing(entry: &ToSend) -> (bool, bool, u32, Timestamp) {
    (!entry.urgent, !entry.decrease, entry.tries, entry.at)
}

/// Whether an entry goes by patch even if there are many.
fn goes_by_patch(entry: &ToSend, routes: &Routes) -> bool {
    let lost = entry.by_patch || routes.feeds_are_stuck;
    lost && entry.decrease && entry.sku.fits_in_an_address()
}

/// The marketplaces that an entry can be sent through, the home one first; never none.
pub(crate) fn marketplaces_of(entry: &ToSend, home: Marketplace) -> Vec<Marketplace> {
    if let Some(marketplace) = entry.part().marketplace() {
        return vec![marketplace];
    }
    let (mut all, others): (Vec<_>, Vec<_>) =
        entry.marketplaces.iter().partition(|it| **it == home);
    all.extend(others);
    if all.is_empty() {
        all.push(home);
    }
    all
}

/// The fewest open marketplaces that cover all: home first, then repeatedly the one that covers most of what is left; and
/// the entries that no open one covers. An entry that names no marketplace is tried at home.
fn cover(entries: Vec<ToSend>, routes: &Routes) -> (Vec<(Marketplace, Vec<ToSend>)>, Vec<ToSend>) {
    let open = |entry: &ToSend| {
        let mut all = marketplaces_of(entry, routes.home);
        all.retain(|it| !routes.closed.contains(it));
        all
    };
    let (mut left, closed): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| !open(entry).is_empty());
    let mut groups = Vec::new();
    let mut next = Some(routes.home);
    while let Some(marketplace) = next {
        let (covered, others): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|entry| open(entry).contains(&marketplace));
        if !covered.is_empty() {
            groups.push((marketplace, covered));
        }
        left = others;
        let mut counts: BTreeMap<&str, (usize, Marketplace)> = BTreeMap::new();
        for marketplace in left.iter().flat_map(open) {
            let count = counts.entry(marketplace.country());
            count.or_insert((0, marketplace)).0 += 1;
        }
        next = counts
            .into_values()
            .max_by_key(|(count, _)| *count)
            .map(|(_, marketplace)| marketplace);
    }
    (groups, closed)
}

/// Splits into documents that Amazon takes.
fn documents(entries: Vec<ToSend>) -> Vec<Vec<ToSend>> {
    let mut all: Vec<Vec<ToSend>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let size = line_bytes(&entry);
        match all.last_mut() {
            Some(document) if document.len() < MOST_LINES && bytes + size <= MAX_BYTES => {
                bytes += size;
                document.push(entry);
            }
            _ => {
                bytes = LINE_BYTES + size;
                all.push(vec![entry]);
            }
        }
    }
    all
}

/// An upper bound of what an entry takes in a document.
fn line_bytes(entry: &ToSend) -> usize {
    let product_type = entry.product_type.as_deref().unwrap_or_default();
    LINE_BYTES + escaped(entry.sku.as_str()) + escaped(product_type)
}

/// How long a text is in JSON: quotes and backslashes take two bytes.
fn escaped(text: &str) -> usize {
    text.len() + text.matches(['"', '\\']).count()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use stallkeeper::domain::feed::LineValue;

    pub(crate) fn entry(sku: &str, quantity: u32) -> ToSend {
        ToSend {
            sku: sku.parse().unwrap(),
            price_on: None,
            end_on: None,
            value: LineValue::Quantity(quantity),
            generation: 1,
            send_count: 0,
            decrease: false,
            urgent: false,
            level_at: None,
            after: None,
            marketplaces: vec![Marketplace::Uk],
            product_type: None,
            at: Timestamp::UNIX_EPOCH,
            by_patch: false,
            tries: 0,
            next_at: None,
        }
    }

    fn routes(home: Marketplace, patch_most: usize) -> Routes {
        Routes {
            home,
            patch_most,
            closed: BTreeSet::new(),
            feeds_are_stuck: false,
        }
    }

    fn entries(count: usize) -> Vec<ToSend> {
        (0..count).map(|n| entry(&format!("S{n:05}"), 5)).collect()
    }

    const MARKETPLACES: [Marketplace; 4] = [
        Marketplace::Uk,
        Marketplace::De,
        Marketplace::Fr,
        Marketplace::It,
    ];

    proptest! {
        #[test]
        fn each_entry_goes_once_through_a_store_it_is_in(
            marketplaces in prop::collection::vec(prop::sample::subsequence(MARKETPLACES.to_vec(), 1..=4), 0..60),
            urgent in prop::collection::vec(any::<bool>(), 60),
            patch_most in 0usize..30,
        ) {
            let entries: Vec<ToSend> = marketplaces.into_iter().enumerate().map(|(n, marketplaces)| ToSend {
                marketplaces,
                urgent: urgent[n],
                ..entry(&format!("S{n}"), 1)
            }).collect();
            let count = entries.len();
            let plan = plan(entries, &routes(Marketplace::De, patch_most));
            prop_assert!(plan.patches.len() <= patch_most);
            let mut skus: Vec<&str> = plan.patches.iter().map(|it| it.sku.as_str()).collect();
            for batch in &plan.feeds {
                prop_assert!(batch.entries.iter().all(|it| it.marketplaces.contains(&batch.marketplace)));
                skus.extend(batch.entries.iter().map(|it| it.sku.as_str()));
            }
            skus.sort_unstable();
            skus.dedup();
            prop_assert_eq!(skus.len(), count);
            let through_home = |it: &ToSend| it.marketplaces.contains(&Marketplace::De);
            let elsewhere = plan.feeds.iter().filter(|batch| batch.marketplace != Marketplace::De);
            prop_assert!(elsewhere.flat_map(|batch| &batch.entries).all(|it| !through_home(it)));
        }
    }

    #[test]
    fn few_go_by_patch_and_many_by_one_feed() {
        assert_eq!(
            plan(entries(300), &routes(Marketplace::Uk, 300))
                .patches
                .len(),
            300
        );
        let many = plan(entries(301), &routes(Marketplace::Uk, 300));
        assert!(many.patches.is_empty());
        assert_eq!(many.feeds.len(), 1);
        assert_eq!(many.feeds[0].entries.len(), 301);
        let most = plan(entries(25_001), &routes(Marketplace::Uk, 300));
        assert_eq!(most.feeds.len(), 2, "Amazon takes 25,000 lines in a feed");
    }

    #[test]
    fn of_many_what_is_urgent_goes_by_patch_all_the_same() {
        let mut all = entries(400);
        all[77].urgent = true;
        let plan = plan(all, &routes(Marketplace::Uk, 300));
        assert_eq!(plan.patches.len(), 1);
        assert_eq!(plan.patches[0].sku.as_str(), "S00077");
        assert_eq!(plan.feeds[0].entries.len(), 399);
    }

    #[test]
    fn a_decrease_that_no_feed_brings_to_amazon_goes_by_patch_however_many_there_are() {
        let decreases = |by_patch| {
            let all = entries(400).into_iter();
            all.map(move |entry| ToSend {
                decrease: true,
                by_patch,
                ..entry
            })
        };
        let usual = routes(Marketplace::Uk, 300);
        let lost = plan(decreases(true).chain(entries(0)).collect(), &usual);
        assert_eq!((lost.patches.len(), lost.feeds.len()), (400, 0));
        let stuck = Routes {
            feeds_are_stuck: true,
            ..usual
        };
        let new = plan(decreases(false).collect(), &stuck);
        assert_eq!((new.patches.len(), new.feeds.len()), (400, 0));
        let increases = plan(entries(400), &stuck);
        assert_eq!((increases.patches.len(), increases.feeds.len()), (0, 1));
    }

    #[test]
    fn a_sku_that_fits_in_no_address_goes_by_feed_even_alone() {
        let mut all = entries(3);
        all.push(ToSend {
            urgent: true,
            decrease: true,
            by_patch: true,
            ..entry("..", 0)
        });
        let plan = plan(all, &routes(Marketplace::Uk, 300));
        assert_eq!(plan.patches.len(), 3);
        assert_eq!(plan.feeds.len(), 1);
        assert_eq!(plan.feeds[0].entries[0].sku.as_str(), "..");
    }

    #[test]
    fn feeds_avoid_a_marketplace_that_refused_one() {
        let in_both = |n: usize| ToSend {
            marketplaces: vec![Marketplace::Uk, Marketplace::De],
            ..entry(&format!("B{n:03}"), 5)
        };
        let mut all = entries(40);
        all.extend((0..40).map(in_both));
        let closed = Routes {
            closed: [Marketplace::Uk].into(),
            ..routes(Marketplace::Uk, 10)
        };
        let plan = plan(all, &closed);
        assert_eq!(plan.feeds.len(), 1);
        assert_eq!(plan.feeds[0].marketplace, Marketplace::De);
        assert_eq!(plan.feeds[0].entries.len(), 40);
        assert_eq!((plan.patches.len(), plan.waiting), (10, 30));
    }

    #[test]
    fn prices_go_in_a_feed_for_each_marketplace() {
        let on = |marketplace, n: usize| ToSend {
            price_on: Some(marketplace),
            ..entry(&format!("S{n}"), 0)
        };
        let mut all: Vec<ToSend> = (0..400).map(|n| on(Marketplace::Uk, n)).collect();
        all.extend((0..350).map(|n| on(Marketplace::De, n)));
        let plan = plan(all, &routes(Marketplace::Uk, 300));
        let sizes: Vec<_> = plan
            .feeds
            .iter()
            .map(|batch| (batch.kind, batch.marketplace, batch.entries.len()))
            .collect();
        assert_eq!(
            sizes,
            [
                (FeedKind::Price, Marketplace::De, 350),
                (FeedKind::Price, Marketplace::Uk, 400)
            ]
        );
    }

    #[test]
    fn a_document_stays_within_amazons_bytes_whatever_the_skus() {
        let long = "\"".repeat(150);
        let all = (0..25_000)
            .map(|n| entry(&format!("{long}{n}"), 5))
            .collect();
        assert!(documents(all).len() > 1);
    }
}
