//! The template as data. What a `!Ref`, `!GetAtt` or `!Sub` points at is told by the logical id, so that grants and
//! rules can be compared as text: `OrdersTable`, `OrdersTable/index/waiting`, `ScheduleGroup/*`.

use serde_yaml_ng::Value;
use std::collections::BTreeMap;

/// The template, or a part of it.
pub(crate) struct Template {
    root: Value,
}

/// A resource of the template.
#[derive(Clone, Copy)]
pub(crate) struct Resource<'t> {
    pub(crate) id: &'t str,
    body: &'t Value,
}

impl Template {
    pub(crate) fn load() -> Self {
        let path = super::workspace().join("infra/template.yaml");
        let text = std::fs::read_to_string(path).expect("the template is there");
        Self {
            root: serde_yaml_ng::from_str(&text).expect("the template is YAML"),
        }
    }

    pub(crate) fn part(&self, path: &[&str]) -> Option<&Value> {
        descend(&self.root, path)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Resource<'_>> {
        let resources = self.part(&["Resources"]).and_then(Value::as_mapping);
        resources
            .expect("it has resources")
            .iter()
            .map(|(id, body)| Resource {
                id: id.as_str().expect("ids are text"),
                body,
            })
    }

    pub(crate) fn of_type(&self, kind: &str) -> Vec<Resource<'_>> {
        self.all()
            .filter(|resource| resource.kind() == kind)
            .collect()
    }

    pub(crate) fn resource(&self, id: &str) -> Resource<'_> {
        self.all()
            .find(|resource| resource.id == id)
            .unwrap_or_else(|| panic!("the template has no `{id}`"))
    }

    /// The variables that a function is given, from `Globals` and its own properties.
    pub(crate) fn variables_of<'t>(
        &'t self,
        function: Resource<'t>,
    ) -> BTreeMap<&'t str, &'t Value> {
        let mut all = self.global_variables();
        all.extend(function.own_variables());
        all
    }

    /// The variables that every function is given.
    pub(crate) fn global_variables(&self) -> BTreeMap<&str, &Value> {
        let path = ["Globals", "Function", "Environment", "Variables"];
        by_name(self.part(&path))
    }

    /// What a function is given, from `Globals` and its own properties.
    pub(crate) fn function_number(&self, function: Resource<'_>, name: &str) -> Option<u64> {
        let own = function.property(&[name]).and_then(Value::as_u64);
        own.or_else(|| {
            self.part(&["Globals", "Function", name])
                .and_then(Value::as_u64)
        })
    }
}

impl<'t> Resource<'t> {
    pub(crate) fn kind(self) -> &'t str {
        self.body
            .get("Type")
            .and_then(Value::as_str)
            .expect("a resource has a type")
    }

    /// Beside the properties, such as `DeletionPolicy`.
    pub(crate) fn attribute(self, name: &str) -> Option<&'t str> {
        self.body.get(name).and_then(Value::as_str)
    }

    pub(crate) fn property(self, path: &[&str]) -> Option<&'t Value> {
        descend(self.body.get("Properties")?, path)
    }

    /// What a property points at, `None` where it is absent.
    pub(crate) fn points_at(self, path: &[&str]) -> Option<String> {
        self.property(path).map(target)
    }

    pub(crate) fn number(self, path: &[&str]) -> Option<u64> {
        self.property(path).and_then(Value::as_u64)
    }

    /// The folder name of a function, from `CodeUri`.
    pub(crate) fn folder(self) -> &'t str {
        let uri = self
            .property(&["CodeUri"])
            .and_then(Value::as_str)
            .expect("a function has a CodeUri");
        uri.rsplit_once('/').map_or(uri, |(_, folder)| folder)
    }

    /// The variables that it alone is given.
    pub(crate) fn own_variables(self) -> BTreeMap<&'t str, &'t Value> {
        by_name(self.property(&["Environment", "Variables"]))
    }

    /// A function's events of one type, by name.
    pub(crate) fn events(self, kind: &str) -> Vec<(&'t str, &'t Value)> {
        let events = self
            .property(&["Events"])
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten();
        events
            .filter(|(_, event)| event.get("Type").and_then(Value::as_str) == Some(kind))
            .map(|(name, event)| {
                (
                    name.as_str().expect("names are text"),
                    event.get("Properties").expect("an event has properties"),
                )
            })
            .collect()
    }
}

fn by_name(variables: Option<&Value>) -> BTreeMap<&str, &Value> {
    let variables = variables.and_then(Value::as_mapping).into_iter().flatten();
    let named = variables.map(|(name, value)| (name.as_str().expect("names are text"), value));
    named.collect()
}

pub(crate) fn descend<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(*name))
}

/// One value or many, as IAM has it.
pub(crate) fn many(value: &Value) -> Vec<&Value> {
    value
        .as_sequence()
        .map_or_else(|| vec![value], |values| values.iter().collect())
}

/// What a value points at. An ARN is told by the id of its resource: `!GetAtt OrdersTable.Arn` is `OrdersTable`.
pub(crate) fn target(value: &Value) -> String {
    let Value::Tagged(tagged) = value else {
        return value
            .as_str()
            .map_or_else(|| format!("{value:?}"), str::to_owned);
    };
    let text = tagged.value.as_str().unwrap_or_default();
    match tagged.tag.to_string().as_str() {
        "!Ref" => text.to_owned(),
        "!GetAtt" => attribute(text),
        // What stands before the first resource of ours is the ARN's head, which says no more than its kind.
        "!Sub" => {
            let own = text
                .match_indices("${")
                .find(|(at, _)| !text[*at..].starts_with("${AWS::"));
            let tail = own.map_or(text, |(at, _)| &text[at..]);
            let (inner, rest) = tail
                .trim_start_matches("${")
                .split_once('}')
                .unwrap_or((tail, ""));
            format!("{}{rest}", attribute(inner))
        }
        other => panic!("`{other}` is not expected here"),
    }
}

fn attribute(text: &str) -> String {
    match text.split_once('.') {
        Some((id, "StreamArn")) => format!("{id}/stream"),
        Some((id, _)) => id.to_owned(),
        None => text.to_owned(),
    }
}
