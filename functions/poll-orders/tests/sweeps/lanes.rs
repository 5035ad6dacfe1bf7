//! Two lanes: what is new never waits for what is old.

use crate::amazon::{Search, order};
use crate::world::World;
use jiff::SignedDuration;
use stallkeeper::domain::marketplace::Marketplace::De;
use stallkeeper::store::{BackFillJob, BackFillKind};

const HOUR: i64 = 60;

fn reaching_back(searches: &[Search], world: &World) -> usize {
    let now = world.now();
    searches
        .iter()
        .filter(|it| it.reaches_back(25, now))
        .count()
}

#[tokio::test]
async fn a_new_connection_reads_open_orders_of_sixty_days_after_todays() {
    let world = World::start().await;
    let mut shipped = order("shipped", 20 * 24 * HOUR);
    shipped["fulfillment"]["fulfillmentStatus"] = "SHIPPED".into();
    world.heard(|heard| {
        heard.orders = vec![
            order("today", HOUR),
            order("long-handling", 20 * 24 * HOUR),
            shipped,
            order("ancient", 70 * 24 * HOUR),
        ];
    });
    let key = &world.connection.key();
    let begun = world.store.begin_first_read(key, world.now());
    begun.await.unwrap();
    assert!(world.tick().await);
    let searches = world.searches();
    assert!(
        searches[0].moment("lastUpdatedAfter").is_some(),
        "the live lane first"
    );
    assert!(!searches[0].reaches_back(25, world.now()));
    assert!(searches[1].moment("createdAfter").is_some());
    assert_eq!(searches[1].list("fulfillmentStatuses").len(), 4);
    for _ in 0..3 {
        world.next_tick().await;
    }
    let mut queued = world.queued_ids();
    assert_eq!(queued[0], "today");
    queued.sort();
    queued.dedup();
    assert_eq!(queued, ["long-handling", "today"]);
    let back_fill = world.back_fill().await;
    assert!(back_fill.jobs.is_empty() && back_fill.ended.len() == 2);
}

#[tokio::test]
async fn todays_orders_never_wait_behind_a_back_fill_that_uses_the_limit_up() {
    let world = World::start().await;
    world.heard(|heard| {
        heard.page_size = 1;
        heard.orders = (0..200)
            .map(|n| order(&format!("old-{n}"), 48 * HOUR + n))
            .collect();
    });
    assert!(world.tick().await);
    let key = &world.connection.key();
    let now = world.now();
    let job = BackFillJob::of_changes(
        BackFillKind::Refetch,
        now - SignedDuration::from_hours(72),
        now,
    );
    world.store.add_back_fill(key, job).await.unwrap();
    world.heard(|heard| heard.ahead += SignedDuration::from_mins(5));
    world
        .change_cursor(|cursor| cursor.clock_offset_ms = 5 * 60_000)
        .await;
    world.searches();
    assert!(world.tick().await, "a limit is no failure");
    let searches = world.searches();
    let back = reaching_back(&searches, &world);
    assert_eq!(searches.len() - back, 1, "the live lane's");
    assert!((8..=11).contains(&back), "{back}: a reserve is left");
    let job = &world.back_fill().await.jobs[0];
    assert!(job.place.is_some() && job.orders == u64::try_from(back).unwrap());

    // No limit has refilled: eight calls are still the live lane's.
    for n in 2..6 {
        world.heard(|heard| {
            heard.ahead += SignedDuration::from_mins(5);
            heard.orders.push(order(&format!("new-{n}"), -5 * (n - 1)));
        });
        world
            .change_cursor(|cursor| cursor.clock_offset_ms = n * 5 * 60_000)
            .await;
        assert!(world.tick().await);
    }
    let searches = world.searches();
    assert_eq!(reaching_back(&searches, &world), 0);
    let new = world
        .queued_ids()
        .iter()
        .filter(|id| id.starts_with("new"))
        .count();
    assert!(new >= 3, "{new}");
}

