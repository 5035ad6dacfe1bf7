//! Where a replay takes messages from and where it brings them: on AWS or on the local cloud.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::Client;
use tokio::io::AsyncReadExt as _;

use crate::child::Guarded;
use crate::cli::ReplayArgs;
use crate::console::Console;
use crate::invoke::logical;
use crate::workspace::Workspace;
use crate::{setup, up};

/// The two ends of a replay.
pub(super) struct Ends {
    pub(super) sqs: Client,
    pub(super) dead_letters: String,
    /// None if the messages there came from no queue.
    pub(super) source: Option<String>,
}

pub(super) async fn find(
    workspace: &Workspace,
    console: &Console,
    arguments: &ReplayArgs,
) -> Result<Ends> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
