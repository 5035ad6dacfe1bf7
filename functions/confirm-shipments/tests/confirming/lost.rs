//! After a lost answer: the same number again, and what Amazon's packages show.

use crate::world::{Says, World, content};
use stallkeeper::domain::dispatch::{DispatchState, HandOver};
use stallkeeper::domain::ids::OrderId;
use stallkeeper::domain::order::OrderStatus;

/// A parcel whose first call Amazon took or not, with its answer lost.
async fn lost(says: Says) -> (World, OrderId) {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    world.amazon(|amazon| amazon.says = says);
    assert!(world.wake(Some(&dispatch)).await);
    assert_eq!(
        world.dispatch(&order, "P1").await.state,
        DispatchState::Unknown
    );
    world.later(&order, "P1").await;
    world.amazon(|amazon| amazon.says = Says::Refused);
    (world, order)
}

#[tokio::test]
async fn after_a_lost_answer_the_same_number_goes_again() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    world.amazon(|amazon| amazon.says = Says::Nothing);
    assert!(world.wake(Some(&dispatch)).await);
    assert_eq!(
        world.dispatch(&order, "P1").await.state,
        DispatchState::Unknown
    );
    let (_, delay) = world.queued().pop().unwrap();
    assert!((25..=31).contains(&delay), "{delay}");
    assert!(world.wake(Some(&dispatch)).await, "it is not due yet");
    world.later(&order, "P1").await;
    world.amazon(|amazon| amazon.says = Says::Yes);
    assert!(world.wake(None).await);
    assert_eq!(
        world.dispatch(&order, "P1").await.state,
        DispatchState::Confirmed
    );
    world.amazon(|amazon| {
        assert_eq!((amazon.calls.len(), amazon.packages.len()), (2, 1));
    });
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_holds_only_if_amazon_shows_no_package() {
    let (confirmed, refused) = (DispatchState::Confirmed, DispatchState::Refused);
    let rows = [
        (Says::Nothing, 1, confirmed, OrderStatus::Dispatched),
        // Packages may be shown late: the units are open only after a quarter of an hour.
        (Says::Status(500), 5, refused, OrderStatus::Acknowledged),
    ];
    for (says, looks, state, status) in rows {
        let (world, order) = lost(says).await;
        for look in 1..=looks {
            assert!(world.wake(None).await);
            let after = world.dispatch(&order, "P1").await;
            if look < looks {
                assert_eq!(after.state, DispatchState::Unknown, "{look}");
                assert_eq!(world.stored(&order).await.status, OrderStatus::Dispatched);
                world.later(&order, "P1").await;
            }
        }
        assert_eq!(world.dispatch(&order, "P1").await.state, state, "{says:?}");
        assert_eq!(world.stored(&order).await.status, status);
        assert_eq!(world.amazon(|amazon| amazon.looks), looks);
    }
}

#[tokio::test]
async fn while_the_packages_cannot_be_read_it_stays_unknown_and_is_asked_again() {
    for status in [429, 503] {
        let (world, order) = lost(Says::Nothing).await;
        world.amazon(|amazon| amazon.looks_fail = Some(status));
        assert!(world.wake(None).await);
        let after = world.dispatch(&order, "P1").await;
        assert_eq!(after.state, DispatchState::Unknown, "{status}");
        assert_eq!(world.stored(&order).await.status, OrderStatus::Dispatched);
        if status == 429 {
            // Until the limit has refilled it is the same.
            continue;
        }
        world.later(&order, "P1").await;
        world.amazon(|amazon| amazon.looks_fail = None);
        assert!(world.wake(None).await);
        let after = world.dispatch(&order, "P1").await;
        assert_eq!(after.state, DispatchState::Confirmed);
    }
}

#[tokio::test]
async fn an_edit_refused_after_a_lost_answer_opens_no_unit_that_amazon_shows_as_shipped() {
    let (world, order) = lost(Says::Nothing).await;
    let edit = HandOver {
        tracking_number: "15509999999999".parse().unwrap(),
        ..content()
    };
    world.put(&order, "P1", edit).await;
    assert!(world.wake(None).await);
    let after = world.dispatch(&order, "P1").await;
    assert_eq!(after.state, DispatchState::Refused);
    assert_eq!(after.words.unwrap().message, "OrderItemId is invalid");
    assert!(
        after.confirmed_at.is_some(),
        "Amazon has the parcel as it was"
    );
    assert_eq!(world.stored(&order).await.status, OrderStatus::Dispatched);
}

#[tokio::test]
async fn a_refusal_of_a_first_call_needs_no_look_at_packages() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    world.amazon(|amazon| amazon.says = Says::Refused);
    for _ in 0..2 {
        let dispatch = world.hand_over(&order, "P1").await;
        assert!(world.wake(Some(&dispatch)).await);
        let after = world.dispatch(&order, "P1").await;
        assert_eq!(after.state, DispatchState::Refused);
    }
    world.amazon(|amazon| assert_eq!((amazon.calls.len(), amazon.looks), (2, 0)));
}
