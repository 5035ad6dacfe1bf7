//! A connection that sends nothing, or that a person has frozen: what is to be cancelled waits, and goes once it may.

use crate::tripwire::{Side, Tripwire};
use crate::world::{World, a_freeze};
use stallkeeper::domain::cancellation::{CancelReason, CancellationState};
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::OrderId;

async fn asked(world: &World) -> OrderId {
    let order = world.order("026-0000000-0000001").await;
    world.ask(&order, &["1"], CancelReason::Other).await;
    order
}

/// Nothing is at Amazon, and nothing on its way there.
async fn waits(world: &World, order: &OrderId) {
    assert!(world.send().await);
    let waiting = world.cancellation(order).await;
    assert_eq!(waiting.state, CancellationState::ToSend);
    assert_eq!((waiting.tries, world.feeds().await.len()), (0, 0));
}

async fn goes(world: &World, order: &OrderId) {
    assert!(world.send().await && world.settle().await);
    let settled = world.cancellation(order).await.state;
    assert_eq!(settled, CancellationState::Accepted);
}

#[tokio::test]
async fn a_connection_that_sends_nothing_keeps_its_cancellations() {
    let world = World::start().await;
    let order = asked(&world).await;
    world.set_status(ConnectionStatus::Paused).await;
    waits(&world, &order).await;
    world.set_status(ConnectionStatus::Active).await;
    goes(&world, &order).await;
}

#[tokio::test]
async fn a_frozen_connection_or_deployment_cancels_nothing_until_it_is_unfrozen() {
    let world = World::start().await;
    let order = asked(&world).await;
    world.freeze(true).await;
    waits(&world, &order).await;
    let all = a_freeze();
    world.store.set_deployment_freeze(Some(&all)).await.unwrap();
    world.freeze(false).await;
    waits(&world, &order).await;
    world.store.set_deployment_freeze(None).await.unwrap();
    goes(&world, &order).await;
}

#[tokio::test]
async fn a_freeze_while_a_feed_is_built_keeps_it_from_amazon_and_what_amazon_has_is_settled() {
    let world = World::start().await;
    let order = asked(&world).await;
    let wire = Tripwire::across(&world.outside).await;
    wire.arm_when(Side::Before, |_, call| {
        call.name.ends_with("/feeds/2021-06-30/documents")
    });
    let sending = world.send_at(&wire.outside);
    assert_eq!(
        wire.interrupt(sending, world.freeze(true)).await,
        (true, true)
    );
    assert_eq!(world.count("createFeed").await, 0);
    let waiting = world.cancellation(&order).await;
    assert_eq!(
        (waiting.state, waiting.note.as_deref()),
        (CancellationState::ToSend, Some("sending is frozen"))
    );
    world.freeze(false).await;
    assert!(world.send().await);
    world.freeze(true).await;
    assert!(world.settle().await, "Amazon has it");
    let settled = world.cancellation(&order).await.state;
    assert_eq!(settled, CancellationState::Accepted);
}
