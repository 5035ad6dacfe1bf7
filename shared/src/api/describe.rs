//! What operations say alike, attached in one place: the scopes they demand, the path's parameters, the problems they may
//! answer. A route spells only what is its own.

use super::{Demands, Scope};
use crate::domain::courier::CourierCode;
use crate::domain::ids::{ConnectionId, FeedId, OrderId};
use crate::domain::marketplace::Marketplace;
use axum::http::StatusCode;
use std::collections::BTreeSet;
use utoipa::PartialSchema as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, AllOf, ArrayItems, Object, Schema, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Components, Content, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response,
};
use utoipa_axum::router::OpenApiRouter;

/// The token's name in the document.
pub const TOKEN: &str = "platform_token";
const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const PROBLEM: &str = "application/problem+json";

/// Says of routes that they demand the scopes of `D`, which their handlers check.
#[must_use]
pub fn demanding<D: Demands, S>(routes: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let scopes = D::SCOPES.iter().map(|scope| Scope::as_str(*scope));
    secured(routes, &SecurityRequirement::new(TOKEN, scopes))
}

/// Says of routes that they are open to everybody.
#[must_use]
pub fn open<S>(routes: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    secured(routes, &SecurityRequirement::default())
}

fn secured<S>(mut routes: OpenApiRouter<S>, by: &SecurityRequirement) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let items = routes.get_openapi_mut().paths.paths.values_mut();
    for operation in items.flat_map(operations) {
        operation.security = Some(vec![by.clone()]);
    }
    routes
}

/// Completes the description of a function: parameters of paths, problems, and what a response is if the route does not say.
#[must_use]
pub fn complete(mut document: OpenApi) -> OpenApi {
    close_requests(&mut document);
    let components = document.components.clone().unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            add_path_parameters(path, operation);
            relax_body(operation, &components);
            add_problems(path, operation);
            describe_responses(operation, &components);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

fn add_path_parameters(path: &str, operation: &mut Operation) {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let own = operation.parameters.get_or_insert_default();
    let given = |own: &[RefOr<Parameter>], name| {
        own.iter()
            .any(|it| matches!(it, RefOr::T(it) if it.name == name))
    };
    let missing: Vec<_> = names.filter(|name| !given(own, *name)).collect();
    own.splice(
        0..0,
        missing
            .into_iter()
            .map(|name| RefOr::T(path_parameter(name))),
    );
    if own.is_empty() {
        operation.parameters = None;
    }
}

/// The parameters that paths have, each described once.
fn path_parameter(name: &str) -> Parameter {
    let (description, schema) = match name {
        "connection" => ("The connection's id", ConnectionId::schema()),
        "marketplace" => (
            "Country code of the marketplace as Amazon writes it",
            Marketplace::schema(),
        ),
        "courier" => ("The courier's code", CourierCode::schema()),
        "order" => ("Amazon's order id", OrderId::schema()),
        "feed" => ("The feed's id here, not Amazon's", FeedId::schema()),
        _ => ("", String::schema()),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description((!description.is_empty()).then_some(description))
        .schema(Some(schema))
        .build()
}

/// No request may hold a field that is not described: it would be misspelt, or meant for something else.
fn close_requests(document: &mut OpenApi) {
    let mut components = document.components.take().unwrap_or_default();
    let mut names = Vec::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let Some(RefOr::T(body)) = &mut operation.request_body else {
            continue;
        };
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content
                && let Some(schema) = &mut content.schema
            {
                close(schema, &components, &mut names);
            }
        }
    }
    let mut closed = BTreeSet::new();
    while let Some(name) = names.pop() {
        if closed.insert(name.clone())
            && let Some(mut schema) = components.schemas.get(&name).cloned()
        {
            close(&mut schema, &components, &mut names);
            components.schemas.insert(name, schema);
        }
    }
    document.components = Some(components);
}

/// Closes a schema; `names` gets those of the schemas that it refers to.
fn close(schema: &mut RefOr<Schema>, components: &Components, names: &mut Vec<String>) {
    let schema = match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(to) => return names.push(name_of(to).to_owned()),
    };
    match schema {
        Schema::Object(object) => {
            for property in object.properties.values_mut() {
                close(property, components, names);
            }
            if !object.properties.is_empty() {
                object.additional_properties =
                    Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                close(items, components, names);
            }
        }
        Schema::OneOf(one) => {
            for item in &mut one.items {
                if let RefOr::T(Schema::AllOf(all)) = item {
                    *item = Schema::Object(as_one(all, components)).into();
                }
                close(item, components, names);
            }
        }
        _ => {}
    }
}

