//! An event as EventBridge delivers it, and what `events/schemas/` says of it.

use crate::generated::root;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// An event of ours as EventBridge delivers it, made of what is put onto the bus or shown by `GET /events`.
pub fn bus_event(kind: &str, time: &Value, detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": kind,
        "source": "stallkeeper",
        "account": "111122223333",
        "time": time,
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    })
}

/// Whether the schema of its type describes an event, and each of its fields: a schema lets consumers read fields that it
/// does not name, but what is sent must not have any.
#[track_caller]
pub fn is_described(event: &Value) {
    let kind = event["detail-type"].as_str().unwrap_or_default();
    let schema = schemas().get(kind);
    let schema = schema.unwrap_or_else(|| panic!("events/schemas/ has no `{kind}`: {event}"));
    let errors = schema.iter_errors(event);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{kind}: {errors:#?}\n{event:#}");
}

/// The types of all events that there are.
pub fn event_types() -> impl Iterator<Item = &'static str> {
    schemas().keys().map(String::as_str)
}

fn schemas() -> &'static BTreeMap<String, Validator> {
    static SCHEMAS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let folder = std::fs::read_dir(root().join("events/schemas")).unwrap();
        let paths = folder.map(|entry| entry.unwrap().path());
        let named = |path: std::path::PathBuf| {
            let mut schema: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            close(&mut schema);
            let options = jsonschema::options().should_validate_formats(true);
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, options.build(&schema).unwrap())
        };
        paths.map(named).collect()
    })
}

/// Has every object of a schema refuse what it does not name.
fn close(schema: &mut Value) {
    if let Value::Object(object) = schema {
        close_parts(object);
        if object.contains_key("properties") {
            object.insert("unevaluatedProperties".to_owned(), json!(false));
        }
    }
}

/// An alternative beside properties is no object of its own: only what it holds is closed.
fn close_parts(object: &mut Map<String, Value>) {
    for (keyword, part) in object {
        match (keyword.as_str(), part) {
            ("properties" | "$defs", Value::Object(named)) => named.values_mut().for_each(close),
            ("oneOf", Value::Array(any)) => {
                let any = any.iter_mut().filter_map(Value::as_object_mut);
                any.for_each(close_parts);
            }
            ("items" | "additionalProperties", part) => close(part),
            _ => {}
        }
    }
}
