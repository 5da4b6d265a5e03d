use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Uri, header};
use serde::Deserialize;
use standards::spreadsheet::FrenchCsv;
use utoipa::IntoParams;

/// The parameter of a route that answers with CSV; every such route has it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "only its description is used: the parameter is taken before a handler sees the query"
)]
pub struct CsvFor {
    /// `tableur`: for a French spreadsheet, with semicolons, decimal commas and a byte order mark. Without it the CSV is RFC 4180's.
    pour: Option<String>,
}

/// Answers CSV as a French spreadsheet opens it, when `?pour=tableur` asks for that.
pub(crate) async fn csv_for_spreadsheets(mut request: Request, next: Next) -> Response {
    let Some(uri) = without_parameter(request.uri()) else {
        return next.run(request).await;
    };
    *request.uri_mut() = uri;
    let response = next.run(request).await;
    let content_type = response.headers().get(header::CONTENT_TYPE);
    if content_type.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/csv")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Both speak of the other bytes.
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::ETAG);
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, kind);
    Response::from_parts(parts, french(body.into_data_stream()))
}

/// The address without `pour=tableur`, if it has it.
fn without_parameter(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    let is_asked = |pair: &&str| *pair == "pour=tableur";
    query.split('&').find(is_asked)?;
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_asked(pair)).collect();
    let separator = if rest.is_empty() { "" } else { "?" };
    let path = format!("{}{separator}{}", uri.path(), rest.join("&"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Piece by piece, as the rows come.
fn french(csv: BodyDataStream) -> Body {
    let pieces = stream::unfold(Some((csv, FrenchCsv::default())), |state| async move {
        let (mut csv, mut french) = state?;
        match csv.next().await {
            Some(Ok(piece)) => Some((Ok(french.push(&piece)), Some((csv, french)))),
            Some(Err(error)) => Some((Err(error), None)),
            None => Some((Ok(french.end()), None)),
        }
    });
    Body::from_stream(pieces)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;
    use crate::{NoParameters, Query, download, frame};

    async fn asked(path: &str) -> (StatusCode, String) {
        let csv = || async {
            download(
                b"nom,montant\nDijon,12.50\n".to_vec(),
                "text/csv; charset=utf-8",
                "a.csv",
            )
        };
        let router = Router::new()
            .route("/a.csv", get(move |Query(NoParameters {}): Query<NoParameters>| csv()))
            .route("/a.json", get(|| async { "{\"a\": 1.5}" }));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = frame(router).oneshot(request).await.unwrap();
        let (status, length) = (
            response.status(),
            response.headers().get(header::CONTENT_LENGTH).cloned(),
        );
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        if let Some(length) = length {
            assert_eq!(length.to_str().unwrap(), body.len().to_string());
        }
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_csv_is_for_machines_unless_a_spreadsheet_asks() {
        let plain = "nom,montant\nDijon,12.50\n".to_owned();
        let french = "\u{FEFF}nom;montant\r\nDijon;12,50\r\n".to_owned();
        assert_eq!(asked("/a.csv").await, (StatusCode::OK, plain));
        assert_eq!(asked("/a.csv?pour=tableur").await, (StatusCode::OK, french));
        assert_eq!(asked("/a.json?pour=tableur").await.1, "{\"a\": 1.5}");
        assert_eq!(asked("/a.csv?pour=imprimante").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(
            asked("/a.csv?x=1&pour=tableur").await.0,
            StatusCode::BAD_REQUEST,
            "the rest stays"
        );
    }
}
