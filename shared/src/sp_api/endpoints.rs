//! Where Amazon is: the addresses of the Selling Partner API, Login with Amazon and Seller Central, each Amazon's own
//! or overridden by the deployment. It never opens a connection.

use crate::domain::marketplace::{Marketplace, Region};
use crate::env;
use crate::error::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// What need not be encoded anywhere: RFC 3986, section 2.3.
const ALL_BUT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The marketplaces that share a Seller Central answer on hosts of their own as well, which Amazon's page leaves out.
const NATIONAL: [&str; 5] = [
    "https://sellercentral.amazon.co.uk",
    "https://sellercentral.amazon.de",
    "https://sellercentral.amazon.es",
    "https://sellercentral.amazon.fr",
    "https://sellercentral.amazon.it",
];

/// Amazon's addresses by region, each overridden if the deployment says so. Default: all Amazon's own.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    sp_api: Option<Url>,
    lwa: Option<Url>,
    seller_central: Option<Url>,
}

impl Endpoints {
    /// From `SP_API_ENDPOINT`, `LWA_ENDPOINT` and `SELLER_CENTRAL_ENDPOINT`; one that is empty or unset is Amazon's.
    ///
    /// # Errors
    /// Permanent, naming the variable, if its value is no http or https address.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            sp_api: address("SP_API_ENDPOINT")?,
            lwa: address("LWA_ENDPOINT")?,
            seller_central: address("SELLER_CENTRAL_ENDPOINT")?,
        })
    }

    /// One server that plays all of Amazon's roles, for a simulator.
    pub fn all_at(server: &Url) -> Self {
        let server = || Some(server.clone());
        Self {
            sp_api: server(),
            lwa: server(),
            seller_central: server(),
        }
    }

    /// The page where a seller consents to the application, on the Seller Central of its marketplace; `version` is
    /// `beta` for an application in draft. Amazon page: *Website Authorization Workflow*.
    pub fn consent_page(
        &self,
        marketplace: Marketplace,
        application_id: &str,
        state: &str,
        version: Option<&str>,
    ) -> Url {
        let mut url = self
            .seller_central
            .clone()
            .unwrap_or_else(|| own(marketplace.seller_central()));
        extend(&mut url, &["apps", "authorize", "consent"]);
        url.query_pairs_mut()
            .append_pair("application_id", application_id)
            .append_pair("state", state);
        if let Some(version) = version {
            url.query_pairs_mut().append_pair("version", version);
        }
        url
    }

    /// Whether an address handed to us as Amazon's callback really leads to Seller Central, so that nobody can use
    /// our log-in page to send a browser elsewhere.
    ///
    /// Amazon's pages show the callback on `amazon.com` itself, so a marketplace's bare domain counts too.
    pub fn is_seller_central(&self, url: &Url) -> bool {
        if let Some(server) = &self.seller_central {
            return url.origin() == server.origin();
        }
        let bare = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        let Some(host) = url.host_str().filter(|_| url.scheme() == "https" && bare) else {
            return false;
        };
        let is_one_of_these = |central: &str| {
            let central = central.trim_start_matches("https://");
            host == central
                || central
                    .split_once('.')
                    .is_some_and(|(_, domain)| host == domain)
        };
        Marketplace::ALL
            .iter()
            .map(|marketplace| marketplace.seller_central())
            .chain(NATIONAL)
            .any(is_one_of_these)
    }

    /// The address of an operation: every segment of the path is percent-encoded, so that none can become two, and
    /// nothing in it can mean anything. Amazon page: *URL Encoding*.
    ///
    /// # Errors
    /// Permanent for a segment that an address cannot hold: an empty one, `.` and `..`, which stay what they are however
    /// they are encoded.
    pub(super) fn operation(
        &self,
        region: Region,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Url> {
        if path
            .iter()
            .any(|segment| matches!(*segment, "" | "." | ".."))
        {
            return Err(Error::permanent(
                "build the address of a call",
                "a segment of the path cannot be encoded",
            ));
        }
        let mut url = self
            .sp_api
            .clone()
            .unwrap_or_else(|| own(region.sp_api_endpoint()));
        let mut whole = url.path().trim_end_matches('/').to_owned();
        for segment in path {
            whole.push('/');
            whole.extend(utf8_percent_encode(segment, ALL_BUT_UNRESERVED));
        }
        url.set_path(&whole);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Where Login with Amazon hands out tokens.
    pub(super) fn token_page(&self) -> Url {
        let mut url = self
            .lwa
            .clone()
            .unwrap_or_else(|| own(Region::Eu.lwa_endpoint()));
        extend(&mut url, &["auth", "o2", "token"]);
        url
    }

    /// Whether only TLS is spoken: yes, unless the deployment names a plain address itself, as on a laptop.
    pub(super) fn only_tls(&self) -> bool {
        [&self.sp_api, &self.lwa]
            .into_iter()
            .flatten()
            .all(|url| url.scheme() == "https")
    }
}

fn address(variable: &'static str) -> Result<Option<Url>> {
    let Some(text) = env::optional(variable) else {
        return Ok(None);
    };
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        _ => Err(Error::permanent(
            "start",
            format!("environment variable {variable} is no http or https address"),
        )),
    }
}

