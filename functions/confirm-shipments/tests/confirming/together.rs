//! At the same moment: two parcels with the same unit, two runs over the same connection.

use crate::world::World;
use futures::future::join_all;
use stallkeeper::domain::dispatch::DispatchState;
use stallkeeper::hand_over::HandedOver;

#[tokio::test]
async fn of_two_parcels_with_the_same_unit_one_is_stored() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let both = ["P1", "P2"].map(|parcel| world.try_hand_over(&world.store, &order, parcel));
    let outcomes: Vec<HandedOver> = join_all(both)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let stored = outcomes
        .iter()
        .filter(|it| matches!(it, HandedOver::Stored(..)));
    assert_eq!(stored.count(), 1);
    let refused = outcomes
        .iter()
        .filter(|it| matches!(it, HandedOver::Refused(..)));
    assert_eq!(refused.count(), 1);
    assert_eq!(world.stored(&order).await.claims.len(), 1);
}

#[tokio::test]
async fn of_runs_at_the_same_moment_one_tells_amazon() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    let wakes = (0..4).map(|_| world.wake(Some(&dispatch)));
    assert!(
        join_all(wakes)
            .await
            .into_iter()
            .all(|acknowledged| acknowledged)
    );
    assert_eq!(
        world.dispatch(&order, "P1").await.state,
        DispatchState::Confirmed
    );
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 1);
}
