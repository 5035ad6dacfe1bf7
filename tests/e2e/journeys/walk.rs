//! Every route of the API, and what it may answer to another tenant. One table, a row a route, however long it gets.

use crate::stack::shop::{Shop, pasted};
use crate::world::amazon::order_id;
use serde_json::{Value, json};

/// A product of the shop, with a stock level.
pub const STOCKED: &str = "AWNING-1";

/// What a route reveals to a tenant that names another tenant's things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveals {
    /// There is no such thing.
    NotFound,
    /// An empty list of this name.
    Nothing(&'static str),
    /// It names the asking tenant's own things alone: this status, and nothing of the other's.
    Own(u16),
    /// The seller is connected already; by whom is not said.
    Taken,
    /// Its row says that there is no such order.
    NoSuchOrder,
    /// The route needs no token and knows of no tenant.
    Public,
}

/// One route, with the parameters of the walk.
pub struct Step {
    pub method: &'static str,
    /// As in the document.
    pub route: &'static str,
    pub query: String,
    pub body: Value,
    pub reveals: Reveals,
}

impl Step {
    /// The path with the other tenant's ids in it.
    pub fn path(&self, shop: &Shop) -> String {
        let path = self
            .route
            .replace("{connection}", &shop.connection)
            .replace("{tenant}", "t-own")
            .replace("{order}", &order_id(1))
            .replace("{parcel}", "P-1")
            .replace("{feed}", "01KAFEED")
            .replace("{marketplace}", "UK")
            .replace("{courier}", "DPD")
            .replace("{region}", "eu")
            .replace("{seller}", &shop.seller.id);
        assert!(!path.contains('{'), "no value for a parameter of {path}");
        path + &self.query
    }

    pub fn name(&self) -> String {
        format!("{} {}{}", self.method, self.route, self.query)
    }
}

