//! What only an operator of the account sees: the raw tables, schedules, logs and dead letters.

use super::{Stack, until};
use crate::inflate;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::{BTreeMap, HashMap};

type Item = HashMap<String, AttributeValue>;

/// Every item of a table as text, by its key; what is deflated is inflated.
pub async fn items(table: &str) -> BTreeMap<(String, String), String> {
    let stack = Stack::running();
    let db = aws_sdk_dynamodb::Client::new(&stack.aws().await);
    let scan = db
        .scan()
        .table_name(stack.output(&format!("{table}Name")))
        .consistent_read(true);
    let mut pages = scan.into_paginator().items().send();
    let mut items = BTreeMap::new();
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        let part = |name: &str| item[name].as_s().unwrap().clone();
        items.insert((part("pk"), part("sk")), text(&item));
    }
    items
}

/// The items that name one of these, be it in the key or elsewhere; not how fast a tenant calls.
pub async fn items_about(table: &str, names: &[&str]) -> BTreeMap<(String, String), String> {
    let mut items = items(table).await;
    items.retain(|(pk, _), _| !pk.starts_with("LIMIT#TENANT#"));
    items.retain(|(pk, sk), text| {
        let holds = |name: &&str| pk.contains(name) || sk.contains(name) || text.contains(name);
        names.iter().any(holds)
    });
    items
}

/// Moves what happened to a feed so many hours into the past.
pub async fn age_feed(feed: &str, hours: i64) {
    let stack = Stack::running();
    let db = aws_sdk_dynamodb::Client::new(&stack.aws().await);
    let items = items_about("CatalogueTable", &[feed]).await;
    let is_it = |(pk, sk): &&(String, String)| pk.starts_with("FEED#") && sk == feed;
    let (pk, sk) = items.keys().find(is_it).unwrap();
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let update = db
        .update_item()
        .table_name(stack.output("CatalogueTableName"))
        .key("pk", text(pk))
        .key("sk", text(sk))
        .update_expression("SET created_at = :then, submitted_at = :then REMOVE next_check_at")
        .expression_attribute_values(":then", text(&then.to_string()));
    update.send().await.unwrap();
}

fn text(item: &Item) -> String {
    let mut fields: Vec<String> = item
        .iter()
        .map(|(name, value)| format!("{name}: {}", text_of(value)))
        .collect();
    fields.sort();
    fields.join("\n")
}

fn text_of(value: &AttributeValue) -> String {
    match value {
        AttributeValue::B(bytes) => {
            let lossy = || String::from_utf8_lossy(bytes.as_ref()).into_owned();
            inflate::text(bytes.as_ref()).unwrap_or_else(lossy)
        }
        AttributeValue::M(fields) => text(fields),
        AttributeValue::L(values) => values.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        other => format!("{other:?}"),
    }
}

/// Whether the clock ticks for a connection.
pub async fn has_schedule(connection: &str) -> bool {
    let stack = Stack::running();
    let scheduler = aws_sdk_scheduler::Client::new(&stack.aws().await);
    let schedule = scheduler
        .get_schedule()
        .name(format!("orders-{connection}"));
    let schedule = schedule.group_name(stack.output("ScheduleGroupName"));
    match schedule.send().await {
        Ok(_) => true,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_resource_not_found_exception()) =>
        {
            false
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// All that each function ever printed, by its name. The local cloud copies every line to a file, also those that a
/// function prints between two invocations, which is more than its log groups hold.
pub async fn logs() -> BTreeMap<String, String> {
    let stack = Stack::running();
    let mut logs = BTreeMap::new();
    for (_, function) in stack.outputs_that_end("FunctionName") {
        let file = stack.logs.join("functions").join(format!("{function}.log"));
        let text = tokio::fs::read(&file).await.unwrap_or_default();
        logs.insert(
            function.to_owned(),
            String::from_utf8_lossy(&text).into_owned(),
        );
    }
    logs
}

/// A message in a dead-letter queue: its body, and the attributes that an operator is shown.
pub struct DeadLetter {
    pub body: String,
    pub attributes: BTreeMap<String, String>,
}

/// What is in all dead-letter queues and nobody else reads at the moment; it stays there.
pub async fn dead_letters() -> Vec<DeadLetter> {
    let stack = Stack::running();
    let sqs = aws_sdk_sqs::Client::new(&stack.aws().await);
    let mut letters = Vec::new();
    for (_, url) in stack.outputs_that_end("DeadLetterQueueUrl") {
        loop {
            // Long enough to see each once, short enough to see all again at the next look.
            let receive = sqs.receive_message().queue_url(url).visibility_timeout(2);
            let receive = receive.message_attribute_names("All");
            let answer = receive.max_number_of_messages(10).send().await.unwrap();
            if answer.messages().is_empty() {
                break;
            }
            letters.extend(answer.messages().iter().map(dead_letter));
        }
    }
    letters
}

fn dead_letter(message: &aws_sdk_sqs::types::Message) -> DeadLetter {
    let attributes = message.message_attributes().into_iter().flatten();
    let attributes = attributes
        .filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned())));
    DeadLetter {
        body: message.body().unwrap_or_default().to_owned(),
        attributes: attributes.collect(),
    }
}

/// Waits until every tick that was sent is worked on, of whichever connection.
pub async fn ticks_are_worked_off() {
    until("no tick left", async || {
        is_worked_off("OrderTicksQueueUrl").await.then_some(())
    })
    .await;
}

/// Whether a queue is empty, with nothing in flight; messages that are to be seen later do not count.
pub async fn is_worked_off(queue: &str) -> bool {
    let stack = Stack::running();
    let sqs = aws_sdk_sqs::Client::new(&stack.aws().await);
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let attributes = sqs.get_queue_attributes().queue_url(stack.output(queue));
    let answer = attributes
        .set_attribute_names(Some(names.to_vec()))
        .send()
        .await;
    let answer = answer.unwrap();
    let attributes = answer.attributes().unwrap();
    names
        .iter()
        .all(|name| attributes.get(name).is_none_or(|count| count == "0"))
}
