//! What the API says of each of its operations.

use crate::generated::whole;
use kit::routes::operations;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_operation_says_what_it_answers() {
    let document = serde_json::to_value(whole()).unwrap();
    let mut ids = BTreeSet::new();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(
            ids.insert(operation["operationId"].to_string()),
            "{method} {path}"
        );
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(
            operation["responses"]
                .as_object()
                .is_some_and(|responses| !responses.is_empty())
        );
        let open = operation["security"] == serde_json::json!([{}]);
        let public = path.starts_with("/oauth") || path == "/health" || path == "/openapi.json";
        assert_eq!(open, public, "{method} {path}: {}", operation["security"]);
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.contains_key("Problem") && schemas.values().all(Value::is_object));
}
