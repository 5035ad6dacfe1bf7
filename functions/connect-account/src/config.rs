//! What the deployment says of itself.

use stallkeeper::env;
use stallkeeper::error::{Error, Result};
use url::Url;

/// The deployment's own settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The claim of a token that names the tenant.
    pub tenant_claim: String,
    /// The origin under which browsers reach this API, without a path; `None` = the domain of the request.
    pub public_url: Option<Url>,
    /// The platform's own sign-in page.
    pub sign_in_url: Option<Url>,
    /// `beta` while the application is a draft at Amazon.
    pub oauth_version: Option<String>,
    /// After a new mapping, waiting orders are looked at at once and again after this many seconds.
    pub rerun_delay_seconds: u32,
    /// The queue that Amazon is asked to send notices to.
    pub notices_queue_arn: String,
    /// Amazon is asked for notices of listings, too.
    pub listing_notices: bool,
}

impl Config {
    /// From the environment of the function.
    ///
    /// # Errors
    /// Permanent, naming the variable whose value is malformed.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            tenant_claim: env::optional("TENANT_CLAIM").unwrap_or_else(|| "tenant".to_owned()),
            public_url: origin("PUBLIC_URL")?,
            sign_in_url: address("SIGN_IN_URL")?,
            oauth_version: env::optional("OAUTH_VERSION"),
            rerun_delay_seconds: env::parsed("RERUN_DELAY_SECONDS", 120)?,
            notices_queue_arn: env::required("NOTICES_DESTINATION_ARN")?,
            listing_notices: env::parsed("LISTING_NOTICES", false)?,
        })
    }
}

/// An address of the API's root: its routes begin there, so a path before them would lead nowhere.
fn origin(variable: &'static str) -> Result<Option<Url>> {
    let url = address(variable)?;
    match &url {
        Some(url) if url.path() != "/" || url.query().is_some() || url.fragment().is_some() => {
            Err(Error::permanent(
                "start",
                format!("environment variable {variable} is more than an origin"),
            ))
        }
        _ => Ok(url),
    }
}

fn address(variable: &'static str) -> Result<Option<Url>> {
    let Some(text) = env::optional(variable) else {
        return Ok(None);
    };
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        _ => Err(Error::permanent(
            "start",
            format!("environment variable {variable} is no http or https address"),
        )),
    }
}
