use access::{Caller, Funder, Operator};
use axum::extract::State;
use axum::response::Response;
use catalogue::ProgrammeId;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, CsvFor, Json, NoParameters, Now, Path, Problem, download};

use crate::http::App;
use crate::programme_end::choose::{self, NewUnusedValueChoice, UnusedValueChoice};
use crate::programme_end::issue::{self, StatementFile};
use crate::programme_end::reader;
use crate::programme_end::refund_unused_value::{self, NewUnusedValueRefund, UnusedValueRefund};
use crate::programme_end::respond::{self, NewStatementResponse, StatementResponse};
use crate::programme_end::statement_worker::{self, StatementRound};
use crate::programme_end::view::{self, CalendarView, ExpiryStatementView};
use crate::support::DocumentSigner;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(calendar))
        .routes(routes!(statement))
        .routes(routes!(pdf))
        .routes(routes!(data))
        .routes(routes!(csv))
        .routes(routes!(answer))
        .routes(routes!(choice))
        .routes(routes!(refund_unused))
        .routes(routes!(round))
}

/// The calendar of a programme's end: for its sponsor, its funders, the operator and auditors.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/expiry-calendar", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = CalendarView)))]
async fn calendar(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
) -> Result<Json<CalendarView>, Problem> {
    let (programme, reader) = reader::programme(&pool, &who, id).await?;
    view::calendar(&pool, &programme, reader, at)
        .await
        .map(Json)
        .map_err(internal)
}

/// The adversarial statement of a programme's end, with what was answered and given back.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/expiry-statement", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = ExpiryStatementView)))]
async fn statement(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
) -> Result<Json<ExpiryStatementView>, Problem> {
    let (programme, reader) = reader::programme(&pool, &who, id).await?;
    let mut tx = ledger::read::snapshot(&pool).await.map_err(internal)?;
    let statement = view::statement(&mut tx, &programme, &who, reader, at)
        .await
        .map_err(internal)?;
    statement.map(Json).ok_or_else(no_statement)
}

/// The statement as a signed PDF, as it was issued.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/expiry-statement.pdf", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, description = "Signed (PAdES)", content_type = "application/pdf")))]
async fn pdf(who: Caller, State(pool): State<PgPool>, Path(id): Path<ProgrammeId>) -> Result<Response, Problem> {
    file(
        &pool,
        &who,
        id,
        StatementFile::Pdf,
        "application/pdf",
        "etat-contradictoire.pdf",
    )
    .await
}

/// The statement's data as canonical JSON (RFC 8785), as they were issued.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/expiry-statement.json", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, description = "Its SHA-256 is in the signed PDF", body = serde_json::Value, content_type = "application/json")))]
async fn data(who: Caller, State(pool): State<PgPool>, Path(id): Path<ProgrammeId>) -> Result<Response, Problem> {
    file(
        &pool,
        &who,
        id,
        StatementFile::Data,
        "application/json",
        "etat-contradictoire.json",
    )
    .await
}

/// The statement's sums as CSV, as they were issued.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/expiry-statement.csv", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), CsvFor),
    responses((status = 200, description = "Its SHA-256 is in the signed PDF; for a spreadsheet it has another", content_type = "text/csv")))]
async fn csv(who: Caller, State(pool): State<PgPool>, Path(id): Path<ProgrammeId>) -> Result<Response, Problem> {
    file(
        &pool,
        &who,
        id,
        StatementFile::Csv,
        "text/csv; charset=utf-8",
        "etat-contradictoire.csv",
    )
    .await
}

async fn file(
    pool: &PgPool,
    who: &Caller,
    id: ProgrammeId,
    kind: StatementFile,
    content_type: &'static str,
    name: &str,
) -> Result<Response, Problem> {
    reader::programme(pool, who, id).await?;
    let bytes = issue::file(pool, id, kind).await.map_err(internal)?;
    Ok(download(bytes.ok_or_else(no_statement)?, content_type, name))
}

/// Accepts or contests a statement: its sponsor and the funders that it names, until its last day. Every answer is kept.
#[utoipa::path(post, path = "/funding/v1/programmes/{programme}/expiry-statement/responses", tag = "funding",
    request_body = NewStatementResponse, params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = StatementResponse),
        (status = 200, description = "Answered before", body = StatementResponse),
        (status = 422, description = "`no-reasons`, `contest-over`")))]
async fn answer(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewStatementResponse>,
) -> Result<Created<StatementResponse>, Problem> {
    reader::programme(&pool, &who, id).await?;
    database::transaction(&pool, "respond_to_statement", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { respond::respond(tx, &who, id, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// A funder chooses what becomes of its unused value: a credit for its next order, or back to its bank account.
#[utoipa::path(post, path = "/funding/v1/programmes/{programme}/expiry-statement/choices", tag = "funding",
    request_body = NewUnusedValueChoice, params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = UnusedValueChoice),
        (status = 200, description = "Chosen before", body = UnusedValueChoice),
        (status = 422, description = "`contest-over`")))]
async fn choice(
    who: Funder,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewUnusedValueChoice>,
) -> Result<Created<UnusedValueChoice>, Problem> {
    reader::programme(&pool, &who, id).await?;
    database::transaction(&pool, "choose_unused_value", |tx| {
        let who = who.clone();
        Box::pin(async move { choose::choose(tx, &who, id, new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Gives back to each funder what a statement owes it, once its last day has passed: by the funder's choice, or the default.
#[utoipa::path(post, path = "/funding/v1/programmes/{programme}/expiry-statement/refunds", tag = "funding",
    request_body = NewUnusedValueRefund, params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Vec<UnusedValueRefund>),
        (status = 200, description = "All was given back before", body = Vec<UnusedValueRefund>),
        (status = 422, description = "`too-early`, `statement-contested`")))]
async fn refund_unused(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewUnusedValueRefund>,
) -> Result<Created<Vec<UnusedValueRefund>>, Problem> {
    let (programme, _) = reader::programme(&pool, &who, id).await?;
    refund_unused_value::refund_unused_value(&pool, &who, &programme, &new, at)
        .await
        .map_err(Problem::from)
}

/// Does now what is due of every statement, as the clock does every hour.
#[utoipa::path(post, path = "/funding/v1/expiry/statement-rounds", tag = "funding", request_body = NoParameters,
    responses((status = 200, body = StatementRound)))]
async fn round(
    _: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(documents): State<DocumentSigner>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Json<StatementRound>, Problem> {
    statement_worker::round(&pool, &documents, at)
        .await
        .map(Json)
        .map_err(internal)
}

fn no_statement() -> Problem {
    Problem::not_found("L'état contradictoire de ce dispositif")
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn internal(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}
