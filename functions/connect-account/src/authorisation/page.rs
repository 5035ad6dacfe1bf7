//! The pages that a seller's browser sees: plain, without scripts, and silent to every other site.

use super::attempt::Halt;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use stallkeeper::api::Problem;
use stallkeeper::error::{Class, Error};
use url::Url;

/// No script, no image, no form, no frame; the one style is in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str =
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}";

/// A page with one thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    status: StatusCode,
    title: &'static str,
    text: String,
    /// To be copied by the reader.
    code: Option<String>,
    /// Where the reader can go from here, with what the link says.
    link: Option<(&'static str, Url)>,
}

impl Page {
    pub(crate) fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            title,
            text: text.into(),
            code: None,
            link: None,
        }
    }

    #[must_use]
    pub(crate) fn with_link(mut self, says: &'static str, link: Option<Url>) -> Self {
        self.link = link.map(|link| (says, link));
        self
    }

    #[must_use]
    pub(crate) fn with_code(mut self, code: String) -> Self {
        self.code = Some(code);
        self
    }

    fn html(&self) -> String {
        let link = self.link.as_ref().map_or_else(String::new, |(says, link)| {
            let link = escaped(link.as_str());
            format!("<p><a href=\"{link}\" rel=\"noreferrer\">{says}</a></p>\n")
        });
        let code = self.code.as_ref().map_or_else(String::new, |code| {
            format!("<p><code>{}</code></p>\n", escaped(code))
        });
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n<p>{text}</p>\n{code}{link}</html>\n",
            title = escaped(self.title),
            text = escaped(&self.text),
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.html()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        hide(&mut response);
        response
    }
}

/// Keeps an answer out of caches, and its address out of other sites' logs: states and codes travel in addresses.
pub(crate) fn hide(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

impl From<Halt> for Page {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Gone => Self::new(
                StatusCode::GONE,
                "This link has expired",
                "A link to authorise works for ten minutes, and only the newest one of a connection does. Go back to the platform and ask for a new one.",
            ),
            Halt::Used => Self::new(
                StatusCode::GONE,
                "This link has been used",
                "Amazon has already told us that the seller consents. Go back to the platform and confirm the seller there, or ask for a new link.",
            ),
            Halt::OtherBrowser => Self::new(
                StatusCode::FORBIDDEN,
                "This link belongs to another browser",
                "Authorising must begin and end in the same browser, with cookies switched on, one connection at a time. Open the link again, or go back to the platform and ask for a new one.",
            ),
        }
    }
}

impl From<Error> for Page {
    fn from(error: Error) -> Self {
        tracing::error!(
            error.class = error.class().name(),
            error = error.chain(),
            "a page failed"
        );
        match error.class() {
            Class::Retryable | Class::Throttled { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Please try again",
                "A service behind this page does not answer just now. Go back to the platform in a minute and ask for a new link.",
            ),
            Class::AuthRevoked | Class::Permanent => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "This cannot be done just now",
                "Something is not set up as it should be. The operator finds the cause in the log.",
            ),
        }
    }
}

impl From<Problem> for Page {
    fn from(problem: Problem) -> Self {
        Self::new(
            problem.status(),
            "This cannot be done",
            "Go back to the platform and ask for a new link.",
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_nothing_to_other_sites_and_runs_nothing() {
        let page = Page::new(StatusCode::OK, "Hello", "<script>&'\"").with_link(
            "Back",
            Url::parse("https://platform.example/?a=1&b=%22").ok(),
        );
        let html = page.html();
        assert!(html.contains("&lt;script&gt;&amp;&#39;&quot;"), "{html}");
        assert!(
            html.contains("href=\"https://platform.example/?a=1&amp;b=%22\""),
            "{html}"
        );
        let response = page.into_response();
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        assert!(
            response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
    }
}
