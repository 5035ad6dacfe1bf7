//! `PUT /mappings/tie`: which term of ours a rate of Amazon's old API is.

use super::list::MappingList;
use super::{MappingParams, term, without_zone};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Parameters, Problem, Tenant};
use stallkeeper::domain::courier::MappingTable;
use stallkeeper::domain::shipping_term::ShippingTerm;
use std::sync::Arc;
use utoipa::ToSchema;

/// What an old rate is tied to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TieRequest {
    /// The term of ours that it is. One with a zone can be named once zones are drawn.
    #[schema(value_type = ShippingTerm)]
    to: String,
}

/// Tie a rate of Amazon's old API (`Std UK Dom_1`) to a term of ours.
///
/// What a table mapped to it is mapped to that term now, unless the term has a mapping already, which stays. Tables may go on
/// naming the old rate. Orders that wait for the term are looked at again. Sending the same again changes nothing.
#[utoipa::path(put, path = "/mappings/tie", operation_id = "tieOldRate", tag = "mappings", params(MappingParams), request_body = TieRequest,
    responses(
        (status = 200, body = MappingList),
        (status = 404, description = "There is no such connection"),
        (status = 409, description = "There are 2,000 mappings of this owner"),
        (status = 422, description = "The one is no old rate, or the other no term that can be mapped"),
    ))]
pub(crate) async fn tie(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<MappingParams>,
    Body(request): Body<TieRequest>,
) -> Answer<Json<MappingList>> {
    let owner = app.owner(&tenant, params.connection.as_deref()).await?;
    let old = old_rate(&params.term)?;
    let to: ShippingTerm = request
        .to
        .parse()
        .map_err(|error| Problem::invalid("/to", format!("{error}")))?;
    let to = without_zone(to)
        .map_err(|_| Problem::invalid("/to", "it names a zone, and no zones are drawn yet"))?;
    let scope = owner.scope();
    let change = |table: &mut MappingTable| table.tie_old_rate(old.clone(), to.clone(), scope);
    app.change(&owner, change).await?;
    app.wake(&owner, std::slice::from_ref(&to)).await?;
    let read = app.store.mapping_table(&owner).await?;
    Ok(Json(MappingList::of(&read, &owner)))
}

/// Forget a rate of Amazon's old API: what was mapped to it, and what it is tied to. Mappings of our terms stay.
#[utoipa::path(delete, path = "/mappings/tie", operation_id = "forgetOldRate", tag = "mappings", params(MappingParams),
    responses(
        (status = 204, description = "Forgotten, now or before"),
        (status = 404, description = "There is no such connection"),
        (status = 422, description = "This is no old rate"),
    ))]
pub(crate) async fn untie(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<MappingParams>,
) -> Answer<StatusCode> {
    let owner = app.owner(&tenant, params.connection.as_deref()).await?;
    let old = old_rate(&params.term)?;
    let forget = |table: &mut MappingTable| {
        table.old_rates.remove(&old);
    };
    app.change(&owner, forget).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn old_rate(text: &str) -> Answer<ShippingTerm> {
    let term = term(text)?;
    if term.zone().is_none() {
        let detail = "a rate of Amazon's old API ends with its number, as `Std UK Dom_1` does";
        return Err(Problem::invalid("term", detail));
    }
    Ok(term)
}
