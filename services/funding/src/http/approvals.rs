use access::Operator;
use axum::extract::State;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Path, Problem};

use crate::http::App;
use crate::payments::approval::{Decision, NewRejection};
use crate::payments::payment_rule::{self, PaymentRules, PaymentRulesView};
use crate::payments::refund::{self, Refund};
use crate::payments::settlement::{self, SettlementView};
use crate::{support::ids::RefundId, support::ids::SettlementId};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(approve_settlement))
        .routes(routes!(reject_settlement))
        .routes(routes!(approve_refund))
        .routes(routes!(reject_refund))
        .routes(routes!(get_payment_rules, set_payment_rules))
        .routes(routes!(confirm_payment_rules))
}

/// Approves a settlement that waits: by another key than the one that proposed it, made before it.
#[utoipa::path(post, path = "/funding/v1/settlements/{id}/approval", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The settlement")),
    responses((status = 201, body = SettlementView),
        (status = 200, description = "Approved before, by this key", body = SettlementView),
        (status = 403, description = "`same-person`"), (status = 409, description = "`payment-order-decided`"),
        (status = 422, description = "`approval-not-needed`, `execute-on-past`")))]
async fn approve_settlement(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<SettlementId>,
) -> Result<Created<SettlementView>, Problem> {
    database::transaction(&pool, "approve_settlement", |tx| {
        let who = who.clone();
        Box::pin(async move { settlement::approve_or_reject(tx, &who, id, &Decision::Approved, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Rejects a settlement that waits: its claims are due again.
#[utoipa::path(post, path = "/funding/v1/settlements/{id}/rejection", tag = "funding", request_body = NewRejection,
    params(("id" = uuid::Uuid, Path, description = "The settlement")),
    responses((status = 201, body = SettlementView),
        (status = 200, description = "Rejected before, by this key", body = SettlementView),
        (status = 409, description = "`payment-order-decided`"),
        (status = 422, description = "`approval-not-needed`, `rejection-reason`")))]
async fn reject_settlement(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<SettlementId>,
    Json(new): Json<NewRejection>,
) -> Result<Created<SettlementView>, Problem> {
    database::transaction(&pool, "reject_settlement", |tx| {
        let (who, decision) = (who.clone(), Decision::Rejected(new.reason.clone()));
        Box::pin(async move { settlement::approve_or_reject(tx, &who, id, &decision, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Approves a refund that waits: by another key than the one that proposed it, made before it.
#[utoipa::path(post, path = "/funding/v1/refunds/{id}/approval", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The refund")),
    responses((status = 201, body = Refund),
        (status = 200, description = "Approved before, by this key", body = Refund),
        (status = 403, description = "`same-person`"), (status = 409, description = "`payment-order-decided`"),
        (status = 422, description = "`approval-not-needed`, `execute-on-past`")))]
async fn approve_refund(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<RefundId>,
) -> Result<Created<Refund>, Problem> {
    database::transaction(&pool, "approve_refund", |tx| {
        let who = who.clone();
        Box::pin(async move { refund::approve_or_reject(tx, &who, id, &Decision::Approved, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Rejects a refund that waits: it is the funder's free money.
#[utoipa::path(post, path = "/funding/v1/refunds/{id}/rejection", tag = "funding", request_body = NewRejection,
    params(("id" = uuid::Uuid, Path, description = "The refund")),
    responses((status = 201, body = Refund),
        (status = 200, description = "Rejected before, by this key", body = Refund),
        (status = 409, description = "`payment-order-decided`"),
        (status = 422, description = "`approval-not-needed`, `rejection-reason`")))]
async fn reject_refund(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<RefundId>,
    Json(new): Json<NewRejection>,
) -> Result<Created<Refund>, Problem> {
    database::transaction(&pool, "reject_refund", |tx| {
        let (who, decision) = (who.clone(), Decision::Rejected(new.reason.clone()));
        Box::pin(async move { refund::approve_or_reject(tx, &who, id, &decision, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// The rules on payments: who is asked above which amount, and within how many days structures are paid.
#[utoipa::path(get, path = "/funding/v1/payment-rules", tag = "funding", responses((status = 200, body = PaymentRulesView)))]
async fn get_payment_rules(_: Operator, State(pool): State<PgPool>) -> Result<Json<PaymentRulesView>, Problem> {
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let mut connection = pool.acquire().await.map_err(internal)?;
    payment_rule::view(&mut connection).await.map(Json).map_err(internal)
}

/// Changes the rules on payments. A change that lets more pass without a second look waits for another key.
#[utoipa::path(put, path = "/funding/v1/payment-rules", tag = "funding", request_body = PaymentRules,
    responses((status = 200, body = PaymentRulesView), (status = 422, description = "`payment-rules`")))]
async fn set_payment_rules(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<PaymentRules>,
) -> Result<Json<PaymentRulesView>, Problem> {
    database::transaction(&pool, "set_payment_rules", |tx| {
        let who = who.clone();
        Box::pin(async move { payment_rule::set(tx, &who, new, at).await })
    })
    .await
    .map(Json)
    .map_err(Problem::from)
}

/// Confirms the change of the rules that waits: by another key than the one that asked for it.
#[utoipa::path(post, path = "/funding/v1/payment-rules/{number}/confirmation", tag = "funding",
    params(("number" = i32, Path, description = "The change")),
    responses((status = 200, body = PaymentRulesView), (status = 403, description = "`same-person`")))]
async fn confirm_payment_rules(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(number): Path<i32>,
) -> Result<Json<PaymentRulesView>, Problem> {
    database::transaction(&pool, "confirm_payment_rules", |tx| {
        let who = who.clone();
        Box::pin(async move { payment_rule::confirm(tx, &who, number, at).await })
    })
    .await
    .map(Json)
    .map_err(Problem::from)
}
