//! Owns the check against Amazon's own models (Swagger 2, one file per API): requests as a client
//! sent them, and answers as the sandbox gives them. It never decides what follows from a mistake.
//!
//! The models come in the npm package `@amazon-sp-api-release/sp-api-dev-mcp`, folder
//! `bundled-servers/models`.

use std::{collections::BTreeMap, fs, path::Path};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::operations::{OPERATIONS, Operation};

/// Parameters that `python-amazon-sp-api` adds to every query, whether or not the operation has them; Amazon ignores them.
const ADDED_BY_CLIENTS: [&str; 4] = [
    "MarketplaceId",
    "MarketplaceIds",
    "marketplace_ids",
    "marketplaceIds",
];

/// Why the models could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use Amazon's models: {0}")]
pub struct ModelError(String);

/// The models of every operation that the sandbox plays.
#[derive(Debug)]
pub struct Models(BTreeMap<&'static str, OperationModel>);

#[derive(Debug)]
struct OperationModel {
    parameters: Vec<Parameter>,
    body: Option<Validator>,
    answers: BTreeMap<String, Validator>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    place: String,
    required: bool,
    kind: String,
    item_kind: String,
    rule: Validator,
}

/// A request as far as a model says something about it.
pub(crate) struct Given<'a> {
    pub(crate) path: &'a [(&'static str, String)],
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: &'a [u8],
}

impl Models {
    /// Reads the models from a folder.
    ///
    /// # Errors
    /// If a file is missing, is no JSON, or lacks an operation.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let mut models = BTreeMap::new();
        for operation in OPERATIONS {
            let file = folder.join(operation.model);
            let failed =
                |why: &dyn std::fmt::Display| ModelError(format!("{}: {why}", file.display()));
            let text = fs::read_to_string(&file).map_err(|error| failed(&error))?;
            let document: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
            let model = OperationModel::read(operation, &document).map_err(|why| failed(&why))?;
            models.insert(operation.name, model);
        }
        Ok(Self(models))
    }

    /// What is wrong with a request; nothing, if it is as Amazon wants it.
    pub(crate) fn check_request(&self, operation: &Operation, given: &Given<'_>) -> Vec<String> {
        let Some(model) = self.0.get(operation.name) else {
            return Vec::new();
        };
        let mut wrong = model.unknown_or_repeated(given.query);
        for parameter in &model.parameters {
            let value = match parameter.place.as_str() {
                "path" => given
                    .path
                    .iter()
                    .find(|(name, _)| *name == parameter.name)
                    .map(|(_, value)| value),
                "query" => given
                    .query
                    .iter()
                    .find(|(name, _)| *name == parameter.name)
                    .map(|(_, value)| value),
                _ => continue,
            };
            match value {
                Some(value) => wrong.extend(parameter.check(value)),
                None if parameter.required => wrong.push(format!("{} is required", parameter.name)),
                None => {}
            }
        }
        wrong.extend(model.check_body(given.body));
        wrong
    }

    /// What is wrong with an answer of this operation; nothing, if Amazon could have given it.
    #[must_use]
    pub fn check_answer(&self, operation: &str, status: u16, body: &Value) -> Vec<String> {
        match self
            .0
            .get(operation)
            .and_then(|model| model.answers.get(&status.to_string()))
        {
            Some(schema) => errors_of(schema, body),
            None => vec![format!("{operation} has no answer {status} with a body")],
        }
    }
}

