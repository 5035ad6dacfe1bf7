//! The function is stopped at each of its calls, before and after it, and the message comes again: it ends as if nothing
//! had happened.

use super::*;

/// Stops at every call of the work on these messages, in a separate world each time.
async fn at_every_call<P, C>(prepare: P, messages: &[Value], check: C)
where
    P: AsyncFn(&Stand),
    C: AsyncFn(&Stand),
{
    for side in [Side::Before, Side::After] {
        for n in 1.. {
            let stand = Stand::new().await;
            prepare(&stand).await;
            stand.queued("ticks");
            stand.calls.stop_at(n, side);
            let mut failed = stand.deliver(messages).await;
            let stopped = stand.calls.go_on();
            for _ in 0..10 {
                if failed.is_empty() {
                    break;
                }
                failed = stand.deliver(&failed).await;
            }
            assert!(failed.is_empty(), "{failed:?}");
            stand.work().await;
            check(&stand).await;
            if !stopped {
                assert!(n > 5, "it made {n} calls only");
                break;
            }
        }
    }
}

#[tokio::test]
async fn levels_converge() {
    let prepare = async |stand: &Stand| {
        stand.keep(&["A", "B"]).await;
        let set =
            json!([{"sku": "SET", "parts": [{"sku": "A", "units": 1}, {"sku": "B", "units": 1}]}]);
        stand.put("/products", set).await.is(202);
        stand.work().await;
        stand.list("A", "A", 1, 9).await;
        stand.list("SET", "SET", 1, 9).await;
        stand
            .deliver(&[levels_message(vec![level("B", "LON", 5, 1)])])
            .await;
    };
    let messages = [levels_message(vec![level("A", "LON", 0, 2)])];
    at_every_call(prepare, &messages, async |stand: &Stand| {
        for name in ["A", "SET"] {
            assert_eq!(stand.wanted(name).await, Some(0), "{name}");
            let entry = stand.to_send(name).await.unwrap();
            assert!(entry.urgent && entry.decrease);
            assert_eq!(
                entry.generation,
                stand.listing(name).await.wanted.unwrap().generation
            );
        }
        let ticks = stand.queued("ticks");
        assert!(!ticks.is_empty() && ticks.iter().all(|tick| tick["kind"] == "urgent"));
    })
    .await;
}

#[tokio::test]
async fn a_part_that_leaves_converges() {
    let prepare = async |stand: &Stand| {
        stand.keep(&["A", "B"]).await;
        let set =
            json!([{"sku": "SET", "parts": [{"sku": "A", "units": 1}, {"sku": "B", "units": 1}]}]);
        stand.put("/products", set).await.is(202);
        stand.work().await;
        stand.list("SET", "SET", 1, 9).await;
        let rows = vec![level("A", "LON", 1, 1), level("B", "LON", 5, 1)];
        stand.deliver(&[levels_message(rows)]).await;
    };
    let product = json!({"sku": "SET", "parts": [{"sku": "B", "units": 1}]});
    let messages = [
        json!({"v": 1, "kind": "products", "tenant": "north", "at": Timestamp::now() + jiff::SignedDuration::from_hours(24), "products": [product]}),
    ];
    at_every_call(prepare, &messages, async |stand: &Stand| {
        assert_eq!(stand.wanted("SET").await, Some(5));
        let inputs = stand.store.sku_inputs(&tenant(), &sku("A")).await.unwrap();
        assert!(inputs.part_of.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_deletion_converges_when_it_is_asked_for_again() {
    for side in [Side::Before, Side::After] {
        for n in 1.. {
            let stand = Stand::new().await;
            stand.keep(&["A"]).await;
            stand.list("A", "A", 1, 9).await;
            stand
                .deliver(&[levels_message(vec![level("A", "LON", 4, 1)])])
                .await;
            stand.calls.stop_at(n, side);
            let first = stand
                .send("DELETE", "/products?sku=A", None, String::new())
                .await;
            let stopped = stand.calls.go_on();
            if first.status != StatusCode::NO_CONTENT {
                first.problem(503, "unavailable");
                stand
                    .send("DELETE", "/products?sku=A", None, String::new())
                    .await
                    .is(204);
            }
            stand.work().await;
            assert_eq!(stand.wanted("A").await, Some(0), "call {n}");
            if !stopped {
                break;
            }
        }
    }
}
