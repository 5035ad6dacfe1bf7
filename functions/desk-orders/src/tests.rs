//! The routes in process, on the template's tables in an embedded DynamoDB.

mod acknowledge;
mod event;
mod list;
mod pick;
mod show;
mod tenants;

use crate::{App, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{Courier, Reason};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{
    AmazonStatus, BuyerData, Decision, HistoryEntry, HistoryKind, Order, OrderStatus, StoredOrder,
    Version,
};
use stallkeeper::store::{BuyerRecord, Store, Tables, Written};
use std::sync::Arc;
use tower::ServiceExt as _;

/// A desk with empty tables.
struct Stand {
    app: Arc<App>,
    router: Router,
    _tables: tables::Embedded,
}

/// What a request was answered.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    #[track_caller]
    fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// That it is a problem of this status and kind.
    #[track_caller]
    fn problem(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:stallkeeper:{kind}"));
        problem
    }
}

impl Stand {
    async fn new() -> Self {
        let tables = tables::embedded().await;
        let names = Tables {
            connections: tables.name("ConnectionsTable").to_owned(),
            orders: tables.name("OrdersTable").to_owned(),
            buyers: tables.name("BuyersTable").to_owned(),
            catalogue: tables.name("CatalogueTable").to_owned(),
        };
        let app = Arc::new(App {
            store: Store::new(tables.client.clone(), names),
            tenant_claim: "tenant".to_owned(),
        });
        Self {
            router: router(app.clone()),
            app,
            _tables: tables,
        }
    }

    /// Sends a request in the name of tenant `north`, with scope `desk`.
    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answered {
        let caller = Caller::new(tenant(), &[Scope::Desk]);
        self.send_as(Some(caller), method, path, body).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answered {
        self.send("POST", path, Some(body)).await
    }

    async fn send_as(
        &self,
        caller: Option<Caller>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answered {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .unwrap();
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        answered(self.router.clone(), request).await
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

async fn answered(router: Router, request: Request<Body>) -> Answered {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answered {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
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
    let order = Order {
        id: id.parse().unwrap(),
        marketplace_id: Some(Marketplace::Uk.id().to_owned()),
        created_at: at(0),
        updated_at: at(0),
        amazon_status: Some(AmazonStatus::Unshipped),
        fulfilled_by: None,
        service_level: Some("STANDARD".into()),
        ship_by: Some(at(hour)),
        deliver_by: None,
        label_from: None,
        programs: Vec::new(),
        associated: Vec::new(),
        country: Some("GB".into()),
        address_type: None,
        total: None,
        items: Vec::new(),
    };
    let decision = Decision {
        term: Some("STD UK DOM".parse().unwrap()),
        reason: Some(Reason::NoMapping),
        candidates: vec!["DPD/next-day".parse().unwrap()],
        derivation: Vec::new(),
        explanation: vec!["no mapping for `STD UK DOM` or a wider term holds".into()],
        ..Decision::default()
    };
    StoredOrder {
        tenant: tenant(),
        connection: connection(),
        order,
        status: OrderStatus::PendingReview,
        decision,
        requirements: Default::default(),
        version: Version {
            updated_at: at(0),
            datasets: 6,
            fetched_at: at(0),
        },
        content_hash: 1,
        revision: 1,
        imported_at: at(0),
        acknowledged_at: None,
        first_history: HistoryEntry {
            at: at(0),
            kind: HistoryKind::Imported,
            note: "fetched from Amazon: pending_review".into(),
        },
    }
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

fn buyer_of(order: &StoredOrder, expires_at: Timestamp) -> BuyerRecord {
    let data = json!({"recipient": {"deliveryAddress": {"name": "Testina Buyerova", "addressLine1": "9 Nowhere Road"}}});
    BuyerRecord {
        tenant: order.tenant.clone(),
        connection: order.connection.clone(),
        order_id: order.order.id.clone(),
        version: order.version,
        data: BuyerData::new(data),
        whole: true,
        expires_at,
    }
}
