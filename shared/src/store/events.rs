//! The events of the last 14 days, by tenant, for platforms that cannot listen to the bus. One item a change of a table, with
//! all events of that change.
//!
//! A reader goes on after a place and must miss nothing, although streams are read in parallel and tried again. So events are
//! shown only once they are [`SETTLED`] old, and a change that is written late takes the moment of its writing for its place:
//! nothing is ever put before a place that was shown. That holds as long as a put ends in time, so one that takes [`LONGEST`]
//! is given up. A change that is written again at once keeps its place; one that is written again later may be there twice,
//! with events of the same ids.

mod all_tenants;

pub(super) use all_tenants::MarkedHour;

use super::Store;
use super::item::{Item, deflated, failure, inflated, n, s, text};
use super::key::{self, Key};
use crate::domain::ids::TenantId;
use crate::error::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long events are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Events that are younger are not shown yet.
pub const SETTLED: SignedDuration = SignedDuration::from_secs(20);
/// What is older as it is written takes the moment of its writing for its place.
const LATE: SignedDuration = SignedDuration::from_secs(5);
/// How long a put may take, with its retries: less than [`SETTLED`] without [`LATE`], or it could land before a place that a
/// reader has passed.
const LONGEST: Duration = Duration::from_secs(10);
const KEEP: &str = "keep events";

/// An event as it goes onto the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptEvent {
    /// The bus's `detail-type`, for instance `order.imported`.
    #[serde(rename = "type")]
    #[schema(example = "order.imported")]
    pub kind: String,
    /// When the table changed.
    pub time: Option<Timestamp>,
    /// The bus's `detail`, as `events/schemas/` describes it by type; its `id` is the same each time the event is sent.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}

/// All events of one change of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsOfChange {
    pub tenant: TenantId,
    /// When the table changed.
    pub at: Option<Timestamp>,
    /// The first event's.
    pub id: String,
    pub events: Vec<KeptEvent>,
}

/// A place in a list of events: the moment of a change, and what follows it in its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventPlace(String);

/// Why a text is no such place. Says the rule, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a moment first")]
pub struct InvalidPlace;

impl TryFrom<String> for EventPlace {
    type Error = InvalidPlace;

    fn try_from(text: String) -> Result<Self, InvalidPlace> {
        let moment = text.get(..key::MOMENT_LENGTH).ok_or(InvalidPlace)?;
        let parsed: Timestamp = moment.parse().map_err(|_| InvalidPlace)?;
        if key::sortable(parsed) == moment {
            Ok(Self(text))
        } else {
            Err(InvalidPlace)
        }
    }
}

impl From<EventPlace> for String {
    fn from(place: EventPlace) -> Self {
        place.0
    }
}

impl EventPlace {
    /// The last place before a moment.
    fn before(moment: &str) -> Option<Self> {
        let moment: Timestamp = moment.parse().ok()?;
        let before = moment - SignedDuration::from_millis(1);
        Some(Self(key::sortable(before)))
    }
}

/// Some events, and where they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    pub events: Vec<KeptEvent>,
    /// Where to go on; `None`: where the page began.
    pub place: Option<EventPlace>,
    pub is_last: bool,
}

impl Default for EventPage {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            place: None,
            is_last: true,
        }
    }
}

impl EventPage {
    fn of(changes: Vec<KeptChange>, is_last: bool) -> Result<Self> {
        let place = changes.last().map(|change| change.place.clone());
        let mut events: Vec<KeptEvent> = Vec::new();
        for change in changes {
            events.extend(inflated::<Vec<KeptEvent>>(&change.item, "body")?);
        }
        Ok(Self {
            events,
            place,
            is_last,
        })
    }
}

/// The item of a change, and its place.
struct KeptChange {
    place: EventPlace,
    item: Item,
}

/// Some changes of a tenant.
struct ChangePage {
    changes: Vec<KeptChange>,
    is_last: bool,
}

