//! `PUT /orders/{connection}/{order}/dispatches/{parcel}`: a parcel was handed to a carrier.

use crate::App;
use crate::answer::{DispatchAnswer, WholeOrder};
use crate::desk::ParcelKey;
use crate::show::whole;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Tenant, must_not_be_disconnected, scope};
use stallkeeper::domain::courier::{CourierServiceId, LabelSource};
use stallkeeper::domain::dispatch::{
    DispatchRefusal, HandOver, HandOverRequest, LineRef, ParcelCarrier, ParcelUnits,
    TrackingNumber, UnitsOf,
};
use stallkeeper::domain::ids::{ConnectionKey, Sku, WarehouseCode};
use stallkeeper::domain::order::StoredOrder;
use stallkeeper::hand_over::{HandedOver, store_hand_over};
use std::sync::Arc;
use utoipa::ToSchema;

/// Lines in one parcel.
const MOST_LINES: usize = 200;
/// Boxes beside the first that hold the same units.
const MOST_BOXES: usize = 20;
/// Transparency codes of one line, and characters of one.
const MOST_CODES: usize = 1_000;
const LONGEST_CODE: usize = 64;
/// A carrier's name, in characters.
const LONGEST_NAME: usize = 100;

/// A parcel that was handed to a carrier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchRequest {
    /// `courier/service`, spelt as in the tenant's couriers; its carrier name at Amazon is looked up. Either this or `carrier`.
    courier_service: Option<CourierServiceId>,
    /// A carrier by its name, for one that is none of the tenant's couriers; 1 to 100 characters.
    #[schema(example = "Pigeon Post", max_length = 100)]
    carrier: Option<String>,
    /// Of the first box; the one that is sent to Amazon.
    tracking_number: TrackingNumber,
    /// Of further boxes that hold parts of the same units, at most 20: kept, not sent. Amazon takes one number a package.
    #[serde(default)]
    #[schema(max_items = 20)]
    other_tracking_numbers: Vec<TrackingNumber>,
    /// When the carrier takes it; at most 30 days from now. It is confirmed to Amazon then, or at once if the connection says
    /// `confirm_at: label`; the date sent to Amazon is never in its future, nor before the purchase.
    handed_over_at: Timestamp,
    /// What is in it: `all_open` (default), or lines.
    #[serde(default)]
    lines: Lines,
    /// The warehouse that it left, as the stock levels name it: the first level of that warehouse measured afterwards ends
    /// the reservation.
    #[schema(example = "LON")]
    warehouse: Option<WarehouseCode>,
    /// `amazon`: the label was bought from Amazon, which then needs no confirmation. An order that Amazon carries has
    /// Amazon's label whatever this says.
    #[serde(default)]
    label_source: LabelSource,
    /// It goes out although the buyer asks to cancel: it is too late.
    #[serde(default)]
    despite_cancel: bool,
}

/// What is in a parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = DispatchContents)]
pub enum Lines {
    All(AllOpen),
    These(Vec<LineRequest>),
}

/// All that is still to be shipped and in no other dispatch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllOpen {
    AllOpen,
}

impl Default for Lines {
    fn default() -> Self {
        Self::All(AllOpen::AllOpen)
    }
}

/// Units of a line, named by its id or by its SKU.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DispatchLineRequest)]
pub struct LineRequest {
    /// Amazon's id of the line. Either this or `sku`.
    order_item_id: Option<String>,
    /// As on Amazon; the same SKU on two lines fills the first one first.
    sku: Option<Sku>,
    #[schema(minimum = 1)]
    quantity: u32,
    /// One for each unit of an item in Amazon's Transparency program.
    #[serde(default)]
    #[schema(max_items = 1000)]
    transparency_codes: Vec<String>,
}

/// What is wrong with a request, and at which place of it.
#[derive(Debug)]
pub struct Fault {
    pub pointer: String,
    pub detail: String,
}

impl Fault {
    fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

impl DispatchRequest {
    /// # Errors
    /// The place that is at fault.
    pub fn hand_over(self) -> Result<HandOver, Fault> {
        let carrier = match (self.courier_service, self.carrier) {
            (Some(service), None) => ParcelCarrier::CourierService(service),
            (None, Some(name)) => ParcelCarrier::Carrier(carrier_name(&name)?),
            _ => {
                let detail = "name either a courier service or a carrier";
                return Err(Fault::new("/courier_service", detail));
            }
        };
        if self.other_tracking_numbers.len() > MOST_BOXES {
            let detail = format!("at most {MOST_BOXES}");
            return Err(Fault::new("/other_tracking_numbers", detail));
        }
        // Spaces around a code would make it another one.
        let warehouse = self.warehouse.map(|it| it.as_str().trim().parse());
        Ok(HandOver {
            carrier,
            tracking_number: self.tracking_number,
            other_tracking_numbers: self.other_tracking_numbers,
            handed_over_at: self.handed_over_at,
            units: self.lines.units()?,
            warehouse: warehouse.and_then(Result::ok),
            label_source: self.label_source,
            despite_cancel: self.despite_cancel,
        })
    }
}

fn carrier_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    let printable = !name.is_empty() && !name.chars().any(char::is_control);
    if printable && name.chars().count() <= LONGEST_NAME {
        return Ok(name.to_owned());
    }
    let detail = format!("must be 1 to {LONGEST_NAME} printable characters");
    Err(Fault::new("/carrier", detail))
}

