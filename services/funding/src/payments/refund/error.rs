use standards::Cents;
use web::Problem;

use crate::support::booking::BookError;

/// Why nothing was given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// Nothing is owed back.
    #[error("nothing to give back")]
    Nothing,
    /// The bank cannot pay yesterday.
    #[error("the day of execution is past")]
    ExecuteOnPast,
    /// No such funder.
    #[error("no such funder")]
    NoFunder,
    /// No such programme.
    #[error("no such programme")]
    NoProgramme,
    /// By a close that is due, it owes other funders some of it.
    #[error("a close is due")]
    TrueUpDue,
    /// The money of its mandates has not come: what it has on the bank account.
    #[error("only {0} came from it")]
    MoneyAwaited(Cents),
    /// Less than that is free.
    #[error("only {0} is free")]
    NotFree(Cents),
    /// A programme gives back all it owes; of free money the amount is said.
    #[error("the amount")]
    Amount,
    /// What is free is the credit.
    #[error("a credit of free money")]
    FreeCredit,
    /// What the bank account can pay.
    #[error("the bank account has {0}")]
    BankShort(Cents),
    /// The id names another refund.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The books failed.
    #[error("not booked")]
    Book(#[from] BookError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Nothing => Self::refused(
                "nothing-to-refund",
                "Rien n'est à rendre à ce financeur sur ce dispositif.",
            )
            .detail(
                "La valeur non utilisée devient remboursable à l'échéance, à la révocation ou à l'annulation d'un lot.",
            ),
            RefundError::ExecuteOnPast => Self::refused("execute-on-past", "La date d'exécution est passée.")
                .detail("Donnez dans « execute_on » la date d'aujourd'hui ou une date à venir."),
            RefundError::NoFunder => Self::not_found("Ce financeur"),
            RefundError::NoProgramme => Self::not_found("Ce dispositif"),
            RefundError::TrueUpDue => Self::refused("true-up-due", "Une clôture est à faire avant de rendre cet argent.").detail(
                "Ce financeur doit une part de cette somme aux autres. Faites la clôture du dispositif (« true-up »), puis recommencez.",
            ),
            RefundError::MoneyAwaited(cash) => Self::refused(
                "money-awaited",
                "L'argent de ce financeur n'est pas arrivé : un virement prendrait celui des autres.",
            )
            .detail(format!(
                "De ce qui est venu de lui, {} peuvent être rendus ; le reste est mandaté. Rendez un crédit, attendez l'argent du mandat, ou annulez le mandat.",
                cash.max(Cents::ZERO).to_french()
            )),
            RefundError::NotFree(free) => Self::refused("refund-too-large", "Ce financeur n'a pas autant d'argent libre.")
                .detail(format!("Il a {} qui ne sont affectés à aucun dispositif.", free.to_french())),
            RefundError::Amount => Self::refused("refund-amount", "La somme à rendre n'est pas dite comme il faut.").detail(
                "Avec « programme_id », retirez « amount » : tout ce que le dispositif doit est rendu. Sans « programme_id », donnez dans \
                 « amount » une part de l'argent libre du financeur, plus grande que zéro.",
            ),
            RefundError::FreeCredit => Self::refused("refund-way", "Cet argent est déjà un crédit du financeur.")
                .detail("Donnez « way » : « bank » pour le virer, ou « programme_id » pour rendre ce qu'un dispositif lui doit."),
            RefundError::BankShort(bank) => {
                Self::refused("bank-short", "Le compte du fonds n'a pas de quoi faire ce virement.").detail(format!(
                    "Il peut payer {}, une fois ôtés les virements en cours et les lignes non expliquées.",
                    bank.max(Cents::ZERO).to_french()
                ))
            }
            RefundError::SameIdOtherContent => Self::same_id_other_content(),
            error => Self::internal(&error),
        }
    }
}
