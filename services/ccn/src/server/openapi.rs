//! The description of the HTTP interface, made from the code and served at `/openapi.json`.

mod roles;

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use utoipa::Modify;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, OpenApi, OpenApiBuilder, RefOr};
use web::{BodyBounds, CommonProblems, OpenParts};

/// The name of the security scheme in the document.
const API_KEY: &str = "api_key";

const DESCRIPTION: &str = "Les montants sont des textes à deux décimales, en euros. Chaque création porte un identifiant \
choisi par l'appelant : la répéter ne fait rien deux fois (201 la première fois, 200 ensuite, 409 si le contenu diffère). \
Les erreurs suivent la RFC 9457 ; « field » nomme le champ qui ne convient pas. \
Partout, le caractère U+0000, un identifiant de zéros et une année de plus de quatre chiffres sont refusés. « x-roles » dit quels rôles peuvent appeler une opération ; sans lui, \
ceux que ce qui est demandé concerne.";

/// The document without paths: title, version, how to show who one is.
pub fn document() -> OpenApi {
    let mut info = Info::new("Chèque culture numérique", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("ccn_…")
        .description(Some("La clé d'accès d'une organisation"))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme(API_KEY, SecurityScheme::Http(bearer))
                .build(),
        ))
        .security(Some([SecurityRequirement::new(API_KEY, Vec::<String>::new())]))
        .build()
}

/// `/openapi.json`, written once.
pub fn routes(mut document: OpenApi) -> Router {
    CommonProblems.modify(&mut document);
    OpenParts.modify(&mut document);
    BodyBounds.modify(&mut document);
    complete(&mut document);
    let json = document.to_json().expect("the document holds plain data");
    Router::new().route(
        "/openapi.json",
        get(async || ([(CONTENT_TYPE, "application/json")], json)),
    )
}

/// OpenAPI 3.1 wants a unique id of every operation (here its verb and path) and a description of every response; where a
/// route has nothing to add, its status says it.
fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
        ];
        for (verb, operation) in operations {
            let Some(operation) = operation else { continue };
            roles::describe(verb, path, operation);
            operation.operation_id = Some(format!("{verb}{}", path.replace('/', "_").replace(['{', '}'], "")));
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    meaning(status).clone_into(&mut response.description);
                }
            }
        }
    }
}

fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Voici, ou : déjà fait par une demande identique",
        "201" => "Fait",
        "204" => "Fait, rien à ajouter",
        "400" => "La demande est illisible",
        "401" => "Clé d'accès absente ou inconnue",
        "403" => "Votre organisation n'a pas ce droit",
        "404" => "N'existe pas ou ne vous est pas visible",
        "409" => "Cet identifiant a déjà servi pour autre chose",
        "413" => "Le fichier envoyé est trop grand",
        "415" => "Le corps de la demande n'est pas du type attendu",
        "500" => "Une erreur est survenue de notre côté",
        "503" => "Trop de demandes : réessayez",
        "504" => "La demande a pris trop de temps : réessayez avec le même identifiant",
        _ => "Refusé, avec la raison",
    }
}
