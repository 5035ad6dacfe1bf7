//! The shape of an explanation. Order ids are in it, buyer data never.

use super::super::amazon::Outcome;
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::listing::{HoldMode, Issues, ListingHold, ListingState, Look};
use stallkeeper::domain::marketplace::Marketplace;
use utoipa::ToSchema;

/// A listing, explained from the product to what Amazon shows. What is not known is `null`, which is never zero.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListingExplanation)]
pub(crate) struct Explanation {
    pub(super) connection: String,
    pub(super) sku: String,
    pub(super) state: ListingState,
    /// What the state means for this listing, and the remedy if there is one.
    pub(super) state_note: String,
    /// Where Amazon's reports list it.
    pub(super) marketplaces: Vec<Marketplace>,
    pub(super) product_type: Option<String>,
    pub(super) product: Product,
    /// Whether stock settings are in force; if not, what follows is computed with the draft.
    pub(super) settings_published: bool,
    /// What the quantity is counted in: the product itself, or a bundle's parts.
    pub(super) parts: Vec<PartStock>,
    /// From what can be delivered to what is offered.
    pub(super) policy: Vec<PolicyStep>,
    /// What is wanted, computed now.
    pub(super) computed: WantedValue<u32>,
    /// What is stored as wanted; this is sent.
    pub(super) wanted: Option<WantedValue<u32>>,
    /// What Amazon shows now, as far as it can be known without asking.
    pub(super) live: Option<LiveRange>,
    pub(super) sent: Option<SentValue<u32>>,
    pub(super) refused: Option<RefusedValue<u32>>,
    pub(super) observed: Option<Observed<u32>>,
    /// What Amazon reported last to be wrong with the listing: what it accepted may not be live all the same.
    pub(super) issues: Option<Issues>,
    /// A person holds it: nothing is sent of it, or zero alone.
    pub(super) hold: Option<ExplainedHold>,
    /// What the look found that goes before the first send, and before each one after a day.
    pub(super) look: Option<Look>,
    pub(super) next: NextStep,
    pub(super) prices: Vec<Price>,
    /// Ends of its offers, by marketplace, as far as any was wanted or sent.
    pub(super) ends: Vec<End>,
    /// What is known to have happened, the newest first.
    pub(super) history: Vec<Event>,
}

/// A person's word on the listing, stronger than everything that is computed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedHold {
    pub(super) mode: HoldMode,
    pub(super) reason: String,
    /// When it ends; `null`: once somebody releases it.
    pub(super) until: Option<Timestamp>,
    /// Who held it, as the token named them.
    pub(super) author: Option<String>,
    pub(super) since: Timestamp,
}

impl From<ListingHold> for ExplainedHold {
    fn from(hold: ListingHold) -> Self {
        Self {
            mode: hold.mode,
            reason: hold.reason,
            until: hold.until,
            author: hold.author,
            since: hold.since,
        }
    }
}

/// The product that a listing is tied to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedProduct)]
pub(crate) struct Product {
    pub(super) sku: String,
    /// Whether the merchant keeps it.
    pub(super) kept: bool,
    /// Whether the listing is tied to it; if not, it is the one that it would be tied to.
    pub(super) tied: bool,
    /// Tied by a person rather than by its spelling.
    pub(super) alias: bool,
    /// Units of it in one unit of the listing.
    pub(super) units: u32,
    pub(super) is_bundle: bool,
    pub(super) title: Option<String>,
}

/// A SKU that the quantity is counted in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedPart)]
pub(crate) struct PartStock {
    pub(super) sku: String,
    /// How many of it one unit of the product takes.
    pub(super) units: u32,
    pub(super) levels: Vec<WarehouseLevel>,
    /// Of the warehouses that count.
    pub(super) level: Option<u32>,
    pub(super) reserved: u32,
    /// How many units of the product it is enough for.
    pub(super) enough_for: Option<u32>,
    pub(super) measured_at: Option<Timestamp>,
    /// When an order was cancelled because there was none left, while a warehouse has not counted again since: until it does,
    /// its level counts as 0.
    pub(super) sold_out_at: Option<Timestamp>,
    pub(super) reservations: Vec<Held>,
    /// The last row of it that came by the queue and was refused.
    pub(super) rejected: Option<Rejected>,
}

/// The level in a warehouse.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLevel)]
pub(crate) struct WarehouseLevel {
    pub(super) warehouse: String,
    pub(super) quantity: u32,
    pub(super) measured_at: Timestamp,
    pub(super) received_at: Timestamp,
    /// Whether the settings count this warehouse.
    pub(super) counts: bool,
}

