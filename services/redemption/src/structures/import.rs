//! What every import of a file has in common: a preview that keeps nothing, then a commit that must name what was
//! previewed. A file loaded twice changes nothing.
//!
//! The digest covers the file and, line by line, what would happen to it. When another import came in between and
//! something else would happen now, the commit is refused rather than surprising.

use access::{Caller, audit};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use database::{NamedLock, Rejection, UseCaseError};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{PgPool, PgTransaction};
use standards::CellProblem;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::ids::ImportId;

/// Characters of a file's name that are kept.
const FILE_NAME_CHARS_MAX: usize = 200;

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Made by the caller.
    pub id: ImportId,
    /// The file's name, as its sender knows it.
    pub file: String,
    pub bytes: bytes::Bytes,
    /// The sheet of a workbook; its first one when none is named.
    pub sheet: Option<String>,
    /// The digest of the preview to be committed; `None` asks for a preview.
    pub commit: Option<String>,
}

/// What kind of file it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Places in the national schema.
    Structures,
    BankDetails,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Structures => "structures",
            Self::BankDetails => "bank_details",
        }
    }
}

/// A kind of file: what it would change of what is known, and how that is kept.
pub(crate) trait Import {
    /// What a line changes.
    type Change: Send + Sync;
    const KIND: Kind;
    /// Its name in the audit trail.
    const ACTION: &'static str;

    /// What would happen.
    fn examine(
        tx: &mut PgTransaction<'_>,
        upload: &Upload,
    ) -> impl Future<Output = Result<(StructureImportReport, Vec<Self::Change>), ImportError>> + Send;

    /// Makes it happen.
    fn store(
        tx: &mut PgTransaction<'_>,
        upload: &Upload,
        changes: &[Self::Change],
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Shows what a file would do, and keeps nothing.
pub(crate) async fn preview<I: Import>(pool: &PgPool, upload: &Upload) -> Result<StructureImportReport, ImportError> {
    let mut tx = pool.begin().await?;
    let (report, _) = I::examine(&mut tx, upload).await?;
    tx.rollback().await?;
    Ok(report)
}

/// Does what was previewed, once.
pub(crate) async fn commit<I: Import>(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    upload: &Upload,
    at: DateTime<Utc>,
) -> Result<Created<Value>, ImportError> {
    if let Some(report) = upload.committed_before(tx, I::KIND).await? {
        return Ok(Created::Existing(report));
    }
    let (report, changes) = I::examine(tx, upload).await?;
    upload.check_digest(&report)?;
    I::store(tx, upload, &changes, at).await?;
    let told = json!({ "accepted": report.accepted });
    audit(tx, who, at, I::ACTION, Some(upload.id.uuid()), told).await?;
    Ok(Created::New(upload.keep(tx, I::KIND, report, at).await?))
}

/// A line that says what an earlier line said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DuplicateLine {
    /// Physical line of the file, from 1.
    pub line: u64,
    /// Name of the column.
    pub column: String,
    /// What was found.
    pub value: String,
    /// What is wrong, in French.
    pub problem: String,
    /// How to mend it, in French.
    pub remedy: String,
    /// The line that counts.
    pub same_as_line: u64,
}

/// What an import does, line by line and in sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StructureImportReport {
    pub import: ImportId,
    /// The file's name.
    pub file: String,
    /// The file's SHA-256, in hexadecimal.
    pub sha256: String,
    /// To be sent back to commit exactly this.
    pub digest: String,
    /// Lines of data, good or not.
    pub rows: usize,
    /// Lines that are new or change something.
    pub accepted: usize,
    /// Of these, lines that say something new of what is known.
    pub changed: usize,
    /// Lines that say what is known already.
    pub unchanged: usize,
    /// What is wrong, cell by cell; these lines are not imported. The list is cut when there is too much.
    pub refused: Vec<CellProblem>,
    /// How many problems there are, repeated lines too, whether or not they are listed.
    pub problems: usize,
    /// What was read otherwise than one might think, in French: the encoding, a sheet, a column.
    pub notices: Vec<String>,
    /// Three names with accents, when the file's encoding had to be found out: whoever reads them sees whether they are right.
    pub samples: Vec<String>,
    /// Lines that repeat an earlier one; not imported.
    pub duplicates: Vec<DuplicateLine>,
    /// Whether it is done, or only previewed.
    pub committed: bool,
}

#[derive(Debug)]
pub enum ImportRejection {
    DigestMissing,
    PreviewOutdated,
}

impl Rejection for ImportRejection {}

pub(crate) type ImportError = UseCaseError<ImportRejection>;

impl From<ImportRejection> for Problem {
    fn from(rejection: ImportRejection) -> Self {
        match rejection {
            ImportRejection::DigestMissing => Self::refused("digest-missing", "L'empreinte de l'aperçu manque.").detail(
                "Demandez d'abord un aperçu (commit=false), relisez-le, puis renvoyez le fichier avec son « digest ».",
            ),
            ImportRejection::PreviewOutdated => Self::refused("preview-outdated", "L'aperçu n'est plus à jour.").detail(
                "Le fichier ou les données ont changé depuis l'aperçu. Demandez un nouvel aperçu et relisez-le.",
            ),
        }
    }
}

