use std::collections::BTreeMap;

use http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response};
use utoipa::{Modify, PartialSchema, ToSchema};

use crate::ProblemBody;

const PROBLEM_JSON: &str = "application/problem+json";

/// Describes the problems that operations have in common, so that a handler's annotation lists only those of its own, by their kinds:
/// `(status = 422, description = "`not-funded`")`. Every answer from 400 on gets [`ProblemBody`] as its content.
#[derive(Debug, Clone, Copy)]
pub struct CommonProblems;

impl Modify for CommonProblems {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::default);
        components
            .schemas
            .insert(ProblemBody::name().into_owned(), ProblemBody::schema());
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
    let mut statuses = vec![StatusCode::INTERNAL_SERVER_ERROR];
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

#[cfg(test)]
mod tests {
    use utoipa::OpenApi as _;

    use super::*;

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only described")]
    struct NewThing {
        id: u32,
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
    #[openapi(paths(put_on_shelf, look), components(schemas(AskedFor, Answered)), modifiers(&CommonProblems, &OpenParts))]
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
            "201 400 401 403 404 409 413 415 422 500"
        );
        assert_eq!(statuses("/public", "get"), "200 500");
        let refused = &document["paths"]["/things/{shelf}"]["post"]["responses"]["422"];
        assert_eq!(refused["description"], "`too-large-a-thing`");
        assert_eq!(
            refused["content"][PROBLEM_JSON]["schema"]["$ref"],
            "#/components/schemas/ProblemBody"
        );
        assert!(document["components"]["schemas"]["ProblemBody"].is_object());
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
