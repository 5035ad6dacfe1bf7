//! Owns Login with Amazon's token endpoint, `POST /auth/o2/token`: form or JSON in, token or OAuth error out.
//! It never keeps a token itself (that is `grants.rs`).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Sandbox,
    answer::{self, Struck},
    connection::Connection,
    fault::{FaultKind, Target},
    grants::{EXPIRES_IN, Refused},
    reply::Reply,
    world::{Call, Violation, World},
};

/// Scopes of the page "Grantless Operations".
const SCOPES: [&str; 3] = [
    "sellingpartnerapi::notifications",
    "sellingpartnerapi::client_credential:rotation",
    "sellingpartnerapi::shipments:track",
];

type Form = Vec<(String, String)>;

pub(crate) async fn token(
    State(sandbox): State<Arc<Sandbox>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let form = fields(&headers, &body);
    let seller = whose(&sandbox.world(), form.as_deref().unwrap_or_default());
    let target = Target {
        operation: "token",
        seller: seller.as_deref(),
        page: 1,
        sku: "",
        order: "",
    };
    let fault = sandbox.world().faults.strike(target);
    let reply = match answer::strike(fault.as_ref(), &connection).await {
        Struck::Work => Some(work(&sandbox, form.as_deref())),
        Struck::Instead(reply) => Some(reply),
        Struck::Gone => None,
    };
    note(
        &sandbox,
        seller,
        reply.as_ref(),
        fault.as_ref().map(|fault| fault.kind),
    );
    let Some(reply) = reply else {
        return answer::gone();
    };
    answer::keep_back(fault.as_ref()).await;
    let mut response = answer::json(&reply, sandbox.clock.now());
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    match fault {
        Some(fault) if fault.kind == FaultKind::CutOff => answer::cut_off(response).await,
        _ => response,
    }
}

/// What a token request holds, by its content type: a form, as OAuth 2 has it, or an object of strings, which Amazon takes
/// too and some clients send.
fn fields(headers: &HeaderMap, body: &[u8]) -> Option<Form> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Some(url::form_urlencoded::parse(body).into_owned().collect());
    }
    if !kind.starts_with("application/json") {
        return None;
    }
    let object: BTreeMap<String, String> = serde_json::from_slice(body).ok()?;
    Some(object.into_iter().collect())
}

/// The seller whose token or code is shown, whatever comes of it.
fn whose(world: &World, form: &[(String, String)]) -> Option<String> {
    let shown = form
        .iter()
        .filter(|(name, _)| name == "refresh_token" || name == "code");
    shown
        .filter_map(|(_, token)| world.grants.seller_of(token))
        .next()
        .map(str::to_owned)
}

fn work(sandbox: &Sandbox, form: Option<&[(String, String)]>) -> Reply {
    let answered = match form {
        Some(form) => grant(&mut sandbox.world(), form, sandbox.clock.now()),
        None => malformed(
            "invalid_request",
            "the body must be a form, or a JSON object of strings, and Content-Type say which",
        ),
    };
    match answered {
        Ok(body) => Reply::ok(body),
        Err(Problem::Client) => oauth_error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "Client authentication failed",
        ),
        Err(Problem::Grant(refused)) => {
            oauth_error(StatusCode::BAD_REQUEST, "invalid_grant", words(refused))
        }
        Err(Problem::Malformed(code, wrong)) => {
            violated(sandbox, &wrong);
            oauth_error(StatusCode::BAD_REQUEST, code, &wrong)
        }
    }
}

#[derive(Debug, PartialEq)]
enum Problem {
    /// Id or secret are wrong.
    Client,
    Grant(Refused),
    /// The client sent what no correct client sends.
    Malformed(&'static str, String),
}

fn grant(world: &mut World, form: &[(String, String)], now: Timestamp) -> Result<Value, Problem> {
    let kind = need(form, "grant_type")?;
    let (client_id, client_secret) = (need(form, "client_id")?, need(form, "client_secret")?);
    let mut apps = world.apps.iter();
    let app =
        apps.find(|(_, app)| app.client_id == client_id && app.client_secret == client_secret);
    let application = app.map(|(id, _)| id.clone()).ok_or(Problem::Client)?;
    let grants = &mut world.grants;
    match kind {
        "authorization_code" => {
            let (code, uri) = (need(form, "code")?, field(form, "redirect_uri"));
            let refresh_token = grants.redeem_code(code, &application, uri, now)?;
            let access_token = grants.refresh(&refresh_token, &application, now)?;
            Ok(bearer(&access_token, "refresh_token", &refresh_token))
        }
        "refresh_token" => {
            let refresh_token = need(form, "refresh_token")?;
            let access_token = grants.refresh(refresh_token, &application, now)?;
            Ok(bearer(&access_token, "refresh_token", refresh_token))
        }
        "client_credentials" => match need(form, "scope")? {
            scope if SCOPES.contains(&scope) => Ok(bearer(
                &grants.grantless(&application, scope, now),
                "scope",
                scope,
            )),
            _ => malformed("invalid_scope", "The requested scope is invalid"),
        },
        _ => malformed(
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server",
        ),
    }
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

fn need<'a>(form: &'a [(String, String)], name: &str) -> Result<&'a str, Problem> {
    match field(form, name) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => malformed(
            "invalid_request",
            &format!("The request is missing a required parameter : {name}"),
        ),
    }
}

fn malformed<T>(code: &'static str, wrong: &str) -> Result<T, Problem> {
    Err(Problem::Malformed(code, wrong.to_owned()))
}

fn bearer(access_token: &str, with: &str, it: &str) -> Value {
    json!({ "access_token": access_token, "token_type": "bearer", "expires_in": EXPIRES_IN, with: it })
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::Grant(refused)
    }
}

/// Amazon's own sentences, as developers report them.
fn words(refused: Refused) -> &'static str {
    match refused {
        Refused::Code => "The request has an invalid grant parameter : code",
        Refused::RedirectUri => "The request has an invalid grant parameter : redirect_uri",
        Refused::RefreshToken => "The request has an invalid grant parameter : refresh_token",
        Refused::Revoked => {
            "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
        }
    }
}

fn oauth_error(status: StatusCode, code: &str, description: &str) -> Reply {
    Reply {
        status,
        body: json!({ "error_description": description, "error": code }),
    }
}

fn violated(sandbox: &Sandbox, wrong: &str) {
    let (at, path) = (sandbox.clock.now(), "/auth/o2/token".to_owned());
    let (operation, query, wrong) = ("token".to_owned(), String::new(), wrong.to_owned());
    sandbox.world().violations.push(Violation {
        at,
        operation,
        seller: None,
        path,
        query,
        wrong,
    });
}

fn note(
    sandbox: &Sandbox,
    seller: Option<String>,
    reply: Option<&Reply>,
    fault: Option<FaultKind>,
) {
    let call = Call {
        at: sandbox.clock.now(),
        operation: "token".to_owned(),
        application: None,
        seller,
        method: "POST".to_owned(),
        path: "/auth/o2/token".to_owned(),
        query: String::new(),
        status: reply.map(|reply| reply.status.as_u16()),
        fault,
    };
    sandbox.world().calls.push(call);
}

#[cfg(test)]
mod tests;
