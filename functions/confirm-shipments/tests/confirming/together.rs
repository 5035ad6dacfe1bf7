//! At the same moment: two parcels with the same unit, two runs over the same connection, several connections in a run.

use crate::world::{World, content, wake_up};
use futures::future::join_all;
use kit::Calls;
use serde_json::json;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{DispatchState, HandOver};
use stallkeeper::domain::ids::OrderId;
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

async fn state_of(world: &World, connection: &Connection, order: &OrderId) -> DispatchState {
    let (key, parcel) = (connection.key(), "P1".parse().unwrap());
    let found = world.store.dispatch(&key, order, &parcel);
    found.await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_seller_whose_limit_is_reached_holds_up_no_other_and_is_woken_again() {
    let world = World::start().await;
    let other = world.beside("c2", "A2STALL").await;
    let urgent = world.order("026-1", 1, 1).await;
    let later = world.order_of(&other, "026-2", 1, 24).await;
    world.hand_over(&urgent, "P1").await;
    world.hand_over_of(&other, &later, "P1").await;
    world.amazon(|amazon| amazon.limited = Some(urgent.to_string()));
    let both = [
        wake_up(&world.connection, None),
        wake_up(&other, None),
        json!({"v": 1, "kind": "unheard of"}),
    ];
    assert!(world.deliver_all(&world.app, &both).await);
    assert_eq!(
        state_of(&world, &other, &later).await,
        DispatchState::Confirmed
    );
    let waiting = state_of(&world, &world.connection, &urgent).await;
    assert_eq!(waiting, DispatchState::ToConfirm);
    let (again, delay) = world.queued().pop().unwrap();
    assert_eq!(
        (&again["connection"], &again["hop"]),
        (&json!("c1"), &json!(1))
    );
    assert!(delay >= 3, "{delay}");
    let dead = world.outside.aws().take("dead");
    assert_eq!(
        dead.len(),
        1,
        "what cannot be read keeps nothing from being done"
    );
}

#[tokio::test]
async fn wake_ups_of_one_connection_share_a_lease_and_its_parcels_a_permit() {
    let world = World::start().await;
    let mut wakes = Vec::new();
    for id in ["026-1", "026-2", "026-3"] {
        let order = world.order(id, 1, 24).await;
        let dispatch = world.hand_over(&order, "P1").await;
        wakes.push(wake_up(&world.connection, Some(&dispatch)));
    }
    let calls = Calls::default();
    assert!(world.deliver_all(&world.counted_by(&calls), &wakes).await);
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 3);
    let calls = calls.take();
    let updates = |field: &str| {
        let updates = calls.iter().filter(|it| it.name == "UpdateItem");
        updates.filter(|it| it.body.contains(field)).count()
    };
    assert_eq!((updates("leased_until_ms"), updates("tat")), (2, 1));
    assert!(
        world
            .deliver_all(&world.counted_by(&Calls::default()), &wakes)
            .await
    );
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 3);
}

/// One that was new to the run, and one whose label is Amazon's and whose packages are overdue.
#[tokio::test]
async fn a_parcel_that_cannot_be_read_holds_up_no_other() {
    let world = World::start().await;
    let (damaged, labelled) = (
        world.order("026-1", 1, 24).await,
        world.order("026-2", 1, 24).await,
    );
    let dispatch = world.hand_over(&damaged, "P1").await;
    let label = HandOver {
        label_source: LabelSource::Amazon,
        ..content()
    };
    world.put(&labelled, "P2", label).await;
    world.later(&labelled, "P2").await;
    let good = world.order("026-3", 1, 24).await;
    world.hand_over(&good, "P3").await;
    for parcel in ["#P1", "#P2"] {
        world
            .database
            .make_unreadable("OrdersTable", "ORDER#", parcel)
            .await;
    }
    assert!(world.wake(Some(&dispatch)).await);
    assert_eq!(
        world.dispatch(&good, "P3").await.state,
        DispatchState::Confirmed
    );
}
