//! Lambda's runtime API, as far as one start needs it.

use super::aws::{self, Aws};
use super::share::Share;
use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const EVENT: &str = "events/poll-orders.json";

/// Time that passed, and processor time of all the process's threads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) ms: f64,
    pub(super) cpu_ms: f64,
}

/// How long a start took until it asked for an event, and its first invocation until its answer.
pub(super) struct StartTiming {
    pub(super) init: Timing,
    pub(super) first: Timing,
    /// Calls of AWS until the answer.
    pub(super) aws_calls: u64,
    /// Its next request for an event, left unanswered until the process has ended.
    pub(super) waiting: Option<Request>,
}

pub(super) enum Request {
    /// The function asks for an event, and gets it once this is answered.
    Next(tokio::sync::oneshot::Sender<()>),
    Answered,
    Failed(String),
}

pub(super) struct RuntimeApi {
    runtime: String,
    aws: Aws,
    certificate: PathBuf,
    calls: Mutex<Receiver<Request>>,
}

#[derive(Clone)]
struct Shared {
    calls: Sender<Request>,
    event: Arc<Vec<u8>>,
}

impl RuntimeApi {
    pub(super) async fn serve() -> Result<Self> {
        let (calls, received) = channel(8);
        let event = Arc::new(fs::read(EVENT).context("start it by `cargo dev bench`")?);
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(answered),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(Shared { calls, event });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let runtime = listener.local_addr()?.to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let certificate = aws::certificate().await?;
        Ok(Self {
            runtime,
            aws: aws::serve(&certificate).await?,
            certificate: certificate.canonicalize()?,
            calls: Mutex::new(received),
        })
    }

    /// What Lambda and the template would set.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let certificate = self.certificate.display().to_string();
        let queue = format!("{}/000000000000/queue", self.aws.url);
        let arn = |what: &str| format!("arn:aws:{what}");
        let mut variables = vec![
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("AWS_LAMBDA_RUNTIME_API", self.runtime.clone()),
            ("AWS_ENDPOINT_URL", self.aws.url.clone()),
            ("SSL_CERT_FILE", certificate.clone()),
            ("AWS_CA_BUNDLE", certificate),
            ("DATA_KEY_ARN", arn("kms:eu-west-1:000000000000:key/1")),
            ("SCHEDULE_ROLE_ARN", arn("iam::000000000000:role/schedule")),
        ];
        let fixed = [
            ("AWS_LAMBDA_FUNCTION_NAME", "poll-orders"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "log"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "log"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("CONNECTIONS_TABLE", "connections"),
            ("SCHEDULE_GROUP", "stallkeeper"),
            ("LWA_SECRET_ARN", "app"),
        ];
        variables.extend(fixed.map(|(name, value)| (name, value.to_owned())));
        let queues = [
            "ORDERS_QUEUE_URL",
            "ORDER_TICKS_QUEUE_URL",
            "ORDER_TICKS_DEAD_LETTER_QUEUE_URL",
        ];
        variables.extend(queues.map(|name| (name, queue.clone())));
        let arns = [
            "ORDER_TICKS_QUEUE_ARN",
            "STOCK_TICKS_QUEUE_ARN",
            "LISTING_JOBS_QUEUE_ARN",
        ];
        variables.extend(arns.map(|name| (name, arn("sqs:eu-west-1:000000000000:queue"))));
        variables
    }

    /// Follows one process, started at that moment, to its first answer. From its first event on it gets no more than
    /// its share of a processor.
    pub(super) async fn one_start(
        &self,
        pid: u32,
        started: Instant,
        share: &Share,
    ) -> Result<StartTiming> {
        let mut calls = self.calls.lock().await;
        let give = match calls.recv().await {
            Some(Request::Next(give)) => give,
            Some(Request::Failed(why)) => bail!("the start failed: {why}"),
            _ => bail!("the function answered before it had an event"),
        };
        let init = Timing {
            ms: milliseconds(started.elapsed()),
            cpu_ms: cpu_ms(pid),
        };
        share.enforce(pid);
        let given = Instant::now();
        let _ = give.send(());
        match calls.recv().await {
            Some(Request::Answered) => {}
            Some(Request::Failed(why)) => bail!("the invocation failed: {why}"),
            _ => bail!("the function asked for another event before its answer"),
        }
        let first = Timing {
            ms: milliseconds(given.elapsed()),
            cpu_ms: cpu_ms(pid) - init.cpu_ms,
        };
        let aws_calls = self.aws.take_calls();
        let waiting = calls.recv().await;
        Ok(StartTiming {
            init,
            first,
            aws_calls,
            waiting,
        })
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Processor time of a process, which only Linux reports.
fn cpu_ms(pid: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e6
}

async fn next(State(shared): State<Shared>) -> Response {
    let (give, given) = tokio::sync::oneshot::channel();
    let _ = shared.calls.send(Request::Next(give)).await;
    let _ = given.await;
    let deadline = SystemTime::now() + Duration::from_secs(60);
    let deadline = deadline
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let mut answer = shared.event.to_vec().into_response();
    let headers = [
        ("lambda-runtime-aws-request-id", "first".to_owned()),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:000000000000:function:poll-orders".to_owned(),
        ),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            let name = HeaderName::from_static(name);
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

async fn answered(State(shared): State<Shared>, body: Bytes) {
    let text = String::from_utf8_lossy(&body);
    let call = if text.contains("itemIdentifier") {
        Request::Failed(text.into_owned())
    } else {
        Request::Answered
    };
    let _ = shared.calls.send(call).await;
}

async fn failed(State(shared): State<Shared>, body: Bytes) {
    let text = String::from_utf8_lossy(&body).into_owned();
    let _ = shared.calls.send(Request::Failed(text)).await;
}
