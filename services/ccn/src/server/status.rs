//! The page at `/etat`: what runs here and where to read on, for whoever runs it or calls it. No JavaScript.

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::get;

use crate::server::service::Service;

const PATH: &str = "/etat";

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{max-width:44rem;margin:0 auto;padding:1.5rem;font:1.125rem/1.6 system-ui,sans-serif;color:#1b1b1b;background:#fff}\
h1{font-size:1.75rem;line-height:1.25}h2{font-size:1.25rem;margin-top:2rem}\
a{color:#00419c}a:focus-visible{outline:3px solid #00419c;outline-offset:2px}\
code{font:1em/1.5 ui-monospace,monospace}\
@media(prefers-color-scheme:dark){body{color:#f2f2f2;background:#161616}a{color:#9ec5ff}a:focus-visible{outline-color:#9ec5ff}}";

/// The status page of a process that runs `services`. Where the public's pages are not served, the address of the site leads to it.
pub fn routes(services: &[Service]) -> Router {
    let page = page(services);
    let routes = Router::new().route(PATH, get(async || Html(page)));
    if services.contains(&Service::Redemption) {
        routes
    } else {
        routes.route("/", get(async || Redirect::temporary(PATH)))
    }
}

fn page(services: &[Service]) -> String {
    let item = |service: &Service| format!("<li><code>{service}</code> – {}</li>\n", service.french());
    let items = services.iter().map(item).collect::<Vec<_>>().concat();
    let people = if services.contains(&Service::Redemption) {
        "<h2>Pour le public</h2>\n<ul>\n<li><a href=\"/lieux\">Où utiliser un chèque ?</a></li>\n\
         <li><a href=\"/v\">Qu'est-ce que ce chèque ?</a> – la page qu'ouvre le code QR</li>\n</ul>\n"
    } else {
        ""
    };
    format!(
        "<!doctype html>\n<html lang=\"fr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Chèque culture numérique – état du service</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Chèque culture numérique : état du service</h1>\n<p>Le service fonctionne. Version {}.</p>\n\
         <h2>Ce qui tourne ici</h2>\n<ul>\n{items}</ul>\n{people}\
         <h2>Pour aller plus loin</h2>\n<ul>\n\
         <li><a href=\"/openapi.json\">Description de l'interface (OpenAPI)</a></li>\n\
         <li><a href=\"/catalogue/v1/programmes\">Dispositifs ouverts (JSON)</a></li>\n\
         <li><a href=\"/catalogue/v1/services\">Catalogue des services (JSON)</a></li>\n\
         <li><a href=\"/health/ready\">Prêt à travailler ?</a></li>\n\
         <li><a href=\"/metrics\">Mesures (Prometheus)</a></li>\n</ul>\n</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_what_runs_and_nothing_else() {
        let page = page(&[Service::Redemption]);
        assert!(page.contains("<code>redemption</code>") && !page.contains("<code>issuer</code>"));
        assert!(page.contains("href=\"/lieux\"") && !super::page(&[Service::Funding]).contains("/lieux"));
        assert!(page.contains("<html lang=\"fr\">") && !page.contains("<script"));
    }
}