impl Lines {
    fn units(self) -> Result<ParcelUnits, Fault> {
        let lines = match self {
            Self::All(AllOpen::AllOpen) => return Ok(ParcelUnits::AllOpen),
            Self::These(lines) => lines,
        };
        if !(1..=MOST_LINES).contains(&lines.len()) {
            let detail = format!("name 1 to {MOST_LINES} lines, or say `all_open`");
            return Err(Fault::new("/lines", detail));
        }
        let lines = lines.into_iter().enumerate();
        let lines: Result<_, Fault> = lines.map(|(at, line)| line.units(at)).collect();
        lines.map(ParcelUnits::Lines)
    }
}

impl LineRequest {
    fn units(self, at: usize) -> Result<UnitsOf, Fault> {
        let fault = |field: &str, detail: &str| {
            let detail = detail.to_owned();
            Err(Fault::new(format!("/lines/{at}{field}"), detail))
        };
        let of = match (self.order_item_id, self.sku) {
            (Some(id), None) => LineRef::Id(id),
            (None, Some(sku)) => LineRef::Sku(sku),
            _ => return fault("", "name the line either by its id or by its SKU"),
        };
        if self.quantity == 0 {
            return fault("/quantity", "at least 1");
        }
        let codes = &self.transparency_codes;
        let is_code = |code: &String| {
            let graphic = code.bytes().all(|byte| byte.is_ascii_graphic());
            !code.is_empty() && graphic && code.len() <= LONGEST_CODE
        };
        if codes.len() > MOST_CODES || !codes.iter().all(is_code) {
            return fault(
                "/transparency_codes",
                "at most 1000 codes of 1 to 64 characters",
            );
        }
        Ok(UnitsOf {
            of,
            units: self.quantity,
            transparency_codes: self.transparency_codes,
        })
    }
}

/// Hands a parcel of an order over, or edits one.
///
/// The parcel id is the platform's own and the order's for ever. Its units are taken off what is open at once; it is confirmed to Amazon at the hand-over, and the dispatch's `state` follows: `confirmed`, `refused` with Amazon's words (its units are open
/// again), or `unknown` until Amazon answers. Sending the same again answers the dispatch as it is, but for a refused one: it goes again, under its number. Sending something else
/// edits it, and it is confirmed again under the same number; once Amazon was called for it, its lines stay as they are.
///
/// Several boxes for the same units are one parcel with `other_tracking_numbers`.
#[utoipa::path(
    put, path = "/orders/{connection}/{order}/dispatches/{parcel}", operation_id = "putDispatch", tag = "desk",
    request_body = DispatchRequest,
    responses(
        (status = 200, description = "The dispatch as it is now; it is confirmed to Amazon later", body = DispatchAnswer),
        (status = 409, description = "Amazon would refuse it: cancelled, fulfilled by Amazon, not ours, held, or more units than are open; `current` is the order as it is now"),
        (status = 422, description = "A field that cannot be, an unknown line, or a Transparency item without codes"),
    )
)]
pub async fn put(
    tenant: Tenant<scope::Desk>,
    ParcelKey { order, parcel }: ParcelKey,
    State(app): State<Arc<App>>,
    Body(request): Body<DispatchRequest>,
) -> Answer<Json<DispatchAnswer>> {
    let content = request.hand_over();
    let content = content.map_err(|fault| Problem::invalid(fault.pointer, fault.detail))?;
    let key = ConnectionKey::new(&tenant, &order.connection);
    let connection = app.store.connection(&key).await?;
    let connection = connection.ok_or_else(|| Problem::not_found("order"))?;
    must_not_be_disconnected(&connection)?;
    let now = Timestamp::now();
    let request = HandOverRequest {
        parcel,
        content,
        asked_at: Some(now),
    };
    match store_hand_over(&app.store, &connection, &order.order, &request, now).await? {
        HandedOver::NoOrder => Err(Problem::not_found("order")),
        HandedOver::Refused(refusal, stored) => Err(refused(&app, &refusal, *stored).await?),
        HandedOver::Stored(dispatch, _) => {
            // Also for one that is known: an earlier try may have got no further.
            if dispatch.is_pending() {
                app.dispatches.confirm(&dispatch, now).await?;
            }
            Ok(Json((*dispatch).into()))
        }
    }
}

async fn refused(app: &App, refusal: &DispatchRefusal, stored: StoredOrder) -> Answer<Problem> {
    let words = refusal.to_string();
    let pointer = match refusal {
        DispatchRefusal::UnknownLine(_) | DispatchRefusal::NoTransparencyCodes(_) => "/lines",
        DispatchRefusal::TooFarAhead => "/handed_over_at",
        _ => {
            let kind = refusal.code().as_str().replace('_', "-");
            let problem = Problem::conflict(&kind, "The parcel cannot be dispatched.", words);
            let current: WholeOrder = whole(app, stored).await?;
            return Ok(problem.showing(&current));
        }
    };
    Ok(Problem::invalid(pointer, words))
}
