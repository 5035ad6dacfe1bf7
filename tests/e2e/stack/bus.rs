//! A consumer of the event bus, as a platform has one: a rule, a queue of its own, and the events' ids to drop repeats by.

use super::{Stack, unique};
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct Listener {
    sqs: aws_sdk_sqs::Client,
    events: aws_sdk_eventbridge::Client,
    name: String,
    url: String,
    /// Every event as it came first, by its id.
    pub heard: BTreeMap<String, Value>,
}

impl Listener {
    /// Hears from now on what is said of a tenant; of all tenants without one.
    pub async fn start(tenant: Option<&str>) -> Self {
        let aws = Stack::running().aws().await;
        let sqs = aws_sdk_sqs::Client::new(&aws);
        let events = aws_sdk_eventbridge::Client::new(&aws);
        let name = format!("listener-{}", unique());
        let queue = sqs.create_queue().queue_name(&name).send().await.unwrap();
        let url = queue.queue_url().unwrap().to_owned();
        let mut pattern = json!({"source": ["stallkeeper"]});
        if let Some(tenant) = tenant {
            pattern["detail"] = json!({"tenant": [tenant]});
        }
        let bus = Stack::running().output("EventBusName");
        let rule = events.put_rule().name(&name).event_bus_name(bus);
        let rule = rule.event_pattern(pattern.to_string());
        rule.send().await.unwrap();
        let target = Target::builder().id(&name).arn(arn(&sqs, &url).await);
        let targets = events.put_targets().rule(&name).event_bus_name(bus);
        let targets = targets.targets(target.build().unwrap());
        targets.send().await.unwrap();
        Self {
            sqs,
            events,
            name,
            url,
            heard: BTreeMap::new(),
        }
    }

    /// Takes in what came since. The same id must always tell the same, and each event must be what its schema describes.
    pub async fn listen(&mut self) {
        loop {
            let receive = self.sqs.receive_message().queue_url(&self.url);
            let answer = receive.max_number_of_messages(10).send().await.unwrap();
            if answer.messages().is_empty() {
                return;
            }
            for message in answer.messages() {
                let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
                kit::is_described(&event);
                let id = event["detail"]["id"].as_str().unwrap().to_owned();
                let before = self.heard.entry(id).or_insert_with(|| event.clone());
                assert_eq!(before["detail"], event["detail"]);
                assert_eq!(before["detail-type"], event["detail-type"]);
                let delete = self.sqs.delete_message().queue_url(&self.url);
                let delete = delete.receipt_handle(message.receipt_handle().unwrap());
                delete.send().await.unwrap();
            }
        }
    }

    /// The details of all events of a type so far.
    pub fn of_type(&self, kind: &str) -> Vec<&Value> {
        let events = self.heard.values();
        events
            .filter(|event| event["detail-type"] == kind)
            .map(|event| &event["detail"])
            .collect()
    }

    /// Takes away what would outlive the test.
    pub async fn stop(self) {
        let bus = Stack::running().output("EventBusName");
        let targets = self
            .events
            .remove_targets()
            .rule(&self.name)
            .ids(&self.name);
        targets.event_bus_name(bus).send().await.unwrap();
        let rule = self.events.delete_rule().name(&self.name);
        rule.event_bus_name(bus).send().await.unwrap();
        let queue = self.sqs.delete_queue().queue_url(&self.url);
        queue.send().await.unwrap();
    }
}

async fn arn(sqs: &aws_sdk_sqs::Client, url: &str) -> String {
    let name = QueueAttributeName::QueueArn;
    let attributes = sqs.get_queue_attributes().queue_url(url);
    let answer = attributes.attribute_names(name.clone()).send().await;
    answer.unwrap().attributes().unwrap()[&name].clone()
}
