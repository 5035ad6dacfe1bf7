//! An authorisation attempt: a state that works once, for ten minutes, in one browser, for one connection of one
//! tenant.
//!
//! The state's text travels through the seller's browser and Amazon and is stored nowhere: the table
//! knows its digest, and the text is derived again if the same link is returned twice.

use crate::App;
use crate::base::Base;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use stallkeeper::api::{Answer, changed_meanwhile};
use stallkeeper::domain::connection::Connection;
use stallkeeper::store::{AuthorisationAttempt, OAuthState, Written};
use url::Url;

/// Amazon's page *Website Authorization Workflow*: what takes longer may break.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
impl App {
    /// The page where the seller begins: of the connection's current attempt, if that has not gone further.
    /// Asking twice for the same thing returns the same link.
    pub(crate) async fn authorise_url(
        &self,
        connection: &Connection,
        base: &Base,
        now: Timestamp,
    ) -> Answer<Url> {
        for () in Written::attempts() {
            let former = self.attempt(connection).await?;
            // Replaces exactly the attempt that was read: of two callers at once, one gets the other's link.
            if let Some(attempt) = &former
                && let Some(url) = self.link_of(connection, base, attempt, now).await?
            {
                return Ok(url);
            }
            if let Some(url) = self.begin(connection, base, former.as_ref(), now).await? {
                return Ok(url);
            }
        }
        Err(changed_meanwhile())
    }

    /// The link of the connection's current attempt, as long as it can be used.
    pub(crate) async fn link(
        &self,
        connection: &Connection,
        base: &Base,
        now: Timestamp,
    ) -> Answer<Option<Url>> {
        match self.attempt(connection).await? {
            Some(attempt) => self.link_of(connection, base, &attempt, now).await,
            None => Ok(None),
        }
    }

    /// The page where the seller begins a new attempt; the link of the previous one no longer works.
    pub(crate) async fn new_authorise_url(
        &self,
        connection: &Connection,
        base: &Base,
        now: Timestamp,
    ) -> Answer<Url> {
        for () in Written::attempts() {
            let former = self.attempt(connection).await?;
            if let Some(url) = self.begin(connection, base, former.as_ref(), now).await? {
                return Ok(url);
            }
        }
        Err(changed_meanwhile())
    }

    async fn attempt(&self, connection: &Connection) -> Answer<Option<AuthorisationAttempt>> {
        let key = &connection.key();
        Ok(self.store.authorisation_attempt(key).await?)
    }

    async fn link_of(
        &self,
        connection: &Connection,
        base: &Base,
        attempt: &AuthorisationAttempt,
        now: Timestamp,
    ) -> Answer<Option<Url>> {
        let state = self.store.oauth_state(&attempt.digest, now).await?;
        if state.is_none_or(|state| state.seller.is_some()) {
            return Ok(None);
        }
        let text = self.state_text(connection, &attempt.nonce).await?;
        // The app's secret may have been renewed meanwhile; then the old text cannot be derived any more.
        Ok((digest(&text) == attempt.digest).then(|| start_page(base, &text)))
    }

    /// Begins an attempt that replaces `former`; `None` if the connection has another one by now.
    async fn begin(
        &self,
        connection: &Connection,
        base: &Base,
        former: Option<&AuthorisationAttempt>,
        now: Timestamp,
    ) -> Answer<Option<Url>> {
        let nonce = random();
        let text = self.state_text(connection, &nonce).await?;
        let attempt = AuthorisationAttempt {
            digest: digest(&text),
            nonce,
        };
        let state = OAuthState {
            connection: connection.key(),
            browser: None,
            seller: None,
            credentials: None,
            authorised_at: None,
            code: None,
            expires: now.saturating_add(LIFETIME).unwrap_or(now),
        };
        let begun = self
            .store
            .begin_attempt(&attempt, &state, former, now)
            .await?;
        Ok((begun == Written::Done).then(|| start_page(base, &text)))
    }

    async fn state_text(&self, connection: &Connection, nonce: &str) -> Answer<String> {
        let seed = serde_json::json!(["oauth-state", connection.tenant, connection.id, nonce]);
        let text = self.vault.derived(&seed.to_string()).await?;
        Ok(text.expose_secret().to_owned())
    }
}

