//! Amazon fails: what is acknowledged, what comes again, and that nothing is lost by it.

use crate::world::amazon::order;
use crate::world::queues::Delivered;
use crate::world::{Scene, play};
use serde_json::json;

const DONE: Delivered = Delivered {
    messages: 1,
    failed: 0,
};

#[tokio::test]
async fn orders_of_a_day_without_failures_are_stored() {
    play(Scene::default(), async |world| {
        world
            .amazon
            .add((1..=12).map(|n| order(n, json!({}))).collect())
            .await;
        assert_eq!(world.tick().await, DONE);
        assert_eq!(world.deliver_orders().await.messages, 12);
        assert_eq!(world.stored_ids().await.len(), 12);
    })
    .await;
}