/// From where to where a reader reads now: both are keys. The range is empty if the first is not less.
fn range(after: Option<&EventPlace>, now: Timestamp) -> (String, String) {
    let settled = now.saturating_sub(SETTLED).unwrap_or(Timestamp::MIN);
    let oldest = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let oldest = key::sortable(oldest);
    // A place is longer than its moment, and `~` sorts after all that may follow it.
    let from = match after {
        Some(EventPlace(after)) if *after > oldest => format!("{after}~"),
        _ => oldest,
    };
    (from, key::sortable(settled))
}

impl Store {
    /// Keeps the events of a change; `now` is just before it is called. Safe to repeat: at once, it is the same item.
    ///
    /// # Errors
    /// Also retryable if the table takes too long.
    pub async fn keep_events(&self, change: &EventsOfChange, now: Timestamp) -> Result<()> {
        let late = now.saturating_sub(LATE).unwrap_or(Timestamp::MIN);
        let place = change.at.filter(|at| *at > late).unwrap_or(now);
        let expires = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        let mut fields = Key::events(&change.tenant, place, &change.id).into_map();
        fields.insert("body".into(), deflated(&change.events)?);
        fields.insert("expires_at".into(), n(expires.as_second()));
        let put = self.put_fields(KEEP, &self.tables.events, fields);
        // Side by side, so that both land in time.
        let mark = self.mark_hour(&change.tenant, place, now);
        let both = async { futures::try_join!(put, mark) };
        match tokio::time::timeout(LONGEST, both).await {
            Ok(done) => done.map(|((), ())| ()),
            Err(late) => Err(Error::retryable(KEEP, late)),
        }
    }

    /// A tenant's events after a place, oldest first: those of at most `changes` changes.
    pub async fn events_after(
        &self,
        tenant: &TenantId,
        after: Option<&EventPlace>,
        changes: usize,
        now: Timestamp,
    ) -> Result<EventPage> {
        let (from, until) = range(after, now);
        if from >= until {
            return Ok(EventPage::default());
        }
        let page = self.changes_between(tenant, &from, &until, changes);
        let ChangePage { changes, is_last } = page.await?;
        EventPage::of(changes, is_last)
    }

    /// The first `limit` changes of a tenant in a range of keys, read strongly.
    async fn changes_between(
        &self,
        tenant: &TenantId,
        from: &str,
        until: &str,
        limit: usize,
    ) -> Result<ChangePage> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.events)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
            .expression_attribute_values(":pk", s(key::events_pk(tenant)))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":until", s(until))
            .send()
            .await
            .map_err(|error| failure("read events", error))?;
        let is_last = answer.last_evaluated_key().is_none();
        let items = answer.items.unwrap_or_default().into_iter();
        let change = |item: Item| {
            let place = text(&item, "sk").and_then(|sk| EventPlace::try_from(sk).ok());
            let place = place.ok_or_else(|| Error::permanent("read events", "a key is none"))?;
            Ok(KeptChange { place, item })
        };
        Ok(ChangePage {
            changes: items.map(change).collect::<Result<_>>()?,
            is_last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use crate::store::Tables;
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
    use aws_sdk_dynamodb::config::{
        BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig,
    };

    /// A table that takes what is sent and never answers.
    async fn silent() -> Store {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                open.push(connection);
            }
        });
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(tables::plain_http())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .endpoint_url(url);
        Store::new(
            aws_sdk_dynamodb::Client::from_conf(config.build()),
            Tables {
                connections: "connections".into(),
                orders: "orders".into(),
                buyers: "buyers".into(),
                catalogue: "catalogue".into(),
                events: "events".into(),
            },
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_given_up_before_a_reader_may_have_passed_its_place() {
        let change = EventsOfChange {
            tenant: "north".parse().unwrap(),
            at: None,
            id: "a".into(),
            events: Vec::new(),
        };
        let store = silent().await;
        let kept = store.keep_events(&change, Timestamp::now());
        let settled = SETTLED.saturating_sub(LATE).unsigned_abs();
        let kept = tokio::time::timeout(settled, kept).await;
        let error = kept.expect("it ends in time").unwrap_err();
        assert_eq!(error.class(), Class::Retryable);
    }
}
