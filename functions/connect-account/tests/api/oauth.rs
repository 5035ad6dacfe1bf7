use crate::world::{BASE, World};
use kit::Answer;
use serde_json::{Value, json};

pub(crate) const COOKIE: &str = "__Host-stallkeeper-oauth=";

async fn begun(world: &World) -> (String, String) {
    let body = json!({"name": "North", "marketplace": "UK", "authorisation": {"kind": "oauth"}});
    let answer = world
        .ask("north", "POST", "/connections", body)
        .await
        .is(201);
    assert_eq!(answer["status"], "awaiting_authorisation");
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("id"), text("authorise_url"))
}

/// Opens the link; returns the browser's cookie and the state that Amazon is sent.
pub(crate) async fn started(world: &World, link: &str) -> (String, String) {
    let told = world.browse(link, None).await.with_status(200);
    let set = told.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        set.starts_with(COOKIE) && set.contains("HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    assert_eq!(told.headers["referrer-policy"], "no-referrer");
    assert!(
        told.text.contains("“north”"),
        "the page names the merchant: {}",
        told.text
    );
    let cookie = set.split(';').next().unwrap().to_owned();
    let go_on = onward(&told);
    world.browse(&go_on, None).await.with_status(403);
    let consent = world
        .browse(&go_on, Some(&cookie))
        .await
        .with_status(302)
        .location();
    assert_eq!(consent.path(), "/apps/authorize/consent");
    let query: Vec<(String, String)> = consent.query_pairs().into_owned().collect();
    assert_eq!(
        query[0],
        ("application_id".into(), "amzn1.sp.solution.x".into())
    );
    (cookie, query[1].1.clone())
}

/// Where a page that asks goes on to.
fn onward(told: &Answer) -> String {
    let (_, rest) = told
        .text
        .split_once("<a href=\"")
        .expect("the page goes on");
    rest.split_once('"').unwrap().0.replace("&amp;", "&")
}

/// The code that the callback shows.
pub(crate) fn code_of(told: &Answer) -> String {
    let (_, rest) = told
        .text
        .split_once("<code>")
        .expect("the page shows a code");
    rest.split_once("</code>").unwrap().0.to_owned()
}

pub(crate) fn callback(state: &str, seller: &str, code: &str) -> String {
    format!("/oauth/callback?state={state}&selling_partner_id={seller}&spapi_oauth_code={code}")
}

pub(crate) async fn confirm(
    world: &World,
    tenant: &str,
    id: &str,
    (seller, code): (&str, &str),
) -> Answer {
    world
        .ask(
            tenant,
            "POST",
            &format!("/connections/{id}/confirm"),
            json!({"seller_id": seller, "code": code}),
        )
        .await
}

fn steps_done(setup: &Value) -> Vec<&str> {
    let steps = setup["steps"].as_array().unwrap();
    steps
        .iter()
        .filter(|step| step["done"] == true)
        .map(|step| step["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_seller_consents_and_is_attached_only_when_confirmed() {
    let world = World::new().await;
    let (id, link) = begun(&world).await;
    assert!(link.starts_with(&format!("{BASE}/oauth/start?state=")));
    let (cookie, state) = started(&world, &link).await;

    let amazon = world.outside.url();
    let login = format!(
        "/oauth/login?amazon_callback_uri={amazon}/apps/authorize/confirm/x&amazon_state=theirs&selling_partner_id=A1&version=beta"
    );
    let asks = world.browse(&login, Some(&cookie)).await.with_status(200);
    assert!(asks.text.contains("“north”"), "{}", asks.text);
    let forged = format!("{login}&go=made-up");
    world.browse(&forged, Some(&cookie)).await.with_status(200);
    let back = world
        .browse(&onward(&asks), Some(&cookie))
        .await
        .with_status(302)
        .location();
    let query: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        query,
        [
            pair("redirect_uri", &format!("{BASE}/oauth/callback")),
            pair("amazon_state", "theirs"),
            pair("state", &state),
            pair("version", "beta")
        ]
    );

    let page = world
        .browse(&callback(&state, "A1", "code-A1-1"), Some(&cookie))
        .await
        .with_status(200);
    assert!(
        page.text.contains("A1") && !page.text.contains("Atzr") && !page.text.contains(&state),
        "{}",
        page.text
    );
    assert!(
        page.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    let path = format!("/connections/{id}");
    assert_eq!(
        world.ask("north", "GET", &path, Value::Null).await.json()["status"],
        "awaiting_authorisation"
    );
    let setup = world
        .ask("north", "GET", &format!("{path}/setup"), Value::Null)
        .await
        .is(200);
    assert_eq!(
        (setup["seller_to_confirm"].as_str(), steps_done(&setup)),
        (Some("A1"), vec!["authorise"])
    );

    let code = code_of(&page);
    assert_eq!(
        confirm(&world, "north", &id, ("A1", "0000-0000-0000"))
            .await
            .problem_kind(409),
        "wrong-code",
        "who sent the link to somebody else has no code"
    );
    assert_eq!(
        confirm(&world, "north", &id, ("A2", &code))
            .await
            .problem_kind(409),
        "not-this-seller"
    );
    assert_eq!(
        confirm(&world, "south", &id, ("A1", &code))
            .await
            .problem_kind(404),
        "not-found"
    );
    let attached = confirm(&world, "north", &id, ("A1", &code)).await.is(200);
    assert_eq!(
        (&attached["status"], &attached["seller_id"]),
        (&json!("inactive"), &json!("A1"))
    );
    assert_eq!(attached["participations"].as_array().unwrap().len(), 3);
    assert_eq!(
        confirm(&world, "north", &id, ("A1", &code)).await.is(200),
        attached,
        "a second time it is the same"
    );
    assert_eq!(
        confirm(&world, "north", &id, ("A2", &code))
            .await
            .problem_kind(409),
        "nothing-to-confirm"
    );

    let table = world.table().await;
    assert!(
        !table.contains("Atzr") && !table.contains(&state) && !table.contains("OAUTH_STATE"),
        "{table}"
    );
}

#[tokio::test]
async fn a_link_goes_on_in_the_browser_that_began_last_and_works_once() {
    let world = World::new().await;
    let (_, link) = begun(&world).await;
    // A chat's preview of the link comes first.
    let (preview, state) = started(&world, &link).await;
    let (cookie, same) = started(&world, &link).await;
    assert!(state == same && preview != cookie);
    world.browse(&link, Some(&cookie)).await.with_status(200);
    let answer = callback(&state, "A1", "code-A1-1");
    world.browse(&answer, None).await.with_status(403);
    world.browse(&answer, Some(&preview)).await.with_status(403);
    world
        .browse(&answer, Some(&format!("{COOKIE}{state}.guessed")))
        .await
        .with_status(403);
    world
        .browse(&callback(&state, "A1", "made-up"), Some(&cookie))
        .await
        .with_status(400);
    world
        .browse(&callback(&state, "", "code-A1-1"), Some(&cookie))
        .await
        .with_status(400);
    world.browse(&answer, Some(&cookie)).await.with_status(200);
    world.browse(&answer, Some(&cookie)).await.with_status(410);
    world.browse(&link, Some(&cookie)).await.with_status(410);
    world.browse(&link, None).await.with_status(403);
    world
        .browse("/oauth/start?state=made-up", None)
        .await
        .with_status(410);
    world.browse("/oauth/start", None).await.with_status(410);
    world
        .browse("/oauth/callback", Some(&cookie))
        .await
        .with_status(410);
}

#[tokio::test]
async fn a_new_link_ends_the_old_one() {
    let world = World::new().await;
    let (id, old) = begun(&world).await;
    let (cookie, state) = started(&world, &old).await;
    let again = world
        .ask(
            "north",
            "POST",
            &format!("/connections/{id}/reauthorise"),
            Value::Null,
        )
        .await
        .is(200);
    let new = again["authorise_url"].as_str().unwrap();
    assert_ne!(new, old);
    world.browse(&old, Some(&cookie)).await.with_status(410);
    world
        .browse(&callback(&state, "A1", "code-A1-1"), Some(&cookie))
        .await
        .with_status(410);
    let setup = world
        .ask(
            "north",
            "GET",
            &format!("/connections/{id}/setup"),
            Value::Null,
        )
        .await
        .is(200);
    assert_eq!(
        setup["steps"][0]["link"], new,
        "the setup tells the link that works"
    );
    started(&world, new).await;
}

#[tokio::test]
async fn nobody_is_sent_to_where_amazon_is_not() {
    let world = World::new().await;
    let (_, link) = begun(&world).await;
    let (cookie, _) = started(&world, &link).await;
    for elsewhere in [
        "https://evil.example/apps",
        "javascript:alert(1)",
        "",
        "/apps",
    ] {
        let login = format!("/oauth/login?amazon_callback_uri={elsewhere}&amazon_state=theirs");
        world.browse(&login, Some(&cookie)).await.with_status(400);
    }
}

#[tokio::test]
async fn who_comes_from_amazon_alone_is_led_to_the_platform() {
    let world = World::new().await;
    let page = world
        .browse("/oauth/login?amazon_state=x", None)
        .await
        .with_status(400);
    assert!(page.text.contains("begin on the platform"), "{}", page.text);
    let world =
        World::with(|config| config.sign_in_url = "https://platform.example/sign-in".parse().ok())
            .await;
    let to = world
        .browse("/oauth/login?amazon_state=x", None)
        .await
        .with_status(302)
        .location();
    assert_eq!(to.as_str(), "https://platform.example/sign-in");
}

#[tokio::test]
async fn without_tls_the_cookie_goes_without_secure() {
    let world =
        World::with(|config| config.public_url = "http://127.0.0.1:9999".parse().ok()).await;
    let (_, link) = begun(&world).await;
    let told = world
        .browse(link.strip_prefix("http://127.0.0.1:9999").unwrap(), None)
        .await
        .with_status(200);
    let set = told.headers["set-cookie"].to_str().unwrap();
    assert!(
        set.starts_with("stallkeeper-oauth=") && !set.contains("Secure"),
        "{set}"
    );
}
