//! Amazon's own models, read for tests: their static sandbox cases, and whether a request is one that they allow.

mod body;

use jiff::Timestamp;
use serde_json::Value;
use std::path::PathBuf;

pub const ORDERS: &str = "orders-api-model/orders_2026-01-01.json";
pub const SELLERS: &str = "sellers-api-model/sellers.json";
pub const FEEDS: &str = "feeds-api-model/feeds_2021-06-30.json";
pub const REPORTS: &str = "reports-api-model/reports_2021-06-30.json";
pub const LISTINGS: &str = "listings-items-api-model/listingsItems_2021-08-01.json";
pub const CATALOG: &str = "catalog-items-api-model/catalogItems_2022-04-01.json";
pub const RESTRICTIONS: &str =
    "listings-restrictions-api-model/listingsRestrictions_2021-08-01.json";
pub const DEFINITIONS: &str =
    "product-type-definitions-api-model/definitionsProductTypes_2020-09-01.json";

/// A request of Amazon's static sandbox and its answer.
pub struct Case {
    pub operation: String,
    pub status: u16,
    /// Values of the parameters by name.
    pub parameters: Value,
    pub answer: Value,
}

/// One model file. Panics if it cannot be read: no test can do without it.
pub struct Model(Value);

impl Model {
    pub fn read(file: &str) -> Self {
        let folder = std::env::var("SP_API_MODELS").expect(
            "SP_API_MODELS is not set: it names the folder of Amazon's models. Run the tests by `cargo dev test`, which sets it",
        );
        let path = PathBuf::from(folder).join(file);
        let text = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        Self(serde_json::from_slice(&text).unwrap())
    }

    /// All static cases of all operations, and the examples that the answers are documented with.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (_, _, operation) in self.operations() {
            let name = operation["operationId"].as_str().unwrap();
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let case = |parameters: &Value, answer: &Value| Case {
                    operation: name.to_owned(),
                    status: status.parse().unwrap(),
                    parameters: parameters.clone(),
                    answer: answer.clone(),
                };
                let statics = answer
                    .pointer("/x-amzn-api-sandbox/static")
                    .and_then(Value::as_array);
                let statics = statics.into_iter().flatten();
                cases.extend(statics.map(|it| case(&it["request"]["parameters"], &it["response"])));
                let example = answer
                    .pointer("/examples/application~1json")
                    .or(answer.pointer("/examples"));
                cases.extend(example.map(|example| case(&Value::Null, example)));
            }
        }
        cases
    }

    /// What is wrong with a request, by the model. No body is an empty one.
    pub fn faults(&self, method: &str, url: &url::Url, body: &[u8]) -> Vec<String> {
        let is_it = |(path, by, _): &(&String, &String, &Value)| {
            by.eq_ignore_ascii_case(method) && is_at(url, path)
        };
        let Some((_, _, operation)) = self.operations().find(is_it) else {
            return vec![format!("no operation is at {}", url.path())];
        };
        let parameters = operation["parameters"].as_array().unwrap();
        let named = |name: &str| {
            parameters
                .iter()
                .find(|it| it["name"] == name && it["in"] == "query")
        };
        let mut faults = Vec::new();
        for (name, value) in url.query_pairs() {
            match named(&name) {
                None => faults.push(format!("{name} is no parameter")),
                Some(parameter) if !allows(parameter, &value) => {
                    faults.push(format!("{name} may not be {value}"))
                }
                Some(_) => {}
            }
            if url
                .query_pairs()
                .filter(|(other, _)| *other == name)
                .count()
                > 1
            {
                faults.push(format!("{name} is there twice"));
            }
        }
        let required = parameters
            .iter()
            .filter(|it| it["in"] == "query" && it["required"] == true);
        let missing = required.filter(|it| !url.query_pairs().any(|(name, _)| it["name"] == *name));
        faults.extend(missing.map(|it| format!("{} is missing", it["name"])));
        let schema = parameters.iter().find(|it| it["in"] == "body");
        faults.extend(body::faults(&self.0, schema.map(|it| &it["schema"]), body));
        faults
    }

    /// Path, method and description of each operation.
    fn operations(&self) -> impl Iterator<Item = (&String, &String, &Value)> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods
                .filter(|(_, operation)| operation.get("operationId").is_some())
                .map(move |(method, operation)| (path, method, operation))
        })
    }
}

fn is_at(url: &url::Url, path: &str) -> bool {
    let wanted: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let given: Vec<&str> = url.path_segments().unwrap().collect();
    let fits = |(wanted, given): (&&str, &&str)| {
        wanted == given || (wanted.starts_with('{') && !given.is_empty())
    };
    wanted.len() == given.len() && wanted.iter().zip(&given).all(fits)
}

/// Whether a query value is of the parameter's type; lists are separated by commas.
fn allows(parameter: &Value, value: &str) -> bool {
    match parameter["type"].as_str().unwrap() {
        "array" => {
            let values: Vec<&str> = value.split(',').collect();
            let most = parameter["maxItems"].as_u64().unwrap_or(u64::MAX);
            values.len() as u64 <= most
                && values
                    .iter()
                    .all(|value| allows(&parameter["items"], value))
        }
        "integer" => value.parse::<i64>().is_ok(),
        "boolean" => value.parse::<bool>().is_ok(),
        _ => {
            let listed = parameter["enum"]
                .as_array()
                .is_none_or(|values| values.iter().any(|it| it == value));
            let is_time = parameter["format"] != "date-time" || value.parse::<Timestamp>().is_ok();
            !value.is_empty() && listed && is_time
        }
    }
}

#[test]
fn a_request_that_amazon_would_refuse_is_noticed() {
    let model = Model::read(ORDERS);
    let rows = [
        (
            "orders?lastUpdatedAfter=2026-11-20T09:00:00Z&includedData=BUYER,TAX",
            None,
        ),
        ("orders/1?includedData=BUYER", None),
        (
            "orders?lastUpdatedAfter=yesterday",
            Some("lastUpdatedAfter may not be yesterday"),
        ),
        (
            "orders?includedData=BUYER,buyer",
            Some("includedData may not be BUYER,buyer"),
        ),
        (
            "orders?includedData=BUYER&includedData=TAX",
            Some("includedData is there twice"),
        ),
        (
            "orders?LastUpdatedAfter=2026-11-20T09:00:00Z",
            Some("LastUpdatedAfter is no parameter"),
        ),
        ("order", Some("no operation is at /orders/2026-01-01/order")),
    ];
    for (request, fault) in rows {
        let url = format!("https://amazon.example/orders/2026-01-01/{request}")
            .parse()
            .unwrap();
        assert_eq!(
            model.faults("GET", &url, b"").first().map(String::as_str),
            fault,
            "{request}"
        );
    }
}
