//! The bus: puts events, all or nothing. Knows neither their meaning nor why they are sent.

use crate::event::{Event, SOURCE};
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::DateTime;
use stallkeeper::error::{Class, Error, Result};
use std::collections::BTreeSet;

/// What EventBridge takes in one request. Ten of our events are far below its 256 KB.
const AT_ONCE: usize = 10;

/// The event bus of the deployment.
#[derive(Debug, Clone)]
pub struct Bus {
    events: aws_sdk_eventbridge::Client,
    name: String,
}

impl Bus {
    pub fn new(events: aws_sdk_eventbridge::Client, name: String) -> Self {
        Self { events, name }
    }

    /// Puts events in their order.
    ///
    /// # Errors
    /// Retryable if the bus did not take each of them: what it took is sent again with the rest, which the events'
    /// ids make harmless.
    pub async fn put(&self, events: &[Event]) -> Result<()> {
        for some in events.chunks(AT_ONCE) {
            let entries = some
                .iter()
                .map(|event| self.entry(event))
                .collect::<Result<_>>()?;
            let answer = self
                .events
                .put_events()
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(failure)?;
            if answer.failed_entry_count() > 0 {
                let codes: BTreeSet<&str> = answer
                    .entries()
                    .iter()
                    .filter_map(|entry| entry.error_code())
                    .collect();
                let refused = format!(
                    "{} of {} refused: {codes:?}",
                    answer.failed_entry_count(),
                    some.len()
                );
                return Err(Error::retryable("put events onto the bus", refused));
            }
        }
        Ok(())
    }

    fn entry(&self, event: &Event) -> Result<PutEventsRequestEntry> {
        let detail = serde_json::to_string(&event.detail)
            .map_err(|error| Error::permanent("encode an event", error))?;
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.kind())
            .set_time(event.at.map(|at| DateTime::from_secs(at.as_second())))
            .detail(detail)
            .build())
    }
}

fn failure<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let class = match error.code() {
        Some("ThrottlingException") => Class::Throttled { retry_after: None },
        Some("AccessDeniedException" | "ResourceNotFoundException" | "ValidationException") => {
            Class::Permanent
        }
        _ => Class::Retryable,
    };
    Error::new(class, "put events onto the bus", error)
}
