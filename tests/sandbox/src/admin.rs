//! Owns the endpoints under `/_sandbox`, by which a test sets the scene and looks behind it. Amazon has
//! nothing like them; the crate's documentation lists them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

mod stock_orders;

use crate::{
    Sandbox, buyer_values,
    fault::Fault,
    marketplaces,
    world::{APPLICATION_ID, App, Call, Seller, SellerAccount, Violation},
};

type Here = State<Arc<Sandbox>>;
/// A refusal with a sentence that says what to do.
type Refused = (StatusCode, Json<Value>);

pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/health", get(health))
        .route("/apps/{application}", put(put_app))
        .route("/sellers/{seller}", put(put_seller).get(show_seller))
        .route("/sellers/{seller}/self-authorise", post(self_authorise))
        .route("/sellers/{seller}/revoke", post(revoke))
        .route(
            "/sellers/{seller}/orders",
            get(stock_orders::list).post(stock_orders::add),
        )
        .route(
            "/sellers/{seller}/orders/{order}",
            axum::routing::patch(stock_orders::change),
        )
        .route("/buyer-values", get(list_buyer_values))
        .route("/calls", get(count_calls))
        .route("/calls/log", get(list_calls).delete(forget_calls))
        .route(
            "/violations",
            get(list_violations).delete(forget_violations),
        )
        .route(
            "/faults",
            get(list_faults).post(add_fault).delete(clear_faults),
        )
        .route("/settings", get(show_settings).put(change_settings))
        .route("/access-tokens/expire", post(expire_access_tokens))
}

fn refuse<T>(status: StatusCode, why: impl std::fmt::Display) -> Result<T, Refused> {
    Err((status, Json(json!({ "error": why.to_string() }))))
}

fn no_such_seller<T>(seller: &str) -> Result<T, Refused> {
    refuse(
        StatusCode::NOT_FOUND,
        format!("there is no seller `{seller}`; PUT /_sandbox/sellers/{seller} makes one"),
    )
}

async fn health(State(sandbox): Here) -> Json<Value> {
    Json(
        json!({ "url": sandbox.url, "checks_requests": sandbox.models.is_some(), "now": sandbox.clock.now() }),
    )
}

async fn put_app(
    State(sandbox): Here,
    Path(application): Path<String>,
    Json(app): Json<App>,
) -> Json<Value> {
    let answer = json!({ "application_id": application, "app": app });
    sandbox.world().apps.insert(application, app);
    Json(answer)
}

async fn put_seller(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(account): Json<SellerAccount>,
) -> Result<Json<Value>, Refused> {
    for id in &account.marketplaces {
        match marketplaces::of(id) {
            None => {
                return refuse(
                    StatusCode::BAD_REQUEST,
                    format!("`{id}` is no marketplace id"),
                );
            }
            Some(store) if store.region != account.region => {
                return refuse(
                    StatusCode::BAD_REQUEST,
                    format!("`{id}` is in another region"),
                );
            }
            Some(_) => {}
        }
    }
    let answer = json!({ "seller_id": seller, "account": account });
    let mut world = sandbox.world();
    match world.sellers.get_mut(&seller) {
        Some(known) => known.account = account,
        None => {
            world.sellers.insert(
                seller,
                Seller {
                    account,
                    orders: BTreeMap::new(),
                },
            );
        }
    }
    Ok(Json(answer))
}

async fn show_seller(
    State(sandbox): Here,
    Path(seller): Path<String>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get(&seller) {
        Some(known) => Ok(Json(
            json!({ "seller_id": seller, "account": known.account, "orders": known.orders.len() }),
        )),
        None => no_such_seller(&seller),
    }
}

/// Which application is meant; without a body, the one that is there from the start.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichApp {
    application_id: Option<String>,
}

async fn self_authorise(
    State(sandbox): Here,
    Path(seller): Path<String>,
    which: Option<Json<WhichApp>>,
) -> Result<Json<Value>, Refused> {
    let application = which
        .and_then(|Json(which)| which.application_id)
        .unwrap_or_else(|| APPLICATION_ID.to_owned());
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    if !world.sellers.contains_key(&seller) {
        return no_such_seller(&seller);
    }
    if !world.apps.contains_key(&application) {
        return refuse(
            StatusCode::NOT_FOUND,
            format!("there is no application `{application}`"),
        );
    }
    let refresh_token = world.grants.authorise(&application, &seller, now);
    Ok(Json(
        json!({ "refresh_token": refresh_token, "application_id": application, "seller_id": seller }),
    ))
}

