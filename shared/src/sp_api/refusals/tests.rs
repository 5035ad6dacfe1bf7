use super::*;
use crate::domain::marketplace::Marketplace::{De, Fr, It, Uk};
use Dataset::{Buyer, Cancellation, Fulfillment, Recipient};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

const ALL: &[Dataset] = &Dataset::ORDERS;

fn with(status: u16) -> RefusedWith {
    RefusedWith {
        status,
        code: Some("Unauthorized".into()),
    }
}

/// Asks as a sweep does until Amazon, which refuses these, answers: what was asked, what was answered, with which calls.
fn ask(
    refusals: &Refusals,
    refuses: &dyn Fn(&[Dataset]) -> Option<u16>,
    now: Timestamp,
) -> (Vec<Dataset>, Option<Vec<Dataset>>, Option<u16>, usize) {
    let asked = refusals.datasets(now);
    let (mut question, mut last, mut calls) = (asked.clone(), None, 0);
    loop {
        calls += 1;
        let Some(status) = refuses(&question) else {
            return (asked, Some(question), last, calls);
        };
        last = Some(status);
        match refusals.second_question(&question, status) {
            Some(next) => question = next,
            None => return (asked, None, last, calls),
        }
    }
}

/// A sweep of the window from `after` on: what is to be read again, and the calls it took.
fn sweep(
    refusals: &mut Refusals,
    refuses: &dyn Fn(&[Dataset]) -> Option<u16>,
    after: Timestamp,
    now: Timestamp,
) -> (Option<Timestamp>, usize) {
    let (asked, answered, last, calls) = ask(refusals, refuses, now);
    let Some(answered) = answered else {
        refusals.refused_whole(now);
        return (None, calls);
    };
    let with = last.map(with);
    let lesson = Lesson {
        asked: &asked,
        answered: &answered,
        with: with.as_ref(),
        after,
        now,
    };
    (refusals.learn(&lesson), calls)
}

#[test]
fn one_403_costs_one_sweep_of_addresses_and_the_orders_of_that_sweep_are_read_again() {
    let mut refusals = Refusals::default();
    let first = std::cell::Cell::new(true);
    let once = |_: &[Dataset]| first.take().then_some(403);
    assert_eq!(sweep(&mut refusals, &once, at(-10), at(0)), (None, 2));
    let left_out: Vec<_> = refusals
        .refused_datasets()
        .iter()
        .map(|it| it.dataset)
        .collect();
    assert_eq!(left_out, [Buyer, Recipient]);
    assert_eq!(
        refusals.datasets(at(5)),
        ALL,
        "asked for with the next sweep"
    );
    assert_eq!(
        sweep(&mut refusals, &once, at(-5), at(5)),
        (Some(at(-10)), 1)
    );
    assert_eq!(refusals, Refusals::default());
}

#[test]
fn a_400_is_put_down_to_fulfilment_only_after_the_second_question_was_answered() {
    let mut refusals = Refusals::default();
    let without = |asked: &[Dataset]| asked.contains(&Fulfillment).then_some(400);
    sweep(&mut refusals, &without, at(-10), at(0));
    assert_eq!(refusals.refused_datasets()[0].dataset, Fulfillment);
    assert_eq!(refusals.refused_datasets()[0].with, with(400));

    let mut none = Refusals::default();
    for (minute, calls) in [(0, 3), (5, 3), (6, 1), (16, 3), (30, 1)] {
        let now = at(minute);
        let (_, answered, _, asked) = match none.asks_second_questions(now) {
            true => ask(&none, &|_| Some(400), now),
            false => (Vec::new(), None, None, 1),
        };
        assert_eq!((answered, asked), (None, calls), "{minute}");
        none.refused_whole(now);
    }
    assert_eq!(none.datasets(at(0)), ALL, "none of them is to blame");
}

#[test]
fn a_dataset_that_stays_refused_is_asked_for_ever_later_and_a_person_or_a_new_role_overrides() {
    let mut refusals = Refusals::default();
    let without = |asked: &[Dataset]| asked.contains(&Fulfillment).then_some(400);
    let mut asked_at = Vec::new();
    for minute in (0..24 * 60).step_by(5) {
        let now = at(minute);
        if refusals.datasets(now).contains(&Fulfillment) {
            asked_at.push(minute);
        }
        sweep(&mut refusals, &without, at(minute - 10), now);
    }
    assert_eq!(asked_at[..7], [0, 5, 15, 35, 75, 155, 315]);
    assert!(asked_at.len() < 12, "{asked_at:?}");
    assert!(refusals.ask_for_all_again());
    assert_eq!(refusals.datasets(at(1_440)), ALL);
    assert_eq!(
        sweep(&mut refusals, &|_| None, at(1_430), at(1_440)),
        (Some(at(-10)), 1)
    );
    assert!(!Refusals::default().ask_for_all_again());
}

#[test]
fn a_refused_dataset_that_nobody_suspects_is_found_and_the_others_come_back() {
    let mut refusals = Refusals::default();
    let without = |asked: &[Dataset]| asked.contains(&Cancellation).then_some(403);
    for minute in (0..60).step_by(5) {
        sweep(&mut refusals, &without, at(minute - 10), at(minute));
    }
    let left_out: Vec<_> = refusals
        .refused_datasets()
        .iter()
        .map(|it| it.dataset)
        .collect();
    assert_eq!(left_out, [Cancellation]);
}

#[test]
fn what_a_release_before_left_out_is_asked_for_at_once_and_read_again() {
    let mut refusals = Refusals::default();
    refusals.adopt(vec![Buyer, Recipient], at(0), at(-60));
    assert_eq!(refusals.given_datasets().len(), 4);
    assert_eq!(
        sweep(&mut refusals, &|_| None, at(10), at(20)),
        (Some(at(-60)), 1)
    );
}

