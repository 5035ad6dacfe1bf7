//! Stock settings: drafted; and what else changes what is computed of a connection's stock.

use crate::world::{World, ids};
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::domain::stock_settings::{Effect, StockPlan};
use stallkeeper::store::Written;

/// A tenant's connection that is switched on, and requests about its stock.
pub(crate) struct Stock {
    pub(crate) world: World,
    pub(crate) id: String,
}

impl Stock {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let id = world.connected("north", "A1").await;
        let stock = Self { world, id };
        stock.status("active").await;
        stock.world.sent("ticks");
        stock
    }

    pub(crate) async fn status(&self, status: &str) {
        let path = format!("/connections/{}", self.id);
        let body = json!({"status": status});
        self.world.ask("north", "PATCH", &path, body).await.is(200);
    }

    pub(crate) async fn told(&self, method: &str, path: &str, body: Value) -> kit::Answer {
        let path = format!("/connections/{}/{path}", self.id);
        self.world.ask("north", method, &path, body).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        self.told(method, path, body).await.is(200)
    }

    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
    ) -> String {
        self.told(method, path, body).await.problem_kind(status)
    }

    pub(crate) async fn plan(&self) -> StockPlan {
        let connection = ids("north", &self.id);
        let plan = self.world.app.store.stock_plan(&connection).await;
        plan.unwrap()
    }

    /// What `match-listings` does once it has computed a preview.
    pub(crate) async fn preview_ends(&self, failed: Option<&str>) {
        let connection = ids("north", &self.id);
        let mut plan = self.plan().await;
        let preview = plan.preview.as_mut().unwrap();
        preview.done_at = Some(Timestamp::now());
        preview.failed = failed.map(str::to_owned);
        preview.effect = failed.is_none().then(|| Effect {
            matched: 9,
            to_zero: 2,
            ..Effect::default()
        });
        plan.revision += 1;
        let store = &self.world.app.store;
        let saved = store.save_stock_plan(&connection, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    pub(crate) async fn published(&self) {
        self.ask("PUT", "stock-settings", json!({"on": true})).await;
        self.told("POST", "publish", json!({"preview": true}))
            .await
            .is(202);
        self.preview_ends(None).await;
        self.ask("POST", "publish", json!({})).await;
        self.jobs();
    }

    /// The kinds of the jobs that were queued since last asked; each of this connection.
    pub(crate) fn jobs(&self) -> Vec<String> {
        self.kinds("listing-jobs")
    }

    pub(crate) fn kinds(&self, queue: &str) -> Vec<String> {
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
async fn a_draft_is_changed_and_nothing_comes_of_it() {
    let stock = Stock::new().await;
    let before = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(before["published"], Value::Null);
    assert_eq!(
        (&before["draft"]["on"], &before["draft_revision"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(
        before["sending"]["why"],
        "no stock settings are published yet"
    );
    let body = json!({"on": true, "every_minutes": 30, "policy": {"buffer": 2}, "home_marketplace": "DE", "warehouses": ["LON"]});
    for _ in 0..2 {
        let draft = stock.ask("PUT", "stock-settings", body.clone()).await;
        assert_eq!(draft["draft_revision"], 1, "the same draft is no change");
        assert_eq!(draft["draft"]["policy"]["buffer"], 2);
        assert_eq!(draft["draft"]["home_marketplace"], "DE");
        assert_eq!(
            (&draft["published"], &draft["draft_is_published"]),
            (&Value::Null, &json!(false))
        );
    }
    let other = stock
        .ask("PUT", "stock-settings", json!({"on": true}))
        .await;
    assert_eq!(other["draft_revision"], 2);
    assert_eq!(
        other["draft"]["policy"]["buffer"], 0,
        "what is left out is as by default"
    );
    assert_eq!(
        stock.refused("PUT", "stock-settings", json!({}), 422).await,
        "invalid-request"
    );
    let per_store = json!({"on": true, "marketplaces": {"DE": {"on": false}}});
    let told = stock.told("PUT", "stock-settings", per_store).await;
    assert!(
        told.text.contains("quantity belongs to the connection"),
        "{}",
        told.text
    );
    assert!(stock.jobs().is_empty() && stock.kinds("stock-ticks").is_empty());
    assert_eq!(stock.world.outside.aws().schedules.len(), 1, "orders only");
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
async fn who_never_authorised_or_left_has_no_stock_to_send() {
    let stock = Stock::new().await;
    let body = json!({"name": "North", "marketplace": "DE", "authorisation": {"kind": "oauth"}});
    let made = stock
        .world
        .ask("north", "POST", "/connections", body)
        .await
        .json();
    let awaiting = format!("/connections/{}", made["id"].as_str().unwrap());
    let draft = json!({"on": true, "home_marketplace": "FR"});
    let told = stock
        .world
        .ask("north", "PUT", &format!("{awaiting}/stock-settings"), draft)
        .await;
    told.is(200);
    let preview = json!({"preview": true});
    let told = stock
        .world
        .ask(
            "north",
            "POST",
            &format!("{awaiting}/publish"),
            preview.clone(),
        )
        .await;
    assert_eq!(told.problem_kind(409), "not-authorised");
    stock
        .world
        .ask(
            "north",
            "DELETE",
            &format!("/connections/{}", stock.id),
            Value::Null,
        )
        .await
        .is(200);
    assert_eq!(
        stock.refused("POST", "publish", preview, 409).await,
        "disconnected"
    );
    assert_eq!(
        stock
            .refused("PUT", "stock-settings", json!({"on": true}), 409)
            .await,
        "disconnected"
    );
    assert!(stock.jobs().is_empty());
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
