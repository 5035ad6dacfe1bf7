//! `replay`: sends dead letters back to the queue they came from, or shows why they lie there.
//!
//! Receive, send, delete: it works on AWS and on the local cloud alike, and what ends halfway
//! leaves a message twice, never none; the functions bear twice. It never shows a body, since
//! bodies hold buyer data.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as System};
use comfy_table::{Table, presets};
use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;

use crate::child::Guarded;
use crate::cli::ReplayArgs;
use crate::console::Console;
use crate::invoke::logical;
use crate::workspace::Workspace;
use crate::{setup, up};

/// Long enough for a batch to be sent on or listed.
const HELD_SECONDS: i32 = 60;
const BATCH: i32 = 10;
/// Written by the functions on what they give up at once.
const CLASS: &str = "class";
const REASON: &str = "reason";

/// The two ends of a replay.
struct Ends {
    sqs: Client,
    dead_letters: String,
    /// None where what lies there came from no queue.
    source: Option<String>,
}

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

async fn find(workspace: &Workspace, console: &Console, arguments: &ReplayArgs) -> Result<Ends> {
    if arguments.queue.starts_with("http") {
        return by_address(workspace, &arguments.queue).await;
    }
    let (aws, outputs) = match &arguments.stack {
        Some(stack) => (
            from_environment().await,
            stack_outputs(workspace, console, stack).await?,
        ),
        None => {
            let addresses = up::join(workspace).await?;
            (addresses.aws().await, addresses.outputs)
        }
    };
    let name = logical(&arguments.queue);
    let url = |kind: &str| outputs.get(&format!("{name}{kind}Url")).cloned();
    let dead_letters = url("DeadLetterQueue").with_context(|| {
        format!(
            "the stack has no dead-letter queue of `{}`; it has {}",
            arguments.queue,
            queues(&outputs)
        )
    })?;
    Ok(Ends {
        sqs: Client::new(&aws),
        dead_letters,
        source: url("Queue"),
    })
}

/// The queues that a stack's outputs name, as this command wants them spelt.
fn queues(outputs: &BTreeMap<String, String>) -> String {
    let names = outputs
        .keys()
        .filter_map(|name| name.strip_suffix("DeadLetterQueueUrl"));
    let kebab = |name: &str| {
        let dashed = name.chars().map(|c| {
            if c.is_uppercase() {
                format!("-{}", c.to_lowercase())
            } else {
                c.into()
            }
        });
        dashed
            .collect::<String>()
            .trim_start_matches('-')
            .to_owned()
    };
    names.map(kebab).collect::<Vec<_>>().join(", ")
}

async fn by_address(workspace: &Workspace, url: &str) -> Result<Ends> {
    let aws = match up::join(workspace).await {
        Ok(addresses) if url.starts_with(&addresses.endpoint) => addresses.aws().await,
        _ => from_environment().await,
    };
    let sqs = Client::new(&aws);
    let sources = sqs
        .list_dead_letter_source_queues()
        .queue_url(url)
        .send()
        .await;
    let sources = sources.with_context(|| format!("cannot ask which queue {url} serves"))?;
    Ok(Ends {
        sqs,
        dead_letters: url.to_owned(),
        source: sources.queue_urls().first().cloned(),
    })
}

/// AWS as the developer's own environment points to it.
async fn from_environment() -> SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

async fn stack_outputs(
    workspace: &Workspace,
    console: &Console,
    stack: &str,
) -> Result<BTreeMap<String, String>> {
    setup::prepare_python(workspace, console).await?;
    let mut python = Guarded::new(workspace.python())?
        .args([
            workspace.tool("deploy.py").as_os_str(),
            "--outputs".as_ref(),
            stack.as_ref(),
        ])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut answer = String::new();
    python.take_stdout()?.read_to_string(&mut answer).await?;
    if !python.wait().await?.success() {
        bail!("The outputs of stack {stack} could not be read.");
    }
    Ok(serde_json::from_str(&answer)?)
}

async fn replay(ends: &Ends, console: &Console) -> Result<()> {
    let Some(source) = &ends.source else {
        bail!(
            "What lies in {} came from no queue, so it cannot go back to one; --peek shows it.",
            ends.dead_letters
        );
    };
    let (started, step) = (
        Timestamp::now().as_millisecond(),
        console.step("Sending dead letters back"),
    );
    let mut count = 0_u64;
    loop {
        let batch = receive(ends).await?;
        if batch.is_empty() {
            break;
        }
        for message in batch {
            // A message sent since then is one of ours that failed again: going on would never end.
            if sent_at(&message).is_some_and(|sent| sent > started) {
                release(ends, &message).await?;
                continue;
            }
            send_back(ends, source, message).await?;
            count += 1;
            step.detail(&format!("{count} so far"));
        }
    }
    step.done();
    println!("{count} sent back to {source}");
    Ok(())
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

type Attributes = std::collections::HashMap<String, MessageAttributeValue>;

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

/// What may be shown of a message: who it is and why it lies here, never what it holds.
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

    #[test]
    fn queues_are_named_as_the_command_line_wants_them() {
        let outputs = [
            "OrderTicksDeadLetterQueueUrl",
            "OrdersDeadLetterQueueUrl",
            "OrdersQueueUrl",
        ];
        let outputs = outputs.map(|name| (name.to_owned(), String::new())).into();
        assert_eq!(queues(&outputs), "order-ticks, orders");
    }
}
