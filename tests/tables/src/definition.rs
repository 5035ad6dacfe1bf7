//! A table as the template spells it, and the request that creates it. Owns the reading of
//! `AWS::DynamoDB::Table`; what an emulator has no use for (encryption, retention) is left out.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Streams;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types as sdk;
use serde::Deserialize;
use serde_yaml_ng::Value;

const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Table {
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<KeyPart>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    stream_specification: Option<Stream>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyPart {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Index {
    index_name: String,
    key_schema: Vec<KeyPart>,
    projection: Projection,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Projection {
    projection_type: String,
    #[serde(default)]
    non_key_attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    stream_view_type: String,
}

/// The template's tables by logical id, in the order of their names; read once, since a test may start many a DynamoDB.
pub(crate) static TABLES: LazyLock<Vec<(String, Table)>> = LazyLock::new(tables);

fn tables() -> Vec<(String, Table)> {
    let template: Template =
        serde_yaml_ng::from_str(TEMPLATE).expect("infra/template.yaml is a template");
    template
        .resources
        .into_iter()
        .filter(|(_, resource)| resource.r#type == "AWS::DynamoDB::Table")
        .map(|(logical_id, resource)| {
            let table = serde_yaml_ng::from_value(resource.properties)
                .unwrap_or_else(|error| panic!("`{logical_id}` in the template: {error}"));
            (logical_id, table)
        })
        .collect()
}

impl Table {
    /// The request that creates this table as `name`: keys, indexes and stream as in the template.
    pub(crate) fn request(
        &self,
        client: &Client,
        name: &str,
        streams: Streams,
    ) -> CreateTableFluentBuilder {
        let attributes = self.attribute_definitions.iter().map(Attribute::sdk);
        let indexes: Vec<_> = self
            .global_secondary_indexes
            .iter()
            .map(Index::sdk)
            .collect();
        let stream = match streams {
            Streams::On => self.stream_specification.as_ref().map(Stream::sdk),
            Streams::Off => None,
        };
        client
            .create_table()
            .table_name(name)
            .billing_mode(sdk::BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(attributes.collect()))
            .set_key_schema(Some(key_schema(&self.key_schema)))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
            .set_stream_specification(stream)
    }
}

impl Attribute {
    fn sdk(&self) -> sdk::AttributeDefinition {
        sdk::AttributeDefinition::builder()
            .attribute_name(&self.attribute_name)
            .attribute_type(self.attribute_type.as_str().into())
            .build()
            .expect("name and type are given")
    }
}

fn key_schema(parts: &[KeyPart]) -> Vec<sdk::KeySchemaElement> {
    let part = |part: &KeyPart| {
        sdk::KeySchemaElement::builder()
            .attribute_name(&part.attribute_name)
            .key_type(part.key_type.as_str().into())
            .build()
            .expect("name and type are given")
    };
    parts.iter().map(part).collect()
}

impl Index {
    fn sdk(&self) -> sdk::GlobalSecondaryIndex {
        let others = &self.projection.non_key_attributes;
        let projection = sdk::Projection::builder()
            .projection_type(self.projection.projection_type.as_str().into())
            .set_non_key_attributes((!others.is_empty()).then(|| others.clone()))
            .build();
        sdk::GlobalSecondaryIndex::builder()
            .index_name(&self.index_name)
            .set_key_schema(Some(key_schema(&self.key_schema)))
            .projection(projection)
            .build()
            .expect("name and keys are given")
    }
}

impl Stream {
    fn sdk(&self) -> sdk::StreamSpecification {
        sdk::StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(self.stream_view_type.as_str().into())
            .build()
            .expect("whether it is on is given")
    }
}
