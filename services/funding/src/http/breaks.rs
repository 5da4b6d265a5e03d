use access::{Operator, OperatorOrAuditor};
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgPool;
use standards::calendar;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, CsvFor, Json, Now, Page, PageQuery, Path, Problem, download};

use crate::bank::breaks::{
    self, BreakAgeing, BreakView, ExplanationView, NewClosing, NewExplanation, NewOwner, NewSplit,
};
use crate::http::{App, internal};
use crate::support::ids::BreakId;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_breaks))
        .routes(routes!(get_ageing))
        .routes(routes!(ageing_csv))
        .routes(routes!(get_break))
        .routes(routes!(own_break))
        .routes(routes!(explain_break))
        .routes(routes!(close_break))
        .routes(routes!(explain_together))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct BreakFilter {
    /// `open`, `explained` or `closed`; all that are not closed when absent.
    state: Option<String>,
}

/// The breaks between the bank and the books, oldest first.
#[utoipa::path(get, path = "/funding/v1/breaks", tag = "funding", params(PageQuery::<BreakId, BreakFilter>),
    responses((status = 200, body = Page<BreakView>)))]
async fn list_breaks(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    page: PageQuery<BreakId, BreakFilter>,
) -> Result<Json<Page<BreakView>>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = breaks::list(&mut connection, page.filter.state.as_deref(), page.after, page.limit).await;
    page.map(Json).map_err(internal)
}

async fn report(pool: &PgPool, at: DateTime<Utc>) -> Result<BreakAgeing, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let ageing = breaks::ageing(&mut connection, calendar::paris_date(at)).await;
    ageing.map_err(internal)
}

/// Breaks that are not closed, by age: 0–7, 8–30, 31–90 and more than 90 days.
#[utoipa::path(get, path = "/funding/v1/breaks/ageing", tag = "funding",
    responses((status = 200, body = BreakAgeing)))]
async fn get_ageing(
    _: OperatorOrAuditor,
    Now(at): Now,
    State(pool): State<PgPool>,
) -> Result<Json<BreakAgeing>, Problem> {
    Ok(Json(report(&pool, at).await?))
}

/// The same breaks as CSV.
#[utoipa::path(get, path = "/funding/v1/breaks/ageing.csv", tag = "funding", params(CsvFor),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn ageing_csv(_: OperatorOrAuditor, Now(at): Now, State(pool): State<PgPool>) -> Result<Response, Problem> {
    let ageing = report(&pool, at).await?;
    let bytes = breaks::csv(&ageing).map_err(|error| Problem::internal(&error))?;
    Ok(download(bytes, "text/csv; charset=utf-8", "ecarts.csv"))
}

/// A break and its life.
#[utoipa::path(get, path = "/funding/v1/breaks/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The break")),
    responses((status = 200, body = BreakView)))]
async fn get_break(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path(id): Path<BreakId>,
) -> Result<Json<BreakView>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let view = breaks::read(&mut connection, id).await.map_err(internal)?;
    view.map(Json).ok_or_else(|| Problem::not_found("Cet écart"))
}

/// Gives a break to a team that looks after it.
#[utoipa::path(put, path = "/funding/v1/breaks/{id}/owner", tag = "funding", request_body = NewOwner,
    params(("id" = uuid::Uuid, Path, description = "The break")),
    responses((status = 201, body = BreakView), (status = 200, description = "Its owner already", body = BreakView),
        (status = 422, description = "`break-words`, `break-closed`")))]
async fn own_break(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<BreakId>,
    Json(new): Json<NewOwner>,
) -> Result<Created<BreakView>, Problem> {
    database::transaction(&pool, "own_break", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { breaks::own(tx, &who, id, new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Says what a break was: a statement's line moves from suspense to what it was.
#[utoipa::path(put, path = "/funding/v1/breaks/{id}/explanation", tag = "funding", request_body = NewExplanation,
    params(("id" = uuid::Uuid, Path, description = "The break")),
    responses((status = 201, body = BreakView), (status = 200, description = "Explained so before", body = BreakView),
        (status = 422, description = "`break-words`, `break-explained`, `break-misfit`, `break-amount`")))]
async fn explain_break(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<BreakId>,
    Json(new): Json<NewExplanation>,
) -> Result<Created<BreakView>, Problem> {
    database::transaction(&pool, "explain_break", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { breaks::explain(tx, &who, id, new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Ends a break that is explained.
#[utoipa::path(put, path = "/funding/v1/breaks/{id}/closing", tag = "funding", request_body = NewClosing,
    params(("id" = uuid::Uuid, Path, description = "The break")),
    responses((status = 201, body = BreakView), (status = 200, description = "Closed so before", body = BreakView),
        (status = 422, description = "`break-words`, `break-not-explained`, `break-closed`")))]
async fn close_break(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<BreakId>,
    Json(new): Json<NewClosing>,
) -> Result<Created<BreakView>, Problem> {
    database::transaction(&pool, "close_break", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { breaks::close(tx, &who, id, new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Says what several lines were together, or what several things one line was; the sums agree to the cent.
#[utoipa::path(post, path = "/funding/v1/explanations", tag = "funding", request_body = NewSplit,
    responses((status = 201, body = ExplanationView),
        (status = 200, description = "Explained so before", body = ExplanationView),
        (status = 422, description = "`break-words`, `break-explained`, `break-misfit`, `break-sum`, `break-amount`")))]
async fn explain_together(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewSplit>,
) -> Result<Created<ExplanationView>, Problem> {
    database::transaction(&pool, "explain_together", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { breaks::split(tx, &who, new, at).await })
    })
    .await
    .map_err(Problem::from)
}
