//! A wire across every way out of a function: it counts the calls to the outside, and stops the world at one of them.
//!
//! It is a reverse proxy on loopback for each address that a function calls. When the wire trips, the call that tripped
//! it is not answered, nor is any other from then on, until the wire is released: seen from inside, the environment is
//! frozen. A test that drops the function's future then has killed it exactly there, as Lambda kills an environment; whoever
//! does something else first and releases the wire has put that in between. It changes no call and no answer.

use crate::world::outside::{Outside, http};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Response, header};
use futures::future::{Either, select};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A call to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub to: Service,
    /// The operation of AWS that was called, or the path of Amazon's.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    DynamoDb,
    /// Queues, key, secret, schedules.
    Aws,
    Amazon,
}

/// On which side of a call the world stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The call is not made any more.
    Before,
    /// The call is made, and its answer is lost.
    After,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Before, Self::After];
}

type When = Box<dyn Fn(usize, &Call) -> bool + Send + Sync>;

pub struct Tripwire {
    /// The addresses to give to a function.
    pub outside: Outside,
    wire: Arc<Wire>,
    _proxies: JoinSet<()>,
}

struct Wire {
    http: reqwest::Client,
    calls: Mutex<Vec<Call>>,
    armed: Mutex<Option<(When, Side)>>,
    tripped: watch::Sender<bool>,
    released: watch::Sender<bool>,
    /// Calls that have left and are not answered yet.
    under_way: watch::Sender<usize>,
}

impl Tripwire {
    /// A wire that is not armed yet, in front of these addresses.
    pub async fn across(outside: &Outside) -> Self {
        let wire = Arc::new(Wire {
            http: http(),
            calls: Mutex::default(),
            armed: Mutex::default(),
            tripped: watch::Sender::new(false),
            released: watch::Sender::new(false),
            under_way: watch::Sender::new(0),
        });
        let mut proxies = JoinSet::new();
        let outside = Outside {
            dynamodb: serve(&mut proxies, &wire, Service::DynamoDb, &outside.dynamodb).await,
            aws: serve(&mut proxies, &wire, Service::Aws, &outside.aws).await,
            amazon: serve(&mut proxies, &wire, Service::Amazon, &outside.amazon).await,
        };
        Self {
            outside,
            wire,
            _proxies: proxies,
        }
    }

    /// Arms the wire for the n-th call from now on; the first is 1.
    pub fn arm(&self, n: usize, side: Side) {
        let before = self.wire.calls.lock().unwrap().len();
        self.arm_when(side, move |number, _| number == before + n);
    }

    /// Arms the wire for the first call that `when` picks, by its number and what it is.
    pub fn arm_when(
        &self,
        side: Side,
        when: impl Fn(usize, &Call) -> bool + Send + Sync + 'static,
    ) {
        *self.wire.armed.lock().unwrap() = Some((Box::new(when), side));
    }

    /// Runs a function until it ends, or kills it where the wire trips (`None`). What had left by then arrives.
    pub async fn kill<T>(&self, function: impl Future<Output = T>) -> Option<T> {
        {
            let tripped = pin!(self.tripped());
            if let Either::Left((output, _)) = select(pin!(function), tripped).await {
                return Some(output);
            }
        }
        self.arrived().await;
        None
    }

    /// Runs a function; where the wire trips, `meanwhile` is done first. Says whether it tripped.
    pub async fn interrupt<T>(
        &self,
        function: impl Future<Output = T>,
        meanwhile: impl Future<Output = ()>,
    ) -> (T, bool) {
        let mut function = pin!(function);
        {
            let tripped = pin!(self.tripped());
            if let Either::Left((output, _)) = select(function.as_mut(), tripped).await {
                return (output, false);
            }
        }
        self.arrived().await;
        meanwhile.await;
        self.wire.released.send_replace(true);
        (function.await, true)
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.wire.calls.lock().unwrap().clone()
    }

