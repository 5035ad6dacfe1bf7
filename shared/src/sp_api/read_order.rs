//! Parts an order as Amazon wrote it into what may be seen and what may not.
//!
//! What the allow-list ([`super::allow_list`]) names public, and nothing else, reaches [`wire`] and so [`Order`].
//! All the rest (buyer data, what we do not read, what we do not know) stays in Amazon's shape in [`BuyerData`].

use super::allow_list::{ORDER, Rule, decides};
use super::check::Undecodable;
use super::raw_order::RawOrder;
use super::wire;
use crate::domain::order::{BuyerData, Order, OrderPart};
use crate::error::{Error, Result};
use Rule::{
    Amount, Constraints, Count, Key, List, Moment, Object, Phrases, Private, Public, Text, Values,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// An order, parted.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOrder {
    pub order: Order,
    pub buyer: BuyerData,
    /// Paths of fields that we do not know, and `path=VALUE` for values that Amazon's list lacks, e.g.
    /// `orderItems.newField`, `programs=NEW_PROGRAM`. Of values, only those that are plain words in capitals.
    pub unknown: BTreeSet<String>,
    /// Paths of what could not be read although it decides what is to be shipped, where or by when.
    pub unreadable: BTreeSet<String>,
    /// The parts that Amazon gave. What is null or absent is not among them.
    pub given: BTreeSet<OrderPart>,
}

/// Parts an order. Fields and values that are new to us never make it fail; those of another kind than documented are as
/// if they were not there, and noted.
///
/// # Errors
/// Permanent if it is no order at all, which no [`RawOrder`] is; names the place, never a value.
pub fn read_order(raw: &RawOrder) -> Result<ReadOrder> {
    let mut notes = Notes::default();
    let Parts { public, private } = part(&ORDER, raw.json(), "", &mut notes);
    let public = public.unwrap_or_else(|| Value::Object(Map::new()));
    let wire: wire::Order = serde_path_to_error::deserialize(&public)
        .map_err(|error| Error::permanent("read an order of Amazon's", Undecodable::at(&error)))?;
    let buyer = BuyerData::new(private.unwrap_or_else(|| Value::Object(Map::new())));
    let mut unreadable: BTreeSet<String> = wire.lacks().map(str::to_owned).collect();
    let noted = notes.unexpected.iter().chain(raw.mended());
    unreadable.extend(noted.filter(|path| decides(path)).cloned());
    let mut given = wire.given();
    if buyer.has("recipient", "deliveryAddress") {
        given.insert(OrderPart::Address);
    }
    Ok(ReadOrder {
        order: wire.into(),
        buyer,
        unknown: notes.unknown,
        unreadable,
        given,
    })
}

/// What was met on the way.
#[derive(Default)]
struct Notes {
    /// As in [`ReadOrder::unknown`].
    unknown: BTreeSet<String>,
    /// Paths of known fields whose values are of another kind than documented.
    unexpected: BTreeSet<String>,
}

/// The two halves of a value; `None` if there is nothing on that side.
#[derive(Default)]
struct Parts {
    public: Option<Value>,
    private: Option<Value>,
}

impl Parts {
    fn public(value: &Value) -> Self {
        Self {
            public: Some(value.clone()),
            private: None,
        }
    }

    fn private(value: &Value) -> Self {
        Self {
            public: None,
            private: Some(value.clone()),
        }
    }
}

