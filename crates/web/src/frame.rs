use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::request_id::set_request_id;
use crate::spreadsheet::csv_for_spreadsheets;
use crate::{Problem, RequestId, UPLOAD_BYTES_MAX};

/// Seconds after which a request is given up.
pub const REQUEST_SECONDS_MAX: u64 = 120;

/// What a browser shows for an address that does not exist.
const NO_SUCH_PAGE: &str = "\
<!doctype html>\n<html lang=\"fr\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<title>Cette page n'existe pas – Chèque culture numérique</title>\n\
<link rel=\"icon\" href=\"data:,\">\n<style>:root{color-scheme:light dark}body{max-width:44rem;margin:0 auto;padding:1.5rem;font:1.125rem/1.6 system-ui,sans-serif}\
h1{font-size:1.75rem;line-height:1.25}</style>\n</head>\n<body>\n<main>\n\
<h1>Cette page n'existe pas</h1>\n<p>Vérifiez l'adresse, ou repartez de <a href=\"/\">la page d'accueil</a>.</p>\n\
</main>\n</body>\n</html>\n";

/// What every route stands in, outermost first: request id, span and metrics, time limit, panics as problems, CSV for
/// spreadsheets, size limit.
pub fn frame(router: Router) -> Router {
    router
        .fallback(no_such_page)
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Cette adresse ne connaît pas ce verbe HTTP.",
            )
        })
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
        .layer(from_fn(csv_for_spreadsheets))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(watch))
        .layer(from_fn(set_request_id))
}

/// A person who mistyped an address in a browser reads a page, a program the same as a problem.
async fn no_such_page(headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accepted.is_some_and(|accept| accept.contains("text/html")) {
        (StatusCode::NOT_FOUND, Html(NO_SUCH_PAGE)).into_response()
    } else {
        Problem::not_found("Cette adresse").into_response()
    }
}

/// Only the route's pattern is logged, never the address: an id in a path may name a person's booklet. What a caller makes up is never a
/// label: a series is kept for each for ever.
async fn watch(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0)
        .unwrap_or_default();
    let span = tracing::info_span!("request", %id, method, route);
    let answer =
        tokio::time::timeout(Duration::from_secs(REQUEST_SECONDS_MAX), next.run(request)).instrument(span.clone());
    let response = answer.await.unwrap_or_else(|_| {
        Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            "La demande a pris trop de temps.",
        )
        .detail("Réessayez avec le même identifiant : rien ne sera fait deux fois.")
        .into_response()
    });
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    span.in_scope(|| {
        tracing::info!(
            status,
            micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    metrics::histogram!("ccn_http_request_seconds",
        "method" => method, "route" => route, "status" => status.to_string())
    .record(elapsed);
    response
}

/// The method, if it is one that a route may have: any word is a method in HTTP.
fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|&word| word == method.as_str());
    known.unwrap_or("other")
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Problem::internal(&std::io::Error::other(format!("panic: {said}"))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt;

    use super::*;

    async fn asked_with(accept: &str) -> (StatusCode, String) {
        let request = Request::builder().uri("/liex").header(header::ACCEPT, accept);
        let answer = frame(Router::new())
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_mistyped_address_is_a_page_for_a_person_and_a_problem_for_a_program() {
        let (status, page) = asked_with("text/html,application/xhtml+xml,*/*;q=0.8").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(page.contains("<html lang=\"fr\">") && page.contains("n'existe pas"));
        let (status, problem) = asked_with("*/*").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(problem.contains("urn:ccn:problem:not-found"), "{problem}");
    }

    #[test]
    fn made_up_methods_make_no_series_of_their_own() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let app = frame(Router::new());
        metrics::with_local_recorder(&recorder, || {
            for method in (0..50).map(|n| format!("MADE-UP-{n}")).chain(["GET".to_owned()]) {
                let request = Request::builder().method(method.as_str()).body(Body::empty()).unwrap();
                runtime.block_on(app.clone().oneshot(request)).unwrap();
            }
        });
        let rendered = recorder.handle().render();
        assert!(!rendered.contains("MADE-UP"), "{rendered}");
        let counted = |method: &str| rendered.contains(&format!("_count{{method=\"{method}\""));
        assert!(counted("other") && counted("GET"), "{rendered}");
    }
}
