use access::{Operator, OperatorOrAuditor};
use axum::extract::State;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Problem};

use crate::bank::tolerance::{self, NewTolerance, ToleranceView};
use crate::http::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_tolerance, set_tolerance))
}

/// What the bank may take beyond a payment that it names; zero unless the operator set it.
#[utoipa::path(get, path = "/funding/v1/tolerance", tag = "funding",
    responses((status = 200, body = ToleranceView)))]
async fn get_tolerance(_: OperatorOrAuditor, State(pool): State<PgPool>) -> Result<Json<ToleranceView>, Problem> {
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let mut connection = pool.acquire().await.map_err(internal)?;
    tolerance::read(&mut connection).await.map(Json).map_err(internal)
}

/// Sets it for the statements that are loaded from now on; the difference is booked as a bank charge.
#[utoipa::path(put, path = "/funding/v1/tolerance", tag = "funding", request_body = NewTolerance,
    responses((status = 201, body = ToleranceView),
        (status = 200, description = "It is so already", body = ToleranceView),
        (status = 422, description = "`tolerance-amount`, `tolerance-words`")))]
async fn set_tolerance(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewTolerance>,
) -> Result<Created<ToleranceView>, Problem> {
    database::transaction(&pool, "set_tolerance", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { tolerance::set(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
