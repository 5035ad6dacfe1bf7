//! What operations say alike, attached in one place: the scopes they demand, the path's parameters, the problems they may
//! answer. A route spells only what is its own.

use super::{Demands, Scope};
use crate::domain::marketplace::Marketplace;
use axum::http::StatusCode;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Components, Content, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response,
};
use utoipa_axum::router::OpenApiRouter;

/// The token's name in the document.
pub const TOKEN: &str = "platform_token";
const JSON: &str = "application/json";
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
    let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let (description, schema) = match name {
        "connection" => ("The connection's id", text.max_length(Some(64))),
        "marketplace" => (
            "Country code of the marketplace as Amazon writes it",
            text.enum_values(Some(Marketplace::ALL.map(Marketplace::country)))
                .examples(["UK"]),
        ),
        "courier" => (
            "The courier's code",
            text.pattern(Some(r"^[A-Za-z0-9._-]{1,32}$"))
                .examples(["DPD"]),
        ),
        "order" => ("Amazon's order id", text.max_length(Some(64))),
        "feed" => (
            "The feed's id here, not Amazon's",
            text.max_length(Some(64)),
        ),
        _ => ("", text),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description((!description.is_empty()).then_some(description))
        .schema(Some(schema))
        .build()
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
    if operation.security != Some(vec![SecurityRequirement::default()]) {
        let usual = [
            (401, true, "There is no valid token, or it names no tenant"),
            (403, true, "The token lacks a scope"),
            (400, body, "The body is not JSON"),
            (
                404,
                path.contains('{'),
                "There is no such thing for this tenant",
            ),
            (413, body, "The body is too large"),
            (
                422,
                body || parameters,
                "The request is not valid; `errors` says where and why",
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

/// The gateway, which sees a request first, answers in JSON of its own.
fn tell_problem(response: &mut Response, by_gateway: bool) {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    response
        .content
        .insert(PROBLEM.to_owned(), RefOr::T(problem));
    if by_gateway {
        let message = ObjectBuilder::new()
            .property(
                "message",
                ObjectBuilder::new().schema_type(SchemaType::new(Type::String)),
            )
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
