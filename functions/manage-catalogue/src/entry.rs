//! The two ways into one function: a request of the HTTP API, and a batch of queue messages. Owns how they are told
//! apart by the payload; never looks into either.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service as _};
use lambda_runtime::LambdaEvent;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use stallkeeper::error::Result;

/// What the function was woken with.
pub enum Event {
    Request(Box<LambdaRequest>),
    Messages(SqsEvent),
}

/// Enough of a payload to know it by: only queues send records, and only SQS's are ours.
#[derive(Deserialize)]
struct Mark {
    #[serde(rename = "Records")]
    records: Option<Vec<RecordMark>>,
}

#[derive(Deserialize)]
struct RecordMark {
    #[serde(rename = "eventSource")]
    event_source: Option<String>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // Raw, since the two readers take different things from the same text, and one of them reads it raw itself.
        let payload = Box::<RawValue>::deserialize(deserializer)?;
        let mark: Mark = serde_json::from_str(payload.get()).map_err(D::Error::custom)?;
        let Some(records) = mark.records else {
            let request = serde_json::from_str(payload.get()).map_err(D::Error::custom)?;
            return Ok(Self::Request(Box::new(request)));
        };
        if records
            .iter()
            .any(|record| record.event_source.as_deref() != Some("aws:sqs"))
        {
            return Err(D::Error::custom("records that are not of a queue"));
        }
        serde_json::from_str(payload.get())
            .map(Self::Messages)
            .map_err(D::Error::custom)
    }
}

/// What Lambda is told: the API gets its response, the queue which messages are to come again.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer<R> {
    Response(R),
    Batch(SqsBatchResponse),
}

/// Hands the event to the routes or to `work`, whichever it is for.
///
/// # Errors
/// Those of `work`; a request is always answered.
pub async fn answer<F>(
    event: LambdaEvent<Event>,
    router: Router,
    work: impl FnOnce(SqsEvent) -> F,
) -> Result<Answer<impl Serialize>>
where
    F: Future<Output = Result<SqsBatchResponse>>,
{
    let LambdaEvent { payload, context } = event;
    match payload {
        Event::Messages(batch) => work(batch).await.map(Answer::Batch),
        Event::Request(request) => {
            let mut routes = Adapter::from(router);
            let response = routes.call(LambdaEvent::new(*request, context)).await;
            Ok(Answer::Response(
                response.unwrap_or_else(|never| match never {}),
            ))
        }
    }
}
