//! A person reopens a listing that somebody closed at Amazon: from then on it is sent again.

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Parameters, Problem, TenantConnection, changed_meanwhile};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::queue::StockChange;
use stallkeeper::store::Written;
use std::sync::Arc;
use tracing::info;
use utoipa::{IntoParams, ToSchema};

/// Which listing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReopenParams {
    /// The Amazon SKU, to the letter, percent-encoded.
    #[param(inline)]
    sku: AmazonSku,
}

/// A listing that is sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reopened {
    sku: String,
    state: ListingState,
}

/// Reopen a listing that is `closed_elsewhere`: it is sent its quantity again, and stays open until somebody closes it
/// once more at Amazon.
#[utoipa::path(post, path = "/connections/{connection}/listings/reopen", operation_id = "reopenListing", tag = "listings",
    params(ReopenParams),
    responses(
        (status = 200, description = "It is open, by this request or before; what follows from it is queued", body = Reopened),
        (status = 404, description = "There is no such connection or listing"),
        (status = 409, description = "Nobody closed it, or somebody else changed it at the same time"),
    ))]
pub(crate) async fn reopen(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(ReopenParams { sku }): Parameters<ReopenParams>,
) -> Answer<Json<Reopened>> {
    let listing = app.reopen(&connection, &sku).await?;
    if let Some(product) = &listing.product {
        let tenant = &connection.tenant;
        let messages = StockChange::recompute(tenant, true, [product.clone()])?;
        app.stock_changes.send_all(&connection.id, messages).await?;
    }
    info!(audit = "listing_reopened", tenant.id = %connection.tenant, connection.id = %connection.id, "a listing of connection `{}` is reopened", connection.id);
    Ok(Json(Reopened {
        sku: sku.into(),
        state: listing.state,
    }))
}

impl App {
    /// A listing that is open already is left as it is, so that the same request again does no harm.
    async fn reopen(&self, connection: &Connection, sku: &AmazonSku) -> Answer<Listing> {
        let key = &connection.key().listing(sku);
        for () in Written::attempts() {
            let Some(read) = self.store.listing(key).await? else {
                return Err(Problem::not_found("listing"));
            };
            if read.state == ListingState::Matched && read.reopened_at.is_some() {
                return Ok(read);
            }
            if read.state != ListingState::ClosedElsewhere {
                return Err(Problem::conflict(
                    "not-closed",
                    format!(
                        "The listing is `{}`: nobody closed it.",
                        read.state.as_str()
                    ),
                    "GET /connections/{connection}/listings?sku=… explains it.",
                ));
            }
            let open = Listing {
                state: ListingState::Matched,
                closed: None,
                reopened_at: Some(Timestamp::now()),
                ..read.clone()
            };
            if self.store.place_listing(&open, Some(&read), false).await? == Written::Done {
                return Ok(open);
            }
        }
        Err(changed_meanwhile())
    }
}
