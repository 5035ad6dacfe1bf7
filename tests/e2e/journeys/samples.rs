//! The sample events of `events/`, on the deployed functions.

use crate::stack::bus::Listener;
use crate::stack::{Stack, until};
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;
use std::collections::BTreeSet;

/// Function as in the stack's outputs, and its sample.
const SAMPLES: [(&str, &str); 13] = [
    (
        "AnnounceChanges",
        include_str!("../../../events/announce-changes.json"),
    ),
    (
        "ConnectAccount",
        include_str!("../../../events/connect-account.json"),
    ),
    (
        "ConfigureSelling",
        include_str!("../../../events/configure-selling.json"),
    ),
    (
        "ConfigureShipping",
        include_str!("../../../events/configure-shipping.json"),
    ),
    (
        "DeskOrders",
        include_str!("../../../events/desk-orders.json"),
    ),
    (
        "PollOrders",
        include_str!("../../../events/poll-orders.json"),
    ),
    (
        "RemapCarriers",
        include_str!("../../../events/remap-carriers.json"),
    ),
    (
        "ManageCatalogue",
        include_str!("../../../events/manage-catalogue.json"),
    ),
    (
        "ComputeListings",
        include_str!("../../../events/compute-listings.json"),
    ),
    (
        "MatchListings",
        include_str!("../../../events/match-listings.json"),
    ),
    (
        "SettleFeeds",
        include_str!("../../../events/settle-feeds.json"),
    ),
    (
        "ReserveStock",
        include_str!("../../../events/reserve-stock.json"),
    ),
    ("SyncStock", include_str!("../../../events/sync-stock.json")),
];

async fn invoke(function: &str, event: &str) -> Value {
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

#[tokio::test]
async fn every_sample_event_is_understood_by_its_function() {
    for (function, event) in SAMPLES {
        let answer = invoke(function, event).await;
        let status = answer["statusCode"].as_u64().unwrap_or(200);
        assert_eq!(status, 200, "{function}: {answer}");
        let failures = answer["batchItemFailures"].as_array();
        assert!(failures.is_none_or(Vec::is_empty), "{function}: {answer}");
    }
}

#[test]
fn every_function_has_a_sample() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");
    let functions = std::fs::read_dir(folder).unwrap();
    let functions =
        functions.filter(|entry| entry.as_ref().unwrap().path().join("Cargo.toml").exists());
    let samples: BTreeSet<_> = SAMPLES.iter().map(|(function, _)| function).collect();
    assert_eq!(functions.count(), samples.len());
}

#[tokio::test]
async fn a_change_that_is_told_again_has_the_same_id() {
    let mut bus = Listener::start(Some("demo")).await;
    let (function, event) = SAMPLES[0];
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
