//! Owns what a JSON patch for a listing means, and what is wrong with one: the same rules for a patch
//! of one item and for a message of a feed. It never changes a listing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Fulfilment, Listing, Price, offer_parts, sale_period};
use crate::marketplaces::{self, Marketplace};

const AVAILABILITY: &str = "fulfillment_availability";
const OFFER: &str = "purchasable_offer";

/// One change that breaks no rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    /// The quantity and what is beside it.
    Availability {
        quantity: Option<u64>,
        beside: Map<String, Value>,
        /// `replace` wipes what it does not say, `merge` keeps it.
        replaces: bool,
    },
    /// A price in one marketplace, or none there any more.
    Price {
        marketplace: String,
        price: Option<Price>,
    },
    /// Until when it is sold in one marketplace; `None`: without end.
    End {
        marketplace: String,
        end_at: Option<String>,
    },
    /// What an offer in one marketplace has beside its price; `null` takes it away.
    OfferParts {
        marketplace: String,
        parts: Map<String, Value>,
        /// `replace` wipes what it does not say, `merge` keeps it.
        replaces: bool,
    },
    /// Anything else.
    Attribute { name: String, value: Option<Value> },
}

/// What a test has ordered to be said of every submission for a SKU.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderedRefusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) attribute: Option<String>,
    /// With another than `ERROR` it is only remarked, and the submission is accepted.
    #[serde(default)]
    pub(crate) severity: Severity,
}

/// How much an issue matters.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Severity {
    #[default]
    Error,
    Warning,
    Info,
}

/// What Amazon says against a submission.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Issue {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) attribute: Option<String>,
    pub(crate) severity: Severity,
    /// Amazon's pages forbid it, so a correct client never gets it.
    pub(crate) violates: bool,
}

impl Issue {
    pub(crate) fn new(code: &str, message: String, attribute: Option<&str>) -> Self {
        Self {
            code: code.to_owned(),
            message,
            attribute: attribute.map(str::to_owned),
            severity: Severity::Error,
            violates: false,
        }
    }

    pub(super) fn forbidden(code: &str, message: &str, attribute: &str) -> Self {
        Self {
            violates: true,
            ..Self::new(code, message.to_owned(), Some(attribute))
        }
    }

    /// As the Listings Items API writes it.
    pub(crate) fn of_item(&self) -> Value {
        let mut issue = json!({
            "code": self.code, "message": self.message, "severity": self.severity, "categories": [],
        });
        if let Some(attribute) = &self.attribute {
            issue["attributeNames"] = json!([attribute]);
            issue["categories"] = json!(["INVALID_ATTRIBUTE"]);
        }
        issue
    }
}

/// The edits that these patches mean for a listing in this marketplace, or the first thing wrong with them.
pub(crate) fn read(
    patches: &[Value],
    listing: Option<&Listing>,
    marketplace: &str,
) -> Result<Vec<Edit>, Issue> {
    let mut edits = Vec::new();
    for patch in patches {
        let op = patch["op"].as_str().unwrap_or_default();
        let path = patch["path"].as_str().unwrap_or_default();
        let Some(attribute) = path
            .strip_prefix("/attributes/")
            .filter(|name| !name.is_empty() && !name.contains('/'))
        else {
            let message = "Only top-level listings item attributes can be patched.";
            return Err(Issue::forbidden("90000900", message, path));
        };
        let none = Vec::new();
        let values = patch["value"].as_array().unwrap_or(&none);
        if !matches!(op, "add" | "replace" | "merge" | "delete") {
            return Err(Issue::forbidden(
                "90000900",
                "The attributes are invalid.",
                attribute,
            ));
        }
        if values.is_empty() || !values.iter().all(Value::is_object) {
            let message = "A patch needs a selector that is not empty.";
            return Err(Issue::forbidden("90000900", message, attribute));
        }
        for value in values {
            let edit = match attribute {
                AVAILABILITY => availability(op, value, listing)?,
                OFFER => {
                    let before = edits.len();
                    edits.extend(end(op, value, listing, marketplace)?);
                    edits.extend(parts(op, value, listing, marketplace)?);
                    let says_something = edits.len() > before;
                    // Only `merge` may leave the price as it is.
                    if op == "merge" && says_something && value.get("our_price").is_none() {
                        continue;
                    }
                    price(op, value, listing, marketplace)?
                }
                name => Edit::Attribute {
                    name: name.to_owned(),
                    value: (op != "delete").then(|| patch["value"].clone()),
                },
            };
            edits.push(edit);
        }
    }
    Ok(edits)
}

