//! Buckets of Amazon's limits.

use super::*;

#[tokio::test]
async fn a_bucket_gives_its_burst_and_then_one_an_interval() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let bucket = Bucket {
        region: Region::Eu,
        seller: &seller,
        operation: Operation::GetOrder,
        rate: None,
    };
    let burst = usize::try_from(Operation::GetOrder.limit().burst).unwrap();
    for _ in 0..burst {
        assert_eq!(store.permit(bucket, at(0)).await.unwrap(), Permit::Granted);
    }
    let Permit::NotBefore(moment) = store.permit(bucket, at(0)).await.unwrap() else {
        panic!("the burst is used up")
    };
    assert_eq!(moment, at(2), "getOrder refills one in two seconds");
    assert_eq!(store.permit(bucket, moment).await.unwrap(), Permit::Granted);
    assert_ne!(store.permit(bucket, moment).await.unwrap(), Permit::Granted);

    store.drain(bucket, at(1_000)).await.unwrap();
    assert_eq!(
        store.permit(bucket, at(1_000)).await.unwrap(),
        Permit::NotBefore(at(1_002)),
        "Amazon said it is empty"
    );
}

#[tokio::test]
async fn a_bucket_emptied_at_a_slow_rate_opens_at_the_pace_of_a_faster_one() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let slow = Bucket {
        region: Region::Eu,
        seller: &seller,
        operation: Operation::SearchOrders,
        rate: Some(0.0167),
    };
    let fast = Bucket {
        rate: Some(1.0),
        ..slow
    };
    store.drain(slow, at(0)).await.unwrap();
    assert_eq!(
        store.permit(fast, at(0)).await.unwrap(),
        Permit::NotBefore(at(1)),
        "as empty as can be, at the rate of now"
    );
    assert_eq!(store.permit(fast, at(1)).await.unwrap(), Permit::Granted);
}

#[tokio::test]
async fn work_that_can_wait_leaves_the_bucket_a_reserve() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let bucket = Bucket {
        region: Region::Eu,
        seller: &seller,
        operation: Operation::SearchOrders,
        rate: Some(0.1),
    };
    for _ in 0..12 {
        let spare = store.spare_permit(bucket, 8, at(0)).await.unwrap();
        assert_eq!(spare, Permit::Granted);
    }
    let spare = store.spare_permit(bucket, 8, at(0)).await.unwrap();
    assert_eq!(
        spare,
        Permit::NotBefore(at(10)),
        "one flows back in ten seconds"
    );
    for _ in 0..8 {
        let live = store.permit(bucket, at(0)).await.unwrap();
        assert_eq!(live, Permit::Granted);
    }
    assert_ne!(store.permit(bucket, at(0)).await.unwrap(), Permit::Granted);
}

#[tokio::test]
async fn a_tenant_has_a_bucket_of_its_own_for_all_its_requests() {
    let (_db, store) = store().await;
    let take = async |tenant: &TenantId, count, second| {
        store
            .tenant_permits(tenant, count, at(second))
            .await
            .unwrap()
    };
    let (busy, quiet) = (north(), "south".parse().unwrap());
    for _ in 0..100 {
        assert_eq!(take(&busy, 10, 0).await, Permit::Granted);
    }
    let wait = SignedDuration::from_millis(200);
    assert_eq!(take(&busy, 10, 0).await, Permit::NotBefore(at(0) + wait));
    assert_eq!(take(&quiet, 10, 0).await, Permit::Granted);
    assert_eq!(take(&busy, 50, 1).await, Permit::Granted);
}
