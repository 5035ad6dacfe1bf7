use super::*;
use stallkeeper::domain::ids::ConnectionKey;

fn state(browser: Option<&str>, seller: Option<&str>) -> OAuthState {
    OAuthState {
        connection: ConnectionKey {
            tenant: "north".parse().unwrap(),
            id: "c1".parse().unwrap(),
        },
        browser: browser.map(digest),
        seller: seller.map(|seller| seller.parse().unwrap()),
        credentials: None,
        authorised_at: None,
        code: None,
        expires: "2026-11-01T00:10:00Z".parse().unwrap(),
    }
}

#[test]
fn a_link_opens_in_any_browser_until_amazon_answered() {
    let rows = [
        (None, Some("mine"), Err(Halt::Gone)),
        (Some(state(None, None)), None, Ok(Beginning::Bind)),
        (Some(state(None, None)), Some("old"), Ok(Beginning::Bind)),
        (
            Some(state(Some("mine"), None)),
            Some("mine"),
            Ok(Beginning::Bound),
        ),
        (
            Some(state(Some("mine"), None)),
            Some("other"),
            Ok(Beginning::Bind),
        ),
        (Some(state(Some("mine"), None)), None, Ok(Beginning::Bind)),
        (
            Some(state(Some("mine"), Some("A1"))),
            Some("mine"),
            Err(Halt::Used),
        ),
        (
            Some(state(Some("mine"), Some("A1"))),
            Some("other"),
            Err(Halt::OtherBrowser),
        ),
    ];
    for (state, browser, expected) in rows {
        assert_eq!(
            may_begin(state.as_ref(), browser),
            expected,
            "{state:?} {browser:?}"
        );
    }
}

#[test]
fn amazons_answer_counts_once_and_only_in_the_browser_that_asked() {
    let rows = [
        (None, Some("mine"), Some(Halt::Gone)),
        (
            Some(state(None, None)),
            Some("mine"),
            Some(Halt::OtherBrowser),
        ),
        (Some(state(None, None)), None, Some(Halt::OtherBrowser)),
        (Some(state(Some("mine"), None)), Some("mine"), None),
        (
            Some(state(Some("mine"), None)),
            Some("other"),
            Some(Halt::OtherBrowser),
        ),
        (
            Some(state(Some("mine"), Some("A1"))),
            Some("mine"),
            Some(Halt::Used),
        ),
    ];
    for (state, browser, expected) in rows {
        assert_eq!(
            may_go_on(state.as_ref(), browser).err(),
            expected,
            "{state:?} {browser:?}"
        );
    }
}

#[test]
fn the_cookie_is_ours_alone_and_comes_back_as_it_went() {
    let cookie = Cookie {
        state: random(),
        browser: random(),
    };
    for (secure, name) in [
        (true, "__Host-stallkeeper-oauth="),
        (false, "stallkeeper-oauth="),
    ] {
        let header = cookie.set(secure).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.starts_with(name), "{text}");
        assert!(
            text.contains("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
            "{text}"
        );
        assert_eq!(text.ends_with("; Secure"), secure, "{text}");
        let pair = text.split(';').next().unwrap();
        let sent = format!("theme=dark; {pair}; seller=x");
        assert!(Cookie::read(&sent, secure) == Some(cookie.clone()));
        assert!(
            Cookie::read(&sent, !secure).is_none(),
            "a cookie of the other name is not ours"
        );
        let unset = Cookie::unset(secure).unwrap();
        assert!(
            unset
                .to_str()
                .unwrap()
                .starts_with(&format!("{name}; Path=/; Max-Age=0"))
        );
    }
}

#[test]
fn what_is_no_cookie_of_ours_is_read_as_none() {
    for cookies in [
        "",
        "stallkeeper-oauth",
        "stallkeeper-oauth=abc",
        "x=a.b",
        "xstallkeeper-oauth=a.b",
    ] {
        assert!(Cookie::read(cookies, false).is_none(), "{cookies}");
    }
}

#[test]
fn nothing_random_comes_twice() {
    assert_ne!(random(), random());
    assert_eq!(random().len(), 43);
}
