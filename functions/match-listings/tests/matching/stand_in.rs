//! Answers as Login with Amazon and Amazon's reports do, as far as the function asks. Written from their documents; shares
//! no types with the code under test.

use kit::{Amazon, ok};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::{Request, ResponseTemplate};

/// A marketplace's report.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) status: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    pub(crate) made_at: String,
}

/// What it was asked, and what it answers.
#[derive(Default)]
pub(crate) struct Reports {
    /// By the marketplace's id.
    pub(crate) reports: BTreeMap<&'static str, Report>,
    /// The marketplaces that reports were requested for, by their number.
    asked: Vec<String>,
    /// The operations that were called.
    pub(crate) calls: Vec<String>,
    /// Sellers that are not whom the token belongs to.
    pub(crate) foreign: Vec<String>,
    pub(crate) revoked: bool,
    pub(crate) forbidden: bool,
    /// SKUs that Amazon does not know, as they are written in an address.
    pub(crate) missing: Vec<String>,
    /// The channels that it shows of SKUs, as they are written in an address.
    pub(crate) channels: BTreeMap<&'static str, Vec<&'static str>>,
    /// Marketplaces whose reports Amazon refuses to make.
    pub(crate) refused: Vec<&'static str>,
}

impl Amazon for Reports {
    fn answer(&mut self, request: &Request) -> Option<ResponseTemplate> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let path = request.url.path().to_owned();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        self.calls.push(format!(
            "{} {}",
            request.method,
            parts[..3.min(parts.len())].join("/")
        ));
        Some(match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["auth", "o2", "token"]) if self.revoked => {
                ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}))
            }
            ("POST", ["auth", "o2", "token"]) => ok(
                json!({"access_token": "Atza|x", "refresh_token": "Atzr|x", "token_type": "bearer", "expires_in": 3600}),
            ),
            ("POST", ["reports", _, "reports"])
                if self.forbidden || self.refuses(&body["marketplaceIds"][0]) => ResponseTemplate::new(403)
                .set_body_json(json!({"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]})),
            ("POST", ["reports", _, "reports"]) => {
                let store = body["marketplaceIds"][0].as_str().unwrap();
                self.asked.push(store.to_owned());
                let id = (self.asked.len() - 1).to_string();
                ResponseTemplate::new(202).set_body_json(json!({ "reportId": id }))
            }
            ("GET", ["reports", _, "reports", id]) => self.status(id),
            ("GET", ["reports", _, "documents", id]) => {
                let host = request.headers["host"].to_str().unwrap();
                let url = format!("http://{host}/download/{id}");
                ok(json!({"reportDocumentId": id, "url": url}))
            }
            ("GET", ["download", id]) => {
                let report = self.report(id);
                ResponseTemplate::new(200).set_body_raw(report.body, report.content_type)
            }
            ("GET", ["listings", _, "items", seller, sku]) => {
                let missing = self.missing.iter().any(|missing| missing == sku);
                if missing || self.foreign.iter().any(|foreign| foreign == seller) {
                    let error = json!({"errors": [{"code": "NOT_FOUND", "message": "no"}]});
                    return Some(ResponseTemplate::new(404).set_body_json(error));
                }
                let mut item = json!({"sku": sku, "summaries": []});
                if let Some(channels) = self.channels.get(sku) {
                    let channel = |code| json!({"fulfillmentChannelCode": code});
                    let channels: Vec<Value> = channels.iter().map(channel).collect();
                    item["fulfillmentAvailability"] = json!(channels);
                }
                ok(item)
            }
            _ => return None,
        })
    }
}

impl Reports {
    fn refuses(&self, marketplace: &Value) -> bool {
        self.refused.iter().any(|refused| marketplace == refused)
    }

    fn report(&self, id: &str) -> Report {
        let store = &self.asked[id.parse::<usize>().unwrap()];
        self.reports[store.as_str()].clone()
    }

    fn status(&self, id: &str) -> ResponseTemplate {
        let report = self.report(id);
        let mut status = json!({
            "reportId": id, "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "createdTime": report.made_at, "processingStatus": report.status,
        });
        if report.status == "DONE" {
            status["processingEndTime"] = json!(report.made_at);
            status["reportDocumentId"] = json!(id);
        }
        ok(status)
    }
}
