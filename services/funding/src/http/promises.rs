use std::sync::Arc;

use access::{Caller, FunderReader, Operator};
use axum::extract::State;
use axum::response::Response;
use catalogue::{NewPlan, PlanView, ProgrammeId};
use sqlx::PgPool;
use standards::calendar;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Page, PageQuery, Path, Problem, download};

use crate::http::App;
use crate::http::internal;
use crate::promises::announcement::{self, Announcement};
use crate::promises::call::{self, Call, CallState, Letter, NewCall, Overdue};
use crate::promises::convention::{self, Convention, ConventionView};
use crate::shares::plan;
use crate::support::FundAccount;
use crate::support::ids::{AnnouncementId, CallId, ConventionId};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(announce, list_announcements))
        .routes(routes!(get_announcement))
        .routes(routes!(sign_convention, list_conventions))
        .routes(routes!(get_convention))
        .routes(routes!(create_plan))
        .routes(routes!(call_funds, list_calls))
        .routes(routes!(overdue_calls))
        .routes(routes!(get_call))
        .routes(routes!(get_call_letter))
        .routes(routes!(get_reminder_letter))
}

/// Records a signed convention.
#[utoipa::path(post, path = "/funding/v1/conventions", tag = "funding", request_body = Convention,
    responses((status = 201, body = Convention), (status = 200, description = "Recorded before", body = Convention)))]
async fn sign_convention(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<Convention>,
) -> Result<Created<Convention>, Problem> {
    database::transaction(&pool, "sign_convention", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { convention::sign(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Agrees a new version of a programme's funding plan; each of its funders has a convention that covers today.
#[utoipa::path(post, path = "/funding/v1/programmes/{programme}/plans", tag = "funding", request_body = NewPlan,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = PlanView), (status = 200, description = "Agreed before", body = PlanView),
        (status = 422, description = "`not-a-plan`, `no-convention`, `beyond-convention`")))]
async fn create_plan(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
    Json(new): Json<NewPlan>,
) -> Result<Created<PlanView>, Problem> {
    database::transaction(&pool, "create_plan", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { plan::agree(tx, &who, programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Calls for funds. The answer's reference is to be quoted on the transfer.
#[utoipa::path(post, path = "/funding/v1/calls", tag = "funding", request_body = NewCall,
    responses((status = 201, body = Call), (status = 200, description = "Called before", body = Call),
        (status = 422, description = "`above-convention`, `call-amount`, `call-due-past`")))]
async fn call_funds(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewCall>,
) -> Result<Created<Call>, Problem> {
    database::transaction(&pool, "call_funds", |tx| {
        let who = who.clone();
        Box::pin(async move { call::call(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Records money that was announced before anything is signed, with its source.
#[utoipa::path(post, path = "/funding/v1/announcements", tag = "funding", request_body = Announcement,
    responses((status = 201, body = Announcement), (status = 200, description = "Recorded before", body = Announcement),
        (status = 422, description = "`announcement-field`")))]
async fn announce(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<Announcement>,
) -> Result<Created<Announcement>, Problem> {
    database::transaction(&pool, "announce", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { announcement::announce(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Announced money; a funder sees its own.
#[utoipa::path(get, path = "/funding/v1/announcements", tag = "funding", params(PageQuery::<AnnouncementId>),
    responses((status = 200, body = Page<Announcement>)))]
async fn list_announcements(
    who: FunderReader,
    State(pool): State<PgPool>,
    page: PageQuery<AnnouncementId>,
) -> Result<Json<Page<Announcement>>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    announcement::list(&mut connection, funder, page.after, page.limit)
        .await
        .map(Json)
        .map_err(internal)
}

/// An announcement.
#[utoipa::path(get, path = "/funding/v1/announcements/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The announcement")),
    responses((status = 200, body = Announcement)))]
async fn get_announcement(
    who: FunderReader,
    State(pool): State<PgPool>,
    Path(id): Path<AnnouncementId>,
) -> Result<Json<Announcement>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = announcement::read(&mut connection, id).await.map_err(internal)?;
    let seen = known.filter(|one| funder.is_none_or(|funder| one.funder_id == funder));
    seen.map(Json).ok_or_else(|| Problem::not_found("Cette annonce"))
}

/// Conventions with how far each is; a funder sees its own.
#[utoipa::path(get, path = "/funding/v1/conventions", tag = "funding", params(PageQuery::<ConventionId>),
    responses((status = 200, body = Page<ConventionView>)))]
async fn list_conventions(
    who: FunderReader,
    State(pool): State<PgPool>,
    page: PageQuery<ConventionId>,
) -> Result<Json<Page<ConventionView>>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    convention::list(&mut connection, funder, page.after, page.limit)
        .await
        .map(Json)
        .map_err(internal)
}

/// A convention with how far it is.
#[utoipa::path(get, path = "/funding/v1/conventions/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The convention")),
    responses((status = 200, body = ConventionView)))]