fn own(address: &str) -> Url {
    Url::parse(address).expect("Amazon's addresses stand in our own table and parse")
}

fn extend(url: &mut Url, path: &[&str]) {
    let mut segments = url.path_segments_mut().expect("an http address has a path");
    segments.pop_if_empty().extend(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consent_page_is_on_the_seller_central_of_the_marketplace() {
        let page = Endpoints::default().consent_page(
            Marketplace::Uk,
            "amzn1.sp.solution.x",
            "a b&c",
            Some("beta"),
        );
        assert_eq!(
            page.as_str(),
            "https://sellercentral-europe.amazon.com/apps/authorize/consent?application_id=amzn1.sp.solution.x&state=a+b%26c&version=beta"
        );
        let simulator = Endpoints::all_at(&Url::parse("http://127.0.0.1:9000/").unwrap());
        let page = simulator.consent_page(Marketplace::Uk, "app", "s", None);
        assert_eq!(
            page.as_str(),
            "http://127.0.0.1:9000/apps/authorize/consent?application_id=app&state=s"
        );
    }

    #[test]
    fn only_amazons_own_hosts_are_seller_central() {
        let rows = [
            (
                "https://sellercentral-europe.amazon.com/apps/authorize/confirm/x",
                true,
            ),
            ("https://sellercentral.amazon.co.jp/apps", true),
            ("https://sellercentral.amazon.de/apps", true),
            ("https://amazon.com/apps/authorize/confirm/x", true),
            ("http://sellercentral.amazon.com/apps", false),
            ("https://sellercentral.amazon.com.evil.example/apps", false),
            ("https://evilamazon.com/apps", false),
            ("https://sellercentral.amazon.com:8443/apps", false),
            ("https://user@sellercentral.amazon.com/apps", false),
            ("https://com/apps", false),
        ];
        for (url, expected) in rows {
            assert_eq!(
                Endpoints::default().is_seller_central(&Url::parse(url).unwrap()),
                expected,
                "{url}"
            );
        }
        let simulator = Endpoints::all_at(&Url::parse("http://127.0.0.1:9000").unwrap());
        assert!(simulator.is_seller_central(&Url::parse("http://127.0.0.1:9000/apps").unwrap()));
        assert!(!simulator.is_seller_central(&Url::parse("https://amazon.com/apps").unwrap()));
    }

    #[test]
    fn a_segment_stays_one_segment() {
        let url = Endpoints::default()
            .operation(Region::Eu, &["orders", "a/b?c#d%"], &[])
            .unwrap();
        assert_eq!(
            url.as_str(),
            "https://sellingpartnerapi-eu.amazon.com/orders/a%2Fb%3Fc%23d%25"
        );
        assert!(
            Endpoints::default()
                .operation(Region::Eu, &["orders", ".."], &[])
                .is_err()
        );
    }
}
