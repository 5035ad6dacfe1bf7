//! What a stall sells: three products, two bundles that share a part, two aliases, of which one lists a product a second
//! time; on sale on two marketplaces. And what is done with it: levels, orders, looks at Amazon.

use super::environments::Function;
use super::stall::Stall;
use crate::world::amazon::{order, order_id};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::ids::{AmazonSku, OrderId};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderStatus};
use stallkeeper::domain::stock_settings::{Brakes, Published, StockSettings};
use stallkeeper::store::Written;
use std::collections::BTreeMap;
use tower::ServiceExt as _;

/// What is in the warehouse.
pub const PARTS: [&str; 3] = ["BOLT #8/a", "nut & \"washer\" 100%", "Schlüssel Größe 13"];

/// Something that is listed on Amazon: its SKU there, its product here where that is another, and the parts that one unit
/// takes, each an index of [`PARTS`] with how many.
pub struct Listed {
    pub sku: &'static str,
    pub alias_of: Option<(&'static str, u32)>,
    pub parts: &'static [(usize, u32)],
}

pub const LISTED: [Listed; 7] = [
    Listed {
        sku: PARTS[0],
        alias_of: None,
        parts: &[(0, 1)],
    },
    Listed {
        sku: PARTS[1],
        alias_of: None,
        parts: &[(1, 1)],
    },
    Listed {
        sku: PARTS[2],
        alias_of: None,
        parts: &[(2, 1)],
    },
    Listed {
        sku: "SET-1",
        alias_of: None,
        parts: &[(0, 2), (1, 1)],
    },
    Listed {
        sku: "SET-2",
        alias_of: None,
        parts: &[(1, 3), (2, 1)],
    },
    Listed {
        sku: "bolts, pack of 3",
        alias_of: Some((PARTS[0], 3)),
        parts: &[(0, 3)],
    },
    Listed {
        sku: "WASHER/2nd",
        alias_of: Some((PARTS[1], 1)),
        parts: &[(1, 1)],
    },
];

impl Stall {
    /// Lists everything, matches it, publishes settings, and reports the first level of each part. Nothing is sent yet.
    pub async fn open(&self, stock: [u32; 3], settings: StockSettings) {
        self.list(50).await;
        self.put_products().await;
        for listed in &LISTED {
            if let Some((product, units)) = listed.alias_of {
                self.tie(listed.sku, product, units).await;
            }
        }
        self.match_listings().await;
        self.publish(settings).await;
        for (part, quantity) in PARTS.iter().zip(stock) {
            self.level(part, quantity, self.now());
        }
        self.work().await;
    }

    async fn list(&self, quantity: u32) {
        let marketplaces = [Uk.id(), De.id()];
        let listings: Vec<Value> = LISTED
            .iter()
            .map(|it| json!({ "sku": it.sku, "marketplaces": marketplaces, "quantity": quantity }))
            .collect();
        let path = format!("sellers/{}/listings", crate::world::amazon::SELLER);
        let body = json!({ "listings": listings });
        self.amazon.admin(reqwest::Method::PUT, &path, body).await;
    }

    async fn put_products(&self) {
        let products = LISTED.iter().filter(|it| it.alias_of.is_none());
        let products: Vec<Value> = products
            .map(|it| {
                let parts = it.parts.iter();
                let parts: Vec<Value> = parts
                    .map(|(part, units)| json!({ "sku": PARTS[*part], "units": units }))
                    .collect();
                let parts = if it.sku.starts_with("SET") {
                    parts
                } else {
                    vec![]
                };
                json!({ "sku": it.sku, "parts": parts })
            })
            .collect();
        let message = json!({ "kind": "products", "products": products });
        self.send(Function::ComputeListings, message);
        self.work().await;
    }

    async fn tie(&self, sku: &str, product: &str, units: u32) {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("sku", sku).finish();
        let path = format!("/connections/{}/aliases?{query}", self.connection.id);
        let tie = json!({ "product": product, "units": units });
        self.api("PUT", &path, tie).await;
        self.work().await;
    }

    /// Calls the API of `manage-catalogue` as the platform does.
    pub async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let mut request = request.body(Body::from(body.to_string())).unwrap();
        let tenant = self.connection.tenant.clone();
        let caller = Caller::new(tenant, &[Scope::Catalogue]);
        request.extensions_mut().insert(caller);
        let router = manage_catalogue::router(self.apps.manage_catalogue.clone());
        let answer = router.oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_slice(&body).unwrap_or_default()
    }

    pub async fn match_listings(&self) {
        let message = json!({ "kind": "match", "why": "on_demand" });
        self.send_of_connection(Function::MatchListings, message);
        self.deliver(Function::MatchListings).await;
        self.work().await;
        for listing in self.listings().await.values() {
            assert_eq!(listing.state, ListingState::Matched, "{listing:?}");
        }
    }

