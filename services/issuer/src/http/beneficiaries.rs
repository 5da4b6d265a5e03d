use access::Prescriber;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::ProgrammeId;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use web::{Bytes, Json, Now, Page, PageQuery, Path, Problem, Query};

use super::{internal, prescribed_programme};
use crate::people::beneficiaries::{Beneficiary, beneficiaries};
use crate::people::identity::IdentityKey;
use crate::people::import::{BeneficiaryImportReport, ImportedFile, Importing, commit_import, preview_import};
use crate::{BeneficiaryId, BeneficiaryImportId};

/// How a file is sent.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The file's name, for people.
    file: String,
    /// Look (false, the default) or do (true).
    #[serde(default)]
    commit: bool,
    /// The preview's digest; needed to commit.
    digest: Option<String>,
    /// The sheet of a workbook (.xlsx); its first one when none is named.
    sheet: Option<String>,
}

/// Loads a file of beneficiaries: first without `commit`, to see what would happen; then with it and the preview's digest.
///
/// CSV in UTF-8, UTF-16, Windows-1252 or Latin-1, or a workbook (.xlsx) of the same columns; `notices` says how it was read.
#[utoipa::path(put, path = "/issuer/v1/programmes/{programme}/beneficiary-imports/{import}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("import" = uuid::Uuid, Path, description = "Made by the caller"),
        ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "Preview, or committed before", body = BeneficiaryImportReport),
        (status = 201, body = BeneficiaryImportReport)))]
pub(super) async fn import(
    who: Prescriber,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(key): State<IdentityKey>,
    Path((id, import)): Path<(ProgrammeId, BeneficiaryImportId)>,
    Query(query): Query<ImportQuery>,
    Bytes(bytes): Bytes,
) -> Result<Response, Problem> {
    let programme = prescribed_programme(&pool, &who, id).await?;
    let file = ImportedFile {
        import,
        name: query.file,
        bytes,
        sheet: query.sheet,
    };
    if !query.commit {
        let by = Importing {
            who: &who,
            programme: &programme,
            key: &key,
            at,
        };
        let report = preview_import(&pool, &by, &file).await.map_err(internal)?;
        return Ok(Json(report).into_response());
    }
    let digest = query.digest.ok_or_else(|| {
        Problem::refused("digest-missing", "Ce fichier n'a pas été relu.")
            .detail("Demandez d'abord un aperçu, puis renvoyez son « digest » avec « commit=true ».")
    })?;
    let made = database::transaction(&pool, "commit_import", |tx| {
        let (who, programme, key, file, digest) = (
            who.clone(),
            programme.clone(),
            key.clone(),
            file.clone(),
            digest.clone(),
        );
        Box::pin(async move {
            let by = Importing {
                who: &who,
                programme: &programme,
                key: &key,
                at,
            };
            commit_import(tx, &by, &file, &digest).await
        })
    })
    .await?;
    Ok(made.into_response())
}

/// The prescriber's own people, without their identities.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/beneficiaries", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), PageQuery::<BeneficiaryId>),
    responses((status = 200, body = Page<Beneficiary>)))]
pub(super) async fn list(
    who: Prescriber,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    page: PageQuery<BeneficiaryId>,
) -> Result<Json<Page<Beneficiary>>, Problem> {
    let programme = prescribed_programme(&pool, &who, id).await?;
    beneficiaries(&pool, who.organisation(), programme.id, page.after, page.limit)
        .await
        .map(Json)
        .map_err(internal)
}