async fn revoke(
    State(sandbox): Here,
    Path(seller): Path<String>,
    which: Option<Json<WhichApp>>,
) -> Json<Value> {
    let application = which.and_then(|Json(which)| which.application_id);
    Json(json!({ "revoked": sandbox.world().grants.revoke(&seller, application.as_deref()) }))
}

async fn expire_access_tokens(State(sandbox): Here) -> StatusCode {
    sandbox.world().grants.expire_access();
    StatusCode::NO_CONTENT
}

async fn list_buyer_values(State(sandbox): Here) -> Json<BTreeSet<String>> {
    let world = sandbox.world();
    let orders = world
        .sellers
        .values()
        .flat_map(|seller| seller.orders.values());
    Json(orders.flat_map(buyer_values::of).collect())
}

/// Narrows what is listed to one seller.
#[derive(Deserialize)]
struct Narrowed {
    seller: Option<String>,
}

impl Narrowed {
    fn wants(&self, seller: Option<&str>) -> bool {
        self.seller
            .as_deref()
            .is_none_or(|wanted| seller == Some(wanted))
    }
}

#[derive(Default, Serialize)]
struct Count {
    count: u32,
    by_status: BTreeMap<String, u32>,
}

async fn count_calls(
    State(sandbox): Here,
    Query(narrowed): Query<Narrowed>,
) -> Json<BTreeMap<String, Count>> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for call in sandbox
        .world()
        .calls
        .iter()
        .filter(|call| narrowed.wants(call.seller.as_deref()))
    {
        let count = counts.entry(call.operation.clone()).or_default();
        count.count += 1;
        let status = call
            .status
            .map_or_else(|| "reset".to_owned(), |status| status.to_string());
        *count.by_status.entry(status).or_default() += 1;
    }
    Json(counts)
}

async fn list_calls(State(sandbox): Here, Query(narrowed): Query<Narrowed>) -> Json<Vec<Call>> {
    let world = sandbox.world();
    Json(
        world
            .calls
            .iter()
            .filter(|call| narrowed.wants(call.seller.as_deref()))
            .cloned()
            .collect(),
    )
}

async fn forget_calls(State(sandbox): Here) -> StatusCode {
    sandbox.world().calls.clear();
    StatusCode::NO_CONTENT
}

async fn list_violations(
    State(sandbox): Here,
    Query(narrowed): Query<Narrowed>,
) -> Json<Vec<Violation>> {
    let world = sandbox.world();
    Json(
        world
            .violations
            .iter()
            .filter(|violation| narrowed.wants(violation.seller.as_deref()))
            .cloned()
            .collect(),
    )
}

async fn forget_violations(State(sandbox): Here) -> StatusCode {
    sandbox.world().violations.clear();
    StatusCode::NO_CONTENT
}

async fn list_faults(State(sandbox): Here) -> Json<Value> {
    Json(json!(sandbox.world().faults))
}

async fn add_fault(State(sandbox): Here, Json(fault): Json<Fault>) -> StatusCode {
    sandbox.world().faults.add(fault);
    StatusCode::CREATED
}

async fn clear_faults(State(sandbox): Here) -> StatusCode {
    sandbox.world().faults.clear();
    StatusCode::NO_CONTENT
}

/// What may be changed while the sandbox runs; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    refill_factor: Option<f64>,
    clock_offset_ms: Option<i64>,
    rate_limit_header: Option<bool>,
    bad_token_status: Option<u16>,
    /// Fills all buckets now.
    #[serde(default)]
    refill: bool,
}

async fn change_settings(state: Here, Json(settings): Json<Settings>) -> Json<Value> {
    if let Some(offset) = settings.clock_offset_ms {
        state.clock.set_offset_ms(offset);
    }
    {
        let mut world = state.world();
        world.refill_factor = settings.refill_factor.unwrap_or(world.refill_factor);
        world.rate_limit_header = settings
            .rate_limit_header
            .unwrap_or(world.rate_limit_header);
        world.bad_token_status = settings.bad_token_status.unwrap_or(world.bad_token_status);
        if settings.refill {
            world.refill();
        }
    }
    show_settings(state).await
}

async fn show_settings(State(sandbox): Here) -> Json<Value> {
    let world = sandbox.world();
    Json(json!({
        "refill_factor": world.refill_factor,
        "clock_offset_ms": sandbox.clock.offset_ms(),
        "rate_limit_header": world.rate_limit_header,
        "bad_token_status": world.bad_token_status,
    }))
}
