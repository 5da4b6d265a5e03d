use web::Problem;

/// Why a file was not loaded. Wrong lines are no error: they are in the report.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The id names another file.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// What would happen is no longer what the preview said.
    #[error("the preview is outdated")]
    PreviewOutdated,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl CommitError {
    /// Somebody registered the same person, or the same number, since the file was examined: the constraint decides.
    pub(super) fn of_insert(error: sqlx::Error) -> Self {
        let raced = [
            "beneficiary_identity_unique",
            "beneficiary_external_unique",
            "beneficiary_pk",
        ];
        if raced.iter().any(|name| database::is_constraint(&error, name)) {
            return Self::PreviewOutdated;
        }
        if database::is_constraint(&error, "import_pk") {
            Self::SameIdOtherContent
        } else {
            Self::Database(error)
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::SameIdOtherContent => Self::same_id_other_content(),
            CommitError::PreviewOutdated => Self::refused("preview-outdated", "L'aperçu n'est plus à jour.").detail(
                "Le fichier, la date ou les personnes enregistrées ont changé depuis l'aperçu. Demandez un nouvel aperçu et relisez-le.",
            ),
            CommitError::Database(error) => Self::internal(&error),
        }
    }
}
