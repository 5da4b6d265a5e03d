use chrono::NaiveDate;
use ledger::{PostError, Rejection};
use web::Problem;

/// Why a booklet was not given.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// No such batch in the programme.
    #[error("no such batch")]
    NoBatch,
    /// The batch has no booklet of this number.
    #[error("no such booklet")]
    NoBooklet,
    /// The hand-over to replace is unknown, or another prescriber's.
    #[error("no such hand-over")]
    NoLostBooklet,
    /// The lost booklet can still be spent.
    #[error("the lost booklet is not revoked")]
    LostNotRevoked,
    /// The booklet to replace was revoked for another reason than its loss or theft.
    #[error("the booklet was not lost")]
    NotLost,
    /// All of the lost booklet was spent.
    #[error("nothing was left on the lost booklet")]
    NothingLeft,
    /// The lost booklet was replaced before.
    #[error("replaced before")]
    AlreadyReplaced,
    /// The batch has no vouchers yet.
    #[error("not minted")]
    NotMinted,
    /// No money is reserved behind the batch.
    #[error("not funded")]
    NotFunded,
    /// The whole batch must be activated first in this programme.
    #[error("not activated")]
    NotActivated,
    /// The batch was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The last day has passed.
    #[error("the programme is over")]
    ProgrammeOver,
    /// The programme ends soon: its hand-overs have stopped.
    #[error("stopped since {since}")]
    Stopped {
        /// The first day without hand-overs.
        since: NaiveDate,
    },
    /// The booklet, or a voucher in it, was revoked.
    #[error("blocked")]
    Blocked,
    /// Somebody has it.
    #[error("handed over before")]
    AlreadyHandedOver,
    /// The person is not on the prescriber's list.
    #[error("not your beneficiary")]
    NotYourBeneficiary,
    /// The person has all the booklets that were granted.
    #[error("has {granted} booklets")]
    CapReached {
        /// How many were granted.
        granted: u32,
    },
    /// The id names another hand-over.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The ledger refused what the reserve should cover.
    #[error("the ledger refuses")]
    Refused(#[source] Rejection),
    #[error("ledger")]
    Ledger(#[from] PostError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl HandOverError {
    /// The constraint decides; its name says what it means.
    pub(super) fn of_insert(error: sqlx::Error) -> Self {
        match error {
            error if database::is_constraint(&error, "hand_over_booklet_once") => Self::AlreadyHandedOver,
            error if database::is_constraint(&error, "hand_over_replaces_once") => Self::AlreadyReplaced,
            error if database::is_constraint(&error, "hand_over_pk") => Self::SameIdOtherContent,
            error => Self::Database(error),
        }
    }
}

impl From<HandOverError> for Problem {
    fn from(error: HandOverError) -> Self {
        use HandOverError as E;
        let refused = |kind, detail: &str| Self::refused(kind, "Ce carnet ne peut pas être remis.").detail(detail);
        match error {
            E::NoBatch => Self::not_found("Ce lot"),
            E::NoBooklet => Self::not_found("Ce carnet"),
            E::NoLostBooklet => Self::not_found("La remise du carnet perdu"),
            E::NotYourBeneficiary => Self::new(
                http::StatusCode::NOT_FOUND,
                "not-your-beneficiary",
                "Cette personne n'est pas dans votre liste de bénéficiaires.",
            )
            .detail("Importez d'abord la personne, puis remettez-lui le carnet."),
            E::LostNotRevoked => refused(
                "not-revoked",
                "Révoquez d'abord le carnet perdu : il est encore utilisable.",
            ),
            E::NotLost => refused(
                "not-replaceable",
                "Seul un carnet entièrement révoqué pour perte ou vol est remplacé ; celui-ci l'a été, en tout ou partie, pour un autre motif.",
            ),
            E::NothingLeft => refused(
                "not-replaceable",
                "Tous les chèques du carnet perdu étaient déjà utilisés : il n'y a rien à remplacer.",
            ),
            E::AlreadyReplaced => refused("already-replaced", "Le carnet perdu a déjà été remplacé."),
            E::NotMinted => refused("not-minted", "Les chèques de ce lot ne sont pas encore émis."),
            E::NotFunded => refused(
                "not-funded",
                "Ce lot n'est pas financé : le commanditaire doit d'abord le financer.",
            ),
            E::NotActivated => refused(
                "not-activated",
                "Ce lot n'est pas activé : le commanditaire doit d'abord l'activer.",
            ),
            E::Cancelled => refused(
                "batch-cancelled",
                "Ce lot est annulé. Rendez le carnet au commanditaire.",
            ),
            E::ProgrammeOver => refused("programme-over", "Le dernier jour de ce dispositif est passé."),
            E::Stopped { since } => refused(
                "distribution-stopped",
                &format!(
                    "Les remises de ce dispositif sont arrêtées depuis le {} : ses chèques ne seront bientôt plus acceptés. Rendez les carnets qui restent au commanditaire.",
                    since.format("%d/%m/%Y")
                ),
            ),
            E::Blocked => refused(
                "booklet-blocked",
                "Ce carnet est révoqué. Mettez-le de côté et prenez-en un autre.",
            ),
            E::AlreadyHandedOver => refused(
                "booklet-already-handed-over",
                "Ce carnet a déjà été remis. Vérifiez son numéro ou prenez-en un autre.",
            ),
            E::CapReached { granted } => refused(
                "cap-reached",
                &format!("Cette personne a déjà reçu ses {granted} carnet(s)."),
            ),
            E::SameIdOtherContent => Self::same_id_other_content(),
            E::Refused(_) | E::Ledger(_) | E::Database(_) => Self::internal(&error),
        }
    }
}