    pub fn forget_calls(&self) {
        self.wire.calls.lock().unwrap().clear();
    }

    async fn tripped(&self) {
        let mut tripped = self.wire.tripped.subscribe();
        tripped.wait_for(|tripped| *tripped).await.unwrap();
    }

    async fn arrived(&self) {
        let mut under_way = self.wire.under_way.subscribe();
        under_way.wait_for(|calls| *calls == 0).await.unwrap();
    }
}

async fn serve(
    proxies: &mut JoinSet<()>,
    wire: &Arc<Wire>,
    service: Service,
    target: &str,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let way = (wire.clone(), service, target.to_owned());
    let proxy = Router::new().fallback(pass).with_state(way);
    proxies.spawn(async move { axum::serve(listener, proxy).await.unwrap() });
    address
}

async fn pass(
    State((wire, service, target)): State<(Arc<Wire>, Service, String)>,
    request: Request,
) -> Response<Body> {
    wire.unless_frozen().await;
    let side = wire.note(Call::of(service, &request));
    if side == Some(Side::Before) {
        wire.trip();
        wire.unless_frozen().await;
    }
    let answer = wire.forward(&target, request).await;
    if side == Some(Side::After) {
        wire.trip();
    }
    wire.unless_frozen().await;
    answer
}

impl Wire {
    /// Waits while the wire is tripped and not released.
    async fn unless_frozen(&self) {
        if *self.tripped.borrow() {
            let mut released = self.released.subscribe();
            // The wire is gone with its world, and so is the caller that waits.
            let _ = released.wait_for(|released| *released).await;
        }
    }

    fn trip(&self) {
        self.armed.lock().unwrap().take();
        self.tripped.send_replace(true);
    }

    /// Counts a call; says on which side of it the wire is to trip.
    fn note(&self, call: Call) -> Option<Side> {
        let mut calls = self.calls.lock().unwrap();
        calls.push(call);
        let armed = self.armed.lock().unwrap();
        let (when, side) = armed.as_ref()?;
        when(calls.len(), calls.last()?).then_some(*side)
    }
}

impl Wire {
    /// Makes the call. Once it has left, it arrives, whether or not somebody still waits for the answer.
    async fn forward(self: &Arc<Self>, target: &str, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let path = parts.uri.path_and_query().unwrap();
        let call = self
            .http
            .request(parts.method, format!("{target}{path}"))
            // `Host` too: AWS's requests are signed with it.
            .headers(end_to_end(parts.headers))
            .body(body);
        self.under_way.send_modify(|calls| *calls += 1);
        let wire = self.clone();
        let answered = tokio::spawn(async move {
            let answer = answer(call).await;
            wire.under_way.send_modify(|calls| *calls -= 1);
            answer
        });
        answered.await.unwrap()
    }
}

async fn answer(call: reqwest::RequestBuilder) -> Response<Body> {
    let mut answer = call.send().await.unwrap();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = end_to_end(std::mem::take(answer.headers_mut()));
    let body: Bytes = answer.bytes().await.unwrap();
    *response.body_mut() = Body::from(body);
    response
}

/// Without the headers that are for one hop only, and without the length, which each hop sets itself.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    let hop: [HeaderName; 4] = [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        HeaderName::from_static("keep-alive"),
    ];
    for name in hop {
        headers.remove(name);
    }
    headers
}

impl Call {
    fn of(to: Service, request: &Request) -> Self {
        let target = request.headers().get("x-amz-target");
        let name = match target.and_then(|target| target.to_str().ok()) {
            Some(target) => target.rsplit('.').next().unwrap_or(target).to_owned(),
            None => format!("{} {}", request.method(), request.uri().path()),
        };
        Self { to, name }
    }

    /// Whether it writes to a table.
    pub fn writes(&self) -> bool {
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        self.to == Service::DynamoDb && writes.contains(&self.name.as_str())
    }
}
