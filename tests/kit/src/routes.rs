//! What holds of the routes of every function behind the API.

use crate::Answer;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use stallkeeper::api::{Caller, Scope};

/// Every operation of an API's description: method and path.
pub fn operations(document: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "patch", "delete"] {
            if item.get(method).is_some() {
                all.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    all
}

/// None of the operations is served without a token, or with one that has other scopes.
pub async fn want_a_token_with_the_scope(router: &Router, operations: &[(String, String)]) {
    for (method, path) in operations {
        let request = || Request::builder().method(method.as_str()).uri(path);
        let nobody = request().body(Body::empty()).unwrap();
        let told = Answer::of(router.clone(), nobody).await;
        assert_eq!(told.problem_kind(401), "no-tenant", "{method} {path}");
        let desk = Caller::new("north".parse().unwrap(), &[Scope::Desk, Scope::Buyer]);
        let desk = request().extension(desk).body(Body::empty()).unwrap();
        let told = Answer::of(router.clone(), desk).await;
        assert_eq!(told.problem_kind(403), "missing-scope", "{method} {path}");
    }
}
