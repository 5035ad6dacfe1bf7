//! The pages of OAuth, which come without a token: the start page of ours, Amazon's log-in step, and the
//! callback. They attach nothing: what they end with waits for the signed-in user to confirm it.
//!
//! Whoever makes a connection can send its link to somebody else. So each page names the merchant and the connection and
//! asks before it goes on, and the callback shows a code to the browser that authorised: without it nobody can confirm.
//!
//! Amazon's page: *Website Authorization Workflow*.

use super::attempt::{
    Beginning, Cookie, Halt, LIFETIME, consent_to, digest, digest_of_code, may_begin, may_go_on,
    new_code, random,
};
use super::page::{Page, hide};
use crate::App;
use crate::base::Base;
use axum::extract::State;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::Parameters;
use stallkeeper::domain::connection::{Connection, ConnectionStatus, Credentials};
use stallkeeper::domain::ids::SellerId;
use stallkeeper::sp_api::Login;
use stallkeeper::store::{OAuthState, Written};
use std::sync::Arc;
use tracing::info;
use url::Url;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StartParams {
    #[serde(default)]
    state: String,
}

/// Begin to authorise, in the seller's browser: ties the browser by a cookie, names who asks, and links to Seller Central.
#[utoipa::path(get, path = "/oauth/start", operation_id = "startOAuth", tag = "oauth", params(StartParams), responses(
    (status = 200, description = "Who asks for what, with a link that goes on", content_type = "text/html"),
    (status = 410, description = "The link has expired or was used", content_type = "text/html"),
    (status = 403, description = "Another browser has authorised with it", content_type = "text/html"),
))]
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    base: Base,
    headers: HeaderMap,
    Parameters(StartParams { state: text }): Parameters<StartParams>,
) -> Result<Response, Page> {
    let now = Timestamp::now();
    let digest_of_state = digest(&text);
    let state = app.store.oauth_state(&digest_of_state, now).await?;
    let browser = cookie(&headers, &base)
        .filter(|cookie| cookie.state == text)
        .map(|cookie| cookie.browser);
    let beginning = may_begin(state.as_ref(), browser.as_deref())?;
    let state = state.ok_or(Halt::Gone)?;
    let connection = connection(&app, &state).await?;
    let browser = match (beginning, browser) {
        (Beginning::Bound, Some(browser)) => browser,
        _ => bind(&app, &digest_of_state, state).await?,
    };
    let cookie = Cookie {
        state: text,
        browser,
    };
    let mut go_on = base.page(&["oauth", "consent"]);
    go_on
        .query_pairs_mut()
        .append_pair("go", &consent_to(CONSENT, &cookie));
    let mut page = asks(&connection, go_on).into_response();
    if let Some(set) = cookie.set(base.is_secure()) {
        page.headers_mut().append(SET_COOKIE, set);
    }
    Ok(page)
}

/// The question that each page asks before it goes on.
fn asks(connection: &Connection, go_on: Url) -> Page {
    let text = format!(
        "The merchant “{}” asks to connect your Amazon seller account as “{}”. It will see your orders with their buyers' addresses, change stock and prices of your listings, confirm shipments and cancel orders. Go on only if you know this merchant and asked for this yourself.",
        connection.tenant, connection.name,
    );
    Page::new(StatusCode::OK, "Connect your Amazon seller account?", text)
        .with_link("Go on to Amazon", Some(go_on))
}

/// What the start page and the log-in step ask for.
const CONSENT: &str = "consent";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsentParams {
    /// From the page that asked.
    #[serde(default)]
    go: String,
}

/// The seller goes on from the start page: to the consent page of the marketplace's Seller Central.
#[utoipa::path(get, path = "/oauth/consent", operation_id = "goToConsent", tag = "oauth", params(ConsentParams), responses(
    (status = 302, description = "To the consent page"),
    (status = 403, description = "Another browser began, or no page of ours asked", content_type = "text/html"),
    (status = 410, description = "The link has expired or was used", content_type = "text/html"),
))]
pub(crate) async fn consent(
    State(app): State<Arc<App>>,
    base: Base,
    headers: HeaderMap,
    Parameters(ConsentParams { go }): Parameters<ConsentParams>,
) -> Result<Response, Page> {
    let cookie = cookie(&headers, &base)
        .filter(|cookie| go == consent_to(CONSENT, cookie))
        .ok_or(Halt::OtherBrowser)?;
    let now = Timestamp::now();
    let state = app.store.oauth_state(&digest(&cookie.state), now).await?;
    let state = may_go_on(state.as_ref(), Some(&cookie.browser))?;
    let connection = connection(&app, state).await?;
    let amazon = app.vault.app().await?;
    let consent = app.amazon.endpoints().consent_page(
        connection.marketplace,
        &amazon.application_id,
        &cookie.state,
        app.config.oauth_version.as_deref(),
    );
    Ok(redirect(&consent, None))
}

