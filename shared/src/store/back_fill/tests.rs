use super::*;
use crate::domain::marketplace::Marketplace;
use Dataset::Recipient;
use proptest::prelude::*;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + hour * 3_600).unwrap()
}

fn page(back_fill: &BackFill, id: u64, place: Option<SweepPlace>) -> PageRead {
    let job = back_fill.jobs.iter().find(|job| job.id == id).unwrap();
    PageRead {
        at: at(0),
        orders: 100,
        without: Vec::new(),
        from: job.slice().0,
        place,
    }
}

fn place() -> SweepPlace {
    serde_json::from_value(serde_json::json!({
        "after": at(-10), "before": at(0), "token": "page 2", "token_at": at(0),
        "fulfilled_by_merchant_only": true,
    }))
    .unwrap()
}

#[test]
fn a_new_connection_reads_its_open_orders_of_sixty_days_once() {
    let mut back_fill = BackFill::default();
    assert!(back_fill.begin_first_read(at(0)));
    assert!(!back_fill.begin_first_read(at(5)), "once");
    let [open, changes] = &back_fill.jobs[..] else {
        panic!("{back_fill:?}");
    };
    assert_eq!((open.by, open.open_only), (OrderMoment::Created, true));
    assert_eq!(open.after, at(-60 * 24));
    assert_eq!(
        (changes.by, changes.after),
        (OrderMoment::Updated, at(-7 * 24))
    );
    assert_eq!(back_fill.next(&[], at(0)), Some(open));
}

#[test]
fn the_newest_slice_is_read_first_and_what_a_person_waits_for_before_the_first_read() {
    let mut back_fill = BackFill::default();
    back_fill.begin_first_read(at(0));
    assert_eq!(back_fill.jobs[0].slice(), (at(-7 * 24), at(0)));
    let read = page(&back_fill, 1, None);
    assert!(back_fill.page_read(1, &read));
    assert_eq!(back_fill.jobs[0].slice(), (at(-21 * 24), at(-7 * 24)));

    back_fill.add(BackFillJob::of_changes(
        BackFillKind::Refetch,
        at(-24),
        at(1),
    ));
    let marketplace = BackFillJob {
        marketplaces: vec![Marketplace::De],
        ..BackFillJob::of_changes(BackFillKind::Marketplace, at(-24), at(1))
    };
    back_fill.add(marketplace);
    let mut order = Vec::new();
    while let Some(job) = back_fill.next(&[], at(2)) {
        let (id, kind) = (job.id, job.kind);
        order.push(kind);
        let read = page(&back_fill, id, None);
        back_fill.page_read(id, &read);
    }
    use BackFillKind::{FirstRead, Marketplace as On, Refetch};
    assert_eq!(order[..3], [On, Refetch, FirstRead]);
    assert_eq!(
        order.len(),
        2 + 3 + 1,
        "the rest of sixty days, and of seven"
    );
}

#[test]
fn slices_grow_where_there_are_few_orders_and_are_short_again_where_there_are_many() {
    let mut back_fill = BackFill::default();
    let job = BackFillJob::of_changes(BackFillKind::Refetch, at(-2_000 * 24), at(0));
    back_fill.add(job);
    let days = |back_fill: &BackFill| {
        let (from, to) = back_fill.jobs[0].slice();
        to.duration_since(from).as_hours() / 24
    };
    let mut read = |place| {
        let read = page(&back_fill, 1, place);
        back_fill.page_read(1, &read);
        days(&back_fill)
    };
    let lone_pages: Vec<i64> = (0..5).map(|_| read(None)).collect();
    assert_eq!(lone_pages, [14, 28, 56, 112, 112]);
    read(Some(place()));
    assert_eq!(read(None), 7, "it had two pages");
    read(None);
    back_fill.failed(1, "the page token died", true, at(0));
    assert_eq!(days(&back_fill), 7);
}

#[test]
fn a_job_that_asks_the_same_and_has_not_begun_takes_a_window_in() {
    let mut back_fill = BackFill::default();
    let catch_up = |from, to| BackFillJob::of_changes(BackFillKind::CatchUp, at(from), at(to));
    back_fill.add(catch_up(-5, -3));
    back_fill.add(catch_up(-9, -6));
    assert_eq!(back_fill.jobs.len(), 1);
    assert_eq!(back_fill.jobs[0].slice(), (at(-9), at(-3)));
    let read = page(&back_fill, 1, Some(place()));
    back_fill.page_read(1, &read);
    back_fill.add(catch_up(-5, -3));
    assert_eq!(back_fill.jobs.len(), 2, "what has begun is left alone");
    let elsewhere = BackFillJob {
        marketplaces: vec![Marketplace::De],
        ..catch_up(-5, -3)
    };
    back_fill.add(elsewhere);
    assert_eq!(back_fill.jobs.len(), 3);
}

