//! The cursor of a connection's orders, and the memory of its overlap.

use super::*;

#[tokio::test]
async fn one_run_owns_the_cursor_and_a_person_who_asks_again_takes_it_from_it() {
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

    store.ask_for_refused_again(&key).await.unwrap();
    let untouched = store.order_cursor(&key).await.unwrap().unwrap();
    assert_eq!(untouched, late, "nothing was refused");
    let mut refused = late.clone();
    refused.refusals.adopt(vec![Dataset::Buyer], at(0), at(-60));
    let saved = store.save_leased(&key, &mut refused).await.unwrap();
    assert_eq!(saved, Written::Done);
    store.ask_for_refused_again(&key).await.unwrap();
    let saved = store.save_leased(&key, &mut refused).await.unwrap();
    assert_eq!(saved, Written::Conflict);
    let asks = store.order_cursor(&key).await.unwrap().unwrap();
    assert_eq!(
        (asks.since, asks.owner.clone()),
        (refused.since, None),
        "never set back"
    );
    assert_eq!(asks.refusals.datasets(at(-100_000)), Dataset::ORDERS);
}

#[tokio::test]
async fn a_cursor_of_the_release_before_is_read_and_what_it_left_out_is_asked_for() {
    let (db, store) = store().await;
    let key = key();
    store
        .lease_order_cursor(&key, "one", at(0), at(90), at(-100))
        .await
        .unwrap();
    let text = |it: &str| aws_sdk_dynamodb::types::AttributeValue::S(it.into());
    db.tables
        .client
        .update_item()
        .table_name(db.tables.name("ConnectionsTable"))
        .key("pk", text("CONNECTION#north#c1"))
        .key("sk", text("CURSOR#orders"))
        .update_expression("SET refused = :refused, refused_at = :at")
        .expression_attribute_values(
            ":refused",
            aws_sdk_dynamodb::types::AttributeValue::L(vec![text("BUYER")]),
        )
        .expression_attribute_values(":at", text(&at(-50).to_string()))
        .send()
        .await
        .unwrap();
    let mut cursor = store.order_cursor(&key).await.unwrap().unwrap();
    cursor.adopt_former_refusals();
    assert_eq!(cursor.refusals.datasets(at(0)), Dataset::ORDERS);
    assert_eq!(cursor.refusals.given_datasets().len(), 5);
}

#[tokio::test]
async fn what_is_read_beside_the_live_lane_is_changed_by_many_and_nothing_is_lost() {
    let (_db, store) = store().await;
    let key = key();
    assert_eq!(store.back_fill(&key).await.unwrap(), BackFill::default());
    store.begin_first_read(&key, at(0)).await.unwrap();
    store.begin_first_read(&key, at(9)).await.unwrap();
    let jobs = [Marketplace::De, Marketplace::Fr, Marketplace::It].map(|marketplace| BackFillJob {
        marketplaces: vec![marketplace],
        ..BackFillJob::of_changes(BackFillKind::Marketplace, at(-90), at(0))
    });
    let adds = jobs.map(|job| store.add_back_fill(&key, job));
    for added in futures::future::join_all(adds).await {
        added.unwrap();
    }
    let back_fill = store.back_fill(&key).await.unwrap();
    assert_eq!(back_fill.jobs.len(), 5);
    assert_eq!(back_fill.first_read_at, Some(at(0)));
    let ids: std::collections::BTreeSet<_> = back_fill.jobs.iter().map(|job| job.id).collect();
    assert_eq!(ids.len(), 5);
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
