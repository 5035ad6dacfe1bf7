use super::*;

fn request(json: serde_json::Value) -> NewConnectionRequest {
    serde_json::from_value(json).unwrap()
}

fn token(fields: serde_json::Value) -> NewConnectionRequest {
    let mut authorisation =
        serde_json::json!({"kind": "token", "seller_id": " A1 ", "refresh_token": "Atzr|one\n"});
    let object = authorisation.as_object_mut().unwrap();
    object.extend(fields.as_object().unwrap().clone());
    request(
        serde_json::json!({"name": "North", "marketplace": "UK", "authorisation": authorisation}),
    )
}

fn pasted_of(request: &NewConnectionRequest) -> &PastedToken {
    match &request.authorisation {
        Authorisation::Token(token) => token,
        Authorisation::OAuth {} => panic!("it was pasted"),
    }
}

#[test]
fn a_key_makes_one_connection_a_tenant() {
    let tenant = |name: &str| name.parse::<TenantId>().unwrap();
    assert_eq!(
        id_of_key(&tenant("north"), "k"),
        id_of_key(&tenant("north"), "k")
    );
    assert_ne!(
        id_of_key(&tenant("north"), "k"),
        id_of_key(&tenant("south"), "k")
    );
    assert_ne!(
        id_of_key(&tenant("north"), "k"),
        id_of_key(&tenant("north"), "l")
    );
    assert_ne!(id_of_key(&tenant("ab"), "c"), id_of_key(&tenant("a"), "bc"));
}

#[test]
fn any_difference_makes_it_another_request() {
    let base = token(serde_json::json!({}));
    assert_eq!(base.digest(), token(serde_json::json!({})).digest());
    for fields in [
        serde_json::json!({"refresh_token": "Atzr|two"}),
        serde_json::json!({"seller_id": "A2"}),
        serde_json::json!({"client_id": "c", "client_secret": "s"}),
    ] {
        assert_ne!(base.digest(), token(fields).digest());
    }
    assert!(!base.digest().contains("Atzr"));
}

#[test]
fn what_is_pasted_is_trimmed_and_must_be_whole() {
    let request = token(serde_json::json!({"client_id": " id ", "client_secret": " secret\r\n"}));
    let (seller, credentials) = pasted_of(&request).read().unwrap();
    assert_eq!(seller.as_str(), "A1");
    assert_eq!(credentials.refresh_token.expose_secret(), "Atzr|one");
    let app = credentials.own_app.unwrap();
    assert_eq!(
        (app.client_id.as_str(), app.client_secret.expose_secret()),
        ("id", "secret")
    );
    for fields in [
        serde_json::json!({"seller_id": ""}),
        serde_json::json!({"refresh_token": " "}),
        serde_json::json!({"refresh_token": "a\nb"}),
        serde_json::json!({"client_id": "id"}),
        serde_json::json!({"client_secret": "secret"}),
    ] {
        let request = token(fields.clone());
        let problem = pasted_of(&request).read().err().unwrap();
        assert_eq!(
            problem.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{fields}"
        );
    }
}

#[test]
fn fields_that_we_do_not_know_are_refused() {
    for authorisation in [
        serde_json::json!({"kind": "oauth", "seller_id": "A1"}),
        serde_json::json!({"kind": "token", "seller_id": "A1", "refresh_token": "t", "region": "EU"}),
        serde_json::json!({"kind": "password"}),
    ] {
        let json = serde_json::json!({"name": "North", "marketplace": "UK", "authorisation": authorisation});
        assert!(serde_json::from_value::<NewConnectionRequest>(json).is_err());
    }
}

#[test]
fn an_authorisation_is_an_object() {
    for authorisation in [
        serde_json::json!(["oauth"]),
        serde_json::json!(["token", {"seller_id": "A1", "refresh_token": "t"}]),
        serde_json::json!({"oauth": {}}),
        serde_json::json!("oauth"),
    ] {
        let json = serde_json::json!({"name": "North", "marketplace": "UK", "authorisation": authorisation});
        assert!(serde_json::from_value::<NewConnectionRequest>(json).is_err());
    }
}

#[test]
fn nothing_of_a_request_is_printed() {
    let printed = format!(
        "{:?}",
        token(serde_json::json!({"client_id": "c", "client_secret": "hush"}))
    );
    assert!(
        !printed.contains("Atzr") && !printed.contains("hush"),
        "{printed}"
    );
}
