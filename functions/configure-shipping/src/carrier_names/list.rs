//! `GET /carrier-names`: what was said, and what follows for mapped services of which nobody said anything.

use super::NameAnswer;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, PageFormat, Parameters, Tenant, csv_answer, wants_csv};
use stallkeeper::domain::courier::{
    CarrierName, CountedByAmazon, Courier, CourierServiceId, NamedService,
};
use stallkeeper::domain::marketplace::Marketplace;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const COLUMNS: [&str; 7] = [
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
pub(crate) struct Filter {
    /// Only this marketplace.
    #[param(inline)]
    marketplace: Option<Marketplace>,
    /// Only those that Amazon counts, or does not.
    #[param(inline)]
    counted_by_amazon: Option<CountedByAmazon>,
    #[param(inline)]
    format: Option<PageFormat>,
}

/// Carrier names, by marketplace and service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarrierNameList {
    carrier_names: Vec<NameAnswer>,
}

/// List the carrier name of each courier service.
///
/// Besides what was put: the services that mappings name on each marketplace, with what follows from their couriers' names
/// (`assumed`). As CSV if `Accept` is `text/csv` or `format` is `csv`; `importCarrierNames` takes it back.
#[utoipa::path(get, path = "/carrier-names", operation_id = "listCarrierNames", tag = "carrier names", params(Filter),
    responses((status = 200, description = "The carrier names", content(
        (CarrierNameList = "application/json"),
        (String = "text/csv"),
    ))))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    headers: HeaderMap,
    Parameters(filter): Parameters<Filter>,
) -> Answer<Response> {
    let (put, couriers, mappings) = futures::try_join!(
        async { Ok(app.store.carrier_names(&tenant).await?) },
        async { Ok(app.store.couriers(&tenant).await?) },
        app.all_mappings(&tenant),
    )?;
    let mapped = mappings
        .into_iter()
        .map(|mapping| (mapping.term.marketplace, mapping.service));
    let mut carrier_names = names(put, mapped, &couriers);
    carrier_names.retain(|name| {
        let wanted = filter.counted_by_amazon;
        filter.marketplace.is_none_or(|it| it == name.marketplace)
            && wanted.is_none_or(|it| it == name.counted_by_amazon)
    });
    if wants_csv(&headers, filter.format) {
        return csv_answer(&COLUMNS, carrier_names.iter().map(cells));
    }
    Ok(Json(CarrierNameList { carrier_names }).into_response())
}

/// What was put, and what follows for the services that are mapped.
fn names(
    put: Vec<NamedService>,
    mapped: impl Iterator<Item = (Marketplace, CourierServiceId)>,
    couriers: &[Courier],
) -> Vec<NameAnswer> {
    let put = put.into_iter().map(|named| {
        let key = (named.marketplace, named.service.clone());
        (key, NameAnswer::new(&named, false))
    });
    let mut names: BTreeMap<_, _> = put.collect();
    for (marketplace, service) in mapped {
        let courier = couriers.iter().find(|it| it.code == service.courier);
        let key = (marketplace, service.clone());
        let (Some(courier), false) = (courier, names.contains_key(&key)) else {
            continue;
        };
        let named = NamedService {
            marketplace,
            service,
            carrier: CarrierName::assumed(courier),
        };
        names.insert(key, NameAnswer::new(&named, true));
    }
    names.into_values().collect()
}

/// As the import reads it: a code that is not known here was `listed`.
fn cells(name: &NameAnswer) -> [String; 7] {
    let listed = name.name.is_none() && !CarrierName::is_known_code(&name.code);
    [
        name.marketplace.to_string(),
        name.service.to_string(),
        name.name.clone().unwrap_or_else(|| name.code.clone()),
        name.shipping_method.clone().unwrap_or_default(),
        listed.to_string(),
        <&str>::from(name.counted_by_amazon).to_owned(),
        name.assumed.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_named_follows_from_the_courier() {
        let courier = |code: &str, name: &str| Courier {
            code: code.parse().unwrap(),
            name: name.to_owned(),
            services: Vec::new(),
        };
        let couriers = [courier("DPD", "DPD"), courier("van", "Our van")];
        let named = NamedService {
            marketplace: Marketplace::Uk,
            service: "DPD/day".parse().unwrap(),
            carrier: CarrierName::called("DPD", Some("Next Day")).unwrap(),
        };
        let mapped = ["DPD/day", "van/x", "DPD/two", "gone/x"];
        let mapped = mapped.map(|text| (Marketplace::Uk, text.parse().unwrap()));
        let names = names(vec![named], mapped.into_iter(), &couriers);
        let short: Vec<_> = names
            .iter()
            .map(|name| (name.service.to_string(), name.code.as_str(), name.assumed))
            .collect();
        let expected = [
            ("DPD/day".to_owned(), "DPD", false),
            ("DPD/two".to_owned(), "DPD", true),
            ("van/x".to_owned(), "Other", true),
        ];
        assert_eq!(short, expected);
        assert_eq!(names[2].counted_by_amazon, CountedByAmazon::No);
        assert_eq!(cells(&names[2])[2], "Our van");
    }
}
