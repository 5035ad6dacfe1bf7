//! Work on many things, a bounded number of them at a time.

use futures::stream::{self, Buffered, Iter, Map, StreamExt as _, TryCollect, TryStreamExt as _};

/// Does `work` on each item, at most `at_once` of them side by side; the results in the order of the items.
///
/// # Errors
/// The first that happens. What is not begun by then is not begun any more, and what is under way is dropped.
// Named and not `impl Future`: that would not be `Send` to the compiler if `work` borrows.
pub fn fan_out<I, F, R, E, W>(items: I, at_once: usize, work: W) -> FanOut<I, W, R>
where
    I: IntoIterator,
    W: FnMut(I::Item) -> F,
    F: Future<Output = Result<R, E>>,
{
    let all = stream::iter(items).map(work);
    all.buffered(at_once).try_collect()
}

/// What [`fan_out`] returns; to be awaited.
pub type FanOut<I, W, R> =
    TryCollect<Buffered<Map<Iter<<I as IntoIterator>::IntoIter>, W>>, Vec<R>>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::{Duration, sleep};

    #[tokio::test(start_paused = true)]
    async fn results_come_in_the_order_of_the_items_and_only_so_many_run_at_a_time() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (running, most) = (&running, &most);
        let halves = fan_out(0..20_u64, 3, |item| async move {
            let now = running.fetch_add(1, Ordering::Relaxed) + 1;
            most.fetch_max(now, Ordering::Relaxed);
            sleep(Duration::from_millis(20 - item)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, ()>(item * 2)
        });
        let expected: Vec<u64> = (0..20).map(|item| item * 2).collect();
        assert_eq!(halves.await, Ok(expected));
        assert_eq!(most.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn nothing_is_begun_after_the_first_error() {
        let begun = AtomicUsize::new(0);
        let begun = &begun;
        let result: Result<Vec<()>, usize> = fan_out(1..=9, 1, |item| async move {
            begun.fetch_add(1, Ordering::Relaxed);
            if item == 4 { Err(item) } else { Ok(()) }
        })
        .await;
        assert_eq!(result, Err(4));
        assert_eq!(begun.load(Ordering::Relaxed), 4);
    }
}
