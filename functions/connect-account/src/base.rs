//! The address under which browsers reach us, which handlers take from the request.

use crate::App;
use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use stallkeeper::api::Problem;
use std::sync::Arc;
use url::Url;

/// The address under which browsers reach this API.
#[derive(Debug, Clone)]
pub(crate) struct Base(Url);

impl Base {
    /// Whether browsers come by TLS, which a `Secure` cookie needs.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The address of one of our pages.
    pub(crate) fn page(&self, path: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Where Amazon sends the seller's browser with the authorisation code.
    pub(crate) fn redirect_uri(&self) -> Url {
        self.page(&["oauth", "callback"])
    }
}

impl FromRequestParts<Arc<App>> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if let Some(url) = &app.config.public_url {
            return Ok(Self(url.clone()));
        }
        let header = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        // The gateway always says how the browser came; without its word nothing in front of us speaks TLS.
        of_request(
            header("x-forwarded-proto").unwrap_or("http"),
            header(HOST.as_str()),
        )
        .ok_or_else(|| {
            Problem::invalid(
                "Host",
                "the request does not say which domain it was sent to",
            )
        })
    }
}

fn of_request(scheme: &str, host: Option<&str>) -> Option<Base> {
    let url = Url::parse(&format!("{scheme}://{}", host?)).ok()?;
    // Only an origin: whatever else a header smuggles in makes it another address.
    let plain = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(Base(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_requests_own_where_the_deployment_names_none() {
        let base = of_request("https", Some("api.example.com")).unwrap();
        assert!(base.is_secure());
        assert_eq!(
            base.redirect_uri().as_str(),
            "https://api.example.com/oauth/callback"
        );
        let local = of_request("http", Some("abc.execute-api.localhost:4566")).unwrap();
        assert!(!local.is_secure());
        assert_eq!(
            local.page(&["oauth", "start"]).as_str(),
            "http://abc.execute-api.localhost:4566/oauth/start"
        );
    }

    #[test]
    fn a_host_that_is_more_than_a_host_is_none() {
        for host in [
            None,
            Some("a.example/b"),
            Some("user@a.example"),
            Some("a.example?x"),
            Some(""),
        ] {
            assert!(of_request("https", host).is_none(), "{host:?}");
        }
        assert!(of_request("javascript", Some("a.example")).is_none());
    }
}
