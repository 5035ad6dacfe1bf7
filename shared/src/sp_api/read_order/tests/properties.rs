//! Orders of every shape: none makes the reading panic, and none gets a private text past it.

use super::*;
use proptest::prelude::*;

/// All places of a JSON value, as pointers.
fn places(json: &Value, here: &str, into: &mut Vec<String>) {
    into.push(here.to_owned());
    match json {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| places(value, &format!("{here}/{name}"), into)),
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| places(value, &format!("{here}/{index}"), into));
        }
        _ => {}
    }
}

#[derive(Debug, Clone)]
enum Change {
    /// The field is not there.
    Drop,
    /// Another field is beside it, with a marked value.
    Add(String),
    /// Something marked is there instead: anything at a private place, no scalar at a public one.
    Replace(Value),
}

fn change() -> impl Strategy<Value = (prop::sample::Index, Change)> {
    let marked = prop_oneof![
        Just(json!("Quillfeather")),
        Just(json!([{ "MANDATORY": "Quillfeather" }, ["QUILLFEATHER"]])),
        Just(
            json!({ "amount": { "x": "Quillfeather" }, "deliveryAddress": "Quillfeather", "requester": ["QUILLFEATHER"] })
        ),
    ];
    let what = prop_oneof![
        Just(Change::Drop),
        "[a-zA-Z =]{1,12}".prop_map(Change::Add),
        marked.prop_map(Change::Replace)
    ];
    (any::<prop::sample::Index>(), what)
}

fn apply(json: &mut Value, index: prop::sample::Index, change: Change) {
    let mut all = Vec::new();
    places(json, "", &mut all);
    let place = index.get(&all).clone();
    let node = json.pointer_mut(&place).unwrap();
    // What an earlier change put into a list of scalars is at a public place, whatever it is.
    let holds_more = fixture()
        .pointer(&place)
        .is_some_and(|there| there.is_object() || there.is_array());
    let public = !(holds_more || node.as_str().is_some_and(holds_mark));
    match (change, node) {
        (Change::Add(name), Value::Object(fields)) => {
            fields
                .entry(name)
                .or_insert(json!("Quillfeather QUILLFEATHER"));
        }
        (Change::Replace(value), node) if !(public && value.is_string()) => *node = value,
        (Change::Drop, node) => *node = Value::Null,
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "orderItems",
        "recipient",
        "deliveryAddress",
        "programs",
        "fulfillment",
        "shippingConstraints",
        "x",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(names.to_vec()), inner, 0..6).prop_map(
                |fields| fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            ),
        ]
    })
}

proptest! {
    #[test]
    fn no_private_text_ever_gets_into_the_order_the_notes_or_an_error(changes in prop::collection::vec(change(), 0..12)) {
        let mut json = fixture();
        for (index, change) in changes {
            apply(&mut json, index, change);
        }
        let Parts { public, .. } = part(&ORDER, &json, "", &mut Notes::default());
        prop_assert!(!public.is_some_and(|public| holds_mark(&public.to_string())));
        match RawOrder::try_from(json) {
            Err(error) => prop_assert!(!holds_mark(&error.to_string())),
            Ok(raw) => match read_order(&raw) {
                Err(error) => prop_assert!(!holds_mark(&error.chain())),
                Ok(ReadOrder { order, buyer, unknown, unreadable, given }) => {
                    let seen = format!("{} {order:?} {buyer:?} {unknown:?} {unreadable:?} {given:?} {raw:?}", serde_json::to_string(&order).unwrap());
                    prop_assert!(!holds_mark(&seen), "{}", seen);
                }
            },
        }
    }

    #[test]
    fn nothing_that_amazon_could_send_makes_it_panic(json in any_json()) {
        let mut order = json!({
            "orderId": "1", "createdTime": "2026-11-20T09:30:00Z", "lastUpdatedTime": "2026-11-20T09:30:00Z",
        });
        if let (Value::Object(order), Value::Object(more)) = (&mut order, json) {
            order.extend(more);
        }
        let raw = RawOrder::try_from(order).unwrap();
        let _ = (read_order(&raw), raw.content_hash());
    }
}
