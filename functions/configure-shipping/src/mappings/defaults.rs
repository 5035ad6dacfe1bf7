//! `/default-mappings`: the operator's mappings for tenants that have none of their own for a term. Every use is in the audit
//! log, a change before it is written.

use super::import::ImportParams;
use super::list::{COLUMNS, MappingList, cells};
use super::row::{OfMappings, TableRow};
use super::{MappingAnswer, MappingRequest, term};
use crate::App;
use crate::import::{ImportResult, RowOutcome};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use stallkeeper::api::{
    Answer, Body, OperatorCall, PageFormat, Parameters, Problem, Rows, csv_answer, wants_csv,
};
use stallkeeper::domain::courier::{MappingOwner, Scope};
use stallkeeper::domain::shipping_term::ShippingTerm;
use std::sync::Arc;
use utoipa::IntoParams;

const DEFAULTS: MappingOwner = MappingOwner::Deployment;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultParams {
    /// The shipping term, in any letter case.
    #[param(inline, value_type = ShippingTerm)]
    term: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultListParams {
    #[param(inline)]
    format: Option<PageFormat>,
}

/// List the default mappings. Needs scope `operator`; it is in the audit log.
///
/// As CSV if `Accept` is `text/csv` or `format` is `csv`; `importDefaultMappings` takes it back.
#[utoipa::path(get, path = "/default-mappings", operation_id = "listDefaultMappings", tag = "default mappings", params(DefaultListParams),
    responses((status = 200, description = "The default mappings", content(
        (MappingList = "application/json"),
        (String = "text/csv"),
    ))))]
pub(crate) async fn list_defaults(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Answer<Parameters<DefaultListParams>>,
) -> Answer<Response> {
    call.allowed("list the default mappings", None)?;
    let format = params?.0.format;
    let read = app.store.mapping_table(&DEFAULTS).await?;
    if wants_csv(&headers, format) {
        return csv_answer(&COLUMNS, cells(&read.table));
    }
    Ok(Json(MappingList::of(&read, &DEFAULTS)).into_response())
}

/// Put a default mapping. Needs scope `operator`; it is in the audit log.
///
/// It holds for each tenant that maps neither the term nor a wider one, and the explanation of an order says so. Orders of all
/// tenants that wait for it are looked at again: at once, and once more a little later. A tenant without such a courier service
/// has its orders wait, as before.
#[utoipa::path(put, path = "/default-mappings", operation_id = "putDefaultMapping", tag = "default mappings", params(DefaultParams),
    request_body = MappingRequest,
    responses(
        (status = 200, body = MappingAnswer),
        (status = 409, description = "There are 2,000 default mappings"),
        (status = 422, description = "This is no shipping term, or no courier service"),
    ))]
pub(crate) async fn put_default(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    params: Answer<Parameters<DefaultParams>>,
    request: Answer<Body<MappingRequest>>,
) -> Answer<Json<MappingAnswer>> {
    call.allowed("put a default mapping", None)?;
    let (Parameters(params), Body(request)) = (params?, request?);
    let mapping = request.checked(&params.term, Scope::Deployment)?;
    let what = format!("`{}` to `{}`", mapping.term, mapping.service);
    call.record("default_mapping_put", None, &what, "");
    app.put_mapping(&DEFAULTS, &mapping).await?;
    // As of a tenant's mapping: pending until it is queued.
    app.wake(&DEFAULTS, std::slice::from_ref(&mapping.term))
        .await?;
    Ok(Json(MappingAnswer::of(&mapping, &DEFAULTS)))
}

/// Delete a default mapping. Orders keep what they were given. Needs scope `operator`; it is in the audit log.
#[utoipa::path(delete, path = "/default-mappings", operation_id = "deleteDefaultMapping", tag = "default mappings", params(DefaultParams),
    responses(
        (status = 204, description = "Deleted, now or before"),
        (status = 422, description = "This is no shipping term"),
    ))]
pub(crate) async fn delete_default(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    params: Answer<Parameters<DefaultParams>>,
) -> Answer<StatusCode> {
    call.allowed("delete a default mapping", None)?;
    let term = term(&params?.0.term)?;
    call.record("default_mapping_deleted", None, &format!("`{term}`"), "");
    app.store.delete_mapping(&DEFAULTS, &term).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a table of default mappings: all of it or nothing. Needs scope `operator`; it is in the audit log.
///
/// As `importMappings`, except that services are spelt by their codes, since tenants have couriers of their own, and that a
/// term has no number of Amazon's old rates.
#[utoipa::path(post, path = "/default-mappings", operation_id = "importDefaultMappings", tag = "default mappings", params(ImportParams),
    request_body(content(
        (Vec<TableRow> = "application/json"),
        (String = "text/csv", example = "term,service\nSTD UK DOM,DPD/next-day\n"),
    )),
    responses(
        (status = 200, body = ImportResult),
        (status = 409, description = "The mappings are of another revision, or would be more than 2,000"),
        (status = 422, description = "Rows are refused, or a connection is named; none was taken"),
    ))]
pub(crate) async fn import_defaults(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    params: Answer<Parameters<ImportParams>>,
    rows: Answer<Rows<OfMappings>>,
) -> Answer<Json<ImportResult>> {
    call.allowed("import default mappings", None)?;
    let (Parameters(params), rows) = (params?, rows?);
    if params.connection.is_some() {
        let detail = "a default is for every connection";
        return Err(Problem::invalid("connection", detail));
    }
    let record = |result: &ImportResult| record_rows(&call, result);
    app.import(&DEFAULTS, &[], &params, rows, record).await
}

/// One record a term that is mapped otherwise afterwards.
fn record_rows(call: &OperatorCall, result: &ImportResult) {
    for row in &result.rows {
        let term = row.subject.as_deref().unwrap_or_default();
        match (row.outcome, &row.after) {
            (RowOutcome::Added | RowOutcome::Changed, Some(after)) => {
                let what = format!("`{term}` to `{after}`");
                call.record("default_mapping_put", None, &what, "");
            }
            (RowOutcome::Removed, _) => {
                call.record("default_mapping_deleted", None, &format!("`{term}`"), "");
            }
            _ => {}
        }
    }
}
