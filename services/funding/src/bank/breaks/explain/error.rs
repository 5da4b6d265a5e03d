use standards::Cents;
use web::Problem;

use crate::bank::breaks::step::StepError;
use crate::support::booking::BookError;

/// Why a break is not explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// As for every step.
    #[error(transparent)]
    Step(#[from] StepError),
    /// It is explained otherwise.
    #[error("explained already")]
    Explained,
    /// The explanation lacks what it names, names too much, or does not fit the line's direction.
    #[error("does not fit: {0}")]
    Misfit(&'static str),
    /// The lines and what they are said to be differ.
    #[error("lines of {lines}, parts of {parts}")]
    Sum { lines: Cents, parts: Cents },
    /// No such funder.
    #[error("no such funder")]
    NoFunder,
    /// No such call for funds.
    #[error("no such call")]
    NoCall,
    /// No such mandate.
    #[error("no such mandate")]
    NoMandate,
    /// More than the mandate has still to bring.
    #[error("the mandate awaits {0}")]
    Awaited(Cents),
    /// More than has come on the call.
    #[error("{0} has come on the call")]
    Paid(Cents),
    /// More than the call has still to bring.
    #[error("the call awaits {0}")]
    Called(Cents),
    /// The funder has placed the money that the bank took back.
    #[error("{needed} is taken back, {free} is free")]
    Placed {
        /// What the bank took back.
        needed: Cents,
        /// What the funder has not placed.
        free: Cents,
    },
    /// No such payment.
    #[error("no such payment")]
    NoPayment,
    /// Another amount than the payment's.
    #[error("the payment is of {0}")]
    Amount(Cents),
    /// The id names another explanation.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The books failed.
    #[error("not booked")]
    Book(#[from] BookError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Step(error) => error.into(),
            ExplainError::Explained => Self::refused("break-explained", "Cet écart est déjà expliqué.")
                .detail("Une explication ne change plus : corrigez par une nouvelle écriture, et fermez l'écart."),
            ExplainError::Misfit(detail) => {
                Self::refused("break-misfit", "Cette explication ne convient pas à l'écart.").detail(detail)
            }
            ExplainError::Sum { lines, parts } => sum(lines, parts),
            ExplainError::NoFunder => Self::not_found("Ce financeur"),
            ExplainError::NoCall => Self::not_found("Cet appel de fonds"),
            ExplainError::NoMandate => Self::not_found("Ce mandat"),
            ExplainError::Awaited(amount) => Self::refused("break-amount", "Ce mandat n'attend pas autant.")
                .detail(format!(
                    "Il attend encore {}. Ce qui est au-delà est une autre part : un versement du financeur, par exemple.",
                    amount.to_french()
                ))
                .with("amount", amount),
            ExplainError::Paid(amount) => Self::refused("break-amount", "Cet appel de fonds n'a pas reçu autant.")
                .detail(format!(
                    "Il a reçu {}. Ce que la banque reprend au-delà est une autre part : un versement du financeur.",
                    amount.to_french()
                ))
                .with("amount", amount),
            ExplainError::Called(amount) => Self::refused("break-amount", "Cet appel de fonds n'attend pas autant.")
                .detail(format!(
                    "Il attend encore {}. Ce qui est reçu au-delà est une autre part : un versement du financeur.",
                    amount.to_french()
                ))
                .with("amount", amount),
            ExplainError::Placed { needed, free } => placed(needed, free),
            ExplainError::NoPayment => Self::not_found("Ce virement"),
            ExplainError::Amount(amount) => Self::refused(
                "break-amount",
                "Le virement n'a pas le montant de la ligne.",
            )
            .detail(format!(
                "Il est de {}. Un virement s'explique entier : donnez toutes les lignes et toutes les parts ensemble.",
                amount.to_french()
            ))
            .with("amount", amount),
            ExplainError::SameIdOtherContent => Self::same_id_other_content(),
            error => Self::internal(&error),
        }
    }
}

fn sum(lines: Cents, parts: Cents) -> Problem {
    let difference = lines.checked_sub(parts).unwrap_or_default();
    Problem::refused("break-sum", "Les parts ne font pas la somme des lignes.")
        .detail(format!(
            "Lignes : {} ; parts : {} ; écart : {}. L'argent sorti se compte en négatif.",
            lines.to_french(),
            parts.to_french(),
            difference.to_french()
        ))
        .with("lines", lines)
        .with("parts", parts)
        .with("difference", difference)
}

fn placed(needed: Cents, free: Cents) -> Problem {
    Problem::refused("break-placed", "Ce versement est déjà affecté.")
        .detail(format!(
            "La banque reprend {}, et le financeur n'a plus que {} à affecter. La ligne attend : expliquez-la quand un nouveau \
             versement, ou un crédit de valeur non utilisée, la couvre.",
            needed.to_french(),
            free.to_french()
        ))
        .with("needed", needed)
        .with("free", free)
}
