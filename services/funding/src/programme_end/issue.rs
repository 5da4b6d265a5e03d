use std::sync::Arc;

use access::{Caller, OrganisationId, audit};
use catalogue::{ExpiryCalendar, ExpiryStep, Programme, ProgrammeId};
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use database::UseCaseError;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, PgTransaction};
use uuid::Uuid;

use super::content::{self, Content};
use super::{csv, pdf};
use crate::support::DocumentSigner;

/// This process was given no certificate to sign with.
#[derive(Debug)]
pub(crate) struct NoSigner;

impl database::Rejection for NoSigner {}

/// A file of a statement.
#[derive(Debug)]
struct File {
    bytes: Vec<u8>,
    sha256: [u8; 32],
}

impl File {
    fn new(bytes: Vec<u8>) -> Self {
        let sha256 = Sha256::digest(&bytes).into();
        Self { bytes, sha256 }
    }
}

#[derive(Debug)]
struct Files {
    data: File,
    csv: File,
    pdf: File,
}

/// Writes the statement of a programme, once: read in one snapshot, drawn and signed outside of any transaction, stored with its trace.
/// False when another instance was faster: its bytes are the statement. Where it fails, the next round tries again.
pub(crate) async fn issue(
    pool: &PgPool,
    documents: &DocumentSigner,
    programme: &Programme,
    calendar: &ExpiryCalendar,
    at: DateTime<Utc>,
) -> Result<bool, UseCaseError<NoSigner>> {
    let signer = documents.signer.clone().ok_or(NoSigner)?;
    let mut snapshot = ledger::read::snapshot(pool).await?;
    let content = content::read(&mut snapshot, programme, calendar, at)
        .await
        .map_err(UseCaseError::failed)?;
    snapshot.rollback().await?;
    let (content, fund) = (Arc::new(content), documents.fund.clone());
    let drawn = Arc::clone(&content);
    let files = tokio::task::spawn_blocking(move || write(&drawn, &fund, &signer))
        .await
        .map_err(UseCaseError::failed)??;
    let files = Arc::new(files);
    let issued = database::transaction(pool, "issue_statement", |tx| {
        let (content, files) = (Arc::clone(&content), Arc::clone(&files));
        Box::pin(async move { store(tx, &content, &files).await })
    })
    .await?;
    if issued {
        tracing::info!(programme = %programme.id, until = %content.contest.until, "adversarial statement issued");
    }
    Ok(issued)
}

/// The three files. The PDF names the digests of the two others, so that its signature covers them.
fn write(content: &Content, fund: &str, signer: &document::sign::Signer) -> Result<Files, UseCaseError<NoSigner>> {
    let json = verify::canonical_json(content).map_err(UseCaseError::failed)?;
    let data = File::new(json.into_bytes());
    let csv = File::new(csv::csv(content).map_err(UseCaseError::failed)?);
    let digests = pdf::Digests {
        data: HEXLOWER.encode(&data.sha256),
        csv: HEXLOWER.encode(&csv.sha256),
    };
    let unsigned = pdf::draw(content, fund, &digests).map_err(UseCaseError::failed)?;
    let signing = document::sign::Signing {
        reason: "État contradictoire de fin de dispositif",
        at: content.issued_at,
    };
    let pdf = File::new(document::sign::sign(&unsigned, signer, signing).map_err(UseCaseError::failed)?);
    Ok(Files { data, csv, pdf })
}

async fn store(tx: &mut PgTransaction<'_>, content: &Content, files: &Files) -> Result<bool, sqlx::Error> {
    let programme = content.programme.id;
    let inserted = sqlx::query!(
        "insert into funding.expiry_statement (programme_id, issued_at, due_on, late, contest_until, data, data_sha256, csv,
             csv_sha256, pdf, pdf_sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
        programme.uuid(),
        content.issued_at,
        content.due_on,
        content.late,
        content.contest.until,
        files.data.bytes,
        &files.data.sha256,
        files.csv.bytes,
        &files.csv.sha256,
        files.pdf.bytes,
        &files.pdf.sha256,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if !inserted {
        return Ok(false);
    }
    let parties: Vec<Uuid> = content.contest.parties.iter().map(|party| party.id.uuid()).collect();
    let funds: Vec<bool> = content.contest.parties.iter().map(|party| party.funder).collect();
    sqlx::query!(
        "insert into funding.expiry_party (programme_id, organisation_id, funds)
         select $1, party.id, party.funds from unnest($2::uuid[], $3::boolean[]) as party (id, funds)",
        programme.uuid(),
        &parties,
        &funds,
    )
    .execute(&mut **tx)
    .await?;
    let act = ids::derive_uuid(
        b"expiry step",
        &[programme.uuid().as_bytes(), ExpiryStep::Statement.word().as_bytes()],
    );
    let digest = HEXLOWER.encode(&files.pdf.sha256);
    audit(
        tx,
        &Caller::clock(act),
        content.issued_at,
        "expiry.state",
        Some(programme.uuid()),
        digest,
    )
    .await?;
    Ok(true)
}

/// The last day on which the statement of a programme may be contested, if it was issued.
pub(crate) async fn contest_until(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
) -> Result<Option<NaiveDate>, sqlx::Error> {
    sqlx::query_scalar!(
        "select contest_until from funding.expiry_statement where programme_id = $1",
        programme.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Whether the statement names an organisation as a funder.
pub(crate) async fn funds(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    organisation: OrganisationId,
) -> Result<bool, sqlx::Error> {
    Ok(funders(tx, programme).await?.contains(&organisation))
}

/// The funders that the statement names, in order of id.
pub(crate) async fn funders(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
) -> Result<Vec<OrganisationId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select organisation_id as "id: OrganisationId" from funding.expiry_party
           where programme_id = $1 and funds order by organisation_id"#,
        programme.uuid()
    )
    .fetch_all(&mut **tx)
    .await
}

/// A file of a statement, by its bytes as they were issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementFile {
    Data,
    Csv,
    Pdf,
}

/// The file, if the statement was issued.
pub(crate) async fn file(
    pool: &PgPool,
    programme: ProgrammeId,
    kind: StatementFile,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let word = match kind {
        StatementFile::Data => "data",
        StatementFile::Csv => "csv",
        StatementFile::Pdf => "pdf",
    };
    sqlx::query_scalar!(
        r#"select case $2 when 'data' then data when 'csv' then csv else pdf end as "bytes!"
           from funding.expiry_statement where programme_id = $1"#,
        programme.uuid(),
        word,
    )
    .fetch_optional(pool)
    .await
}
