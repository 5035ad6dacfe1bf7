//! The one way to a running Stallkeeper on this machine: emulator, sandbox, token issuer and the
//! deployed template. The demo, `up` and the tests all start it here; dropping it ends all of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::addresses::Addresses;
use crate::artefacts::{self, Artefacts};
use crate::child::{Child, Guarded};
use crate::console::Console;
use crate::emulator::{self, Emulator, REGION, ROOT_KEY, Scratch};
use crate::issuer::{AUDIENCE, Issuer};
use crate::setup::{self, last_lines};
use crate::workspace::Workspace;

const STACK: &str = "stallkeeper";
const APPLICATION: &str = "amzn1.sp.solution.sandbox";
const CLIENT: &str = "amzn1.application-oa2-client.sandbox";
const CLIENT_SECRET: &str = "sandbox-secret";

/// What a caller may choose.
#[derive(Clone, Debug, Default)]
pub(crate) struct CloudOptions {
    /// How many times faster than Amazon's the sandbox's rate limits refill.
    pub(crate) refill_factor: Option<f64>,
    /// Template parameters beside those that only this module can know.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Variables that cargo builds the functions with: those of an earlier build, if it is to be used again.
    pub(crate) build_variables: Vec<(String, String)>,
}

/// A running local cloud with the stack deployed; it ends with this value.
pub(crate) struct Cloud {
    pub(crate) addresses: Addresses,
    /// Tells this run from any other.
    pub(crate) run: String,
    // In the order they shall end: functions first, what they call afterwards.
    _emulator: Emulator,
    _sandbox: Child,
    _issuer: Issuer,
    scratch: Scratch,
}

impl Cloud {
    /// Sets up what is missing and builds; starts nothing.
    pub(crate) async fn prepare(
        workspace: &Workspace,
        console: &Console,
        options: &CloudOptions,
    ) -> Result<Artefacts> {
        let _alone = setup::alone(workspace, console).await?;
        let ready = tokio::try_join!(
            setup::prepare(workspace, console),
            artefacts::build(workspace, console, &options.build_variables)
        );
        ready.map(|((), artefacts)| artefacts)
    }

    /// Sets up, builds and starts everything, and deploys the template.
    pub(crate) async fn start(
        workspace: &Workspace,
        console: &Console,
        options: &CloudOptions,
    ) -> Result<Self> {
        let artefacts = Self::prepare(workspace, console, options).await?;
        let step = console.step("Local cloud, sandbox and token issuer");
        let run = ulid::Ulid::generate().to_string();
        let scratch = emulator::scratch_folder(workspace).await?;
        let (emulator, (sandbox, sandbox_url), issuer) = tokio::try_join!(
            Emulator::start(workspace, scratch.path()),
            start_sandbox(workspace, &artefacts.sandbox, options),
            Issuer::start(&run),
        )?;
        step.done();
        let mut addresses = Addresses {
            endpoint: emulator.endpoint.clone(),
            region: REGION.to_owned(),
            access_key_id: ROOT_KEY.to_owned(),
            secret_access_key: ROOT_KEY.to_owned(),
            api_url: emulator.api_url.clone(),
            sandbox_url,
            issuer_url: issuer.url.clone(),
            stack: STACK.to_owned(),
            outputs: BTreeMap::new(),
            models: workspace.models(),
            logs: workspace.logs(),
        };
        let step = console.step("Stack from infra/template.yaml");
        addresses.outputs = deploy(workspace, &addresses, options, scratch.path()).await?;
        register_application(&addresses).await?;
        step.done();
        Ok(Self {
            addresses,
            run,
            _emulator: emulator,
            _sandbox: sandbox,
            _issuer: issuer,
            scratch,
        })
    }

    /// Writes the addresses to a file, for tests in a process of their own.
    pub(crate) fn describe(&self) -> Result<PathBuf> {
        let file = self.scratch.path().join("addresses.json");
        std::fs::write(&file, serde_json::to_string_pretty(&self.addresses)?)?;
        Ok(file)
    }
}

/// The line the sandbox prints when it listens.
#[derive(Deserialize)]
struct Listening {
    url: String,
}

async fn start_sandbox(
    workspace: &Workspace,
    binary: &Path,
    options: &CloudOptions,
) -> Result<(Child, String)> {
    let log = workspace.logs().join("sandbox.log");
    let mut command = Guarded::new(binary)?
        .args(["--port", "0", "--models"])
        .args([workspace.models()])
        .clean_environment()
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log)?);
    if let Some(factor) = options.refill_factor {
        command = command.args(["--refill-factor", &factor.to_string()]);
    }
    let mut process = command.spawn()?;
    let mut output = BufReader::new(process.take_stdout()?);
    let mut line = String::new();
    output.read_line(&mut line).await?;
    let Ok(Listening { url }) = serde_json::from_str(&line) else {
        bail!("The sandbox did not start.\n{}", last_lines(&log, 20).await);
    };
    // Whatever else it prints is read and dropped, so that it never waits for a reader.
    tokio::spawn(async move { output.read_to_end(&mut Vec::new()).await });
    Ok((process, url))
}

