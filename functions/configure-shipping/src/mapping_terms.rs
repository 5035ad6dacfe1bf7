//! `GET /mapping-terms`: the shipping terms that came in the last half year, and what carries each.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, PageFormat, Parameters, Tenant, csv_answer, find_connection, wants_csv,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::courier::{CourierServiceId, Couriers, Mappings, Reason, Scope, mapped};
use stallkeeper::domain::ids::ConnectionId;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::SeenTerm;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Connections that are read side by side.
const AT_ONCE: usize = 8;
const COLUMNS: [&str; 8] = [
    "term",
    "orders",
    "last_seen",
    "connections",
    "service",
    "by_mapping",
    "of",
    "reason",
];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Only orders of this connection.
    #[param(inline, value_type = Option<ConnectionId>)]
    connection: Option<String>,
    #[param(inline)]
    format: Option<PageFormat>,
}

/// Shipping terms: those that nothing carries first, then by how often they came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingTermList {
    terms: Vec<MappingTerm>,
}

/// A shipping term that came, and what carries it by the mappings there are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MappingTerm {
    term: ShippingTerm,
    /// Orders of the last 26 weeks.
    orders: u64,
    /// When the latest of them was bought: of those of one week, the one that was stored last.
    last_seen: Timestamp,
    /// Connections that it came to and that carry it so.
    connections: usize,
    #[serde(flatten)]
    carried: CarriedBy,
}

/// What carries a term, or why nothing does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct CarriedBy {
    /// For an order that demands nothing else. `null`: orders wait for a person.
    service: Option<CourierServiceId>,
    /// The term of the mapping, which may be a wider one.
    by_mapping: Option<ShippingTerm>,
    /// Whose mapping it is: `deployment` is the operator's default.
    of: Option<Scope>,
    reason: Option<Reason>,
}

/// List the shipping terms of the last 26 weeks, with what carries each.
///
/// Counted as orders come, in whole weeks by the day they were bought; orders that Amazon fulfils do not count. A term that
/// connections carry differently is there once for each way. As CSV if `Accept` is `text/csv` or `format` is `csv`.
#[utoipa::path(get, path = "/mapping-terms", operation_id = "listMappingTerms", tag = "mappings", params(Filter), responses(
    (status = 200, description = "The shipping terms", content(
        (MappingTermList = "application/json"),
        (String = "text/csv"),
    )),
    (status = 404, description = "There is no such connection"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    headers: HeaderMap,
    Parameters(filter): Parameters<Filter>,
) -> Answer<Response> {
    let connections = match &filter.connection {
        Some(id) => {
            let one = find_connection(&app.store, &tenant, id).await?;
            vec![one]
        }
        None => app.store.connections(&tenant).await?,
    };
    let now = Timestamp::now();
    let came = fan_out(connections, AT_ONCE, |connection| {
        app.terms_of(connection, now)
    });
    let terms = together(came.await?.into_iter().flatten());
    if wants_csv(&headers, filter.format) {
        return csv_answer(&COLUMNS, terms.iter().map(MappingTerm::cells));
    }
    Ok(Json(MappingTermList { terms }).into_response())
}

impl App {
    /// What came to a connection, each with what carries it.
    async fn terms_of(
        &self,
        connection: Connection,
        now: Timestamp,
    ) -> Result<Vec<(SeenTerm, CarriedBy)>> {
        let key = connection.key();
        let seen = self.store.seen_terms(&key, now).await?;
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        let settings = self.store.settings(&key).await?;
        let mappings: Mappings = settings.mappings.into_iter().collect();
        let couriers = Couriers::new(settings.couriers);
        let carried = |seen: SeenTerm| {
            let carried = CarriedBy::of(&seen.term, &mappings, &couriers);
            (seen, carried)
        };
        Ok(seen.into_iter().map(carried).collect())
    }
}

