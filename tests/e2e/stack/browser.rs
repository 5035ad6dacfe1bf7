//! A seller's browser: follows redirects, keeps each site's cookies, presses the consent page's button. It knows no more
//! of either side than a browser sees.

use super::http;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, Url};
use std::collections::BTreeMap;

/// More hops than any honest authorisation has.
const MOST_HOPS: usize = 12;

#[derive(Default)]
pub struct Browser {
    /// By host and port, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Every address it was at, in order.
    pub visited: Vec<Url>,
}

/// Where the browser came to rest.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub html: String,
}

impl Page {
    /// The code that the last page shows.
    pub fn code(&self) -> String {
        let (_, rest) = self
            .html
            .split_once("<code>")
            .expect("the page shows a code");
        rest.split_once("</code>").unwrap().0.to_owned()
    }
}

impl Browser {
    /// Opens an address and follows where it leads.
    pub async fn open(&mut self, address: &str) -> Page {
        self.go(Method::GET, address.parse().unwrap(), None).await
    }

    /// Presses the button of a consent page, signed in as this seller.
    pub async fn consent(&mut self, page: &Page, seller: &str) -> Page {
        let mut fields = hidden_fields(&page.html);
        fields.insert("seller".into(), seller.into());
        fields.insert("decision".into(), "confirm".into());
        let page = self.go(Method::POST, page.url.clone(), Some(fields)).await;
        self.press_on(page).await
    }

    /// Opens a link of ours and goes on to the consent page.
    pub async fn begin(&mut self, link: &str) -> Page {
        let page = self.open(link).await;
        self.press_on(page).await
    }

    /// Presses the links of our pages that ask before they go on, until another page comes.
    async fn press_on(&mut self, mut page: Page) -> Page {
        while let Some(href) = onward(&page.html) {
            page = self.open(&href).await;
        }
        page
    }

    /// The whole authorisation: from a link of ours over the consent page, and back to the page that asks for confirmation.
    pub async fn authorise(&mut self, link: &str, seller: &str) -> Page {
        let page = self.begin(link).await;
        assert_eq!(page.url.path(), "/apps/authorize/consent", "{page:?}");
        self.consent(&page, seller).await
    }

    /// The address that it came to last whose path ends so.
    pub fn came_to(&self, path: &str) -> &Url {
        let mut visited = self.visited.iter().rev();
        visited.find(|url| url.path().ends_with(path)).unwrap()
    }

    async fn go(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut form: Option<BTreeMap<String, String>>,
    ) -> Page {
        let http = http();
        for _ in 0..MOST_HOPS {
            self.visited.push(url.clone());
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
            let answer = request.send().await.unwrap();
            self.keep_cookies(&url, &answer);
            if !answer.status().is_redirection() {
                let status = answer.status().as_u16();
                let html = answer.text().await.unwrap();
                return Page { url, status, html };
            }
            let to = answer.headers()[LOCATION].to_str().unwrap();
            (url, method) = (url.join(to).unwrap(), Method::GET);
        }
        panic!("more than {MOST_HOPS} redirects: {:?}", self.visited);
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Response) {
        let jar = self.cookies.entry(site(url)).or_default();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.into(), value.into());
            }
        }
    }
}

fn site(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
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
        .map(|tag| {
            let value = attribute(tag, "value").unwrap_or_default();
            (attribute(tag, "name").unwrap(), value)
        })
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!("{name}=\"")).nth(1)?;
    let text = rest.split('"').next()?;
    let entities = [
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let replace = |text: String, (entity, sign): &(&str, &str)| text.replace(entity, sign);
    Some(entities.iter().fold(text.to_owned(), replace))
}