#[test]
fn a_marketplace_that_makes_amazon_refuse_is_left_out_and_tried_ever_later() {
    let mut refusals = Refusals::default();
    assert!(refusals.begin_probe(&[Uk, De, Fr], false, with(403)));
    for (marketplace, answered) in [(Uk, true), (De, true), (Fr, false)] {
        assert_eq!(refusals.next_to_probe(), Some(marketplace));
        refusals.note_probe(marketplace, answered);
    }
    let end = ProbeEnd::ByName {
        search: vec![Uk, De],
        again: Vec::new(),
        missing_since: None,
    };
    assert_eq!(refusals.end_probe(at(-10), at(0)), end);
    assert_eq!(refusals.marketplaces(at(5)), [Uk, De]);
    assert!(
        refusals.marketplaces(at(10)).is_empty(),
        "all are asked for again"
    );
    assert!(refusals.begin_probe(&[Uk, De, Fr], false, with(403)));
    assert_eq!(
        refusals.next_to_probe(),
        Some(Fr),
        "the others are known to be answered"
    );
    refusals.note_probe(Fr, false);
    let _ = refusals.end_probe(at(0), at(10));
    assert_eq!(refusals.marketplaces(at(29)), [Uk, De]);
    assert_eq!(
        refusals.all_marketplaces_answered(),
        Some((vec![Fr], at(-10)))
    );
    assert!(refusals.marketplaces(at(29)).is_empty());
}

#[test]
fn one_of_two_refused_marketplaces_comes_back() {
    let mut refusals = Refusals::default();
    refusals.begin_probe(&[Uk, Fr, It], false, with(400));
    for (marketplace, answered) in [(Uk, true), (Fr, false), (It, false)] {
        refusals.note_probe(marketplace, answered);
    }
    let _ = refusals.end_probe(at(-10), at(0));
    refusals.begin_probe(&[Uk, Fr, It], false, with(400));
    refusals.note_probe(Fr, false);
    refusals.note_probe(It, true);
    let end = ProbeEnd::ByName {
        search: vec![Uk, It],
        again: vec![It],
        missing_since: Some(at(-10)),
    };
    assert_eq!(refusals.end_probe(at(30), at(40)), end);
}

#[test]
fn if_no_marketplace_is_answered_none_is_to_blame() {
    let mut refusals = Refusals::default();
    assert!(
        !refusals.begin_probe(&[Uk], false, with(403)),
        "nothing to tell apart"
    );
    refusals.begin_probe(&[Uk, De], false, with(403));
    refusals.note_probe(Uk, false);
    refusals.note_probe(De, false);
    assert_eq!(refusals.end_probe(at(-10), at(0)), ProbeEnd::AllRefused);
    assert_eq!(refusals, Refusals::default());
}

#[test]
fn it_comes_back_from_its_json_and_an_empty_one_is_none() {
    let mut refusals = Refusals::default();
    sweep(
        &mut refusals,
        &|asked| asked.contains(&Buyer).then_some(403),
        at(0),
        at(1),
    );
    refusals.begin_probe(&[Uk, De], false, with(403));
    let json = serde_json::to_string(&refusals).unwrap();
    assert_eq!(serde_json::from_str::<Refusals>(&json).unwrap(), refusals);
    assert_eq!(
        serde_json::from_str::<Refusals>("{}").unwrap(),
        Refusals::default()
    );
}

proptest! {
    /// Whatever Amazon refuses and for how long: once it gives everything again, every window that was read without a
    /// dataset lies in what is to be read again.
    #[test]
    fn whatever_was_read_without_a_dataset_is_read_again(
        phases in prop::collection::vec((prop::sample::subsequence(Dataset::ORDERS.to_vec(), 0..=3), 1i64..40, prop::bool::ANY), 1..6),
    ) {
        let mut refusals = Refusals::default();
        let mut read: Vec<(Timestamp, BTreeSet<Dataset>)> = Vec::new();
        let mut minute = 0;
        let mut run = |refuses: &dyn Fn(&[Dataset]) -> Option<u16>, minute: i64, read: &mut Vec<(Timestamp, BTreeSet<Dataset>)>| {
            let (after, now) = (at(minute - 10), at(minute));
            let (asked, answered, last, _) = ask(&refusals, refuses, now);
            let Some(answered) = answered else { return };
            read.push((after, answered.iter().copied().collect()));
            let with = last.map(with);
            let lesson = Lesson { asked: &asked, answered: &answered, with: with.as_ref(), after, now };
            if let Some(since) = refusals.learn(&lesson) {
                // The catching-up reads with what is given then.
                let given: Vec<_> = refusals.given_datasets();
                refusals.read_without(&given, since);
                for (after, held) in read.iter_mut() {
                    if *after >= since { held.extend(given.iter().copied()); }
                }
            }
        };
        for (refused, sweeps, forbidden) in phases {
            let refuses = |asked: &[Dataset]| asked.iter().any(|it| refused.contains(it)).then_some(if forbidden { 403 } else { 400 });
            for _ in 0..sweeps { minute += 5; run(&refuses, minute, &mut read); }
        }
        for _ in 0..200 { minute += 5; run(&|_| None, minute, &mut read); }
        let all: BTreeSet<_> = Dataset::ORDERS.into_iter().collect();
        prop_assert!(read.iter().all(|(_, held)| *held == all), "{read:?}");
        prop_assert_eq!(refusals, Refusals::default());
    }
}
