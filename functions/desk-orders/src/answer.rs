//! A whole order as answers show it; none of it is buyer data.

use crate::cancel::ShownCancellation;
use crate::list::lines;
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::cancellation::Cancellation;
use stallkeeper::domain::courier::{CourierServiceId, LabelSource, Requirements};
use stallkeeper::domain::dispatch::{
    Dispatch, DispatchLine, DispatchState, DispatchWords, ParcelCarrier, ParcelId, TrackingNumber,
};
use stallkeeper::domain::ids::WarehouseCode;
use stallkeeper::domain::order::{
    AssociatedOrder, CancelledBy, Decision, Money, OrderHold, OrderItem, OrderStatus, Package,
    StoredOrder, auto_cancel_at,
};
use stallkeeper::store::HistoryRecord;
use utoipa::ToSchema;

/// A whole order, without its buyer.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeOrder {
    pub connection: String,
    pub order_id: String,
    pub status: OrderStatus,
    /// Rises with every change.
    pub revision: u64,
    pub imported_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    /// When a person took it over although it was bought before the take-over moment.
    pub taken_over_at: Option<Timestamp>,
    /// A person's word that it must not be shipped for now.
    pub held: Option<OrderHold>,
    /// What was asked to be cancelled at Amazon, and what became of it.
    pub cancellations: Vec<ShownCancellation>,
    /// The buyer asks to cancel lines of it and waits for an answer: nothing of them is to be shipped meanwhile.
    pub cancel_requested: bool,
    /// Who cancelled it, once it is `cancelled` and Amazon says who.
    pub cancelled_by: Option<CancelledBy>,
    /// Whose label goes on the parcel.
    pub label_source: LabelSource,
    pub amazon: AmazonOrder,
    pub requirements: Requirements,
    pub decision: OrderDecision,
    /// Parcels that were handed over, with what became of each at Amazon.
    pub dispatches: Vec<DispatchAnswer>,
    /// What happened, oldest first.
    pub history: Vec<HistoryRecord>,
}

impl WholeOrder {
    /// `later`: the history after the entry that the state carries.
    pub fn new(
        stored: StoredOrder,
        dispatches: Vec<Dispatch>,
        cancellations: Vec<Cancellation>,
        later: Vec<HistoryRecord>,
    ) -> Self {
        let first = HistoryRecord {
            revision: 1,
            entry: stored.first_history.clone(),
        };
        let amazon = AmazonOrder::new(&stored);
        let cancelled_by = stored.cancelled_by();
        let cancel_requested = stored.open_cancel_requests().next().is_some();
        let cancellations = cancellations.into_iter();
        let cancellations = cancellations.map(|it| ShownCancellation::new(it, &stored));
        let cancellations = cancellations.collect();
        Self {
            connection: stored.connection.into(),
            order_id: stored.order.id.clone().into(),
            status: stored.status,
            revision: stored.revision,
            imported_at: stored.imported_at,
            acknowledged_at: stored.acknowledged_at,
            taken_over_at: stored.taken_over_at,
            held: stored.held,
            cancellations,
            cancel_requested,
            cancelled_by,
            label_source: stored.requirements.label_source(),
            amazon,
            requirements: stored.requirements,
            decision: stored.decision.into(),
            dispatches: dispatches.into_iter().map(Into::into).collect(),
            history: std::iter::once(first).chain(later).collect(),
        }
    }
}

/// What Amazon reports of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct AmazonOrder {
    #[schema(example = "UNSHIPPED")]
    pub status: Option<String>,
    /// Country code as Amazon writes it; absent if the marketplace is unknown here.
    pub marketplace: Option<String>,
    pub marketplace_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[schema(example = "MERCHANT")]
    pub fulfilled_by: Option<String>,
    #[schema(example = "STANDARD")]
    pub service_level: Option<String>,
    pub ship_by: Option<Timestamp>,
    pub deliver_by: Option<Timestamp>,
    /// When Amazon cancels it by itself, without charging the buyer, unless a dispatch of it is confirmed before: seven days after
    /// `ship_by`. `null` if there is nothing to confirm.
    pub auto_cancel_at: Option<Timestamp>,
    /// No label before this moment.
    pub label_from: Option<Timestamp>,
    pub programs: Vec<String>,
    /// Orders that this one replaces.
    pub associated: Vec<AssociatedOrder>,
    /// Country of delivery.
    pub country: Option<String>,
    pub address_type: Option<String>,
    pub total: Option<Money>,
    pub items: Vec<OrderLine>,
    /// What carriers were given, as Amazon shows it.
    pub packages: Vec<Package>,
}

