//! Amazon's side of what goes out: packages, cancellations, and orders that are placed one at a time.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, order};
use crate::demo::parcels::Package;

impl Scene {
    /// A buyer orders one piece of something just now; its id.
    pub(crate) async fn place(&self, seller: &str, number: u32) -> Result<String> {
        let id = format!("202-0000002-{number:07}");
        let now = jiff::Timestamp::now().to_string();
        let mut order = order(&id, "SOMETHING-NEW");
        order["createdTime"] = json!(now);
        order["lastUpdatedTime"] = json!(now);
        let path = format!("sellers/{seller}/orders");
        self.send(Method::POST, &path, json!({"orders": [order]}))
            .await?;
        Ok(id)
    }

    /// Amazon takes the next confirmation of this order and its answer is lost on the way.
    pub(crate) async fn lose_confirmation(&self, order: &str) -> Result<()> {
        let fault = json!({"operation": "confirmShipment", "kind": "lost", "order": order});
        self.send(Method::POST, "faults", fault).await?;
        Ok(())
    }

    /// Somebody confirms the whole order in Seller Central.
    pub(crate) async fn ship_by_hand(&self, seller: &str, order: &str) -> Result<()> {
        let path = format!("sellers/{seller}/orders/{order}/packages");
        let package = json!({"carrierCode": "Royal Mail", "trackingNumber": "BY-HAND"});
        self.send(Method::POST, &path, package).await?;
        Ok(())
    }

    /// The buyer asks for all of it to be cancelled.
    pub(crate) async fn want_cancelled(&self, seller: &str, order: &str) -> Result<()> {
        let path = format!("sellers/{seller}/orders/{order}/cancel-request");
        self.send(Method::PUT, &path, json!({})).await?;
        Ok(())
    }

    /// The packages of a seller's orders.
    pub(crate) async fn packages(&self, seller: &str) -> Result<Vec<Package>> {
        let packages = self.get(&format!("sellers/{seller}/packages")).await?;
        let read = |one: &Value| {
            Some(Package {
                order: one["order_id"].as_str()?.to_owned(),
                tracking: one.pointer("/package/trackingNumber")?.as_str()?.to_owned(),
                confirmed: one["confirmations"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty()),
            })
        };
        Ok(packages
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(read)
            .collect())
    }

    /// The ids of a seller's orders with a line that the merchant cancelled.
    pub(crate) async fn cancelled_by_merchant(&self, seller: &str) -> Result<Vec<String>> {
        let orders = self.get(&format!("sellers/{seller}/orders")).await?;
        let by_merchant = |item: &Value| {
            item.pointer("/cancellation/cancellationExecution/cancelledBy")
                .is_some_and(|by| by == "MERCHANT")
        };
        let cancelled = |order: &&Value| {
            let items = order["orderItems"].as_array();
            items.is_some_and(|items| items.iter().any(by_merchant))
        };
        let orders = orders.as_array().into_iter().flatten().filter(cancelled);
        Ok(orders
            .filter_map(|order| order["orderId"].as_str().map(str::to_owned))
            .collect())
    }
}
