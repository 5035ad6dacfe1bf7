use super::*;
use proptest::prelude::*;
use serde_json::json;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn cursor(since: i64) -> Cursor {
    Cursor::starting_at(at(since))
}

fn order(id: u32, updated: i64) -> RawOrder {
    serde_json::from_value(
        json!({"orderId": format!("026-{id}"), "lastUpdatedTime": at(updated).to_string()}),
    )
    .unwrap()
}

#[test]
fn a_window_overlaps_the_last_one_and_keeps_clear_of_now() {
    let window = Window::next(&cursor(0), false, at(300)).unwrap();
    assert_eq!((window.after, window.before), (at(-600), at(120)));
    assert!(window.fulfilled_by_merchant_only);
}

#[test]
fn windows_follow_amazons_clock() {
    let mut cursor = cursor(0);
    cursor.clock_offset_ms = -60_000;
    assert_eq!(
        Window::next(&cursor, false, at(300)).unwrap().before,
        at(60)
    );
}

#[test]
fn no_time_passed_is_no_window() {
    assert_eq!(Window::next(&cursor(0), false, at(180)), None);
}

#[test]
fn a_started_sweep_is_resumed_with_the_same_window_until_its_token_dies() {
    let mut started = cursor(0);
    let window = Window::next(&started, true, at(300)).unwrap();
    started.sweep = Some(window.place("page 2".into(), at(300)));
    let resumed = Window::next(&started, false, at(9_000)).unwrap();
    assert_eq!(
        (resumed.after, resumed.before, resumed.token.as_deref()),
        (window.after, window.before, Some("page 2"))
    );
    assert!(
        !resumed.fulfilled_by_merchant_only,
        "all pages are asked for alike"
    );
    let restarted = Window::next(&started, false, at(300 + 23 * 3600)).unwrap();
    assert_eq!((restarted.after, restarted.token), (at(-600), None));
}

#[test]
fn the_pages_of_a_sweep_are_asked_alike_though_a_dataset_is_to_be_asked_for_again() {
    let mut started = cursor(0);
    started.refusals.adopt(vec![Dataset::Buyer], at(500), at(0));
    let window = Window::next(&started, false, at(400)).unwrap();
    started.sweep = Some(window.place("page 2".into(), at(400)));
    let resumed = Window::next(&started, false, at(700)).unwrap();
    assert!(!resumed.datasets.contains(&Dataset::Buyer));
    started.sweep.as_mut().unwrap().datasets = None;
    let of_old = Window::next(&started, false, at(700)).unwrap();
    assert_eq!(of_old.datasets, Dataset::ORDERS);
}

#[test]
fn a_sweep_reaches_no_further_than_the_earliest_end_that_amazon_told() {
    let mut window = Window::next(&cursor(0), false, at(300)).unwrap();
    assert_eq!(window.end(), at(120));
    for reported in [None, Some(at(500)), Some(at(90)), Some(at(110)), None] {
        window.note_end(reported);
    }
    assert_eq!(window.end(), at(90));
    let mut started = cursor(0);
    started.sweep = Some(window.place("page 2".into(), at(300)));
    let mut resumed = Window::next(&started, false, at(400)).unwrap();
    assert_eq!(resumed.end(), at(90));
    resumed.restart();
    assert_eq!((resumed.end(), resumed.token), (at(120), None));
}

#[test]
fn a_cursor_far_behind_leaves_what_is_older_than_a_day_to_the_back_fill_lane() {
    let hour = 3_600;
    assert_eq!(gap(&cursor(0), at(30 * hour)), None);
    assert_eq!(
        gap(&cursor(0), at(40 * hour)),
        Some((at(-600), at(16 * hour)))
    );
    let mut started = cursor(0);
    let window = Window::next(&started, true, at(300)).unwrap();
    started.sweep = Some(window.place("page 2".into(), at(39 * hour)));
    assert_eq!(gap(&started, at(40 * hour)), None, "it is under way");
}

#[test]
fn a_jobs_window_asks_for_nothing_that_is_refused_and_ends_before_amazons_now() {
    let mut known = cursor(0);
    known.refusals.adopt(vec![Dataset::Buyer], at(0), at(0));
    let job = BackFillJob::of_changes(
        stallkeeper::store::BackFillKind::Refetch,
        at(-86_400),
        at(1_000),
    );
    let window = Window::of_job(&job, &known, false, at(1_000));
    assert_eq!((window.after, window.before), (at(-86_400), at(820)));
    assert_eq!(window.without(), [Dataset::Buyer]);
    assert!(!window.open_only && window.by == OrderMoment::Updated);
}

#[test]
fn pages_without_end_are_noticed() {
    let turns = |tokens: &mut dyn FnMut(u32) -> String, held: usize| {
        let mut window = Window::next(&cursor(0), false, at(300)).unwrap();
        (1..100_000).find(|n| window.turn(Some(tokens(*n)), held) == Turn::Endless)
    };
    assert_eq!(
        turns(&mut |_| "same".into(), 100),
        Some(2),
        "the same again"
    );
    assert_eq!(
        turns(&mut |n| n.to_string(), 0),
        Some(10),
        "on and on without an order"
    );
    assert_eq!(turns(&mut |n| n.to_string(), 1), Some(5_000));
    for length in [2, 3, 7, 50] {
        let circle = turns(&mut |n| (n % length).to_string(), 100).unwrap();
        assert!(circle <= 4 * length + 2, "{length}: {circle}");
    }
    let mut window = Window::next(&cursor(0), false, at(300)).unwrap();
    for n in 0..9 {
        assert!(matches!(window.turn(Some(n.to_string()), 0), Turn::Next(_)));
    }
    assert!(
        matches!(window.turn(Some("9".into()), 1), Turn::Next(_)),
        "an order"
    );
    assert_eq!(window.turn(None, 0), Turn::Last);
}

proptest! {
    /// However the updates fall and whenever the sweeps run: each update is queued, and a second time only if
    /// it fell out of memory's reach.
    #[test]
    fn overlapping_windows_lose_nothing(updates in prop::collection::vec(0i64..7_200, 0..80), pauses in prop::collection::vec(60i64..1_500, 1..12)) {
        let orders: Vec<RawOrder> = updates.iter().enumerate().map(|(id, at)| order(id as u32, *at)).collect();
        let mut cursor = cursor(-1);
        let mut memory = OverlapMemory::default();
        let (mut now, mut queued) = (0, Vec::new());
        for pause in pauses {
            now += pause;
            let Some(mut window) = Window::next(&cursor, false, at(now)) else { continue };
            let page = orders.iter().filter(|order| (window.after..=window.before).contains(&order.updated_at())).cloned().collect();
            queued.extend(window.take(page, &memory).into_iter().map(|order| order.id().clone()));
            cursor.since = window.end();
            memory.hashes = window.seen;
        }
        let due: Vec<_> = orders.iter().filter(|order| order.updated_at() <= cursor.since).map(|order| order.id().clone()).collect();
        prop_assert!(due.iter().all(|id| queued.contains(id)));
        prop_assert_eq!(queued.len(), due.len());
    }
}
