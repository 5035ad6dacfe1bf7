//! Whether the body of a request is one that a model's schema allows, field by field: stricter than Amazon, which passes
//! over fields that it does not know.

use serde_json::Value;

/// What is wrong with a body, by the schema of its parameter in this model; `None` for an operation without a body.
pub(super) fn faults(model: &Value, schema: Option<&Value>, body: &[u8]) -> Vec<String> {
    match (schema, body) {
        (None, b"") => Vec::new(),
        (None, _) => vec!["there may be no body".to_owned()],
        (Some(schema), body) => match serde_json::from_slice(body) {
            Ok(json) => of_value(model, schema, "body", &json),
            Err(_) => vec!["the body is no JSON".to_owned()],
        },
    }
}

fn of_value(model: &Value, schema: &Value, place: &str, json: &Value) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return of_value(model, model.pointer(pointer).unwrap(), place, json);
    }
    match (schema["type"].as_str().unwrap(), json) {
        ("object", Value::Object(fields)) => {
            let required = schema["required"].as_array().into_iter().flatten();
            let missing = required
                .filter(|name| !fields.contains_key(name.as_str().unwrap()))
                .map(|name| format!("{place} lacks {name}"));
            let each = fields.iter().flat_map(|(name, value)| {
                let place = format!("{place}.{name}");
                let more = &schema["additionalProperties"];
                match schema["properties"].get(name) {
                    Some(schema) => of_value(model, schema, &place, value),
                    None if more.is_object() => of_value(model, more, &place, value),
                    None if more == true => Vec::new(),
                    None => vec![format!("{place} is no field")],
                }
            });
            missing.chain(each).collect()
        }
        ("array", Value::Array(values)) => {
            let (least, most) = (&schema["minItems"], &schema["maxItems"]);
            let count = values.len() as u64;
            if count < least.as_u64().unwrap_or(0) || count > most.as_u64().unwrap_or(u64::MAX) {
                return vec![format!("{place} may not have {count} values")];
            }
            let values = values.iter();
            values
                .flat_map(|value| of_value(model, &schema["items"], place, value))
                .collect()
        }
        ("string", Value::String(text)) => {
            let listed = schema["enum"].as_array();
            match listed.is_none_or(|values| values.iter().any(|it| it == text)) {
                true => Vec::new(),
                false => vec![format!("{place} may not be {text}")],
            }
        }
        ("integer", Value::Number(number)) if number.is_i64() => Vec::new(),
        (kind, _) => vec![format!("{place} is no {kind}")],
    }
}

#[test]
fn a_body_that_amazon_would_refuse_is_noticed() {
    let model = super::Model::read(super::LISTINGS);
    let url =
        "https://amazon.example/listings/2021-08-01/items/A1/sku?marketplaceIds=A1F83G8C2ARO7P";
    let url = url.parse().unwrap();
    let rows = [
        (
            r#"{"productType":"P","patches":[{"op":"merge","path":"/a","value":[{"b":1}]}]}"#,
            None,
        ),
        ("{", Some("the body is no JSON")),
        (r#"{"productType":"P"}"#, Some("body lacks \"patches\"")),
        (
            r#"{"productType":"P","patches":[]}"#,
            Some("body.patches may not have 0 values"),
        ),
        (
            r#"{"productType":7,"patches":[{"op":"merge","path":"/a"}]}"#,
            Some("body.productType is no string"),
        ),
        (
            r#"{"productType":"P","patches":[{"op":"put","path":"/a"}]}"#,
            Some("body.patches.op may not be put"),
        ),
        (
            r#"{"productType":"P","patches":[{"op":"merge","path":"/a"}],"sku":"A"}"#,
            Some("body.sku is no field"),
        ),
    ];
    for (body, fault) in rows {
        let faults = model.faults("PATCH", &url, body.as_bytes());
        assert_eq!(faults.first().map(String::as_str), fault, "{body}");
    }
    let faults = model.faults("GET", &url, b"{}");
    assert_eq!(faults, ["there may be no body"]);
}
