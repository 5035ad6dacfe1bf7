//! Owns the way of every SP-API request: which operation, who calls, faults, rate limit, Amazon's
//! models, roles, then the API's own file. It never knows what an operation means.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Response, StatusCode, header},
};

use crate::{
    Sandbox,
    answer::{self, Struck},
    connection::Connection,
    fault::{Fault, FaultKind, Target},
    grants::{BadToken, Caller},
    models::Given,
    operations::{self, Route},
    orders,
    reply::{Refusal, Reply},
    sellers,
    world::{Call, Violation, World},
};

/// A body larger than this is answered with 413; Amazon takes no more either.
const LARGEST_BODY: usize = 10 << 20;

/// One request, read whole.
pub(crate) struct Incoming {
    method: String,
    path: String,
    raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
}

pub(crate) async fn handle(
    State(sandbox): State<Arc<Sandbox>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let Some(incoming) = Incoming::read(request).await else {
        let reply = Reply::error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLarge",
            "The request is too large.",
            "",
        );
        return answer::sp_api(&reply, sandbox.clock.now(), None);
    };
    let route = operations::route(&incoming.method, &incoming.path);
    let caller = sandbox
        .world()
        .grants
        .caller(incoming.access_token(), sandbox.clock.now());
    let fault = route
        .as_ref()
        .and_then(|route| meet(&mut sandbox.world(), &incoming, route, caller.as_ref().ok()));
    let reply = match answer::strike(fault.as_ref(), &connection).await {
        Struck::Work => Some(work(&sandbox, &incoming, route.as_ref(), &caller)),
        Struck::Instead(reply) => Some(reply),
        Struck::Gone => None,
    };
    note(
        &sandbox,
        &incoming,
        route.as_ref(),
        caller.as_ref().ok(),
        reply.as_ref(),
        fault.as_ref(),
    );
    let Some(reply) = reply else {
        return answer::gone();
    };
    let response = answer::sp_api(
        &reply,
        sandbox.clock.now(),
        rate_told(&sandbox.world(), route.as_ref()),
    );
    match fault {
        Some(fault) if fault.kind == FaultKind::CutOff => answer::cut_off(response).await,
        _ => response,
    }
}

fn meet(
    world: &mut World,
    incoming: &Incoming,
    route: &Route,
    caller: Option<&Caller>,
) -> Option<Fault> {
    let seller = caller.and_then(|caller| caller.seller.as_deref());
    let page = orders::page_number(&incoming.query);
    world.faults.strike(Target {
        operation: route.operation.name,
        seller,
        page,
    })
}

fn rate_told(world: &World, route: Option<&Route>) -> Option<f64> {
    route
        .filter(|_| world.rate_limit_header)
        .map(|route| world.rate(route.operation))
}

/// The real answer, in the order in which Amazon refuses: path, token, rate, request, role.
fn work(
    sandbox: &Sandbox,
    incoming: &Incoming,
    route: Option<&Route>,
    caller: &Result<Caller, BadToken>,
) -> Reply {
    if incoming.is_malformed() {
        let wrong = "a GET has no body and no Content-Length";
        violated(sandbox, incoming, route, caller.as_ref().ok(), wrong);
        return Reply::invalid(wrong);
    }
    let Some(route) = route else {
        violated(
            sandbox,
            incoming,
            None,
            caller.as_ref().ok(),
            "no such method and path",
        );
        return Reply::denied("");
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(bad) => return bad_token(sandbox, *bad),
    };
    let Some(seller) = caller.seller.as_deref() else {
        violated(
            sandbox,
            incoming,
            Some(route),
            Some(caller),
            "this operation needs a seller's authorisation",
        );
        return Reply::denied("");
    };
    if !sandbox
        .world()
        .take_token(&caller.application, seller, route.operation)
    {
        return Reply::throttled();
    }
    let wrong = incoming.check(sandbox, route);
    if !wrong.is_empty() {
        violated(
            sandbox,
            incoming,
            Some(route),
            Some(caller),
            &wrong.join("; "),
        );
        return Reply::invalid(&wrong.join("; "));
    }
    let roles = sandbox.world().roles(&caller.application, seller);
    if !route
        .operation
        .roles
        .iter()
        .any(|role| roles.contains(role))
    {
        return Reply::denied("The application lacks the role for this operation.");
    }
    let (world, now) = (sandbox.world(), sandbox.clock.now());
    let answered = match world.sellers.get(seller) {
        None => Err(Refusal::Other(Reply::denied(""))),
        Some(seller) => match route.operation.name {
            "getMarketplaceParticipations" => Ok(sellers::participations(&seller.account)),
            "searchOrders" => orders::search(seller, &roles, &incoming.query, now),
            "getOrder" => orders::get(
                seller,
                &roles,
                route.parameter("orderId"),
                &incoming.query,
                now,
            ),
            _ => Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND))),
        },
    };
    drop(world);
    match answered {
        Ok(body) => Reply::ok(body),
        Err(Refusal::Other(reply)) => reply,
        Err(Refusal::Violation(wrong)) => {
            violated(sandbox, incoming, Some(route), Some(caller), &wrong);
            Reply::invalid(&wrong)
        }
    }
}