/// Every route at least once. `foreign_token`: a refresh token of a seller that is not the shop's.
pub fn steps(shop: &Shop, foreign_token: &str) -> Vec<Step> {
    use Reveals::{NoSuchOrder, NotFound, Nothing, Own, Public, Taken};
    let none = || Value::Null;
    let connection = &shop.connection;
    let mapping = json!({"service": "DPD/next-day"});
    let courier = json!({"name": "Another DPD", "services": []});
    let named = json!({"orders": [{"connection": connection, "id": order_id(1)}]});
    let picked =
        json!({"orders": [{"connection": connection, "id": order_id(1), "service": "DPD/parcel"}]});
    let held = json!({"orders": named["orders"], "reason": "Mine"});
    let held_anywhere = json!({"orders": [{"tenant": "t-own", "connection": connection, "id": order_id(1)}], "reason": "Mine"});
    let seller = json!({"seller_id": shop.seller.id, "code": "0000-0000-0000"});
    let parcel =
        json!({"carrier": "DPD", "tracking_number": "1", "handed_over_at": "2026-11-20T00:00:00Z"});
    let reason = json!({"reason": "Mine"});
    let tie = json!({"product": STOCKED, "units": 1});
    let own_product = json!([{"sku": "A stranger's own"}]);
    let own_level = json!([{"sku": "A stranger's own", "warehouse": "W", "quantity": 1, "measured_at": "2026-11-20T00:00:00Z"}]);
    #[rustfmt::skip]
    let routes = [
        ("GET", "/connections", none(), Nothing("connections")),
        ("POST", "/connections", pasted(&shop.seller.id, foreign_token), Taken),
        ("GET", "/connections/{connection}", none(), NotFound),
        ("PATCH", "/connections/{connection}", json!({"name": "Mine", "status": "inactive"}), NotFound),
        ("DELETE", "/connections/{connection}", none(), NotFound),
        ("POST", "/connections/{connection}/confirm", seller, NotFound),
        ("POST", "/connections/{connection}/reauthorise", json!({}), NotFound),
        ("GET", "/connections/{connection}/setup", none(), NotFound),
        ("GET", "/connections/{connection}/marketplaces", none(), NotFound),
        ("GET", "/connections/{connection}/marketplaces/{marketplace}", none(), NotFound),
        ("PUT", "/connections/{connection}/marketplaces/{marketplace}", json!({"active": false}), NotFound),
        ("PUT", "/connections/{connection}/marketplaces/{marketplace}/couriers/{courier}", json!({"on": false}), NotFound),
        ("POST", "/connections/{connection}/orders/refetch", json!({"since": "2026-11-20T00:00:00Z"}), NotFound),
        ("GET", "/connections/{connection}/stock-settings", none(), NotFound),
        ("PUT", "/connections/{connection}/stock-settings", json!({"on": true}), NotFound),
        ("POST", "/connections/{connection}/publish", json!({"preview": true}), NotFound),
        ("POST", "/connections/{connection}/freeze", json!({"reason": "Mine"}), NotFound),
        ("POST", "/connections/{connection}/unfreeze", none(), NotFound),
        ("POST", "/connections/{connection}/rounds/release", none(), NotFound),
        // For operators alone, of whichever tenant the connections are.
        ("POST", "/freeze", json!({}), Own(403)),
        ("POST", "/unfreeze", none(), Own(403)),
        ("GET", "/operator/connections", none(), Own(403)),
        ("GET", "/operator/tenants", none(), Own(403)),
        ("POST", "/operator/connections/{tenant}/{connection}/orders/refetch", json!({"since": "2026-11-20T00:00:00Z", "reason": "Mine"}), Own(403)),
        ("GET", "/operator/orders", none(), Own(403)),
        ("GET", "/operator/events", none(), Own(403)),
        ("POST", "/operator/orders/release", held_anywhere, Own(403)),
        ("POST", "/sellers/{region}/{seller}/release", reason, Own(403)),
        ("GET", "/connections/{connection}/listings", none(), NotFound),
        ("GET", "/connections/{connection}/listings/counts", none(), NotFound),
        ("POST", "/connections/{connection}/listings/match", none(), NotFound),
        ("POST", "/connections/{connection}/listings/reports/release", none(), NotFound),
        ("GET", "/connections/{connection}/feeds", none(), NotFound),
        ("GET", "/connections/{connection}/feeds/{feed}", none(), NotFound),
        ("GET", "/products", none(), Nothing("products")),
        ("PUT", "/products", own_product, Own(202)),
        ("PUT", "/stock-levels", own_level, Own(202)),
        ("GET", "/couriers", none(), Nothing("couriers")),
        ("GET", "/couriers/{courier}", none(), NotFound),
        ("PUT", "/couriers/{courier}", courier, Own(200)),
        ("DELETE", "/couriers/{courier}", none(), Own(204)),
        ("GET", "/carrier-names", none(), Nothing("carrier_names")),
        ("POST", "/carrier-names", json!([]), Own(200)),
        ("GET", "/mappings", none(), Nothing("mappings")),
        ("POST", "/mappings", json!([]), Own(200)),
        ("GET", "/mapping-terms", none(), Nothing("terms")),
        ("GET", "/default-mappings", none(), Own(403)),
        ("POST", "/default-mappings", json!([]), Own(403)),
        ("GET", "/orders", none(), Nothing("orders")),
        ("GET", "/orders/pick-list", none(), Own(200)),
        ("GET", "/events", none(), Nothing("events")),
        ("GET", "/orders/{connection}/{order}", none(), NotFound),
        ("GET", "/orders/{connection}/{order}/buyer", none(), NotFound),
        ("DELETE", "/orders/{connection}/{order}/buyer", none(), NotFound),
        ("DELETE", "/connections/{connection}/buyers", none(), NotFound),
        ("DELETE", "/buyers", none(), Own(202)),
        ("POST", "/orders/{connection}/{order}/courier", json!({"service": "DPD/parcel"}), NotFound),
        ("POST", "/orders/{connection}/{order}/hold", json!({"reason": "Mine"}), NotFound),
        ("POST", "/orders/{connection}/{order}/release", none(), NotFound),
        ("POST", "/orders/{connection}/{order}/cancel", json!({"all_open": true, "reason": "other"}), NotFound),
        ("PUT", "/orders/{connection}/{order}/cancel-request", json!({"answer": "accept"}), NotFound),
        ("GET", "/connections/{connection}/holds", none(), NotFound),
        ("GET", "/connections/{connection}/preview/listings", none(), NotFound),
        ("GET", "/connections/{connection}/prices/{marketplace}", none(), NotFound),
        ("PUT", "/connections/{connection}/prices/{marketplace}", json!({"mode": "leave"}), NotFound),
        ("DELETE", "/connections/{connection}/prices/{marketplace}", none(), NotFound),
        ("GET", "/connections/{connection}/preview/prices", none(), NotFound),
        ("POST", "/connections/{connection}/prices/release-several", json!({"prices": []}), NotFound),
        ("POST", "/connections/{connection}/holds", json!([]), NotFound),
        ("GET", "/connections/{connection}/selection", none(), NotFound),
        ("PUT", "/connections/{connection}/selection", json!({}), NotFound),
        ("GET", "/connections/{connection}/selection/products", none(), NotFound),
        ("GET", "/connections/{connection}/offers", none(), NotFound),
        ("POST", "/connections/{connection}/offers", json!([]), NotFound),
        ("POST", "/connections/{connection}/offers/answer", json!({"sku": STOCKED, "never": true}), NotFound),
        ("GET", "/connections/{connection}/offers/settings", none(), NotFound),
        ("PUT", "/connections/{connection}/offers/settings", json!({"on": true}), NotFound),
        ("GET", "/exchange-rates", none(), NotFound),
        ("PUT", "/exchange-rates", json!({"date": "2026-11-27", "base": "EUR", "rates": {}}), Own(200)),
        ("GET", "/connections/{connection}/unreadable-orders", none(), NotFound),
        ("PUT", "/orders/{connection}/{order}/dispatches/{parcel}", parcel, NotFound),
        ("POST", "/dispatches", json!([]), Own(202)),
        ("POST", "/orders/search", json!({"postcode": "SW1A 1AA"}), Nothing("orders")),
        ("POST", "/orders/take-over", named.clone(), NoSuchOrder),
        ("POST", "/orders/acknowledge", named.clone(), NoSuchOrder),
        ("POST", "/orders/give-back", named.clone(), NoSuchOrder),
        ("POST", "/orders/courier", picked, NoSuchOrder),
        ("POST", "/orders/hold", held, NoSuchOrder),
        ("POST", "/orders/release", named, NoSuchOrder),
        ("GET", "/oauth/start", none(), Public),
        ("GET", "/oauth/consent", none(), Public),
        ("GET", "/oauth/login", none(), Public),
        ("GET", "/oauth/callback", none(), Public),
        ("GET", "/openapi.json", none(), Public),
        ("GET", "/health", none(), Public),
    ];
    let name = "?marketplace=UK&service=DPD%2Fparcel".to_owned();
    let carrier = json!({"carrier": "DPD"});
    let term = "?term=STD%20UK%20DOM";
    let narrowed = format!("{term}&connection={connection}");
    let old_rate = format!("?term=STD%20UK%20DOM_1&connection={connection}");
    let to = json!({"to": "STD UK DOM"});
    let default = mapping.clone();
    let of_connection = format!("?connection={connection}");
    let stocked = format!("?sku={STOCKED}");
    #[rustfmt::skip]
    let queries = [
        ("GET", "/products", stocked.clone(), none(), NotFound),
        ("DELETE", "/products", stocked.clone(), none(), NotFound),
        ("GET", "/stock-levels", stocked.clone(), none(), NotFound),
        ("GET", "/connections/{connection}/listings", stocked.clone(), none(), NotFound),
        ("PUT", "/connections/{connection}/aliases", stocked.clone(), tie, NotFound),
        ("DELETE", "/connections/{connection}/aliases", stocked.clone(), none(), NotFound),
        ("POST", "/connections/{connection}/listings/reopen", stocked.clone(), none(), NotFound),
        ("PUT", "/connections/{connection}/holds", stocked.clone(), json!({"mode": "zero", "reason": "Mine"}), NotFound),
        ("DELETE", "/connections/{connection}/holds", stocked.clone(), none(), NotFound),
        ("POST", "/connections/{connection}/prices/release", stocked + "&marketplace=UK", none(), NotFound),
        ("PUT", "/carrier-names", name.clone(), carrier, Own(422)),
        ("DELETE", "/carrier-names", name, none(), Own(204)),
        ("GET", "/mappings", of_connection.clone(), none(), NotFound),
        ("PUT", "/mappings", narrowed.clone(), mapping.clone(), NotFound),
        // The asking tenant has no such courier, whatever another one has.
        ("PUT", "/mappings", term.to_owned(), mapping, Own(422)),
        ("DELETE", "/mappings", narrowed, none(), NotFound),
        ("DELETE", "/mappings", term.to_owned(), none(), Own(204)),
        ("PUT", "/mappings/tie", old_rate.clone(), to, NotFound),
        ("DELETE", "/mappings/tie", old_rate, none(), NotFound),
        ("PUT", "/default-mappings", term.to_owned(), default, Own(403)),
        ("DELETE", "/default-mappings", term.to_owned(), none(), Own(403)),
        ("GET", "/orders", of_connection + "&status=ready", none(), Nothing("orders")),
    ];
    let plain =
        routes.map(|(method, route, body, reveals)| (method, route, String::new(), body, reveals));
    let mut steps: Vec<Step> = plain
        .into_iter()
        .chain(queries)
        .map(|(method, route, query, body, reveals)| Step {
            method,
            route,
            query,
            body,
            reveals,
        })
        .collect();
    // Looking first: what a tenant puts of its own, it may see afterwards.
    steps.sort_by_key(|step| match step.method {
        "GET" => 0,
        _ if step.route == "/mappings" => 1,
        _ => 2,
    });
    steps
}
