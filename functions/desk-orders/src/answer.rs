//! A whole order as answers show it. Field by field, so that nothing new in the table is shown before someone decides so;
//! none of it is buyer data.

use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::courier::{AddressKind, Requirements};
use stallkeeper::domain::order::{
    AssociatedOrder, Decision, HistoryKind, Money, Order, OrderItem, OrderStatus, StoredOrder,
};
use stallkeeper::store::HistoryRecord;
use utoipa::ToSchema;

/// An order, whole but for the buyer.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeOrder {
    pub connection: String,
    pub order_id: String,
    #[schema(value_type = String, example = "pending_review")]
    pub status: OrderStatus,
    /// Rises with every change.
    pub revision: u64,
    #[schema(value_type = String, format = DateTime)]
    pub imported_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Timestamp>,
    pub amazon: AmazonsWord,
    pub requirements: Demands,
    pub decision: HowChosen,
    /// What happened, oldest first.
    pub history: Vec<Happened>,
}

impl WholeOrder {
    /// `later`: the history after the entry that the state carries.
    pub fn new(stored: StoredOrder, later: Vec<HistoryRecord>) -> Self {
        let first = HistoryRecord {
            revision: 1,
            entry: stored.first_history,
        };
        Self {
            connection: stored.connection.into(),
            order_id: stored.order.id.clone().into(),
            status: stored.status,
            revision: stored.revision,
            imported_at: stored.imported_at,
            acknowledged_at: stored.acknowledged_at,
            amazon: stored.order.into(),
            requirements: stored.requirements.into(),
            decision: stored.decision.into(),
            history: std::iter::once(first)
                .chain(later)
                .map(Happened::from)
                .collect(),
        }
    }
}

/// What Amazon told of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AmazonOrder)]
pub struct AmazonsWord {
    #[schema(example = "UNSHIPPED")]
    pub status: Option<String>,
    /// Country code as Amazon writes it; absent if the store is unknown here.
    pub marketplace: Option<String>,
    pub marketplace_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    #[schema(example = "MERCHANT")]
    pub fulfilled_by: Option<String>,
    #[schema(example = "STANDARD")]
    pub service_level: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ship_by: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deliver_by: Option<Timestamp>,
    /// No label before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub label_from: Option<Timestamp>,
    pub programs: Vec<String>,
    /// Orders that this one stands in for.
    pub associated: Vec<Associated>,
    /// Country of delivery.
    pub country: Option<String>,
    pub address_type: Option<String>,
    pub total: Option<Amount>,
    pub items: Vec<Line>,
}

impl From<Order> for AmazonsWord {
    fn from(order: Order) -> Self {
        Self {
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
            associated: order.associated.into_iter().map(Associated::from).collect(),
            country: order.country,
            address_type: order.address_type,
            total: order.total.map(Amount::from),
            items: order.items.into_iter().map(Line::from).collect(),
        }
    }
}

/// An order that another one stands in for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssociatedOrder)]
pub struct Associated {
    pub order_id: Option<String>,
    pub kind: Option<String>,
}

impl From<AssociatedOrder> for Associated {
    fn from(AssociatedOrder { order_id, kind }: AssociatedOrder) -> Self {
        Self { order_id, kind }
    }
}

/// An amount with its currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Amount {
    /// A decimal number as text, so that no cent is lost.
    #[schema(example = "19.90")]
    pub amount: String,
    /// ISO 4217.
    #[schema(example = "GBP")]
    pub currency: String,
}

impl From<Money> for Amount {
    fn from(Money { amount, currency }: Money) -> Self {
        Self {
            amount: amount.to_string(),
            currency,
        }
    }
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderItem)]
pub struct Line {
    pub id: String,
    /// Exactly as on Amazon.
    pub sku: Option<String>,
    pub asin: Option<String>,
    pub title: Option<String>,
    pub quantity: u32,
    pub quantity_fulfilled: u32,
    pub unit_price: Option<Amount>,
    pub proceeds: Option<Amount>,
    /// What is mandatory at the door, as Amazon writes it.
    pub constraints: Vec<String>,
    /// The buyer asked for this line to be cancelled.
    pub cancel_requested: bool,
    pub programs: Vec<String>,
}

impl From<OrderItem> for Line {
    fn from(item: OrderItem) -> Self {
        Self {
            id: item.id,
            sku: item.sku,
            asin: item.asin,
            title: item.title,
            quantity: item.quantity,
            quantity_fulfilled: item.quantity_fulfilled,
            unit_price: item.unit_price.map(Amount::from),
            proceeds: item.proceeds.map(Amount::from),
            constraints: item.constraints,
            cancel_requested: item.cancel_requested,
            programs: item.programs,
        }
    }
}

/// What an order demands of whoever carries it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderRequirements)]
pub struct Demands {
    pub prime: bool,
    /// The program by which Amazon carries it or the buyer fetches it.
    pub amazon_ships: Option<String>,
    /// The buyer asked to cancel at least one line.
    pub buyer_cancel: bool,
    pub constraints: Vec<String>,
    #[schema(value_type = String, example = "street")]
    pub address: AddressKind,
}

impl From<Requirements> for Demands {
    fn from(requirements: Requirements) -> Self {
        Self {
            prime: requirements.prime,
            amazon_ships: requirements.amazon_ships.map(|program| program.to_string()),
            buyer_cancel: requirements.buyer_cancel,
            constraints: requirements
                .constraints
                .into_iter()
                .map(String::from)
                .collect(),
            address: requirements.address,
        }
    }
}

/// How an order came to its courier service, or why it has none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderDecision)]
pub struct HowChosen {
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

impl From<Decision> for HowChosen {
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

/// One thing that happened to an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderHistoryEntry)]
pub struct Happened {
    /// The revision it made.
    pub revision: u64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = String, example = "courier_picked")]
    pub kind: HistoryKind,
    pub note: String,
}

impl From<HistoryRecord> for Happened {
    fn from(HistoryRecord { revision, entry }: HistoryRecord) -> Self {
        Self {
            revision,
            at: entry.at,
            kind: entry.kind,
            note: entry.note,
        }
    }
}
