//! What goes by patch and what by feed, and through which marketplace. Pure.

use stallkeeper::domain::feed::{FeedKind, MOST_LINES};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::sp_api::listings_feed::MAX_BYTES;
use stallkeeper::store::ToSend;
use std::collections::BTreeMap;

/// What a line of a feed takes beside what the seller named: an upper bound.
const LINE_BYTES: usize = 300;

/// How entries are to be sent.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// The most pressing first.
    pub(crate) patches: Vec<ToSend>,
    pub(crate) feeds: Vec<Batch>,
}

/// What goes in one feed.
#[derive(Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) kind: FeedKind,
    pub(crate) marketplace: Marketplace,
    pub(crate) entries: Vec<ToSend>,
}

/// Few go by patch. Of many, what waits for no round goes by patch all the same, and the rest by the fewest feeds.
pub(crate) fn plan(entries: Vec<ToSend>, home: Marketplace, patch_most: usize) -> Plan {
    let (prices, quantities): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.price_on.is_some());
    let mut plan = Plan::default();
    plan.add(FeedKind::Quantity, quantities, patch_most, |rest| {
        cover(rest, home)
    });
    plan.add(FeedKind::Price, prices, patch_most, by_marketplace);
    plan
}

impl Plan {
    fn add(
        &mut self,
        kind: FeedKind,
        mut entries: Vec<ToSend>,
        patch_most: usize,
        group: impl FnOnce(Vec<ToSend>) -> Vec<(Marketplace, Vec<ToSend>)>,
    ) {
        entries.sort_by(|a, b| {
            let pressing = |it: &ToSend| (!it.urgent, !it.decrease, it.at);
            pressing(a).cmp(&pressing(b)).then(a.sku.cmp(&b.sku))
        });
        if entries.len() <= patch_most {
            self.patches.append(&mut entries);
            return;
        }
        let urgent = entries.iter().take_while(|entry| entry.urgent).count();
        let rest = entries.split_off(urgent.min(patch_most));
        let mut room = patch_most - entries.len();
        self.patches.append(&mut entries);
        let mut groups = group(rest);
        // A feed for a handful is not worth one of the few that Amazon takes.
        groups.sort_by_key(|(_, group)| group.len());
        for (marketplace, mut group) in groups {
            if group.len() <= room {
                room -= group.len();
                self.patches.append(&mut group);
                continue;
            }
            self.feeds
                .extend(documents(group).into_iter().map(|entries| Batch {
                    kind,
                    marketplace,
                    entries,
                }));
        }
    }
}

/// The marketplace to patch an entry through.
pub(crate) fn marketplace_of(entry: &ToSend, home: Marketplace) -> Marketplace {
    match entry.price_on {
        Some(marketplace) => marketplace,
        None if entry.marketplaces.contains(&home) => home,
        None => entry.marketplaces.first().copied().unwrap_or(home),
    }
}

/// The fewest marketplaces that cover all: home first, then repeatedly the one that covers most of what is left. An entry
/// that names no marketplace is tried at home.
fn cover(mut entries: Vec<ToSend>, home: Marketplace) -> Vec<(Marketplace, Vec<ToSend>)> {
    let mut groups = Vec::new();
    let mut next = Some(home);
    while let Some(marketplace) = next {
        let (covered, left): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| {
            entry.marketplaces.contains(&marketplace)
                || (entry.marketplaces.is_empty() && marketplace == home)
        });
        if !covered.is_empty() {
            groups.push((marketplace, covered));
        }
        entries = left;
        let mut counts: BTreeMap<&str, (usize, Marketplace)> = BTreeMap::new();
        for marketplace in entries.iter().flat_map(|entry| &entry.marketplaces) {
            counts
                .entry(marketplace.country())
                .or_insert((0, *marketplace))
                .0 += 1;
        }
        next = counts
            .into_values()
            .max_by_key(|(count, _)| *count)
            .map(|(_, marketplace)| marketplace);
    }
    groups
}

fn by_marketplace(entries: Vec<ToSend>) -> Vec<(Marketplace, Vec<ToSend>)> {
    let mut groups: BTreeMap<&str, (Marketplace, Vec<ToSend>)> = BTreeMap::new();
    for entry in entries {
        let Some(marketplace) = entry.price_on else {
            continue;
        };
        let group = groups
            .entry(marketplace.country())
            .or_insert_with(|| (marketplace, Vec::new()));
        group.1.push(entry);
    }
    groups.into_values().collect()
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
    use jiff::Timestamp;
    use proptest::prelude::*;
    use stallkeeper::domain::feed::LineValue;

    pub(crate) fn entry(sku: &str, quantity: u32) -> ToSend {
        ToSend {
            sku: sku.parse().unwrap(),
            price_on: None,
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
            let plan = plan(entries, Marketplace::De, patch_most);
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
        assert_eq!(plan(entries(300), Marketplace::Uk, 300).patches.len(), 300);
        let many = plan(entries(301), Marketplace::Uk, 300);
        assert!(many.patches.is_empty());
        assert_eq!(many.feeds.len(), 1);
        assert_eq!(many.feeds[0].entries.len(), 301);
        let most = plan(entries(25_001), Marketplace::Uk, 300);
        assert_eq!(most.feeds.len(), 2, "Amazon takes 25,000 lines in a feed");
    }

    #[test]
    fn of_many_what_is_urgent_goes_by_patch_all_the_same() {
        let mut all = entries(400);
        all[77].urgent = true;
        let plan = plan(all, Marketplace::Uk, 300);
        assert_eq!(plan.patches.len(), 1);
        assert_eq!(plan.patches[0].sku.as_str(), "S00077");
        assert_eq!(plan.feeds[0].entries.len(), 399);
    }

    #[test]
    fn prices_go_in_a_feed_for_each_marketplace() {
        let on = |marketplace, n: usize| ToSend {
            price_on: Some(marketplace),
            ..entry(&format!("S{n}"), 0)
        };
        let mut all: Vec<ToSend> = (0..400).map(|n| on(Marketplace::Uk, n)).collect();
        all.extend((0..350).map(|n| on(Marketplace::De, n)));
        let plan = plan(all, Marketplace::Uk, 300);
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
