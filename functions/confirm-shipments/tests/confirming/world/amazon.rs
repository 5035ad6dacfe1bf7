//! Amazon's part: confirmations, packages and the log-in.

use kit::{Amazon, ok};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::{Request, ResponseTemplate};

/// How Amazon answers the next confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    /// It takes it, and the answer is lost.
    Nothing,
    Status(u16),
    Refused,
    Fulfilled,
    Revoked,
}

/// Amazon's side: packages by order and number, and every call as it came.
pub(crate) struct Shipments {
    pub(crate) says: Says,
    pub(crate) calls: Vec<(String, Value)>,
    pub(crate) packages: BTreeMap<(String, String), Value>,
    /// What somebody else confirmed.
    pub(crate) elsewhere: Vec<Value>,
    /// How often the packages of an order were asked for, and with which status that fails.
    pub(crate) looks: usize,
    pub(crate) looks_fail: Option<u16>,
    /// The order whose confirmations meet the limit.
    pub(crate) limited: Option<String>,
}

impl Shipments {
    pub(super) fn new() -> Self {
        Self {
            says: Says::Yes,
            calls: Vec::new(),
            packages: BTreeMap::new(),
            elsewhere: Vec::new(),
            looks: 0,
            looks_fail: None,
            limited: None,
        }
    }

    fn confirm(&mut self, order: &str, body: Value) -> ResponseTemplate {
        self.calls.push((order.to_owned(), body.clone()));
        let detail = &body["packageDetail"];
        let number = detail["packageReferenceId"].as_str().unwrap().to_owned();
        assert!(number.parse::<u64>().unwrap() > 0);
        let says = |status: u16, message: &str| {
            let error =
                json!({"errors": [{"code": "InvalidInput", "message": message, "details": ""}]});
            ResponseTemplate::new(status).set_body_json(error)
        };
        let mut taken = || {
            let key = (order.to_owned(), number.clone());
            self.packages.insert(key, detail.clone());
        };
        if self.limited.as_deref() == Some(order) {
            return says(429, "no");
        }
        match self.says {
            Says::Yes => {
                taken();
                ResponseTemplate::new(204)
            }
            Says::Nothing => {
                taken();
                ResponseTemplate::new(500)
            }
            Says::Status(status) => says(status, "no"),
            Says::Refused => says(400, "OrderItemId is invalid"),
            Says::Fulfilled => says(
                400,
                "Failed to create package due to not finding a matching package or order already fulfilled.",
            ),
            Says::Revoked => says(500, "not asked"),
        }
    }

    fn order(&mut self, order: &str) -> ResponseTemplate {
        self.looks += 1;
        if let Some(status) = self.looks_fail {
            return ResponseTemplate::new(status);
        }
        let own = self.packages.iter().filter(|((of, _), _)| of == order);
        let own = own.map(|((_, number), detail)| {
            json!({"packageReferenceId": number, "trackingNumber": detail["trackingNumber"]})
        });
        let packages: Vec<Value> = self.elsewhere.iter().cloned().chain(own).collect();
        ok(json!({"order": {
            "orderId": order, "createdTime": kit::sample::at(0).to_string(),
            "lastUpdatedTime": kit::sample::at(1).to_string(), "orderItems": [], "packages": packages,
        }}))
    }
}

impl Amazon for Shipments {
    fn answer(&mut self, request: &Request) -> Option<ResponseTemplate> {
        let path = request.url.path();
        if path == "/auth/o2/token" {
            return Some(if self.says == Says::Revoked {
                ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}))
            } else {
                ok(json!({
                    "access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600,
                    "refresh_token": "Atzr|refresh",
                }))
            });
        }
        if let Some(order) = path.strip_prefix("/orders/2026-01-01/orders/") {
            return Some(self.order(order));
        }
        let order = path.strip_prefix("/orders/v0/orders/")?;
        let order = order.strip_suffix("/shipmentConfirmation")?;
        let body = serde_json::from_slice(&request.body).unwrap();
        Some(self.confirm(order, body))
    }
}
