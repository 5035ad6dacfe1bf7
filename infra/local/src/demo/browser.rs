//! A seller's browser: follows redirects, keeps cookies to the host that set them, and presses the consent page's
//! button. It knows nothing of either side but what a browser sees.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, Url};

/// More redirects than any authorisation has.
const MOST_HOPS: usize = 12;

#[derive(Default)]
pub(crate) struct Browser {
    /// By host and port, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where the browser came to rest.
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) html: String,
}

impl Page {
    /// The code that the last page shows.
    pub(crate) fn code(&self) -> Result<String> {
        let (_, rest) = self
            .html
            .split_once("<code>")
            .context("the page shows no code")?;
        let (code, _) = rest
            .split_once("</code>")
            .context("the page shows no code")?;
        Ok(code.to_owned())
    }
}

impl Browser {
    /// Opens an address and follows where it leads.
    async fn open(&mut self, address: &str) -> Result<Page> {
        self.go(Method::GET, address.parse().context("no address")?, None)
            .await
    }

    /// Presses the button of a consent page, signed in as this seller.
    pub(crate) async fn consent(&mut self, page: &Page, seller: &str) -> Result<Page> {
        let mut fields = hidden_fields(&page.html);
        fields.insert("seller".into(), seller.into());
        fields.insert("decision".into(), "confirm".into());
        let page = self
            .go(Method::POST, page.url.clone(), Some(fields))
            .await?;
        self.press_on(page).await
    }

    /// Opens a link of ours and goes on to the consent page.
    pub(crate) async fn begin(&mut self, link: &str) -> Result<Page> {
        let page = self.open(link).await?;
        self.press_on(page).await
    }

    /// Presses the links of our pages that ask before they go on, until another page comes.
    async fn press_on(&mut self, mut page: Page) -> Result<Page> {
        while let Some(href) = onward(&page.html) {
            page = self.open(&href).await?;
        }
        Ok(page)
    }

    async fn go(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut form: Option<BTreeMap<String, String>>,
    ) -> Result<Page> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        for _ in 0..MOST_HOPS {
            let mut request = http.request(method.clone(), url.clone());
            if let Some(jar) = self.cookies.get(&site(&url)) {
                let pairs: Vec<String> = jar
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                request = request.header(COOKIE, pairs.join("; "));
            }
            if let Some(form) = form.take() {
                request = request.form(&form);
            }
            let answer = request.send().await?;
            self.keep_cookies(&url, &answer);
            if answer.status().is_redirection() {
                let to = answer
                    .headers()
                    .get(LOCATION)
                    .context("a redirect to nowhere")?
                    .to_str()?
                    .to_owned();
                (url, method) = (url.join(&to)?, Method::GET);
                continue;
            }
            let (status, html) = (answer.status(), answer.text().await?);
            if !status.is_success() {
                // The query may hold a code or a state: the path says enough.
                bail!("{}{} answered {status}", site(&url), url.path());
            }
            return Ok(Page { url, html });
        }
        bail!("more than {MOST_HOPS} redirects")
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Response) {
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie
                .to_str()
                .ok()
                .and_then(|text| text.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies
                    .entry(site(url))
                    .or_default()
                    .insert(name.trim().into(), value.trim().into());
            }
        }
    }
}

fn site(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    )
}

/// Where a page of ours goes on to, if it asks.
fn onward(html: &str) -> Option<String> {
    let tag = html
        .split("<a ")
        .find(|rest| rest.contains(">Go on to Amazon<"))?;
    attribute(tag, "href")
}

/// The names and values of a page's hidden inputs.
fn hidden_fields(html: &str) -> BTreeMap<String, String> {
    html.split("<input")
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
        .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
        .filter_map(|tag| {
            Some((
                attribute(tag, "name")?,
                attribute(tag, "value").unwrap_or_default(),
            ))
        })
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!("{name}=\"")).nth(1)?;
    let text = rest.split('"').next()?;
    Some(
        text.replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_inputs_are_read_as_a_browser_reads_them() {
        let html = r#"<form><input type="hidden" name="state" value="a&amp;b"><input type="text" name="seller"></form>"#;
        assert_eq!(
            hidden_fields(html),
            BTreeMap::from([("state".to_owned(), "a&b".to_owned())])
        );
    }
}
