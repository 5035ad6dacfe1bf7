//! A seller with three listings on two marketplaces, and everybody who does something with them.

use crate::Act;
use crate::model::{PRODUCTS, SELLERS_OWN, STOCK, Shown};
use crate::world::{MARKETPLACES, World};
use axum::body::Body;
use axum::http::Request;
use jiff::{SignedDuration, Timestamp};
use kit::{Answer, sqs_event};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Written;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// How often everybody does all there is to do until nothing more happens.
const ROUNDS: usize = 12;
/// How often messages may bring messages.
const MOST_HOPS: usize = 30;
const PATCHES: usize = 300;

pub(crate) struct Shop {
    world: World,
    selection: Value,
    /// Checks of feeds that were made, which may come again.
    checks: Vec<Value>,
}

impl Shop {
    /// Everything is matched and shows what is in stock, at prices of the seller's own; nothing is published but the stock.
    pub(crate) async fn open(by_feed: bool) -> Self {
        let world = World::open(if by_feed { 0 } else { PATCHES }).await;
        let mut shop = Self {
            world,
            selection: json!({"new_categories": "in"}),
            checks: Vec::new(),
        };
        let price = |marketplace: Marketplace| json!({"amount": "20.00", "currency": marketplace.currency()});
        let prices: Value = MARKETPLACES
            .map(|it| (it.id().to_owned(), price(it)))
            .into_iter()
            .collect();
        let listing = |n: usize| json!({"sku": sku(n), "marketplaces": MARKETPLACES.map(Marketplace::id), "quantity": STOCK, "price": prices});
        let listings: Vec<Value> = (0..PRODUCTS).map(listing).collect();
        let put = json!({"listings": listings});
        shop.world.at_seller("PUT", "listings", put).await;
        let measured = Timestamp::now() - SignedDuration::from_mins(5);
        for product in 0..PRODUCTS {
            let act = Act::Product {
                product,
                cost: None,
                brand: false,
            };
            shop.act(&act).await;
            let level = json!([{"sku": sku(product), "warehouse": "LON", "quantity": STOCK, "measured_at": measured}]);
            shop.catalogue("PUT", "/stock-levels", level).await.is(202);
        }
        shop.orders_are_known().await;
        shop.configure("PUT", "stock-settings", json!({"on": true}))
            .await
            .is(200);
        shop.act(&Act::Work { twice: false }).await;
        shop.act(&Act::Match).await;
        shop.act(&Act::Work { twice: false }).await;
        shop.act(&Act::Publish).await;
        shop.quiet().await;
        shop
    }

    pub(crate) async fn act(&mut self, act: &Act) {
        match *act {
            Act::Product {
                product,
                cost,
                brand,
            } => {
                let cost = cost.map_or(
                    json!({}),
                    |it| json!({"GBP": it.to_string(), "EUR": it.to_string()}),
                );
                let brand = if brand { "A" } else { "B" };
                let row = json!([{"sku": sku(product), "brand": brand, "tax_class": "standard", "cost": cost}]);
                self.catalogue("PUT", "/products", row).await.is(202);
            }
            Act::Rules {
                marketplace,
                margins,
            } => {
                let margin =
                    |percent: u32| json!({"type": "margin", "percent": percent.to_string()});
                let rules = margins.map_or(json!({"mode": "leave"}), |(of_a, others)| {
                    json!({"mode": "rules", "rules": [
                        {"condition": {"type": "all"}, "action": margin(others)},
                        {"condition": {"type": "brand", "brand": "A"}, "action": margin(of_a)},
                    ]})
                });
                let path = format!("prices/{}", MARKETPLACES[marketplace].country());
                self.configure("PUT", &path, rules).await.is(200);
            }
            Act::Selection {
                without_a,
                not_offered,
            } => {
                let of = |brand| json!([{"type": "brand", "brand": brand}]);
                let out = without_a.then(|| of("A")).unwrap_or(json!([]));
                let there = not_offered.map_or(json!([]), |a| of(if a { "A" } else { "B" }));
                self.selection = json!({
                    "new_categories": "in", "exclude": out, "marketplaces": {"DE": {"exclude": there}},
                });
                let selection = self.selection.clone();
                self.configure("PUT", "selection", selection).await.is(200);
            }
            Act::Publish => self.publish().await,
            Act::Hold { product, mode } => self.hold(product, mode).await,
            Act::Release => self.release().await,
            Act::Work { twice } => self.work(twice).await,
            Act::Round => self.round().await,
            Act::Settle { again } => self.settle(again).await,
            Act::Match => {
                let path = "/connections/C1/listings/match";
                self.catalogue("POST", path, Value::Null).await;
            }
            Act::Lose { operation, kind } => {
                let fault = json!({"operation": operation, "kind": kind, "count": 1});
                self.world.admin("POST", "faults", fault).await;
            }
            Act::NoVerdict { kind } => {
                let faults = json!([{"kind": kind, "applied": 0.5}]);
                self.world.at_seller("PUT", "feed-faults", faults).await;
            }
        }
    }

    /// Everybody does all there is to do, and nothing new happens.
    pub(crate) async fn quiet(&mut self) {
        self.world.admin("DELETE", "faults", Value::Null).await;
        self.world.at_seller("PUT", "feed-faults", json!([])).await;
        for _ in 0..ROUNDS {
            self.work(false).await;
            self.release().await;
            self.time_passes().await;
            self.round().await;
            self.settle(false).await;
            let (store, key) = (&self.world.store, &self.world.key());
            let left = store.to_send(key, true).await.unwrap();
            if left.is_empty() && store.open_feeds(key).await.unwrap().is_empty() {
                return;
            }
        }
        let left = self.world.store.to_send(&self.world.key(), true).await;
        panic!("there is still something to send: {left:?}");
    }

