//! The queues of one world, and what Lambda's own poller does with them: receive a batch, hand it to the function,
//! delete what the function does not report. It never looks into a message.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName,
};
use serde_json::{Map, Value, json};
use stallkeeper::Result;
use std::collections::HashMap;

/// As in the template.
const MAX_RECEIVE_COUNT: u32 = 8;

/// A queue that wakes a function, and where what cannot be done goes.
pub struct Lane {
    sqs: aws_sdk_sqs::Client,
    pub url: String,
    pub arn: String,
    pub dead_letter_url: String,
}

/// What came of handing a queue's messages to a function.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Messages that the function got.
    pub messages: usize,
    /// Those that it reported as failed; they wait in the queue, to be seen at once.
    pub failed: usize,
}

impl Delivered {
    /// So many messages, and none of them failed.
    pub const fn all_of(messages: usize) -> Self {
        Self {
            messages,
            failed: 0,
        }
    }
}

/// What is in a dead-letter queue.
#[derive(Debug)]
pub struct DeadLetter {
    pub body: String,
    pub attributes: HashMap<String, String>,
}

impl Lane {
    pub async fn create(sqs: &aws_sdk_sqs::Client, name: &str) -> Self {
        let dead_letter_url = create(sqs, &format!("{name}-dead-letters"), None).await;
        let redrive = json!({
            "deadLetterTargetArn": arn(sqs, &dead_letter_url).await,
            "maxReceiveCount": MAX_RECEIVE_COUNT,
        });
        let url = create(sqs, name, Some(redrive)).await;
        Self {
            arn: arn(sqs, &url).await,
            sqs: sqs.clone(),
            url,
            dead_letter_url,
        }
    }

    pub async fn delete(&self) {
        for url in [&self.url, &self.dead_letter_url] {
            self.sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
    }

    /// Queues a text as it is.
    pub async fn send(&self, body: &str) {
        let send = self.sqs.send_message().queue_url(&self.url);
        send.message_body(body).send().await.unwrap();
    }

    /// A batch as Lambda would hand it over; `None` where nothing can be seen in the queue.
    pub async fn receive(&self, most: i32) -> Option<SqsEvent> {
        let messages = receive(&self.sqs, &self.url, most).await;
        let records: Vec<Value> = messages
            .iter()
            .map(|message| record(message, &self.arn))
            .collect();
        (!records.is_empty())
            .then(|| serde_json::from_value(json!({ "Records": records })).unwrap())
    }

    /// Deletes what was done. What the function reported comes again: its back-off is over at once.
    pub async fn settle(&self, event: &SqsEvent, response: &SqsBatchResponse) -> Delivered {
        let failed: Vec<&str> = response
            .batch_item_failures
            .iter()
            .map(|item| item.item_identifier.as_str())
            .collect();
        let (again, done): (Vec<_>, Vec<_>) = event
            .records
            .iter()
            .partition(|record| failed.contains(&record.message_id.as_deref().unwrap()));
        self.show(again).await;
        self.delete_messages(done).await;
        Delivered {
            messages: event.records.len(),
            failed: failed.len(),
        }
    }

    /// Time passes: what a function got that was killed can be seen again.
    pub async fn come_again(&self, event: &SqsEvent) {
        self.show(event.records.iter().collect()).await;
    }

    /// Hands over batch by batch until nothing is left, or a batch holds failures.
    pub async fn deliver(
        &self,
        batch: i32,
        function: impl AsyncFn(SqsEvent) -> Result<SqsBatchResponse>,
    ) -> Delivered {
        let mut all = Delivered::default();
        while let Some(event) = self.receive(batch).await {
            let response = function(event.clone()).await.unwrap();
            let delivered = self.settle(&event, &response).await;
            all.messages += delivered.messages;
            all.failed += delivered.failed;
            if delivered.failed > 0 {
                break;
            }
        }
        all
    }

    /// All that can be seen in the queue; it stays there.
    pub async fn peek(&self) -> Vec<SqsMessage> {
        let mut all = Vec::new();
        while let Some(event) = self.receive(10).await {
            all.extend(event.records);
        }
        self.show(all.iter().collect()).await;
        all
    }

    /// How many messages wait to be seen, delayed ones.
    pub async fn delayed(&self) -> usize {
        let name = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
        let asked = self.sqs.get_queue_attributes().queue_url(&self.url);
        let answer = asked.attribute_names(name.clone()).send().await.unwrap();
        answer.attributes.unwrap()[&name].parse().unwrap()
    }

    /// What is in the dead-letter queue; it stays there.
    pub async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut letters = Vec::new();
        loop {
            let messages = receive(&self.sqs, &self.dead_letter_url, 10).await;
            if messages.is_empty() {
                return letters;
            }
            letters.extend(messages.into_iter().map(DeadLetter::from));
        }
    }

    /// Lets messages be seen again at once.
    async fn show(&self, records: Vec<&SqsMessage>) {
        for ten in records.chunks(10) {
            let entry = |(id, record): (usize, &&SqsMessage)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(record.receipt_handle.as_deref().unwrap())
                    .visibility_timeout(0)
                    .build()
                    .unwrap()
            };
            let change = self.sqs.change_message_visibility_batch();
            let change = change.queue_url(&self.url);
            let entries = ten.iter().enumerate().map(entry).collect();
            let answer = change.set_entries(Some(entries)).send().await.unwrap();
            assert!(answer.failed.is_empty());
        }
    }

    async fn delete_messages(&self, records: Vec<&SqsMessage>) {
        for ten in records.chunks(10) {
            let entry = |(id, record): (usize, &&SqsMessage)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(record.receipt_handle.as_deref().unwrap())
                    .build()
                    .unwrap()
            };
            let delete = self.sqs.delete_message_batch().queue_url(&self.url);
            let entries = ten.iter().enumerate().map(entry).collect();
            let answer = delete.set_entries(Some(entries)).send().await.unwrap();
            assert!(answer.failed.is_empty());
        }
    }
}

impl From<Message> for DeadLetter {
    fn from(message: Message) -> Self {
        let attributes = message.message_attributes.unwrap_or_default();
        Self {
            body: message.body.unwrap_or_default(),
            attributes: attributes
                .into_iter()
                .map(|(name, value)| (name, value.string_value.unwrap_or_default()))
                .collect(),
        }
    }
}

async fn create(sqs: &aws_sdk_sqs::Client, name: &str, redrive: Option<Value>) -> String {
    let mut create = sqs
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::VisibilityTimeout, "360");
    if let Some(redrive) = redrive {
        create = create.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
    }
    create.send().await.unwrap().queue_url.unwrap()
}

async fn arn(sqs: &aws_sdk_sqs::Client, url: &str) -> String {
    let name = QueueAttributeName::QueueArn;
    let asked = sqs.get_queue_attributes().queue_url(url);
    let answer = asked.attribute_names(name.clone()).send().await.unwrap();
    answer.attributes.unwrap()[&name].clone()
}

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str, most: i32) -> Vec<Message> {
    let answer = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(most)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    answer.messages.unwrap_or_default()
}

/// One record of the event, in the shape that Lambda documents.
fn record(message: &Message, arn: &str) -> Value {
    let attributes: Map<String, Value> = message
        .attributes()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
        .collect();
    let message_attributes: Map<String, Value> = message
        .message_attributes()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value =
                json!({ "stringValue": value.string_value(), "dataType": value.data_type() });
            (name.clone(), value)
        })
        .collect();
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
        "messageAttributes": message_attributes,
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
    })
}
