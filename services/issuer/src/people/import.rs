//! Loading a file of beneficiaries: look first, then commit exactly what was looked at.
//!
//! ```text
//! file ── rows (import/row.rs: is each line right?) ── verdicts (import/verdict.rs: who is this person here?) ── report + digest
//!                                                                          commit: the same, and the digest must be the same
//! ```
//!
//! **The invariant.** One person is registered once in a programme, whoever imports: the constraint on the identity's hash decides,
//! also between two imports at the same moment (the second learns that its preview is outdated). A file loaded twice changes
//! nothing.
//!
//! **Privacy.** A person is looked for inside one programme: two sponsors are two controllers of personal data, and neither learns of
//! the other's people. In a programme, another organisation's person is told as "registered elsewhere", without saying where. What is stored of a report
//! has lines and columns and no value. Nothing of a file that is only previewed is kept.

mod digest;
mod error;
mod report;
mod row;
mod store;
#[cfg(test)]
mod tests;
mod verdict;

use access::{Caller, OrganisationId, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use database::UseCaseError;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, PgTransaction};
use web::Created;

use crate::{BeneficiaryImportId, people::identity::IdentityKey};

pub use error::CommitRejection;
pub use report::{BeneficiaryImportReport, DuplicatePerson};

/// A file as it came.
#[derive(Debug, Clone)]
pub struct ImportedFile {
    /// Chosen by the caller.
    pub import: BeneficiaryImportId,
    /// Its name on the sender's machine, for people.
    pub name: String,
    /// The whole file.
    pub bytes: bytes::Bytes,
    /// The sheet of a workbook; its first one when none is named.
    pub sheet: Option<String>,
}

/// Who imports, into what, with which key: what both steps need.
#[derive(Debug, Clone, Copy)]
pub struct Importing<'a> {
    /// Whose people they are.
    pub who: &'a Caller,
    pub programme: &'a Programme,
    /// Makes people comparable.
    pub key: &'a IdentityKey,
    /// The instant of the request.
    pub at: DateTime<Utc>,
}

impl Importing<'_> {
    const fn prescriber(&self) -> OrganisationId {
        self.who.organisation()
    }
}

/// Says what a commit of this file would do. Keeps nothing.
pub async fn preview_import(
    pool: &PgPool,
    by: &Importing<'_>,
    file: &ImportedFile,
) -> Result<BeneficiaryImportReport, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let outcome = examine(&mut tx, by, file).await?;
    tx.rollback().await?;
    Ok(outcome.report)
}

/// Registers the new people of a file, if what would happen is still what the preview said.
pub async fn commit_import(
    tx: &mut PgTransaction<'_>,
    by: &Importing<'_>,
    file: &ImportedFile,
    digest: &str,
) -> Result<Created<BeneficiaryImportReport>, UseCaseError<CommitRejection>> {
    if let Some(known) = store::find(tx, by.programme.id, file.import).await? {
        let sha256: [u8; 32] = Sha256::digest(&file.bytes).into();
        let same = known.prescriber == by.prescriber() && known.sha256 == sha256;
        return if same {
            Ok(Created::Existing(known.report))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let outcome = examine(tx, by, file).await?;
    if outcome.report.digest != digest {
        return Err(CommitRejection::PreviewOutdated.into());
    }
    let report = BeneficiaryImportReport {
        committed: true,
        // Names are shown before, and never kept.
        samples: Vec::new(),
        ..outcome.report
    };
    store::import(tx, by, file.import, &report).await?;
    store::beneficiaries(tx, by, file.import, &outcome.accepted).await?;
    let (object, detail) = (Some(file.import.uuid()), report.accepted);
    audit(tx, by.who, by.at, "beneficiaries.import", object, detail).await?;
    Ok(Created::New(report))
}

struct Outcome {
    report: BeneficiaryImportReport,
    accepted: Vec<row::Person>,
}

async fn examine(tx: &mut PgTransaction<'_>, by: &Importing<'_>, file: &ImportedFile) -> Result<Outcome, sqlx::Error> {
    let audiences = sqlx::query_scalar!("select label from catalogue.audience")
        .fetch_all(&mut **tx)
        .await?;
    let rules = row::Rules {
        today: standards::calendar::paris_date(by.at),
        booklets_max: by.programme.booklets_per_person_max,
        audiences,
        key: by.key,
    };
    let mut parsed = row::parse(&file.bytes, file.sheet.as_deref(), &rules);
    let known = store::known(tx, by, &parsed.people).await?;
    let judged = verdict::judge(std::mem::take(&mut parsed.people), &known, by.prescriber());
    parsed.problems.extend(judged.refused);
    let sha256: [u8; 32] = Sha256::digest(&file.bytes).into();
    let mut report = BeneficiaryImportReport {
        import: file.import,
        file: file.name.clone(),
        sha256: data_encoding::HEXLOWER.encode(&sha256),
        digest: String::new(),
        rows: parsed.rows,
        accepted: judged.accepted.len(),
        unchanged: judged.unchanged.len(),
        problems: parsed.problems.count() + judged.duplicates.len(),
        refused: parsed.problems.into_vec(),
        notices: parsed.notices,
        samples: parsed.samples,
        duplicates: judged.duplicates,
        committed: false,
    };
    report.digest = digest::of(
        by,
        &sha256,
        file.sheet.as_deref(),
        &report,
        &judged.accepted,
        &judged.unchanged,
    );
    Ok(Outcome {
        report,
        accepted: judged.accepted,
    })
}
