use access::OrganisationId;
use sqlx::PgConnection;
use web::Page;

use crate::controls::reconciliation::document::Document;
use crate::controls::reconciliation::signed;
use crate::controls::reconciliation::view::RunLine;
use crate::support::ids::ReconciliationId;

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub document: Document,
    /// The same, as it was signed.
    pub bytes: String,
    /// Of these bytes.
    pub sha256: [u8; 32],
    /// The signature lines.
    pub signature: String,
}

impl Stored {
    /// The file that is verified alone: a C2SP signed note.
    #[must_use]
    pub fn file(&self) -> String {
        signed::file(&self.bytes, &self.signature)
    }

    fn of(document: Vec<u8>, sha256: &[u8], signature: String) -> Result<Self, sqlx::Error> {
        let damaged =
            |error: &dyn std::fmt::Display| sqlx::Error::Decode(format!("a kept run is damaged: {error}").into());
        let bytes = String::from_utf8(document).map_err(|error| damaged(&error))?;
        Ok(Self {
            document: serde_json::from_str(&bytes).map_err(|error| damaged(&error))?,
            bytes,
            sha256: sha256.try_into().map_err(|error| damaged(&error))?,
            signature,
        })
    }
}

/// What the next run follows.
pub(super) struct LastRun {
    pub number: i32,
    pub sha256: Vec<u8>,
    pub statements: i32,
}

pub(super) async fn last(connection: &mut PgConnection) -> Result<Option<LastRun>, sqlx::Error> {
    sqlx::query_as!(
        LastRun,
        "select number, sha256, statements from funding.reconciliation order by number desc limit 1"
    )
    .fetch_optional(connection)
    .await
}

/// The latest run's whole record.
pub(super) async fn latest(connection: &mut PgConnection) -> Result<Option<Stored>, sqlx::Error> {
    let row =
        sqlx::query!("select document, sha256, signature from funding.reconciliation order by number desc limit 1");
    let row = row.fetch_optional(connection).await?;
    row.map(|row| Stored::of(row.document, &row.sha256, row.signature))
        .transpose()
}

/// The run of this id.
pub async fn read(connection: &mut PgConnection, id: ReconciliationId) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query!(
        "select document, sha256, signature from funding.reconciliation where id = $1",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Stored::of(row.document, &row.sha256, row.signature))
        .transpose()
}

/// Runs, newest first; those before number `before` when it is given.
pub async fn list(
    connection: &mut PgConnection,
    before: Option<i32>,
    limit: i64,
) -> Result<Page<RunLine>, sqlx::Error> {
    let items = sqlx::query_as!(
        RunLine,
        r#"select id as "id: ReconciliationId", number, at, occasion, night, all_hold, failing, open_breaks, old_breaks
           from funding.reconciliation where $1::int is null or number < $1 order by number desc limit $2"#,
        before,
        limit + 1,
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::new(items, limit, |last| last.number))
}

pub(super) async fn insert(connection: &mut PgConnection, stored: &Stored) -> Result<(), sqlx::Error> {
    let document = &stored.document;
    let verdict = document.verdict;
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into funding.reconciliation (id, number, at, occasion, organisation_id, night, statements, all_hold, failing,
             open_breaks, old_breaks, document, sha256, signature)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        document.id.uuid(),
        document.number,
        document.at,
        document.occasion.word(),
        document.organisation_id.map(OrganisationId::uuid),
        document.night,
        document.statements.loaded,
        verdict.all_hold,
        count(verdict.failing),
        count(verdict.open_breaks),
        count(verdict.old_breaks),
        stored.bytes.as_bytes(),
        &stored.sha256,
        stored.signature,
    )
    .execute(connection)
    .await?;
    Ok(())
}
