//! Whose turn it is in a run over several sellers: always the most urgent dispatch of those who may be called for, one of a
//! seller at a time. Who has to wait holds up nobody else. It knows neither tables nor Amazon.

use futures::stream::{FuturesUnordered, StreamExt as _};
use std::collections::VecDeque;
use std::time::Duration;

/// What became of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn<L> {
    /// It is done. If it goes again by itself: after this time.
    Done(Option<Duration>),
    /// The same again after this time; meanwhile it is the others' turn.
    Wait(Duration),
    /// Nothing more of this seller in this run.
    Leave(L),
}

/// How a seller's part of the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End<L> {
    /// All had their turn. The first that goes again by itself does so after this time.
    Through(Option<Duration>),
    Left(L),
    /// Some had no turn any more.
    OutOfTime,
}

struct Lane<T> {
    place: usize,
    /// The most urgent first; never empty.
    queue: VecDeque<T>,
    again: Option<Duration>,
}

/// Gives each entry of the queues its turn, at most `at_once` at a time, until `is_over`; returns how each queue ended.
///
/// Each queue is in its order. The next turn is always that of the first entry of all queues that neither wait nor have a turn
/// just now.
pub(crate) async fn take_turns<T: Ord, L>(
    queues: Vec<VecDeque<T>>,
    at_once: usize,
    is_over: impl Fn() -> bool,
    turn: impl AsyncFn(usize, &T) -> Turn<L>,
) -> Vec<End<L>> {
    let end = |queue: &VecDeque<T>| match queue.is_empty() {
        true => End::Through(None),
        false => End::OutOfTime,
    };
    let mut ends: Vec<End<L>> = queues.iter().map(end).collect();
    let (mut idle, mut running, mut turns) = (lanes(queues), FuturesUnordered::new(), 0);
    loop {
        while turns < at_once
            && !is_over()
            && let Some(lane) = take_most_urgent(&mut idle)
        {
            turns += 1;
            running.push(step(lane, None, &turn));
        }
        let Some((mut lane, outcome)) = running.next().await else {
            return ends;
        };
        let Some(outcome) = outcome else {
            idle.push(lane);
            continue;
        };
        turns -= 1;
        match outcome {
            Turn::Done(again) => {
                lane.queue.pop_front();
                lane.again = [lane.again, again].into_iter().flatten().min();
                match lane.queue.is_empty() {
                    true => ends[lane.place] = End::Through(lane.again),
                    false => idle.push(lane),
                }
            }
            Turn::Wait(wait) => running.push(step(lane, Some(wait), &turn)),
            Turn::Leave(why) => ends[lane.place] = End::Left(why),
        }
    }
}

/// A wait, which has no outcome, or a turn of the lane's first.
async fn step<T, L>(
    lane: Lane<T>,
    wait: Option<Duration>,
    turn: &impl AsyncFn(usize, &T) -> Turn<L>,
) -> (Lane<T>, Option<Turn<L>>) {
    if let Some(wait) = wait {
        tokio::time::sleep(wait).await;
        return (lane, None);
    }
    let outcome = match lane.queue.front() {
        Some(first) => turn(lane.place, first).await,
        None => Turn::Done(None),
    };
    (lane, Some(outcome))
}

fn lanes<T>(queues: Vec<VecDeque<T>>) -> Vec<Lane<T>> {
    let lanes = queues.into_iter().enumerate().map(|(place, queue)| Lane {
        place,
        queue,
        again: None,
    });
    lanes.filter(|lane| !lane.queue.is_empty()).collect()
}