fn start_page(base: &Base, state: &str) -> Url {
    let mut url = base.page(&["oauth", "start"]);
    url.query_pairs_mut().append_pair("state", state);
    url
}

/// What the table keeps of a text that must not be read there.
pub(crate) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// A text that nobody can guess.
pub(crate) fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Letters and digits that nobody takes for one another, after Crockford.
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code that proves to the platform which browser authorised: 60 bits, to be read and typed by a person.
pub(crate) fn new_code() -> String {
    let letters =
        rand::random::<[u8; 12]>().map(|byte| char::from(CODE_LETTERS[usize::from(byte % 32)]));
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// What the table keeps of a code as somebody typed it: letter case, blanks and hyphens are no difference.
pub(crate) fn digest_of_code(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    digest(
        &letters
            .map(|letter| letter.to_ascii_uppercase())
            .collect::<String>(),
    )
}

/// The next step of a page that asks before it goes on: only that page, in the browser of the attempt, can know it.
pub(crate) fn consent_to(step: &str, cookie: &Cookie) -> String {
    digest(&serde_json::json!([step, cookie.state, cookie.browser]).to_string())
}

/// What ties a browser to an attempt: the state, so that Amazon's log-in step finds it, and a secret of the browser.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) state: String,
    pub(crate) browser: String,
}

impl Cookie {
    /// Reads ours among a browser's cookies.
    pub(crate) fn read(cookies: &str, secure: bool) -> Option<Self> {
        let value = cookies
            .split(';')
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| (name == Self::name(secure)).then_some(value))?;
        let (state, browser) = value.split_once('.')?;
        Some(Self {
            state: state.to_owned(),
            browser: browser.to_owned(),
        })
    }

    /// Sets it for as long as an attempt may take. `Lax`: it must come back with the redirects from Amazon.
    pub(crate) fn set(&self, secure: bool) -> Option<HeaderValue> {
        let value = format!("{}.{}", self.state, self.browser);
        header(&value, LIFETIME.as_secs(), secure)
    }

    /// Takes it out of the browser.
    pub(crate) fn unset(secure: bool) -> Option<HeaderValue> {
        header("", 0, secure)
    }

    /// `__Host-`: no other host of the domain can set it. Browsers take that name by TLS only.
    fn name(secure: bool) -> &'static str {
        if secure {
            "__Host-stallkeeper-oauth"
        } else {
            "stallkeeper-oauth"
        }
    }
}

fn header(value: &str, seconds: i64, secure: bool) -> Option<HeaderValue> {
    let name = Cookie::name(secure);
    let transport = if secure { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{transport}");
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Why an attempt does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The state is unknown: too old, replaced by a newer link, confirmed, or made up.
    Gone,
    /// The seller has authorised with this link before.
    Used,
    /// Another browser began, or began later.
    OtherBrowser,
}

/// What the first page is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Bind this browser, in the place of another one if any.
    Bind,
    /// It is bound; it came a second time.
    Bound,
}

/// Whether a browser may begin. Until Amazon's answer is in, the one that came last is the one that goes on: the first to
/// come may be a chat's preview of the link, and its seller a moment behind.
pub(crate) fn may_begin(
    state: Option<&OAuthState>,
    browser: Option<&str>,
) -> Result<Beginning, Halt> {
    let state = state.ok_or(Halt::Gone)?;
    match may_go_on(Some(state), browser) {
        Ok(_) => Ok(Beginning::Bound),
        Err(Halt::OtherBrowser) if state.seller.is_none() => Ok(Beginning::Bind),
        Err(halt) => Err(halt),
    }
}

/// Whether a browser may go on with what it began; `browser` is its secret.
pub(crate) fn may_go_on<'a>(
    state: Option<&'a OAuthState>,
    browser: Option<&str>,
) -> Result<&'a OAuthState, Halt> {
    let state = state.ok_or(Halt::Gone)?;
    let bound = state.browser.as_deref();
    if bound.is_none() || bound != browser.map(digest).as_deref() {
        return Err(Halt::OtherBrowser);
    }
    if state.seller.is_some() {
        return Err(Halt::Used);
    }
    Ok(state)
}

#[cfg(test)]
mod tests;
