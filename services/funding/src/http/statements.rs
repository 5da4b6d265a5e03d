use std::sync::Arc;

use access::{Operator, OperatorOrAuditor};
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Bytes, Created, Json, Now, Page, PageQuery, Path, Problem, Query};

use crate::bank::statement::{self, StatementFileView, StatementRow, StatementView};
use crate::http::App;
use crate::http::internal;
use crate::{support::FundAccount, support::ids::StatementId};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(load_statement, get_statement))
        .routes(routes!(list_statements))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    /// The bank's number of this statement (`ElctrncSeqNb`), after `statement-number`: the bank confirms that none is missing before it.
    confirmed_number: Option<u64>,
}

/// Loads a bank's file of statements (camt.053, versions 001.02 to 001.13, or CFONB 120, known by its content) and matches their lines.
/// All statements of the fund's account in it are loaded, or none; those of other accounts are left out, and named.
#[utoipa::path(put, path = "/funding/v1/statements/{id}", tag = "funding",
    request_body(content = String, content_type = "application/xml"),
    params(("id" = uuid::Uuid, Path, description = "Made by the caller; the first new statement of the file has it"), Confirmed),
    responses((status = 201, body = StatementFileView),
        (status = 200, description = "All that the file holds was loaded before", body = StatementFileView),
        (status = 422, description = "`statement-gap`, `statement-order`, `statement-number`, `statement-invalid`, `statement-other-account`, `statement-already-loaded`, `statement-overdrawn`")))]
async fn load_statement(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path(id): Path<StatementId>,
    Query(Confirmed { confirmed_number }): Query<Confirmed>,
    Bytes(file): Bytes,
) -> Result<Created<StatementFileView>, Problem> {
    // A large file keeps the processor busy for a while: other requests go on meanwhile.
    let parsed = tokio::task::spawn_blocking(move || statement::parse(file.to_vec(), &fund))
        .await
        .map_err(|error| Problem::internal(&error))??;
    let parsed = Arc::new(parsed);
    database::transaction(&pool, "load_statement", |tx| {
        let (who, parsed) = (who.clone(), Arc::clone(&parsed));
        Box::pin(async move { statement::load(tx, &who, id, &parsed, confirmed_number, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// A statement as it was matched.
#[utoipa::path(get, path = "/funding/v1/statements/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The statement")),
    responses((status = 200, body = StatementView)))]
async fn get_statement(
    _: Operator,
    State(pool): State<PgPool>,
    Path(id): Path<StatementId>,
) -> Result<Json<StatementView>, Problem> {
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let mut connection = pool.acquire().await.map_err(internal)?;
    let view = statement::read(&mut connection, id).await.map_err(internal)?;
    view.map(Json).ok_or_else(|| Problem::not_found("Ce relevé"))
}

/// The statements that were loaded, newest first: the next one begins where the first of this list ends.
#[utoipa::path(get, path = "/funding/v1/statements", tag = "funding", params(PageQuery::<StatementId>),
    responses((status = 200, body = Page<StatementRow>)))]
async fn list_statements(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    page: PageQuery<StatementId>,
) -> Result<Json<Page<StatementRow>>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = statement::list(&mut connection, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}
