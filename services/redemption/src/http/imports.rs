use access::{Accreditor, AccreditorOrOperator, Caller};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use web::{Bytes, Json, Now, Path, Problem, Query};

use crate::ids::ImportId;
use crate::structures::import::{self, Import, StructureImportReport, Upload};
use crate::structures::import_bank_details::BankDetailsFile;
use crate::structures::import_structures::StructuresFile;

/// How a file is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The file's name, for the report.
    file: String,
    /// Whether to do it; otherwise it is only previewed.
    #[serde(default)]
    commit: bool,
    /// The digest of the preview; needed to commit.
    digest: Option<String>,
    /// The sheet of a workbook (.xlsx); its first one when none is named.
    sheet: Option<String>,
}

impl ImportQuery {
    fn upload(self, id: ImportId, bytes: axum::body::Bytes) -> Upload {
        let commit = self.commit.then(|| self.digest.unwrap_or_default());
        Upload {
            id,
            file: self.file,
            bytes,
            sheet: self.sheet,
            commit,
        }
    }
}

/// Imports places in the national schema *lieux de médiation numérique*: CSV, a workbook (.xlsx) of the same columns, or a JSON array.
///
/// The encoding of a CSV file is found out: UTF-8, UTF-16, Windows-1252 or Latin-1. A column more, or an optional one less, refuses
/// nothing: `notices` names it. A place whose `pivot` is empty or `00000000000000` is known by its `id`, and cannot be accredited.
///
/// First without `commit`: the report says what would happen, and nothing is kept. Then with `commit=true` and the
/// report's `digest`. Importing a file twice changes nothing.
#[utoipa::path(put, path = "/redemption/v1/structure-imports/{import}", tag = "structures",
    params(("import" = uuid::Uuid, Path, description = "The import, made by the caller"), ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "A preview, or committed before", body = StructureImportReport),
        (status = 201, description = "Committed now", body = StructureImportReport),
        (status = 422, description = "`digest-missing`, `preview-outdated`")))]
pub(super) async fn import_structures(
    who: Accreditor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(import): Path<ImportId>,
    Query(query): Query<ImportQuery>,
    Bytes(bytes): Bytes,
) -> Result<Response, Problem> {
    let upload = query.upload(import, bytes);
    imported::<StructuresFile>(&pool, &who, &upload, at).await
}

/// Imports where structures are to be paid: CSV or a workbook (.xlsx) with the columns `siret`, `titulaire`, `iban` and, if known, `bic`.
///
/// A column more refuses nothing: `notices` names it. Previewed, then committed with the preview's `digest`. The newest account of a structure counts.
#[utoipa::path(put, path = "/redemption/v1/bank-details-imports/{import}", tag = "structures",
    params(("import" = uuid::Uuid, Path, description = "The import, made by the caller"), ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "A preview, or committed before", body = StructureImportReport),
        (status = 201, description = "Committed now", body = StructureImportReport),
        (status = 422, description = "`digest-missing`, `preview-outdated`")))]
pub(super) async fn import_bank_details(
    who: AccreditorOrOperator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(import): Path<ImportId>,
    Query(query): Query<ImportQuery>,
    Bytes(bytes): Bytes,
) -> Result<Response, Problem> {
    let upload = query.upload(import, bytes);
    imported::<BankDetailsFile>(&pool, &who, &upload, at).await
}

/// A preview, or what was previewed.
async fn imported<I: Import>(
    pool: &PgPool,
    who: &Caller,
    upload: &Upload,
    at: DateTime<Utc>,
) -> Result<Response, Problem> {
    if upload.commit.is_none() {
        return Ok(Json(import::preview::<I>(pool, upload).await?).into_response());
    }
    let made = database::transaction(pool, I::ACTION, |tx| {
        let (who, upload) = (who.clone(), upload.clone());
        Box::pin(async move { import::commit::<I>(tx, &who, &upload, at).await })
    })
    .await?;
    Ok(made.into_response())
}
