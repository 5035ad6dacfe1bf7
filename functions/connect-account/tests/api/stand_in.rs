//! Answers as Login with Amazon and the Sellers API do, as far as the function asks. Written from their documents; shares
//! no types with the code under test.

use kit::{Amazon, ok};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wiremock::{Request, ResponseTemplate};

#[derive(Default)]
pub(crate) struct Accounts {
    /// Refresh tokens that Amazon does not take any more.
    pub(crate) revoked: BTreeSet<String>,
    /// Codes that were traded.
    codes: BTreeSet<String>,
    /// Marketplaces by seller; UK and DE if nothing is said.
    pub(crate) marketplaces: BTreeMap<String, Vec<&'static str>>,
    access_tokens: BTreeMap<String, String>,
    /// Requests that Amazon's APIs, not Login with Amazon and not that of notices, were sent.
    pub(crate) asked: usize,
    /// What the Notifications API was asked: the grant, the method and the path's end.
    pub(crate) notices_asked: Vec<String>,
    /// The subscriptions by seller and kind.
    pub(crate) subscriptions: BTreeMap<(String, String), String>,
    /// The ids of the destinations: `d1` of the queue, `d2` of the event source.
    destinations: BTreeSet<&'static str>,
    /// No event source is given.
    pub(crate) refuses_event_source: bool,
    /// What it answers instead: a status.
    pub(crate) refuses_notices: Option<u16>,
}

impl Amazon for Accounts {
    fn answer(&mut self, request: &Request) -> Option<ResponseTemplate> {
        if request.url.path().starts_with("/notifications/v1/") {
            return Some(self.notices(request));
        }
        self.asked += usize::from(request.headers.contains_key("x-amz-access-token"));
        Some(match (request.method.as_str(), request.url.path()) {
            ("POST", "/auth/o2/token") => self.token(&request.body),
            ("GET", "/sellers/v1/marketplaceParticipations") => self.participations(request),
            ("GET", path) if path.starts_with("/listings/2021-08-01/items/") => {
                self.listings_of(request)
            }
            _ => return None,
        })
    }
}

impl Accounts {
    /// Codes are `code-<seller>-<n>` and work once; tokens are `Atzr|<seller>…`, of our app or, with `own` in them, of the
    /// seller's.
    fn token(&mut self, body: &[u8]) -> ResponseTemplate {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let refused = |code: &str| ResponseTemplate::new(400).set_body_json(json!({"error": code}));
        let client = (field("client_id"), field("client_secret"));
        let ours = client == ("our-client".into(), "our-secret".into());
        if !ours && client != ("own-client".into(), "own-secret".into()) {
            return refused("invalid_client");
        }
        if field("grant_type") == "client_credentials" {
            assert_eq!(field("scope"), "sellingpartnerapi::notifications");
            let granted =
                json!({"access_token": "Atza|app", "token_type": "bearer", "expires_in": 3600});
            return ok(granted);
        }
        let refresh = if field("grant_type") == "authorization_code" {
            assert!(field("redirect_uri").ends_with("/oauth/callback"));
            let code = field("code");
            match code.strip_prefix("code-") {
                Some(rest) if self.codes.insert(code.clone()) => format!("Atzr|{rest}"),
                _ => return refused("invalid_grant"),
            }
        } else {
            field("refresh_token")
        };
        let seller = refresh
            .strip_prefix("Atzr|")
            .map(|rest| rest.split('-').next().unwrap_or_default().to_owned());
        let Some(seller) =
            seller.filter(|_| ours != refresh.contains("own") && !self.revoked.contains(&refresh))
        else {
            return refused("invalid_grant");
        };
        let access = format!("Atza|{refresh}");
        self.access_tokens.insert(access.clone(), seller);
        ok(
            json!({"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 3600}),
        )
    }

    /// Each destination is made once; a subscription's id names its seller.
    fn notices(&mut self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().trim_start_matches("/notifications/v1/");
        let token = request.headers["x-amz-access-token"].to_str().unwrap();
        let seller = self.access_tokens.get(token).cloned();
        let grant = if seller.is_some() { "seller" } else { "app" };
        let method = request.method.as_str();
        self.notices_asked.push(format!("{grant} {method} {path}"));
        let refused = |status: u16, code: &str| {
            ResponseTemplate::new(status)
                .set_body_json(json!({"errors": [{"code": code, "message": "no"}]}))
        };
        if let Some(status) = self.refuses_notices {
            return refused(status, "Unauthorized");
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let by_event_bridge = parts.get(1) == Some(&"LISTINGS_ITEM_STATUS_CHANGE");
        let destination = if by_event_bridge { "d2" } else { "d1" };
        let of = |id: &str| {
            ok(
                json!({"payload": {"subscriptionId": id, "destinationId": destination, "payloadVersion": "1.0"}}),
            )
        };
        match (method, &parts[..], seller) {
            ("POST", ["destinations"], None) => {
                let resource = &body["resourceSpecification"];
                let is_source = resource["eventBridge"]
                    == json!({"accountId": "000000000000", "region": "eu-west-1"});
                let id = if is_source { "d2" } else { "d1" };
                let is_refused = is_source && self.refuses_event_source;
                if is_refused || !self.destinations.insert(id) {
                    return refused(409, "Conflict");
                }
                ok(json!({"payload": {"destinationId": id, "name": "x", "resource": resource}}))
            }
            ("GET", ["destinations"], None) => {
                let resource = json!({"sqs": {"arn": crate::world::NOTICES}});
                ok(json!({"payload": [{"destinationId": "d1", "name": "x", "resource": resource}]}))
            }
            ("GET", ["subscriptions", kind], Some(seller)) => {
                match self.subscriptions.get(&(seller, (*kind).to_owned())) {
                    Some(id) => of(id),
                    None => refused(404, "NotFound"),
                }
            }
            ("POST", ["subscriptions", kind], Some(seller)) => {
                assert_eq!(body["destinationId"], destination);
                let id = format!("{kind}-{seller}-{}", self.notices_asked.len());
                let answer = of(&id);
                self.subscriptions.insert((seller, (*kind).to_owned()), id);
                answer
            }
            ("DELETE", ["destinations", "d0"], None) => ok(json!({})),
            ("DELETE", ["subscriptions", _, id], None) => {
                self.subscriptions.retain(|_, held| held != id);
                ok(json!({}))
            }
            other => panic!("Amazon refuses this grant for {other:?}"),
        }
    }

    /// Nobody has the SKU that is asked for; who asks for another seller than the token's is refused.
    fn listings_of(&self, request: &Request) -> ResponseTemplate {
        let token = request.headers["x-amz-access-token"].to_str().unwrap();
        let seller = request.url.path().split('/').nth(4).unwrap();
        let (status, code) = match self.access_tokens[token] == seller {
            true => (404, "NOT_FOUND"),
            false => (403, "Unauthorized"),
        };
        ResponseTemplate::new(status)
            .set_body_json(json!({"errors": [{"code": code, "message": "no"}]}))
    }

    fn participations(&self, request: &Request) -> ResponseTemplate {
        let token = request.headers["x-amz-access-token"].to_str().unwrap();
        let seller = &self.access_tokens[token];
        let all = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A13V1IB3VIYZZH"];
        let marketplaces = self
            .marketplaces
            .get(seller)
            .cloned()
            .unwrap_or_else(|| all[..2].to_vec());
        let payload: Vec<Value> = all
            .iter()
            .map(|id| json!({"marketplace": {"id": id}, "participation": {"isParticipating": marketplaces.contains(id), "hasSuspendedListings": false}}))
            .collect();
        ok(json!({"payload": payload}))
    }
}
