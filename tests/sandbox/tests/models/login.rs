//! The way from a consent page to a token, and the end of tokens.

use reqwest::Response;
use sandbox::APPLICATION_ID;
use serde_json::{Value, json};

use crate::amazon::{Amazon, ORDERS, SELLER};

const REDIRECT: &str = "https://stall.example/oauth/callback";
const AFTER: (&str, &str) = ("lastUpdatedAfter", "2026-01-01T00:00:00Z");

async fn app(amazon: &Amazon, more: Value) {
    let mut app = json!({"client_id": sandbox::CLIENT_ID, "client_secret": sandbox::CLIENT_SECRET, "redirect_uri": REDIRECT});
    app.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    amazon
        .admin("PUT", &format!("/apps/{APPLICATION_ID}"), app)
        .await;
}

/// The values that a browser would send with the form, and its confirmation.
fn fields_of(page: &str) -> Vec<(String, String)> {
    let value = |tag: &str, name: &str| {
        Some(
            tag.split_once(&format!("{name}=\""))?
                .1
                .split('"')
                .next()?
                .to_owned(),
        )
    };
    let inputs = page
        .split("<input ")
        .skip(1)
        .filter_map(|tag| Some((value(tag, "name")?, value(tag, "value")?)));
    inputs
        .chain([
            ("decision".to_owned(), "confirm".to_owned()),
            ("seller".to_owned(), SELLER.to_owned()),
        ])
        .collect()
}

fn target(response: &Response) -> url::Url {
    assert_eq!(response.status(), 302);
    response.headers()["location"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

fn parameter(url: &url::Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
        .into_owned()
}

async fn consent(amazon: &Amazon, query: &[(&str, &str)]) -> url::Url {
    let page = amazon
        .http
        .get(amazon.url("/apps/authorize/consent"))
        .query(query)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let fields = fields_of(&page.text().await.unwrap());
    let answer = amazon
        .http
        .post(amazon.url("/apps/authorize/consent"))
        .form(&fields)
        .send()
        .await
        .unwrap();
    target(&answer)
}

#[tokio::test]
async fn a_browser_comes_from_the_consent_page_to_a_token() {
    let amazon = Amazon::start().await;
    app(&amazon, json!({})).await;
    let home = consent(
        &amazon,
        &[("application_id", APPLICATION_ID), ("state", "ours")],
    )
    .await;
    assert!(home.as_str().starts_with(REDIRECT));
    assert_eq!(
        (
            parameter(&home, "state"),
            parameter(&home, "selling_partner_id")
        ),
        ("ours".into(), SELLER.into())
    );
    let code = parameter(&home, "spapi_oauth_code");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
    ];
    let tokens: Value = amazon.token(&fields).await.json().await.unwrap();
    assert!(
        tokens["refresh_token"]
            .as_str()
            .unwrap()
            .starts_with("Atzr|")
    );
    let again = amazon.token(&fields).await;
    assert_eq!(again.status(), 400);
    assert_eq!(
        again.json::<Value>().await.unwrap()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn with_a_login_uri_the_browser_goes_there_and_back() {
    let amazon = Amazon::start().await;
    app(
        &amazon,
        json!({"login_uri": "https://stall.example/oauth/login", "draft": true}),
    )
    .await;
    let draft = [
        ("application_id", APPLICATION_ID),
        ("state", "first"),
        ("version", "beta"),
    ];
    let refused = amazon
        .http
        .get(amazon.url("/apps/authorize/consent"))
        .query(&draft[..2])
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    let login = consent(&amazon, &draft).await;
    assert_eq!(
        (login.path(), parameter(&login, "version").as_str()),
        ("/oauth/login", "beta")
    );
    let state = parameter(&login, "amazon_state");
    let back = [
        ("amazon_state", state.as_str()),
        ("state", "second"),
        ("redirect_uri", REDIRECT),
        ("version", "beta"),
    ];
    let callback = parameter(&login, "amazon_callback_uri");
    let home = target(&amazon.http.get(callback).query(&back).send().await.unwrap());
    assert_eq!(parameter(&home, "state"), "second");
}

#[tokio::test]
async fn a_revoked_authorisation_is_an_invalid_grant_and_its_access_tokens_die() {
    let amazon = Amazon::start().await;
    let refresh_token = amazon.self_authorise().await;
    amazon
        .admin("POST", &format!("/sellers/{SELLER}/revoke"), Value::Null)
        .await;
    let answer = amazon.refresh(&refresh_token).await;
    assert_eq!(answer["error"], "invalid_grant");
    let denied = amazon.get(ORDERS, &[AFTER]).await;
    assert_eq!(denied.status(), 403);
    assert!(!denied.headers().contains_key("x-amzn-ratelimit-limit"));
    assert_eq!(
        denied.json::<Value>().await.unwrap()["errors"][0]["code"],
        "Unauthorized"
    );
    let fresh = amazon.self_authorise().await;
    assert!(amazon.refresh(&fresh).await["access_token"].is_string());
}

#[tokio::test]
async fn access_tokens_end_after_an_hour_and_bad_ones_may_be_401() {
    let amazon = Amazon::start().await;
    amazon.settings(json!({"clock_offset_ms": 3_601_000})).await;
    assert_eq!(amazon.get(ORDERS, &[AFTER]).await.status(), 403);
    amazon.settings(json!({"bad_token_status": 401})).await;
    assert_eq!(amazon.get(ORDERS, &[AFTER]).await.status(), 401);
    assert_eq!(amazon.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_wrong_client_is_401_and_a_malformed_request_a_violation() {
    let amazon = Amazon::start().await;
    let wrong = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", "who"),
        ("client_secret", "what"),
    ];
    let answer = amazon
        .http
        .post(amazon.url("/auth/o2/token"))
        .form(&wrong)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"],
        "invalid_client"
    );
    assert_eq!(amazon.violations().await, Vec::<Value>::new());
    let answer = amazon
        .http
        .post(amazon.url("/auth/o2/token"))
        .json(&json!({"grant_type": "refresh_token"}))
        .send()
        .await;
    assert_eq!(answer.unwrap().status(), 400);
    assert_eq!(amazon.violations().await.len(), 1, "it names no client");
    for body in ["grant_type=refresh_token", "[]", "{\"grant_type\": 1}"] {
        let answer = amazon
            .http
            .post(amazon.url("/auth/o2/token"))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), 400, "{body}");
    }
}
