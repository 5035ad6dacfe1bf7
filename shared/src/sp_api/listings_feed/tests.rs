//! The document that is written, and where it ends.

use super::super::listing_patch::Change;
use super::*;
use crate::domain::marketplace::Marketplace;
use proptest::prelude::*;
use serde_json::{Value, json};

fn quantity(quantity: u32) -> ListingPatch<'static> {
    ListingPatch {
        product_type: None,
        change: Change::Quantity(quantity),
    }
}

fn seller() -> SellerId {
    r#"A1"SELLER"#.parse().unwrap()
}

fn written(skus: &[&str]) -> Value {
    let mut feed = FeedWriter::new(Vec::new(), &seller()).unwrap();
    for (number, sku) in (1_u32..).zip(skus) {
        let pushed = feed.push(sku, &quantity(number)).unwrap();
        assert_eq!(pushed, Pushed::Written { message_id: number });
    }
    let (messages, bytes) = (feed.messages(), feed.bytes());
    let document = feed.finish().unwrap();
    assert_eq!(document.len(), bytes);
    assert_eq!(messages as usize, skus.len());
    serde_json::from_slice(&document).unwrap()
}

#[test]
fn a_feed_is_as_amazons_schema_has_it() {
    let header = json!({
        "sellerId": "A1\"SELLER", "version": "2.0", "issueLocale": "en_US",
        "report": { "includedData": ["issues"], "apiVersion": "2021-08-01" },
    });
    assert_eq!(written(&[]), json!({ "header": header, "messages": [] }));
    let value = json!([{ "fulfillment_channel_code": "DEFAULT", "quantity": 1 }]);
    let patch =
        json!({ "op": "merge", "path": "/attributes/fulfillment_availability", "value": value });
    let message = json!({
        "messageId": 1, "sku": "A 1", "operationType": "PATCH", "productType": "PRODUCT", "patches": [patch],
    });
    assert_eq!(
        written(&["A 1"]),
        json!({ "header": header, "messages": [message] })
    );
}

#[test]
fn a_feed_is_full_before_it_passes_a_limit_and_what_did_not_fit_is_not_in_it() {
    let mut feed = FeedWriter::with_limits(Vec::new(), &seller(), 2, MAX_BYTES).unwrap();
    assert_ne!(feed.push("A", &quantity(1)).unwrap(), Pushed::Full);
    assert_ne!(feed.push("B", &quantity(2)).unwrap(), Pushed::Full);
    assert_eq!(feed.push("C", &quantity(3)).unwrap(), Pushed::Full);
    let document: Value = serde_json::from_slice(&feed.finish().unwrap()).unwrap();
    assert_eq!(document["messages"].as_array().unwrap().len(), 2);

    let mut feed = FeedWriter::with_limits(Vec::new(), &seller(), 9, 600).unwrap();
    let long = "x".repeat(400);
    assert_ne!(feed.push("A", &quantity(1)).unwrap(), Pushed::Full);
    assert_eq!(feed.push(&long, &quantity(2)).unwrap(), Pushed::Full);
    assert_eq!(
        feed.push("B", &quantity(2)).unwrap(),
        Pushed::Written { message_id: 2 },
        "no number is lost on what did not fit"
    );
    let document = feed.finish().unwrap();
    assert!(document.len() <= 600);
    assert!(serde_json::from_slice::<Value>(&document).is_ok());
}

#[test]
fn as_many_messages_as_amazon_takes_fit_whatever_their_skus_hold() {
    let mut feed = FeedWriter::new(std::io::sink(), &seller()).unwrap();
    let sku = "\"".repeat(40);
    let patch = ListingPatch {
        product_type: Some("A_PRODUCT_TYPE_WITH_A_LONG_NAME"),
        change: Change::Price {
            marketplace: Marketplace::Jp,
            amount: "99999999.99".parse().unwrap(),
            limits: Default::default(),
        },
    };
    while feed.push(&sku, &patch).unwrap() != Pushed::Full {}
    assert_eq!(feed.messages(), MAX_MESSAGES);
    assert!(feed.bytes() < MAX_BYTES);
    // Wider characters than any SKU of 40 can hold do not pass the limit either.
    let mut feed = FeedWriter::new(std::io::sink(), &seller()).unwrap();
    let sku = "\u{1}".repeat(80);
    while feed.push(&sku, &patch).unwrap() != Pushed::Full {}
    assert!(feed.bytes() <= MAX_BYTES && feed.messages() < MAX_MESSAGES);
}

#[test]
fn a_file_that_cannot_be_written_is_retryable() {
    let full = &mut [0_u8; 4][..];
    let error = FeedWriter::new(full, &seller()).unwrap_err();
    assert_eq!(error.class(), crate::Class::Retryable);
}

proptest! {
    #[test]
    fn a_feed_says_of_any_sku_what_was_said(
        lines in prop::collection::vec((any::<String>(), prop::option::of("[A-Z_\"é]{0,20}"), any::<u32>(), any::<Option<i64>>()), 0..20)
    ) {
        let mut feed = FeedWriter::new(Vec::new(), &seller()).unwrap();
        for (sku, product_type, number, cents) in &lines {
            let change = match cents {
                None => Change::Quantity(*number),
                Some(cents) => Change::Price { marketplace: Marketplace::Uk, amount: rust_decimal::Decimal::new(*cents, 2), limits: Default::default() },
            };
            let _ = feed.push(sku, &ListingPatch { product_type: product_type.as_deref(), change }).unwrap();
        }
        let text = String::from_utf8(feed.finish().unwrap()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let messages = document["messages"].as_array().unwrap();
        prop_assert_eq!(messages.len(), lines.len());
        for (index, ((sku, product_type, number, cents), message)) in lines.iter().zip(messages).enumerate() {
            prop_assert_eq!(&message["messageId"], index + 1);
            prop_assert_eq!(message["sku"].as_str().unwrap(), sku);
            prop_assert_eq!(message["productType"].as_str().unwrap(), product_type.as_deref().unwrap_or("PRODUCT"));
            let value = &message["patches"][0]["value"][0];
            match cents {
                None => prop_assert_eq!(&value["quantity"], *number),
                Some(cents) => {
                    let amount = format!("\"value_with_tax\":{}}}", rust_decimal::Decimal::new(*cents, 2));
                    prop_assert!(text.contains(&amount));
                    prop_assert_eq!(&value["currency"], "GBP");
                }
            }
        }
    }
}
