//! Ties an Amazon SKU to a product × units by hand, and removes such a tie.
//!
//! The order matters: first the new product points to the listing, then the listing names the product, then reservations
//! are moved and everything touched is queued to be computed again; only then is the old pointer removed. The new pointer
//! notes what is still to be moved until then, so the same request again finishes what a crash left.

mod tie;

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{
    Answer, Body, Parameters, Problem, TenantConnection, must_not_be_disconnected,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::store::FormerTie;
use std::sync::Arc;
use tracing::info;
use utoipa::{IntoParams, ToSchema};

const MOST_UNITS: u32 = 10_000;

/// Which SKU of Amazon's.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AliasParams {
    /// The Amazon SKU, to the letter, percent-encoded.
    #[param(inline)]
    sku: AmazonSku,
}

/// What an Amazon SKU is to be tied to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AliasRequest)]
pub(crate) struct Tie {
    /// The merchant's SKU of a product or bundle.
    #[schema(value_type = Sku)]
    product: String,
    /// Units of it in one unit of the listing; 1 to 10,000.
    #[serde(default = "one")]
    #[schema(default = 1, minimum = 1, maximum = 10_000)]
    units: u32,
}

fn one() -> u32 {
    1
}

/// An Amazon SKU and what it is tied to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alias {
    sku: String,
    product: String,
    units: u32,
    /// The listing's: only `matched` ones are sent.
    state: ListingState,
    /// What that means.
    note: &'static str,
}

/// What a listing becomes; `None` if neither Amazon nor the catalogue has it.
type Placed = Option<Listing>;

/// Tie an Amazon SKU, which Amazon need not list yet, to a product, whatever they are called. Its reservations move with it.
#[utoipa::path(put, path = "/connections/{connection}/aliases", operation_id = "putAlias", tag = "listings", request_body = Tie,
    params(AliasParams),
    responses(
        (status = 200, description = "It is tied, by this request or before; what follows from it is queued", body = Alias),
        (status = 409, description = "The connection is disconnected, or somebody else changed the listing at the same time"),
        (status = 422, description = "There is no such product, or the units cannot be"),
    ))]
pub(crate) async fn put(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(AliasParams { sku }): Parameters<AliasParams>,
    Body(tie): Body<Tie>,
) -> Answer<Json<Alias>> {
    must_not_be_disconnected(&connection)?;
    let product: Sku = tie
        .product
        .parse()
        .map_err(|error| Problem::invalid("/product", format!("{error}")))?;
    if !(1..=MOST_UNITS).contains(&tie.units) {
        return Err(Problem::invalid("/units", "1 to 10,000"));
    }
    if app
        .store
        .sku_inputs(&connection.tenant, &product)
        .await?
        .product
        .is_none()
    {
        return Err(Problem::invalid(
            "/product",
            "there is no such product; put it first: PUT /products",
        ));
    }
    let to = FormerTie {
        product,
        units: tie.units,
    };
    let placed = app
        .retie(&connection, &sku, &to, |read| {
            Some(tied_by_hand(&connection, &sku, read, &to))
        })
        .await?;
    let state = placed.map_or(ListingState::NotOnAmazon, |listing| listing.state);
    info!(connection.id = %connection.id, "a listing of connection `{}` is tied to a product by hand", connection.id);
    Ok(Json(Alias {
        sku: sku.into(),
        product: to.product.into(),
        units: to.units,
        state,
        note: note(state),
    }))
}

/// Remove a tie made by hand: the Amazon SKU belongs again to the product with the same spelling, if there is one. Its
/// reservations move with it.
#[utoipa::path(delete, path = "/connections/{connection}/aliases", operation_id = "deleteAlias", tag = "listings",
    params(AliasParams),
    responses(
        (status = 204, description = "It is not tied by hand any more, or was not before"),
        (status = 409, description = "Somebody else changed the listing at the same time"),
    ))]
pub(crate) async fn delete(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(AliasParams { sku }): Parameters<AliasParams>,
) -> Answer<StatusCode> {
    let own = sku.as_product();
    let listing = app.store.listing(&connection.key().listing(&sku)).await?;
    let unfinished = app
        .store
        .former_ties(&own, &connection.key().listing(&sku))
        .await?;
    if listing.is_none_or(|listing| !listing.alias) && unfinished.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let is_kept = app
        .store
        .sku_inputs(&connection.tenant, &own)
        .await?
        .product
        .is_some();
    let spellings = app.store.spellings(&connection.tenant, &own).await?;
    let other = spellings.into_iter().find(|spelling| *spelling != own);
    let to = FormerTie {
        product: own,
        units: 1,
    };
    app.retie(&connection, &sku, &to, |read| {
        by_spelling(read?, &to.product, is_kept, other.clone())
    })
    .await?;
    info!(connection.id = %connection.id, "a listing of connection `{}` is not tied by hand any more", connection.id);
    Ok(StatusCode::NO_CONTENT)
}

fn note(state: ListingState) -> &'static str {
    match state {
        ListingState::Matched => "It is sent as stock changes.",
        ListingState::ClosedElsewhere => {
            "Somebody closed it at Amazon or set it to zero there. It is sent once a person reopens it: POST /connections/{connection}/listings/reopen?sku=…"
        }
        ListingState::MultiLocation => {
            "It has a quantity for each of several locations at Amazon, so it is left alone."
        }
        ListingState::FulfilledByAmazon => {
            "Amazon keeps its stock, so no quantity is sent as long as it does."
        }
        _ => {
            "Amazon's last report does not list it. It is sent once a report lists it: POST /connections/{connection}/listings/match looks now."
        }
    }
}

/// A listing that a person ties to a product. It is matched if Amazon lists it for the merchant to fulfil.
fn tied_by_hand(
    connection: &Connection,
    sku: &AmazonSku,
    read: Option<&Listing>,
    to: &FormerTie,
) -> Listing {
    let new = || Listing::new(connection, sku.clone(), ListingState::NotOnAmazon);
    let mut listing = read.cloned().unwrap_or_else(new);
    listing.product = Some(to.product.clone());
    listing.units = to.units;
    listing.alias = true;
    listing.other_spelling = None;
    if matches!(
        listing.state,
        ListingState::CaseMismatch | ListingState::UnknownHere
    ) {
        listing.state = ListingState::Matched;
    }
    listing
}

/// A listing that belongs to the product with the same spelling, if there is one, as the matching would place it.
fn by_spelling(read: &Listing, own: &Sku, is_kept: bool, other: Option<Sku>) -> Placed {
    let mut listing = read.clone();
    listing.alias = false;
    listing.units = 1;
    listing.product = None;
    listing.other_spelling = None;
    match listing.state {
        ListingState::NotOnAmazon if !is_kept && read.hold.is_none() => return None,
        ListingState::NotOnAmazon | ListingState::FulfilledByAmazon => {}
        ListingState::ClosedElsewhere | ListingState::MultiLocation if is_kept => {
            listing.product = Some(own.clone());
        }
        _ if is_kept => {
            listing.state = ListingState::Matched;
            listing.product = Some(own.clone());
        }
        _ if other.is_some() => {
            listing.state = ListingState::CaseMismatch;
            listing.other_spelling = other;
        }
        _ => listing.state = ListingState::UnknownHere,
    }
    Some(listing)
}
