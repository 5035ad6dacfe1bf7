//! Owns Login with Amazon's token endpoint, `POST /auth/o2/token`: form in, token or OAuth error out.
//! It never keeps a token itself (that is `grants.rs`).

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
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
    let form: Form = url::form_urlencoded::parse(&body).into_owned().collect();
    let seller = whose(&sandbox.world(), &form);
    let target = Target {
        operation: "token",
        seller: seller.as_deref(),
        page: 1,
    };
    let fault = sandbox.world().faults.strike(target);
    let reply = match answer::strike(fault.as_ref(), &connection).await {
        Struck::Work => Some(work(&sandbox, &headers, &form)),
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

fn work(sandbox: &Sandbox, headers: &HeaderMap, form: &[(String, String)]) -> Reply {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let answered = if kind.starts_with("application/x-www-form-urlencoded") {
        grant(&mut sandbox.world(), form, sandbox.clock.now())
    } else {
        Err(Problem::Malformed(
            "invalid_request",
            "Content-Type must be application/x-www-form-urlencoded".to_owned(),
        ))
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

fn grant(
    world: &mut World,
    form: &[(String, String)],
    now: jiff::Timestamp,
) -> Result<Value, Problem> {
    let field = |name: &str| {
        form.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let need = |name: &'static str| {
        let missing = || {
            Problem::Malformed(
                "invalid_request",
                format!("The request is missing a required parameter : {name}"),
            )
        };
        field(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(missing)
    };
    let kind = need("grant_type")?;
    let (client_id, client_secret) = (need("client_id")?, need("client_secret")?);
    let app = world
        .apps
        .iter()
        .find(|(_, app)| app.client_id == client_id && app.client_secret == client_secret);
    let application = app.map(|(id, _)| id.clone()).ok_or(Problem::Client)?;
    let grants = &mut world.grants;
    let mut answer = json!({ "token_type": "bearer", "expires_in": EXPIRES_IN });
    match kind {
        "authorization_code" => {
            let refresh = grants
                .redeem_code(need("code")?, &application, field("redirect_uri"), now)
                .map_err(Problem::Grant)?;
            answer["access_token"] = json!(
                grants
                    .refresh(&refresh, &application, now)
                    .map_err(Problem::Grant)?
            );
            answer["refresh_token"] = json!(refresh);
        }
        "refresh_token" => {
            let refresh = need("refresh_token")?;
            answer["access_token"] = json!(
                grants
                    .refresh(refresh, &application, now)
                    .map_err(Problem::Grant)?
            );
            answer["refresh_token"] = json!(refresh);
        }
        "client_credentials" => {
            let scope = need("scope")?;
            if !SCOPES.contains(&scope) {
                return Err(Problem::Malformed(
                    "invalid_scope",
                    "The requested scope is invalid".to_owned(),
                ));
            }
            answer["access_token"] = json!(grants.grantless(&application, scope, now));
            answer["scope"] = json!(scope);
        }
        _ => {
            let wrong = "The authorization grant type is not supported by the authorization server";
            return Err(Problem::Malformed(
                "unsupported_grant_type",
                wrong.to_owned(),
            ));
        }
    }
    Ok(answer)
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