    /// As `connect-account` does it, without the preview.
    pub async fn publish(&self, settings: StockSettings) {
        let key = &self.ids();
        let mut plan = self.store.stock_plan(key).await.unwrap();
        let generation = plan.published.as_ref().map_or(0, |it| it.generation) + 1;
        plan.published = Some(Published {
            settings,
            generation,
            at: self.now(),
            shadow: false,
            rules: None,
            quantities: None,
        });
        plan.revision += 1;
        let saved = self.store.save_stock_plan(key, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// The platform reports a level, by the queue.
    pub fn level(&self, sku: &str, quantity: u32, measured_at: Timestamp) {
        let row = json!({ "sku": sku, "warehouse": "MAIN", "quantity": quantity, "measured_at": measured_at });
        let message = json!({ "kind": "levels", "levels": [row] });
        self.send(Function::ComputeListings, message);
    }

    /// What was reported is stored, and what follows from it computed.
    pub async fn work(&self) {
        self.deliver(Function::ComputeListings).await;
    }

    /// Somebody buys `units` of a listing, whatever it shows.
    pub async fn buy(&self, number: u32, sku: &str, units: u32) {
        let item = json!({
            "orderItemId": format!("{number:014}"),
            "quantityOrdered": units,
            "product": { "asin": "B000000001", "title": "Hardware", "sellerSku": sku,
                "price": { "unitPrice": { "amount": "12.50", "currencyCode": "GBP" } } },
        });
        let order = order(number, json!({ "orderItems": [item] }));
        self.amazon.add(vec![order]).await;
    }

    pub async fn cancel(&self, number: u32) {
        let patch = json!({ "fulfillment": { "fulfillmentStatus": "CANCELLED" } });
        self.amazon.change(&order_id(number), patch).await;
    }

    /// The platform takes an order over, at this moment of the warehouse's clock. Whether it could.
    pub async fn acknowledge(&self, number: u32) -> bool {
        let key = &self.ids();
        let order: OrderId = order_id(number).parse().unwrap();
        let Some(mut order) = self.store.order(key, &order).await.unwrap() else {
            return false;
        };
        if order.status != OrderStatus::Ready {
            return false;
        }
        let at = self.now();
        order.status = OrderStatus::Acknowledged;
        order.acknowledged_at = Some(at);
        order.revision += 1;
        let entry = HistoryEntry {
            at,
            kind: HistoryKind::Acknowledged,
            note: "the platform took the order over".to_owned(),
        };
        let written = self.store.replace_order(&order, &entry).await.unwrap();
        assert_eq!(written, Written::Done);
        true
    }

    /// Every listing as we keep it.
    pub async fn listings(&self) -> BTreeMap<String, Listing> {
        let key = &self.ids();
        let skus: Vec<AmazonSku> = LISTED.iter().map(|it| it.sku.parse().unwrap()).collect();
        let listings = self.store.batch_get_listings(key, &skus).await.unwrap();
        let by_sku = listings.into_iter();
        by_sku.map(|(sku, it)| (sku.to_string(), it)).collect()
    }

    /// What Amazon shows of each SKU.
    pub async fn shown(&self) -> BTreeMap<String, u32> {
        let of_each = self.on_amazon("?brief=true").await.into_iter();
        of_each
            .map(|it| {
                let quantity = it["quantity"].as_u64().unwrap();
                let sku = it["sku"].as_str().unwrap().to_owned();
                (sku, u32::try_from(quantity).unwrap())
            })
            .collect()
    }

    /// The quantities that Amazon took from us for a SKU, oldest first.
    pub async fn taken(&self) -> BTreeMap<String, Vec<u32>> {
        let of_each = self.on_amazon("").await.into_iter();
        of_each
            .map(|it| {
                let history = it["history"].as_array().unwrap().iter();
                let ours = history.filter(|step| {
                    let by = step["by"].as_str().unwrap();
                    by == "patch" || by.starts_with("feed")
                });
                let ours = ours.map(|step| u32::try_from(step["quantity"].as_u64().unwrap()));
                let sku = it["sku"].as_str().unwrap().to_owned();
                (sku, ours.map(Result::unwrap).collect())
            })
            .collect()
    }

    async fn on_amazon(&self, query: &str) -> Vec<Value> {
        let path = format!("sellers/{}/listings{query}", crate::world::amazon::SELLER);
        let answer = self.amazon.get(&path).await;
        serde_json::from_value(answer).unwrap()
    }

    /// Everything that is on its way arrives, until nothing is left to be done.
    pub async fn quiet(&self) {
        for _ in 0..12 {
            self.pass(700).await;
            self.sweep().await;
            self.announce().await;
            self.work().await;
            self.tick().await;
            self.pass(700).await;
            self.check_feeds().await;
            if self.is_quiet().await {
                return;
            }
        }
        let left = self.left().await;
        panic!("it does not come to rest: {left}");
    }

    pub async fn is_quiet(&self) -> bool {
        self.left().await.is_empty()
    }

    pub async fn left(&self) -> String {
        let key = &self.ids();
        let entries = self.store.to_send(key, true).await.unwrap();
        let feeds = self.store.open_feeds(key).await.unwrap();
        let mut left = String::new();
        if !entries.is_empty() || !feeds.is_empty() {
            left = format!("{entries:?} {feeds:?}");
        }
        for queue in ["orders", "stock-changes", "listing-jobs", "stock-ticks"] {
            for message in self.aws.queue(queue).messages().iter() {
                left.push_str(&message.body);
            }
        }
        left
    }

    /// That Amazon shows what is wanted of every listing, and that this is what the parts in `free` suffice for.
    pub async fn shows_what_is_wanted(&self, free: [u32; 3], at: &str) {
        let (listings, shown) = (self.listings().await, self.shown().await);
        for listed in &LISTED {
            let parts = listed.parts.iter();
            let enough = parts.map(|(part, units)| free[*part] / units).min();
            let listing = &listings[listed.sku];
            let wanted = listing.wanted_quantity();
            assert_eq!(wanted, enough, "{at}: of {free:?} wanted {listing:?}");
            let shown = Some(shown[listed.sku]);
            assert_eq!(shown, wanted, "{at}: Amazon shows another of {listing:?}");
        }
    }
}

/// Settings that are on and never hold a round.
pub fn settings(low_stock_mark: u32) -> StockSettings {
    let mut settings = StockSettings {
        on: true,
        brakes: Brakes {
            zero_percent: 100,
            ..Brakes::default()
        },
        ..StockSettings::default()
    };
    settings.policy.low_stock_mark = low_stock_mark;
    settings
}