impl OperationModel {
    fn read(operation: &Operation, document: &Value) -> Result<Self, String> {
        let method = operation.method.to_lowercase();
        let model = &document["paths"][operation.path][&method];
        let described = model
            .as_object()
            .ok_or_else(|| format!("has no {method} {}", operation.path))?;
        let no_parameters = Vec::new();
        let all = described
            .get("parameters")
            .and_then(Value::as_array)
            .unwrap_or(&no_parameters);
        let (bodies, parameters): (Vec<_>, Vec<_>) =
            all.iter().partition(|parameter| parameter["in"] == "body");
        let mut answers = BTreeMap::new();
        for (status, answer) in described
            .get("responses")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if let Some(schema) = answer.get("schema") {
                answers.insert(status.clone(), validator(schema, document)?);
            }
        }
        Ok(Self {
            parameters: parameters
                .into_iter()
                .map(Parameter::read)
                .collect::<Result<_, _>>()?,
            body: bodies
                .first()
                .map(|body| validator(&body["schema"], document))
                .transpose()?,
            answers,
        })
    }

    fn unknown_or_repeated(&self, query: &[(String, String)]) -> Vec<String> {
        let known = |name: &str| {
            self.parameters
                .iter()
                .any(|known| known.place == "query" && known.name == name)
        };
        let mut wrong = Vec::new();
        let query: Vec<_> = query
            .iter()
            .filter(|(name, _)| known(name) || !ADDED_BY_CLIENTS.contains(&name.as_str()))
            .collect();
        for (index, (name, _)) in query.iter().enumerate() {
            if !known(name) {
                wrong.push(format!("{name} is no query parameter of this operation"));
            }
            if query[..index].iter().any(|(before, _)| before == name) {
                wrong.push(format!(
                    "{name} is given twice; lists are separated by commas"
                ));
            }
        }
        wrong
    }

    fn check_body(&self, body: &[u8]) -> Vec<String> {
        match (&self.body, body.is_empty()) {
            (None, true) => Vec::new(),
            (None, false) => vec!["this operation takes no body".to_owned()],
            (Some(schema), _) => match serde_json::from_slice(body) {
                Ok(value) => errors_of(schema, &value),
                Err(error) => vec![format!("the body is no JSON: {error}")],
            },
        }
    }
}

impl Parameter {
    fn read(parameter: &Value) -> Result<Self, String> {
        let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
        let mut rule = parameter.as_object().cloned().unwrap_or_default();
        // What is left of a parameter of Swagger 2 without these is a JSON schema.
        rule.retain(|key, _| {
            !matches!(
                key.as_str(),
                "name" | "in" | "required" | "description" | "collectionFormat"
            )
        });
        Ok(Self {
            name: text("name"),
            place: text("in"),
            required: parameter["required"] == true,
            kind: text("type"),
            item_kind: parameter["items"]["type"]
                .as_str()
                .unwrap_or("string")
                .to_owned(),
            rule: validator(&Value::Object(rule), &Value::Null)?,
        })
    }

    fn check(&self, given: &str) -> Vec<String> {
        let value = match self.kind.as_str() {
            "array" => given
                .split(',')
                .map(|item| typed(&self.item_kind, item))
                .collect(),
            kind => typed(kind, given),
        };
        errors_of(&self.rule, &value)
            .into_iter()
            .map(|error| format!("{}: {error}", self.name))
            .collect()
    }
}

/// A value out of a query as the JSON type the model wants, or unchanged if it is not of it.
fn typed(kind: &str, text: &str) -> Value {
    match kind {
        "integer" => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), |number| json!(number)),
        "number" => text
            .parse::<f64>()
            .map_or_else(|_| json!(text), |number| json!(number)),
        "boolean" => text
            .parse::<bool>()
            .map_or_else(|_| json!(text), |flag| json!(flag)),
        _ => json!(text),
    }
}

fn validator(schema: &Value, document: &Value) -> Result<Validator, String> {
    let mut whole = schema.clone();
    if let (Some(whole), Some(definitions)) = (whole.as_object_mut(), document.get("definitions")) {
        // A schema with `$ref` may hold nothing else in draft 4, so it is wrapped.
        let schema = Value::Object(std::mem::take(whole));
        whole.insert("allOf".to_owned(), json!([schema]));
        whole.insert("definitions".to_owned(), definitions.clone());
    }
    let options = jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(true);
    options.build(&whole).map_err(|error| error.to_string())
}

/// The errors without the values that caused them: those may be buyer data.
fn errors_of(schema: &Validator, value: &Value) -> Vec<String> {
    schema
        .iter_errors(value)
        .map(|error| format!("{} {}", error.instance_path(), error.masked()))
        .collect()
}
