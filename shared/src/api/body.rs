//! Reads a JSON body into a value, and says where it is wrong without repeating what it says: a body may hold a secret.

use super::Problem;
use crate::json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// What the marketplaces' old web service asked for, in lower case and without separators: someone may still have it in a
/// form, in whichever spelling.
const GONE: [&str; 9] = [
    "accesskey",
    "accesskeyid",
    "awsaccesskeyid",
    "secretkey",
    "secretaccesskey",
    "awssecretaccesskey",
    "mwsauthtoken",
    "mwstoken",
    "merchantid",
];

fn is_gone(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-' | ' ' | '.'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    GONE.contains(&plain.as_str())
}

/// The body of a request, read as JSON.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body cannot be read.",
                "Send less in one request.",
            )
        })?;
        // No body at all says as much as an empty object.
        read(if bytes.is_empty() { b"{}" } else { &bytes }).map(Body)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let json: Value = serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!(
            "It stops being JSON at line {}, column {}.",
            error.line(),
            error.column()
        );
        Problem::new(
            StatusCode::BAD_REQUEST,
            "not-json",
            "The body is not JSON.",
            detail,
        )
    })?;
    refuse_gone(&json)?;
    json::read(json).map_err(|misfit| Problem::invalid(pointer(&misfit.path), misfit.detail))
}

/// The path as a JSON pointer; as far as it is known.
fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn refuse_gone(json: &Value) -> Result<(), Problem> {
    let gone = places(json, "");
    if gone.is_empty() {
        return Ok(());
    }
    let problem = Problem::unprocessable(
        "mws-is-gone",
        "Amazon switched MWS off in March 2024; its keys and tokens open nothing any more.",
        "Remove these fields and authorise again: POST /connections with {\"authorisation\":{\"kind\":\"oauth\"}}, then open the `authorise_url` of the answer.",
    );
    Err(gone.into_iter().fold(problem, |problem, place| {
        problem.at(place, "remove this field")
    }))
}

fn places(json: &Value, path: &str) -> Vec<String> {
    let Some(object) = json.as_object() else {
        return Vec::new();
    };
    let join = |key: &str| format!("{path}/{}", escaped(key));
    object
        .iter()
        .flat_map(|(key, value)| {
            if is_gone(key) {
                vec![join(key)]
            } else {
                places(value, &join(key))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        name: String,
        count: u8,
    }

    #[test]
    fn a_good_body_is_read() {
        let example = read::<Example>(br#"{"name":"n","count":1}"#).unwrap();
        assert_eq!((example.name.as_str(), example.count), ("n", 1));
    }

    #[test]
    fn a_body_is_an_object() {
        assert!(read::<Example>(br#"["n",1]"#).is_err());
    }

    #[test]
    fn a_problem_names_the_place_and_never_the_value() {
        let problem = read::<Example>(br#"{"name":"n","count":"Atzr|secret"}"#).unwrap_err();
        let text = serde_json::to_string(&problem).unwrap();
        assert!(
            text.contains("\"pointer\":\"/count\"") && text.contains("expected u8"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn the_old_services_keys_are_refused_wherever_they_are() {
        let problem = read::<Example>(
            br#"{"name":"n","count":1,"authorisation":{"mws_auth_token":"amzn.mws.1"}}"#,
        )
        .unwrap_err();
        let text = serde_json::to_string(&problem).unwrap();
        assert!(
            text.contains("mws-is-gone") && text.contains("/authorisation/mws_auth_token"),
            "{text}"
        );
        assert!(!text.contains("amzn.mws.1"), "{text}");
    }

    #[test]
    fn the_old_services_words_are_known_in_every_spelling() {
        for name in [
            "access_key",
            "AccessKey",
            "AWSAccessKeyId",
            "aws_access_key_id",
            "SecretAccessKey",
            "secret-key",
            "MWSAuthToken",
            "mwsAuthToken",
            "MWS Auth Token",
            "merchantId",
            "MERCHANT_ID",
        ] {
            let body = serde_json::json!({"name": "n", "count": 1, name: "x"}).to_string();
            let problem = read::<Example>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind(), "urn:stallkeeper:mws-is-gone", "{name}");
        }
        let problem = read::<Example>(br#"{"name":"n","count":1,"keystone":"x"}"#).unwrap_err();
        assert_ne!(problem.kind(), "urn:stallkeeper:mws-is-gone");
    }
}
