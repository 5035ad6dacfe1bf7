//! Stopped at any call of the tables, before it or with its answer lost: the next wake-up ends as an undisturbed one does,
//! and Amazon has the parcel once.

use crate::world::{Says, World};
use kit::Side;
use stallkeeper::domain::dispatch::DispatchState;
use stallkeeper::domain::order::OrderStatus;

async fn stopped_everywhere(says: Says, state: DispatchState, status: OrderStatus) {
    let first = World::start().await;
    for side in [Side::Before, Side::After] {
        for call in 1.. {
            let world = first.again().await;
            world.amazon(|amazon| amazon.says = says);
            let order = world.order("026-1", 1, 24).await;
            let dispatch = world.hand_over(&order, "P1").await;
            let came_through = world.wake_stopped_at(call, side, &dispatch).await;
            // A refusal after a call that may have come through is believed only after five looks.
            for _ in 0..6 {
                if world.dispatch(&order, "P1").await.is_pending() {
                    world.later(&order, "P1").await;
                }
                assert!(world.wake(Some(&dispatch)).await);
            }
            let after = world.dispatch(&order, "P1").await;
            assert_eq!(after.state, state, "stopped at call {call}, {side:?} it");
            assert_eq!(world.stored(&order).await.status, status);
            world.amazon(|amazon| {
                let numbers = amazon.calls.iter();
                let numbers: std::collections::BTreeSet<_> = numbers
                    .map(|(_, body)| body["packageDetail"]["packageReferenceId"].to_string())
                    .collect();
                assert_eq!(numbers.len(), 1, "one number, however often");
            });
            if came_through {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_parcel_that_is_confirmed() {
    stopped_everywhere(Says::Yes, DispatchState::Confirmed, OrderStatus::Dispatched).await;
}

#[tokio::test]
async fn a_parcel_that_is_refused() {
    stopped_everywhere(
        Says::Refused,
        DispatchState::Refused,
        OrderStatus::Acknowledged,
    )
    .await;
}

#[tokio::test]
async fn a_hand_over_is_stored_whole_or_not_at_all() {
    let first = World::start().await;
    for side in [Side::Before, Side::After] {
        for call in 1.. {
            let world = first.again().await;
            let order = world.order("026-1", 1, 24).await;
            let (store, calls) = world.stopping(call, side);
            let _ = world.try_hand_over(&store, &order, "P1").await;
            let came_through = !calls.go_on();
            let key = world.connection.key();
            let found = world.store.dispatches(&key, &order).await.unwrap();
            let claims = world.stored(&order).await.claims;
            assert_eq!(found.len(), claims.len(), "call {call}, {side:?}");
            let again = world.hand_over(&order, "P1").await;
            assert_eq!(world.store.dispatches(&key, &order).await.unwrap(), [again]);
            assert_eq!(world.stored(&order).await.claims.len(), 1);
            if came_through {
                break;
            }
        }
    }
}