/// Ties this browser to the authorisation attempt; the last one wins, until Amazon answered the one before.
async fn bind(app: &App, digest_of_state: &str, mut read: OAuthState) -> Result<String, Page> {
    let browser = random();
    for () in Written::attempts() {
        let bound = OAuthState {
            browser: Some(digest(&browser)),
            ..read.clone()
        };
        let written = app
            .store
            .put_oauth_state(digest_of_state, &bound, Some(&read))
            .await?;
        if written == Written::Done {
            return Ok(browser);
        }
        let now = Timestamp::now();
        let state = app.store.oauth_state(digest_of_state, now).await?;
        may_begin(state.as_ref(), None)?;
        read = state.ok_or(Halt::Gone)?;
    }
    Err(Halt::OtherBrowser.into())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogInParams {
    /// Where Amazon waits for the answer.
    #[serde(default)]
    amazon_callback_uri: String,
    #[serde(default)]
    amazon_state: String,
    /// `beta` for an application in draft.
    version: Option<String>,
    /// From the page that asked; without it, it asks.
    go: Option<String>,
}

/// Amazon's log-in step: asks, then sends the browser back, if it began here.
#[utoipa::path(get, path = "/oauth/login", operation_id = "logInOAuth", tag = "oauth", params(LogInParams), responses(
    (status = 200, description = "Who asks for what, with a link that goes on", content_type = "text/html"),
    (status = 302, description = "Back to Amazon, or to the platform's sign-in page if nothing began here"),
    (status = 400, description = "The address to go back to is not Seller Central's", content_type = "text/html"),
    (status = 403, description = "Another browser began", content_type = "text/html"),
    (status = 410, description = "The link has expired or was used", content_type = "text/html"),
))]
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    base: Base,
    headers: HeaderMap,
    Parameters(params): Parameters<LogInParams>,
) -> Result<Response, Page> {
    let Some(cookie) = cookie(&headers, &base) else {
        return Ok(not_begun_here(&app));
    };
    let state = app
        .store
        .oauth_state(&digest(&cookie.state), Timestamp::now())
        .await?;
    let state = may_go_on(state.as_ref(), Some(&cookie.browser))?;
    let back = Url::parse(&params.amazon_callback_uri).ok();
    let back = back.filter(|url| app.amazon.endpoints().is_seller_central(url));
    let mut back = back.ok_or_else(|| {
        Page::new(
            StatusCode::BAD_REQUEST,
            "This does not come from Amazon",
            "The address to go back to is not one of Seller Central's, so nobody is sent there.",
        )
    })?;
    let is_beta = |version: &&str| *version == "beta";
    let version = params.version.as_deref().filter(is_beta);
    // A cookie may be left over from an attempt that the seller gave up: without the seller's word nothing goes on with it.
    let step = format!("{back} {}", params.amazon_state);
    if params.go.as_deref() != Some(&consent_to(&step, &cookie)) {
        let go_on = ask_at_login(
            &base,
            &back,
            &params.amazon_state,
            version,
            &consent_to(&step, &cookie),
        );
        return Ok(asks(&connection(&app, state).await?, go_on).into_response());
    }
    back.query_pairs_mut()
        .append_pair("redirect_uri", base.redirect_uri().as_str())
        .append_pair("amazon_state", &params.amazon_state)
        .append_pair("state", &cookie.state);
    if let Some(version) = version.or(app.config.oauth_version.as_deref()) {
        back.query_pairs_mut().append_pair("version", version);
    }
    Ok(redirect(&back, None))
}

/// The log-in step again, with the seller's word.
fn ask_at_login(
    base: &Base,
    back: &Url,
    amazon_state: &str,
    version: Option<&str>,
    go: &str,
) -> Url {
    let mut url = base.page(&["oauth", "login"]);
    url.query_pairs_mut()
        .append_pair("amazon_callback_uri", back.as_str())
        .append_pair("amazon_state", amazon_state)
        .append_pair("go", go)
        .extend_pairs(version.map(|version| ("version", version)));
    url
}

