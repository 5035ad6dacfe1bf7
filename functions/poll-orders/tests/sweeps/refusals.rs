//! Amazon refuses a part, for a moment or for good: the rest goes on, and what was read without it is read again.

use crate::amazon::{Search, order};
use crate::world::World;
use jiff::SignedDuration;
use stallkeeper::domain::marketplace::Marketplace::{De, Fr, Uk};
use stallkeeper::sp_api::Dataset;
use stallkeeper::store::BackFillKind;

/// Whether an order was queued with this dataset.
fn with(queued: &[(String, Vec<String>)], id: &str, dataset: &str) -> bool {
    queued
        .iter()
        .any(|(queued, asked)| queued == id && asked.iter().any(|it| it == dataset))
}

#[tokio::test]
async fn one_403_costs_one_sweep_of_addresses_and_its_orders_are_read_again() {
    let world = World::start().await;
    world.heard(|heard| heard.orders.push(order("one", 180)));
    let mut first = true;
    world.refuses(move |_| std::mem::take(&mut first).then_some(403));
    assert!(world.tick().await);
    let queued = world.queued();
    assert!(with(&queued, "one", "FULFILLMENT") && !with(&queued, "one", "RECIPIENT"));
    assert_eq!(world.cursor().await.refusals.refused_datasets().len(), 2);

    world.next_tick().await;
    assert!(
        with(&world.queued(), "one", "RECIPIENT"),
        "asked for with the next sweep"
    );
    assert!(world.cursor().await.refusals.refused_datasets().is_empty());
    assert!(world.back_fill().await.jobs.is_empty());
}

#[tokio::test]
async fn a_cancellation_during_a_refusal_of_fulfilment_is_read_again_with_it() {
    let world = World::start().await;
    world.heard(|heard| heard.orders.push(order("one", 30)));
    assert!(world.tick().await);
    world.queued();
    let refused = |search: &Search| search.asks("FULFILLMENT").then_some(400);
    world.refuses(refused);
    world.pass(5).await;
    let cancelled = order("one", -1);
    world.heard(|heard| {
        heard.orders[0] = cancelled;
        heard.orders[0]["fulfillment"]["fulfillmentStatus"] = "CANCELLED".into();
    });
    assert!(world.tick().await);
    for _ in 0..5 {
        world.next_tick().await;
    }
    let without = world.queued();
    assert!(without.iter().any(|(id, _)| id == "one") && !with(&without, "one", "FULFILLMENT"));

    world.refuses(|_| None);
    for _ in 0..9 {
        world.next_tick().await;
    }
    assert!(with(&world.queued(), "one", "FULFILLMENT"));
}

#[tokio::test]
async fn a_dataset_that_amazon_never_gives_costs_few_calls_and_blames_no_other() {
    let world = World::start().await;
    world.refuses(|search| search.asks("CANCELLATION").then_some(403));
    for _ in 0..100 {
        world.next_tick().await;
    }
    let refusals = world.cursor().await.refusals;
    let refused: Vec<_> = refusals
        .refused_datasets()
        .iter()
        .map(|it| it.dataset)
        .collect();
    assert_eq!(refused, [Dataset::Cancellation]);
    let searches = world.searches();
    assert!(searches.len() < 100 + 40, "{} searches", searches.len());
}

#[tokio::test]
async fn a_seller_that_amazon_refuses_altogether_blames_no_part_and_goes_on_at_once() {
    let world = World::start().await;
    world.heard(|heard| heard.orders.push(order("one", 60)));
    world.refuses(|_| Some(403));
    world.tick().await;
    let first = world.searches().len();
    assert!((4..=6).contains(&first), "every second question: {first}");
    for _ in 0..12 {
        world.pass(5).await;
        world.tick().await;
    }
    let hour = world.searches().len();
    assert!(hour < 12 + 5 * 6, "{hour} searches in an hour");
    assert!(world.dead_letters() > 0, "a person sees it");
    let cursor = world.cursor().await;
    assert!(cursor.refusals.refused_datasets().is_empty());
    assert_eq!(cursor.refusals.refused_marketplaces(), None);

    world.refuses(|_| None);
    world.next_tick().await;
    assert!(with(&world.queued(), "one", "RECIPIENT"));
}

