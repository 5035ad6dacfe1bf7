//! `replay`: sends dead letters back to the queue they came from, or shows why they are there.
//!
//! Receive, send, delete: it works on AWS and on the local cloud alike, and what ends halfway
//! leaves a message twice, never none; the functions bear twice. It never shows a body, since
//! bodies hold buyer data.

mod ends;

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as System, QueueAttributeName,
};
use comfy_table::{Table, presets};
use jiff::Timestamp;

use crate::cli::ReplayArgs;
use crate::console::Console;
use crate::workspace::Workspace;
use ends::{Ends, find};

/// Long enough for a batch to be sent on or listed.
const HELD_SECONDS: i32 = 60;
const BATCH: i32 = 10;
/// Written by the functions on what they give up at once.
const CLASS: &str = "class";
const REASON: &str = "reason";

pub(crate) async fn run(
    workspace: &Workspace,
    console: &Console,
    arguments: &ReplayArgs,
) -> Result<()> {
    let ends = find(workspace, console, arguments).await?;
    if arguments.peek {
        peek(&ends).await
    } else {
        replay(&ends, console).await
    }
}

async fn replay(ends: &Ends, console: &Console) -> Result<()> {
    let Some(source) = &ends.source else {
        bail!(
            "The messages in {} came from no queue, so it cannot go back to one; --peek shows it.",
            ends.dead_letters
        );
    };
    let step = console.step("Sending dead letters back");
    // No more than are there now: what fails again at once would make this endless.
    let (total, mut count) = (waiting(ends).await?, 0);
    while count < total {
        let batch = receive(ends).await?;
        if batch.is_empty() {
            break;
        }
        for message in batch {
            send_back(ends, source, message).await?;
            count += 1;
            step.detail(&format!("{count} of {total}"));
        }
    }
    step.done();
    println!("{count} sent back to {source}");
    Ok(())
}

/// How many messages are there; on AWS approximately.
async fn waiting(ends: &Ends) -> Result<u64> {
    let name = QueueAttributeName::ApproximateNumberOfMessages;
    let request = ends
        .sqs
        .get_queue_attributes()
        .queue_url(&ends.dead_letters);
    let answer = request.attribute_names(name.clone()).send().await;
    let answer = answer.with_context(|| format!("cannot read {}", ends.dead_letters))?;
    let count = answer.attributes.as_ref().and_then(|all| all.get(&name));
    count
        .context("the queue does not say how much it holds")?
        .parse()
        .context("the queue's count is no number")
}

async fn receive(ends: &Ends) -> Result<Vec<Message>> {
    let request = ends
        .sqs
        .receive_message()
        .queue_url(&ends.dead_letters)
        .max_number_of_messages(BATCH);
    let request = request
        .visibility_timeout(HELD_SECONDS)
        .wait_time_seconds(1);
    let answer = request
        .message_attribute_names("All")
        .message_system_attribute_names(System::All)
        .send()
        .await;
    Ok(answer
        .with_context(|| format!("cannot read {}", ends.dead_letters))?
        .messages
        .unwrap_or_default())
}

async fn send_back(ends: &Ends, source: &str, message: Message) -> Result<()> {
    let group = system(&message, &System::MessageGroupId).map(str::to_owned);
    let receipt = message
        .receipt_handle
        .context("a message came without its receipt")?;
    ends.sqs
        .send_message()
        .queue_url(source)
        .set_message_body(message.body)
        .set_message_attributes(message.message_attributes.map(without_verdict))
        .set_message_group_id(group)
        .send()
        .await
        .with_context(|| format!("cannot send to {source}; the message stays where it was"))?;
    ends.sqs
        .delete_message()
        .queue_url(&ends.dead_letters)
        .receipt_handle(receipt)
        .send()
        .await?;
    Ok(())
}

/// Class and reason belong to the failure, which the replay is to end.
fn without_verdict(mut attributes: Attributes) -> Attributes {
    attributes.retain(|name, _| name != CLASS && name != REASON);
    attributes
}

type Attributes = HashMap<String, MessageAttributeValue>;

async fn release(ends: &Ends, message: &Message) -> Result<()> {
    let request = ends
        .sqs
        .change_message_visibility()
        .queue_url(&ends.dead_letters)
        .visibility_timeout(0);
    request
        .set_receipt_handle(message.receipt_handle.clone())
        .send()
        .await?;
    Ok(())
}

async fn peek(ends: &Ends) -> Result<()> {
    let mut seen = Vec::new();
    loop {
        let batch = receive(ends).await?;
        if batch.is_empty() {
            break;
        }
        seen.extend(batch);
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["MESSAGE", "SENT", "CLASS", "REASON"]);
    for message in &seen {
        table.add_row(line(message));
        release(ends, message).await?;
    }
    println!("{table}\n{} in {}", seen.len(), ends.dead_letters);
    Ok(())
}

/// What may be shown of a message: its id and why it is here, never its contents.
fn line(message: &Message) -> [String; 4] {
    let attribute = |name| {
        let held = message
            .message_attributes
            .as_ref()
            .and_then(|all| all.get(name));
        held.and_then(MessageAttributeValue::string_value)
    };
    let sent = sent_at(message).and_then(|sent| Timestamp::from_millisecond(sent).ok());
    [
        message.message_id.clone().unwrap_or_default(),
        sent.map(|sent| sent.to_string()).unwrap_or_default(),
        attribute(CLASS).unwrap_or("retryable").to_owned(),
        attribute(REASON)
            .unwrap_or("delivered as often as the queue allows; the function's log says more")
            .to_owned(),
    ]
}

fn system<'a>(message: &'a Message, name: &System) -> Option<&'a str> {
    message.attributes.as_ref()?.get(name).map(String::as_str)
}

/// When it was sent, in milliseconds since 1970; a redrive to a dead-letter queue keeps it.
fn sent_at(message: &Message) -> Option<i64> {
    system(message, &System::SentTimestamp)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(value: &str) -> MessageAttributeValue {
        MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .unwrap()
    }

    #[test]
    fn a_peek_shows_class_and_reason_and_never_the_body() {
        let message = Message::builder()
            .message_id("m-1")
            .body("Fictional Buyer, 1 Nowhere Lane")
            .attributes(System::SentTimestamp, "0")
            .message_attributes(CLASS, attribute("permanent"))
            .message_attributes(REASON, attribute("failed to decode the message"))
            .build();
        let shown = line(&message);
        assert_eq!(
            shown,
            [
                "m-1",
                "1970-01-01T00:00:00Z",
                "permanent",
                "failed to decode the message"
            ]
        );
    }

    #[test]
    fn a_replayed_message_keeps_its_attributes_but_for_the_verdict() {
        let all = [("trace", "x"), (CLASS, "permanent"), (REASON, "y")];
        let kept = without_verdict(
            all.map(|(name, value)| (name.to_owned(), attribute(value)))
                .into(),
        );
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["trace"]);
    }
}
