//! Every static sandbox case of Amazon's own models (and every example answer) is served to the client: it reads each,
//! gives each refusal its class, knows every field, keeps buyer data out of the order, and asks as the model allows.

mod offers;
mod stock;

use crate::amazon_model::{Case, Model, ORDERS, SELLERS};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::AppCredentials;
use stallkeeper::domain::marketplace::Region;
use stallkeeper::domain::order::BuyerReason;
use stallkeeper::sp_api::{
    Account, Answer, Dataset, Endpoints, OrderMoment, OrdersPage, RawOrder, SpApi, Sweep,
    read_order, refusal,
};
use stallkeeper::{Class, Result};
use std::collections::BTreeSet;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Fields whose texts are a buyer's, wherever they stand. A list of this test's own, not the client's.
const PRIVATE: [&str; 8] = [
    "buyer",
    "deliveryPreference",
    "payment",
    "tax",
    "giftOption",
    "customization",
    "cancelReason",
    "iossNumber",
];

const LOG_IN: &str = "/auth/o2/token";

/// What of an address is for all to see.
const PUBLIC_OF_ADDRESS: [&str; 2] = ["countryCode", "addressType"];

/// A server that gives one answer to everything but the log-in, and a client that asks it.
struct Amazon {
    server: MockServer,
    client: SpApi,
    app: AppCredentials,
    refresh_token: SecretString,
}

impl Amazon {
    async fn answering(case: &Case) -> Self {
        let server = MockServer::start().await;
        let granted =
            json!({ "access_token": "Atza|case", "token_type": "bearer", "expires_in": 3600 });
        let login = Mock::given(method("POST")).and(path(LOG_IN));
        login
            .respond_with(ResponseTemplate::new(200).set_body_json(granted))
            .mount(&server)
            .await;
        let answer = ResponseTemplate::new(case.status).set_body_json(&case.answer);
        // The log-in was set up first and so wins.
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let client = SpApi::new(Endpoints::all_at(&server.uri().parse().unwrap())).unwrap();
        let app = AppCredentials {
            client_id: "client".into(),
            client_secret: "secret".to_owned().into(),
        };
        Self {
            server,
            client,
            app,
            refresh_token: "Atzr|case".to_owned().into(),
        }
    }

    fn account(&self) -> Account<'_> {
        Account {
            region: Region::Eu,
            app: &self.app,
            refresh_token: &self.refresh_token,
        }
    }

    async fn search(&self, case: &Case) -> Result<Answer<OrdersPage>> {
        let sweep = Sweep {
            by: OrderMoment::Updated,
            marketplaces: &[],
            open_only: false,
            after: "2024-12-20T00:00:00Z".parse().unwrap(),
            before: "2024-12-26T00:00:00Z".parse().unwrap(),
            token: case.parameters["paginationToken"]["value"].as_str(),
            datasets: &datasets(case),
            fulfilled_by_merchant_only: true,
        };
        self.client.search_orders(&self.account(), &sweep).await
    }

    async fn get(&self, case: &Case) -> Result<Answer<RawOrder>> {
        let id = case.parameters["orderId"]["value"]
            .as_str()
            .unwrap_or("123-4567890-1234567");
        self.client
            .order(&self.account(), &id.parse().unwrap(), &datasets(case))
            .await
    }

    /// The one request that was made must be one that the model allows.
    async fn was_asked_properly(&self, model: &Model) {
        let requests = self.server.received_requests().await.unwrap();
        let asked: Vec<_> = requests
            .iter()
            .filter(|request| request.url.path() != LOG_IN)
            .collect();
        assert_eq!(asked.len(), 1);
        let asked = asked[0];
        assert_eq!(
            model.faults(asked.method.as_str(), &asked.url, &asked.body),
            Vec::<String>::new(),
            "{}",
            asked.url
        );
    }
}

fn datasets(case: &Case) -> Vec<Dataset> {
    match &case.parameters["includedData"]["value"] {
        Value::Null => Dataset::ALL.to_vec(),
        names => serde_json::from_value(names.clone()).unwrap(),
    }
}

/// The texts below the private fields of an order.
fn private_texts<'a>(json: &'a Value, private: bool, into: &mut BTreeSet<&'a str>) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                let in_address = name == "deliveryAddress" || name == "taxRegistrationAddress";
                let private = (private || in_address || PRIVATE.contains(&name.as_str()))
                    && !PUBLIC_OF_ADDRESS.contains(&name.as_str());
                private_texts(value, private, into);
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| private_texts(value, private, into)),
        // A plain word in capitals or a number ("BUYER", "98101", "60.00") may well stand elsewhere too.
        // Why a buyer wants to cancel is Amazon's phrase, or the buyer's own words.
        Value::String(text)
            if private && !text.chars().all(is_plain) && BuyerReason::of(text).is_none() =>
        {
            into.insert(text);
        }
        _ => {}
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '.')
}

