//! Amazon refuses a part, or sends what nobody knows yet: the rest still comes.

use crate::world::amazon::{of_store, order, order_id, orders};
use crate::world::queues::Delivered;
use crate::world::{Scene, World, play};
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::{self, De, Fr, It, Jp, Uk};
use stallkeeper::domain::order::OrderStatus;
use std::time::Duration;

const DONE: Delivered = Delivered::all_of(1);
const SIX_MINUTES: Duration = Duration::from_secs(360);
const STORES: [Marketplace; 4] = [Uk, De, Fr, It];

#[tokio::test]
async fn buyer_data_that_amazon_refuses_is_left_out_and_the_orders_still_come() {
    play(Scene::default(), async |world| {
        let without_the_role = json!({
            "roles": ["inventory_and_order_tracking"],
            "missing_role": "forbidden",
        });
        world.amazon.put_seller(&STORES, without_the_role).await;
        world.amazon.add(orders(3)).await;
        assert_eq!(world.tick().await, DONE);
        assert_eq!(statuses(world).await, [403, 200]);
        world.deliver_orders().await;
        assert_eq!(world.stored_ids().await, world.amazon.ids().await);
        assert_eq!(world.count_with_status(OrderStatus::PendingReview).await, 3);
        let portraits = world.portraits().await;
        let missing = |reason: &Option<String>| reason.as_deref() == Some("address_missing");
        assert!(portraits.values().all(|one| missing(&one.reason)));

        world.let_time_pass(SIX_MINUTES).await;
        assert_eq!(world.tick().await, DONE);
        assert_eq!(
            statuses(world).await,
            [403, 200, 403, 200],
            "it is asked for again with the next sweep"
        );
        world.let_time_pass(SIX_MINUTES).await;
        assert_eq!(world.tick().await, DONE);
        assert_eq!(
            statuses(world).await,
            [403, 200, 403, 200, 200],
            "and then ever later"
        );
        assert_eq!(world.dead_letters().await, 0);
    })
    .await;
}

#[tokio::test]
async fn fulfilment_data_that_amazon_refuses_in_the_far_east_is_left_out() {
    let far_east = Scene {
        sells_on: &[Jp],
        switched_on: &[Jp],
    };
    play(far_east, async |world| {
        let refuses = json!({ "refuses_fulfillment": true });
        world.amazon.put_seller(&[Jp], refuses).await;
        let japanese = order(1, of_store(Jp, "JP", "060-0000"));
        world.amazon.add(vec![japanese]).await;
        assert_eq!(world.tick().await, DONE);
        assert_eq!(statuses(world).await, [400, 200]);
        world.deliver_orders().await;
        assert_eq!(world.stored_ids().await, [order_id(1)]);
        assert_eq!(world.count_with_status(OrderStatus::PendingReview).await, 1);
        assert_eq!(world.dead_letters().await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_account_that_amazon_refuses_altogether_is_a_persons_to_look_at_and_blames_no_dataset() {
    play(Scene::default(), async |world| {
        world
            .amazon
            .put_seller(&STORES, json!({ "refuses_orders": true }))
            .await;
        world.amazon.add(orders(1)).await;
        assert_eq!(world.tick().await, DONE);
        let letters = world.ticks.dead_letters().await;
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].attributes["class"], "permanent");

        world.amazon.put_seller(&STORES, json!({})).await;
        assert_eq!(world.tick().await, DONE);
        world.deliver_orders().await;
        assert_eq!(
            world.count_with_status(OrderStatus::Ready).await,
            1,
            "the next sweep asks for everything again, address included"
        );
    })
    .await;
}

#[tokio::test]
async fn unknown_values_and_fields_are_stored_and_never_fail() {
    play(Scene::default(), async |world| {
        // One of each special case, with `DRONE_DROP`, `AWAITING_INSPECTION`, `MOON_DELIVERY` and fields nobody knows.
        world.amazon.generate(40).await;
        let strange = json!({
            "fulfillment": { "fulfillmentServiceLevel": "TELEPORT", "fulfilledBy": "MERCHANT" },
            "programs": ["TIME_TRAVEL"],
            "associatedOrders": [{ "orderId": order_id(2), "associationType": "TWIN" }],
            "novelty": { "deep": [1, { "deeper": "Quillfeather" }] },
        });
        world.amazon.add(vec![order(1, strange)]).await;
        assert_eq!(world.tick().await, DONE);
        world.deliver_orders().await;
        assert_eq!(world.stored_ids().await, world.amazon.ids().await);
        assert_eq!(world.dead_letters().await, 0);
        let portraits = world.portraits().await;
        assert_eq!(
            portraits[&order_id(1)].term.as_deref(),
            Some("TELEPORT UK DOM")
        );
        let has = |term: &str| {
            portraits
                .values()
                .any(|one| one.term.as_deref() == Some(term))
        };
        assert!(has("DRONE_DROP UK DOM"));
        let inspected = world.stored().await.into_iter().find(|one| {
            let status = one.order.order.amazon_status.clone().map(String::from);
            status.as_deref() == Some("AWAITING_INSPECTION")
        });
        assert_eq!(inspected.unwrap().order.status, OrderStatus::PendingReview);
    })
    .await;
}

async fn statuses(world: &World) -> Vec<u16> {
    let searches = world.searches().await;
    searches.iter().filter_map(|call| call.status).collect()
}