/// Runs `deploy.py`; its answer is the stack's outputs.
async fn deploy(
    workspace: &Workspace,
    addresses: &Addresses,
    options: &CloudOptions,
    scratch: &Path,
) -> Result<BTreeMap<String, String>> {
    let request = json!({
        "template": workspace.template(),
        "stack": STACK,
        "bucket": "stallkeeper-artefacts",
        "parameters": parameters(addresses, options),
        "secrets": {"LwaSecretArn": application_credentials()},
    });
    let file = scratch.join("deploy.json");
    tokio::fs::write(&file, request.to_string()).await?;
    let log = workspace.logs().join("deploy.log");
    let mut process = Guarded::new(workspace.python())?
        .args([workspace.tool("deploy.py"), file])
        .clean_environment()
        .envs(client_environment(addresses))
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log)?)
        .spawn()?;
    let mut answer = String::new();
    process.take_stdout()?.read_to_string(&mut answer).await?;
    if !process.wait().await?.success() {
        bail!("{}", last_lines(&log, 40).await);
    }
    serde_json::from_str(&answer).context("the deployment gave no outputs")
}

fn parameters(addresses: &Addresses, options: &CloudOptions) -> BTreeMap<String, String> {
    let sandbox = &addresses.sandbox_url;
    let architecture = if cfg!(target_arch = "x86_64") {
        "x86_64"
    } else {
        "arm64"
    };
    let known = [
        ("SpApiEndpoint", sandbox.clone()),
        ("LwaEndpoint", sandbox.clone()),
        ("SellerCentralEndpoint", sandbox.clone()),
        ("JwtIssuer", addresses.issuer_url.clone()),
        ("JwtAudience", AUDIENCE.to_owned()),
        ("SignInUrl", format!("{}/sign-in", addresses.issuer_url)),
        ("ListingNotices", "true".to_owned()),
        // Nobody listens there until a test does.
        ("WebhookUrl", format!("{}/webhook", addresses.issuer_url)),
        ("WebhookTenant", "webhook".to_owned()),
        ("Architecture", architecture.to_owned()),
    ];
    let mut all: BTreeMap<String, String> =
        known.map(|(name, value)| (name.to_owned(), value)).into();
    all.extend(options.parameters.clone());
    all
}

fn client_environment(addresses: &Addresses) -> Vec<(String, String)> {
    let environment = [
        ("AWS_ENDPOINT_URL", &addresses.endpoint),
        ("AWS_REGION", &addresses.region),
        ("AWS_DEFAULT_REGION", &addresses.region),
        ("AWS_ACCESS_KEY_ID", &addresses.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &addresses.secret_access_key),
    ];
    environment
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .to_vec()
}

/// What the README says to register an application for, and what comes with it.
const ROLES: [&str; 5] = [
    "product_listing",
    "inventory_and_order_tracking",
    "amazon_fulfillment",
    "direct_to_consumer_shipping",
    "selling_partner_insights",
];

fn application_credentials() -> Value {
    json!({"application_id": APPLICATION, "client_id": CLIENT, "client_secret": CLIENT_SECRET})
}

/// Gives the sandbox what a developer gives Amazon when registering the application, and the address of
/// the queues.
async fn register_application(addresses: &Addresses) -> Result<()> {
    // Where Amazon's account puts its notices; those for EventBridge as a rule hands them on.
    let queues = json!({
        "sqs_endpoint": addresses.endpoint,
        "event_bridge_queue": notices_queue(addresses)?,
    });
    put_to_sandbox(addresses, "settings", &queues).await?;
    let application = json!({
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": format!("{}/oauth/callback", addresses.api_url),
        "login_uri": format!("{}/oauth/login", addresses.api_url),
        "roles": ROLES,
    });
    put_to_sandbox(addresses, &format!("apps/{APPLICATION}"), &application).await
}

/// The ARN of the queue for Amazon's notices, whose address ends with account and name.
fn notices_queue(addresses: &Addresses) -> Result<String> {
    let mut parts = addresses.output("NoticesQueueUrl")?.rsplit('/');
    let (Some(name), Some(account)) = (parts.next(), parts.next()) else {
        bail!("the queue for notices has no address");
    };
    Ok(format!("arn:aws:sqs:{}:{account}:{name}", addresses.region))
}

async fn put_to_sandbox(addresses: &Addresses, path: &str, body: &Value) -> Result<()> {
    let url = format!("{}/_sandbox/{path}", addresses.sandbox_url);
    let answer = reqwest::Client::new().put(url).json(body).send().await?;
    if !answer.status().is_success() {
        bail!(
            "The sandbox refused {path}: {} {}",
            answer.status(),
            answer.text().await?
        );
    }
    Ok(())
}
