//! An offer that is to be made for an item that Amazon's catalogue has: how it is spelt in a feed, and which attributes it
//! has. It says nothing of the item itself.
//!
//! Amazon pages: *Submit a feed*, *Building Listings Management Workflows Guide*.

use super::listing_patch::{write_number, write_price_attribute, write_text};
use crate::domain::ids::Asin;
use crate::domain::marketplace::Marketplace;
use crate::domain::new_offer::OfferCondition;
use crate::domain::price::PriceLimits;
use rust_decimal::Decimal;

/// "Sales terms are defined on the root PRODUCT product type, which should be used when listing items with sales terms only."
pub(super) const PRODUCT_TYPE: &str = "PRODUCT";
/// Which part of a listing is submitted: sales terms alone.
pub(super) const REQUIREMENTS: &str = "LISTING_OFFER_ONLY";

/// An offer that is to be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListingOffer<'a> {
    pub marketplace: Marketplace,
    /// The item of Amazon's catalogue that is offered.
    pub asin: &'a Asin,
    pub condition: OfferCondition,
    /// As buyers see it, in the marketplace's currency.
    pub price: Decimal,
    /// Between what amounts the price may be moved, by whomever.
    pub limits: PriceLimits,
    /// The merchant-fulfilled quantity, one number for all marketplaces of the account.
    pub quantity: u32,
    /// Days until it is handed over to a carrier; absent: the seller's default.
    pub handling_days: Option<u8>,
    /// Amazon's key of a shipping template (not its name); absent: the seller's default.
    pub shipping_template: Option<&'a str>,
}

impl ListingOffer<'_> {
    /// `"productType":…,"requirements":…,"attributes":{…}`, without the braces around. By hand as patches are, so that a
    /// price has the digits it has.
    pub(super) fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(br#""productType":"#);
        write_text(json, PRODUCT_TYPE);
        json.extend_from_slice(br#","requirements":"#);
        write_text(json, REQUIREMENTS);
        json.extend_from_slice(br#","attributes":{"#);
        self.write_value(json, "condition_type", self.condition.amazon());
        json.push(b',');
        self.write_value(json, "merchant_suggested_asin", self.asin.as_str());
        if let Some(template) = self.shipping_template {
            json.push(b',');
            self.write_value(json, "merchant_shipping_group", template);
        }
        self.write_availability(json);
        self.write_price(json);
        json.push(b'}');
    }

    /// An attribute with one value on the marketplace.
    fn write_value(&self, json: &mut Vec<u8>, name: &str, value: &str) {
        write_text(json, name);
        json.extend_from_slice(br#":[{"value":"#);
        write_text(json, value);
        self.write_marketplace(json);
        json.extend_from_slice(b"}]");
    }

    fn write_marketplace(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(br#","marketplace_id":"#);
        write_text(json, self.marketplace.id());
    }

    fn write_availability(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(
            br#","fulfillment_availability":[{"fulfillment_channel_code":"DEFAULT","quantity":"#,
        );
        write_number(json, self.quantity);
        if let Some(days) = self.handling_days {
            json.extend_from_slice(br#","lead_time_to_ship_max_days":"#);
            write_number(json, days);
        }
        json.extend_from_slice(b"}]");
    }

    fn write_price(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(br#","purchasable_offer":[{"audience":"ALL","currency":"#);
        write_text(json, self.marketplace.currency());
        self.write_marketplace(json);
        let PriceLimits { least, most } = self.limits;
        let prices = [
            ("our_price", Some(self.price)),
            ("minimum_seller_allowed_price", least),
            ("maximum_seller_allowed_price", most),
        ];
        for (name, amount) in prices {
            if let Some(amount) = amount {
                write_price_attribute(json, name, amount);
            }
        }
        json.extend_from_slice(b"}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sp_api::listings_feed::{FeedWriter, Pushed};
    use serde_json::{Value, json};

    #[test]
    fn an_offer_is_an_update_of_sales_terms_alone_on_the_root_product_type() {
        let asin = "B071VG5N9D".parse().unwrap();
        let offer = ListingOffer {
            marketplace: Marketplace::Uk,
            asin: &asin,
            condition: OfferCondition::New,
            price: "12.90".parse().unwrap(),
            limits: PriceLimits {
                least: Some("10.50".parse().unwrap()),
                most: None,
            },
            quantity: 7,
            handling_days: Some(2),
            shipping_template: Some("legacy-template-id"),
        };
        let seller = "A1SELLER".parse().unwrap();
        let mut writer = FeedWriter::new(Vec::new(), &seller).unwrap();
        let pushed = writer.push_offer("A \"1\"", &offer).unwrap();
        assert_eq!(pushed, Pushed::Written { message_id: 1 });
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert!(text.contains(r#""value_with_tax":12.90}"#), "{text}");
        let feed: Value = serde_json::from_str(&text).unwrap();
        let uk = "A1F83G8C2ARO7P";
        let expected = json!({
            "messageId": 1, "sku": "A \"1\"", "operationType": "UPDATE", "productType": "PRODUCT",
            "requirements": "LISTING_OFFER_ONLY",
            "attributes": {
                "condition_type": [{"value": "new_new", "marketplace_id": uk}],
                "merchant_suggested_asin": [{"value": "B071VG5N9D", "marketplace_id": uk}],
                "merchant_shipping_group": [{"value": "legacy-template-id", "marketplace_id": uk}],
                "fulfillment_availability": [{
                    "fulfillment_channel_code": "DEFAULT", "quantity": 7, "lead_time_to_ship_max_days": 2,
                }],
                "purchasable_offer": [{
                    "audience": "ALL", "currency": "GBP", "marketplace_id": uk,
                    "our_price": [{"schedule": [{"value_with_tax": 12.9}]}],
                    "minimum_seller_allowed_price": [{"schedule": [{"value_with_tax": 10.5}]}],
                }],
            },
        });
        assert_eq!(feed["messages"], json!([expected]));
        let names = feed["messages"][0]["attributes"].as_object().unwrap();
        let names: Vec<&str> = names.keys().map(String::as_str).collect();
        let said: Vec<&str> = crate::domain::new_offer::attributes(true).collect();
        assert!(said.iter().all(|name| names.contains(name)) && said.len() == names.len());
    }
}
