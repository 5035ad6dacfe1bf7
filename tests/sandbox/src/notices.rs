//! Owns what Amazon tells applications unasked: destinations, subscriptions, and the notices that wait to
//! be delivered. What happened is said by whoever changed it ([`Raised`]); it becomes a notice when somebody
//! looks at the world next. It never speaks HTTP.
//!
//! From the pages "Notification Type Values", "Set up notifications using the Amazon SQS workflow" and
//! "Subscribe to the `ORDER_CHANGE` Notification".

mod api;
mod delivery;
mod mishaps;
mod shape;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use api::{
    create_destination, delete_destination, delete_subscription, destination, destinations,
    subscribe, subscription, subscription_by_id,
};
pub(crate) use delivery::deliver;
pub(crate) use mishaps::NoticeMishaps;

use crate::{grants, world::Seller};
use mishaps::NoticeMishap;

/// What notices are about; a subscription is to one of these.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum NoticeType {
    OrderChange,
    FeedProcessingFinished,
    AccountStatusChanged,
    ListingsItemStatusChange,
    ListingsItemMfnQuantityChange,
}

impl NoticeType {
    /// The page names an EventBridge workflow for these, and for the others one of SQS.
    fn by_event_bridge(self) -> bool {
        matches!(
            self,
            Self::ListingsItemStatusChange | Self::ListingsItemMfnQuantityChange
        )
    }

    fn payload_version(self) -> &'static str {
        match self {
            Self::FeedProcessingFinished => "2020-09-04",
            Self::AccountStatusChanged => "2021-01-01",
            _ => "1.0",
        }
    }
}

/// Something that happened to a seller and may be told.
#[derive(Clone, Debug)]
pub(crate) enum Raised {
    /// An order is new or was changed; what of it is found out by comparing.
    Order(String),
    /// `resultFeedDocumentId` is part of it, if there is one.
    Feed {
        id: String,
        feed_type: String,
        status: Value,
        result: Option<String>,
    },
    Account {
        marketplace: String,
        was: String,
        is: String,
    },
    /// Its status by marketplace: `BUYABLE`, `DISCOVERABLE`, `DELETED`.
    Listing {
        marketplace: String,
        sku: String,
        asin: String,
        status: Vec<&'static str>,
    },
}

/// What was last said, or not, of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NotedOrder {
    status: Value,
    /// Lines that the buyer wants cancelled.
    requested: Vec<Value>,
}

pub(crate) struct Destination {
    id: String,
    application: String,
    name: String,
    /// As Amazon shows it: `sqs` or `eventBridge`.
    resource: Value,
}

pub(crate) struct Subscription {
    id: String,
    application: String,
    seller: String,
    notice_type: NoticeType,
    destination: String,
    directive: Value,
}

/// One notice as it was made, for tests to see.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    at: Timestamp,
    notice_type: NoticeType,
    pub(crate) seller: String,
    /// Where it goes; none: to an EventBridge bus that is not played.
    queue: Option<String>,
    mishap: Option<NoticeMishap>,
    /// How often it was put into the queue.
    deliveries: u32,
    error: Option<String>,
    notification: Value,
}

/// A notice on its way.
struct Outgoing {
    told: usize,
    due: Instant,
    tries: u32,
}

#[derive(Default)]
pub(crate) struct Notices {
    destinations: Vec<Destination>,
    subscriptions: Vec<Subscription>,
    outbox: Vec<Outgoing>,
    pub(crate) told: Vec<Told>,
    pub(crate) mishaps: NoticeMishaps,
    /// Where SQS listens, for example `http://127.0.0.1:4566`; none: nothing is delivered.
    pub(crate) sqs_endpoint: Option<String>,
    /// The ARN of a queue that gets what goes to EventBridge, as a rule of the seller's would have it.
    pub(crate) event_bridge_queue: Option<String>,
}

impl Notices {
    /// Makes notices of what happened to a seller, for all who subscribed to it.
    pub(crate) fn collect(&mut self, id: &str, seller: &mut Seller, now: Timestamp) {
        for raised in std::mem::take(&mut seller.raised) {
            match raised {
                Raised::Order(order) => self.order(id, seller, &order, now),
                Raised::Feed { .. } => {
                    let payload = shape::feed(id, &raised);
                    self.tell(id, NoticeType::FeedProcessingFinished, &payload, now);
                }
                Raised::Account { .. } => {
                    let payload = shape::account(id, &raised);
                    self.tell(id, NoticeType::AccountStatusChanged, &payload, now);
                }
                Raised::Listing { .. } => {
                    let payload = shape::listing(id, &raised);
                    self.tell(id, NoticeType::ListingsItemStatusChange, &payload, now);
                }
            }
        }
    }