    pub(crate) async fn shown(&self) -> Vec<Shown> {
        let listings = self.world.at_seller("GET", "listings", Value::Null).await;
        let listings = listings.as_array().unwrap().iter();
        let pennies = |text: &str| {
            let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
            format!("{whole}{rest:0<2}").parse::<u64>().unwrap()
        };
        let shown = |it: &Value| Shown {
            quantity: it["quantity"].as_u64().unwrap(),
            prices: MARKETPLACES
                .map(|on| pennies(it["prices"][on.id()]["amount"].as_str().unwrap())),
            ended: MARKETPLACES.map(|on| it["ends"][on.id()].is_string()),
        };
        let shown: Vec<Shown> = listings.map(shown).collect();
        assert_eq!(shown.len(), PRODUCTS, "at first {SELLERS_OWN} each");
        shown
    }

    async fn publish(&mut self) {
        self.configure("POST", "publish", json!({"preview": true}))
            .await
            .is(202);
        self.jobs(false).await;
        self.configure("POST", "publish", json!({})).await.is(200);
    }

    async fn hold(&self, product: usize, mode: Option<&str>) {
        let path = format!("holds?sku={}", sku(product));
        match mode {
            Some(mode) => {
                let hold = json!({"mode": mode, "reason": "a recall"});
                self.configure("PUT", &path, hold).await.is(200);
            }
            None => drop(self.configure("DELETE", &path, Value::Null).await),
        }
    }

    /// All that any rule holds.
    async fn release(&self) {
        for marketplace in MARKETPLACES {
            for rule in ["all products", "brand A"] {
                let rule = json!({"rule": {"name": rule, "marketplace": marketplace.country()}});
                let path = "/connections/C1/prices/release-several";
                self.catalogue("POST", path, rule).await;
            }
        }
    }

    /// Until no message brings another one.
    async fn work(&mut self, twice: bool) {
        for _ in 0..MOST_HOPS {
            let mut bodies = self.world.sent("changes");
            let jobs = self.jobs(twice).await;
            if bodies.is_empty() && !jobs {
                return;
            }
            if twice {
                bodies = [bodies.clone(), bodies].concat();
            }
            for body in bodies {
                let handled = compute_listings::handle(&self.world.compute, sqs_event(&[body]));
                assert!(handled.await.unwrap().batch_item_failures.is_empty());
            }
        }
    }

    /// Whether there were any.
    async fn jobs(&mut self, twice: bool) -> bool {
        let mut any = false;
        for _ in 0..MOST_HOPS {
            let mut bodies = self.world.sent("jobs");
            if bodies.is_empty() {
                break;
            }
            any = true;
            if twice {
                bodies = [bodies.clone(), bodies].concat();
            }
            for body in bodies {
                let handled =
                    match_listings::handle(&self.world.matching, sqs_event(&[body]), deadline());
                assert!(handled.await.unwrap().batch_item_failures.is_empty());
            }
        }
        any
    }

    /// What cannot be done now is reported as failed, or goes on with a later round.
    async fn round(&mut self) {
        self.orders_are_known().await;
        let tick = json!({"v": 1, "kind": "tick", "tenant": "north", "connection": "C1", "hop": 0});
        let queued = self.world.sent("ticks");
        let ticks: BTreeSet<String> = [tick].iter().chain(&queued).map(Value::to_string).collect();
        for body in ticks {
            let body = serde_json::from_str(&body).unwrap();
            let handled = sync_stock::handle(&self.world.sync, sqs_event(&[body]), deadline());
            let _ = handled.await.unwrap();
        }
    }

    async fn settle(&mut self, again: bool) {
        for _ in 0..3 {
            let mut checks = self.world.sent("checks");
            let earlier = self.checks.first().filter(|_| again).cloned();
            self.checks.extend(checks.iter().cloned());
            checks.extend(earlier);
            for body in checks {
                let handled =
                    settle_feeds::handle(&self.world.settle, sqs_event(&[body]), deadline());
                let _ = handled.await.unwrap();
            }
        }
    }

    /// All orders up to now are known, so that no increase waits for them.
    async fn orders_are_known(&self) {
        let (key, now) = (&self.world.key(), Timestamp::now());
        let store = &self.world.store;
        let leased = store.lease_order_cursor(key, "poll", now, now, now).await;
        let mut cursor = leased.unwrap().unwrap();
        cursor.since = now;
        let saved = store.give_back(key, &mut cursor).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// What waits for its moment is due.
    async fn time_passes(&self) {
        let (key, store) = (&self.world.key(), &self.world.store);
        for mut entry in store.to_send(key, true).await.unwrap() {
            if entry.next_at.take().is_some() {
                store.put_to_send(key, &entry).await.unwrap();
            }
        }
    }

    async fn configure(&self, method: &str, path: &str, body: Value) -> Answer {
        let routes = configure_selling::router(self.world.configure.clone());
        let path = format!("/connections/C1/{path}");
        Answer::to(
            routes,
            ("north", Scope::Connections),
            (method, &path),
            &body,
        )
        .await
    }

    async fn catalogue(&self, method: &str, path: &str, body: Value) -> Answer {
        let routes = manage_catalogue::router(self.world.catalogue.clone());
        let caller = Caller::new("north".parse().unwrap(), &[Scope::Catalogue]);
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let request = request.extension(caller).body(Body::from(body.to_string()));
        Answer::of(routes, request.unwrap()).await
    }
}

fn sku(product: usize) -> String {
    format!("P{product}")
}

fn deadline() -> SystemTime {
    SystemTime::now() + Duration::from_secs(300)
}
