//! Tries the deployed API with requests that are generated from its own description, allowed ones
//! and others: an answer that the description does not have is a failure.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::addresses::{Addresses, TENANT_SCOPES};
use crate::child::Guarded;
use crate::workspace::Workspace;

const TENANT: &str = "api-checks";

/// The command that sends them, as a tenant with two connections and every scope.
pub(crate) async fn generated_requests(
    workspace: &Workspace,
    addresses: &Addresses,
) -> Result<Guarded> {
    let scopes = format!("{TENANT_SCOPES} operator");
    let token = addresses.token(TENANT, &scopes).await?;
    Ok(Guarded::new(workspace.checker("schemathesis"))?
        .args([
            "--config-file".as_ref(),
            workspace.tool("schemathesis.toml").as_os_str(),
        ])
        .args(["run".as_ref(), workspace.openapi().as_os_str()])
        .args(["--url", &addresses.api_url, "--no-color"])
        .folder(&workspace.logs())
        .env("API_CONNECTION", new_connection(addresses, &token).await?)
        .env(
            "API_SPARE_CONNECTION",
            new_connection(addresses, &token).await?,
        )
        .env("API_TOKEN", token))
}

/// A connection that waits for its seller.
async fn new_connection(addresses: &Addresses, token: &str) -> Result<String> {
    let connection = json!({
        "name": "For checks", "marketplace": "UK", "authorisation": {"kind": "oauth"},
    });
    let answer = reqwest::Client::new()
        .post(format!("{}/connections", addresses.api_url))
        .bearer_auth(token)
        .json(&connection)
        .send()
        .await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    let id = answer["id"].as_str();
    Ok(id.context("the API made no connection")?.to_owned())
}