fn bad_token(sandbox: &Sandbox, bad: BadToken) -> Reply {
    let details = match bad {
        BadToken::Missing => "Access token is missing in the request header.",
        BadToken::Invalid => "The access token you provided is revoked, malformed or invalid.",
        BadToken::Expired => "The access token you provided has expired.",
    };
    let status =
        StatusCode::from_u16(sandbox.world().bad_token_status).unwrap_or(StatusCode::FORBIDDEN);
    Reply {
        status,
        ..Reply::denied(details)
    }
}

fn violated(
    sandbox: &Sandbox,
    incoming: &Incoming,
    route: Option<&Route>,
    caller: Option<&Caller>,
    wrong: &str,
) {
    let violation = Violation {
        at: sandbox.clock.now(),
        operation: incoming.operation(route),
        seller: caller.and_then(|caller| caller.seller.clone()),
        path: incoming.path.clone(),
        query: incoming.raw_query.clone(),
        wrong: wrong.to_owned(),
    };
    sandbox.world().violations.push(violation);
}

fn note(
    sandbox: &Sandbox,
    incoming: &Incoming,
    route: Option<&Route>,
    caller: Option<&Caller>,
    reply: Option<&Reply>,
    fault: Option<&Fault>,
) {
    let call = Call {
        at: sandbox.clock.now(),
        operation: incoming.operation(route),
        application: caller.map(|caller| caller.application.clone()),
        seller: caller.and_then(|caller| caller.seller.clone()),
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        query: incoming.raw_query.clone(),
        status: reply.map(|reply| reply.status.as_u16()),
        fault: fault.map(|fault| fault.kind),
    };
    sandbox.world().calls.push(call);
}

impl Incoming {
    async fn read(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Some(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(raw_query.as_bytes())
                .into_owned()
                .collect(),
            raw_query,
            headers: parts.headers,
            body: axum::body::to_bytes(body, LARGEST_BODY).await.ok()?,
        })
    }

    fn operation(&self, route: Option<&Route>) -> String {
        route.map_or_else(
            || format!("{} {}", self.method, self.path),
            |route| route.operation.name.to_owned(),
        )
    }

    fn access_token(&self) -> Option<&str> {
        self.headers
            .get("x-amz-access-token")
            .and_then(|token| token.to_str().ok())
    }

    /// A GET with a body is malformed to Amazon, which answers before any API sees it (page "Resolve
    /// Common HTTP and Authorization Error Codes").
    fn is_malformed(&self) -> bool {
        let length = self.headers.contains_key(header::CONTENT_LENGTH);
        let framed = length || self.headers.contains_key(header::TRANSFER_ENCODING);
        self.method == "GET" && framed
    }

    fn check(&self, sandbox: &Sandbox, route: &Route) -> Vec<String> {
        let mut wrong = Vec::new();
        let agent = self
            .headers
            .get(header::USER_AGENT)
            .map_or(0, |agent| agent.len());
        if !(1..=500).contains(&agent) {
            wrong.push(
                "every request names its application in user-agent, in at most 500 characters"
                    .to_owned(),
            );
        }
        if let Some(models) = &sandbox.models {
            let given = Given {
                path: &route.parameters,
                query: &self.query,
                body: &self.body,
            };
            wrong.extend(models.check_request(route.operation, &given));
        }
        wrong
    }
}
