//! What is wrong in a file, cell by cell.

use serde::{Deserialize, Serialize};

/// Most problems told about one file; beyond, a last line says how many more there are.
pub const PROBLEMS_MAX: usize = 1_000;

/// Most characters of a cell repeated in a problem.
const VALUE_CHARS_MAX: usize = 120;

/// One thing wrong in a file, told so that the person who made the file can mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct CellProblem {
    /// Physical line of the file, from 1.
    #[cfg_attr(feature = "utoipa", schema(example = 12))]
    pub line: u64,
    /// Name of the column; empty when the whole line or file is concerned.
    #[cfg_attr(feature = "utoipa", schema(example = "siret"))]
    pub column: String,
    /// What was found, shortened if long.
    #[cfg_attr(feature = "utoipa", schema(example = "21210231300014"))]
    pub value: String,
    /// What is wrong, in French.
    #[cfg_attr(
        feature = "utoipa",
        schema(example = "le SIRET est faux : sa clé de contrôle ne correspond pas")
    )]
    pub problem: String,
    /// How to mend it, in French.
    #[cfg_attr(
        feature = "utoipa",
        schema(example = "recopiez les 14 chiffres depuis annuaire-entreprises.data.gouv.fr")
    )]
    pub remedy: String,
}

impl CellProblem {
    /// A problem; a long value is shortened.
    pub fn new(
        line: u64,
        column: impl Into<String>,
        value: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let mut shown: String = value.chars().take(VALUE_CHARS_MAX).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        Self {
            line,
            column: column.into(),
            value: shown,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// A bounded list of problems. The list is cut, the counts are not.
#[derive(Debug, Default)]
pub struct Problems {
    told: Vec<CellProblem>,
    untold: usize,
}

impl Problems {
    /// Adds one; beyond [`PROBLEMS_MAX`] it is only counted.
    pub fn push(&mut self, problem: CellProblem) {
        if self.told.len() < PROBLEMS_MAX {
            self.told.push(problem);
        } else {
            self.untold += 1;
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// How many there are, told or not.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.told.len() + self.untold
    }

    /// All of them by line, with a last one that counts those left out.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<CellProblem> {
        self.told.sort_by_key(|problem| problem.line);
        if self.untold > 0 {
            let line = self.told.last().map_or(1, |last| last.line);
            self.told.push(CellProblem::new(
                line,
                "",
                "",
                format!("et {} autres problèmes, non affichés", self.untold),
                "corrigez d'abord ceux qui précèdent",
            ));
        }
        self.told
    }
}

impl Extend<CellProblem> for Problems {
    fn extend<I: IntoIterator<Item = CellProblem>>(&mut self, problems: I) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }
}
