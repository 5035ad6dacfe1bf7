//! Reads a query string into a value; what does not fit is reported as every other problem is.

use super::Problem;
use crate::json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

/// The parameters of a request's query.
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let mut values = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if values.insert(name.to_string(), value.into()).is_some() {
            return Err(Problem::invalid(name, "is there twice"));
        }
    }
    json::read(Value::Object(values)).map_err(|misfit| {
        let name = misfit.path.to_string();
        let name = if name == "." { "query" } else { &name };
        Problem::invalid(name, misfit.detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        sku: String,
        limit: Option<crate::api::Limit<100>>,
    }

    #[test]
    fn a_good_query_is_read() {
        let example = read::<Example>("sku=a%20b").unwrap();
        assert_eq!((example.sku.as_str(), example.limit), ("a b", None));
    }

    #[test]
    fn a_problem_names_the_parameter_and_never_the_value() {
        for (query, name) in [
            ("sku=a&limit=secret", "limit"),
            ("sku=a&sku=secret", "sku"),
            ("limit=7", "query"),
        ] {
            let text = serde_json::to_string(&read::<Example>(query).unwrap_err()).unwrap();
            assert!(
                text.contains(&format!("\"parameter\":\"{name}\"")),
                "{text}"
            );
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
