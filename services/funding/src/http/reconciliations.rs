//! Reconciliation runs: made, listed, read, compared.

use std::sync::Arc;

use access::{Operator, OperatorOrAuditor};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sealed_log::NoteKey;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, CsvFor, Json, Now, Page, PageQuery, Path, Problem, detach_from_request, download};

use crate::controls::reconciliation::{
    self, Comparison, NewReconciliation, Nightly, RunLine, RunRequest, RunTrigger, RunView, Stored,
};
use crate::http::{App, internal};
use crate::support::ids::ReconciliationId;

/// Without the key, which also signs checkpoints, runs are read and none is made.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(reconcile, list_runs))
        .routes(routes!(get_run))
        .routes(routes!(get_signed))
        .routes(routes!(get_text))
        .routes(routes!(get_csv))
        .routes(routes!(compare_runs))
}

async fn stored(pool: &PgPool, id: ReconciliationId) -> Result<Stored, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let stored = reconciliation::read(&mut connection, id).await.map_err(internal)?;
    stored.ok_or_else(|| Problem::not_found("Ce rapprochement"))
}

/// Compares the bank, the books and the records now, and keeps the signed result. One run at a time.
#[utoipa::path(post, path = "/funding/v1/reconciliations", tag = "funding", request_body = NewReconciliation,
    responses((status = 201, body = RunView), (status = 200, description = "Run before", body = RunView),
        (status = 409, description = "`reconciliation-under-way`"),
        (status = 503, description = "`no-checkpoint-key`")))]
async fn reconcile(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(key): State<Option<Arc<NoteKey>>>,
    State(nightly): State<Nightly>,
    Json(new): Json<NewReconciliation>,
) -> Result<Created<RunView>, Problem> {
    let key = key.ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no-checkpoint-key",
            "Ce service ne peut pas signer de rapprochement.",
        )
        .detail("Donnez-lui la clé des points de contrôle (--checkpoint-key-file), puis réessayez.")
    })?;
    let request = RunRequest {
        id: new.id,
        at,
        occasion: RunTrigger::Request,
        night: None,
        break_days_max: nightly.break_days_max,
    };
    // Large books are read for minutes.
    let made = detach_from_request(async move { reconciliation::run(&pool, &key, &request, Some(&who)).await });
    Ok(made.await??.map(RunView::from))
}

/// The runs, newest first.
#[utoipa::path(get, path = "/funding/v1/reconciliations", tag = "funding", params(PageQuery::<i32>),
    responses((status = 200, body = Page<RunLine>)))]
async fn list_runs(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    page: PageQuery<i32>,
) -> Result<Json<Page<RunLine>>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = reconciliation::list(&mut connection, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}

/// A run: every invariant with both its sides, every break, the statements and the checkpoint that it covers.
#[utoipa::path(get, path = "/funding/v1/reconciliations/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, body = RunView)))]
async fn get_run(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path(id): Path<ReconciliationId>,
) -> Result<Json<RunView>, Problem> {
    Ok(Json(stored(&pool, id).await?.into()))
}

/// Its signed file (C2SP signed-note), which `ccn verify reconciliation` proves alone.
#[utoipa::path(get, path = "/funding/v1/reconciliations/{id}/signed", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn get_signed(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path(id): Path<ReconciliationId>,
) -> Result<Response, Problem> {
    let run = stored(&pool, id).await?;
    Ok(file(run.file(), "text/plain; charset=utf-8", &run, "note"))
}

/// The same for people, as text in French.
#[utoipa::path(get, path = "/funding/v1/reconciliations/{id}/report.txt", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn get_text(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path(id): Path<ReconciliationId>,
) -> Result<Response, Problem> {
    let run = stored(&pool, id).await?;
    Ok(file(
        reconciliation::text(&run),
        "text/plain; charset=utf-8",
        &run,
        "txt",
    ))
}

/// Its invariants and breaks as CSV.
#[utoipa::path(get, path = "/funding/v1/reconciliations/{id}/report.csv", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The run"), CsvFor),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn get_csv(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path(id): Path<ReconciliationId>,
) -> Result<Response, Problem> {
    let run = stored(&pool, id).await?;
    let bytes = reconciliation::csv(&run.document).map_err(|error| Problem::internal(&error))?;
    Ok(file(bytes, "text/csv; charset=utf-8", &run, "csv"))
}

/// What changed between two runs: invariants whose sides moved, breaks opened, closed or changed.
#[utoipa::path(get, path = "/funding/v1/reconciliations/{id}/compare/{other}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "One run"), ("other" = uuid::Uuid, Path, description = "Another, earlier or later")),
    responses((status = 200, body = Comparison)))]
async fn compare_runs(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path((id, other)): Path<(ReconciliationId, ReconciliationId)>,
) -> Result<Json<Comparison>, Problem> {
    let (one, other) = (stored(&pool, id).await?, stored(&pool, other).await?);
    Ok(Json(reconciliation::compare(&one.document, &other.document)))
}

fn file(content: impl Into<Vec<u8>>, content_type: &'static str, run: &Stored, extension: &str) -> Response {
    let name = format!("rapprochement-{}.{extension}", run.document.number);
    download(content.into(), content_type, &name)
}
