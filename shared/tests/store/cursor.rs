//! The cursor of a connection's orders, and the memory of its overlap.

use super::*;

#[tokio::test]
async fn one_run_owns_the_cursor_and_a_rewind_takes_it_from_it() {
    let (_db, store) = store().await;
    let key = key();
    let lease = async |owner: &str, now: i64| {
        store
            .lease_order_cursor(&key, owner, at(now), at(now + 90), at(-100))
            .await
            .unwrap()
    };
    let mut first = lease("one", 0).await.unwrap();
    assert_eq!(first.since, at(-100));
    assert_eq!(lease("two", 10).await, None);
    first.since = at(5);
    first.revision += 1;
    assert_eq!(
        store.save_order_cursor(&key, "one", &first).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        store.save_order_cursor(&key, "one", &first).await.unwrap(),
        Written::Conflict,
        "a version is written once"
    );

    let late = lease("two", 91).await.unwrap();
    first.revision += 1;
    assert_eq!(
        store.save_order_cursor(&key, "one", &first).await.unwrap(),
        Written::Conflict,
        "the lease has gone to another"
    );

    store.rewind_order_cursor(&key, at(-50)).await.unwrap();
    let mut lost = late.clone();
    lost.revision += 1;
    assert_eq!(
        store.save_order_cursor(&key, "two", &lost).await.unwrap(),
        Written::Conflict
    );
    let rewound = store.order_cursor(&key).await.unwrap().unwrap();
    assert_eq!(
        (rewound.since, rewound.owner, rewound.generation),
        (at(-50), None, late.generation + 1)
    );
    store.rewind_order_cursor(&key, at(1_000)).await.unwrap();
    assert_eq!(
        store.order_cursor(&key).await.unwrap().unwrap().since,
        at(-50),
        "never forward"
    );
}

#[tokio::test]
async fn the_overlap_memory_comes_back_whole_and_is_void_after_a_rewind() {
    let (_db, store) = store().await;
    let memory = OverlapMemory {
        generation: 3,
        hashes: [1, u64::MAX, 7].into(),
    };
    store.remember_overlap(&key(), &memory).await.unwrap();
    assert_eq!(store.overlap_memory(&key(), 3).await.unwrap(), memory);
    assert!(
        store
            .overlap_memory(&key(), 4)
            .await
            .unwrap()
            .hashes
            .is_empty()
    );
}
