//! What no handler serves is a problem too.

use super::Problem;
use axum::Router;
use axum::http::header::ALLOW;
use axum::http::{Extensions, Method, StatusCode, Uri};
use axum::response::IntoResponse as _;
use lambda_http::RequestExt as _;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Answers unknown routes with 404 and unknown methods with 405, as problem JSON. Put it on once all routes are there.
pub fn with_problems<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(|method: Method, uri: Uri| async move { no_such_route(&method, uri.path()) })
        .method_not_allowed_fallback(
            |method: Method, uri: Uri, extensions: Extensions| async move {
                // The gateway decodes paths: after a `?` or `#` that belonged to an id, the rest of the path is missing.
                if extensions.raw_http_path().contains(['?', '#']) {
                    return no_such_route(&method, uri.path());
                }
                no_such_method(&method, uri.path())
            },
        )
}

/// The same for the router that also gets whatever no route of the whole API takes: `document` describes all of it.
pub fn with_problems_of_all<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    document: &'static str,
) -> Router<S> {
    with_problems(router).fallback(move |method: Method, uri: Uri| async move {
        let allowed = methods_of(document, uri.path());
        if allowed.is_empty() {
            return no_such_route(&method, uri.path()).into_response();
        }
        let problem = no_such_method(&method, uri.path());
        ([(ALLOW, allowed)], problem).into_response()
    })
}

fn no_such_route(method: &Method, path: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-route",
        format!("There is no {method} {path}."),
        "GET /openapi.json lists what there is.",
    )
}

fn no_such_method(method: &Method, path: &str) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "no-such-method",
        format!("{path} does not take {method}."),
        "GET /openapi.json lists what it takes.",
    )
}

#[derive(Deserialize)]
struct Paths {
    paths: BTreeMap<String, BTreeMap<String, Value>>,
}

/// `GET, PUT`: what the described paths that fit this one take.
fn methods_of(document: &str, path: &str) -> String {
    let Ok(Paths { paths }) = serde_json::from_str(document) else {
        return String::new();
    };
    let fitting = paths
        .into_iter()
        .filter(|(described, _)| fits(described, path));
    let methods = fitting.flat_map(|(_, operations)| operations.into_keys());
    let mut methods: Vec<String> = methods
        .filter(|method| method != "parameters")
        .map(|method| method.to_uppercase())
        .collect();
    methods.sort();
    methods.dedup();
    methods.join(", ")
}

fn fits(described: &str, path: &str) -> bool {
    let (described, path) = (described.split('/'), path.split('/'));
    described.clone().count() == path.clone().count()
        && described
            .zip(path)
            .all(|(part, given)| (part.starts_with('{') && !given.is_empty()) || part == given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_takes_what_is_described_of_it() {
        let document = r#"{"paths": {
            "/orders": {"get": {}}, "/orders/acknowledge": {"post": {}},
            "/orders/{order}": {"get": {}, "parameters": []}
        }}"#;
        let methods = |path| methods_of(document, path);
        assert_eq!(methods("/orders"), "GET");
        assert_eq!(methods("/orders/7"), "GET");
        assert_eq!(methods("/orders/acknowledge"), "GET, POST");
        assert_eq!(methods("/orders/"), "");
        assert_eq!(methods("/nothing"), "");
    }
}
