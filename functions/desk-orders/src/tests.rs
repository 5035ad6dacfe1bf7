//! The routes in process, on the template's tables in an embedded DynamoDB.

mod acknowledge;
mod cancel;
mod dispatch;
mod event;
mod events;
mod hold;
mod list;
mod many;
mod operator;
mod partly;
mod pick;
mod risks;
mod search;
mod show;
mod take_over;
mod tenants;

use crate::{App, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kit::{Answer, Aws, Calls, Database, StandIn};
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{Courier, Reason};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{
    BuyerData, HistoryEntry, HistoryKind, LineClaim, OrderItem, OrderStatus, StoredOrder,
};
use stallkeeper::store::{BuyerRecord, Written};
use std::sync::Arc;

/// A desk with empty tables.
struct Stand {
    app: Arc<App>,
    router: Router,
    outside: StandIn,
    _database: Database,
}

impl Stand {
    async fn new() -> Self {
        let database = Database::new().await;
        let outside = StandIn::start(Aws::default(), ()).await;
        let clients = outside.clients(&Calls::default());
        let app = Arc::new(App {
            store: database.store.clone(),
            vault: clients.vault(),
            dispatches: clients.queue("dispatches"),
            cancellations: clients.queue("cancellations"),
            at_risk_before: SignedDuration::from_hours(12),
            tenant_claim: "tenant".to_owned(),
        });
        Self {
            router: router(app.clone()),
            app,
            outside,
            _database: database,
        }
    }

    /// Sends a request in the name of tenant `north`, with scope `desk`.
    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let caller = Caller::new(tenant(), &[Scope::Desk]);
        self.send_as(Some(caller), method, path, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    async fn send_as(
        &self,
        caller: Option<Caller>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .unwrap();
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        Answer::of(self.router.clone(), request).await
    }

    async fn put(&self, order: &StoredOrder) {
        let written = self.app.store.insert_order(order).await.unwrap();
        assert_eq!(written, Written::Done);
    }

    /// Writes a next revision, as `remap-carriers` would.
    async fn change(
        &self,
        order: &StoredOrder,
        change: impl FnOnce(&mut StoredOrder),
    ) -> StoredOrder {
        let mut changed = order.clone();
        change(&mut changed);
        changed.revision += 1;
        let entry = HistoryEntry {
            at: at(1),
            kind: HistoryKind::Changed,
            note: "changed at Amazon".into(),
        };
        let written = self
            .app
            .store
            .replace_order(&changed, &entry)
            .await
            .unwrap();
        assert_eq!(written, Written::Done);
        changed
    }

    /// Couriers of tenant `north`: DPD carries anything but Prime, Evri is switched off in the UK, GLS carries Prime.
    async fn put_couriers(&self) {
        let couriers = json!([
            {"code": "DPD", "name": "DPD", "services": [{"code": "next-day"}, {"code": "two-day"}]},
            {"code": "Evri", "name": "Evri", "services": [{"code": "standard"}]},
            {"code": "GLS", "name": "GLS", "services": [{"code": "prime", "prime": true}]},
        ]);
        for courier in serde_json::from_value::<Vec<Courier>>(couriers).unwrap() {
            self.app
                .store
                .put_courier(&tenant(), &courier)
                .await
                .unwrap();
        }
        let mut uk = MarketplaceSettings::new(Marketplace::Uk);
        uk.active = true;
        uk.couriers.switch("Evri".parse().unwrap(), false);
        let store = &self.app.store;
        store
            .put_marketplace(&ConnectionKey::new(&tenant(), &connection()), &uk)
            .await
            .unwrap();
    }
}

fn tenant() -> TenantId {
    "north".parse().unwrap()
}

fn connection() -> ConnectionId {
    "C1".parse().unwrap()
}

/// `hour` hours after a fixed moment.
fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + 3600 * hour).unwrap()
}

/// An order of tenant `north` in the UK that waits for a mapping; to be shipped `hour` hours after the moment.
fn waiting(id: &str, hour: i64) -> StoredOrder {
    let mut order = kit::sample::demo_order();
    order.tenant = tenant();
    order.connection = connection();
    order.order.id = id.parse().unwrap();
    order.order.created_at = at(0);
    order.order.ship_by = Some(at(hour));
    order.decision.candidates = vec!["DPD/next-day".parse().unwrap()];
    order.decision.explanation = vec!["no mapping for `STD UK DOM` or a wider term holds".into()];
    order.version.fetched_at = at(0);
    order.imported_at = at(0);
    order.first_history.at = at(0);
    order
}

/// An order that the desk may take.
fn ready(id: &str, hour: i64) -> StoredOrder {
    let mut order = waiting(id, hour);
    order.status = OrderStatus::Ready;
    order.decision.reason = None;
    order.decision.candidates.clear();
    order.decision.service = Some("DPD/next-day".parse().unwrap());
    order
}

fn line(id: &str, sku: &str, quantity: u32, quantity_fulfilled: u32) -> OrderItem {
    serde_json::from_value(json!({
        "id": id, "sku": sku, "asin": null, "title": null, "quantity": quantity,
        "quantity_fulfilled": quantity_fulfilled, "unit_price": null, "proceeds": null, "constraints": [],
        "cancel_requested": false, "programs": [],
    }))
    .unwrap()
}

fn buyer_of(order: &StoredOrder, expires_at: Timestamp) -> BuyerRecord {
    let data = json!({"recipient": {"deliveryAddress": {"name": "Testina Buyerova", "addressLine1": "9 Nowhere Road"}}});
    BuyerRecord {
        tenant: order.tenant.clone(),
        connection: order.connection.clone(),
        order_id: order.order.id.clone(),
        version: order.version,
        data: BuyerData::new(data),
        postcode: None,
        expires_at,
    }
}
