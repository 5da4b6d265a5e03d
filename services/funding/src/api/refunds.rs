use std::sync::Arc;

use access::Operator;
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Json, Made, Now, Path, Problem, ProblemBody, download};

use crate::api::App;
use crate::refund::{self, NewRefund, Refund, What};
use crate::{FundAccount, RefundId, payment_file};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(give_back))
        .routes(routes!(refund_file))
}

/// Gives back what a programme owes a funder: by a payment file, or as the funder's free money.
#[utoipa::path(post, path = "/v1/refunds", tag = "funding", request_body = NewRefund,
    responses((status = 201, body = Refund), (status = 200, description = "Given back before", body = Refund),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`nothing-to-refund`, `true-up-due`, `money-awaited`, `bank-short`", body = ProblemBody, content_type = "application/problem+json")))]
async fn give_back(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewRefund>,
) -> Result<Made<Refund>, Problem> {
    database::transaction(&pool, "refund", |tx| {
        let who = who.clone();
        Box::pin(async move { refund::refund(tx, &who, new, What::OwedBack, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// The payment file of a refund for the bank (pain.001.001.09).
#[utoipa::path(get, path = "/v1/refunds/{id}/pain.001.xml", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The refund")),
    responses((status = 200, body = String, content_type = "application/xml"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`no-payment`", body = ProblemBody, content_type = "application/problem+json")))]
async fn refund_file(
    _: Operator,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path(id): Path<RefundId>,
) -> Result<Response, Problem> {
    let (name, bytes) = payment_file::refund(&pool, &fund, id).await?;
    Ok(download(bytes, "application/xml", &format!("{name}.pain.001.xml")))
}
