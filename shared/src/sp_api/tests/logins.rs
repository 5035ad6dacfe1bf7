//! Login with Amazon: what is asked, what is kept, and what its refusals mean.

use super::*;
use crate::error::Class;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;

const TOKENS: &str = "/auth/o2/token";

fn lwa_error(code: &str) -> Value {
    json!({ "error": code, "error_description": "The request has an invalid grant parameter : Quillfeather" })
}

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

#[tokio::test]
async fn an_access_token_is_asked_for_once_and_shared_by_all_calls_of_the_account() {
    let world = World::new().await;
    world
        .orders_answer(ResponseTemplate::new(200).set_body_json(json!({ "orders": [] })))
        .await;
    for amazon in [&world.amazon, &world.amazon.clone()] {
        let _ = amazon
            .search_orders(&world.account(), &sweep())
            .await
            .unwrap();
    }
    let asked = world.requests(TOKENS).await;
    assert_eq!(asked.len(), 1);
    let expected = [
        ("client_id", "client"),
        ("client_secret", "Hushsecret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "Atzr|Hushrefresh"),
    ];
    assert_eq!(
        form(&asked[0]),
        expected
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    );
    assert_eq!(asked[0].url.query(), None);

    let other = "Atzr|another".to_owned().into();
    let other = Account {
        refresh_token: &other,
        ..world.account()
    };
    let _ = world.amazon.search_orders(&other, &sweep()).await.unwrap();
    assert_eq!(
        world.requests(TOKENS).await.len(),
        2,
        "another seller has another token"
    );
}

#[tokio::test]
async fn an_access_token_about_to_expire_is_not_kept() {
    let world = World::empty().await;
    world.hands_out_tokens(119).await;
    world
        .orders_answer(ResponseTemplate::new(200).set_body_json(json!({ "orders": [] })))
        .await;
    for _ in 0..2 {
        let _ = world.sweep().await.unwrap();
    }
    assert_eq!(world.requests(TOKENS).await.len(), 2);
}

#[tokio::test]
async fn a_refused_login_gets_its_class() {
    let throttled = Class::Throttled { retry_after: None };
    let rows = [
        (400, lwa_error("invalid_grant"), Class::AuthRevoked),
        (401, lwa_error("invalid_client"), Class::Permanent),
        (400, lwa_error("unauthorized_client"), Class::Permanent),
        (400, lwa_error("invalid_request"), Class::Permanent),
        (400, lwa_error("server_error"), Class::Retryable),
        (500, lwa_error("server_error"), Class::Retryable),
        (503, json!("<html>"), Class::Retryable),
        (429, json!({}), throttled),
        (200, json!("<html>"), Class::Retryable),
        (200, json!({ "token_type": "bearer" }), Class::Retryable),
    ];
    for (status, body, class) in rows {
        let world = World::empty().await;
        world
            .lwa_answers(ResponseTemplate::new(status).set_body_json(&body))
            .await;
        let error = world.sweep().await.unwrap_err();
        assert_eq!(error.class(), class, "{status} {body}");
        assert!(is_discreet(&error.chain()), "{}", error.chain());
        assert_eq!(
            world.server.received_requests().await.unwrap().len(),
            1,
            "nothing is repeated, and no order asked for"
        );
    }
}

#[tokio::test]
async fn a_403_is_no_revocation_but_a_refused_refresh_after_it_is() {
    let world = World::empty().await;
    world
        .orders_answer(ResponseTemplate::new(403).set_body_json(errors(
            "Unauthorized",
            "The access token you provided is revoked, malformed or invalid.",
        )))
        .await;
    let revoked = ResponseTemplate::new(400).set_body_json(lwa_error("invalid_grant"));
    let granted = json!({ "access_token": "Atza|Hush1", "expires_in": 3600 });
    let mock =
        Mock::given(path(TOKENS)).respond_with(ResponseTemplate::new(200).set_body_json(granted));
    mock.up_to_n_times(1).mount(&world.server).await;
    world.lwa_answers(revoked).await;
    assert_eq!(world.sweep().await.unwrap_err().class(), Class::AuthRevoked);
}

#[tokio::test]
async fn a_login_is_checked_without_the_cache() {
    let rows = [
        (
            200,
            json!({ "access_token": "Atza|Hush1", "expires_in": 3600 }),
            LoginCheck::Works,
        ),
        (400, lwa_error("invalid_grant"), LoginCheck::TokenRefused),
        (401, lwa_error("invalid_client"), LoginCheck::AppRefused),
        (
            400,
            lwa_error("unauthorized_client"),
            LoginCheck::AppRefused,
        ),
    ];
    for (status, body, expected) in rows {
        let world = World::empty().await;
        world
            .lwa_answers(ResponseTemplate::new(status).set_body_json(body))
            .await;
        for asked in 1..=2 {
            assert_eq!(
                world.amazon.check_login(&world.account()).await.unwrap(),
                expected
            );
            assert_eq!(world.requests(TOKENS).await.len(), asked);
        }
    }
    let world = World::empty().await;
    world.lwa_answers(ResponseTemplate::new(500)).await;
    assert_eq!(
        world
            .amazon
            .check_login(&world.account())
            .await
            .unwrap_err()
            .class(),
        Class::Retryable
    );
}

#[tokio::test]
async fn a_code_is_traded_for_a_refresh_token() {
    let world = World::new().await;
    let back = "https://stalls.example/oauth/callback";
    let login = world
        .amazon
        .exchange_code(&world.app, "a code", Some(back))
        .await
        .unwrap();
    assert!(is_discreet(&format!("{login:?}")));
    let Login::Granted { refresh_token } = login else {
        panic!("the code is good")
    };
    assert_eq!(refresh_token.expose_secret(), "Atzr|Hushrefresh");
    let expected = [
        ("client_id", "client"),
        ("client_secret", "Hushsecret"),
        ("code", "a code"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", back),
    ];
    assert_eq!(
        form(&world.requests(TOKENS).await[0]),
        expected
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    );
}

#[tokio::test]
async fn a_code_that_is_no_good_is_a_value_and_a_refused_app_an_error() {
    for code in ["invalid_grant", "invalid_request"] {
        let world = World::empty().await;
        world
            .lwa_answers(ResponseTemplate::new(400).set_body_json(lwa_error(code)))
            .await;
        let login = world
            .amazon
            .exchange_code(&world.app, "stale", None)
            .await
            .unwrap();
        assert!(matches!(login, Login::CodeRefused { code: told } if told == code));
    }
    let world = World::empty().await;
    world
        .lwa_answers(ResponseTemplate::new(401).set_body_json(lwa_error("invalid_client")))
        .await;
    let error = world
        .amazon
        .exchange_code(&world.app, "code", None)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Permanent);
}
