//! What follows from the functions' own description of their routes: infra/openapi.json, and the routes in the template.
//! `cargo dev generate` writes both; every other run only compares.

use kit::generated::{is_current, root};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::OpenApi;

/// Each function behind the API, with what it says of its routes.
fn functions() -> [(&'static str, OpenApi); 5] {
    [
        ("connect-account", connect_account::openapi()),
        ("configure-selling", configure_selling::openapi()),
        ("configure-shipping", configure_shipping::openapi()),
        ("desk-orders", desk_orders::openapi()),
        ("manage-catalogue", manage_catalogue::openapi()),
    ]
}

/// The API's description: of all functions behind it, in one.
pub(crate) fn whole() -> OpenApi {
    let parts = functions().into_iter().map(|(_, part)| part);
    let whole = parts.reduce(|mut document, part| {
        let (here, there) = (schemas(&document), schemas(&part));
        for (name, schema) in &there {
            let known = here.get(name).unwrap_or(schema);
            assert_eq!(known, schema, "one name, one schema: {name}");
        }
        document.merge(part);
        document
    });
    whole.unwrap()
}

fn schemas(document: &OpenApi) -> BTreeMap<String, Value> {
    let all = document.components.as_ref().map(|all| &all.schemas);
    all.into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap()))
        .collect()
}

/// The template with the routes of each function between that function's two marks.
fn with_routes(mut template: String) -> String {
    for (function, document) in functions() {
        let begin = format!("        # Routes of {function}, by `cargo dev generate`:\n");
        let from = template.find(&begin).expect(function) + begin.len();
        let length = template[from..].find("        # End of the routes.\n");
        let to = from + length.expect(function);
        template.replace_range(from..to, &routes(&document));
    }
    template
}

fn routes(document: &OpenApi) -> String {
    let document = serde_json::to_value(document).unwrap();
    let mut lines = String::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "patch"] {
            let operation = &operations[method];
            if let Some(id) = operation["operationId"].as_str() {
                lines += &route(id, method, path, operation["security"] == open());
            }
        }
    }
    lines
}

/// The `security` of an operation that needs no token.
fn open() -> Value {
    serde_json::json!([{}])
}

fn route(id: &str, method: &str, path: &str, open: bool) -> String {
    let method = method.to_uppercase();
    let path = if path.contains('{') {
        format!("\"{path}\"")
    } else {
        path.to_owned()
    };
    let auth = if open {
        ", Auth: { Authorizer: NONE }"
    } else {
        ""
    };
    let (first, rest) = id.split_at(1);
    let name = first.to_uppercase() + rest;
    format!(
        "        {name}: {{ Type: HttpApi, Properties: {{ ApiId: !Ref HttpApi, Method: {method}, Path: {path}{auth} }} }}\n"
    )
}

#[test]
fn generated_the_document_is_what_the_functions_say() {
    let document = whole().to_pretty_json().unwrap();
    is_current("infra/openapi.json", &format!("{document}\n"));
}

#[test]
fn generated_the_template_has_the_routes_that_the_functions_say() {
    let file = "infra/template.yaml";
    let template = std::fs::read_to_string(root().join(file)).unwrap();
    is_current(file, &with_routes(template));
}
