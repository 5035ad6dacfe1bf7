//! Owns Seller Central's part of the website workflow (page "Website Authorization Workflow"): the
//! consent page, the leg over the application's log-in URI, the way back with a code. It never gives
//! a token.

mod html;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Form, Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::{
    Sandbox, grants,
    world::{App, PendingLogin, World},
};
use html::{ErrorPage, form};

/// "If the entire authorization process takes longer than 10 minutes, the workflow may break."
const DANCE_LIVES: SignedDuration = SignedDuration::from_mins(10);

type Fields = BTreeMap<String, String>;

/// `GET /apps/authorize/consent`.
pub(crate) async fn page(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Query(asked): Query<Fields>,
) -> Response {
    let world = sandbox.world();
    match checked(&world, &asked) {
        Ok(_) => Html(form(&world, &asked, signed_in(&headers, &asked).as_deref())).into_response(),
        Err(error) => error.into_response(),
    }
}

/// `POST /apps/authorize/consent`: the seller has pressed a button.
pub(crate) async fn decide(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Form(given): Form<Fields>,
) -> Response {
    let now = sandbox.clock.now();
    let mut world = sandbox.world();
    match decided(
        &mut world,
        &sandbox.url,
        &given,
        signed_in(&headers, &given),
        now,
    ) {
        Ok(to) => found(&to),
        Err(error) => error.into_response(),
    }
}

/// `GET /apps/authorize/confirm/{application}`: the application sends the seller back after its log-in.
pub(crate) async fn confirm(
    State(sandbox): State<Arc<Sandbox>>,
    Path(application): Path<String>,
    Query(given): Query<Fields>,
) -> Response {
    let now = sandbox.clock.now();
    match confirmed(&mut sandbox.world(), &application, &given, now) {
        Ok(to) => found(&to),
        Err(error) => error.into_response(),
    }
}

/// The application, if it may be authorised in this way.
fn checked<'a>(world: &'a World, asked: &Fields) -> Result<(&'a str, &'a App), ErrorPage> {
    let id = field(asked, "application_id");
    let Some((id, app)) = world.apps.get_key_value(id) else {
        return Err(ErrorPage(
            "MD1000",
            "there is no such application".to_owned(),
        ));
    };
    if app.draft && field(asked, "version") != "beta" {
        return Err(ErrorPage(
            "MD1000",
            "a Draft application is authorised with version=beta".to_owned(),
        ));
    }
    if app.redirect_uri.is_none() && app.login_uri.is_none() {
        return Err(ErrorPage(
            "MD9100",
            "the application has neither log-in URI nor redirect URI".to_owned(),
        ));
    }
    if app.login_uri.is_none() && field(asked, "state").is_empty() {
        return Err(ErrorPage(
            "MD9100",
            "without a log-in URI the authorisation URI needs a state".to_owned(),
        ));
    }
    redirect(app, asked)?;
    Ok((id, app))
}

/// Where the code will be sent: what the request names, if it is registered, or what is registered.
fn redirect(app: &App, asked: &Fields) -> Result<String, ErrorPage> {
    let registered = app.redirect_uri.clone().unwrap_or_default();
    let wanted = match field(asked, "redirect_uri") {
        "" => registered,
        wanted if wanted == registered => registered,
        wanted => {
            return Err(ErrorPage(
                "MD5101",
                format!("the redirect URI {wanted} is not registered"),
            ));
        }
    };
    if wanted.contains('#') {
        return Err(ErrorPage(
            "MD5110",
            "the redirect URI contains a fragment".to_owned(),
        ));
    }
    Ok(wanted)
}

fn decided(
    world: &mut World,
    amazon: &str,
    given: &Fields,
    seller: Option<String>,
    now: Timestamp,
) -> Result<Url, ErrorPage> {
    let (application, app) = checked(world, given)?;
    let (application, app) = (application.to_owned(), app.clone());
    let seller = seller.filter(|seller| world.sellers.contains_key(seller));
    let seller = seller.ok_or_else(|| ErrorPage("SPDC8143", "nobody is signed in".to_owned()))?;
    if field(given, "decision") == "cancel" {
        return Err(ErrorPage(
            "CANCELLED",
            "the seller did not authorise the application".to_owned(),
        ));
    }
    let Some(login) = &app.login_uri else {
        return home(
            world,
            &application,
            &redirect(&app, given)?,
            &seller,
            field(given, "state"),
            now,
        );
    };
    let amazon_state = grants::secret();
    let mut to = parsed(login)?;
    to.query_pairs_mut()
        .append_pair(
            "amazon_callback_uri",
            &format!("{amazon}/apps/authorize/confirm/{application}"),
        )
        .append_pair("amazon_state", &amazon_state)
        .append_pair("selling_partner_id", &seller);
    if app.draft {
        to.query_pairs_mut().append_pair("version", "beta");
    }
    let expires = now.saturating_add(DANCE_LIVES).unwrap_or(Timestamp::MAX);
    world.logins.insert(
        amazon_state,
        PendingLogin {
            application,
            seller,
            expires,
        },
    );
    Ok(to)
}

fn confirmed(
    world: &mut World,
    application: &str,
    given: &Fields,
    now: Timestamp,
) -> Result<Url, ErrorPage> {
    let login = world.logins.remove(field(given, "amazon_state"));
    let login = login.filter(|login| login.application == application && login.expires > now);
    let login = login.ok_or_else(|| {
        ErrorPage(
            "MD1000",
            "amazon_state is unknown, used or too old".to_owned(),
        )
    })?;
    let mut asked = given.clone();
    asked.insert("application_id".to_owned(), application.to_owned());
    let (_, app) = checked(world, &asked)?;
    let (redirect, state) = (redirect(app, given)?, field(given, "state"));
    if state.is_empty() {
        return Err(ErrorPage(
            "MD1000",
            "the callback URI needs a state".to_owned(),
        ));
    }
    home(world, application, &redirect, &login.seller, state, now)
}

/// Back to the application, with a code.
fn home(
    world: &mut World,
    application: &str,
    redirect: &str,
    seller: &str,
    state: &str,
    now: Timestamp,
) -> Result<Url, ErrorPage> {
    let mut to = parsed(redirect)?;
    let code = world.grants.issue_code(application, seller, redirect, now);
    to.query_pairs_mut()
        .append_pair("state", state)
        .append_pair("selling_partner_id", seller)
        .append_pair("spapi_oauth_code", &code);
    Ok(to)
}

fn parsed(uri: &str) -> Result<Url, ErrorPage> {
    Url::parse(uri).map_err(|_| ErrorPage("MD5101", format!("`{uri}` is no URI")))
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

/// Who sits at the browser: the form or query says it, else the cookie `seller`.
fn signed_in(headers: &HeaderMap, fields: &Fields) -> Option<String> {
    let named = Some(field(fields, "seller")).filter(|seller| !seller.is_empty());
    let cookies = headers
        .get(header::COOKIE)
        .and_then(|cookies| cookies.to_str().ok())
        .unwrap_or_default();
    let cookie = || {
        cookies
            .split(';')
            .find_map(|cookie| cookie.trim().strip_prefix("seller="))
    };
    named.or_else(cookie).map(str::to_owned)
}

fn found(to: &Url) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(to) = HeaderValue::from_str(to.as_str()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

#[cfg(test)]
mod tests;