/// A line of an order, and what of it is still to be shipped.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderLine {
    #[serde(flatten)]
    pub item: OrderItem,
    /// Units that are neither shipped nor cancelled, by Amazon's word.
    pub open_quantity: u32,
    /// The id of the cancellation that it is part of: nothing of it is to be shipped.
    pub cancelling: Option<String>,
}

impl AmazonOrder {
    fn new(stored: &StoredOrder) -> Self {
        let order = stored.order.clone();
        let (amazon, ship_by) = (order.amazon_status.as_ref(), stored.ship_by());
        Self {
            items: lines(stored),
            auto_cancel_at: auto_cancel_at(stored.status, amazon, ship_by),
            marketplace: order
                .marketplace()
                .map(|marketplace| marketplace.to_string()),
            status: order.amazon_status.map(String::from),
            marketplace_id: order.marketplace_id,
            created_at: order.created_at,
            updated_at: order.updated_at,
            fulfilled_by: order.fulfilled_by.map(String::from),
            service_level: order.service_level,
            ship_by: order.ship_by,
            deliver_by: order.deliver_by,
            label_from: order.label_from,
            programs: order.programs,
            associated: order.associated,
            country: order.country,
            address_type: order.address_type,
            total: order.total,
            packages: order.packages,
        }
    }
}

/// A parcel that was handed over, and what became of it at Amazon.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderDispatch)]
pub struct DispatchAnswer {
    /// The platform's id of it.
    pub parcel: ParcelId,
    pub state: DispatchState,
    /// Amazon's words, or ours if Amazon was not asked.
    pub words: Option<DispatchWords>,
    /// Amazon's number of it, which never changes.
    #[schema(example = "1240881507")]
    pub package_number: String,
    pub courier_service: Option<CourierServiceId>,
    /// The carrier's name, if it is none of the tenant's couriers.
    pub carrier: Option<String>,
    pub tracking_number: TrackingNumber,
    /// Of further boxes with the same units.
    pub other_tracking_numbers: Vec<TrackingNumber>,
    pub lines: Vec<DispatchLine>,
    pub warehouse: Option<WarehouseCode>,
    pub label_source: LabelSource,
    pub handed_over_at: Timestamp,
    /// It is not confirmed to Amazon before this moment.
    pub due_at: Timestamp,
    /// When Amazon confirmed it first.
    pub confirmed_at: Option<Timestamp>,
    /// Why Amazon does not count its tracking number, if it is known not to.
    pub not_counted_by_amazon: Option<String>,
    /// What is odd about it; none of it keeps it from Amazon.
    pub warnings: Vec<String>,
    pub created_at: Timestamp,
    /// When it was handed in or edited last.
    pub changed_at: Timestamp,
}

impl From<Dispatch> for DispatchAnswer {
    fn from(dispatch: Dispatch) -> Self {
        let hand_over = dispatch.hand_over;
        let (courier_service, carrier) = match hand_over.carrier {
            ParcelCarrier::CourierService(service) => (Some(service), None),
            ParcelCarrier::Carrier(name) => (None, Some(name)),
        };
        Self {
            parcel: dispatch.parcel,
            state: dispatch.state,
            words: dispatch.words,
            package_number: dispatch.number.to_string(),
            courier_service,
            carrier,
            tracking_number: hand_over.tracking_number,
            other_tracking_numbers: hand_over.other_tracking_numbers,
            lines: dispatch.lines,
            warehouse: hand_over.warehouse,
            label_source: dispatch.label_source,
            handed_over_at: hand_over.handed_over_at,
            due_at: dispatch.due_at,
            confirmed_at: dispatch.confirmed_at,
            not_counted_by_amazon: dispatch.not_counted,
            warnings: dispatch.warnings,
            created_at: dispatch.created_at,
            changed_at: dispatch.changed_at,
        }
    }
}

/// How an order came to its courier service, or why it has none.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderDecision {
    /// What the buyer chose.
    #[schema(example = "STD UK DOM")]
    pub term: Option<String>,
    #[schema(example = "DPD/next-day")]
    pub service: Option<String>,
    /// Why it waits for a person.
    #[schema(example = "no_mapping")]
    pub reason: Option<String>,
    /// Services that could carry it, while it waits.
    pub candidates: Vec<String>,
    /// Picked by a person: rules do not touch it any more.
    pub by_person: bool,
    /// Sentences: how the term was derived, which rule matched, who lost and why.
    pub explanation: Vec<String>,
}

impl From<Decision> for OrderDecision {
    fn from(decision: Decision) -> Self {
        Self {
            term: decision.term.map(String::from),
            service: decision.service.map(String::from),
            reason: decision.reason.map(|reason| reason.to_string()),
            candidates: decision.candidates.into_iter().map(String::from).collect(),
            by_person: decision.by_person,
            explanation: [decision.derivation, decision.explanation].concat(),
        }
    }
}