/// A variant with its tag as one object, since neither half of it could be closed.
fn as_one(all: &AllOf, components: &Components) -> Object {
    let mut one = Object::new();
    one.description.clone_from(&all.description);
    for item in &all.items {
        if let Some(Schema::Object(object)) = resolved(item, components) {
            one.properties.extend(object.properties.clone());
            one.required.extend(object.required.clone());
        }
    }
    one
}

/// No body at all says as much as an empty object, so one whose fields are all optional may be left out.
fn relax_body(operation: &mut Operation, components: &Components) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    let schema = match body.content.get(JSON) {
        Some(RefOr::T(content)) => content.schema.as_ref(),
        _ => None,
    };
    let optional = matches!(
        schema.and_then(|schema| resolved(schema, components)),
        Some(Schema::Object(object)) if object.required.is_empty()
    );
    body.required = Some(if optional {
        Required::False
    } else {
        Required::True
    });
}

fn resolved<'a>(schema: &'a RefOr<Schema>, components: &'a Components) -> Option<&'a Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(to) => match components.schemas.get(name_of(to))? {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(_) => None,
        },
    }
}

fn name_of(to: &Ref) -> &str {
    to.ref_location.rsplit('/').next().unwrap_or_default()
}

fn add_problems(path: &str, operation: &mut Operation) {
    let parameters = operation.parameters.is_some();
    let body = operation.request_body.is_some();
    let rows = takes_rows(operation);
    if operation.security != Some(vec![SecurityRequirement::default()]) {
        let usual = [
            (401, true, "There is no valid token, or it names no tenant"),
            (403, true, "The token lacks a scope"),
            (
                400,
                rows,
                "The body is neither JSON nor CSV; nothing was taken",
            ),
            (400, body, "The body is not JSON"),
            (
                404,
                path.contains('{'),
                "There is no such thing for this tenant",
            ),
            (
                413,
                rows,
                "There are too many rows, or more than 6 MiB; nothing was taken",
            ),
            (413, body, "The body is too large"),
            (
                415,
                rows,
                "The body is declared as neither JSON nor CSV; nothing was taken",
            ),
            (
                422,
                body || parameters,
                "The request is not valid; `errors` says where and why",
            ),
            (
                429,
                true,
                "The tenant sends requests too fast; `Retry-After` says when to send it again",
            ),
            (
                500,
                true,
                "The request cannot be served; the operator finds the cause in the log",
            ),
            (
                503,
                true,
                "A service behind this one does not answer, or a limit is reached; `Retry-After` says when to send it again",
            ),
        ];
        for (status, _, description) in usual.into_iter().filter(|(_, applies, _)| *applies) {
            let responses = &mut operation.responses.responses;
            let response = responses.entry(status.to_string());
            response.or_insert_with(|| RefOr::T(Response::new(description)));
        }
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response
                && status.as_str() >= "400"
                && response.content.is_empty()
            {
                tell_problem(response, status == "401");
            }
        }
    } else if parameters {
        let response = operation.responses.responses.entry("422".to_owned());
        let mut problem = Response::new("A parameter is there twice");
        tell_problem(&mut problem, false);
        response.or_insert(RefOr::T(problem));
    }
}

/// Whether the body may be a table: rows as JSON or as CSV.
fn takes_rows(operation: &Operation) -> bool {
    matches!(&operation.request_body, Some(RefOr::T(body)) if body.content.contains_key(CSV))
}

/// The gateway, which sees a request first, answers in JSON of its own.
fn tell_problem(response: &mut Response, by_gateway: bool) {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    response
        .content
        .insert(PROBLEM.to_owned(), RefOr::T(problem));
    if by_gateway {
        let message = ObjectBuilder::new()
            .property("message", ObjectBuilder::new().schema_type(Type::String))
            .required("message");
        let content = Content::new(Some(RefOr::T(Schema::from(message))));
        response.content.insert(JSON.to_owned(), RefOr::T(content));
    }
}

/// A response without words of its own is what its schema is.
fn describe_responses(operation: &mut Operation, components: &Components) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if !response.description.is_empty() {
            continue;
        }
        let content = response.content.values().next();
        let schema = match content {
            Some(RefOr::T(content)) => content.schema.as_ref(),
            _ => None,
        };
        let words = match schema.and_then(|schema| resolved(schema, components)) {
            Some(Schema::Object(object)) => object.description.as_deref(),
            Some(Schema::OneOf(one)) => one.description.as_deref(),
            Some(Schema::AllOf(all)) => all.description.as_deref(),
            _ => None,
        };
        let first = words.and_then(|words| words.lines().next());
        let reason = status
            .parse()
            .ok()
            .and_then(|code: u16| StatusCode::from_u16(code).ok());
        response.description = first
            .or(reason.and_then(|status| status.canonical_reason()))
            .unwrap_or("What was asked for")
            .trim_end_matches('.')
            .to_owned();
    }
}
