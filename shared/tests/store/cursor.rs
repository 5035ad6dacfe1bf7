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
    let mut again = first.clone();
    let saved = store.save_leased(&key, &mut first).await.unwrap();
    assert_eq!(saved, Written::Done);
    let saved = store.save_leased(&key, &mut again).await.unwrap();
    assert_eq!(saved, Written::Conflict, "a revision is written once");

    let late = lease("two", 91).await.unwrap();
    assert_eq!((late.since, late.owner.as_deref()), (at(5), Some("two")));
    let saved = store.save_leased(&key, &mut first).await.unwrap();
    assert_eq!(saved, Written::Conflict, "the lease has gone to another");

    store.rewind_order_cursor(&key, at(-50)).await.unwrap();
    let mut lost = late.clone();
    let saved = store.save_leased(&key, &mut lost).await.unwrap();
    assert_eq!(saved, Written::Conflict);
    let rewound = store.order_cursor(&key).await.unwrap().unwrap();
    assert_eq!(
        (rewound.since, rewound.owner.clone(), rewound.generation),
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
async fn a_lease_that_is_given_back_is_free_and_what_is_deleted_meanwhile_stays_deleted() {
    let (_db, store) = store().await;
    let key = key();
    let lease = async |owner: &str| store.lease_round(&key, owner, at(0), at(90)).await.unwrap();
    let mut round = lease("one").await.unwrap();
    assert_eq!(lease("two").await, None);
    round.zeros = 3;
    let given_back = store.give_back(&key, &mut round).await.unwrap();
    assert_eq!(given_back, Written::Done);
    let leased = lease("two").await.unwrap();
    assert_eq!((leased.zeros, leased.owner.as_deref()), (3, Some("two")));

    let mut never_written = Leased {
        revision: 7,
        ..Leased::from(Matching::default())
    };
    let saved = store.save_leased(&key, &mut never_written).await.unwrap();
    assert_eq!(saved, Written::Conflict);
    let mut first = Leased::from(Matching::default());
    let saved = store.save_leased(&key, &mut first).await.unwrap();
    assert_eq!((saved, first.revision), (Written::Done, 1));
    assert_eq!(store.matching(&key).await.unwrap(), first);
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