fn take_most_urgent<T: Ord>(idle: &mut Vec<Lane<T>>) -> Option<Lane<T>> {
    let places = 0..idle.len();
    let first = places.min_by(|a, b| idle[*a].queue.front().cmp(&idle[*b].queue.front()))?;
    Some(idle.swap_remove(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::{Cell, RefCell};

    fn on_paused_time<T>(run: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(run)
    }

    /// Sellers with what each has to send, most urgent first, and how many calls each has left.
    fn sellers() -> impl Strategy<Value = Vec<(VecDeque<u32>, usize)>> {
        let all = Just((0u32..24).collect::<Vec<_>>()).prop_shuffle();
        let tokens = proptest::collection::vec(0usize..8, 4);
        (all, proptest::collection::vec(0usize..4, 24), tokens).prop_map(|(all, whose, tokens)| {
            let of = |seller: usize| {
                let mine = all.iter().zip(&whose).filter(|(_, of)| **of == seller);
                let mut mine: Vec<u32> = mine.map(|(urgency, _)| *urgency).collect();
                mine.sort_unstable();
                (VecDeque::from(mine), tokens[seller])
            };
            (0..4).map(of).collect()
        })
    }

    /// The calls in their order, and how each seller ended.
    fn run(sellers: &[(VecDeque<u32>, usize)], at_once: usize) -> (Vec<u32>, Vec<End<()>>) {
        let calls = RefCell::new(Vec::new());
        let tokens: Vec<Cell<usize>> = sellers.iter().map(|it| Cell::new(it.1)).collect();
        let queues = sellers.iter().map(|(queue, _)| queue.clone()).collect();
        let turn = async |seller: usize, urgency: &u32| {
            if tokens[seller].get() == 0 {
                return Turn::Leave(());
            }
            tokens[seller].set(tokens[seller].get() - 1);
            calls.borrow_mut().push(*urgency);
            tokio::task::yield_now().await;
            Turn::Done(None)
        };
        let ends = on_paused_time(take_turns(queues, at_once, || false, turn));
        (calls.into_inner(), ends)
    }

    proptest! {
        #[test]
        fn the_most_urgent_goes_first_over_all_sellers_in_whichever_order_they_come(
            (sellers, shuffled) in sellers().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        ) {
            let (calls, ends) = run(&sellers, 1);
            let allowed = sellers.iter().flat_map(|(queue, tokens)| queue.iter().take(*tokens));
            let mut expected: Vec<u32> = allowed.copied().collect();
            expected.sort_unstable();
            prop_assert_eq!(&calls, &expected);
            prop_assert_eq!(run(&shuffled, 1).0, calls);
            for ((queue, tokens), end) in sellers.iter().zip(ends) {
                let is_through = queue.len() <= *tokens;
                prop_assert_eq!(end, if is_through { End::Through(None) } else { End::Left(()) });
            }
        }

        #[test]
        fn side_by_side_each_seller_keeps_its_order_and_gets_all_its_calls(sellers in sellers(), at_once in 2usize..6) {
            let (calls, _) = run(&sellers, at_once);
            for (queue, tokens) in &sellers {
                let mine: Vec<u32> = calls.iter().filter(|it| queue.contains(it)).copied().collect();
                let expected: Vec<u32> = queue.iter().take(*tokens).copied().collect();
                prop_assert_eq!(mine, expected);
            }
        }
    }

    #[test]
    fn who_waits_holds_up_nobody_and_goes_on_afterwards() {
        let calls = RefCell::new(Vec::new());
        let has_waited = Cell::new(false);
        let turn = async |_: usize, urgency: &u32| {
            if *urgency == 1 && !has_waited.replace(true) {
                return Turn::Wait(Duration::from_secs(2));
            }
            calls.borrow_mut().push(*urgency);
            Turn::<()>::Done(Some(Duration::from_secs(u64::from(*urgency))))
        };
        let queues = vec![[1, 4].into(), [2, 3].into()];
        let ends = on_paused_time(take_turns(queues, 1, || false, turn));
        assert_eq!(*calls.borrow(), [2, 3, 1, 4]);
        let again = |seconds| End::Through(Some(Duration::from_secs(seconds)));
        assert_eq!(ends, [again(1), again(2)]);
    }

    #[test]
    fn once_time_is_over_no_turn_begins() {
        let calls = Cell::new(0);
        let turn = async |_: usize, _: &u32| {
            calls.set(calls.get() + 1);
            Turn::<()>::Done(None)
        };
        let queues = vec![[1, 2].into(), [3].into(), VecDeque::new()];
        let ends = on_paused_time(take_turns(queues, 1, || calls.get() == 1, turn));
        assert_eq!(calls.get(), 1);
        assert_eq!(ends, [End::OutOfTime, End::OutOfTime, End::Through(None)]);
    }
}
