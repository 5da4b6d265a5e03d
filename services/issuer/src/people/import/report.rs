use serde::{Deserialize, Serialize};
use standards::table::CellProblem;
use utoipa::ToSchema;

use crate::BeneficiaryImportId;

/// What a file would do, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BeneficiaryImportReport {
    /// The import's id.
    pub import: BeneficiaryImportId,
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Names what would happen: to be sent back with the commit.
    pub digest: String,
    /// Lines of data, good or not.
    pub rows: usize,
    pub accepted: usize,
    /// People registered before by the same organisation under the same number.
    pub unchanged: usize,
    /// What is wrong, by line; the list is cut when there is too much.
    pub refused: Vec<CellProblem>,
    /// How many problems there are, people who are here already too, whether or not they are listed.
    pub problems: usize,
    /// What was read otherwise than one might think, in French: the encoding, a sheet, a column.
    pub notices: Vec<String>,
    /// Three names with accents, when the file's encoding had to be found out: whoever reads them sees whether they are right. In a
    /// preview only.
    pub samples: Vec<String>,
    /// People who are here already, by line.
    pub duplicates: Vec<DuplicatePerson>,
    /// Whether it was done.
    pub committed: bool,
}

/// A line whose person is registered already, or stands higher in the file. It is not registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DuplicatePerson {
    /// Where, and what to do.
    #[serde(flatten)]
    pub cell: CellProblem,
    /// The earlier line of the file with the same person.
    pub same_as_line: Option<u64>,
}

/// What is stored of a report: no value of any person.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredReport {
    pub digest: String,
    pub rows: usize,
    pub accepted: usize,
    pub unchanged: usize,
    pub problems: usize,
    pub notices: Vec<String>,
    pub refused: Vec<StoredProblem>,
    pub duplicates: Vec<StoredProblem>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredProblem {
    line: u64,
    column: String,
    problem: String,
    remedy: String,
    same_as_line: Option<u64>,
}

impl StoredReport {
    pub(super) fn of(report: &BeneficiaryImportReport) -> Self {
        let stored = |cell: &CellProblem, same_as_line| StoredProblem {
            line: cell.line,
            column: cell.column.clone(),
            problem: cell.problem.clone(),
            remedy: cell.remedy.clone(),
            same_as_line,
        };
        Self {
            digest: report.digest.clone(),
            rows: report.rows,
            accepted: report.accepted,
            unchanged: report.unchanged,
            problems: report.problems,
            notices: report.notices.clone(),
            refused: report.refused.iter().map(|cell| stored(cell, None)).collect(),
            duplicates: report
                .duplicates
                .iter()
                .map(|double| stored(&double.cell, double.same_as_line))
                .collect(),
        }
    }

    pub(super) fn into_report(
        self,
        import: BeneficiaryImportId,
        file: String,
        sha256: &[u8],
    ) -> BeneficiaryImportReport {
        let cell = |told: &StoredProblem| {
            CellProblem::new(
                told.line,
                told.column.clone(),
                "",
                told.problem.clone(),
                told.remedy.clone(),
            )
        };
        BeneficiaryImportReport {
            import,
            file,
            sha256: data_encoding::HEXLOWER.encode(sha256),
            digest: self.digest,
            rows: self.rows,
            accepted: self.accepted,
            unchanged: self.unchanged,
            problems: self.problems,
            notices: self.notices,
            samples: Vec::new(),
            refused: self.refused.iter().map(cell).collect(),
            duplicates: self
                .duplicates
                .iter()
                .map(|told| DuplicatePerson {
                    cell: cell(told),
                    same_as_line: told.same_as_line,
                })
                .collect(),
            committed: true,
        }
    }
}
