//! `invoke`: runs one deployed function of the running local cloud with an event.

use anyhow::{Context as _, Result, bail};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::cli::InvokeArgs;
use crate::up;
use crate::workspace::Workspace;

pub(crate) async fn run(workspace: &Workspace, arguments: &InvokeArgs) -> Result<()> {
    let addresses = up::join(workspace).await?;
    let path = arguments
        .event
        .clone()
        .unwrap_or_else(|| workspace.sample_event(&arguments.function));
    let event = std::fs::read(&path)
        .with_context(|| format!("cannot read the event {}", path.display()))?;
    serde_json::from_slice::<Value>(&event)
        .with_context(|| format!("{} is not JSON", path.display()))?;
    let output = format!("{}FunctionName", logical(&arguments.function));
    let name = addresses.outputs.get(&output).with_context(|| {
        format!(
            "there is no function `{}`; its folder under functions/ is its name",
            arguments.function
        )
    })?;
    let answer = aws_sdk_lambda::Client::new(&addresses.aws().await)
        .invoke()
        .function_name(name)
        .log_type(LogType::Tail)
        .payload(Blob::new(event))
        .send()
        .await
        .with_context(|| format!("cannot invoke {name}"))?;
    if let Some(log) = answer
        .log_result()
        .and_then(|log| STANDARD.decode(log).ok())
    {
        eprintln!("{}\n", String::from_utf8_lossy(&log).trim_end());
    }
    println!(
        "{}",
        pretty(answer.payload().map(AsRef::as_ref).unwrap_or_default())
    );
    if let Some(error) = answer.function_error() {
        bail!("The function failed ({error}); its log is above.");
    }
    Ok(())
}

/// `poll-orders` → `PollOrders`, as the template's logical ids are spelt.
pub(crate) fn logical(kebab: &str) -> String {
    let words = kebab.split('-').filter_map(|word| word.split_at_checked(1));
    words
        .map(|(first, rest)| first.to_uppercase() + rest)
        .collect()
}

fn pretty(answer: &[u8]) -> String {
    serde_json::from_slice::<Value>(answer)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| String::from_utf8_lossy(answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_lead_to_logical_ids() {
        assert_eq!(logical("poll-orders"), "PollOrders");
        assert_eq!(logical("orders"), "Orders");
        assert_eq!(logical("order-ticks"), "OrderTicks");
    }
}
