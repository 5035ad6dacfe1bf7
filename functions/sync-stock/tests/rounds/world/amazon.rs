//! What Amazon shows, and how it behaves.

use super::*;

impl World {
    /// The live quantity of each SKU.
    pub(crate) async fn live(&self) -> BTreeMap<String, u64> {
        let listings = self
            .on_seller("GET", "listings?brief=true", Value::Null)
            .await;
        let listings = listings.as_array().unwrap().iter();
        listings
            .map(|it| {
                (
                    it["sku"].as_str().unwrap().to_owned(),
                    it["quantity"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    /// All that was ever sent of a SKU.
    pub(crate) async fn sent_of(&self, sku: &str) -> Vec<u64> {
        let listings = self.on_seller("GET", "listings", Value::Null).await;
        let listings = listings.as_array().unwrap();
        let listing = listings.iter().find(|it| it["sku"] == sku).unwrap();
        let history = listing["history"].as_array().unwrap().iter();
        history
            .filter(|it| {
                let by = it["by"].as_str().unwrap();
                by == "patch" || by.starts_with("feed")
            })
            .map(|it| it["quantity"].as_u64().unwrap())
            .collect()
    }

    /// How often an operation was called.
    pub(crate) async fn count(&self, operation: &str) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        let calls = calls.as_array().unwrap().iter();
        calls.filter(|call| call["operation"] == operation).count()
    }

    /// All calls of Amazon, log-ins included.
    pub(crate) async fn calls(&self) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        calls.as_array().unwrap().len()
    }

    pub(crate) async fn violations(&self) -> Value {
        self.admin("GET", "violations", Value::Null).await
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.admin("POST", "faults", fault).await;
    }

    pub(crate) async fn end_faults(&self) {
        self.admin("DELETE", "faults", Value::Null).await;
    }

    pub(crate) async fn settings(&self, settings: Value) {
        self.admin("PUT", "settings", settings).await;
    }

    pub(crate) async fn on_seller(&self, method: &str, path: &str, body: Value) -> Value {
        self.admin(method, &format!("sellers/{SELLER}/{path}"), body)
            .await
    }

    /// Lets Amazon process the feeds that it held.
    pub(crate) async fn admin_release(&self) {
        self.admin("POST", "feeds/release", json!({})).await;
    }

    pub(super) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.outside.amazon);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}
