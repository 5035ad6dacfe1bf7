//! Amazon's side of the demo: two sellers in Europe, and what buyers order from them.

mod offers;
mod outbound;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) use offers::{OfferId, Shown, hundredths};

pub(crate) const UK: &str = "A1F83G8C2ARO7P";
pub(crate) const DE: &str = "A1PA6795UKMFR9";
const FR: &str = "A13V1IB3VIYZZH";
const ES: &str = "A1RKKUPIHCS9HS";

/// Signs in at the consent page.
pub(crate) const BY_CONSENT: &str = "A1DEMOCONSENT";
/// Copies a token out of Seller Central.
pub(crate) const BY_TOKEN: &str = "A2DEMOTOKEN";

/// The seller packs it, Amazon brings label and transport.
pub(crate) const SHIP_PLUS_ORDER: &str = "202-0000001-0000001";

/// Orders of the marketplace that is switched on late.
const LATE_STORE_ORDERS: u32 = 5;

pub(crate) struct Scene {
    http: reqwest::Client,
    url: String,
}

impl Scene {
    pub(crate) fn at(url: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: url.to_owned(),
        }
    }

    /// Two sellers with `count` orders between them, dated between three days and ten minutes ago.
    pub(crate) async fn set(&self, count: u32, seed: u64) -> Result<()> {
        let sellers = [
            (BY_CONSENT, [UK, DE, FR, ES].as_slice()),
            (BY_TOKEN, [UK, DE].as_slice()),
        ];
        for (seller, marketplaces) in sellers {
            self.send(
                Method::PUT,
                &format!("sellers/{seller}"),
                json!({"region": "EU", "marketplaces": marketplaces}),
            )
            .await?;
        }
        let late = LATE_STORE_ORDERS.min(count / 2);
        let first = (count - late).div_ceil(2);
        self.order(
            BY_CONSENT,
            json!({"count": first, "seed": seed, "marketplaces": [UK, DE, ES]}),
        )
        .await?;
        self.order(
            BY_TOKEN,
            json!({"count": count - late - first, "seed": seed + 1}),
        )
        .await?;
        // Recent, so that switching the marketplace on late has little to read again.
        let now = jiff::Timestamp::now();
        let minutes_ago = |minutes| {
            Ok::<_, jiff::Error>(
                now.checked_sub(jiff::SignedDuration::from_mins(minutes))?
                    .to_string(),
            )
        };
        self.order(BY_CONSENT, json!({"count": late, "seed": seed + 2, "marketplaces": [FR], "since": minutes_ago(14)?, "until": minutes_ago(11)?})).await?;
        self.send(
            Method::POST,
            &format!("sellers/{BY_CONSENT}/orders"),
            json!({"orders": [ship_plus()]}),
        )
        .await?;
        Ok(())
    }

    async fn order(&self, seller: &str, wish: Value) -> Result<()> {
        self.send(
            Method::POST,
            &format!("sellers/{seller}/orders"),
            json!({"generate": wish}),
        )
        .await?;
        Ok(())
    }

    /// The token that a seller would copy out of Seller Central.
    pub(crate) async fn self_authorise(&self, seller: &str) -> Result<String> {
        let answer = self
            .send(
                Method::POST,
                &format!("sellers/{seller}/self-authorise"),
                json!({}),
            )
            .await?;
        Ok(answer["refresh_token"]
            .as_str()
            .context("the sandbox gave no token")?
            .to_owned())
    }

    /// The ids of a seller's orders that it ships itself.
    pub(crate) async fn merchant_orders(&self, seller: &str) -> Result<BTreeSet<String>> {
        let orders = self.get(&format!("sellers/{seller}/orders")).await?;
        let orders = orders.as_array().cloned().unwrap_or_default();
        Ok(orders
            .iter()
            .filter(|order| {
                order
                    .pointer("/fulfillment/fulfilledBy")
                    .and_then(Value::as_str)
                    != Some("AMAZON")
            })
            .filter_map(|order| order["orderId"].as_str().map(str::to_owned))
            .collect())
    }

    /// What a seller lists on Amazon.
    pub(crate) async fn list(&self, seller: &str, listings: Vec<Value>) -> Result<()> {
        let path = format!("sellers/{seller}/listings");
        self.send(Method::PUT, &path, json!({"listings": listings}))
            .await?;
        Ok(())
    }

    /// SKUs that Amazon refuses from now on, each with its code and words; no other.
    pub(crate) async fn refuse(&self, seller: &str, refusals: Value) -> Result<()> {
        let path = format!("sellers/{seller}/refusals");
        self.send(Method::PUT, &path, refusals).await?;
        Ok(())
    }

    /// `count` orders of this moment for some of these SKUs.
    pub(crate) async fn sell(
        &self,
        seller: &str,
        count: u32,
        seed: u64,
        skus: Vec<String>,
    ) -> Result<()> {
        // Not a moment earlier: what Amazon takes off a quantity now, it dates now.
        let now = jiff::Timestamp::now().to_string();
        self.order(
            seller,
            json!({"count": count, "seed": seed, "marketplaces": [DE], "skus": skus, "since": now, "until": now}),
        )
        .await
    }

    /// Lets Amazon's clock jump ahead.
    pub(crate) async fn jump(&self, milliseconds: i64) -> Result<()> {
        let body = json!({"clock_offset_ms": milliseconds});
        self.send(Method::PUT, "settings", body).await?;
        Ok(())
    }

    /// What Amazon shows of each SKU of a seller.
    pub(crate) async fn quantities(&self, seller: &str) -> Result<BTreeMap<String, u64>> {
        let listings = self
            .get(&format!("sellers/{seller}/listings?brief=true"))
            .await?;
        let listings = listings.as_array().cloned().unwrap_or_default();
        Ok(listings
            .iter()
            .filter_map(|listing| {
                Some((
                    listing["sku"].as_str()?.to_owned(),
                    listing["quantity"].as_u64()?,
                ))
            })
            .collect())
    }

    /// What Amazon shows of one SKU.
    pub(crate) async fn live(&self, seller: &str, sku: &str) -> Result<Option<u64>> {
        Ok(self.quantities(seller).await?.get(sku).copied())
    }

    /// Units that buyers ordered and that were not there any more.
    pub(crate) async fn oversold(&self, seller: &str) -> Result<u64> {
        let seller = self.get(&format!("sellers/{seller}")).await?;
        Ok(seller["oversold"].as_u64().unwrap_or_default())
    }

    /// Calls by operation.
    pub(crate) async fn calls(&self) -> Result<Value> {
        let calls = self.get("calls").await?;
        let counts = calls
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, calls)| (name.clone(), calls["count"].clone()));
        Ok(Value::Object(counts.collect()))
    }

    /// searchOrders of one seller: how many asked for a first page, and how many in all.
    pub(crate) async fn searches(&self, seller: &str) -> Result<(u64, u64)> {
        let calls = self.get(&format!("calls/log?seller={seller}")).await?;
        let calls = calls.as_array().map(Vec::as_slice).unwrap_or_default();
        let searches = calls.iter().filter(|it| it["operation"] == "searchOrders");
        let of_first_page = |call: &&Value| {
            let query = call["query"].as_str().unwrap_or_default();
            !query.contains("paginationToken=")
        };
        let first_pages = searches.clone().filter(of_first_page).count();
        Ok((first_pages as u64, searches.count() as u64))
    }

    /// Requests that broke Amazon's models.
    pub(crate) async fn violations(&self) -> Result<Vec<Value>> {
        Ok(self
            .get("violations")
            .await?
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, Value::Null).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let mut request = self
            .http
            .request(method, format!("{}/_sandbox/{path}", self.url));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("the sandbox answered {status} to {path}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn ship_plus() -> Value {
    let mut order = order(SHIP_PLUS_ORDER, "SOMETHING-ELSE");
    order["programs"] = json!(["FBM_SHIP_PLUS"]);
    order
}

/// An order of one piece to a home in Leeds.
fn order(id: &str, sku: &str) -> Value {
    json!({
        "orderId": id,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": UK, "marketplaceName": "Amazon.co.uk"},
        "recipient": {"deliveryAddress": {
            "name": "Peregrine Quillfeather",
            "addressLine1": "1 Marmalade Row",
            "city": "Leeds",
            "postalCode": "LS1 1AA",
            "countryCode": "GB",
        }},
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED",
            "fulfilledBy": "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
        },
        "orderItems": [{
            "orderItemId": "1",
            "quantityOrdered": 1,
            "product": {"asin": "B0SANDBOX1", "sellerSku": sku},
        }],
    })
}