#[tokio::test]
async fn a_back_fill_goes_on_page_by_page_and_ends() {
    let world = World::start().await;
    world.heard(|heard| {
        heard.page_size = 7;
        heard.orders = (0..300)
            .map(|n| order(&format!("{n}"), 30 * HOUR + n))
            .collect();
    });
    assert!(world.tick().await);
    assert!(world.queued_ids().is_empty());
    let now = world.now();
    let job = BackFillJob::of_changes(
        BackFillKind::Refetch,
        now - SignedDuration::from_hours(20 * 24),
        now,
    );
    let key = &world.connection.key();
    world.store.add_back_fill(key, job).await.unwrap();
    let mut ticks = 0;
    while !world.back_fill().await.jobs.is_empty() {
        world.next_tick().await;
        ticks += 1;
        assert!(ticks < 20, "{:?}", world.back_fill().await);
    }
    assert!(ticks > 2, "a run reads some pages only");
    let mut ids = world.queued_ids();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 300);
    assert_eq!(world.back_fill().await.ended[0].orders, 300);
}

#[tokio::test]
async fn a_marketplace_that_is_switched_on_is_read_by_its_name_and_fails_alone() {
    let world = World::start().await;
    let mut german = order("de", 48 * HOUR);
    german["salesChannel"]["marketplaceId"] = De.id().into();
    world.heard(|heard| heard.orders = vec![german, order("uk", 48 * HOUR), order("new", HOUR)]);
    let now = world.now();
    let job = BackFillJob {
        marketplaces: vec![De],
        ..BackFillJob::of_changes(
            BackFillKind::Marketplace,
            now - SignedDuration::from_hours(72),
            now,
        )
    };
    let key = &world.connection.key();
    world.store.add_back_fill(key, job).await.unwrap();
    world.refuses(|search| (search.list("marketplaceIds") == [De.id()]).then_some(403));
    assert!(world.tick().await, "the live lane is through");
    assert_eq!(world.queued_ids(), ["new"]);
    let failed = world.back_fill().await.jobs[0].clone();
    assert!(failed.tries == 1 && failed.failure.unwrap().contains("403"));
    assert!(world.cursor().await.refusals.refused_datasets().is_empty());

    world.refuses(|_| None);
    let ready = |back_fill: &mut stallkeeper::store::BackFill| {
        back_fill.jobs[0].not_before = None;
        true
    };
    world.store.change_back_fill(key, ready).await.unwrap();
    world.next_tick().await;
    assert_eq!(world.queued_ids(), ["de"]);
}

#[tokio::test]
async fn an_order_that_amazon_shows_late_is_found_by_a_wider_sweep() {
    let world = World::start().await;
    for _ in 0..3 {
        world.next_tick().await;
    }
    assert!(world.queued_ids().is_empty());
    let minutes = world.heard(|heard| heard.ahead).as_mins();
    world.heard(|heard| heard.orders.push(order("late", 3 * HOUR - minutes)));
    world.searches();
    for _ in 0..24 {
        world.pass(HOUR).await;
        assert!(world.tick().await);
    }
    assert!(world.queued_ids().contains(&"late".to_owned()));
    let searches = world.searches();
    assert!(searches.len() <= 24 + 5, "{}: a few a day", searches.len());
}

#[tokio::test]
async fn after_a_long_pause_today_comes_first_and_the_rest_beside_it() {
    let world = World::start().await;
    assert!(world.tick().await);
    world.pass(4 * 24 * HOUR).await;
    let ago = |minutes: i64| minutes - 4 * 24 * HOUR;
    world.heard(|heard| {
        heard.orders = vec![order("today", ago(HOUR)), order("older", ago(50 * HOUR))];
    });
    assert!(world.tick().await);
    let searches = world.searches();
    assert!(!searches[1].reaches_back(25, world.now()));
    assert_eq!(world.queued_ids()[..2], ["today", "older"]);
    let cursor = world.cursor().await;
    assert_eq!(cursor.gap_from, None, "all is read");
}
