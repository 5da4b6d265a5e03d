use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::problem::show_to_people;
use crate::request_id::set_request_id;
use crate::spreadsheet::csv_for_spreadsheets;
use crate::{Problem, RequestId, UPLOAD_BYTES_MAX};

/// Seconds after which a request is given up.
pub const REQUEST_SECONDS_MAX: u64 = 120;

/// The nil UUID.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What every route stands in, outermost first: request id, problems as pages, span and metrics, time limit, panics as
/// problems, CSV for spreadsheets, size limit, addresses that hold what nothing is called.
pub fn frame(router: Router) -> Router {
    router
        .fallback(|| async { Problem::not_found("Cette adresse") })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Cette adresse ne connaît pas ce verbe HTTP.",
            )
        })
        .layer(from_fn(refuse_unsound_addresses))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
        .layer(from_fn(csv_for_spreadsheets))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(watch))
        .layer(from_fn(show_to_people))
        .layer(from_fn(set_request_id))
}

/// U+0000 is in no text that PostgreSQL stores, and zeros are nobody's id.
async fn refuse_unsound_addresses(request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    if address.contains("%00") || address.contains(NIL) {
        return Problem::bad_request(
            "L'adresse ne convient pas : elle contient le caractère U+0000, ou un identifiant fait de zéros.",
        )
        .into_response();
    }
    next.run(request).await
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
    use axum::routing::get;
    use http::HeaderMap;
    use http::header::{ACCEPT, CONTENT_TYPE, VARY};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt;

    use super::*;

    const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

    /// What a server with one page, which fails, answers.
    async fn asked(method: Method, path: &str, accept: &str) -> (StatusCode, HeaderMap, String) {
        let fails = || async { Problem::internal(&std::io::Error::other("the database is down")) };
        let refuses = || async { Problem::bad_request("Dites où.") };
        let router = Router::new()
            .route("/fails", get(fails))
            .route("/refuses", get(refuses))
            .route("/panics", get(async || -> () { panic!("by accident") }));
        let request = Request::builder().method(method).uri(path).header(ACCEPT, accept);
        let answer = frame(router)
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_error_is_a_page_for_a_person_and_a_problem_for_a_program() {
        for (method, path, status, words, kind) in [
            (Method::GET, "/liex", 404, "Cette page n'existe pas", "not-found"),
            (
                Method::POST,
                "/fails",
                405,
                "Cette page ne s'ouvre pas ainsi",
                "method-not-allowed",
            ),
            (
                Method::GET,
                "/fails",
                500,
                "Le service ne répond pas en ce moment",
                "internal",
            ),
            (
                Method::GET,
                "/panics",
                500,
                "cela ne change rien à votre chèque",
                "internal",
            ),
            (Method::GET, "/refuses", 400, "Dites où.", "bad-request"),
        ] {
            let (shown, headers, page) = asked(method.clone(), path, BROWSER).await;
            assert_eq!(shown, status, "{path}");
            assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
            assert!(page.contains("<html lang=\"fr\">") && page.contains(words), "{page}");
            assert!(!page.contains("urn:ccn") && !page.contains("database"), "{page}");
            let id = headers["x-request-id"].to_str().unwrap();
            assert_eq!(page.contains(id), status == 500, "{page}");
            let (shown, headers, problem) = asked(method, path, "*/*").await;
            assert_eq!(shown, status, "{path}");
            assert_eq!(headers[CONTENT_TYPE], "application/problem+json", "{path}");
            assert!(problem.contains(&format!("urn:ccn:problem:{kind}")), "{problem}");
            assert_eq!(headers[VARY], "accept", "{path}");
        }
    }

    #[tokio::test]
    async fn an_address_holds_no_zero_byte_and_no_nil_id() {
        for path in ["/refuses?name=a%00b".to_owned(), format!("/things/{NIL}")] {
            let (status, _, problem) = asked(Method::GET, &path, "*/*").await;
            assert_eq!(status, 400, "{path}");
            assert!(problem.contains("U+0000"), "{problem}");
        }
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
