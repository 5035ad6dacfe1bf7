//! The JSON Schema of each event, in `events/schemas/`: what the code sends, as it says itself. `cargo dev generate` writes
//! them; every other run only compares.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if a schema is not as it should be"
)]

use announce_changes::event::{Detail, Happened, SOURCE};
use announce_changes::{App, Bus, handle};
use jiff::Timestamp;
use kit::generated::{is_current, root};
use kit::{Aws, Calls, Database, StandIn, bus_event, is_described};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantNames as _;
use utoipa::{PartialSchema as _, ToSchema as _};

const SAMPLE: &str = include_str!("../../../events/announce-changes.json");
/// Where utoipa says a named schema is, and where JSON Schema has it.
const COMPONENTS: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";
const OPEN: &str = "New fields may come at any time: read what you know and ignore the rest.";

/// Every schema that an event may refer to, by name.
fn named() -> BTreeMap<String, Value> {
    let mut all = Vec::new();
    Happened::schemas(&mut all);
    Detail::schemas(&mut all);
    all.into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap()))
        .collect()
}

/// One object with all the properties of a schema's parts, so that no reader has to put them together.
fn merged(schema: &Value, named: &BTreeMap<String, Value>) -> Map<String, Value> {
    let mut whole = Map::new();
    let parts = schema["allOf"].as_array().cloned().unwrap_or_default();
    let of = schema["$ref"].as_str();
    let of = of.map(|of| named[of.strip_prefix(COMPONENTS).unwrap()].clone());
    let parts = parts.into_iter().chain(of);
    for part in parts.map(|part| merged(&part, named)).collect::<Vec<_>>() {
        add(&mut whole, part);
    }
    if let Value::Object(own) = schema {
        let own = own.clone().into_iter();
        let own = own.filter(|(keyword, _)| !["allOf", "$ref"].contains(&keyword.as_str()));
        add(&mut whole, own.collect());
    }
    whole
}

/// Adds a part's properties, and what else it says, to an object's.
fn add(whole: &mut Map<String, Value>, part: Map<String, Value>) {
    for (keyword, value) in part {
        match (whole.get_mut(&keyword), value) {
            (Some(Value::Object(own)), Value::Object(further)) => own.extend(further),
            (Some(Value::Array(own)), Value::Array(further)) => own.extend(further),
            (_, value) => drop(whole.insert(keyword, value)),
        }
    }
}

/// OpenAPI's words in JSON Schema's. `used` gets the names of the schemas that it refers to.
fn translated(value: Value, used: &mut BTreeSet<String>) -> Value {
    match value {
        Value::Object(object) => {
            let word = |(keyword, value): (String, Value)| match (keyword.as_str(), value) {
                ("$ref", Value::String(to)) => {
                    let name = to.strip_prefix(COMPONENTS).unwrap();
                    used.insert(name.to_owned());
                    (keyword, json!(format!("{DEFINITIONS}{name}")))
                }
                ("example", value) if !value.is_object() => ("examples".to_owned(), json!([value])),
                (_, value) => (keyword, translated(value, used)),
            };
            Value::Object(object.into_iter().map(word).collect())
        }
        Value::Array(list) => {
            let list = list.into_iter().map(|value| translated(value, used));
            Value::Array(list.collect())
        }
        other => other,
    }
}

/// `order.cancel_requested` as a type is called: `OrderCancelRequested`.
fn type_name(kind: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    kind.split(['.', '_']).map(capital).collect()
}

/// What EventBridge puts around the detail.
fn envelope(kind: &str, detail: &str) -> Value {
    json!({
        "version": {"type": "string"},
        "id": {"type": "string", "description": "EventBridge's own; another one each time the event is sent. `detail.id` is the event's."},
        "detail-type": {"const": kind},
        "source": {"const": SOURCE},
        "account": {"type": "string", "description": "AWS account of the deployment."},
        "time": {"type": "string", "format": "date-time", "description": "When the table changed."},
        "region": {"type": "string"},
        "resources": {"type": "array", "items": {"type": "string"}},
        "detail": {"$ref": format!("{DEFINITIONS}{detail}")},
    })
}

