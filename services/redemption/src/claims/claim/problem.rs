use serde_json::json;
use web::Problem;

use super::{CLAIM_VOUCHERS_MAX, ClaimRejection, SERVICE_AGE_DAYS_MAX};
use http::StatusCode;

/// Seconds after which a claim that found the queue full comes again (the `Retry-After` header).
pub const BUSY_SECONDS: u32 = 2;

const NOT_SPENT: &str = "Aucun chèque n'a été encaissé.";

impl From<ClaimRejection> for Problem {
    fn from(rejection: ClaimRejection) -> Self {
        let refused = |kind, title: &str| Self::refused(kind, title);
        match rejection {
            ClaimRejection::NoVoucher => refused("no-voucher", "Cet encaissement ne contient aucun chèque.")
                .detail("Scannez au moins un chèque."),
            ClaimRejection::TooManyVouchers(given) => refused("too-many-vouchers", "Trop de chèques en une fois.")
                .detail(format!(
                    "{given} chèques, au plus {CLAIM_VOUCHERS_MAX} : faites plusieurs encaissements."
                ))
                .with("field", "tokens, short_codes"),
            ClaimRejection::UnknownService => refused("unknown-service", "Ce service n'est pas au catalogue.")
                .detail("Choisissez un code de la liste GET /catalogue/v1/services."),
            ClaimRejection::DateOutOfRange { earliest, latest } => {
                refused("date-out-of-range", "La date du service ne convient pas.").detail(format!(
                    "Du {} au {} : un service s'encaisse dans les {SERVICE_AGE_DAYS_MAX} jours.",
                    earliest.format("%d/%m/%Y"),
                    latest.format("%d/%m/%Y")
                ))
            }
            ClaimRejection::StatusListFromFuture => {
                refused("status-list-from-future", "La liste d'états utilisée est datée du futur.")
                    .detail("« status_list_at » est l'« iat » de la liste d'états : réglez l'heure du téléphone.")
            }
            ClaimRejection::TooManyCodes { retry_after_seconds } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-codes",
                "Trop de codes ont été tapés.",
            )
            .detail(format!(
                "Par sécurité, les codes tapés ne sont plus acceptés pendant {} minute(s). Les QR codes le restent. {NOT_SPENT}",
                retry_after_seconds.div_ceil(60)
            ))
            .with("retry_after_seconds", retry_after_seconds),
            ClaimRejection::Vouchers(bad) => {
                let first = bad.first().expect("a claim is refused for at least one voucher");
                let others = match bad.len() - 1 {
                    0 => String::new(),
                    others => format!(" Et {others} autre(s) chèque(s) refusé(s) : voir « vouchers »."),
                };
                Self::refused(first.reason, first.explanation.clone())
                    .detail(format!("{}{others} {NOT_SPENT}", first.remedy))
                    .with("vouchers", &bad)
            }
            ClaimRejection::TwiceInOneClaim(pairs) => {
                let vouchers: Vec<_> = pairs
                    .iter()
                    .map(|(index, first)| json!({ "index": index, "reason": "twice-in-one-claim", "same_as": first }))
                    .collect();
                refused("twice-in-one-claim", "Le même chèque est là deux fois.")
                    .detail(format!("Retirez le double. {NOT_SPENT}"))
                    .with("vouchers", vouchers)
            }
            ClaimRejection::MixedProgrammes(parts) => {
                refused("mixed-programmes", "Ces chèques viennent de plusieurs dispositifs.")
                    .detail(format!(
                        "Faites un encaissement par dispositif : voir « programmes ». {NOT_SPENT}"
                    ))
                    .with("programmes", parts)
            }
            ClaimRejection::NotAccredited => Self::new(
                StatusCode::FORBIDDEN,
                "structure-not-accredited",
                "Votre structure n'est pas labellisée.",
            )
            .detail("Demandez la labellisation avant d'encaisser des chèques."),
            ClaimRejection::Suspended => Self::new(
                StatusCode::FORBIDDEN,
                "structure-suspended",
                "Votre structure est suspendue.",
            )
            .detail("Elle ne peut pas encaisser pour le moment. Contactez votre labellisateur."),
            ClaimRejection::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Trop d'encaissements en même temps.",
            )
            .detail("Réessayez dans quelques secondes avec le même identifiant : rien ne sera fait deux fois."),
            ClaimRejection::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "L'encaissement n'a pas pu être traité.",
            )
            .detail("Réessayez avec le même identifiant : rien ne sera fait deux fois."),
        }
    }
}
