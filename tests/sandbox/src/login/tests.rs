use super::*;
use crate::world::{APPLICATION_ID, CLIENT_ID, CLIENT_SECRET};

fn ask(world: &mut World, fields: &[(&str, &str)]) -> Result<Value, Problem> {
    let mut form: Vec<_> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    form.push(("client_id".to_owned(), CLIENT_ID.to_owned()));
    form.push(("client_secret".to_owned(), CLIENT_SECRET.to_owned()));
    grant(world, &form, jiff::Timestamp::now())
}

#[test]
fn a_code_gives_both_tokens_and_a_refresh_token_an_access_token() {
    let mut world = World::new(1.0);
    let code = world.grants.issue_code(
        APPLICATION_ID,
        "S1",
        "https://a.example",
        jiff::Timestamp::now(),
    );
    let first = ask(
        &mut world,
        &[("grant_type", "authorization_code"), ("code", &code)],
    )
    .unwrap();
    let refresh = first["refresh_token"].as_str().unwrap();
    let second = ask(
        &mut world,
        &[("grant_type", "refresh_token"), ("refresh_token", refresh)],
    )
    .unwrap();
    assert_eq!(
        (second["expires_in"].as_i64(), second["token_type"].as_str()),
        (Some(3600), Some("bearer"))
    );
}

#[test]
fn a_grantless_token_wants_a_scope_amazon_knows() {
    let mut world = World::new(1.0);
    let scope = |scope: &'static str| [("grant_type", "client_credentials"), ("scope", scope)];
    assert!(ask(&mut world, &scope("sellingpartnerapi::notifications")).is_ok());
    assert!(matches!(
        ask(&mut world, &scope("orders")),
        Err(Problem::Malformed("invalid_scope", _))
    ));
}

#[test]
fn a_wrong_secret_and_an_unknown_token_are_told_apart() {
    let mut world = World::new(1.0);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("client_secret", "no"),
        ("refresh_token", "x"),
    ];
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(
        grant(&mut world, &form, jiff::Timestamp::now()),
        Err(Problem::Client)
    );
    let unknown = ask(
        &mut world,
        &[("grant_type", "refresh_token"), ("refresh_token", "Atzr|x")],
    );
    assert_eq!(unknown, Err(Problem::Grant(Refused::RefreshToken)));
}
