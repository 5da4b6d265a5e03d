use chrono::NaiveDate;
use database::{Rejection, UseCaseError};
use web::Problem;

#[derive(Debug)]
pub enum HandOverRejection {
    NoBatch,
    NoBooklet,
    /// The hand-over to replace is unknown, or another prescriber's.
    NoLostBooklet,
    LostNotRevoked,
    NotLost,
    NothingLeft,
    AlreadyReplaced,
    NotMinted,
    NotFunded,
    /// In this programme a whole batch is activated first.
    NotActivated,
    Cancelled,
    ProgrammeOver,
    /// Hand-overs in this programme, since that day.
    Stopped(NaiveDate),
    /// The booklet, or a voucher in it, was revoked.
    Blocked,
    AlreadyHandedOver,
    NotYourBeneficiary,
    /// So many booklets were granted.
    CapReached(u32),
}

impl Rejection for HandOverRejection {}

pub(super) type HandOverError = UseCaseError<HandOverRejection>;

impl HandOverRejection {
    /// The constraint decides; its name says what it means.
    pub(super) fn of_insert(error: sqlx::Error) -> HandOverError {
        match error {
            error if database::is_constraint(&error, "hand_over_booklet_once") => Self::AlreadyHandedOver.into(),
            error if database::is_constraint(&error, "hand_over_replaces_once") => Self::AlreadyReplaced.into(),
            error if database::is_constraint(&error, "hand_over_pk") => UseCaseError::IdReused,
            error => error.into(),
        }
    }
}

impl From<HandOverRejection> for Problem {
    fn from(rejection: HandOverRejection) -> Self {
        use HandOverRejection as E;
        let refused = |kind, detail: &str| Self::refused(kind, "Ce carnet ne peut pas être remis.").detail(detail);
        match rejection {
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
            E::Stopped(since) => refused(
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
            E::CapReached(granted) => refused(
                "cap-reached",
                &format!("Cette personne a déjà reçu ses {granted} carnet(s)."),
            ),
        }
    }
}
