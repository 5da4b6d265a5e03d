//! Problems as pages, for whoever reads them in a browser.

use std::sync::LazyLock;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use http::header::{ACCEPT, ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

/// What a problem says, kept beside its JSON until it is known who reads it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub title: String,
    pub detail: Option<String>,
    pub request_id: Option<String>,
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2526;--soft:#475254;--paper:#fff;--link:#0b5d56;--focus:#b34700}\
@media(prefers-color-scheme:dark){:root{--ink:#eef3f2;--soft:#b7c4c2;--paper:#14191a;--link:#7fd6c8;--focus:#ffb36b}}\
html{font-size:125%}\
body{margin:0;color:var(--ink);background:var(--paper);font-family:Verdana,'DejaVu Sans',sans-serif;line-height:1.5;overflow-wrap:break-word}\
header{background:#073f3a;color:#fff;padding:.7rem 1rem}header p,main{max-width:36rem;margin:0 auto}header p{font-weight:700}\
main{padding:1rem 1rem 2rem}h1{font-size:1.5rem;line-height:1.2}a{color:var(--link)}\
:focus-visible{outline:3px solid var(--focus);outline-offset:3px}.hint{color:var(--soft);font-size:.9rem}";

/// The page loads nothing; its one style is named by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 is ASCII")
});

/// Answers a browser with a page where a program gets problem+json; the status is the same.
pub(crate) async fn show_to_people(request: Request, next: Next) -> Response {
    let reads_pages = prefers_html(request.headers());
    let mut problem = next.run(request).await;
    let Some(said) = problem.extensions_mut().remove::<Said>() else {
        return problem;
    };
    problem.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    if !reads_pages {
        return problem;
    }
    let status = problem.status();
    let mut page = (status, page(status, &said).into_string()).into_response();
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    for name in [VARY, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE] {
        for value in problem.headers().get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    page
}

/// Whether HTML is named, and JSON not named as what is liked as well or better. Who accepts anything gets what programs get.
fn prefers_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter();
    let ranges = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let (mut html, mut json) = (0, 0);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
        match media.as_str() {
            "text/html" | "application/xhtml+xml" => html = html.max(quality),
            "application/json" | "application/problem+json" => json = json.max(quality),
            _ => {}
        }
    }
    html > json
}

/// A weight of RFC 9110 § 12.4.2: at most three decimals. What is no weight weighs nothing.
fn thousandths(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    match whole {
        "1" => 1000,
        "0" => format!("{decimals:0<3}")
            .get(..3)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        _ => 0,
    }
}

fn page(status: StatusCode, said: &Said) -> Markup {
    let (title, words) = words(status, said);
    html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – Chèque culture numérique" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { p { "Chèque culture numérique" } }
                main {
                    h1 { (title) }
                    @for text in words { p { (text) } }
                    p { a href="/" { "Page d'accueil" } }
                    @if let Some(id) = said.request_id.as_ref().filter(|_| status.is_server_error()) {
                        p.hint { "Si cela dure, donnez ce numéro à qui s'occupe du service : " (id) }
                    }
                }
            }
        }
    }
}

/// Plain words for what a person can meet; for the rest, the problem's own.
fn words(status: StatusCode, said: &Said) -> (&str, Vec<&str>) {
    match status {
        StatusCode::NOT_FOUND => (
            "Cette page n'existe pas",
            vec!["Vérifiez l'adresse, ou repartez de la page d'accueil."],
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "Cette page ne s'ouvre pas ainsi",
            vec!["Repartez de la page d'accueil."],
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (
            "Cette page est réservée",
            vec!["Elle sert aux logiciels des organisations, avec leur clé d'accès."],
        ),
        status if status.is_server_error() => (
            "Le service ne répond pas en ce moment",
            vec![
                "Ce n'est pas votre faute, et cela ne change rien à votre chèque.",
                "Réessayez dans quelques minutes.",
            ],
        ),
        _ => (
            said.title.trim_end_matches('.'),
            said.detail.iter().map(String::as_str).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefers(accept: &'static str) -> bool {
        prefers_html(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn a_browser_prefers_a_page_and_a_program_does_not() {
        assert!(prefers(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        ));
        assert!(prefers("application/json;q=0.25, text/html; q=0.5"));
        for program in [
            "*/*",
            "application/json, text/plain, */*",
            "application/json, text/html",
            "text/html;q=0.1, application/problem+json;q=0.2",
            "text/html;q=0",
            "text/html;q=much",
            "text/csv",
            "",
        ] {
            assert!(!prefers(program), "{program}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }

    #[test]
    fn what_a_caller_sent_is_shown_as_text() {
        let said = Said {
            title: "La demande est illisible.".to_owned(),
            detail: Some("<script>alert(1)</script>".to_owned()),
            request_id: Some("an id".to_owned()),
        };
        let page = page(StatusCode::BAD_REQUEST, &said).into_string();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
        assert!(
            page.contains("<h1>La demande est illisible</h1>") && !page.contains("an id"),
            "{page}"
        );
    }
}
