use super::*;

const APP: &str = "app";
const URI: &str = "https://here.example/callback";

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

#[test]
fn a_code_works_once() {
    let mut grants = Grants::default();
    let code = grants.issue_code(APP, "S1", URI, at(0));
    assert!(grants.redeem_code(&code, APP, Some(URI), at(4)).is_ok());
    assert_eq!(
        grants.redeem_code(&code, APP, Some(URI), at(4)),
        Err(Refused::Code)
    );
}

#[test]
fn a_code_lives_five_minutes() {
    let mut grants = Grants::default();
    let code = grants.issue_code(APP, "S1", URI, at(0));
    assert_eq!(
        grants.redeem_code(&code, APP, Some(URI), at(5)),
        Err(Refused::Code)
    );
}

#[test]
fn a_code_is_tied_to_its_application_and_redirect() {
    let mut grants = Grants::default();
    let code = grants.issue_code(APP, "S1", URI, at(0));
    assert_eq!(
        grants.redeem_code(&code, "other", Some(URI), at(1)),
        Err(Refused::Code)
    );
    assert_eq!(
        grants.redeem_code(&code, APP, Some("https://evil.example"), at(1)),
        Err(Refused::RedirectUri)
    );
}

#[test]
fn an_access_token_lives_an_hour() {
    let mut grants = Grants::default();
    let refresh = grants.authorise(APP, "S1", at(0));
    let access = grants.refresh(&refresh, APP, at(0)).unwrap();
    assert_eq!(
        grants
            .caller(Some(&access), at(59))
            .unwrap()
            .seller
            .as_deref(),
        Some("S1")
    );
    assert_eq!(grants.caller(Some(&access), at(60)), Err(BadToken::Expired));
}

#[test]
fn a_foreign_application_cannot_use_a_refresh_token() {
    let mut grants = Grants::default();
    let refresh = grants.authorise(APP, "S1", at(0));
    assert_eq!(
        grants.refresh(&refresh, "other", at(0)),
        Err(Refused::RefreshToken)
    );
}

#[test]
fn revoking_ends_refresh_and_access_tokens_of_that_seller_alone() {
    let mut grants = Grants::default();
    let (one, two) = (
        grants.authorise(APP, "S1", at(0)),
        grants.authorise(APP, "S2", at(0)),
    );
    let access = grants.refresh(&one, APP, at(0)).unwrap();
    assert_eq!(grants.revoke("S1", None), 1);
    assert_eq!(grants.refresh(&one, APP, at(1)), Err(Refused::Revoked));
    assert_eq!(grants.caller(Some(&access), at(1)), Err(BadToken::Invalid));
    assert!(grants.refresh(&two, APP, at(1)).is_ok());
}

#[test]
fn an_authorisation_ends_after_a_year() {
    let mut grants = Grants::default();
    let refresh = grants.authorise(APP, "S1", at(0));
    assert_eq!(
        grants.refresh(&refresh, APP, at(365 * 24 * 60)),
        Err(Refused::Revoked)
    );
}
