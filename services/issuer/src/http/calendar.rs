use access::{Operator, Sponsor};
use axum::extract::State;
use catalogue::{ExpirySettings, ProgrammeId};
use sqlx::PgPool;
use web::{Created, Json, NoParameters, Now, Path, Problem};

use super::{internal, own_programme};
use crate::end::calendar::{self, Acceptance, Decision, ExpiryRound, NewAcceptance, NewDecision};

/// Sets the days of a programme's end; what is absent follows the defaults. Until its first step is due.
#[utoipa::path(put, path = "/issuer/v1/programmes/{programme}/expiry-settings", tag = "issuer", request_body = ExpirySettings,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = ExpirySettings),
        (status = 200, description = "Set so before", body = ExpirySettings),
        (status = 422, description = "`expiry-settings-field`, `expiry-under-way`")))]
pub(super) async fn set(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(settings): Json<ExpirySettings>,
) -> Result<Created<ExpirySettings>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "set_calendar", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { calendar::set_calendar(tx, &who, &programme, &settings, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Decides that hand-overs go on past the day on which they would stop, or that they stop at once.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/distribution-decisions", tag = "issuer", request_body = NewDecision,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Decision), (status = 200, description = "Decided before", body = Decision),
        (status = 422, description = "`too-late`, `no-reason`, `programme-over`")))]
pub(super) async fn decide(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewDecision>,
) -> Result<Created<Decision>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "decide_distribution", |tx| {
        let (who, programme, new) = (who.clone(), programme.clone(), new.clone());
        Box::pin(async move { calendar::decide_distribution(tx, &who, &programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Accepts the counts of booklets that the calendar shows, by repeating them.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/expiry-acceptance", tag = "issuer", request_body = NewAcceptance,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Acceptance), (status = 200, description = "Accepted before", body = Acceptance),
        (status = 422, description = "`too-early`, `counts-differ`, `acceptance-over`")))]
pub(super) async fn accept(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewAcceptance>,
) -> Result<Created<Acceptance>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "accept_counts", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { calendar::accept(tx, &who, &programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Does now what is due of every programme's end, as the clock does every hour.
#[utoipa::path(post, path = "/issuer/v1/expiry/rounds", tag = "issuer", request_body = NoParameters,
    responses((status = 200, body = ExpiryRound)))]
pub(super) async fn round(
    _: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Json<ExpiryRound>, Problem> {
    calendar::expiry_round(&pool, at).await.map(Json).map_err(internal)
}
