//! Events as Lambda hands them over.

use aws_lambda_events::sqs::SqsEvent;
use serde_json::{Value, json};
use stallkeeper::lambda::stream::StreamEvent;

/// A batch of messages with these bodies, each called by its place.
pub fn sqs_event(bodies: &[Value]) -> SqsEvent {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(place, body)| {
            json!({
                "messageId": place.to_string(), "receiptHandle": "r", "body": body.to_string(),
                "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "c1"},
                "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:queue",
                "awsRegion": "eu-west-1",
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// A batch of a table's stream.
pub fn stream_event(records: Vec<Value>) -> StreamEvent {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// A record of a table's stream; `None` for an image that does not exist.
pub fn stream_record(sequence: u32, old: Option<&Value>, new: Option<&Value>) -> Value {
    let either = new.or(old).unwrap();
    let keys = json!({"pk": either["pk"], "sk": either["sk"]});
    let name = match (old, new) {
        (None, _) => "INSERT",
        (Some(_), Some(_)) => "MODIFY",
        (Some(_), None) => "REMOVE",
    };
    let table = table_of(&keys);
    let mut images = json!({
        "ApproximateCreationDateTime": 1_790_000_401.0,
        "Keys": keys,
        "SequenceNumber": format!("{sequence:021}"),
        "SizeBytes": 1024,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    for (name, image) in [("OldImage", old), ("NewImage", new)] {
        if let Some(image) = image {
            images[name] = image.clone();
        }
    }
    json!({
        "eventID": format!("{sequence:032x}"),
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": images,
        "eventSourceARN": format!("arn:aws:dynamodb:eu-west-1:000000000000:table/stalls-{table}/stream/2026-09-21T00:00:00.000"),
    })
}

fn table_of(keys: &Value) -> &'static str {
    let starts = |name: &str, prefixes: &[&str]| {
        let key = keys[name]["S"].as_str().unwrap();
        prefixes.iter().any(|prefix| key.starts_with(prefix))
    };
    if starts("sk", &["ORDER", "HISTORY#", "DISPATCH#", "CANCELLATION#"]) {
        "orders"
    } else if starts("pk", &["SKU#", "LISTING#", "FEED#"]) {
        "catalogue"
    } else {
        "connections"
    }
}
