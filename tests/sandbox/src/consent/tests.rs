use super::*;
use crate::world::{APPLICATION_ID, SellerAccount};

const REDIRECT: &str = "https://here.example/oauth/callback";

fn world(login_uri: Option<&str>, draft: bool) -> World {
    let mut world = World::new(1.0);
    let account: SellerAccount =
        serde_json::from_value(serde_json::json!({"region": "EU", "marketplaces": []})).unwrap();
    world
        .sellers
        .insert("S1".to_owned(), crate::world::Seller::new(account));
    let app = world.apps.get_mut(APPLICATION_ID).unwrap();
    app.redirect_uri = Some(REDIRECT.to_owned());
    app.login_uri = login_uri.map(str::to_owned);
    app.draft = draft;
    world
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    let mut fields: Fields = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    fields.insert("application_id".to_owned(), APPLICATION_ID.to_owned());
    fields
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn code_of(result: Result<Url, ErrorPage>) -> &'static str {
    result.err().map_or("", |error| error.0)
}

#[test]
fn the_seller_comes_home_with_state_seller_and_a_code_that_works() {
    let (mut world, now) = (world(None, false), Timestamp::now());
    let given = fields(&[("state", "a&b"), ("decision", "confirm")]);
    let to = decided(
        &mut world,
        "http://amazon",
        &given,
        Some("S1".to_owned()),
        now,
    )
    .ok()
    .unwrap();
    assert!(to.as_str().starts_with(REDIRECT));
    assert_eq!(
        (
            parameter(&to, "state").as_str(),
            parameter(&to, "selling_partner_id").as_str()
        ),
        ("a&b", "S1")
    );
    let code = parameter(&to, "spapi_oauth_code");
    assert!(
        world
            .grants
            .redeem_code(&code, APPLICATION_ID, Some(REDIRECT), now)
            .is_ok()
    );
}

#[test]
fn with_a_login_uri_the_seller_goes_there_first() {
    let (mut world, now) = (
        world(Some("https://here.example/oauth/login"), false),
        Timestamp::now(),
    );
    let to = decided(
        &mut world,
        "http://amazon",
        &fields(&[]),
        Some("S1".to_owned()),
        now,
    )
    .ok()
    .unwrap();
    assert_eq!(to.path(), "/oauth/login");
    assert_eq!(
        parameter(&to, "amazon_callback_uri"),
        format!("http://amazon/apps/authorize/confirm/{APPLICATION_ID}")
    );
    let amazon_state = parameter(&to, "amazon_state");
    let back = fields(&[
        ("amazon_state", &amazon_state),
        ("state", "ours"),
        ("redirect_uri", REDIRECT),
    ]);
    let home = confirmed(&mut world, APPLICATION_ID, &back, now)
        .ok()
        .unwrap();
    assert_eq!(
        (
            parameter(&home, "state").as_str(),
            parameter(&home, "selling_partner_id").as_str()
        ),
        ("ours", "S1")
    );
    assert_eq!(
        code_of(confirmed(&mut world, APPLICATION_ID, &back, now)),
        "MD1000",
        "amazon_state works once"
    );
}

#[test]
fn a_draft_wants_version_beta_at_both_ends() {
    let (mut world, now) = (
        world(Some("https://here.example/login"), true),
        Timestamp::now(),
    );
    let seller = || Some("S1".to_owned());
    assert_eq!(
        code_of(decided(
            &mut world,
            "http://amazon",
            &fields(&[]),
            seller(),
            now
        )),
        "MD1000"
    );
    let to = decided(
        &mut world,
        "http://amazon",
        &fields(&[("version", "beta")]),
        seller(),
        now,
    )
    .ok()
    .unwrap();
    assert_eq!(parameter(&to, "version"), "beta");
    let amazon_state = parameter(&to, "amazon_state");
    let back = fields(&[("amazon_state", &amazon_state), ("state", "ours")]);
    assert_eq!(
        code_of(confirmed(&mut world, APPLICATION_ID, &back, now)),
        "MD1000"
    );
}

#[test]
fn a_redirect_that_is_not_registered_is_refused() {
    let mut world = world(None, false);
    let given = fields(&[("state", "s"), ("redirect_uri", "https://evil.example")]);
    assert_eq!(
        code_of(decided(
            &mut world,
            "http://amazon",
            &given,
            Some("S1".to_owned()),
            Timestamp::now()
        )),
        "MD5101"
    );
}

#[test]
fn nobody_can_consent_for_a_seller_that_does_not_exist() {
    let mut world = world(None, false);
    let given = fields(&[("state", "s")]);
    assert_eq!(
        code_of(decided(
            &mut world,
            "http://amazon",
            &given,
            Some("S2".to_owned()),
            Timestamp::now()
        )),
        "SPDC8143"
    );
}

#[test]
fn the_form_keeps_what_was_asked_and_escapes_it() {
    let page = form(
        &world(None, false),
        &fields(&[("state", "\"><script>")]),
        Some("S1"),
    );
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\""));
    assert!(page.contains("<option value=\"S1\" selected>"));
}
