use ledger::{PostError, Rejection};
use web::Problem;

/// Why nothing was blocked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// No such batch in the programme.
    #[error("no such batch")]
    NoBatch,
    /// The batch has no such booklet or voucher, or the prescriber did not hand it over.
    #[error("no such booklet")]
    NoBooklet,
    /// Neither or both of booklet and serial number are given.
    #[error("booklet or serial")]
    BookletOrSerial,
    /// The batch has no vouchers yet.
    #[error("not minted")]
    NotMinted,
    /// Everything has expired.
    #[error("the programme is over")]
    ProgrammeOver,
    /// The id names another act.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The ledger refused what it should hold.
    #[error("the ledger refuses")]
    Refused(#[source] Rejection),
    #[error("ledger")]
    Ledger(#[from] PostError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl RevokeError {
    /// Two acts of one id on different batches hold different locks: the primary key decides.
    pub(super) fn of_insert(error: sqlx::Error) -> Self {
        if database::is_constraint(&error, "revocation_act_pk") {
            Self::SameIdOtherContent
        } else {
            Self::Database(error)
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NoBatch => Self::not_found("Ce lot"),
            RevokeError::NoBooklet => Self::not_found("Ce carnet ou ce chèque"),
            RevokeError::BookletOrSerial => Self::refused("booklet-or-serial", "Il faut dire quoi révoquer.")
                .detail("Donnez soit « booklet » (un carnet entier), soit « serial » (un seul chèque)."),
            RevokeError::NotMinted => Self::refused("not-minted", "Les chèques de ce lot ne sont pas encore émis."),
            RevokeError::ProgrammeOver => Self::refused(
                "programme-over",
                "Ce dispositif est terminé : tous ses chèques sont déjà périmés.",
            ),
            RevokeError::SameIdOtherContent => Self::same_id_other_content(),
            RevokeError::Refused(_) | RevokeError::Ledger(_) | RevokeError::Database(_) => Self::internal(&error),
        }
    }
}
