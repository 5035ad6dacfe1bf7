//! Owns the way of every SP-API request: which operation, who calls, faults, rate limit, Amazon's
//! models, roles, then the API's own file. It never knows what an operation means.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{Response, StatusCode},
};

use crate::{
    Sandbox,
    admitted::AdmittedRequest,
    answer::{self, Struck},
    catalog,
    connection::Connection,
    fault::{Fault, FaultKind, Target},
    feeds,
    grants::{BadToken, Caller},
    incoming::Incoming,
    listings, notices,
    operations::{self, Route},
    orders,
    reply::{Refusal, Reply},
    reports, sellers,
    world::{Call, Violation, World},
};

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
    let visit = Visit::of(&sandbox, &incoming);
    let fault = visit.fault();
    let reply = match answer::strike(fault.as_ref(), &connection).await {
        Struck::Work => Some(visit.work()),
        Struck::Instead(reply) => Some(reply),
        Struck::Gone => None,
    };
    let lost = fault
        .as_ref()
        .is_some_and(|fault| fault.kind == FaultKind::Lost);
    if lost {
        connection.reset();
    }
    let reply = reply.filter(|_| !lost);
    visit.note(reply.as_ref(), fault.as_ref());
    answer::keep_back(fault.as_ref()).await;
    let Some(reply) = reply else {
        return answer::gone();
    };
    let response = answer::sp_api(&reply, sandbox.clock.now(), visit.rate_told());
    match fault {
        Some(fault) if fault.kind == FaultKind::CutOff => answer::cut_off(response).await,
        _ => response,
    }
}

/// What the Notifications API answers; none: it is another API's.
fn notified(world: &mut World, admitted: &AdmittedRequest<'_>) -> Option<Result<Reply, Refusal>> {
    Some(match admitted.route.operation.name {
        "createDestination" => notices::create_destination(world, admitted),
        "getDestinations" => notices::destinations(world, admitted),
        "getDestination" => notices::destination(world, admitted),
        "deleteDestination" => notices::delete_destination(world, admitted),
        "createSubscription" => notices::subscribe(world, admitted),
        "getSubscription" => notices::subscription(world, admitted),
        "getSubscriptionById" => notices::subscription_by_id(world, admitted),
        "deleteSubscriptionById" => notices::delete_subscription(world, admitted),
        _ => return None,
    })
}

/// One request with what is known of it before any work.
struct Visit<'a> {
    sandbox: &'a Sandbox,
    incoming: &'a Incoming,
    route: Option<Route>,
    caller: Result<Caller, BadToken>,
}

impl<'a> Visit<'a> {
    fn of(sandbox: &'a Sandbox, incoming: &'a Incoming) -> Self {
        let caller = sandbox
            .world()
            .grants
            .caller(incoming.access_token(), sandbox.clock.now());
        Self {
            sandbox,
            incoming,
            route: operations::route(&incoming.method, &incoming.path),
            caller,
        }
    }

    fn seller(&self) -> Option<&str> {
        self.caller.as_ref().ok()?.seller.as_deref()
    }

    fn fault(&self) -> Option<Fault> {
        let route = self.route.as_ref()?;
        let target = Target {
            operation: route.operation.name,
            seller: self.seller(),
            page: orders::page_number(&self.incoming.query),
            sku: route.parameter("sku"),
            order: route.parameter("orderId"),
        };
        self.sandbox.world().faults.strike(target)
    }

    /// The real answer. What breaks a rule is written down as well.
    fn work(&self) -> Reply {
        let answered = self.admitted().and_then(|admitted| self.ask(&admitted));
        match answered {
            Ok(reply) => reply,
            Err(Refusal::Other(reply)) => reply,
            Err(Refusal::Violation(wrong)) => {
                self.violated(&wrong);
                Reply::invalid(&wrong)
            }
        }
    }

