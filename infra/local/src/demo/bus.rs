//! A consumer of the event bus, as a platform would have one: a rule, a queue, and a reader that drops repeats by the
//! events' ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use aws_sdk_eventbridge::types::Target;
use serde_json::Value;

use crate::addresses::Addresses;

/// What has come over the bus so far.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>);

impl Heard {
    /// Distinct events by type.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let heard = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        heard
            .iter()
            .map(|(kind, ids)| (kind.clone(), ids.len()))
            .collect()
    }

    fn hear(&self, body: &str) {
        let Ok(event) = serde_json::from_str::<Value>(body) else {
            return;
        };
        let (Some(kind), Some(id)) = (
            event["detail-type"].as_str(),
            event["detail"]["id"].as_str(),
        ) else {
            return;
        };
        let mut heard = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        heard
            .entry(kind.to_owned())
            .or_default()
            .insert(id.to_owned());
    }
}

/// Hears everything that Stallkeeper says on its bus from now on.
pub(crate) async fn listen(addresses: &Addresses) -> Result<Heard> {
    let aws = addresses.aws().await;
    let (sqs, events) = (
        aws_sdk_sqs::Client::new(&aws),
        aws_sdk_eventbridge::Client::new(&aws),
    );
    let queue = sqs
        .create_queue()
        .queue_name("demo-listener")
        .send()
        .await?;
    let url = queue
        .queue_url()
        .context("a queue without address")?
        .to_owned();
    let attributes = sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names("QueueArn".into())
        .send()
        .await?;
    let arn = attributes
        .attributes()
        .and_then(|all| all.get(&"QueueArn".into()))
        .context("a queue without ARN")?;
    let bus = addresses.output("EventBusName")?;
    events
        .put_rule()
        .name("demo-listener")
        .event_bus_name(bus)
        .event_pattern(r#"{"source":["stallkeeper"]}"#)
        .send()
        .await?;
    let target = Target::builder().id("demo-listener").arn(arn).build()?;
    events
        .put_targets()
        .rule("demo-listener")
        .event_bus_name(bus)
        .targets(target)
        .send()
        .await?;

    let heard = Heard::default();
    let listener = heard.clone();
    tokio::spawn(async move {
        loop {
            let Ok(answer) = sqs
                .receive_message()
                .queue_url(&url)
                .max_number_of_messages(10)
                .wait_time_seconds(1)
                .send()
                .await
            else {
                return;
            };
            for message in answer.messages() {
                listener.hear(message.body().unwrap_or_default());
                let receipt = message.receipt_handle().unwrap_or_default();
                let _ = sqs
                    .delete_message()
                    .queue_url(&url)
                    .receipt_handle(receipt)
                    .send()
                    .await;
            }
        }
    });
    Ok(heard)
}
