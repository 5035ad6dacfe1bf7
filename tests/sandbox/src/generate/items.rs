//! Owns the lines of an invented order: products, money, quantities, and what is special about a line.

use serde_json::{Value, json};

use super::{
    build::Times,
    cases::{Case, Twist},
    dice::Dice,
    people::Buyer,
};

/// SKU, title, price in hundredths. The SKUs are as awkward as sellers make them.
const PRODUCTS: &[(&str, &str, u64)] = &[
    ("TEA-MUG-01", "Enamel mug, blue rim", 1_299),
    ("tea-mug-01", "Enamel mug, blue rim (second listing)", 1_349),
    ("LAMP/BRASS #2", "Brass desk lamp", 4_950),
    ("chair & table 50%", "Folding table and chair", 8_900),
    ("RUG 160x230", "Wool rug", 15_900),
    ("KETTLE-1.7L", "Copper kettle", 5_499),
    ("SOAP+DISH", "Soap and dish", 799),
    ("Größe-M", "Linen apron, medium", 2_450),
    ("FBA-CANDLE-3", "Three candles", 1_850),
];

/// The lines, and what they cost together in hundredths.
pub(super) fn lines(
    case: &Case,
    currency: &str,
    skus: Option<&[String]>,
    buyer: &Buyer,
    times: &Times,
    dice: &mut Dice,
) -> (Vec<Value>, u64) {
    let count = if case.twist == Twist::ManyItems {
        2 + dice.below(4)
    } else {
        1
    };
    let (mut lines, mut total) = (Vec::new(), 0);
    for number in 0..count {
        let (mut sku, title, price) = *dice.one_of(PRODUCTS);
        if let Some(skus) = skus.filter(|skus| !skus.is_empty()) {
            sku = dice.one_of(skus).as_str();
        }
        let quantity = if dice.percent(15) {
            1 + dice.below(4)
        } else {
            1
        };
        // A replacement is free.
        let price = if case.twist == Twist::Replacement {
            0
        } else {
            price
        };
        total += price * quantity;
        let mut line = json!({
            "orderItemId": dice.digits(14),
            "quantityOrdered": quantity,
            "product": {
                "asin": if skus.is_some() { super::asin(sku) } else { format!("B0SANDBX{:02}", sku.len()) },
                "title": title,
                "sellerSku": sku,
                "condition": { "conditionType": "NEW", "conditionSubtype": "NEW" },
                "price": { "unitPrice": money(price, currency) },
            },
            "proceeds": {
                "proceedsTotal": money(price * quantity, currency),
                "breakdowns": [{ "type": "ITEM", "subtotal": money(price * quantity, currency) }],
            },
            "fulfillment": fulfilled(case, quantity, number),
        });
        twist(&mut line, case, buyer, times);
        lines.push(line);
    }
    (lines, total)
}

/// Title and price of a product that is one of many.
pub(super) fn product(dice: &mut Dice, number: u32) -> (String, u64) {
    let (_, title, _) = *dice.one_of(PRODUCTS);
    (format!("{title}, no. {number}"), 299 + dice.below(9_700))
}

pub(super) fn money(hundredths: u64, currency: &str) -> Value {
    json!({ "amount": format!("{}.{:02}", hundredths / 100, hundredths % 100), "currencyCode": currency })
}

/// In a partly shipped order, the first line has gone out.
fn fulfilled(case: &Case, quantity: u64, number: u64) -> Value {
    let (gone, open) = match case.status {
        "SHIPPED" => (quantity, 0),
        "PARTIALLY_SHIPPED" if number == 0 => (quantity, 0),
        "CANCELLED" => (0, 0),
        _ => (0, quantity),
    };
    json!({ "quantityFulfilled": gone, "quantityUnfulfilled": open })
}

fn twist(line: &mut Value, case: &Case, buyer: &Buyer, times: &Times) {
    if case.status == "CANCELLED" {
        line["cancellation"] = json!({ "cancellationExecution": { "cancelledBy": "BUYER", "cancelReason": "BUYER_REQUESTED" } });
    }
    match case.twist {
        Twist::BuyerWantsToCancel => {
            line["cancellation"] = json!({ "cancellationRequest": { "requester": "BUYER", "cancelReason": "NO_LONGER_NEEDED" } });
        }
        Twist::SignatureAndAge => {
            line["fulfillment"]["shipping"] = json!({
                "shippingConstraints": { "signatureConfirmation": "MANDATORY", "recipientAgeVerification": "MANDATORY" }
            });
        }
        Twist::Ioss => {
            line["fulfillment"]["shipping"] =
                json!({ "internationalShipping": { "iossNumber": "IM0000000000" } });
            line["tax"] = json!({ "taxCalculationBreakdowns": [{ "reportingScheme": "IOSS" }] });
        }
        Twist::Appointment => {
            line["fulfillment"]["shipping"] =
                json!({ "scheduledDeliveryWindow": times.deliver_by() });
        }
        Twist::GiftAndCustomised => {
            line["fulfillment"]["packing"] = json!({ "giftOption": { "giftMessage": buyer.gift_message(), "giftWrapLevel": "STANDARD" } });
            line["product"]["customization"] = json!({ "customizedUrl": buyer.customised_url() });
        }
        Twist::UnknownFields => line["ripeness"] = json!("ALMOST"),
        _ => {}
    }
}
