//! A tenant with one connected seller: where most journeys begin.

use super::seller::Seller;
use super::tenant::Tenant;
use super::{Stack, operator, until};
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace;

/// How often the orders are looked at before the clock ticks again.
const LOOKS_A_TICK: u32 = 12;

pub struct Shop {
    pub tenant: Tenant,
    pub seller: Seller,
    /// The connection's id.
    pub connection: String,
    /// The token that the seller pasted.
    pub refresh_token: String,
}

impl Shop {
    /// Connects a seller by a pasted token; nothing is switched on yet.
    pub async fn connect(marketplaces: &[Marketplace], scope: &str) -> Self {
        let (tenant, seller) = tokio::join!(Tenant::new(scope), Seller::new(marketplaces));
        let refresh_token = seller.self_authorise().await;
        let made = tenant
            .post("/connections", pasted(&seller.id, &refresh_token))
            .await
            .is(201);
        assert_eq!(made["status"], "inactive");
        Self {
            tenant,
            seller,
            connection: made["id"].as_str().unwrap().to_owned(),
            refresh_token,
        }
    }

    /// Connects a seller of the UK whose standard orders have a courier and whose notices Amazon sends.
    pub async fn subscribed(scope: &str) -> Self {
        let shop = Self::connect(&[Marketplace::Uk], scope).await;
        shop.put_courier().await;
        shop.map("STD UK DOM", "DPD/next-day").await;
        shop.switch_on("UK").await;
        shop.set_status("active").await;
        until("a subscription", async || {
            let setup = shop.tenant.get(&shop.path("/setup")).await.is(200);
            (setup["notices"]["state"] == "subscribed").then_some(())
        })
        .await;
        shop
    }

    /// A path below the connection.
    pub fn path(&self, rest: &str) -> String {
        format!("/connections/{}{rest}", self.connection)
    }

    pub async fn show(&self) -> Value {
        self.tenant.get(&self.path("")).await.is(200)
    }

    pub async fn set_status(&self, status: &str) {
        let mut change = json!({ "status": status });
        if status == "active" {
            // Its orders are the platform's, however old; without this moment they would only be watched.
            change["orders_from"] = json!("2020-01-01T00:00:00Z");
        }
        let shown = self.tenant.patch(&self.path(""), change).await.is(200);
        assert_eq!(shown["status"], status);
    }

    pub async fn switch_on(&self, store: &str) {
        let path = self.path(&format!("/marketplaces/{store}"));
        self.tenant
            .put(&path, json!({"active": true}))
            .await
            .is(200);
    }

    pub async fn put_courier(&self) {
        let services = json!([{"code": "next-day"}, {"code": "parcel", "prime": true}]);
        let courier = json!({"name": "DPD", "services": services});
        self.tenant.put("/couriers/DPD", courier).await.is(200);
    }

    pub async fn map(&self, term: &str, service: &str) {
        let path = format!("/mappings?term={}", term.replace(' ', "%20"));
        self.tenant
            .put(&path, json!({"service": service}))
            .await
            .is(200);
    }

    pub async fn tick(&self) {
        Stack::running()
            .tick(&self.tenant.id, &self.connection)
            .await;
    }

    /// Waits until its clock ticks, or does not.
    pub async fn schedule_is(&self, there: bool) {
        let what = if there { "a schedule" } else { "no schedule" };
        until(what, async || {
            (operator::has_schedule(&self.connection).await == there).then_some(())
        })
        .await;
    }

    /// Lets the clock tick until this many orders have the status.
    pub async fn fetches(&self, status: &str, count: usize) {
        let there = async || self.tenant.orders(status).await.len() == count;
        self.ticks_until(&format!("{count} orders {status}"), there)
            .await;
    }

    /// Lets the clock tick until the connection's status is this.
    pub async fn ticks_until_it_is(&self, status: &str) {
        let there = async || self.show().await["status"] == status;
        self.ticks_until(status, there).await;
    }

    /// One tick is not enough: it comes to nothing while another run sweeps, and in the second that was swept to.
    async fn ticks_until(&self, what: &str, there: impl AsyncFn() -> bool) {
        let mut looked = 0_u32;
        until(what, async || {
            if looked.is_multiple_of(LOOKS_A_TICK) {
                self.tick().await;
            }
            looked += 1;
            there().await.then_some(())
        })
        .await;
    }

    /// Waits until this many orders have the status; returns their rows.
    pub async fn has_orders(&self, status: &str, count: usize) -> Vec<Value> {
        until(&format!("{count} orders {status}"), async || {
            let rows = self.tenant.orders(status).await;
            (rows.len() == count).then_some(rows)
        })
        .await
    }

    pub async fn order(&self, id: &str) -> Value {
        self.tenant.get(&self.order_path(id, "")).await.is(200)
    }

    pub fn order_path(&self, id: &str, rest: &str) -> String {
        format!("/orders/{}/{id}{rest}", self.connection)
    }

    /// What must hold after whatever a test did with the seller.
    pub async fn assert_amazon_allowed_all(&self) {
        assert_eq!(self.seller.violations().await, json!([]));
    }
}

/// A request for a connection by a token out of Seller Central.
pub fn pasted(seller: &str, refresh_token: &str) -> Value {
    let authorisation =
        json!({"kind": "token", "seller_id": seller, "refresh_token": refresh_token});
    json!({"name": "A stall", "marketplace": "UK", "authorisation": authorisation})
}
