//! What Amazon shows, and how it behaves.

use super::{SELLER, World};
use serde_json::Value;
use stallkeeper::domain::ids::OrderId;

impl World {
    /// Who cancelled each line, by Amazon's word.
    pub(crate) async fn cancelled_at_amazon(&self, order: &OrderId) -> Vec<Value> {
        let orders = format!("sellers/{SELLER}/orders");
        let orders = self.admin("GET", &orders, Value::Null).await;
        let orders = orders.as_array().unwrap();
        let order = orders.iter().find(|it| it["orderId"] == order.as_str());
        let lines = order.unwrap()["orderItems"].as_array().unwrap();
        let by =
            |line: &Value| line["cancellation"]["cancellationExecution"]["cancelledBy"].clone();
        lines.iter().map(by).collect()
    }

    pub(crate) async fn count(&self, operation: &str) -> usize {
        let calls = self.admin("GET", "calls/log", Value::Null).await;
        let calls = calls.as_array().unwrap().iter();
        calls.filter(|call| call["operation"] == operation).count()
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.amazon.url);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = match body.is_null() {
            true => request,
            false => request.json(&body),
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}