/// The schema of an event; `happened` is what utoipa says of its facts.
fn schema(kind: &str, happened: &Value, example: &Value) -> Value {
    let named = named();
    let description = happened["description"].as_str().unwrap();
    let mut detail = merged(&json!({"allOf": [Detail::schema(), happened]}), &named);
    detail.insert("description".into(), json!(OPEN));
    detail["properties"]["v"]["const"] = example["detail"]["v"].clone();
    let name = format!("{}Detail", type_name(kind));
    let mut used = BTreeSet::new();
    let mut definitions = json!({&name: translated(Value::Object(detail), &mut used)});
    let mut missing: Vec<String> = used.into_iter().collect();
    while let Some(name) = missing.pop() {
        if definitions.get(&name).is_none() {
            let mut used = BTreeSet::new();
            definitions[&name] = translated(named[&name].clone(), &mut used);
            missing.extend(used);
        }
    }
    let properties = envelope(kind, &name);
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:stallkeeper:event:{kind}"),
        "title": type_name(kind),
        "description": format!("{description}\n\nAs EventBridge delivers it, with `detail-type` `{kind}`. {OPEN}"),
        "type": "object",
        "required": required,
        "properties": properties,
        "examples": [example],
        "$defs": definitions,
    })
}

/// What the sample of the streams puts onto the bus, as it is delivered.
async fn sampled() -> Vec<Value> {
    let outside = StandIn::start(Aws::default(), ()).await;
    let database = Database::new().await;
    let clients = outside.clients(&Calls::default());
    let app = App {
        bus: Bus::new(clients.eventbridge(), "stalls".into()),
        schedules: clients.schedules(),
        store: database.store.clone(),
        at_risk_before: jiff::SignedDuration::from_hours(12),
        dispatches: clients.queue("dispatches"),
    };
    handle(&app, serde_json::from_str(SAMPLE).unwrap())
        .await
        .unwrap();
    let entries = outside.aws().events.concat();
    entries.iter().map(delivered).collect()
}

fn delivered(entry: &Value) -> Value {
    let time = Timestamp::from_second(entry["Time"].as_i64().unwrap()).unwrap();
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    bus_event(entry["DetailType"].as_str().unwrap(), &json!(time), &detail)
}

#[tokio::test]
async fn generated_each_event_has_its_schema() {
    let happened = serde_json::to_value(Happened::schema()).unwrap();
    let happened = happened["oneOf"].as_array().unwrap();
    assert_eq!(happened.len(), Happened::VARIANTS.len());
    let events = sampled().await;
    for (kind, happened) in Happened::VARIANTS.iter().zip(happened) {
        let examples = events.iter().filter(|event| event["detail-type"] == **kind);
        // The one that says most.
        let example = examples.max_by_key(|event| event.to_string().len());
        let example = example.unwrap_or_else(|| panic!("the sample event sends no `{kind}`"));
        let text = serde_json::to_string_pretty(&schema(kind, happened, example)).unwrap();
        is_current(&format!("events/schemas/{kind}.json"), &format!("{text}\n"));
    }
}

#[test]
fn each_schema_is_of_an_event_that_the_code_can_send() {
    let folder = std::fs::read_dir(root().join("events/schemas")).unwrap();
    for entry in folder {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let kind = name.strip_suffix(".json").unwrap();
        assert!(Happened::VARIANTS.contains(&kind), "{name} is of no event");
    }
}

#[tokio::test]
async fn the_schemas_describe_what_is_sent_and_nothing_less() {
    let events = sampled().await;
    for event in &events {
        is_described(event);
    }
    let sent: BTreeSet<&str> = events
        .iter()
        .map(|event| event["detail-type"].as_str().unwrap())
        .collect();
    assert_eq!(sent, Happened::VARIANTS.iter().copied().collect());
}
