//! Where buyer data may be, and where never: message attributes, dead letters' reasons, the tables of orders and
//! connections. And what becomes of a message that nobody can read.

use crate::world::amazon::{of_store, order, order_id};
use crate::world::queues::Delivered;
use crate::world::records::{legible, text};
use crate::world::{Scene, World, play};
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Fr;

/// Stands for a buyer in messages that are no good.
const BUYER: &str = "Quillfeather";

#[tokio::test]
async fn buyer_data_is_where_it_belongs_and_nowhere_else() {
    play(Scene::default(), async |world| {
        world.amazon.generate(60).await;
        world
            .amazon
            .add(vec![
                order(1, json!({})),
                order(2, of_store(Fr, "FR", "69001")),
            ])
            .await;
        world.tick().await;
        let buyers = world.amazon.buyer_values().await;
        assert!(buyers.len() > 100);
        for message in world.orders.peek().await {
            let attributes = format!("{:?} {:?}", message.attributes, message.message_attributes);
            assert_holds_none_of(&attributes, &buyers, "attributes of a message");
        }
        world.deliver_orders().await;
        assert_eq!(world.stored_ids().await, world.amazon.ids().await);
        for table in ["OrdersTable", "ConnectionsTable"] {
            for item in world.items(table).await {
                assert_holds_none_of(&legible(&item), &buyers, table);
            }
        }
        let kept: Vec<_> = world.items("BuyersTable").await;
        let of_order = |number| {
            let item = kept
                .iter()
                .find(|item| text(item, "pk").ends_with(&order_id(number)));
            item.map(legible)
        };
        assert!(of_order(1).unwrap().contains("Peregrine Quillfeather-1"));
        assert_eq!(of_order(2), None, "a parked order's buyer is not kept");
    })
    .await;
}

fn assert_holds_none_of(text: &str, buyers: &[String], what: &str) {
    let found = buyers.iter().find(|value| text.contains(value.as_str()));
    assert_eq!(found, None, "{what}");
}

#[tokio::test]
async fn a_message_that_nobody_can_read_goes_to_the_dead_letters_with_class_and_reason() {
    play(Scene::default(), async |world| {
        for lane in [&world.ticks, &world.orders] {
            for body in unreadable(world) {
                lane.send(&body).await;
            }
        }
        let count = unreadable(world).len();
        assert_eq!(world.deliver_ticks().await, Delivered::all_of(count));
        assert_eq!(world.deliver_orders().await, Delivered::all_of(count));
        for (lane, all) in [(&world.ticks, true), (&world.orders, false)] {
            let letters = lane.dead_letters().await;
            let mut bodies: Vec<_> = letters.iter().map(|letter| letter.body.clone()).collect();
            let mut sent = unreadable(world);
            // An order of which a part cannot be read waits for a person instead.
            sent.truncate(if all { sent.len() } else { OF_THE_MESSAGE });
            bodies.sort();
            sent.sort();
            assert_eq!(bodies, sent, "each is kept as it came");
            for letter in letters {
                assert_eq!(letter.attributes["class"], "permanent");
                let reason = &letter.attributes["reason"];
                assert!(reason.starts_with("failed to "), "{reason}");
                assert!(!reason.contains(BUYER), "{reason}");
            }
        }
        let portraits = world.portraits().await;
        assert_eq!(
            portraits[&order_id(1)].reason.as_deref(),
            Some("unreadable")
        );
        assert!(world.amazon.calls().await.is_empty());
    })
    .await;
}

/// How many of those are no message at all, or none that poll-orders sends: it gives each order a moment of change. The
/// others hold an order of which a part cannot be read.
const OF_THE_MESSAGE: usize = 7;

/// No JSON, cut off, of another age, of an unknown kind, without an id, and orders that are none.
fn unreadable(world: &World) -> Vec<String> {
    let whole = json!({
        "v": 1, "kind": "order", "tenant": world.tenant, "connection": world.id(),
        "fetched_at": "2026-11-20T09:30:00Z", "datasets": ["BUYER"],
        "order": order(1, json!({ "createdTime": "2026-11-20T09:00:00Z", "lastUpdatedTime": "2026-11-20T09:30:00Z" })),
    });
    let with = |path: &str, value: Value| {
        let mut broken = whole.clone();
        *broken.pointer_mut(path).unwrap() = value;
        broken.to_string()
    };
    let cut_off = whole.to_string();
    vec![
        format!("{BUYER}, 1 Marmalade Row"),
        cut_off[..cut_off.len() - 20].to_owned(),
        with("/v", json!(9)),
        with("/kind", json!(BUYER)),
        with("/tenant", json!("")),
        with("/datasets", json!([BUYER])),
        with("/order/lastUpdatedTime", json!(BUYER)),
        with("/order/createdTime", json!(BUYER)),
        with("/order/orderItems/0/quantityOrdered", json!(BUYER)),
    ]
}
