use database::{Rejection, UseCaseError};
use web::Problem;

#[derive(Debug)]
pub enum RevokeRejection {
    NoBatch,
    /// The batch has no such booklet or voucher, or the prescriber did not hand it over.
    NoBooklet,
    /// Neither or both are given.
    BookletOrSerial,
    NotMinted,
    ProgrammeOver,
}

impl Rejection for RevokeRejection {}

pub(super) type RevokeError = UseCaseError<RevokeRejection>;

impl From<RevokeRejection> for Problem {
    fn from(rejection: RevokeRejection) -> Self {
        match rejection {
            RevokeRejection::NoBatch => Self::not_found("Ce lot"),
            RevokeRejection::NoBooklet => Self::not_found("Ce carnet ou ce chèque"),
            RevokeRejection::BookletOrSerial => Self::refused("booklet-or-serial", "Il faut dire quoi révoquer.")
                .detail("Donnez soit « booklet » (un carnet entier), soit « serial » (un seul chèque)."),
            RevokeRejection::NotMinted => Self::refused("not-minted", "Les chèques de ce lot ne sont pas encore émis."),
            RevokeRejection::ProgrammeOver => Self::refused(
                "programme-over",
                "Ce dispositif est terminé : tous ses chèques sont déjà périmés.",
            ),
        }
    }
}
