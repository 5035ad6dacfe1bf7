//! The routes that the template gives a function are those its router serves.

use crate::document::{Resource, Template};
use crate::source::functions_of;
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

/// `GET /orders/{}`: names of path parameters may differ.
fn route(method: &str, path: &str) -> String {
    let mut nameless = String::new();
    for part in path.split('/').skip(1) {
        nameless.push('/');
        nameless.push_str(if part.starts_with('{') { "{}" } else { part });
    }
    format!("{} {nameless}", method.to_uppercase())
}

fn in_template(function: Resource<'_>) -> BTreeSet<String> {
    let text = |event: &Value, name: &str| {
        event
            .get(name)
            .and_then(Value::as_str)
            .expect("a route has it")
            .to_owned()
    };
    let events = function.events("HttpApi").into_iter();
    events
        .filter(|(_, event)| event.get("Path").is_some())
        .map(|(_, event)| route(&text(event, "Method"), &text(event, "Path")))
        .collect()
}

fn in_code(function: Resource<'_>) -> BTreeSet<String> {
    let code = functions_of(&super::workspace().join("functions").join(function.folder()));
    code.iter()
        .flat_map(|part| &part.routes)
        .map(|(path, method)| route(method, path))
        .collect()
}

#[test]
fn the_api_has_the_routes_that_the_functions_serve() {
    let template = Template::load();
    for function in template.of_type("AWS::Serverless::Function") {
        assert_eq!(
            in_template(function),
            in_code(function),
            "routes of `{}`: template, code",
            function.id
        );
    }
}

#[test]
fn only_six_routes_need_no_token() {
    let template = Template::load();
    let mut open = BTreeSet::new();
    for function in template.of_type("AWS::Serverless::Function") {
        for (_, event) in function.events("HttpApi") {
            let authorizer = crate::document::descend(event, &["Auth", "Authorizer"]);
            if authorizer.and_then(Value::as_str) == Some("NONE") {
                open.insert(
                    event
                        .get("Path")
                        .and_then(Value::as_str)
                        .expect("a route has a path")
                        .to_owned(),
                );
            }
        }
    }
    let expected = [
        "/health",
        "/oauth/callback",
        "/oauth/consent",
        "/oauth/login",
        "/oauth/start",
        "/openapi.json",
    ];
    assert_eq!(
        open.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
    let default = template
        .resource("HttpApi")
        .property(&["Auth", "DefaultAuthorizer"]);
    assert!(default.is_some(), "all other routes need a token");
}

#[test]
fn the_access_log_holds_no_query_path_or_caller() {
    let template = Template::load();
    let format = template
        .resource("HttpApi")
        .property(&["AccessLogSettings", "Format"])
        .and_then(Value::as_str);
    let names: BTreeSet<_> = format
        .expect("there is one")
        .split("$context.")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let harmless = [
        "requestId",
        "requestTime",
        "routeKey",
        "status",
        "responseLength",
        "responseLatency",
        "integrationStatus",
        "integrationErrorMessage",
        "authorizer.error",
    ];
    assert!(
        names.iter().all(|name| harmless.contains(name)),
        "{names:?}"
    );
}
