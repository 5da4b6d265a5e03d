use access::{Caller, Operator, Role, audit};
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Page, Problem, Query};

use crate::contributions::allocation::{self, AllocateError, Allocation, AllocationRow};
use crate::http::App;
use crate::http::reader::{internal, own_or_all};
use crate::promises::funder::{self, CreateFunderError, Funder};
use crate::support::ids::AllocationId;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_funder))
        .routes(routes!(allocate, list_allocations))
}

/// Creates a funder and its organisation.
#[utoipa::path(post, path = "/funding/v1/funders", tag = "funding", request_body = Funder,
    responses((status = 201, body = Funder), (status = 200, description = "Created before", body = Funder)))]
async fn create_funder(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<Funder>,
) -> Result<Created<Funder>, Problem> {
    database::transaction(&pool, "create_funder", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move {
            let made = funder::create(tx, &new, at).await?;
            if let Created::New(_) = made {
                audit(tx, &who, at, "funder.create", Some(new.id.uuid()), ()).await?;
            }
            Ok::<_, CreateFunderError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}

/// Allocates a funder's money to a programme.
#[utoipa::path(post, path = "/funding/v1/allocations", tag = "funding", request_body = Allocation,
    responses((status = 201, body = Allocation), (status = 200, description = "Allocated before", body = Allocation),
        (status = 422, description = "`not-enough-deposited`")))]
async fn allocate(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<Allocation>,
) -> Result<Created<Allocation>, Problem> {
    database::transaction(&pool, "allocate", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move {
            let made = allocation::allocate(tx, &new, at).await?;
            if let Created::New(_) = made {
                audit(tx, &who, at, "allocation.create", Some(new.id.uuid()), new.amount).await?;
            }
            Ok::<_, AllocateError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct After {
    /// The cursor of the page before.
    after: Option<uuid::Uuid>,
}

/// What was allocated; a funder sees its own.
#[utoipa::path(get, path = "/funding/v1/allocations", tag = "funding", params(After),
    responses((status = 200, body = Page<AllocationRow>)))]
async fn list_allocations(
    who: Caller,
    State(pool): State<PgPool>,
    Query(page): Query<After>,
) -> Result<Json<Page<AllocationRow>>, Problem> {
    let funder = own_or_all(&who, Role::Funder)?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let after = page.after.map(AllocationId::from_uuid);
    let page = allocation::list(&mut connection, funder, after).await;
    page.map(Json).map_err(internal)
}