async fn get_convention(
    who: FunderReader,
    State(pool): State<PgPool>,
    Path(id): Path<ConventionId>,
) -> Result<Json<ConventionView>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = convention::read(&mut connection, id).await.map_err(internal)?;
    let seen = known.filter(|one| funder.is_none_or(|funder| one.convention.funder_id == funder));
    seen.map(Json).ok_or_else(|| Problem::not_found("Cette convention"))
}

/// Calls for funds as they stand; a funder sees its own.
#[utoipa::path(get, path = "/funding/v1/calls", tag = "funding", params(PageQuery::<CallId>),
    responses((status = 200, body = Page<CallState>)))]
async fn list_calls(
    who: FunderReader,
    Now(at): Now,
    State(pool): State<PgPool>,
    page: PageQuery<CallId>,
) -> Result<Json<Page<CallState>>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let on = calendar::paris_date(at);
    call::list(&mut connection, on, funder, page.after, page.limit)
        .await
        .map(Json)
        .map_err(internal)
}

/// Calls past their due day, by age, with the reminders that the clock recorded: 0–7, 8–30, 31–90 and more than 90 days.
#[utoipa::path(get, path = "/funding/v1/calls/overdue", tag = "funding",
    responses((status = 200, body = Overdue)))]
async fn overdue_calls(who: FunderReader, Now(at): Now, State(pool): State<PgPool>) -> Result<Json<Overdue>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let overdue = call::overdue(&mut connection, calendar::paris_date(at), funder).await;
    overdue.map(Json).map_err(internal)
}

/// A call for funds as it stands.
#[utoipa::path(get, path = "/funding/v1/calls/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = CallState)))]
async fn get_call(
    who: FunderReader,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<CallId>,
) -> Result<Json<CallState>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = call::state(&mut connection, id, calendar::paris_date(at))
        .await
        .map_err(internal)?;
    let seen = known.filter(|call| funder.is_none_or(|funder| call.funder_id == funder));
    seen.map(Json).ok_or_else(|| Problem::not_found("Cet appel de fonds"))
}

/// A call for funds as a letter (PDF): the same bytes whatever came since.
#[utoipa::path(get, path = "/funding/v1/calls/{id}/letter.pdf", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = String, content_type = "application/pdf")))]
async fn get_call_letter(
    who: FunderReader,
    at: Now,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path(id): Path<CallId>,
) -> Result<Response, Problem> {
    letter(&who, at, &pool, &fund, (id, Letter::Call)).await
}

/// A reminder that the clock recorded, as a letter (PDF).
#[utoipa::path(get, path = "/funding/v1/calls/{id}/reminders/{days}/letter.pdf", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The call"),
        ("days" = i32, Path, description = "Of how many days past the due day the reminder is")),
    responses((status = 200, body = String, content_type = "application/pdf")))]
async fn get_reminder_letter(
    who: FunderReader,
    at: Now,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path((id, days)): Path<(CallId, i32)>,
) -> Result<Response, Problem> {
    letter(&who, at, &pool, &fund, (id, Letter::Reminder(days))).await
}

async fn letter(
    who: &FunderReader,
    Now(at): Now,
    pool: &PgPool,
    fund: &FundAccount,
    which: (CallId, Letter),
) -> Result<Response, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let (name, pdf) = call::letter(&mut connection, fund, funder, which, calendar::paris_date(at)).await?;
    Ok(download(pdf, "application/pdf", &name))
}