/// A seller who comes from Amazon and not from a link of ours: whose connection it should be, only the platform knows.
fn not_begun_here(app: &App) -> Response {
    match &app.config.sign_in_url {
        Some(platform) => redirect(platform, None),
        None => Page::new(
            StatusCode::BAD_REQUEST,
            "Please begin on the platform",
            "Sign in to the platform that manages your orders, add the connection there, and follow its link to Amazon.",
        )
        .into_response(),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallbackParams {
    #[serde(default)]
    state: String,
    #[serde(default)]
    selling_partner_id: String,
    #[serde(default)]
    spapi_oauth_code: String,
}

/// Amazon's answer: the seller consents. Keeps the authorisation until the signed-in user confirms whose it is.
#[utoipa::path(get, path = "/oauth/callback", operation_id = "completeOAuth", tag = "oauth", params(CallbackParams), responses(
    (status = 200, description = "The seller is to be confirmed on the platform", content_type = "text/html"),
    (status = 400, description = "Amazon does not know the code", content_type = "text/html"),
    (status = 403, description = "Another browser began", content_type = "text/html"),
    (status = 410, description = "The link has expired or was used", content_type = "text/html"),
))]
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    base: Base,
    headers: HeaderMap,
    Parameters(params): Parameters<CallbackParams>,
) -> Result<Response, Page> {
    let digest_of_state = digest(&params.state);
    let state = app
        .store
        .oauth_state(&digest_of_state, Timestamp::now())
        .await?;
    let browser = cookie(&headers, &base).map(|cookie| cookie.browser);
    let state = may_go_on(state.as_ref(), browser.as_deref())?;
    let connection = connection(&app, state).await?;
    let seller: SellerId = params
        .selling_partner_id
        .parse()
        .map_err(|_| code_refused())?;
    let credentials = exchange(&app, &base, &params.spapi_oauth_code).await?;
    let now = Timestamp::now();
    let code = new_code();
    let authorised = OAuthState {
        seller: Some(seller.clone()),
        credentials: Some(app.vault.seal(&state.connection, &credentials).await?),
        authorised_at: Some(now),
        code: Some(digest_of_code(&code)),
        // The authorisation at Amazon is over; a person needs some minutes to confirm.
        expires: now.saturating_add(LIFETIME).unwrap_or(now),
        ..state.clone()
    };
    let written = app
        .store
        .put_oauth_state(&digest_of_state, &authorised, Some(state))
        .await?;
    if written == Written::Conflict {
        return Err(Halt::Used.into());
    }
    info!(connection.id = %state.connection, "a seller consented for connection `{}`", state.connection);
    let mut page = confirm_on_platform(&app, &connection, &seller, code).into_response();
    if let Some(unset) = Cookie::unset(base.is_secure()) {
        page.headers_mut().append(SET_COOKIE, unset);
    }
    Ok(page)
}

/// Trades the code at once: it is valid for five minutes.
async fn exchange(app: &App, base: &Base, code: &str) -> Result<Credentials, Page> {
    let amazon = app.vault.app().await?;
    let login = app
        .amazon
        .exchange_code(
            &amazon.credentials,
            code,
            Some(base.redirect_uri().as_str()),
        )
        .await?;
    match login {
        Login::Granted { refresh_token } => Ok(Credentials {
            refresh_token,
            own_app: None,
        }),
        Login::CodeRefused { code } => {
            info!(amazon.code = code, "Amazon refuses an authorisation code");
            Err(code_refused())
        }
    }
}

fn code_refused() -> Page {
    Page::new(
        StatusCode::BAD_REQUEST,
        "Amazon does not confirm this",
        "Its code is older than five minutes, was used before, or is none. Go back to the platform and ask for a new link.",
    )
}

fn confirm_on_platform(
    app: &App,
    connection: &Connection,
    seller: &SellerId,
    code: String,
) -> Page {
    let text = format!(
        "Amazon reports that seller {seller} consents to the merchant “{}”, connection “{}”. Nothing is connected yet: go back to the platform within ten minutes and confirm it there with this code. Give it to nobody else.",
        connection.tenant, connection.name,
    );
    // The part after # is for the platform's page alone: browsers send it to no server.
    let platform = app.config.sign_in_url.clone().map(|mut url| {
        url.set_fragment(Some(&format!("connection={}&code={code}", connection.id)));
        url
    });
    Page::new(StatusCode::OK, "One step is left", text)
        .with_code(code)
        .with_link("Back to the platform", platform)
}

/// The connection that an attempt is for, unless it was disconnected.
async fn connection(app: &App, state: &OAuthState) -> Result<Connection, Page> {
    let connection = app.store.connection(&state.connection).await?;
    let alive = |connection: &Connection| connection.status != ConnectionStatus::Disconnected;
    Ok(connection.filter(alive).ok_or(Halt::Gone)?)
}

fn cookie(headers: &HeaderMap, base: &Base) -> Option<Cookie> {
    let sent: Vec<&str> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .collect();
    Cookie::read(&sent.join(";"), base.is_secure())
}

fn redirect(to: &Url, cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(to) = HeaderValue::from_str(to.as_str()) {
        response.headers_mut().insert(LOCATION, to);
    }
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    hide(&mut response);
    response
}
