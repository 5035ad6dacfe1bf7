//! The sample events of `events/`, on the deployed functions.

use crate::stack::bus::Listener;
use crate::stack::tenant::Tenant;
use crate::stack::{STAFF, Stack, until};
use aws_sdk_lambda::primitives::Blob;
use kit::{bus_event, event_types, is_described};
use serde_json::Value;
use std::collections::BTreeSet;

/// The sample of a function, by its folder.
pub(super) fn sample(folder: &str) -> String {
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let path = format!("{events}/{folder}.json");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// As the stack's outputs name a function: `sync-stock` is `SyncStock`.
fn name_of(folder: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    folder.split('-').map(capital).collect()
}

pub(super) async fn invoke(function: &str, event: &str) -> Value {
    let stack = Stack::running();
    let lambda = aws_sdk_lambda::Client::new(&stack.aws().await);
    let invoke = lambda
        .invoke()
        .function_name(stack.output(&format!("{function}FunctionName")))
        .payload(Blob::new(event));
    let answer = invoke.send().await.unwrap();
    let payload = answer.payload().map(AsRef::as_ref).unwrap_or_default();
    let text = String::from_utf8_lossy(payload);
    assert_eq!(answer.function_error(), None, "{function}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The folders of all functions.
fn functions() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn every_sample_event_is_understood_by_its_function() {
    for function in functions() {
        let answer = invoke(&name_of(&function), &sample(&function)).await;
        let status = answer["statusCode"].as_u64().unwrap_or(200);
        assert_eq!(status, 200, "{function}: {answer}");
        let failures = answer["batchItemFailures"].as_array();
        assert!(failures.is_none_or(Vec::is_empty), "{function}: {answer}");
    }
}

#[test]
fn every_function_has_a_sample() {
    let functions = functions();
    assert!(functions.len() > 10, "{functions:?}");
    for function in functions {
        let _: Value = serde_json::from_str(&sample(&function)).unwrap();
    }
}

#[tokio::test]
async fn a_change_that_is_told_again_has_the_same_id() {
    let mut bus = Listener::start(Some("demo")).await;
    let (function, event) = ("AnnounceChanges", &sample("announce-changes"));
    let announced = invoke(function, event).await["events"].as_u64().unwrap();
    let announced = usize::try_from(announced).unwrap();
    assert!(announced > 0);
    for _ in 0..2 {
        until("the events of the sample", async || {
            bus.listen().await;
            (bus.heard.len() >= announced).then_some(())
        })
        .await;
        assert_eq!(bus.heard.len(), announced);
        invoke(function, event).await;
    }
    bus.stop().await;
}

#[tokio::test]
async fn every_event_there_is_can_be_read_afterwards_and_is_what_its_schema_describes() {
    invoke("AnnounceChanges", &sample("announce-changes")).await;
    let demo = Tenant::called("demo", STAFF).await;
    let (mut after, mut kinds) = (String::new(), BTreeSet::new());
    until("every type of event", async || {
        let page = demo.get(&format!("/events?limit=100{after}")).await.is(200);
        for event in page["events"].as_array().unwrap() {
            let kind = event["type"].as_str().unwrap();
            is_described(&bus_event(kind, &event["time"], &event["detail"]));
            kinds.insert(kind.to_owned());
        }
        if let Some(next) = page["next"].as_str() {
            after = format!("&after={next}");
        }
        event_types().all(|kind| kinds.contains(kind)).then_some(())
    })
    .await;
}
