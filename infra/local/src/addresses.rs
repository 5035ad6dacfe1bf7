//! Where a running local cloud is and how to speak to it. Written as JSON for the end-to-end
//! tests and for the commands that join a running `up`; it never starts anything.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::Credentials;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::issuer::Bearer;

/// All scopes but the operator's.
pub(crate) const TENANT_SCOPES: &str = "connections catalogue desk buyer";

/// The addresses of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// The emulator's one endpoint for all AWS services.
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    /// The stack's HTTP API.
    pub(crate) api_url: String,
    pub(crate) sandbox_url: String,
    /// The token issuer; `POST /token {tenant, scope, valid_for?}` gives `{access_token}`.
    pub(crate) issuer_url: String,
    pub(crate) stack: String,
    pub(crate) outputs: BTreeMap<String, String>,
    /// The folder with Amazon's API models.
    pub(crate) models: PathBuf,
    pub(crate) logs: PathBuf,
}

impl Addresses {
    /// What every AWS client of this run is made from.
    pub(crate) async fn aws(&self) -> SdkConfig {
        let key = Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            None,
            None,
            "local cloud",
        );
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(self.region.clone()))
            .credentials_provider(key)
            .load()
            .await
    }

    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("the stack has no output {name}"))
    }

    /// A token for the API; `scope` holds scopes separated by spaces.
    pub(crate) async fn token(&self, tenant: &str, scope: &str) -> Result<String> {
        let bearer = Bearer {
            tenant: tenant.to_owned(),
            scope: scope.to_owned(),
            valid_for: 86_400,
        };
        let answer = reqwest::Client::new()
            .post(format!("{}/token", self.issuer_url))
            .json(&bearer)
            .send()
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        Ok(answer["access_token"]
            .as_str()
            .context("the local issuer gave no token")?
            .to_owned())
    }
}
