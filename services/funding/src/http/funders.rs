use access::{FunderReader, Operator};
use axum::extract::State;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Page, PageQuery, Problem};

use crate::contributions::allocation::{self, Allocation, AllocationRow};
use crate::http::App;
use crate::http::internal;
use crate::promises::funder::{self, Funder};
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
        Box::pin(async move { funder::create(tx, &who, &new, at).await })
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
        Box::pin(async move { allocation::allocate(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// What was allocated; a funder sees its own.
#[utoipa::path(get, path = "/funding/v1/allocations", tag = "funding", params(PageQuery::<AllocationId>),
    responses((status = 200, body = Page<AllocationRow>)))]
async fn list_allocations(
    who: FunderReader,
    State(pool): State<PgPool>,
    page: PageQuery<AllocationId>,
) -> Result<Json<Page<AllocationRow>>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = allocation::list(&mut connection, funder, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}
