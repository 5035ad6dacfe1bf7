//! Owns how an answer goes over the wire: headers, delay, reset, cut-off. It never decides what the
//! answer says, nor which call a fault meets.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, StatusCode, header},
};
use futures::stream;
use jiff::Timestamp;

use crate::{
    clock,
    connection::Connection,
    fault::{Fault, FaultKind},
    grants,
    reply::Reply,
};

/// What a fault leaves of the real work.
pub(crate) enum Struck {
    /// Do it, and answer it.
    Work,
    /// Do nothing, and answer this.
    Instead(Reply),
    /// Do nothing; the connection is gone.
    Gone,
}

/// Waits out the fault's delay and says what is left to do.
pub(crate) async fn strike(fault: Option<&Fault>, connection: &Connection) -> Struck {
    let Some(fault) = fault else {
        return Struck::Work;
    };
    if fault.kind != FaultKind::Late {
        wait(fault).await;
    }
    match fault.kind {
        FaultKind::Delay | FaultKind::CutOff | FaultKind::Lost | FaultKind::Late => Struck::Work,
        FaultKind::Reset => {
            connection.reset();
            Struck::Gone
        }
        FaultKind::Status => {
            let status = fault
                .status
                .and_then(|status| StatusCode::from_u16(status).ok());
            Struck::Instead(Reply::of_status(
                status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            ))
        }
    }
}

/// Keeps the answer of what is done back for as long as the fault says, if it is of that kind.
pub(crate) async fn keep_back(fault: Option<&Fault>) {
    if let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::Late) {
        wait(fault).await;
    }
}

/// How slow Amazon is, as the fault says: nothing waits here for anything.
async fn wait(fault: &Fault) {
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
}

/// The answer with the headers that SP-API gives every one. `rate` goes only where Amazon says it does.
pub(crate) fn sp_api(reply: &Reply, now: Timestamp, rate: Option<f64>) -> Response<Body> {
    let mut response = json(reply, now);
    let headers = response.headers_mut();
    insert(headers, "x-amzn-requestid", &request_id());
    if let Some(error) = reply.error_type() {
        insert(headers, "x-amzn-errortype", error);
    }
    let status = reply.status.as_u16();
    if let Some(rate) =
        rate.filter(|_| (200..210).contains(&status) || status == 400 || status == 404)
    {
        insert(headers, "x-amzn-ratelimit-limit", &rate_text(rate));
    }
    response
}

/// A JSON answer with nothing of SP-API about it.
pub(crate) fn json(reply: &Reply, now: Timestamp) -> Response<Body> {
    let body = match &reply.body {
        // 204: there is none.
        serde_json::Value::Null => Body::empty(),
        body => Body::from(body.to_string()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    insert(
        response.headers_mut(),
        header::CONTENT_TYPE.as_str(),
        "application/json",
    );
    insert(
        response.headers_mut(),
        header::DATE.as_str(),
        &clock::http_date(now),
    );
    response
}

/// An answer that nobody sees, since its connection is reset.
pub(crate) fn gone() -> Response<Body> {
    Response::new(Body::empty())
}

/// Promises the whole body and sends half of it: the server then closes the connection.
pub(crate) async fn cut_off(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    insert(
        &mut parts.headers,
        header::CONTENT_LENGTH.as_str(),
        &whole.len().to_string(),
    );
    let half = whole.slice(..whole.len() / 2);
    let half = stream::unfold(Some(half), async |left| match left {
        Some(half) => Some((Ok::<Bytes, Infallible>(half), None)),
        None => {
            // The server sends what it has while it waits; without this it would send nothing at all.
            tokio::task::yield_now().await;
            None
        }
    });
    Response::from_parts(parts, Body::from_stream(half))
}

fn insert(headers: &mut axum::http::HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// As Amazon writes it: `0.0056`, `2.0`.
fn rate_text(rate: f64) -> String {
    format!("{:?}", (rate * 1e6).round() / 1e6)
}

fn request_id() -> String {
    let id = grants::secret();
    format!(
        "{}-{}-{}-{}-{}",
        &id[..8],
        &id[8..12],
        &id[12..16],
        &id[16..20],
        &id[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_as_amazon_writes_it() {
        assert_eq!(rate_text(0.0056), "0.0056");
        assert_eq!(rate_text(0.0056 * 100.0), "0.56");
        assert_eq!(rate_text(2.0), "2.0");
    }

    #[test]
    fn the_rate_limit_is_sent_with_20x_400_and_404_alone() {
        let sends_limit = |reply: Reply| {
            sp_api(&reply, Timestamp::UNIX_EPOCH, Some(1.0))
                .headers()
                .contains_key("x-amzn-ratelimit-limit")
        };
        assert!(sends_limit(Reply::ok(serde_json::json!({}))) && sends_limit(Reply::invalid("")));
        assert!(!sends_limit(Reply::denied("")) && !sends_limit(Reply::throttled()));
    }
}
