use standards::Cents;
use web::Problem;

use crate::bank::breaks::step::StepRejection;

/// Why a break is not explained.
#[derive(Debug)]
pub enum ExplainRejection {
    /// As for every step.
    Step(StepRejection),
    Explained,
    /// The explanation lacks what it names, names too much, or does not fit the line's direction.
    Misfit(&'static str),
    /// The lines and what they are said to be differ.
    Sum {
        lines: Cents,
        parts: Cents,
    },
    NoFunder,
    NoCall,
    NoMandate,
    /// More than the mandate has still to bring.
    Awaited(Cents),
    /// More than has come on the call.
    Paid(Cents),
    /// More than the call has still to bring.
    Called(Cents),
    /// The funder has placed the money that the bank took back, all but `free`.
    Placed {
        needed: Cents,
        free: Cents,
    },
    /// More than the operator owes of the bank's charges.
    Charges(Cents),
    NoPayment,
    /// Another one than the payment's.
    Amount(Cents),
}

impl database::Rejection for ExplainRejection {}

impl From<ExplainRejection> for Problem {
    fn from(rejection: ExplainRejection) -> Self {
        match rejection {
            ExplainRejection::Step(rejection) => rejection.into(),
            ExplainRejection::Explained => Self::refused("break-explained", "Cet écart est déjà expliqué.")
                .detail("Une explication ne change plus : corrigez par une nouvelle écriture, et fermez l'écart."),
            ExplainRejection::Misfit(detail) => {
                Self::refused("break-misfit", "Cette explication ne convient pas à l'écart.").detail(detail)
            }
            ExplainRejection::Sum { lines, parts } => sum(lines, parts),
            ExplainRejection::NoFunder => Self::not_found("Ce financeur"),
            ExplainRejection::NoCall => Self::not_found("Cet appel de fonds"),
            ExplainRejection::NoMandate => Self::not_found("Ce mandat"),
            ExplainRejection::Awaited(amount) => Self::refused("break-amount", "Ce mandat n'attend pas autant.")
                .detail(format!(
                    "Il attend encore {}. Ce qui est au-delà est une autre part : un versement du financeur, par exemple.",
                    amount.to_french()
                ))
                .with("amount", amount),
            ExplainRejection::Paid(amount) => Self::refused("break-amount", "Cet appel de fonds n'a pas reçu autant.")
                .detail(format!(
                    "Il a reçu {}. Ce que la banque reprend au-delà est une autre part : un versement du financeur.",
                    amount.to_french()
                ))
                .with("amount", amount),
            ExplainRejection::Called(amount) => Self::refused("break-amount", "Cet appel de fonds n'attend pas autant.")
                .detail(format!(
                    "Il attend encore {}. Ce qui est reçu au-delà est une autre part : un versement du financeur.",
                    amount.to_french()
                ))
                .with("amount", amount),
            ExplainRejection::Placed { needed, free } => placed(needed, free),
            ExplainRejection::Charges(owed) => Self::refused(
                "break-amount",
                "L'opérateur ne doit pas autant de frais bancaires au fonds.",
            )
            .detail(format!(
                "Il doit {}. Ce qui est reçu au-delà n'est pas à un financeur : renvoyez-le, puis expliquez les deux lignes ensemble, \
                 sans part.",
                owed.to_french()
            ))
            .with("amount", owed),
            ExplainRejection::NoPayment => Self::not_found("Ce virement"),
            ExplainRejection::Amount(amount) => Self::refused(
                "break-amount",
                "Le virement n'a pas le montant de la ligne.",
            )
            .detail(format!(
                "Il est de {}. Un virement s'explique entier : donnez toutes les lignes et toutes les parts ensemble.",
                amount.to_french()
            ))
            .with("amount", amount),
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
