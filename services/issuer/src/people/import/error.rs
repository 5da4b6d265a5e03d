use database::{Rejection, UseCaseError};
use web::Problem;

#[derive(Debug)]
pub enum CommitRejection {
    PreviewOutdated,
}

impl Rejection for CommitRejection {}

impl CommitRejection {
    /// Somebody registered the same person, or the same number, since the file was examined: the constraint decides.
    pub(super) fn of_insert(error: sqlx::Error) -> UseCaseError<Self> {
        let raced = [
            "beneficiary_identity_unique",
            "beneficiary_external_unique",
            "beneficiary_pk",
        ];
        if raced.iter().any(|name| database::is_constraint(&error, name)) {
            return Self::PreviewOutdated.into();
        }
        if database::is_constraint(&error, "import_pk") {
            UseCaseError::IdReused
        } else {
            error.into()
        }
    }
}

impl From<CommitRejection> for Problem {
    fn from(rejection: CommitRejection) -> Self {
        match rejection {
            CommitRejection::PreviewOutdated => Self::refused("preview-outdated", "L'aperçu n'est plus à jour.").detail(
                "Le fichier, la date ou les personnes enregistrées ont changé depuis l'aperçu. Demandez un nouvel aperçu et relisez-le.",
            ),
        }
    }
}
