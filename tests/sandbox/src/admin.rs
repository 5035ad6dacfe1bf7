//! Owns the endpoints under `/_sandbox`, by which a test sets the scene and looks behind it. Amazon has
//! nothing like them; the crate's documentation lists them.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};

mod cancellations;
mod catalogue;
mod invent_listings;
mod mishaps;
mod notices;
mod observe;
mod packages;
mod stock_listings;
mod stock_orders;

use crate::{
    Sandbox, marketplaces,
    world::{APPLICATION_ID, App, Seller, SellerAccount},
};

type Here = State<Arc<Sandbox>>;
/// A refusal with a sentence that says what to do.
type Refused = (StatusCode, Json<Value>);

pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/", get(async || include_str!("endpoints.md")))
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
        .route(
            "/sellers/{seller}/orders/{order}/packages",
            post(packages::add),
        )
        .route(
            "/sellers/{seller}/orders/{order}/cancel-request",
            put(cancellations::request).delete(cancellations::withdraw),
        )
        .route(
            "/sellers/{seller}/orders/{order}/cancel",
            post(cancellations::cancel),
        )
        .route("/sellers/{seller}/packages", get(packages::list))
        .route(
            "/sellers/{seller}/listings",
            get(stock_listings::list)
                .put(stock_listings::put)
                .patch(stock_listings::change)
                .delete(stock_listings::remove),
        )
        .route(
            "/sellers/{seller}/listings/generate",
            post(invent_listings::invent),
        )
        .route("/sellers/{seller}/feeds", get(mishaps::list_feeds))
        .route(
            "/sellers/{seller}/feed-faults",
            put(mishaps::put_of_feeds).get(mishaps::show_of_feeds),
        )
        .route(
            "/sellers/{seller}/report-faults",
            put(mishaps::put_of_reports),
        )
        .route("/catalogue", put(catalogue::put))
        .route("/sellers/{seller}/restrictions", put(catalogue::restrict))
        .route("/sellers/{seller}/offer-terms", put(catalogue::put_terms))
        .route("/sellers/{seller}/refusals", put(mishaps::put_refusals))
        .route(
            "/sellers/{seller}/account-status",
            post(notices::change_account),
        )
        .route("/notices", get(notices::list))
        .route(
            "/notice-faults",
            put(notices::put_faults).get(notices::show_faults),
        )
        .route("/feeds/release", post(mishaps::release_feeds))
        .route("/reports/release", post(mishaps::release_reports))
        .route("/buyer-values", get(observe::list_buyer_values))
        .route("/calls", get(observe::count_calls))
        .route(
            "/calls/log",
            get(observe::list_calls).delete(observe::forget_calls),
        )
        .route(
            "/violations",
            get(observe::list_violations).delete(observe::forget_violations),
        )
        .route(
            "/faults",
            get(observe::list_faults)
                .post(observe::add_fault)
                .delete(observe::clear_faults),
        )
        .route(
            "/settings",
            get(observe::show_settings).put(observe::change_settings),
        )
        .route("/access-tokens/expire", post(expire_access_tokens))
        // Listings come by the hundred thousand.
        .layer(DefaultBodyLimit::disable())
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

fn no_such_order<T>(seller: &str, order: &str) -> Result<T, Refused> {
    refuse(
        StatusCode::NOT_FOUND,
        format!("`{seller}` has no order `{order}`"),
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
            Some(marketplace) if marketplace.region != account.region => {
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
            world.sellers.insert(seller, Seller::new(account));
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
            json!({ "seller_id": seller, "account": known.account, "orders": known.orders.len(),
                "listings": known.listings.len(), "oversold": known.listings.oversold() }),
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
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let application = which(&body)?
        .application_id
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
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let application = which(&body)?.application_id;
    let revoked = sandbox
        .world()
        .grants
        .revoke(&seller, application.as_deref());
    Ok(Json(json!({ "revoked": revoked })))
}

fn which(body: &[u8]) -> Result<WhichApp, Refused> {
    if body.is_empty() {
        return Ok(WhichApp::default());
    }
    serde_json::from_slice(body).or_else(|error| refuse(StatusCode::BAD_REQUEST, error))
}

async fn expire_access_tokens(State(sandbox): Here) -> StatusCode {
    sandbox.world().grants.expire_access();
    StatusCode::NO_CONTENT
}
