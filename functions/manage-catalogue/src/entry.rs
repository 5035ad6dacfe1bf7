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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::SET_COOKIE;
    use axum::routing::get;
    use lambda_runtime::Context;
    use serde_json::{Value, json};
    use stallkeeper::api::{Caller, with_caller};
    use stallkeeper::error::Error;

    /// A request with a token, as the API hands it on.
    const REQUEST: &str = include_str!("../../../events/desk-orders.json");
    /// A batch of two messages.
    const BATCH: &str = r#"{"Records": [
        {"messageId": "m-1", "eventSource": "aws:sqs", "body": "{}", "attributes": {}},
        {"messageId": "m-2", "eventSource": "aws:sqs", "body": "{}", "attributes": {}}]}"#;

    /// What Lambda is told of a payload; whatever comes as messages is told back as failed.
    async fn told(payload: &str) -> Result<Value> {
        let event: Event = serde_json::from_str(payload).unwrap();
        let greet = |caller: Caller| async move {
            let tenant = caller.tenant.to_string();
            ([(SET_COOKIE, "a=1")], tenant)
        };
        let routes = with_caller(Router::new().route("/orders", get(greet)), "tenant".into());
        let fail_all = |batch: SqsEvent| async move {
            let mut response = SqsBatchResponse::default();
            for record in batch.records {
                let mut failure = aws_lambda_events::sqs::BatchItemFailure::default();
                failure.item_identifier = record.message_id.unwrap_or_default();
                response.batch_item_failures.push(failure);
            }
            Ok(response)
        };
        let event = LambdaEvent::new(event, Context::default());
        let answer = answer(event, routes, fail_all).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    #[tokio::test]
    async fn a_request_reaches_its_route_with_its_caller_and_is_answered_as_the_api_expects() {
        let told = told(REQUEST).await.unwrap();
        assert_eq!(told["statusCode"], 200);
        assert_eq!(told["body"], "demo");
        assert_eq!(told["cookies"], json!(["a=1"]));
        assert_eq!(told["isBase64Encoded"], false);
    }

    #[tokio::test]
    async fn a_batch_reaches_the_work_and_is_answered_message_by_message() {
        let told = told(BATCH).await.unwrap();
        let failed =
            json!({"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}]});
        assert_eq!(told, failed);
    }

    #[tokio::test]
    async fn a_batch_that_fails_as_a_whole_fails_the_invocation() {
        let event: Event = serde_json::from_str(BATCH).unwrap();
        let event = LambdaEvent::new(event, Context::default());
        let fail = |_| async { Err(Error::retryable("work", "the tables are away")) };
        assert!(answer(event, Router::new(), fail).await.is_err());
    }

    #[tokio::test]
    async fn a_request_whose_body_speaks_of_records_is_a_request() {
        let mut request: Value = serde_json::from_str(REQUEST).unwrap();
        request["body"] = json!(BATCH);
        let told = told(&request.to_string()).await.unwrap();
        assert_eq!(told["statusCode"], 200);
    }

    #[test]
    fn records_of_anything_but_a_queue_are_refused() {
        let stream = BATCH.replace("aws:sqs", "aws:dynamodb");
        assert!(serde_json::from_str::<Event>(&stream).is_err());
        let unmarked = r#"{"Records": [{"body": "{}"}]}"#;
        assert!(serde_json::from_str::<Event>(unmarked).is_err());
    }

    #[test]
    fn what_is_neither_is_refused() {
        for payload in ["{}", "[]", "1", r#"{"Records": 1}"#] {
            assert!(serde_json::from_str::<Event>(payload).is_err(), "{payload}");
        }
    }
}
