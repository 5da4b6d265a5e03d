use access::{Caller, Operator, Role, audit};
use axum::extract::State;
use catalogue::{NewPlan, PlanView, ProgrammeId};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Json, Made, Now, Path, Problem, ProblemBody};

use crate::api::App;
use crate::call::{self, Call, CallError, NewCall};
use crate::convention::{self, Convention, SignError};
use crate::plan::{self, AgreeError};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_convention))
        .routes(routes!(create_plan))
        .routes(routes!(call_funds))
}

/// Records a signed convention.
#[utoipa::path(post, path = "/v1/conventions", tag = "funding", request_body = Convention,
    responses((status = 201, body = Convention), (status = 200, description = "Recorded before", body = Convention),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
async fn sign_convention(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<Convention>,
) -> Result<Made<Convention>, Problem> {
    database::transaction(&pool, "sign_convention", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move {
            let made = convention::sign(tx, &new, at).await?;
            if let Made::Now(_) = made {
                audit(tx, &who, at, "convention.sign", Some(new.id.uuid()), new.amount).await?;
            }
            Ok::<_, SignError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}

/// Agrees a new version of a programme's funding plan; each of its funders has a convention that covers today.
#[utoipa::path(post, path = "/v1/programmes/{programme}/plans", tag = "funding", request_body = NewPlan,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = PlanView), (status = 200, description = "Agreed before", body = PlanView),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`not-a-plan`, `no-convention`", body = ProblemBody, content_type = "application/problem+json")))]
async fn create_plan(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
    Json(new): Json<NewPlan>,
) -> Result<Made<PlanView>, Problem> {
    let known = catalogue::programme(&pool, programme)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let known = known.ok_or_else(|| Problem::not_found("Ce dispositif"))?;
    let sponsors = who.has(Role::Sponsor) && known.sponsor_id == who.organisation();
    if !sponsors && !who.has(Role::Operator) {
        return Err(Problem::forbidden(
            "Le plan est arrêté par le commanditaire du dispositif ou par l'opérateur.",
        ));
    }
    database::transaction(&pool, "create_plan", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move {
            let made = plan::agree(tx, programme, &new, at).await?;
            if let Made::Now(_) = made {
                audit(tx, &who, at, "plan.create", Some(new.id.uuid()), &new.shares).await?;
            }
            Ok::<_, AgreeError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}

/// Calls for funds. The answer's reference is to be quoted on the transfer.
#[utoipa::path(post, path = "/v1/calls", tag = "funding", request_body = NewCall,
    responses((status = 201, body = Call), (status = 200, description = "Called before", body = Call),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`above-convention`", body = ProblemBody, content_type = "application/problem+json")))]
async fn call_funds(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewCall>,
) -> Result<Made<Call>, Problem> {
    database::transaction(&pool, "call_funds", |tx| {
        let who = who.clone();
        Box::pin(async move {
            let made = call::call(tx, &new, at).await?;
            if let Made::Now(_) = made {
                audit(tx, &who, at, "call.create", Some(new.id.uuid()), new.amount).await?;
            }
            Ok::<_, CallError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}
