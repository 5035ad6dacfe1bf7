//! Amazon's clock, and pages that are none or have no end.

use crate::amazon::order;
use crate::world::World;
use serde_json::{Value, json};
use stallkeeper::store::BackFillKind;

#[tokio::test]
async fn one_odd_date_stops_no_sweep_and_moves_no_window() {
    for odd in [-3_600, -900, 900, 3_600] {
        let world = World::start().await;
        world.heard(|heard| heard.odd_dates = vec![odd]);
        for n in 0..4 {
            world.heard(|heard| heard.orders.push(order(&format!("{n}"), -5 * n)));
            world.next_tick().await;
        }
        assert_eq!(world.cursor().await.clock_offset_ms, 20 * 60_000, "{odd}");
        world.pass(5).await;
        world.pass(5).await;
        assert!(world.tick().await);
        assert_eq!(world.queued_ids(), ["0", "1", "2", "3"], "{odd}");
    }
}

#[tokio::test]
async fn a_refusal_with_an_odd_date_is_asked_once_more_before_anything_is_blamed() {
    let world = World::start().await;
    world.heard(|heard| heard.odd_dates = vec![-3_600]);
    let mut first = true;
    world.refuses(move |_| std::mem::take(&mut first).then_some(400));
    assert!(world.tick().await);
    let searches = world.searches();
    assert_eq!(searches.len(), 2);
    assert_eq!(searches[0].0, searches[1].0, "the same");
    assert!(world.cursor().await.refusals.refused_datasets().is_empty());
}

#[tokio::test]
async fn pages_without_end_end_the_window_which_is_tried_again_beside_the_live_lane() {
    let mut n = 0;
    let tokens: [Box<dyn FnMut() -> String + Send>; 2] = [
        Box::new(|| "same".to_owned()),
        Box::new(move || {
            n += 1;
            format!("other-{n}")
        }),
    ];
    for endless in tokens {
        let world = World::start().await;
        world.heard(|heard| {
            heard.orders.push(order("one", 60));
            heard.page_size = 0;
            heard.endless = Some(endless);
        });
        assert!(world.tick().await);
        assert!(world.searches().len() <= 11);
        let (cursor, back_fill) = (world.cursor().await, world.back_fill().await);
        assert!(cursor.sweep.is_none() && cursor.gap_from.is_some());
        assert!(cursor.known_until() < cursor.since, "not all is known");
        assert_eq!(back_fill.jobs[0].kind, BackFillKind::CatchUp);

        world.heard(|heard| (heard.endless, heard.page_size) = (None, 100));
        world.heard(|heard| heard.orders.push(order("two", 4)));
        world.next_tick().await;
        assert_eq!(world.queued_ids(), ["two"], "today's orders do not wait");
        assert!(back_fill.next(&[], world.now()).is_none(), "not yet");
    }
}

#[tokio::test]
async fn a_page_whose_orders_are_null_or_missing_ends_no_window() {
    for instead in [Value::Null, json!("none"), json!({})] {
        let world = World::start().await;
        world.heard(|heard| {
            heard.orders.push(order("one", 60));
            heard.instead = Some(instead.clone());
        });
        assert!(!world.tick().await, "{instead}: it comes again");
        assert!(world.tick().await);
        assert_eq!(world.queued_ids(), ["one"], "{instead}");
    }
}