fn part(rule: &Rule, value: &Value, path: &str, notes: &mut Notes) -> Parts {
    match (rule, value) {
        (_, Value::Null) => Parts::default(),
        (Private, _) => Parts::private(value),
        (Object(fields), Value::Object(object)) => part_object(fields, object, path, notes),
        (List(rule), Value::Array(values)) => part_list(rule, values, path, notes),
        (Constraints(known), Value::Object(object)) => part_constraints(known, object, path, notes),
        (Values(known), Value::String(word)) if known.contains(&word.as_str()) => {
            Parts::public(value)
        }
        (Values(_), Value::String(word)) if is_word(word) => {
            notes.unknown.insert(format!("{path}={word}"));
            Parts::public(value)
        }
        (Phrases(offers), Value::String(text)) if offers(text) => Parts::public(value),
        (Phrases(_), Value::String(_)) => Parts::private(value),
        (Public | Key | Text, Value::String(_)) => Parts::public(value),
        (Key, Value::Number(number)) => Parts::public(&Value::from(number.to_string())),
        (Moment, _) if Timestamp::deserialize(value).is_ok() => Parts::public(value),
        (Amount, _) if <Decimal as Deserialize>::deserialize(value).is_ok() => Parts::public(value),
        (Count, _) if count(value).is_some() => Parts::public(&count(value).into()),
        // Of another kind than documented, so that it may hold anything.
        (_, value) => {
            notes.unknown.insert(path.to_owned());
            // A word that is new to us is a word all the same.
            if !matches!((rule, value), (Values(_), Value::String(_))) {
                notes.unexpected.insert(path.to_owned());
            }
            Parts::private(value)
        }
    }
}

/// A whole number, however it is spelt.
fn count(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => Decimal::from_str_exact(&number.to_string()).ok()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_integer().then(|| u32::try_from(number).ok())?
}

fn part_object(
    fields: &[(&str, Rule)],
    object: &Map<String, Value>,
    path: &str,
    notes: &mut Notes,
) -> Parts {
    let (mut public, mut private) = (Map::new(), Map::new());
    for (name, value) in object {
        let path = below(path, name);
        let parts = match fields.iter().find(|(known, _)| known == name) {
            Some((_, rule)) => part(rule, value, &path, notes),
            None => {
                notes.unknown.insert(path);
                Parts::private(value)
            }
        };
        public.extend(parts.public.map(|value| (name.clone(), value)));
        private.extend(parts.private.map(|value| (name.clone(), value)));
    }
    if !private.is_empty() {
        let keys = fields
            .iter()
            .filter(|(_, rule)| matches!(rule, Key))
            .filter_map(|(name, _)| public.get_key_value(*name));
        private.extend(keys.map(|(name, value)| (name.clone(), value.clone())));
    }
    // An empty object still shows that it was there.
    Parts {
        public: Some(Value::Object(public)),
        private: (!private.is_empty()).then_some(Value::Object(private)),
    }
}

/// Keeps the private half of each element at its place, as long as there is any.
fn part_list(rule: &Rule, values: &[Value], path: &str, notes: &mut Notes) -> Parts {
    let parts: Vec<Parts> = values
        .iter()
        .map(|value| part(rule, value, path, notes))
        .collect();
    let any_private = parts.iter().any(|parts| parts.private.is_some());
    let (public, private): (Vec<_>, Vec<_>) = parts
        .into_iter()
        .map(|parts| (parts.public, parts.private))
        .unzip();
    let private = any_private.then(|| private.into_iter().map(Option::unwrap_or_default).collect());
    Parts {
        public: Some(public.into_iter().flatten().collect()),
        private: private.map(Value::Array),
    }
}

fn part_constraints(
    known: &[&str],
    object: &Map<String, Value>,
    path: &str,
    notes: &mut Notes,
) -> Parts {
    let (mut public, mut private) = (Vec::new(), Map::new());
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let path = below(path, name);
        let (is_known, is_mandatory) = (known.contains(&name.as_str()), value == "MANDATORY");
        if !is_known {
            notes.unknown.insert(path);
        } else if !is_mandatory {
            part(&Values(&[]), value, &path, notes);
        }
        if is_mandatory && is_field(name) {
            public.push(Value::from(name.as_str()));
        } else {
            private.insert(name.clone(), value.clone());
        }
    }
    Parts {
        public: Some(Value::Array(public)),
        private: (!private.is_empty()).then_some(Value::Object(private)),
    }
}

pub(super) fn below(path: &str, name: &str) -> String {
    let name = if is_field(name) { name } else { "?" };
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Whether a text can be a value of one of Amazon's lists, hence no buyer's words.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a text can be the name of one of Amazon's fields.
fn is_field(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