/// Units that an order line holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedReservation)]
pub(crate) struct Held {
    pub(super) connection: String,
    pub(super) order_id: String,
    pub(super) line: String,
    /// The listing that was bought.
    pub(super) sku: String,
    /// Units of this SKU that the order asks for now.
    pub(super) units: u32,
    /// How many of them are still reserved.
    pub(super) held: u32,
    pub(super) why: String,
    pub(super) ordered_at: Option<Timestamp>,
    pub(super) acknowledged_at: Option<Timestamp>,
    /// That gives the units, if the platform named it.
    pub(super) warehouse: Option<String>,
}

/// A row that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedRejection)]
pub(crate) struct Rejected {
    pub(super) reason: String,
    pub(super) at: String,
}

/// A step of the policy and the quantity after it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyStep {
    #[schema(example = "less the buffer")]
    pub(super) step: &'static str,
    pub(super) quantity: u32,
}

/// A value that is wanted, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WantedValue<T> {
    pub(super) value: Option<T>,
    pub(super) why: String,
    /// Rises with each change of what it is computed from; the greater wins.
    pub(super) generation: u64,
    pub(super) at: Timestamp,
    /// The latest measurement that it rests on.
    pub(super) level_at: Option<Timestamp>,
}

/// The quantity that Amazon shows, from at least to at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveRange {
    pub(super) lowest: u32,
    pub(super) highest: u32,
    pub(super) why: String,
}

/// How a value was sent.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SentWay {
    Patch,
    Feed,
}

/// A value that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentValue<T> {
    pub(super) value: T,
    pub(super) generation: u64,
    pub(super) at: Timestamp,
    pub(super) by: SentWay,
    /// Our id of the feed.
    pub(super) feed: Option<String>,
    pub(super) outcome: Outcome,
    /// What that means.
    pub(super) note: String,
    /// When Amazon had applied the feed.
    pub(super) applied_at: Option<Timestamp>,
}

/// A value that Amazon refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedValue<T> {
    pub(super) value: T,
    pub(super) at: Timestamp,
    /// Amazon's code.
    pub(super) code: String,
    /// Amazon's words.
    pub(super) message: String,
    /// What it means, in plain words.
    pub(super) meaning: &'static str,
    /// What a person can do.
    pub(super) remedy: &'static str,
    /// Whether the same value is sent again automatically.
    pub(super) tried_again: bool,
}

/// What Amazon's report showed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Observed<T> {
    pub(super) value: T,
    /// When Amazon made the report; its numbers may be three hours older.
    pub(super) at: Timestamp,
}

/// What is to be sent, or why nothing is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NextStep {
    /// The quantity that is to be sent; `null`: nothing.
    pub(super) send: Option<u32>,
    pub(super) why: String,
    /// It is sent at once, without waiting for a round.
    pub(super) urgent: bool,
    /// What it waits for, or what keeps it back.
    pub(super) waits_for: Vec<String>,
    /// When it was put on the list of what may have to be sent.
    pub(super) listed_since: Option<Timestamp>,
}

/// The price on one marketplace; amounts in its currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedPrice)]
pub(crate) struct Price {
    pub(super) marketplace: Marketplace,
    #[schema(example = "GBP")]
    pub(super) currency: &'static str,
    pub(super) mode: PriceMode,
    /// The price rule that decided, by its name or else its condition.
    pub(super) rule: Option<String>,
    /// The floor that the rules make for it.
    #[schema(example = "12.00")]
    pub(super) least: Option<String>,
    /// The ceiling that the rules make for it.
    pub(super) most: Option<String>,
    pub(super) wanted: Option<WantedValue<String>>,
    pub(super) sent: Option<SentValue<String>>,
    pub(super) refused: Option<RefusedValue<String>>,
    pub(super) observed: Option<Observed<String>>,
    /// What is to be sent, or why nothing is.
    pub(super) next: String,
    /// It moves by more than the brake allows and waits for a person: POST …/prices/release.
    pub(super) held: bool,
}

/// The end of the listing's offer on one marketplace: the product is not sold there, and the quantity stays as it is. `true`:
/// ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedEnd)]
pub(crate) struct End {
    pub(super) marketplace: Marketplace,
    /// Whether it is wanted to be ended.
    pub(super) wanted: bool,
    pub(super) sent: Option<SentValue<bool>>,
    pub(super) refused: Option<RefusedValue<bool>>,
    pub(super) observed: Option<Observed<bool>>,
    /// A person opened it at Amazon after it was ended here.
    pub(super) reopened: bool,
    /// What is to be sent, or why nothing is.
    pub(super) next: String,
}

/// Something that happened.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = ExplainedEvent)]
pub(crate) struct Event {
    pub(super) at: Timestamp,
    pub(super) what: String,
}