fn availability(op: &str, value: &Value, listing: Option<&Listing>) -> Result<Edit, Issue> {
    let wrong = |code, message| Err(Issue::forbidden(code, message, AVAILABILITY));
    match value["fulfillment_channel_code"].as_str() {
        Some("DEFAULT") => {}
        Some(_) => return wrong("90244", "The sandbox has no other channel than 'DEFAULT'."),
        None => {
            let message = "The field 'fulfillment_channel_code' for the attribute \
                           'fulfillment_availability' does not have enough values. The required \
                           minimum is '1' value(s).";
            return wrong("99022", message);
        }
    }
    if listing.is_some_and(|listing| listing.fulfilment == Fulfilment::Amazon) {
        // Amazon would make a merchant's listing of it, which nobody ever means with a quantity.
        return wrong(
            "90244",
            "This listing is fulfilled by Amazon: 'DEFAULT' is not its channel.",
        );
    }
    let quantity = match value.get("quantity") {
        _ if op == "delete" => None,
        None => None,
        Some(given) => match given.as_u64().filter(|units| *units <= 1_000_000_000) {
            Some(units) => Some(units),
            None => return wrong("90000900", "'quantity' must be a whole number of units."),
        },
    };
    let beside = value.as_object().into_iter().flatten();
    let beside = beside.filter(|(name, _)| {
        op != "delete" && !matches!(name.as_str(), "fulfillment_channel_code" | "quantity")
    });
    Ok(Edit::Availability {
        quantity,
        beside: beside
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        replaces: op != "merge",
    })
}

fn price(
    op: &str,
    value: &Value,
    listing: Option<&Listing>,
    marketplace: &str,
) -> Result<Edit, Issue> {
    let wrong = |code, message: &str| Err(Issue::forbidden(code, message, OFFER));
    let marketplace = offered_in(op, value, listing, marketplace)?;
    let on = marketplace.id.to_owned();
    if op == "delete" {
        return Ok(Edit::Price {
            marketplace: on,
            price: None,
        });
    }
    let amount = &value["our_price"][0]["schedule"][0]["value_with_tax"];
    match amount.as_f64() {
        None => wrong("90220", "'our_price' is required but not supplied."),
        Some(number) if number <= 0.0 => wrong("90000900", "The price must be above zero."),
        Some(_) => Ok(Edit::Price {
            marketplace: on,
            price: Some(Price {
                amount: amount.to_string(),
                currency: marketplace.currency.to_owned(),
            }),
        }),
    }
}

/// The marketplace that an offer is of, if its selectors are right.
fn offered_in(
    op: &str,
    value: &Value,
    listing: Option<&Listing>,
    marketplace: &str,
) -> Result<&'static Marketplace, Issue> {
    let wrong = |code, message: &str| Err(Issue::forbidden(code, message, OFFER));
    let id = value["marketplace_id"].as_str().unwrap_or(marketplace);
    let Some(marketplace) = marketplaces::of(id) else {
        return wrong("90244", "'marketplace_id' is no marketplace id.");
    };
    if listing.is_some_and(|listing| listing.offer(id).is_none()) {
        let message = format!("The listing is not in the marketplace {id}.");
        return Err(Issue::new("13013", message, Some(OFFER)));
    }
    if op == "delete" {
        return Ok(marketplace);
    }
    if value["currency"] != marketplace.currency {
        return wrong("90244", "'currency' is not that of the marketplace.");
    }
    if !matches!(value["audience"].as_str(), None | Some("ALL")) {
        return wrong("90244", "The sandbox has no other audience than 'ALL'.");
    }
    Ok(marketplace)
}

/// What a value says of the end of the sale period: `merge` keeps what it does not say, anything else wipes it.
fn end(
    op: &str,
    value: &Value,
    listing: Option<&Listing>,
    marketplace: &str,
) -> Result<Option<Edit>, Issue> {
    let marketplace = offered_in(op, value, listing, marketplace)?;
    let end_at = match value.get("end_at") {
        None if op == "merge" => return Ok(None),
        Some(end_at) if op != "delete" => sale_period::read(end_at)
            .map_err(|message| Issue::forbidden("90000900", message, OFFER))?,
        _ => None,
    };
    Ok(Some(Edit::End {
        marketplace: marketplace.id.to_owned(),
        end_at,
    }))
}

/// What a value says of the rest of the offer.
fn parts(
    op: &str,
    value: &Value,
    listing: Option<&Listing>,
    marketplace: &str,
) -> Result<Option<Edit>, Issue> {
    let marketplace = offered_in(op, value, listing, marketplace)?;
    let (parts, replaces) = match op {
        "delete" => (Map::new(), true),
        _ => {
            let parts = offer_parts::read(value)
                .map_err(|message| Issue::forbidden("90000900", &message, OFFER))?;
            (parts, op != "merge")
        }
    };
    let says_nothing = parts.is_empty() && !replaces;
    Ok((!says_nothing).then(|| Edit::OfferParts {
        marketplace: marketplace.id.to_owned(),
        parts,
        replaces,
    }))
}
