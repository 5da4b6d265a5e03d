//! The description of the HTTP interface, made from the code and served at `/openapi.json`.

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, OpenApi, OpenApiBuilder};

/// The name of the security scheme in the document.
const API_KEY: &str = "api_key";

const DESCRIPTION: &str = "Les montants sont des textes à deux décimales, en euros. Chaque création porte un identifiant \
choisi par l'appelant : la répéter ne fait rien deux fois (201 la première fois, 200 ensuite, 409 si le contenu diffère). \
Les erreurs suivent la RFC 9457.";

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
pub fn routes(document: &OpenApi) -> Router {
    let json = document.to_json().expect("the document holds plain data");
    Router::new().route(
        "/openapi.json",
        get(async || ([(CONTENT_TYPE, "application/json")], json)),
    )
}