/// One entry for each term and way it is carried.
fn together(came: impl Iterator<Item = (SeenTerm, CarriedBy)>) -> Vec<MappingTerm> {
    let mut terms: BTreeMap<(ShippingTerm, CarriedBy), MappingTerm> = BTreeMap::new();
    for (seen, carried) in came {
        let entry = terms.entry((seen.term.clone(), carried.clone()));
        let entry = entry.or_insert(MappingTerm {
            term: seen.term,
            orders: 0,
            last_seen: seen.last_seen,
            connections: 0,
            carried,
        });
        entry.orders += seen.orders;
        entry.last_seen = entry.last_seen.max(seen.last_seen);
        entry.connections += 1;
    }
    let mut terms: Vec<MappingTerm> = terms.into_values().collect();
    terms.sort_by_key(|term| (term.carried.service.is_some(), Reverse(term.orders)));
    terms
}

impl CarriedBy {
    fn of(term: &ShippingTerm, mappings: &Mappings, couriers: &Couriers) -> Self {
        let nothing = |reason| Self {
            service: None,
            by_mapping: None,
            of: None,
            reason: Some(reason),
        };
        match mapped(term, mappings, couriers) {
            Err(reason) => nothing(reason),
            Ok((mapping, _)) if couriers.service(&mapping.service).is_none() => {
                nothing(Reason::NoMapping)
            }
            Ok((mapping, _)) => Self {
                service: Some(mapping.service.clone()),
                by_mapping: Some(mapping.term.clone()),
                of: Some(mapping.scope),
                reason: None,
            },
        }
    }
}

impl MappingTerm {
    fn cells(&self) -> [String; 8] {
        let carried = &self.carried;
        let text = |value: Option<String>| value.unwrap_or_default();
        [
            self.term.to_string(),
            self.orders.to_string(),
            self.last_seen.to_string(),
            self.connections.to_string(),
            text(carried.service.as_ref().map(ToString::to_string)),
            text(carried.by_mapping.as_ref().map(ToString::to_string)),
            text(carried.of.map(|scope| scope.to_string())),
            text(carried.reason.map(|reason| reason.to_string())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::domain::courier::{Courier, CourierService, Mapping};

    #[test]
    fn what_nothing_carries_comes_first_and_each_way_once() {
        let couriers = Couriers::new([Courier {
            code: "DPD".parse().unwrap(),
            name: "DPD".into(),
            services: vec![CourierService::new("day".parse().unwrap(), "Day")],
        }]);
        let mapping = |text: &str, service: &str, scope| Mapping {
            term: text.parse().unwrap(),
            service: service.parse().unwrap(),
            carries_prime: false,
            scope,
        };
        let tenants = mapping("STD UK DOM", "DPD/day", Scope::Tenant);
        let default = mapping("UK NEXT", "DPD/gone", Scope::Deployment);
        let mappings: Mappings = [tenants, default].into_iter().collect();
        let seen = |text: &str, orders, second| {
            let seen = SeenTerm {
                term: text.parse().unwrap(),
                orders,
                last_seen: Timestamp::from_second(second).unwrap(),
            };
            let carried = CarriedBy::of(&seen.term, &mappings, &couriers);
            (seen, carried)
        };
        let came = [
            seen("STD UK DOM_2", 50, 3),
            seen("STD UK DOM", 7, 4),
            seen("UK NEXT", 1, 5),
            seen("STD UK DOM", 100, 2),
            seen("EXP UK DOM-PRIME", 2, 1),
        ];
        let terms = together(came.into_iter());
        let short: Vec<_> = terms
            .iter()
            .map(|it| {
                (
                    it.term.to_string(),
                    it.orders,
                    it.connections,
                    it.carried.service.is_some(),
                )
            })
            .collect();
        let expected = [
            ("EXP UK DOM-PRIME", 2, 1, false),
            ("UK NEXT", 1, 1, false),
            ("STD UK DOM", 107, 2, true),
            ("STD UK DOM_2", 50, 1, true),
        ];
        assert_eq!(
            short,
            expected.map(|(term, a, b, c)| (term.to_owned(), a, b, c))
        );
        assert_eq!(terms[2].last_seen.as_second(), 4);
        assert_eq!(
            terms[3].carried.by_mapping,
            Some("STD UK DOM".parse().unwrap())
        );
    }
}
