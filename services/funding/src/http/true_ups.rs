use access::{Caller, Operator};
use axum::extract::State;
use catalogue::{Programme, ProgrammeId};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Path, Problem};

use crate::http::App;
use crate::http::internal;
use crate::programme_end::reader;
use crate::shares::simulation::{self, Simulation, SimulationInput};
use crate::shares::true_up::{self, NewTrueUp, TrueUp, TrueUps};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(simulate))
        .routes(routes!(make_true_up, get_true_up))
        .routes(routes!(list_true_ups))
}

async fn known(pool: &PgPool, programme: ProgrammeId) -> Result<Programme, Problem> {
    let known = catalogue::programme(pool, programme).await.map_err(internal)?;
    known.ok_or_else(|| Problem::not_found("Ce dispositif"))
}

/// Who would pay what, if so many vouchers were used. Nothing is stored. For operators, auditors, the programme's sponsor and its funders.
#[utoipa::path(post, path = "/funding/v1/programmes/{programme}/plan-simulations", tag = "funding", request_body = SimulationInput,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = Simulation), (status = 422, description = "`simulation-field`, `not-a-plan`")))]
async fn simulate(
    who: Caller,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
    Json(supposed): Json<SimulationInput>,
) -> Result<Json<Simulation>, Problem> {
    let (programme, _) = reader::programme(&pool, &who, programme).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let shares = simulation::shares(&mut connection, &programme, &supposed).await?;
    let done = simulation::simulate(&mut connection, &programme, &supposed, shares).await?;
    Ok(Json(done))
}

/// Settles the shares that are limited by use or by audience, once the programme's end is declared and swept. When a claim is
/// reversed after it, a further one settles the difference.
#[utoipa::path(post, path = "/funding/v1/programmes/{programme}/true-up", tag = "funding", request_body = NewTrueUp,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = TrueUp), (status = 200, description = "Settled before", body = TrueUp),
        (status = 422, description = "`programme-not-ended`, `programme-not-swept`, `true-up-settled`, `true-up-short`")))]
async fn make_true_up(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
    Json(new): Json<NewTrueUp>,
) -> Result<Created<TrueUp>, Problem> {
    let programme = known(&pool, programme).await?;
    database::transaction(&pool, "true_up", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { true_up::true_up(tx, &who, &programme, new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// The last true-up of a programme, step by step. For operators, auditors, the programme's sponsor and its funders.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/true-up", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = TrueUp)))]
async fn get_true_up(
    who: Caller,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
) -> Result<Json<TrueUp>, Problem> {
    let (programme, _) = reader::programme(&pool, &who, programme).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let mut made = true_up::read(&mut connection, programme.id).await.map_err(internal)?;
    made.pop()
        .map(Json)
        .ok_or_else(|| Problem::not_found("La régularisation entre financeurs de ce dispositif"))
}

/// Every true-up of a programme, and what a further one would settle now. For operators, auditors, the programme's sponsor and its
/// funders.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/true-ups", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = TrueUps)))]
async fn list_true_ups(
    who: Caller,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
) -> Result<Json<TrueUps>, Problem> {
    let (programme, _) = reader::programme(&pool, &who, programme).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let all = true_up::read_all(&mut connection, programme.id)
        .await
        .map_err(internal)?;
    Ok(Json(all))
}
