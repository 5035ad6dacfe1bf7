//! Products that the selection takes in are wanted by themselves, if the settings say so.

use crate::world::{MUG, World};
use serde_json::{Value, json};
use stallkeeper::domain::new_offer::{NewOfferState, OfferAnswer};
use stallkeeper::domain::selling_rules::RulesDraft;
use stallkeeper::store::Written;

impl World {
    /// Puts a selection in force.
    async fn select(&self, revision: u64, selection: Value) {
        let mut draft = RulesDraft {
            revision,
            ..RulesDraft::default()
        };
        draft.rules.selection = Some(serde_json::from_value(selection).unwrap());
        let key = &self.key();
        self.store.keep_rules(key, &draft).await.unwrap();
        let mut plan = self.store.stock_plan(key).await.unwrap();
        let published = plan.published.as_mut().unwrap();
        published.rules = Some(revision);
        published.generation += 1;
        plan.revision += 1;
        let saved = self.store.save_stock_plan(key, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    async fn is_wanted(&self, sku: &str) -> bool {
        let (key, sku) = (&self.key(), &sku.parse().unwrap());
        self.store.new_offer(key, sku).await.unwrap().is_some()
    }
}

fn product(sku: &str, brand: &str, ean: Option<&str>) -> Value {
    json!({"sku": sku, "brand": brand, "ean": ean, "rrp": {"GBP": "9.90"}})
}

#[tokio::test]
async fn what_the_selection_takes_in_is_offered_and_nothing_else() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    world
        .product(product("MUG", "North", Some("4006381333931")), 4)
        .await;
    world
        .product(product("OUT", "South", Some("4006381333948")), 4)
        .await;
    world.product(product("NUMBERLESS", "North", None), 4).await;
    world
        .publish(|settings| settings.wants_selected = true)
        .await;
    assert!(world.run().await);
    assert!(!world.is_wanted("MUG").await, "no selection is published");
    let north = json!({"products": {"include": [{"type": "brand", "brand": "North"}]}});
    world.select(1, north).await;
    assert!(world.run().await && world.settle().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Accepted);
    for sku in ["OUT", "NUMBERLESS"] {
        assert!(!world.is_wanted(sku).await, "{sku}");
    }
    let run = world.store.offer_run(&world.key()).await.unwrap();
    assert!(
        run.next_at.is_some(),
        "it is looked through again by itself"
    );
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn a_day_wants_no_more_than_it_may_send_and_never_stays_never() {
    let world = World::start().await;
    for place in 0..3 {
        let number = format!("400638133393{place}");
        let sku = format!("P{place}");
        world
            .product(product(&sku, "North", Some(&number)), 4)
            .await;
    }
    world.want("P0").await;
    let read = world.offer("P0").await;
    let never = read.answered(&OfferAnswer::Never, None, jiff::Timestamp::now());
    let never = never.unwrap();
    let put = world.store.put_new_offer(&never, Some(&read)).await;
    assert_eq!(put.unwrap(), Written::Done);
    world
        .publish(|settings| {
            settings.wants_selected = true;
            settings.a_day = 1;
        })
        .await;
    let everything = json!({"asks_since": jiff::Timestamp::now()});
    world.select(1, everything).await;
    assert!(world.run().await && world.run().await);
    let wanted = (world.is_wanted("P1").await, world.is_wanted("P2").await);
    assert_eq!(wanted, (true, false));
    assert_eq!(world.state("P0").await, NewOfferState::Never);
    let next = world.store.offer_run(&world.key()).await.unwrap().next_at;
    assert!(next.unwrap() > jiff::Timestamp::now());
}
