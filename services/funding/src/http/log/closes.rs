use std::sync::Arc;

use access::{Operator, ReportReader};
use axum::extract::State;
use ledger::seal::closes;
use sealed_log::NoteKey;
use serde::Deserialize;
use sqlx::PgPool;
use standards::Month;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Problem, detach_from_request};

use crate::http::App;
use crate::http::log::{internal, no_key};
use crate::log::view::CloseView;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, close_month))
}

/// A month to be closed.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClose {
    /// The month after the last closed one, or that of the first entry. It is over.
    month: Month,
}

/// The closed months, in order.
#[utoipa::path(get, path = "/funding/v1/closes", tag = "log",
    responses((status = 200, body = Vec<CloseView>)))]
async fn list(_: ReportReader, State(pool): State<PgPool>) -> Result<Json<Vec<CloseView>>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let mut views = Vec::new();
    for close in closes(&mut connection).await.map_err(internal)? {
        views.push(CloseView::read(&mut connection, close).await.map_err(internal)?);
    }
    Ok(Json(views))
}

/// Closes a month: what was posted until now is sealed, the accounts are compared with their entries, and nothing is booked into the
/// month any more. What comes late is booked in the open month, and says so. There is no way back.
#[utoipa::path(post, path = "/funding/v1/closes", tag = "log", request_body = NewClose,
    responses((status = 201, body = CloseView), (status = 200, description = "Closed before", body = CloseView),
        (status = 409, description = "`books-changed`: an account is not the sum of its transfers; `close-under-way`"),
        (status = 422, description = "`month-not-over`, `close-in-order`, `nothing-to-close`"),
        (status = 503, description = "`books-busy`, `no-checkpoint-key`")))]
async fn close_month(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(key): State<Option<Arc<NoteKey>>>,
    Json(new): Json<NewClose>,
) -> Result<Created<CloseView>, Problem> {
    let key = key.ok_or_else(no_key)?;
    // Every account is compared with its entries, which takes minutes where there are many.
    let closed =
        detach_from_request(
            async move { crate::log::close_month::close_month(&pool, &key, new.month, &who, at).await },
        );
    Ok(closed.await??)
}
