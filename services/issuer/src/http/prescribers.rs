use access::Sponsor;
use axum::extract::State;
use catalogue::ProgrammeId;
use sqlx::PgPool;
use web::{Created, Json, Now, Path, Problem};

use super::own_programme;
use crate::programmes::admit_prescriber::{AdmittedPrescriber, NewPrescriber, admit_prescriber};

/// Admits a prescriber to a programme: from then on it sees its batches, imports people and hands booklets over.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/prescribers", tag = "issuer", request_body = NewPrescriber,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = AdmittedPrescriber),
        (status = 200, description = "Admitted before", body = AdmittedPrescriber),
        (status = 422, description = "`not-a-prescriber`")))]
pub(super) async fn admit(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewPrescriber>,
) -> Result<Created<AdmittedPrescriber>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "admit_prescriber", |tx| {
        let (who, programme) = (who.clone(), programme.id);
        Box::pin(async move { admit_prescriber(tx, &who, programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
