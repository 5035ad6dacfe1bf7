//! Owns the addresses of documents: PUT and GET without a token, as a store of files answers them.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::put,
};
use futures::stream;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{Content, Document};
use crate::{
    Sandbox,
    answer::{self, Struck},
    connection::Connection,
    fault::{Fault, FaultKind, Target},
    reports::Snapshot,
    world::{Call, Violation},
};

/// A store of files takes more than the feed's processing does.
const LARGEST_UPLOAD: usize = 64 << 20;

pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/documents/{id}", put(visit).get(visit))
        .layer(DefaultBodyLimit::disable())
}

#[derive(Deserialize)]
struct Signed {
    #[serde(rename = "X-Amz-Signature")]
    signature: Option<String>,
}

async fn visit(
    State(sandbox): State<Arc<Sandbox>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    Path(id): Path<String>,
    Query(signed): Query<Signed>,
    request: Request,
) -> Response<Body> {
    let writes = request.method() == "PUT";
    let operation = if writes {
        "uploadDocument"
    } else {
        "downloadDocument"
    };
    let seller = owner(&sandbox, &id);
    let target = Target {
        operation,
        seller: seller.as_deref(),
        page: 1,
        sku: "",
        order: "",
    };
    let fault = sandbox.world().faults.strike(target);
    let path = request.uri().path().to_owned();
    let method = request.method().to_string();
    let response = match answer::strike(fault.as_ref(), &connection).await {
        Struck::Gone => None,
        Struck::Instead(reply) => Some(answer::json(&reply, sandbox.clock.now())),
        Struck::Work => {
            let signature = signed.signature.unwrap_or_default();
            Some(serve(&sandbox, &id, &signature, request).await)
        }
    };
    let lost = fault
        .as_ref()
        .is_some_and(|fault| fault.kind == FaultKind::Lost);
    sandbox.note(Call {
        at: sandbox.clock.now(),
        operation: operation.to_owned(),
        application: None,
        seller,
        method,
        path,
        query: String::new(),
        status: response
            .as_ref()
            .filter(|_| !lost)
            .map(|response| response.status().as_u16()),
        fault: fault.as_ref().map(|fault| fault.kind),
    });
    answer::keep_back(fault.as_ref()).await;
    send(response, fault.as_ref(), &connection).await
}

async fn send(
    response: Option<Response<Body>>,
    fault: Option<&Fault>,
    connection: &Connection,
) -> Response<Body> {
    match (response, fault.map(|fault| fault.kind)) {
        (None, _) => answer::gone(),
        (Some(_), Some(FaultKind::Lost)) => {
            connection.reset();
            answer::gone()
        }
        (Some(response), Some(FaultKind::CutOff)) => answer::cut_off(response).await,
        (Some(response), _) => response,
    }
}

fn owner(sandbox: &Sandbox, id: &str) -> Option<String> {
    let world = sandbox.world();
    let document = world.documents.by_id.get(id);
    document.map(|document| document.seller.clone())
}

async fn serve(sandbox: &Sandbox, id: &str, signature: &str, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let writes = parts.method == "PUT";
    let link = {
        let world = sandbox.world();
        world
            .documents
            .find(signature, id, writes, sandbox.clock.now())
    };
    let Some(link) = link else {
        return refused(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
    };
    if parts.headers.contains_key("x-amz-access-token") {
        // The token is for SP-API's endpoints alone, and a header of this kind must be signed.
        violated(
            sandbox,
            id,
            "an access token was sent to the address of a document",
        );
        return refused(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "There were headers present in the request which were not signed",
        );
    }
    if !writes {
        return download(sandbox, id, link.unpacks);
    }
    match axum::body::to_bytes(body, LARGEST_UPLOAD).await {
        Ok(bytes) => upload(sandbox, id, &parts.headers, bytes),
        Err(_) => refused(
            StatusCode::BAD_REQUEST,
            "IncompleteBody",
            "The body broke off, or is too large",
        ),
    }
}

fn upload(sandbox: &Sandbox, id: &str, headers: &HeaderMap, bytes: Bytes) -> Response<Body> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|given| given.to_str().ok());
    let mut world = sandbox.world();
    let Some(document) = world.documents.by_id.get_mut(id) else {
        return refused(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "The specified key does not exist.",
        );
    };
    if given != Some(document.content_type.as_str()) {
        // Page "Submit a feed": it "must match the input provided to the createFeedDocument operation".
        drop(world);
        violated(
            sandbox,
            id,
            "the Content-Type is not that of createFeedDocument",
        );
        return refused(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match",
        );
    }
    document.content = Content::Bytes { bytes, gzip: false };
    Response::new(Body::empty())
}

fn download(sandbox: &Sandbox, id: &str, unpacks: bool) -> Response<Body> {
    let (content, content_type) = {
        let world = sandbox.world();
        match world.documents.by_id.get(id) {
            Some(Document {
                content,
                content_type,
                ..
            }) => (content.clone(), content_type.clone()),
            None => (Content::Awaited, String::new()),
        }
    };
    let body = match content {
        Content::Awaited => {
            return refused(
                StatusCode::NOT_FOUND,
                "NoSuchKey",
                "The specified key does not exist.",
            );
        }
        Content::Bytes { bytes, .. } => Body::from(bytes),
        Content::Report {
            snapshot,
            gzip,
            cut,
            built,
        } => match built.get() {
            Some(bytes) => Body::from(bytes.clone()),
            None => written(snapshot, gzip, cut),
        },
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    if unpacks {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The report piece by piece, as fast as the client takes it.
fn written(snapshot: Arc<Snapshot>, gzip: bool, cut: bool) -> Body {
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        snapshot.write(gzip, cut, &mut |piece| sender.blocking_send(piece).is_ok());
    });
    Body::from_stream(stream::unfold(receiver, async |mut receiver| {
        let piece = receiver.recv().await?;
        Some((Ok::<Bytes, Infallible>(piece), receiver))
    }))
}

fn violated(sandbox: &Sandbox, id: &str, wrong: &str) {
    let mut world = sandbox.world();
    let seller = world.documents.by_id.get(id);
    let seller = seller.map(|document| document.seller.clone());
    world.violations.push(Violation {
        at: sandbox.clock.now(),
        operation: "documents".to_owned(),
        seller,
        path: format!("/documents/{id}"),
        query: String::new(),
        wrong: wrong.to_owned(),
    });
}

/// An error as S3 writes it.
fn refused(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/xml");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
