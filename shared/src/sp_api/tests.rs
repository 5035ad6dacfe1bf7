//! The client against servers that answer as Amazon does: bodies in the recorded shapes, one test per class.

mod classes;
mod dispatches;
mod documents;
mod feeds;
mod listings;
mod logins;
mod notifications;
mod offers;
mod requests;

use super::*;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const ORDERS: &str = "/orders/2026-01-01/orders";

/// A simulator of one test: a server, a client that knows it, and a seller.
struct World {
    server: MockServer,
    amazon: SpApi,
    app: AppCredentials,
    refresh_token: SecretString,
}

impl World {
    /// One where Login with Amazon answers nothing yet.
    async fn empty() -> Self {
        let server = MockServer::start().await;
        let amazon = SpApi::new(Endpoints::all_at(&server.uri().parse().unwrap())).unwrap();
        let app = AppCredentials {
            client_id: "client".into(),
            client_secret: "Hushsecret".to_owned().into(),
        };
        Self {
            server,
            amazon,
            app,
            refresh_token: "Atzr|Hushrefresh".to_owned().into(),
        }
    }

    /// One where Login with Amazon hands out `Atza|Hush1`, `Atza|Hush2`, … for an hour each.
    async fn new() -> Self {
        let world = Self::empty().await;
        world.hands_out_tokens(3600).await;
        world
    }

    async fn hands_out_tokens(&self, expires_in: u64) {
        let handed_out = std::sync::atomic::AtomicU32::new(0);
        let answer = move |_: &Request| {
            let count = handed_out.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            let token = format!("Atza|Hush{count}");
            ResponseTemplate::new(200).set_body_json(json!({
                "access_token": token, "token_type": "bearer", "expires_in": expires_in, "refresh_token": "Atzr|Hushrefresh",
            }))
        };
        Mock::given(method("POST"))
            .and(path("/auth/o2/token"))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    async fn lwa_answers(&self, answer: ResponseTemplate) {
        Mock::given(method("POST"))
            .and(path("/auth/o2/token"))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    async fn orders_answer(&self, answer: ResponseTemplate) {
        Mock::given(method("GET"))
            .and(path(ORDERS))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    fn account(&self) -> Account<'_> {
        Account {
            region: Region::Eu,
            app: &self.app,
            refresh_token: &self.refresh_token,
        }
    }

    async fn sweep(&self) -> Result<Answer<OrdersPage>> {
        self.amazon.search_orders(&self.account(), &sweep()).await
    }

    /// Answers whatever is asked by this method, at whatever path.
    async fn answers(&self, to: &str, answer: ResponseTemplate) {
        Mock::given(method(to))
            .and(wiremock::matchers::path_regex(
                "^/(listings|feeds|reports|s3|catalog|definitions)/",
            ))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    /// Where the server is, for addresses that it hands out itself.
    fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.server.uri())
    }

    /// The one request that was made, the log-in aside.
    async fn the_request(&self) -> Request {
        let mut all = self.server.received_requests().await.unwrap();
        all.retain(|request| request.url.path() != "/auth/o2/token");
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// Requests to addresses with this path, in the order they came.
    async fn requests(&self, path: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter()
            .filter(|request| request.url.path() == path)
            .collect()
    }
}

fn sweep() -> Sweep<'static> {
    Sweep {
        by: OrderMoment::Updated,
        marketplaces: &[],
        open_only: false,
        after: "2026-11-20T09:00:00.999Z".parse().unwrap(),
        before: "2026-11-20T10:00:00.001Z".parse().unwrap(),
        token: None,
        datasets: &[Dataset::Buyer, Dataset::Fulfillment],
        fulfilled_by_merchant_only: true,
    }
}

fn an_order() -> Value {
    serde_json::from_str(include_str!("fixtures/order.json")).unwrap()
}

fn errors(code: &str, details: &str) -> Value {
    json!({ "errors": [{ "code": code, "message": "Quillfeather says no.", "details": details }] })
}

fn is_discreet(text: &str) -> bool {
    !["Hush", "uillfeather", "127.0.0.1"]
        .iter()
        .any(|secret| text.contains(secret))
}
