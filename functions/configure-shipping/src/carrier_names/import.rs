//! `POST /carrier-names`: many carrier names at once, as JSON or CSV.

use super::{MOST_NAMES, checked};
use crate::App;
use crate::import::{
    ImportResult, ImportedRow, Refused, RowOutcome, YesNo, flag_of, needed, only_fields, text_of,
};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Parameters, Problem, RowForm, Rows, Tenant};
use stallkeeper::domain::courier::{CourierServiceId, Couriers, NamedService, carrier_text};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::fan_out;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Names that are written side by side.
const AT_ONCE: usize = 16;
const FIELDS: [&str; 7] = [
    "marketplace",
    "service",
    "carrier",
    "shipping_method",
    "listed",
    "counted_by_amazon",
    "assumed",
];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportParams {
    /// Only say what would change.
    #[serde(default)]
    #[param(inline, required = false)]
    dry_run: YesNo,
}

/// A carrier name in a table.
#[derive(ToSchema)]
pub(crate) struct CarrierNameRow {
    marketplace: Marketplace,
    service: CourierServiceId,
    #[schema(schema_with = carrier_text)]
    carrier: String,
    #[schema(schema_with = carrier_text, required = false)]
    shipping_method: Option<String>,
    /// Seller Central's list has the carrier just so, although it is not known here.
    #[schema(required = false)]
    listed: Option<bool>,
}

/// Rows of carrier names.
pub(crate) struct OfCarrierNames;

impl RowForm for OfCarrierNames {
    const COLUMNS: &'static [&'static [&'static str]] = &[&["marketplace", "service", "carrier"]];
}

/// Put many carrier names.
///
/// At most 1,000 rows, as a JSON array or as CSV whose header names the columns `marketplace`, `service`, `carrier`,
/// `shipping_method`, `listed`; the columns that the list adds are not read, and rows that it only assumed are skipped. If
/// one row is refused, none is taken. Each name is written by itself: if the answer does not arrive, send the same again,
/// which does no harm.
#[utoipa::path(post, path = "/carrier-names", operation_id = "importCarrierNames", tag = "carrier names", params(ImportParams),
    request_body(content(
        (Vec<CarrierNameRow> = "application/json"),
        (String = "text/csv", example = "marketplace,service,carrier,shipping_method\nUK,RM/24,Royal Mail,Tracked 24\n"),
    )),
    responses(
        (status = 200, body = ImportResult),
        (status = 409, description = "The tenant would have more than 2,000 carrier names"),
        (status = 422, description = "Rows are refused; `errors` says which and why, and none was taken"),
    ))]
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<ImportParams>,
    rows: Rows<OfCarrierNames>,
) -> Answer<Json<ImportResult>> {
    let known = app.store.carrier_names(&tenant).await?;
    let couriers = Couriers::new(app.store.couriers(&tenant).await?);
    let is_dry = params.dry_run.is_yes();
    let (rows, changed) = look(rows.decoded(), known, &couriers)?;
    let result = ImportResult::new(!is_dry, rows);
    if is_dry {
        return Ok(Json(result));
    }
    if let Some(problem) = result.problem() {
        return Err(problem);
    }
    let (store, tenant) = (&app.store, &tenant);
    let put = |named: NamedService| async move { store.put_carrier_name(tenant, &named).await };
    fan_out(changed, AT_ONCE, put).await?;
    Ok(Json(result))
}

type Known = BTreeMap<(Marketplace, CourierServiceId), NamedService>;

/// What becomes of each row, and the names to write.
fn look(
    rows: impl Iterator<Item = (usize, Result<Value, &'static str>)>,
    known: Vec<NamedService>,
    couriers: &Couriers,
) -> Answer<(Vec<ImportedRow>, Vec<NamedService>)> {
    let of = |named: &NamedService| (named.marketplace, named.service.clone());
    let known: Known = known.into_iter().map(|named| (of(&named), named)).collect();
    let mut taken = Known::new();
    let mut answers = Vec::new();
    for (number, row) in rows {
        let row = row.map_err(|detail| Refused::at("", detail));
        let subject = row.as_ref().ok().and_then(subject);
        let named = row.and_then(|row| read(&row, couriers));
        let answer = match named {
            Err(refused) => ImportedRow::refused(number, subject, refused),
            Ok(None) => ImportedRow::new(number, subject, RowOutcome::Skipped),
            Ok(Some(named)) => match taken.get(&of(&named)) {
                Some(other) if *other != named => {
                    let detail = "the same service and marketplace come before, with another name";
                    ImportedRow::refused(number, subject, Refused::at("service", detail))
                }
                _ => {
                    let answer = judged(number, subject, &named, known.get(&of(&named)));
                    taken.insert(of(&named), named);
                    answer
                }
            },
        };
        answers.push(answer);
    }
    let added = taken.keys().filter(|key| !known.contains_key(key)).count();
    if known.len() + added > MOST_NAMES {
        return Err(Problem::limit_reached("carrier names", MOST_NAMES));
    }
    taken.retain(|key, named| known.get(key) != Some(named));
    Ok((answers, taken.into_values().collect()))
}

fn judged(
    number: usize,
    subject: Option<String>,
    named: &NamedService,
    known: Option<&NamedService>,
) -> ImportedRow {
    let words = |named: &NamedService| {
        let carrier = &named.carrier;
        let method = carrier.shipping_method().map(|it| format!(", {it}"));
        let code = carrier.name().map(|_| " (as Other)").unwrap_or_default();
        format!("{}{code}{}", carrier.carrier(), method.unwrap_or_default())
    };
    let outcome = match known {
        None => RowOutcome::Added,
        Some(known) if known == named => RowOutcome::Unchanged,
        Some(_) => RowOutcome::Changed,
    };
    ImportedRow {
        before: known.map(words),
        after: Some(words(named)),
        detail: Some(named.carrier.remark(named.marketplace).to_owned()),
        ..ImportedRow::new(number, subject, outcome)
    }
}

impl CarrierNameRow {
    /// # Errors
    /// Why the row is refused.
    fn read(row: &Value) -> Result<Self, Refused> {
        Ok(Self {
            marketplace: needed(row, "marketplace")?
                .parse()
                .map_err(|error| Refused::at("marketplace", error))?,
            service: needed(row, "service")?
                .parse()
                .map_err(|error| Refused::at("service", error))?,
            carrier: needed(row, "carrier")?.to_owned(),
            shipping_method: text_of(row, "shipping_method")?.map(str::to_owned),
            listed: flag_of(row, "listed")?,
        })
    }
}

fn subject(row: &Value) -> Option<String> {
    let text = |field| text_of(row, field).ok().flatten();
    Some(format!("{} {}", text("marketplace")?, text("service")?))
}

/// `None`: the list only assumed it.
fn read(row: &Value, couriers: &Couriers) -> Result<Option<NamedService>, Refused> {
    only_fields(row, &FIELDS)?;
    if flag_of(row, "assumed")? == Some(true) {
        return Ok(None);
    }
    let row = CarrierNameRow::read(row)?;
    if couriers.service(&row.service).is_none() {
        let detail = "there is no such service; put its courier first: PUT /couriers/{courier}";
        return Err(Refused::at("service", detail));
    }
    let (method, listed) = (row.shipping_method.as_deref(), row.listed);
    let carrier = checked(&row.carrier, method, listed.unwrap_or_default())
        .map_err(|(field, error)| Refused::at(field, error))?;
    Ok(Some(NamedService {
        marketplace: row.marketplace,
        service: row.service,
        carrier,
    }))
}
