//! A meter before DynamoDB: every request asks for what it consumes, and the answers are added up by operation, and of each
//! by table and index.

use anyhow::Result;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Longer than any request of ours.
const LONGEST: usize = 32 * 1024 * 1024;
/// Where the sums are read; `DELETE` resets them.
pub(crate) const SUMS: &str = "/_meter";

/// What one operation came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) requests: u64,
    pub(crate) units: f64,
    /// The units by where they went: `OrdersTable`, `OrdersTable by_status`.
    pub(crate) places: BTreeMap<String, f64>,
}

/// By operation.
pub(crate) type Sums = BTreeMap<String, Sum>;

struct Meter {
    http: reqwest::Client,
    behind: String,
    sums: Mutex<Sums>,
}

/// Starts a meter before a DynamoDB; its address.
pub(crate) async fn before(dynamodb: &str) -> Result<String> {
    let meter = Arc::new(Meter {
        http: reqwest::Client::builder().no_proxy().build()?,
        behind: dynamodb.to_owned(),
        sums: Mutex::default(),
    });
    let router = Router::new()
        .route(SUMS, get(read).delete(forget))
        .fallback(pass)
        .with_state(meter);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

fn lock(meter: &Meter) -> std::sync::MutexGuard<'_, Sums> {
    meter
        .sums
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn read(State(meter): State<Arc<Meter>>) -> axum::Json<Sums> {
    axum::Json(lock(&meter).clone())
}

async fn forget(State(meter): State<Arc<Meter>>) {
    lock(&meter).clear();
}

async fn pass(State(meter): State<Arc<Meter>>, request: Request) -> Response<Body> {
    match forward(&meter, request).await {
        Ok(answer) => answer,
        Err(error) => {
            let mut answer = Response::new(Body::from(error.to_string()));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
    }
}

async fn forward(meter: &Meter, request: Request) -> Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await?;
    let operation = operation(&parts.headers);
    let mut asked: Value = serde_json::from_slice(&body)?;
    asked["ReturnConsumedCapacity"] = "INDEXES".into();
    let mut headers = parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::HOST);
    let answer = meter
        .http
        .post(&meter.behind)
        .headers(headers)
        .body(serde_json::to_vec(&asked)?)
        .send()
        .await?;
    let (status, answered) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await?;
    meter.add(&operation, status, &asked, &body);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if let Some(kind) = answered.get(header::CONTENT_TYPE) {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, kind.clone());
    }
    Ok(response)
}

fn operation(headers: &HeaderMap) -> String {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let name = target.and_then(|target| target.rsplit('.').next());
    name.unwrap_or("unknown").to_owned()
}

impl Meter {
    fn add(&self, operation: &str, status: StatusCode, asked: &Value, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let places: Vec<(String, f64)> = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().flat_map(places).collect(),
            // A condition that fails costs what the write would have, as DynamoDB's pages say.
            Value::Null if !status.is_success() && is_conditional_write(asked) => {
                vec![(text(&asked["TableName"]), 1.0)]
            }
            one => places(one),
        };
        let mut sums = lock(self);
        let sum = sums.entry(operation.to_owned()).or_default();
        sum.requests += 1;
        for (place, units) in places {
            sum.units += units;
            *sum.places.entry(place).or_default() += units;
        }
    }
}

/// Where the units of one table went: the table itself, and each of its indexes.
fn places(consumed: &Value) -> Vec<(String, f64)> {
    let table = text(&consumed["TableName"]);
    let of_indexes = consumed["GlobalSecondaryIndexes"].as_object();
    let indexes: Vec<(String, f64)> = of_indexes
        .into_iter()
        .flatten()
        .map(|(index, consumed)| (format!("{table} {index}"), units(consumed)))
        .collect();
    let rest = units(consumed) - indexes.iter().map(|(_, units)| units).sum::<f64>();
    let own = (rest > 0.0).then_some((table, rest));
    own.into_iter().chain(indexes).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn units(consumed: &Value) -> f64 {
    consumed["CapacityUnits"].as_f64().unwrap_or_default()
}

fn is_conditional_write(asked: &Value) -> bool {
    asked["ConditionExpression"].is_string()
}

/// Adds sums to others.
pub(crate) fn add(all: &mut Sums, more: &Sums) {
    for (operation, sum) in more {
        let of_all = all.entry(operation.clone()).or_default();
        of_all.requests += sum.requests;
        of_all.units += sum.units;
        for (place, units) in &sum.places {
            *of_all.places.entry(place.clone()).or_default() += units;
        }
    }
}

/// Write units and read units of sums.
pub(crate) fn write_and_read(sums: &Sums) -> (f64, f64) {
    let of = |writes: bool| {
        sums.iter()
            .filter(|(name, _)| is_write(name) == writes)
            // A sum of nothing would be minus zero.
            .fold(0.0, |all, (_, sum)| all + sum.units)
    };
    (of(true), of(false))
}

/// Write units by operation and place.
pub(crate) fn writes_by_place(sums: &Sums) -> impl Iterator<Item = (String, f64)> {
    let writes = sums.iter().filter(|(operation, _)| is_write(operation));
    writes.flat_map(|(operation, sum)| {
        let places = sum.places.iter();
        places.map(move |(place, units)| (format!("{place} {operation}"), *units))
    })
}

fn is_write(operation: &str) -> bool {
    ["PutItem", "UpdateItem", "DeleteItem"].contains(&operation) || operation.contains("Write")
}