    fn order(&mut self, id: &str, seller: &mut Seller, order_id: &str, now: Timestamp) {
        let Some(order) = seller.orders.get(order_id) else {
            return;
        };
        let is = NotedOrder {
            status: order["fulfillment"]["fulfillmentStatus"].clone(),
            requested: shape::requested(order),
        };
        let was = seller.noted.insert(order_id.to_owned(), is.clone());
        let was = was.unwrap_or_default();
        if was.status != is.status {
            let payload = shape::order(id, order, shape::OrderChange::Status, now);
            self.tell(id, NoticeType::OrderChange, &payload, now);
        }
        // That a request was taken back is in no list of changes.
        if is
            .requested
            .iter()
            .any(|line| !was.requested.contains(line))
        {
            let payload = shape::order(id, order, shape::OrderChange::BuyerRequested, now);
            self.tell(id, NoticeType::OrderChange, &payload, now);
        }
    }

    fn tell(&mut self, seller: &str, notice_type: NoticeType, payload: &Value, now: Timestamp) {
        let wanting = self.subscriptions.iter().filter(|one| {
            one.seller == seller && one.notice_type == notice_type && one.wants(payload)
        });
        let mut made = Vec::new();
        for subscription in wanting {
            let of = |one: &&Destination| one.id == subscription.destination;
            let Some(destination) = self.destinations.iter().find(of) else {
                continue;
            };
            let notification = shape::envelope(subscription, payload, now);
            made.push(match destination.resource.pointer("/sqs/arn") {
                Some(arn) => (arn.as_str().map(str::to_owned), notification),
                None => (
                    self.event_bridge_queue.clone(),
                    shape::on_event_bridge(&destination.resource, &notification, now),
                ),
            });
        }
        for (queue, notification) in made {
            let mishap = self.mishaps.strike(notice_type, seller);
            let told = self.told.len();
            self.told.push(Told {
                at: now,
                notice_type,
                seller: seller.to_owned(),
                queue,
                mishap: mishap.map(|(mishap, _)| mishap),
                deliveries: 0,
                error: None,
                notification,
            });
            let (times, wait) = match mishap {
                Some((NoticeMishap::Never, _)) => (0, 0),
                Some((NoticeMishap::Doubled, wait)) => (2, wait),
                Some((NoticeMishap::Late, wait)) => (1, wait),
                None => (1, 0),
            };
            for copy in 0..times {
                // The second copy of a doubled one comes after the wait.
                let late = copy == 1 || times == 1;
                let wait = if late { wait } else { 0 };
                self.outbox.push(Outgoing {
                    told,
                    due: Instant::now() + Duration::from_millis(wait),
                    tries: 0,
                });
            }
        }
    }

    pub(crate) fn has_subscribers(&self) -> bool {
        !self.subscriptions.is_empty() || !self.outbox.is_empty()
    }
}

impl Subscription {
    fn wants(&self, payload: &Value) -> bool {
        let types = &self.directive["eventFilter"]["orderChangeTypes"];
        let change = &payload["OrderChangeNotification"]["OrderChangeType"];
        types
            .as_array()
            .is_none_or(|types| types.is_empty() || types.contains(change))
    }

    /// As Amazon shows it.
    fn shown(&self) -> Value {
        let mut shown = json!({
            "subscriptionId": self.id,
            "payloadVersion": self.notice_type.payload_version(),
            "destinationId": self.destination,
        });
        if !self.directive.is_null() {
            shown["processingDirective"] = self.directive.clone();
        }
        shown
    }
}

/// An id in the form of Amazon's.
fn id() -> String {
    let id = grants::secret();
    format!(
        "{}-{}-{}-{}-{}",
        &id[..8],
        &id[8..12],
        &id[12..16],
        &id[16..20],
        &id[20..]
    )
}

/// By order id, what was noted of each of a seller's orders.
pub(crate) type NotedOrders = BTreeMap<String, NotedOrder>;
