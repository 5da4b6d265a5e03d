use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, Schema, SchemaType, Type};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response};
use utoipa::{Modify, PartialSchema, ToSchema};

use crate::problem::describe_members;
use crate::{LIST_ITEMS_MAX, ProblemBody, TEXT_CHARS_MAX};

const PROBLEM_JSON: &str = "application/problem+json";

/// Describes the problems that operations have in common, so that a handler's annotation lists only those of its own, by their kinds:
/// `(status = 422, description = "`not-funded`")`. Every answer from 400 on gets [`ProblemBody`] as its content.
#[derive(Debug, Clone, Copy)]
pub struct CommonProblems;

impl Modify for CommonProblems {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::default);
        let mut problem = ProblemBody::schema();
        describe_members(&mut problem);
        components.schemas.insert(ProblemBody::name().into_owned(), problem);
        for item in document.paths.paths.values_mut() {
            let verbs = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            verbs.into_iter().flatten().for_each(describe);
        }
    }
}

fn describe(operation: &mut Operation) {
    for status in common(operation) {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.as_str().to_owned())
            .or_insert_with(|| RefOr::T(Response::default()));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            let schema = Ref::from_schema_name(ProblemBody::name());
            let content = RefOr::T(Content::new(Some(schema)));
            response.content.insert(PROBLEM_JSON.to_owned(), content);
        }
    }
}

/// What an operation of this shape may answer whatever it does: a key is looked at, an address and a body are read, what they name is looked
/// for, an id may come back with another content.
fn common(operation: &Operation) -> Vec<StatusCode> {
    let mut statuses = vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::GATEWAY_TIMEOUT];
    // `security(())` says that no key is asked for; without it the document's own requirement holds.
    if operation.security.is_none() {
        statuses.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]);
    }
    let parameters = operation.parameters.iter().flatten();
    let read = parameters
        .filter(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in != ParameterIn::Header));
    if read.count() > 0 || operation.request_body.is_some() {
        statuses.extend([StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND]);
    }
    if let Some(RefOr::T(body)) = &operation.request_body {
        statuses.extend([
            StatusCode::CONFLICT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]);
        if body.content.contains_key("application/json") {
            statuses.push(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
    }
    statuses
}

/// An object that is written into another one (`serde(flatten)`) is described as a part of it (`allOf`). A part that refuses members that it
/// does not name, as what is read must, would refuse those of the whole: as a part it is described without that.
#[derive(Debug, Clone, Copy)]
pub struct OpenParts;

impl Modify for OpenParts {
    fn modify(&self, document: &mut OpenApi) {
        let Some(components) = &mut document.components else {
            return;
        };
        let known = components.schemas.clone();
        for schema in components.schemas.values_mut() {
            open_parts(schema, &known);
        }
    }
}

fn open_parts(schema: &mut RefOr<Schema>, known: &BTreeMap<String, RefOr<Schema>>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::AllOf(whole) => {
            for part in &mut whole.items {
                let RefOr::Ref(named) = &*part else { continue };
                let name = named.ref_location.rsplit('/').next().unwrap_or_default();
                if let Some(RefOr::T(Schema::Object(object))) = known.get(name)
                    && object.additional_properties.is_some()
                {
                    let mut open = object.clone();
                    open.additional_properties = None;
                    *part = RefOr::T(Schema::Object(open));
                }
            }
        }
        Schema::Object(object) => object
            .properties
            .values_mut()
            .for_each(|inner| open_parts(inner, known)),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                open_parts(items, known);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|inner| open_parts(inner, known)),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(|inner| open_parts(inner, known)),
        _ => {}
    }
}

/// What is sent in a JSON body and has no bound of its own has that of every body ([`TEXT_CHARS_MAX`], [`LIST_ITEMS_MAX`]).
#[derive(Debug, Clone, Copy)]
pub struct BodyBounds;

impl Modify for BodyBounds {
    fn modify(&self, document: &mut OpenApi) {
        let Some(components) = &mut document.components else {
            return;
        };
        let bodies = document.paths.paths.values_mut().flat_map(|item| {
            let verbs = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            verbs.into_iter().flatten().filter_map(|it| it.request_body.as_mut())
        });
        let mut named = BTreeSet::new();
        for body in bodies {
            let RefOr::T(body) = body else { continue };
            let Some(RefOr::T(content)) = body.content.get_mut("application/json") else {
                continue;
            };
            if let Some(schema) = &mut content.schema {
                bound(schema, &mut named);
            }
        }
        // What a body names may name more.
        let mut done = BTreeSet::new();
        while let Some(name) = named.difference(&done).next().cloned() {
            if let Some(schema) = components.schemas.get_mut(&name) {
                bound(schema, &mut named);
            }
            done.insert(name);
        }
    }
}

