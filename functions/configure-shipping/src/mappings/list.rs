//! `GET /mappings`: mappings with what is behind them, as JSON or as a table that the import takes back.

use super::{MappingAnswer, term};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, PageFormat, Parameters, Tenant, csv_answer, wants_csv};
use stallkeeper::domain::courier::{CourierServiceId, MappingOwner, MappingTable, OldRate};
use stallkeeper::domain::ids::ConnectionId;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::RevisedMappings;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

pub(super) const COLUMNS: [&str; 4] = ["term", "service", "carries_prime", "tied_to"];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Only the mapping of this shipping term.
    #[param(inline, value_type = Option<ShippingTerm>)]
    term: Option<String>,
    /// The mappings narrowed to this connection, in place of the tenant's.
    #[param(inline, value_type = Option<ConnectionId>)]
    connection: Option<String>,
    #[param(inline)]
    format: Option<PageFormat>,
}

/// Mappings, by shipping term.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingList {
    mappings: Vec<MappingAnswer>,
    /// Old rates that no order's term can name, until they are tied.
    inactive: Vec<InactiveMapping>,
    /// Old rates that are tied.
    tied: Vec<TiedRate>,
    /// The operator's defaults for terms that are not in `mappings`.
    defaults: Vec<MappingAnswer>,
    /// Rises with every change; an import may demand it.
    revision: u64,
}

/// A mapping of a rate of Amazon's old API, which ends with Amazon's own number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InactiveMapping {
    pub(super) term: ShippingTerm,
    service: CourierServiceId,
    carries_prime: bool,
}

/// A rate of Amazon's old API and the term of ours that it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TiedRate {
    pub(super) term: ShippingTerm,
    pub(super) to: ShippingTerm,
}

/// List the tenant's mappings, or those narrowed to a connection.
///
/// As CSV if `Accept` is `text/csv` or `format` is `csv`, without the defaults; `importMappings` takes it back.
#[utoipa::path(get, path = "/mappings", operation_id = "listMappings", tag = "mappings", params(Filter), responses(
    (status = 200, description = "The mappings", content(
        (MappingList = "application/json"),
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
    let owner = app.owner(&tenant, filter.connection.as_deref()).await?;
    let term = filter.term.as_deref().map(term).transpose()?;
    let read = app.store.mapping_table(&owner).await?;
    if wants_csv(&headers, filter.format) {
        return csv_answer(&COLUMNS, cells(&read.table));
    }
    let defaults = app.store.mappings(&MappingOwner::Deployment).await?;
    let defaults = defaults
        .iter()
        .filter(|default| !read.table.mappings.contains_key(&default.term))
        .map(|default| MappingAnswer::of(default, &MappingOwner::Deployment))
        .collect();
    let mut list = MappingList {
        defaults,
        ..MappingList::of(&read, &owner)
    };
    if let Some(term) = term {
        list.keep_only(&term);
    }
    Ok(Json(list).into_response())
}

impl MappingList {
    pub(super) fn of(read: &RevisedMappings, owner: &MappingOwner) -> Self {
        let mut list = Self {
            mappings: Vec::new(),
            inactive: Vec::new(),
            tied: Vec::new(),
            defaults: Vec::new(),
            revision: read.revision,
        };
        let mappings = read.table.mappings.values();
        list.mappings
            .extend(mappings.map(|mapping| MappingAnswer::of(mapping, owner)));
        for (term, rate) in &read.table.old_rates {
            let term = term.clone();
            match rate {
                OldRate::Inactive(carried) => list.inactive.push(InactiveMapping {
                    term,
                    service: carried.service.clone(),
                    carries_prime: carried.carries_prime,
                }),
                OldRate::Tied { to } => list.tied.push(TiedRate {
                    term,
                    to: to.clone(),
                }),
            }
        }
        list
    }

    fn keep_only(&mut self, term: &ShippingTerm) {
        self.mappings.retain(|mapping| mapping.term == *term);
        self.defaults.retain(|default| default.term == *term);
        self.inactive.retain(|inactive| inactive.term == *term);
        self.tied.retain(|tied| tied.term == *term);
    }
}

/// The rows of a table, as the import reads them.
pub(super) fn cells(table: &MappingTable) -> impl Iterator<Item = [String; 4]> {
    let row = |term: &ShippingTerm, service: &CourierServiceId, prime: bool| {
        let (term, service) = (term.to_string(), service.to_string());
        [term, service, prime.to_string(), String::new()]
    };
    let mappings = table.mappings.values();
    let mappings = mappings.map(move |it| row(&it.term, &it.service, it.carries_prime));
    let rates = table.old_rates.iter().map(move |(term, rate)| match rate {
        OldRate::Inactive(carried) => row(term, &carried.service, carried.carries_prime),
        OldRate::Tied { to } => {
            let empty = String::new;
            [term.to_string(), empty(), empty(), to.to_string()]
        }
    });
    mappings.chain(rates)
}