/// A line about something that nobody knew.
pub(crate) const NEW: &str = "new";
/// A line that says something else than what is known.
pub(crate) const CHANGED: &str = "changed";

/// What would happen to the good lines of a file, before it is judged against the digest.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Lines that are new or change something, with what they do.
    pub accepted: Vec<(u64, &'static str)>,
    /// Lines that say what is known already.
    pub unchanged: Vec<u64>,
    /// What is wrong, by line; a long list is cut.
    pub problems: Vec<CellProblem>,
    /// How many problems there are, told or not.
    pub problem_count: usize,
    /// Lines of data, good or not.
    pub sent_rows: usize,
    pub notices: Vec<String>,
    pub samples: Vec<String>,
}

impl Upload {
    fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    fn file_name(&self) -> String {
        self.file
            .chars()
            .filter(|c| !c.is_control())
            .take(FILE_NAME_CHARS_MAX)
            .collect()
    }

    /// The report of what was found.
    pub(crate) fn report(&self, found: Findings) -> StructureImportReport {
        let (duplicates, refused) = split_duplicates(found.problems);
        let mut digest = Sha256::new();
        let seen = (
            self.sha256(),
            &self.sheet,
            &found.accepted,
            &found.unchanged,
            &refused,
            &duplicates,
        );
        digest.update(serde_json::to_vec(&seen).expect("plain data serialises"));
        StructureImportReport {
            import: self.id,
            file: self.file_name(),
            sha256: HEXLOWER.encode(&self.sha256()),
            digest: HEXLOWER.encode(&digest.finalize()),
            rows: found.sent_rows,
            accepted: found.accepted.len(),
            changed: found.accepted.iter().filter(|(_, what)| *what == CHANGED).count(),
            unchanged: found.unchanged.len(),
            problems: found.problem_count,
            refused,
            notices: found.notices,
            samples: found.samples,
            duplicates,
            committed: false,
        }
    }

    /// The report of the same import, if it was committed before. Otherwise this commit is alone until it ends.
    async fn committed_before(&self, tx: &mut PgTransaction<'_>, kind: Kind) -> Result<Option<Value>, ImportError> {
        NamedLock::StructureImports.take(tx).await?;
        let known = sqlx::query!(
            "select kind, file_name, sha256, report from redemption.structure_import where id = $1",
            self.id.uuid()
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(known) = known else { return Ok(None) };
        let same = known.kind == kind.word() && known.file_name == self.file_name() && known.sha256 == self.sha256();
        if same {
            Ok(Some(known.report))
        } else {
            Err(ImportError::IdReused)
        }
    }

    /// Refuses unless what would happen is what was previewed.
    fn check_digest(&self, report: &StructureImportReport) -> Result<(), ImportRejection> {
        match self.commit.as_deref() {
            None | Some("") => Err(ImportRejection::DigestMissing),
            Some(digest) if digest == report.digest => Ok(()),
            Some(_) => Err(ImportRejection::PreviewOutdated),
        }
    }

    /// Keeps the report of a committed import, which its repetition answers.
    async fn keep(
        &self,
        tx: &mut PgTransaction<'_>,
        kind: Kind,
        mut report: StructureImportReport,
        at: DateTime<Utc>,
    ) -> Result<serde_json::Value, ImportError> {
        report.committed = true;
        if kind == Kind::BankDetails {
            // An account number that was refused may be somebody else's: it is told, and not kept.
            report.refused.iter_mut().for_each(|problem| problem.value.clear());
        }
        let report = serde_json::to_value(&report).map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query!(
            "insert into redemption.structure_import (id, kind, file_name, sha256, report, committed_at)
             values ($1, $2, $3, $4, $5, $6)",
            self.id.uuid(),
            kind.word(),
            self.file_name(),
            &self.sha256(),
            report,
            at,
        )
        .execute(&mut **tx)
        .await?;
        Ok(report)
    }
}

/// The readers of `standards` tell a repeated line as a problem whose sentence ends in the line that counts.
const SAME_AS: &str = " est déjà à la ligne ";

fn split_duplicates(problems: Vec<CellProblem>) -> (Vec<DuplicateLine>, Vec<CellProblem>) {
    let mut duplicates = Vec::new();
    let mut refused = Vec::new();
    for problem in problems {
        let same_as = problem
            .problem
            .split_once(SAME_AS)
            .and_then(|(_, line)| line.parse().ok());
        match same_as {
            Some(same_as_line) => duplicates.push(DuplicateLine {
                line: problem.line,
                column: problem.column,
                value: problem.value,
                problem: problem.problem,
                remedy: problem.remedy,
                same_as_line,
            }),
            None => refused.push(problem),
        }
    }
    (duplicates, refused)
}