#[test]
fn a_job_that_fails_is_tried_ever_later_and_given_up_in_the_end_where_a_person_sees_it() {
    let mut back_fill = BackFill::default();
    back_fill.add(BackFillJob::of_changes(
        BackFillKind::Refetch,
        at(-24),
        at(0),
    ));
    let mut tries = 0;
    let mut minute = 0;
    loop {
        let now = at(0) + SignedDuration::from_mins(minute);
        minute += 5;
        assert!(minute < 60 * 24 * 30, "for ever");
        if back_fill.next(&[], now).is_none() {
            continue;
        }
        tries += 1;
        if back_fill.failed(1, "refused", true, now) {
            break;
        }
    }
    assert_eq!(tries, MOST_TRIES);
    assert!(minute > 60 * 24, "over more than a day");
    assert!(back_fill.jobs.is_empty());
    let shown = back_fill.ended[0].progress(None, at(99));
    assert_eq!(shown.failure.as_deref(), Some("refused"));
    assert!(!back_fill.failed(1, "refused", true, at(0)), "it is gone");
}

#[test]
fn a_first_read_without_addresses_is_read_again_once_amazon_gives_them() {
    let mut back_fill = BackFill::default();
    back_fill.begin_first_read(at(0));
    for _ in 0..4 {
        let mut read = page(&back_fill, 1, None);
        read.without = vec![Recipient];
        back_fill.page_read(1, &read);
    }
    assert_eq!(back_fill.jobs[0].read_back_to, at(0), "it is not done");
    let next =
        |refused: &[Dataset], back_fill: &BackFill| back_fill.next(refused, at(1)).unwrap().id;
    assert_eq!(next(&[Recipient], &back_fill), 2, "it waits");
    let shown = back_fill.jobs[0].progress(None, at(1)).failure.unwrap();
    assert!(shown.contains("RECIPIENT"), "{shown}");
    assert_eq!(next(&[], &back_fill), 1);
    for _ in 0..4 {
        let read = page(&back_fill, 1, None);
        back_fill.page_read(1, &read);
    }
    assert_eq!(next(&[], &back_fill), 2);
}

#[test]
fn progress_says_how_far_it_is_and_when_it_will_end() {
    let mut back_fill = BackFill::default();
    back_fill.begin_first_read(at(0));
    let unknown = back_fill.jobs[0].progress(None, at(0));
    assert_eq!((unknown.expected_end, unknown.orders_read), (None, 0));
    for _ in 0..4 {
        let read = page(&back_fill, 1, Some(place()));
        back_fill.page_read(1, &read);
    }
    let read = page(&back_fill, 1, None);
    back_fill.page_read(1, &read);
    let shown = back_fill.jobs[0].progress(None, at(1));
    assert_eq!((shown.orders_read, shown.read_back_to), (500, at(-7 * 24)));
    // Five pages for seven of sixty days: 38 more, at one in 441 seconds.
    let left = shown.expected_end.unwrap().duration_since(at(1));
    assert!((4..=5).contains(&left.as_hours()), "{left}");
    let faster = back_fill.jobs[0]
        .progress(Some(1.0), at(1))
        .expected_end
        .unwrap();
    assert!(faster.duration_since(at(1)).as_secs() < 60);
}

#[test]
fn a_missed_window_that_never_ends_does_not_hold_up_for_ever_what_waits_for_it() {
    let mut back_fill = BackFill::default();
    assert!(!back_fill.is_catching_up());
    let missed = BackFillJob::of_changes(BackFillKind::CatchUp, at(-2), at(-1));
    back_fill.add(missed);
    for _ in 0..TRIES_THAT_COUNT {
        assert!(back_fill.is_catching_up());
        back_fill.failed(1, "no end", true, at(0));
    }
    assert!(!back_fill.is_catching_up() && back_fill.has(BackFillKind::CatchUp));
}

proptest! {
    /// However its pages fall and whatever fails between: a job ends, and all of its window was read.
    #[test]
    fn a_job_reads_all_of_its_window(hours in 1i64..3_000, events in prop::collection::vec(0u8..4, 0..40)) {
        let mut back_fill = BackFill::default();
        back_fill.add(BackFillJob::of_changes(BackFillKind::Refetch, at(-hours), at(0)));
        let (mut read, mut now) = (Vec::new(), at(0));
        let mut events = events.into_iter();
        for _ in 0..1_000 {
            let Some(job) = back_fill.next(&[], now).cloned() else {
                if back_fill.jobs.is_empty() { break; }
                now += SignedDuration::from_hours(6);
                continue;
            };
            match events.next() {
                Some(0) => { let _ = back_fill.failed(1, "cut off", false, now); }
                Some(1) => {
                    let page = page(&back_fill, 1, Some(place()));
                    back_fill.page_read(1, &page);
                }
                _ => {
                    read.push(job.slice());
                    let page = page(&back_fill, 1, None);
                    back_fill.page_read(1, &page);
                }
            }
        }
        prop_assert!(back_fill.jobs.is_empty());
        if back_fill.ended[0].failure.is_none() {
            prop_assert!(read.windows(2).all(|two| two[0].0 == two[1].1), "no hole");
            prop_assert_eq!((read[0].1, read[read.len() - 1].0), (at(0), at(-hours)));
        }
    }
}