/// What one marketplace does to every search that touches it.
fn refuses_france(search: &Search) -> Option<u16> {
    let names = search.list("marketplaceIds");
    (names.is_empty() || names.contains(&Fr.id())).then_some(403)
}

#[tokio::test]
async fn a_marketplace_that_makes_amazon_refuse_is_left_out_and_read_again_once_it_is_answered() {
    let world = World::start().await;
    let french = |mut order: serde_json::Value| {
        order["salesChannel"]["marketplaceId"] = Fr.id().into();
        order
    };
    world.heard(|heard| heard.orders = vec![order("uk", 60), french(order("fr", 60))]);
    world.refuses(refuses_france);
    assert!(world.tick().await);
    assert_eq!(world.queued_ids(), ["uk"]);
    let refusals = world.cursor().await.refusals;
    let refused = refusals.refused_marketplaces().unwrap();
    let mut answered = refused.answered.clone();
    answered.sort();
    assert_eq!((answered, &refused.refused[..]), (vec![De, Uk], &[Fr][..]));
    assert!(
        refusals.refused_datasets().is_empty(),
        "no dataset is to blame"
    );

    world.searches();
    for _ in 0..20 {
        world.next_tick().await;
    }
    assert!(world.queued_ids().is_empty());
    let calls = world.searches().len();
    assert!(calls < 20 + 8, "{calls}: tried ever later");

    world.refuses(|_| None);
    for _ in 0..80 {
        world.next_tick().await;
    }
    // The rest comes once more with the wide sweep alone.
    assert_eq!(world.queued_ids()[0], "fr");
    assert_eq!(world.cursor().await.refusals.refused_marketplaces(), None);
}

#[tokio::test]
async fn asking_marketplace_by_marketplace_goes_on_where_the_limit_ended_it() {
    let world = World::start().await;
    world.heard(|heard| heard.orders.push(order("uk", 60)));
    let mut calls = 0;
    world.refuses(move |search| {
        calls += 1;
        if calls == 5 {
            Some(429)
        } else {
            refuses_france(search)
        }
    });
    assert!(world.tick().await);
    assert!(world.cursor().await.refusals.is_probing());
    assert!(world.queued_ids().is_empty());
    world.next_tick().await;
    assert_eq!(world.queued_ids(), ["uk"]);
}

#[tokio::test]
async fn a_person_who_asks_again_overrides_every_memory_of_refusals() {
    let world = World::start().await;
    world.heard(|heard| heard.orders.push(order("one", 60)));
    world.refuses(|search| search.asks("RECIPIENT").then_some(403));
    for _ in 0..30 {
        world.next_tick().await;
    }
    assert!(!with(&world.queued(), "one", "RECIPIENT"));
    world.refuses(|_| None);
    let key = &world.connection.key();
    world.store.ask_for_refused_again(key).await.unwrap();
    world.next_tick().await;
    assert!(with(&world.queued(), "one", "RECIPIENT"));
    let ended = world.back_fill().await.ended;
    let since = ended
        .iter()
        .find(|job| job.kind == BackFillKind::CatchUp)
        .unwrap()
        .after;
    assert!(world.now().duration_since(since) > SignedDuration::from_hours(25));
}

#[tokio::test]
async fn the_cursor_says_since_when_sweeps_fail_and_how_until_one_succeeds() {
    let world = World::start().await;
    world.heard(|heard| heard.orders.push(order("one", 30)));
    assert!(world.tick().await);
    let before = world.cursor().await;
    assert!(before.swept_at.is_some() && before.order_changed_at.is_some());
    assert_eq!(before.failed, None);

    world.refuses(|_| Some(404));
    world.next_tick().await;
    let first = world.cursor().await;
    let failed = first.failed.clone().unwrap();
    assert_eq!(
        (failed.class.as_str(), failed.since),
        ("permanent", failed.at)
    );
    assert_eq!(first.swept_at, before.swept_at);
    world.next_tick().await;
    let second = world.cursor().await.failed.unwrap();
    assert!(second.since == failed.since && second.at > failed.at);

    world.refuses(|_| None);
    world.next_tick().await;
    let after = world.cursor().await;
    assert_eq!(after.failed, None);
    assert!(after.swept_at > before.swept_at);
    assert_eq!(after.order_changed_at, before.order_changed_at);
}
