//! The tables of `infra/template.yaml`, for tests: in a DynamoDB inside the test process, or in any
//! endpoint given.
//!
//! Owns how a table of the template becomes a `CreateTable` call. Never says what a table looks
//! like: keys, indexes and streams are read from the template, so a test cannot pass on a table
//! that would not be deployed.

mod changes;
mod definition;

pub use changes::{Changes, TableChanges};

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::oneshot;

/// A DynamoDB of one test: in memory, on a port of its own, gone when dropped.
///
/// It runs on the runtime that started it, so it must be used within the same test.
#[derive(Debug)]
pub struct Embedded {
    /// Speaks to this DynamoDB alone.
    pub client: Client,
    /// For whoever builds a client of their own: `http://127.0.0.1:<port>`.
    pub endpoint: String,
    names: HashMap<String, String>,
    _stop: oneshot::Sender<()>,
}

impl Embedded {
    /// The name of the table with this logical id in the template, such as `OrdersTable`.
    ///
    /// # Panics
    /// When the template has no such table: the test asks for something that does not exist.
    pub fn name(&self, logical_id: &str) -> &str {
        self.names
            .get(logical_id)
            .unwrap_or_else(|| panic!("infra/template.yaml has no table `{logical_id}`"))
    }
}

/// Starts an empty DynamoDB in this process and creates the template's tables in it.
///
/// # Panics
/// When loopback has no free port or the template's tables are not valid: no test can go on then.
pub async fn embedded() -> Embedded {
    start(Streams::On).await
}

/// As [`embedded`], for whoever writes much and reads no stream: there each write looks through all stream records of
/// its table, so that a hundred thousand writes would take hours.
///
/// # Panics
/// As [`embedded`].
pub async fn embedded_without_streams() -> Embedded {
    start(Streams::Off).await
}

/// Whether tables get the template's streams.
#[derive(Clone, Copy)]
enum Streams {
    On,
    Off,
}

async fn start(streams: Streams) -> Embedded {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has one");
    let endpoint = format!("http://{address}");
    let database = dynoxide::Database::memory().expect("an in-memory database opens");
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _dropped = stopped.await;
    };
    tokio::spawn(dynoxide::server::serve_with_shutdown(
        listener, database, shutdown,
    ));
    let client = client(&endpoint);
    let names = create_with(&client, "", streams).await;
    Embedded {
        client,
        endpoint,
        names,
        _stop: stop,
    }
}

/// Creates the template's tables behind `client`, each called `<prefix><logical id>`, and returns
/// their names by logical id.
///
/// # Panics
/// When a table is refused, an existing one of the same name included.
pub async fn create(client: &Client, prefix: &str) -> HashMap<String, String> {
    create_with(client, prefix, Streams::On).await
}

async fn create_with(client: &Client, prefix: &str, streams: Streams) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for (logical_id, table) in definition::TABLES.iter() {
        let name = format!("{prefix}{logical_id}");
        table
            .request(client, &name, streams)
            .send()
            .await
            .unwrap_or_else(|error| panic!("failed to create table `{name}`: {error:?}"));
        names.insert(logical_id.clone(), name);
    }
    names
}

/// For clients that call loopback alone. One that could speak TLS reads all of the machine's certificates when it is
/// made, which takes longer than most tests.
pub fn plain_http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "tables"))
        .http_client(plain_http())
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}