    /// Refuses in the order in which Amazon does: form, path, token, rate, request, role.
    fn admitted(&self) -> Result<AdmittedRequest<'_>, Refusal> {
        if self.incoming.is_malformed() {
            return Err(Refusal::Violation(
                "a GET has no body and no Content-Length".to_owned(),
            ));
        }
        let Some(route) = &self.route else {
            self.violated("there is no such method and path");
            return Err(Refusal::Other(Reply::denied("")));
        };
        let caller = self.caller.as_ref().map_err(|bad| self.bad_token(*bad))?;
        let seller = self.in_whose_name(caller, route)?;
        if !self
            .sandbox
            .world()
            .take_token(&caller.application, seller, route.operation.limit())
        {
            return Err(Refusal::Other(Reply::throttled()));
        }
        let wrong = self.incoming.check(self.sandbox.models.as_deref(), route);
        if !wrong.is_empty() {
            return Err(Refusal::Violation(wrong.join("; ")));
        }
        let roles = self.sandbox.world().roles(&caller.application, seller);
        let needed = route.operation.roles;
        if route.operation.scope.is_none() && !needed.iter().any(|role| roles.contains(role)) {
            let why = "The application lacks the role for this operation.";
            return Err(Refusal::Other(Reply::denied(why)));
        }
        Ok(AdmittedRequest {
            url: &self.sandbox.url,
            application: &caller.application,
            seller,
            roles,
            route,
            incoming: self.incoming,
            body: &self.incoming.body,
            now: self.sandbox.clock.now(),
        })
    }

    /// The seller whose token it is; empty for a grantless operation, which wants no seller's.
    fn in_whose_name<'c>(&self, caller: &'c Caller, route: &Route) -> Result<&'c str, Refusal> {
        let wrong = match (route.operation.scope, caller.seller.as_deref()) {
            (None, Some(seller)) => return Ok(seller),
            (Some(scope), None) if caller.scope.as_deref() == Some(scope) => return Ok(""),
            (None, None) => "this operation needs a seller's authorisation",
            (Some(_), _) => "this operation is grantless and needs a token of its scope",
        };
        self.violated(wrong);
        Err(Refusal::Other(Reply::denied("")))
    }

    fn ask(&self, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
        let mut world = self.sandbox.world();
        if let Some(answered) = notified(&mut world, admitted) {
            return answered;
        }
        let seller = world
            .sellers
            .get(admitted.seller)
            .ok_or_else(|| Refusal::Other(Reply::denied("")))?;
        match admitted.route.operation.name {
            "getMarketplaceParticipations" => {
                Ok(Reply::ok(sellers::participations(&seller.account)))
            }
            "searchOrders" => orders::search(seller, admitted).map(Reply::ok),
            "getOrder" => orders::get(seller, admitted).map(Reply::ok),
            "confirmShipment" => orders::shipping::confirm(&mut world, admitted),
            "searchCatalogItems" => catalog::search(&world, admitted),
            "getListingsRestrictions" => catalog::restrictions(&world, admitted),
            "getDefinitionsProductType" => catalog::definition(&mut world, admitted),
            "getListingsItem" => listings::get(&mut world, admitted),
            "searchListingsItems" => listings::search(&mut world, admitted),
            "patchListingsItem" => listings::patch(&mut world, admitted),
            "createFeedDocument" => feeds::create_document(&mut world, admitted),
            "getFeedDocument" => feeds::get_document(&mut world, admitted),
            "createFeed" => feeds::create(&mut world, admitted),
            "getFeeds" => feeds::list(&mut world, admitted),
            "getFeed" => feeds::get(&mut world, admitted),
            "createReport" => reports::create(&mut world, admitted),
            "getReport" => reports::get(&mut world, admitted),
            "getReportDocument" => reports::get_document(&mut world, admitted),
            _ => Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND))),
        }
    }

    fn bad_token(&self, bad: BadToken) -> Refusal {
        let details = match bad {
            BadToken::Missing => "Access token is missing in the request header.",
            BadToken::Invalid => "The access token you provided is revoked, malformed or invalid.",
            BadToken::Expired => "The access token you provided has expired.",
        };
        let status = StatusCode::from_u16(self.sandbox.world().bad_token_status)
            .unwrap_or(StatusCode::FORBIDDEN);
        Refusal::Other(Reply {
            status,
            ..Reply::denied(details)
        })
    }

    fn rate_told(&self) -> Option<f64> {
        let world = self.sandbox.world();
        self.route
            .as_ref()
            .filter(|_| world.rate_limit_header)
            .map(|route| world.rate(route.operation))
    }

    fn operation(&self) -> String {
        let unknown = || format!("{} {}", self.incoming.method, self.incoming.path);
        self.route
            .as_ref()
            .map_or_else(unknown, |route| route.operation.name.to_owned())
    }

    fn violated(&self, wrong: &str) {
        let violation = Violation {
            at: self.sandbox.clock.now(),
            operation: self.operation(),
            seller: self.seller().map(str::to_owned),
            path: self.incoming.path.clone(),
            query: self.incoming.raw_query.clone(),
            wrong: wrong.to_owned(),
        };
        self.sandbox.world().violations.push(violation);
    }

    fn note(&self, reply: Option<&Reply>, fault: Option<&Fault>) {
        let call = Call {
            at: self.sandbox.clock.now(),
            operation: self.operation(),
            application: self
                .caller
                .as_ref()
                .ok()
                .map(|caller| caller.application.clone()),
            seller: self.seller().map(str::to_owned),
            method: self.incoming.method.clone(),
            path: self.incoming.path.clone(),
            query: self.incoming.raw_query.clone(),
            status: reply.map(|reply| reply.status.as_u16()),
            fault: fault.map(|fault| fault.kind),
        };
        self.sandbox.note(call);
    }
}
