//! What changes what is computed of a connection's stock.

use crate::world::World;
use jiff::Timestamp;
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::stock_settings::{Published, StockPlan};
use stallkeeper::store::Written;

/// A tenant's connection that is switched on, and requests about its stock.
struct Stock {
    world: World,
    id: String,
}

impl Stock {
    async fn new() -> Self {
        let world = World::new().await;
        let id = world.connected("north", "A1").await;
        let stock = Self { world, id };
        stock.status("active").await;
        stock.world.sent("ticks");
        stock
    }

    async fn status(&self, status: &str) {
        let path = format!("/connections/{}", self.id);
        let body = json!({"status": status});
        self.world.ask("north", "PATCH", &path, body).await.is(200);
    }

    async fn told(&self, method: &str, path: &str, body: Value) -> kit::Answer {
        let path = format!("/connections/{}/{path}", self.id);
        self.world.ask("north", method, &path, body).await
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        self.told(method, path, body).await.is(200)
    }

    async fn refused(&self, method: &str, path: &str, body: Value, status: u16) -> String {
        self.told(method, path, body).await.problem_kind(status)
    }

    fn key(&self) -> ConnectionKey {
        sample::key("north", &self.id)
    }

    async fn plan(&self) -> StockPlan {
        self.world.app.store.stock_plan(&self.key()).await.unwrap()
    }

    /// Stock settings that are in force, as publishing leaves them.
    async fn published(&self) {
        let mut plan = self.plan().await;
        plan.draft.on = true;
        plan.published = Some(Published {
            settings: plan.draft.clone(),
            generation: plan.next_generation(),
            at: Timestamp::now(),
            shadow: false,
            rules: None,
            quantities: None,
        });
        plan.revision += 1;
        let store = &self.world.app.store;
        let saved = store.save_stock_plan(&self.key(), &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// The kinds of the jobs that were queued since last asked; each of this connection.
    fn jobs(&self) -> Vec<String> {
        self.kinds("listing-jobs")
    }

    fn kinds(&self, queue: &str) -> Vec<String> {
        let sent = self.world.sent(queue).into_iter();
        sent.map(|(message, _)| {
            assert_eq!(
                (&message["v"], &message["tenant"]),
                (&json!(1), &json!("north"))
            );
            assert_eq!(message["connection"], json!(self.id));
            message["kind"].as_str().unwrap().to_owned()
        })
        .collect()
    }
}

#[tokio::test]
async fn another_price_mode_lets_every_listing_be_computed_under_a_higher_version() {
    let stock = Stock::new().await;
    let uk = |mode: &str| {
        stock.ask(
            "PUT",
            "marketplaces/UK",
            json!({"active": true, "price_mode": mode}),
        )
    };
    assert_eq!(uk("rrp").await["price_mode"], "rrp");
    assert!(stock.jobs().is_empty(), "nothing is published");
    assert_eq!(uk("leave").await["price_mode"], "leave");
    stock.published().await;
    uk("leave").await;
    assert!(stock.jobs().is_empty(), "prices are left alone as before");
    stock.world.outside.aws().queues_down = true;
    let body = json!({"active": true, "price_mode": "rrp"});
    assert_eq!(
        stock.refused("PUT", "marketplaces/UK", body, 503).await,
        "unavailable"
    );
    stock.world.outside.aws().queues_down = false;
    uk("rrp").await;
    assert_eq!(stock.jobs(), ["recompute_all"]);
    let generation = |plan: StockPlan| plan.published.unwrap().generation;
    let risen = generation(stock.plan().await);
    assert!(risen > 1);
    uk("leave").await;
    assert_eq!(stock.jobs(), ["recompute_all"]);
    assert!(generation(stock.plan().await) > risen);
    let told = stock
        .refused(
            "PUT",
            "marketplaces/UK",
            json!({"active": true, "price_mode": "rules"}),
            422,
        )
        .await;
    assert_eq!(told, "invalid-request");
}

#[tokio::test]
async fn a_connection_that_is_switched_on_catches_up_on_its_stock() {
    let stock = Stock::new().await;
    stock.published().await;
    stock.status("inactive").await;
    assert!(stock.jobs().is_empty() && stock.world.outside.aws().schedules.is_empty());
    stock.status("active").await;
    assert_eq!(
        (stock.jobs(), stock.kinds("stock-ticks")),
        (vec!["recompute_all".into()], vec!["tick".into()])
    );
    stock.status("paused").await;
    assert_eq!(
        stock.jobs(),
        ["recompute_all"],
        "computed, for when it goes on"
    );
    assert!(stock.kinds("stock-ticks").is_empty(), "nothing is sent");
}

#[tokio::test]
async fn the_steps_go_on_to_stock_that_is_sent() {
    let stock = Stock::new().await;
    let step = async |id: &str| {
        let setup = stock.ask("GET", "setup", Value::Null).await;
        let steps = setup["steps"].as_array().unwrap().clone();
        steps.into_iter().find(|step| step["id"] == id).unwrap()
    };
    let open = step("publish_stock").await;
    assert_eq!(
        (
            &open["done"],
            open["request"].as_str().unwrap().starts_with("PUT")
        ),
        (&json!(false), true)
    );
    assert_eq!(step("match_listings").await["done"], false);
    stock.published().await;
    assert_eq!(step("publish_stock").await["done"], true);
}
