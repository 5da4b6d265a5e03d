use access::{Accreditor, AccreditorOrOperator};
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use web::{Created, Json, NoParameters, Now, Page, PageQuery, Path, Problem};

use crate::structures::accredit::{Accreditation, NewAccreditation, accredit};
use crate::structures::list::{StructureView, list};
use crate::structures::suspend::{NewSuspension, Suspension, lift, suspend};
use crate::{ids::StructureId, ids::SuspensionId};

/// Which structures are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StructureFilter {
    /// Only those that are accredited, or that are not.
    accredited: Option<bool>,
}

/// Structures, in order of SIRET.
#[utoipa::path(get, path = "/redemption/v1/structures", tag = "structures", params(PageQuery::<String, StructureFilter>),
    responses((status = 200, body = Page<StructureView>)))]
pub(super) async fn list_structures(
    _: AccreditorOrOperator,
    State(pool): State<PgPool>,
    page: PageQuery<String, StructureFilter>,
) -> Result<Json<Page<StructureView>>, Problem> {
    list(&pool, page.filter.accredited, page.after.as_deref(), page.limit)
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

/// Admits a structure: from now on it may have API keys and claim vouchers.
#[utoipa::path(post, path = "/redemption/v1/structures/{structure}/accreditation", tag = "structures",
    request_body = NewAccreditation, params(("structure" = uuid::Uuid, Path, description = "The structure")),
    responses((status = 201, body = Accreditation), (status = 200, description = "Given before", body = Accreditation),
        (status = 422, description = "`not-accreditable` with all `reasons`, `already-accredited`")))]
pub(super) async fn accredit_structure(
    who: Accreditor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(structure): Path<StructureId>,
    Json(new): Json<NewAccreditation>,
) -> Result<Created<Accreditation>, Problem> {
    database::transaction(&pool, "accredit_structure", |tx| {
        let who = who.clone();
        Box::pin(async move { accredit(tx, &who, structure, new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Suspends a structure: at once it cannot claim any more.
#[utoipa::path(post, path = "/redemption/v1/structures/{structure}/suspensions", tag = "structures", request_body = NewSuspension,
    params(("structure" = uuid::Uuid, Path, description = "The structure")),
    responses((status = 201, body = Suspension), (status = 200, description = "Made before", body = Suspension),
        (status = 422, description = "`already-suspended`")))]
pub(super) async fn suspend_structure(
    who: Accreditor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(structure): Path<StructureId>,
    Json(new): Json<NewSuspension>,
) -> Result<Created<Suspension>, Problem> {
    database::transaction(&pool, "suspend_structure", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { suspend(tx, &who, structure, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Lifts a suspension; repeating it changes nothing.
#[utoipa::path(post, path = "/redemption/v1/structures/{structure}/suspensions/{suspension}/lift", tag = "structures",
    request_body = NoParameters,
    params(("structure" = uuid::Uuid, Path, description = "The structure"),
        ("suspension" = uuid::Uuid, Path, description = "The suspension")),
    responses((status = 200, body = Suspension)))]
pub(super) async fn lift_suspension(
    who: Accreditor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((structure, suspension)): Path<(StructureId, SuspensionId)>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Json<Suspension>, Problem> {
    database::transaction(&pool, "lift_suspension", |tx| {
        let who = who.clone();
        Box::pin(async move { lift(tx, &who, structure, suspension, at).await })
    })
    .await
    .map(Json)
    .map_err(Problem::from)
}