fn reads_well(raw: &RawOrder, json: &Value) {
    let id = raw.id();
    assert_eq!(
        serde_json::to_value(raw).unwrap(),
        *json,
        "{id} is passed on untouched"
    );
    let read = read_order(raw).unwrap();
    assert_eq!(
        read.unknown,
        BTreeSet::new(),
        "{id}: every field and value of Amazon's own is known"
    );
    assert_eq!(
        read.order.items.len(),
        json["orderItems"].as_array().unwrap().len()
    );
    assert!(read.order.marketplace().is_some(), "{id}");

    let seen = serde_json::to_string(&read.order).unwrap();
    let kept = read.buyer.expose().to_string();
    let mut texts = BTreeSet::new();
    private_texts(json, false, &mut texts);
    assert!(!texts.is_empty(), "{id} holds buyer data");
    for text in texts {
        let text = Value::from(text).to_string();
        assert!(
            !seen.contains(&text),
            "{id}: {text} is for the buyer's eyes"
        );
        assert!(kept.contains(&text), "{id}: {text} is kept");
    }
}

fn is_refused_as_told(case: &Case, error: &stallkeeper::Error) {
    let refusal = refusal(error).unwrap();
    assert_eq!(
        (refusal.operation, refusal.status),
        (case.operation.as_str(), case.status)
    );
    assert_eq!(
        refusal.code.as_deref(),
        case.answer["errors"][0]["code"].as_str()
    );
    assert_eq!(
        error.class(),
        Class::Permanent,
        "Amazon's static cases have no other refusals than 400"
    );
}

#[tokio::test]
async fn every_static_case_of_amazons_orders_model_is_read() {
    let model = Model::read(ORDERS);
    let cases = model.cases();
    let known = |case: &&Case| matches!(case.operation.as_str(), "searchOrders" | "getOrder");
    assert_eq!(
        cases.iter().filter(known).count(),
        cases.len(),
        "the model has an operation that is new to this test"
    );
    assert!(cases.len() >= 8, "the model lost its cases");
    for case in &cases {
        let amazon = Amazon::answering(case).await;
        match (case.operation.as_str(), case.status) {
            ("searchOrders", 200) => {
                let page = amazon.search(case).await.unwrap().value;
                let orders = case.answer["orders"].as_array().unwrap();
                assert_eq!(page.orders.len(), orders.len());
                page.orders
                    .iter()
                    .zip(orders)
                    .for_each(|(raw, json)| reads_well(raw, json));
                assert_eq!(
                    page.next_token.as_deref(),
                    case.answer["pagination"]["nextToken"].as_str()
                );
                let ends = ["lastUpdatedBefore", "createdBefore"];
                let echoed = ends
                    .iter()
                    .find_map(|name| case.answer[name].as_str())
                    .map(|time| time.parse().unwrap());
                assert_eq!(page.last_updated_before, echoed);
            }
            ("getOrder", 200) => reads_well(
                &amazon.get(case).await.unwrap().value,
                &case.answer["order"],
            ),
            ("searchOrders", _) => {
                is_refused_as_told(case, &amazon.search(case).await.unwrap_err())
            }
            _ => is_refused_as_told(case, &amazon.get(case).await.unwrap_err()),
        }
        amazon.was_asked_properly(&model).await;
    }
}

#[tokio::test]
async fn every_static_case_of_amazons_participations_is_read() {
    let model = Model::read(SELLERS);
    let cases = model.cases();
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.operation == "getMarketplaceParticipations")
        .collect();
    assert!(!cases.is_empty(), "the model lost its cases");
    for case in cases {
        let amazon = Amazon::answering(case).await;
        let answer = amazon.client.participations(&amazon.account()).await;
        match case.status {
            200 => {
                let marketplaces = answer.unwrap().value;
                let listed: Vec<_> = marketplaces
                    .iter()
                    .map(|store| store.marketplace.id())
                    .collect();
                let list = case.answer["payload"].as_array().unwrap();
                assert_eq!(
                    listed,
                    list.iter()
                        .map(|it| it["marketplace"]["id"].as_str().unwrap())
                        .collect::<Vec<_>>()
                );
            }
            _ => is_refused_as_told(case, &answer.unwrap_err()),
        }
        amazon.was_asked_properly(&model).await;
    }
}
