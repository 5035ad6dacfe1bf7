//! Answers as Login with Amazon and the Feeds API do, as far as the function asks.

use super::{at, report};
use kit::{Amazon, ok};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

pub(crate) struct Feeds {
    pub(crate) status: &'static str,
    pub(crate) has_report: bool,
    pub(crate) report: String,
    /// The status of every answer of the Feeds API.
    pub(crate) answer: u16,
    pub(crate) revoked: bool,
    pub(crate) asked: u32,
}

impl Amazon for Feeds {
    fn answer(&mut self, request: &Request) -> Option<ResponseTemplate> {
        let base = format!("http://{}", request.headers["host"].to_str().unwrap());
        Some(match request.url.path() {
            "/auth/o2/token" if self.revoked => {
                ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}))
            }
            "/auth/o2/token" => ok(json!({
                "access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600,
                "refresh_token": "Atzr|refresh",
            })),
            path if path.starts_with("/feeds/2021-06-30/feeds/") => self.feed(),
            path if path.starts_with("/feeds/2021-06-30/documents/") => {
                ok(json!({"feedDocumentId": "doc", "url": format!("{base}/report")}))
            }
            "/report" => ResponseTemplate::new(200).set_body_string(self.report.clone()),
            _ => return None,
        })
    }
}

impl Feeds {
    pub(super) fn new() -> Self {
        Self {
            status: "DONE",
            has_report: true,
            report: report(0, &[]),
            answer: 200,
            revoked: false,
            asked: 0,
        }
    }

    fn feed(&mut self) -> ResponseTemplate {
        self.asked += 1;
        if self.answer != 200 {
            let refusal = json!({"errors": [{"code": "NotNow", "message": "no"}]});
            return ResponseTemplate::new(self.answer).set_body_json(refusal);
        }
        let mut feed = json!({
            "feedId": "9001", "feedType": "JSON_LISTINGS_FEED", "createdTime": at(20).to_string(),
            "processingStatus": self.status,
        });
        if self.status == "DONE" {
            feed["processingEndTime"] = json!(at(120).to_string());
        }
        if self.has_report && matches!(self.status, "DONE" | "FATAL") {
            feed["resultFeedDocumentId"] = json!("doc");
        }
        ok(feed)
    }
}
