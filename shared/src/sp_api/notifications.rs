//! Notifications API v1: where Amazon sends notices, and which. A destination belongs to the app and a region, and is
//! made without a seller's authorisation; a subscription belongs to a seller. Reading a notice is the work of
//! [`super::notice`].

use super::check::refusal;
use super::limits::Operation;
use super::{Account, Answer, SpApi};
use crate::domain::notice::NoticeKind;
use crate::error::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a destination is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeTarget {
    /// A queue, by its ARN.
    Queue(String),
    /// The event source that an AWS account gets in a region.
    EventSource { account: String, region: String },
}

impl NoticeTarget {
    fn shown(&self) -> Value {
        match self {
            Self::Queue(arn) => json!({ "sqs": { "arn": arn } }),
            Self::EventSource { account, region } => {
                json!({ "eventBridge": { "accountId": account, "region": region } })
            }
        }
    }

    fn read(resource: &Value) -> Option<Self> {
        let text = |path: &str| resource.pointer(path)?.as_str().map(str::to_owned);
        let queue = text("/sqs/arn").map(Self::Queue);
        queue.or_else(|| {
            Some(Self::EventSource {
                account: text("/eventBridge/accountId")?,
                region: text("/eventBridge/region")?,
            })
        })
    }
}

/// A place that Amazon sends notices to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Amazon's.
    pub id: String,
    /// Absent if it is nothing that we know.
    pub target: Option<NoticeTarget>,
}

/// A seller's subscription to one kind of notices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Amazon's.
    #[serde(rename = "subscriptionId")]
    pub id: String,
    #[serde(rename = "destinationId")]
    pub destination: String,
}

impl SpApi {
    /// Makes a queue or an event source a destination of the app in the account's region; its id. Grantless: in the app's
    /// name.
    ///
    /// Amazon page: *Notifications API v1 Reference*, `createDestination`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails; permanent if it refuses, with status 409 in its [`super::refusal`] if
    /// it is one already.
    pub async fn create_destination(
        &self,
        account: &Account<'_>,
        name: &str,
        target: &NoticeTarget,
    ) -> Result<Answer<String>> {
        let body = json!({ "name": name, "resourceSpecification": target.shown() });
        let operation = Operation::CreateDestination;
        let made: Answer<Payload<WireDestination>> =
            self.post(account, operation, &DESTINATIONS, &body).await?;
        Ok(made.map(|made| made.payload.destination_id))
    }

    /// All destinations of the app in the account's region. Grantless; reads only.
    ///
    /// # Errors
    /// As [`Self::create_destination`].
    pub async fn destinations(&self, account: &Account<'_>) -> Result<Answer<Vec<Destination>>> {
        let operation = Operation::GetDestinations;
        let found: Answer<Payload<Vec<WireDestination>>> =
            self.get(account, operation, &DESTINATIONS, &[]).await?;
        Ok(found.map(|found| found.payload.into_iter().map(Into::into).collect()))
    }

    /// Deletes a destination of the app. Grantless. `false`: Amazon has none with this id.
    ///
    /// # Errors
    /// As [`Self::create_destination`].
    pub async fn delete_destination(
        &self,
        account: &Account<'_>,
        destination: &str,
    ) -> Result<Answer<bool>> {
        let [base, version, destinations] = DESTINATIONS;
        let path = [base, version, destinations, destination];
        let gone = self.delete(account, Operation::DeleteDestination, &path);
        or_absent(gone.await, false, |()| true)
    }

    /// Subscribes the seller to a kind of notices; the subscription.
    ///
    /// Amazon page: *Notifications API v1 Reference*, `createSubscription`. Of changes of orders only those of the
    /// status and those that a buyer asks for are wanted; a delivery's tip changes nothing here.
    ///
    /// # Errors
    /// As [`Self::create_destination`]; authorisation revoked; status 409 if the seller is subscribed already.
    pub async fn create_subscription(
        &self,
        account: &Account<'_>,
        kind: NoticeKind,
        destination: &str,
    ) -> Result<Answer<Subscription>> {
        let mut body = json!({
            "payloadVersion": kind.payload_version(),
            "destinationId": destination,
        });
        if kind == NoticeKind::OrderChange {
            body["processingDirective"] = json!({ "eventFilter": {
                "eventFilterType": kind.as_str(),
                "orderChangeTypes": ["OrderStatusChange", "BuyerRequestedChange"],
            } });
        }
        let operation = Operation::CreateSubscription;
        let made: Answer<Payload<Subscription>> =
            self.post(account, operation, &of_kind(kind), &body).await?;
        Ok(made.map(|made| made.payload))
    }

    /// The seller's subscription to a kind of notices, through this app. Reads only.
    ///
    /// # Errors
    /// As [`Self::create_subscription`]; to have none is no error.
    pub async fn subscription(
        &self,
        account: &Account<'_>,
        kind: NoticeKind,
    ) -> Result<Answer<Option<Subscription>>> {
        let query = [("payloadVersion", kind.payload_version().to_owned())];
        let operation = Operation::GetSubscription;
        let found: Result<Answer<Payload<Subscription>>> =
            self.get(account, operation, &of_kind(kind), &query).await;
        or_absent(found, None, |found| Some(found.payload))
    }

    /// Ends a subscription. Grantless: also after the seller withdrew the authorisation. `false`: Amazon has none.
    ///
    /// # Errors
    /// As [`Self::create_destination`].
    pub async fn delete_subscription(
        &self,
        account: &Account<'_>,
        kind: NoticeKind,
        subscription: &str,
    ) -> Result<Answer<bool>> {
        let [base, version, subscriptions, kind] = of_kind(kind);
        let path = [base, version, subscriptions, kind, subscription];
        let gone = self.delete(account, Operation::DeleteSubscriptionById, &path);
        or_absent(gone.await, false, |()| true)
    }
}

/// An answer, or what it means that Amazon has no such thing.
fn or_absent<T, U>(
    answer: Result<Answer<T>>,
    absent: U,
    found: impl FnOnce(T) -> U,
) -> Result<Answer<U>> {
    let error: Error = match answer {
        Ok(answer) => return Ok(answer.map(found)),
        Err(error) => error,
    };
    match refusal(&error) {
        Some(refusal) if refusal.status == 404 => Ok(Answer {
            value: absent,
            rate_limit: None,
            server_time: refusal.server_time,
        }),
        _ => Err(error),
    }
}

const DESTINATIONS: [&str; 3] = ["notifications", "v1", "destinations"];

fn of_kind(kind: NoticeKind) -> [&'static str; 4] {
    ["notifications", "v1", "subscriptions", kind.as_str()]
}

#[derive(Deserialize)]
struct Payload<T> {
    payload: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDestination {
    destination_id: String,
    #[serde(default)]
    resource: Value,
}

impl From<WireDestination> for Destination {
    fn from(wire: WireDestination) -> Self {
        Self {
            target: NoticeTarget::read(&wire.resource),
            id: wire.destination_id,
        }
    }
}
