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

pub(crate) async fn token(
    State(sandbox): State<Arc<Sandbox>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let fault = sandbox.world().faults.strike(Target {
        operation: "token",
        seller: None,
        page: 1,
    });
    let reply = match answer::strike(fault.as_ref(), &connection).await {
        Struck::Work => Some(work(&sandbox, &headers, &body)),
        Struck::Instead(reply) => Some(reply),
        Struck::Gone => None,
    };
    note(
        &sandbox,
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

fn work(sandbox: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Reply {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let answered = if kind.starts_with("application/x-www-form-urlencoded") {
        grant(&mut sandbox.world(), &form, sandbox.clock.now())
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

fn note(sandbox: &Sandbox, reply: Option<&Reply>, fault: Option<FaultKind>) {
    let call = Call {
        at: sandbox.clock.now(),
        operation: "token".to_owned(),
        application: None,
        seller: None,
        method: "POST".to_owned(),
        path: "/auth/o2/token".to_owned(),
        query: String::new(),
        status: reply.map(|reply| reply.status.as_u16()),
        fault,
    };
    sandbox.world().calls.push(call);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{APPLICATION_ID, CLIENT_ID, CLIENT_SECRET};

    fn ask(world: &mut World, fields: &[(&str, &str)]) -> Result<Value, Problem> {
        let mut form: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        form.push(("client_id".to_owned(), CLIENT_ID.to_owned()));
        form.push(("client_secret".to_owned(), CLIENT_SECRET.to_owned()));
        grant(world, &form, jiff::Timestamp::now())
    }

    #[test]
    fn a_code_gives_both_tokens_and_a_refresh_token_an_access_token() {
        let mut world = World::new(1.0);
        let code = world.grants.issue_code(
            APPLICATION_ID,
            "S1",
            "https://a.example",
            jiff::Timestamp::now(),
        );
        let first = ask(
            &mut world,
            &[("grant_type", "authorization_code"), ("code", &code)],
        )
        .unwrap();
        let refresh = first["refresh_token"].as_str().unwrap();
        let second = ask(
            &mut world,
            &[("grant_type", "refresh_token"), ("refresh_token", refresh)],
        )
        .unwrap();
        assert_eq!(
            (second["expires_in"].as_i64(), second["token_type"].as_str()),
            (Some(3600), Some("bearer"))
        );
    }

    #[test]
    fn a_grantless_token_wants_a_scope_amazon_knows() {
        let mut world = World::new(1.0);
        let scope = |scope: &'static str| [("grant_type", "client_credentials"), ("scope", scope)];
        assert!(ask(&mut world, &scope("sellingpartnerapi::notifications")).is_ok());
        assert!(matches!(
            ask(&mut world, &scope("orders")),
            Err(Problem::Malformed("invalid_scope", _))
        ));
    }

    #[test]
    fn a_wrong_secret_and_an_unknown_token_are_told_apart() {
        let mut world = World::new(1.0);
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("client_secret", "no"),
            ("refresh_token", "x"),
        ];
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(
            grant(&mut world, &form, jiff::Timestamp::now()),
            Err(Problem::Client)
        );
        let unknown = ask(
            &mut world,
            &[("grant_type", "refresh_token"), ("refresh_token", "Atzr|x")],
        );
        assert_eq!(unknown, Err(Problem::Grant(Refused::RefreshToken)));
    }
}
