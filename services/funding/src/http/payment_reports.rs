use std::sync::Arc;

use access::Operator;
use axum::extract::State;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Bytes, Created, Json, Now, Path, Problem};

use crate::http::App;
use crate::payments::payment_report::{self, PaymentReportFileView, PaymentReportView};
use crate::support::ids::PaymentReportId;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(load_payment_report))
        .routes(routes!(get_payment_report))
}

/// Loads the bank's reports on payment files (pain.002.001.03 or .10): what they reject goes back to what it paid.
///
/// A file may hold several complete documents, one after the other: all of them are loaded, or none. Those that were loaded before are
/// passed over.
#[utoipa::path(post, path = "/funding/v1/payment-status-reports", tag = "funding",
    request_body(content = String, content_type = "application/xml"),
    responses((status = 201, body = PaymentReportFileView),
        (status = 200, description = "The same file was loaded before", body = PaymentReportFileView),
        (status = 422, description = "`payment-report-invalid`, `payment-report-unknown-file`, `payment-report-too-early`, `payment-report-already-loaded`")))]
async fn load_payment_report(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Bytes(file): Bytes,
) -> Result<Created<PaymentReportFileView>, Problem> {
    let parsed = tokio::task::spawn_blocking(move || payment_report::parse(file.to_vec()))
        .await
        .map_err(|error| Problem::internal(&error))??;
    let parsed = Arc::new(parsed);
    database::transaction(&pool, "load_payment_report", |tx| {
        let (who, parsed) = (who.clone(), Arc::clone(&parsed));
        Box::pin(async move { payment_report::load(tx, &who, &parsed, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// A report as it was understood.
#[utoipa::path(get, path = "/funding/v1/payment-status-reports/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The report")),
    responses((status = 200, body = PaymentReportView)))]
async fn get_payment_report(
    _: Operator,
    State(pool): State<PgPool>,
    Path(id): Path<PaymentReportId>,
) -> Result<Json<PaymentReportView>, Problem> {
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let mut connection = pool.acquire().await.map_err(internal)?;
    let view = payment_report::read(&mut connection, id).await.map_err(internal)?;
    view.map(Json).ok_or_else(|| Problem::not_found("Ce compte rendu"))
}
