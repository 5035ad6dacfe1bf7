//! Random histories of what is sold and for how much, held against a plain model of a few dozen lines that shares nothing with
//! the functions.
//!
//! The functions themselves play them, on the template's tables in an embedded DynamoDB, against the sandbox that plays Amazon:
//! products that change, rules and selections that are drafted and published, listings that are held, answers that are lost,
//! messages that come twice and late. **At every moment Amazon shows no price but the seller's own and those that some rules in
//! force wanted of some product that was known; once all is quiet, it shows those that are wanted now.**

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if something is not as it should be"
)]

mod model;
mod shop;
mod world;

use model::{Model, PRODUCTS};
use proptest::prelude::*;
use shop::Shop;

/// Something that happens. `product` and `marketplace` are counted from 0.
#[derive(Debug, Clone)]
enum Act {
    /// A product costs something else (in pounds or euros; `None`: nobody knows), and is of brand A or B.
    Product {
        product: usize,
        cost: Option<u32>,
        brand: bool,
    },
    /// The draft of a marketplace's rules: a margin in percent for brand A and for all others; `None`: prices are left.
    Rules {
        marketplace: usize,
        margins: Option<(u32, u32)>,
    },
    /// The draft of the selection: brand A is not sold at all, or a brand not on the second marketplace.
    Selection {
        without_a: bool,
        not_offered: Option<bool>,
    },
    Publish,
    /// A person holds a listing (at zero, or as it is), or releases it.
    Hold {
        product: usize,
        mode: Option<&'static str>,
    },
    /// All prices that wait for a person are released.
    Release,
    /// What is queued is computed and matched; `twice`: each message comes again.
    Work {
        twice: bool,
    },
    Round,
    /// What became of feeds is asked for; `again`: also of an earlier one.
    Settle {
        again: bool,
    },
    Match,
    /// The next answer to a call is lost, or the call does not reach Amazon.
    Lose {
        operation: &'static str,
        kind: &'static str,
    },
    /// Amazon gives no verdict on the next feed.
    NoVerdict {
        kind: &'static str,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (product, marketplace) = (0..PRODUCTS, 0..2_usize);
    let cost = prop::option::weighted(0.8, 4..40_u32);
    let margins = prop::option::weighted(0.8, (0..100_u32, 0..100_u32));
    let modes = prop::sample::select(vec![None, Some("leave"), Some("zero")]);
    let losses = prop::sample::select(vec![
        ("patchListingsItem", "lost"),
        ("patchListingsItem", "reset"),
        ("createFeed", "lost"),
        ("createFeed", "reset"),
    ]);
    let verdicts = prop::sample::select(vec!["fatal", "cancelled", "report_missing"]);
    prop_oneof![
        4 => (product.clone(), cost, any::<bool>())
            .prop_map(|(product, cost, brand)| Act::Product { product, cost, brand }),
        3 => (marketplace, margins)
            .prop_map(|(marketplace, margins)| Act::Rules { marketplace, margins }),
        2 => (any::<bool>(), prop::option::of(any::<bool>()))
            .prop_map(|(without_a, not_offered)| Act::Selection { without_a, not_offered }),
        4 => Just(Act::Publish),
        2 => (product, modes).prop_map(|(product, mode)| Act::Hold { product, mode }),
        2 => Just(Act::Release),
        6 => any::<bool>().prop_map(|twice| Act::Work { twice }),
        6 => Just(Act::Round),
        3 => any::<bool>().prop_map(|again| Act::Settle { again }),
        1 => Just(Act::Match),
        1 => losses.prop_map(|(operation, kind)| Act::Lose { operation, kind }),
        1 => verdicts.prop_map(|kind| Act::NoVerdict { kind }),
    ]
}

/// `by_feed`: nothing goes by patch.
async fn play(acts: Vec<Act>, by_feed: bool) {
    let mut shop = Shop::open(by_feed).await;
    let mut model = Model::default();
    for (number, act) in acts.iter().enumerate() {
        model.act(act);
        shop.act(act).await;
        model.allows(&shop.shown().await, &format!("act {number}, {act:?}"));
    }
    shop.quiet().await;
    let shown = shop.shown().await;
    model.allows(&shown, "once quiet");
    model.wants(&shown);
    // Published again, nothing is another: not here, and not there.
    shop.act(&Act::Publish).await;
    model.act(&Act::Publish);
    shop.quiet().await;
    model.wants(&shop.shown().await);
    let before = shop.shown().await;
    shop.act(&Act::Publish).await;
    shop.quiet().await;
    assert_eq!(shop.shown().await, before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn amazon_shows_the_prices_that_rules_want(acts in prop::collection::vec(act(), 5..30), by_feed in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(acts, by_feed));
    }
}
