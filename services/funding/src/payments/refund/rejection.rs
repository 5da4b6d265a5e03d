use standards::Cents;
use web::Problem;

/// Why nothing was given back.
#[derive(Debug)]
pub enum RefundRejection {
    Nothing,
    ExecuteOnPast,
    NoFunder,
    NoProgramme,
    /// By a true-up that is due, it owes other funders some of it.
    TrueUpDue,
    /// The money of its mandates has not come: what it has on the bank account.
    MoneyAwaited(Cents),
    /// Only this is free.
    NotFree(Cents),
    /// A programme gives back all it owes; of free money the amount is said.
    Amount,
    /// What is free is the credit.
    FreeCredit,
    /// What the bank account can pay.
    BankShort(Cents),
}

impl database::Rejection for RefundRejection {}

impl From<RefundRejection> for Problem {
    fn from(rejection: RefundRejection) -> Self {
        match rejection {
            RefundRejection::Nothing => Self::refused(
                "nothing-to-refund",
                "Rien n'est à rendre à ce financeur sur ce dispositif.",
            )
            .detail(
                "La valeur non utilisée devient remboursable à l'échéance, à la révocation ou à l'annulation d'un lot.",
            ),
            RefundRejection::ExecuteOnPast => Self::refused("execute-on-past", "La date d'exécution est passée.")
                .detail("Donnez dans « execute_on » la date d'aujourd'hui ou une date à venir."),
            RefundRejection::NoFunder => Self::not_found("Ce financeur"),
            RefundRejection::NoProgramme => Self::not_found("Ce dispositif"),
            RefundRejection::TrueUpDue => Self::refused("true-up-due", "Une régularisation entre financeurs est à faire avant de rendre cet argent.").detail(
                "Ce financeur doit une part de cette somme aux autres. Faites la régularisation du dispositif (« true-up »), puis recommencez.",
            ),
            RefundRejection::MoneyAwaited(cash) => Self::refused(
                "money-awaited",
                "L'argent de ce financeur n'est pas arrivé : un virement prendrait celui des autres.",
            )
            .detail(format!(
                "De ce qui est venu de lui, {} peuvent être rendus ; le reste est mandaté. Rendez un crédit, attendez l'argent du mandat, ou annulez le mandat.",
                cash.max(Cents::ZERO).to_french()
            )),
            RefundRejection::NotFree(free) => Self::refused("refund-too-large", "Ce financeur n'a pas autant d'argent libre.")
                .detail(format!("Il a {} qui ne sont affectés à aucun dispositif.", free.to_french())),
            RefundRejection::Amount => Self::refused("refund-amount", "La somme à rendre n'est pas dite comme il faut.").detail(
                "Avec « programme_id », retirez « amount » : tout ce que le dispositif doit est rendu. Sans « programme_id », donnez dans \
                 « amount » une part de l'argent libre du financeur, plus grande que zéro.",
            ),
            RefundRejection::FreeCredit => Self::refused("refund-method", "Cet argent est déjà un crédit du financeur.")
                .detail("Donnez « method » : « bank » pour le virer, ou « programme_id » pour rendre ce qu'un dispositif lui doit."),
            RefundRejection::BankShort(bank) => {
                Self::refused("bank-short", "Le compte du fonds n'a pas de quoi faire ce virement.").detail(format!(
                    "Il peut payer {}, une fois ôtés les virements en cours et les lignes non expliquées.",
                    bank.max(Cents::ZERO).to_french()
                ))
            }
        }
    }
}
