use crate::seller::Seller;
use crate::world::{Line, World, line};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace::{self, De, Uk};
use std::collections::{BTreeMap, BTreeSet};

/// Spellings that meet: alike except for case and outer spaces, or not at all.
const SKUS: [&str; 6] = ["MUG#1", "mug#1", "A/B 50%", "a/b 50%", "É&\"x", "é&\"x"];

/// A line of a report: which marketplace, which SKU, who fulfils it.
#[derive(Debug, Clone)]
struct Row {
    store: Marketplace,
    sku: &'static str,
    by_amazon: bool,
}

#[derive(Debug, Clone)]
struct Case {
    rows: Vec<Row>,
    products: BTreeSet<&'static str>,
    /// Amazon SKU → product, by a person.
    aliases: BTreeMap<&'static str, &'static str>,
}

fn case() -> impl Strategy<Value = Case> {
    let sku = || prop::sample::select(SKUS.to_vec());
    let row =
        (any::<bool>(), sku(), prop::bool::weighted(0.2)).prop_map(|(uk, sku, by_amazon)| Row {
            store: if uk { Uk } else { De },
            sku,
            by_amazon,
        });
    (
        prop::collection::vec(row, 0..8),
        prop::collection::btree_set(sku(), 0..5),
        prop::collection::btree_map(sku(), sku(), 0..2),
    )
        .prop_map(|(rows, products, aliases)| Case {
            rows,
            products,
            aliases,
        })
}

/// What each SKU's listing is to be, said as plainly as it can be said.
fn reference(case: &Case) -> BTreeMap<&'static str, (ListingState, Vec<Marketplace>)> {
    let mut all = BTreeMap::new();
    let mut belongs = BTreeSet::new();
    for sku in SKUS {
        let rows: Vec<&Row> = case.rows.iter().filter(|row| row.sku == sku).collect();
        let marketplaces: BTreeSet<Marketplace> = rows.iter().map(|row| row.store).collect();
        let alias = case.aliases.get(sku);
        let product = case.products.contains(alias.unwrap_or(&sku));
        let other = SKUS
            .iter()
            .find(|it| **it != sku && it.to_lowercase() == sku.to_lowercase())
            .filter(|it| alias.is_none() && case.products.contains(**it));
        let state = if rows.is_empty() {
            continue;
        } else if rows.iter().any(|row| row.by_amazon) {
            ListingState::FulfilledByAmazon
        } else if product {
            ListingState::Matched
        } else if let Some(other) = other {
            belongs.insert(*other);
            ListingState::CaseMismatch
        } else {
            ListingState::UnknownHere
        };
        belongs.extend(alias);
        all.insert(sku, (state, marketplaces.into_iter().collect()));
    }
    let absent = (ListingState::NotOnAmazon, Vec::new());
    for sku in case.aliases.keys() {
        all.entry(sku).or_insert(absent.clone());
    }
    for sku in &case.products {
        if !belongs.contains(sku) {
            all.entry(sku).or_insert(absent.clone());
        }
    }
    all
}

async fn found(seller: &Seller<'_>) -> BTreeMap<&'static str, (ListingState, Vec<Marketplace>)> {
    let mut all = BTreeMap::new();
    for sku in SKUS {
        if let Some(listing) = seller.listing(sku).await {
            let tied = listing.state == ListingState::Matched || listing.alias;
            assert_eq!(listing.product.is_some(), tied, "{listing:?}");
            all.insert(sku, (listing.state, listing.marketplaces));
        }
    }
    all
}

async fn play(world: &World, name: &str, before: &Case, case: &Case) {
    let seller = world.connect(name, &[Uk, De]).await;
    for sku in &case.products {
        seller.put_product(sku, &[]).await;
    }
    for (sku, product) in &case.aliases {
        let mut listing = seller.new_listing(sku, ListingState::UnknownHere);
        listing.alias = true;
        listing.product = Some(product.parse().unwrap());
        seller.put_listing(&listing).await;
    }
    // Whatever another report said before does not matter.
    for rows in [&before.rows, &case.rows] {
        for store in [Uk, De] {
            let lines: Vec<Line<'_>> = rows
                .iter()
                .filter(|row| row.store == store)
                .map(|row| Line {
                    channel: if row.by_amazon {
                        "AMAZON_EU"
                    } else {
                        "DEFAULT"
                    },
                    ..line(row.sku, "1")
                })
                .collect();
            world.report(store, &lines);
        }
        seller.release_reports().await;
        let matching = seller.match_listings().await;
        assert_eq!(matching.failed, None);
    }
    let expected = reference(case);
    assert_eq!(found(&seller).await, expected, "{case:?} after {before:?}");
    let counts = seller.matching().await.counts;
    let count = |state| expected.values().filter(|(it, _)| *it == state).count() as u64;
    assert_eq!(
        [
            counts.matched,
            counts.case_mismatch,
            counts.fulfilled_by_amazon,
            counts.not_on_amazon,
            counts.unknown_here
        ],
        [
            count(ListingState::Matched),
            count(ListingState::CaseMismatch),
            count(ListingState::FulfilledByAmazon),
            count(ListingState::NotOnAmazon),
            count(ListingState::UnknownHere),
        ],
        "{case:?}"
    );
}

#[test]
fn any_report_ends_in_the_states_that_a_plain_reference_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let number = std::cell::Cell::new(0);
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&(case(), case()), |(before, case)| {
        number.set(number.get() + 1);
        let name = format!("ref{}", number.get());
        runtime.block_on(play(&world, &name, &before, &case));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
