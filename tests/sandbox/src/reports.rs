//! Owns the Reports API 2021-06-30, as far as it is played: the report of all of a seller's listings
//! in one marketplace.

mod lines;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use lines::{Charset, Snapshot};

use crate::{
    admitted::AdmittedRequest,
    back_office::{BackOffice, Mishap, Mishaps},
    clock::{self, iso_millis},
    documents::{Content, Documents},
    feeds::Status,
    operations::Role,
    reply::{Refusal, Reply},
    world::{Seller, World},
};

const ALL_LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
/// Page "Role Mappings for SP-API Types".
const ROLES: [Role; 4] = [
    Role::DirectToConsumerShipping,
    Role::InventoryAndOrderTracking,
    Role::Pricing,
    Role::ProductListing,
];
const FIRST_ID: usize = 60_000_000_001;

#[derive(Debug)]
pub(crate) struct Report {
    id: String,
    marketplaces: Vec<String>,
    created: Timestamp,
    data_start: Option<String>,
    status: Status,
    ended: Option<Timestamp>,
    document: Option<String>,
    mishap: Option<Mishap>,
}

#[derive(Debug, Default)]
pub(crate) struct Reports {
    all: Vec<Report>,
    pub(crate) mishaps: Mishaps,
}

impl Reports {
    /// Lets go those that are stuck now, and says how many those were.
    pub(crate) fn release(&mut self) -> usize {
        let stuck = self
            .all
            .iter_mut()
            .filter(|report| report.mishap == Some(Mishap::Stuck));
        stuck.map(|report| report.mishap = None).count()
    }
}

/// `createReport`. Only the first of several marketplaces counts (page "Inventory Reports").
pub(crate) fn create(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let body: Value = serde_json::from_slice(admitted.body)
        .map_err(|error| Refusal::Violation(format!("the body is no JSON: {error}")))?;
    if body["reportType"] != ALL_LISTINGS {
        let why = format!("the sandbox plays no report type but {ALL_LISTINGS}");
        return Err(Refusal::Violation(why));
    }
    if !ROLES.iter().any(|role| admitted.roles.contains(role)) {
        return Err(Refusal::Other(Reply::denied("")));
    }
    let Some(seller) = world.sellers.get_mut(admitted.seller) else {
        return Err(Refusal::Other(Reply::denied("")));
    };
    let marketplaces = body["marketplaceIds"].as_array().into_iter().flatten();
    let marketplaces: Vec<String> = marketplaces
        .filter_map(|id| Some(id.as_str()?.to_owned()))
        .collect();
    if let Some(foreign) = marketplaces
        .iter()
        .find(|id| !seller.account.marketplaces.contains(id))
    {
        return Err(Refusal::Violation(format!(
            "the seller has no marketplace `{foreign}`"
        )));
    }
    let mishap = seller.reports.mishaps.strike().map(|(mishap, _)| mishap);
    if mishap == Some(Mishap::Quota) {
        return Err(Refusal::Other(Reply::throttled()));
    }
    let id = (FIRST_ID + seller.reports.all.len()).to_string();
    seller.reports.all.push(Report {
        id: id.clone(),
        marketplaces,
        created: admitted.now,
        data_start: body["dataStartTime"].as_str().map(str::to_owned),
        status: Status::InQueue,
        ended: None,
        document: None,
        mishap,
    });
    Ok(Reply {
        status: StatusCode::ACCEPTED,
        body: json!({ "reportId": id }),
    })
}

/// `getReport`.
pub(crate) fn get(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let id = admitted.parameter("reportId");
    let seller = world.sellers.get(admitted.seller);
    let mut reports = seller.into_iter().flat_map(|seller| &seller.reports.all);
    match reports.find(|report| report.id == id) {
        Some(report) => Ok(Reply::ok(shown(report))),
        None => Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND))),
    }
}

/// `getReportDocument`.
pub(crate) fn get_document(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    world.documents.show(admitted, "reportDocumentId")
}

fn shown(report: &Report) -> Value {
    let mut shown = json!({
        "reportId": report.id,
        "reportType": ALL_LISTINGS,
        "marketplaceIds": report.marketplaces,
        "dataStartTime": report.data_start.clone().unwrap_or_else(|| iso_millis(report.created)),
        "dataEndTime": iso_millis(report.created),
        "createdTime": iso_millis(report.created),
        "processingStatus": report.status,
    });
    if report.status != Status::InQueue {
        shown["processingStartTime"] = json!(iso_millis(report.created));
    }
    if let Some(ended) = report.ended {
        shown["processingEndTime"] = json!(iso_millis(ended));
    }
    if let Some(document) = &report.document {
        shown["reportDocumentId"] = json!(document);
    }
    shown
}

/// Ends the reports of this seller that are due by now.
pub(crate) fn advance(
    id: &str,
    seller: &mut Seller,
    office: &BackOffice,
    documents: &mut Documents,
    now: Timestamp,
) {
    let Seller {
        reports, listings, ..
    } = seller;
    for report in &mut reports.all {
        if !matches!(report.status, Status::InQueue | Status::InProgress) {
            continue;
        }
        report.status = Status::InProgress;
        let end = clock::later(report.created, office.report_seconds);
        if end > now || report.mishap == Some(Mishap::Stuck) {
            continue;
        }
        report.ended = Some(end);
        report.status = match report.mishap {
            Some(Mishap::Fatal) => Status::Fatal,
            Some(Mishap::Cancelled) => Status::Cancelled,
            _ => Status::Done,
        };
        if report.status != Status::Done || report.mishap == Some(Mishap::ReportMissing) {
            continue;
        }
        let as_of = clock::later(end, -office.report_stale_seconds.max(0.0));
        let marketplace = report.marketplaces.first().map_or("", String::as_str);
        let snapshot = Snapshot::of(listings, marketplace, office, as_of);
        if snapshot.len() == 0 {
            // Page "Reports API FAQ": "No data can be found for the report".
            report.status = Status::Cancelled;
            continue;
        }
        let cut = report.mishap == Some(Mishap::ReportCut);
        let content = Content::report(snapshot, office.gzip, cut);
        let charset = office.report_encoding(marketplace);
        let content_type = if office.report_charset_told {
            format!("text/plain;charset={}", charset.name())
        } else {
            "text/plain".to_owned()
        };
        report.document = Some(documents.add(id, &content_type, content, end));
    }
}