fn bound(schema: &mut RefOr<Schema>, named: &mut BTreeSet<String>) {
    let schema = match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            named.insert(name.to_owned());
            return;
        }
    };
    match schema {
        Schema::Object(object) => {
            let is_text = match &object.schema_type {
                SchemaType::Type(kind) => *kind == Type::String,
                SchemaType::Array(kinds) => kinds.contains(&Type::String),
                SchemaType::AnyValue => false,
            };
            let is_bounded = object.max_length.is_some()
                || object.format.is_some()
                || object.pattern.is_some()
                || object.enum_values.is_some();
            if is_text && !is_bounded {
                object.max_length = Some(TEXT_CHARS_MAX);
            }
            object.properties.values_mut().for_each(|inner| bound(inner, named));
        }
        Schema::Array(array) => {
            array.max_items.get_or_insert(LIST_ITEMS_MAX);
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                bound(items, named);
            }
        }
        Schema::AllOf(whole) => whole.items.iter_mut().for_each(|inner| bound(inner, named)),
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|inner| bound(inner, named)),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(|inner| bound(inner, named)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use utoipa::OpenApi as _;

    use super::*;

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only described")]
    struct NewThing {
        id: u32,
        name: Option<String>,
        since: uuid::Uuid,
        parts: Vec<NewPart>,
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only described")]
    struct NewPart {
        label: String,
        #[schema(max_length = 5)]
        code: String,
    }

    #[derive(serde::Deserialize, serde::Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct AskedFor {
        id: u32,
    }

    #[derive(serde::Serialize, ToSchema)]
    struct Answered {
        #[serde(flatten)]
        asked_for: AskedFor,
        done: bool,
    }

    #[utoipa::path(post, path = "/things/{shelf}", request_body = NewThing, params(("shelf" = u32, Path)),
        responses((status = 201, body = u32), (status = 422, description = "`too-large-a-thing`")))]
    #[expect(dead_code, reason = "only described")]
    fn put_on_shelf() {}

    #[utoipa::path(get, path = "/public", security(()), responses((status = 200, body = u32)))]
    #[expect(dead_code, reason = "only described")]
    fn look() {}

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(put_on_shelf, look), components(schemas(AskedFor, Answered)), modifiers(&CommonProblems, &OpenParts, &BodyBounds))]
    struct Document;

    #[test]
    fn every_operation_has_the_problems_of_its_shape() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let statuses = |path: &str, verb: &str| {
            let responses = document["paths"][path][verb]["responses"].as_object().unwrap().clone();
            responses.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            statuses("/things/{shelf}", "post"),
            "201 400 401 403 404 409 413 415 422 500 504"
        );
        assert_eq!(statuses("/public", "get"), "200 500 504");
        let refused = &document["paths"]["/things/{shelf}"]["post"]["responses"]["422"];
        assert_eq!(refused["description"], "`too-large-a-thing`");
        assert_eq!(
            refused["content"][PROBLEM_JSON]["schema"]["$ref"],
            "#/components/schemas/ProblemBody"
        );
        assert!(document["components"]["schemas"]["ProblemBody"].is_object());
    }

    #[test]
    fn whatever_is_sent_has_a_bound() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let schemas = &document["components"]["schemas"];
        let thing = &schemas["NewThing"]["properties"];
        assert_eq!(thing["name"]["maxLength"], TEXT_CHARS_MAX);
        assert_eq!(thing["parts"]["maxItems"], LIST_ITEMS_MAX);
        assert!(thing["since"]["maxLength"].is_null(), "{thing:#}");
        assert_eq!(schemas["NewPart"]["properties"]["label"]["maxLength"], TEXT_CHARS_MAX);
        assert_eq!(schemas["NewPart"]["properties"]["code"]["maxLength"], 5);
        assert!(schemas["ProblemBody"]["properties"]["title"]["maxLength"].is_null());
    }

    #[test]
    fn a_part_of_an_object_lets_the_other_members_be() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["AskedFor"]["additionalProperties"], false);
        let part = &schemas["Answered"]["allOf"][0];
        assert!(
            part["properties"]["id"].is_object() && part["additionalProperties"].is_null(),
            "{part:#}"
        );
    }
}
