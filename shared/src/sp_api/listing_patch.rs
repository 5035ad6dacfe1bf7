//! What is sent to one listing, and how it is spelt: the same for a single patch and for a line of a feed. It touches the
//! one number or date it is about; whatever else the seller or another tool keeps on the listing stays.

use crate::domain::marketplace::Marketplace;
use crate::domain::price::{SentLimit, SentLimits};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::io::Write;

/// The product type for a listing whose own is not known; enough if only the offer is changed.
const ANY_PRODUCT_TYPE: &str = "PRODUCT";

/// One change of one listing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListingPatch<'a> {
    /// The listing's own, e.g. `LUGGAGE`; `None` if it is not known.
    pub product_type: Option<&'a str>,
    pub change: Change,
}

/// What is to be changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// The merchant-fulfilled quantity: one number for all marketplaces of the account.
    Quantity(u32),
    /// The price as buyers see it, on one marketplace and in its currency.
    Price {
        marketplace: Marketplace,
        amount: Decimal,
        /// Amazon takes no price outside of them, from whomever; what is untouched is left as it is there.
        limits: SentLimits,
    },
    /// Until when the offer on one marketplace is sold; `None`: without end. What is past closes it there, and leaves its
    /// price and its quantity as they are.
    End {
        marketplace: Marketplace,
        on: Option<Date>,
    },
}

impl ListingPatch<'_> {
    /// The body of `patchListingsItem`.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(256);
        json.push(b'{');
        self.write(&mut json);
        json.push(b'}');
        json
    }

    /// `"productType":…,"patches":[…]`, without the braces around.
    ///
    /// Written by hand, since a price must be a JSON number with the digits it has, which no `f64` promises, and since a
    /// feed has 25,000 of these.
    pub(super) fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(br#""productType":"#);
        write_text(json, self.product_type.unwrap_or(ANY_PRODUCT_TYPE));
        json.extend_from_slice(br#","patches":[{"op":"merge","path":"/attributes/"#);
        match self.change {
            Change::Quantity(quantity) => write_quantity(json, quantity),
            Change::Price {
                marketplace,
                amount,
                limits,
            } => write_price(json, marketplace, amount, limits),
            Change::End { marketplace, on } => write_end(json, marketplace, on),
        }
        json.extend_from_slice(b"}]");
    }
}

/// `merge` leaves the lead time and restock date alone, `replace` would wipe them. Amazon page: *Merge a listing*.
fn write_quantity(json: &mut Vec<u8>, quantity: u32) {
    json.extend_from_slice(
        br#"fulfillment_availability","value":[{"fulfillment_channel_code":"DEFAULT","quantity":"#,
    );
    write_number(json, quantity);
    json.extend_from_slice(b"}]");
}

/// `merge` leaves sale prices, dates and the offers of other audiences alone, and limits that are not named; `null` takes a
/// limit away. Amazon page: *Manage purchasable offer*.
fn write_price(json: &mut Vec<u8>, marketplace: Marketplace, amount: Decimal, limits: SentLimits) {
    write_offer_of(json, marketplace);
    let prices = [
        ("our_price", SentLimit::Set(amount)),
        ("minimum_seller_allowed_price", limits.least),
        ("maximum_seller_allowed_price", limits.most),
    ];
    for (name, price) in prices {
        match price {
            SentLimit::Untouched => {}
            SentLimit::Set(amount) => {
                write_price_attribute(json, name, amount);
            }
            SentLimit::Removed => {
                json.push(b',');
                write_text(json, name);
                json.extend_from_slice(b":null");
            }
        }
    }
    json.extend_from_slice(b"}]");
}

/// One price among an offer's attributes, after a comma.
pub(super) fn write_price_attribute(json: &mut Vec<u8>, name: &str, amount: Decimal) {
    json.push(b',');
    write_text(json, name);
    json.extend_from_slice(br#":[{"schedule":[{"value_with_tax":"#);
    write_number(json, amount);
    json.extend_from_slice(b"}]}]");
}

/// An end in the past closes the offer there, and `null` takes the end away. Amazon page: *Manage purchasable offer*.
fn write_end(json: &mut Vec<u8>, marketplace: Marketplace, on: Option<Date>) {
    write_offer_of(json, marketplace);
    match on {
        Some(day) => {
            json.extend_from_slice(br#","end_at":{"value":"#);
            write_text(json, &day.to_string());
            json.extend_from_slice(b"}}]");
        }
        None => json.extend_from_slice(br#","end_at":null}]"#),
    }
}

/// Which of the offers, as the beginning of its value.
fn write_offer_of(json: &mut Vec<u8>, marketplace: Marketplace) {
    json.extend_from_slice(br#"purchasable_offer","value":[{"audience":"ALL","currency":"#);
    write_text(json, marketplace.currency());
    json.extend_from_slice(br#","marketplace_id":"#);
    write_text(json, marketplace.id());
}

/// A text as JSON, whatever it holds.
pub(super) fn write_text(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("a text is always JSON, and memory takes any");
}

/// A number whose digits are those of a JSON number.
pub(super) fn write_number(json: &mut Vec<u8>, number: impl std::fmt::Display) {
    write!(json, "{number}").expect("memory takes any");
}
