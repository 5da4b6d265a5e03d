use chrono::NaiveDate;
use serde::Serialize;
use voucher::{ShortCodeError, TextError, VerifyError};

/// Why one voucher cannot be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Made up, altered, leading to another site, or signed by a key that is not believed.
    Forged(VerifyError),
    /// No text of a voucher: it says something of the scanner, and nothing of the voucher.
    Unreadable(TextError),
    /// The code of a booklet's cover, scanned or typed.
    Cover,
    /// A typed code that is none.
    Mistyped {
        /// What is wrong with it.
        error: ShortCodeError,
        /// Where the slip probably is: a group of five, from 1.
        group: Option<u8>,
    },
    /// A typed code that nobody has, or of a voucher without value yet: not told which.
    CodeUnknown,
    /// Rightly signed, and never printed by us.
    Unknown,
    /// Rightly signed, and not what was minted under its number: whoever signed it has our key.
    NotThisPaper,
    /// Printed, and without value yet: not handed over, or its batch not activated.
    NotActive,
    /// Spent by the same structure on this day.
    UsedByYou(NaiveDate),
    /// Spent by another structure; not told which, nor when.
    UsedElsewhere,
    /// Lost, stolen or otherwise stopped.
    Revoked,
    /// Its last day has passed.
    Expired,
}

impl Fault {
    /// What a refused signature means for the structure.
    pub(super) const fn of(error: VerifyError) -> Self {
        match error {
            VerifyError::Expired { .. } => Self::Expired,
            VerifyError::Text(TextError::OtherHost | TextError::PlainHttp) => Self::Forged(error),
            VerifyError::Text(TextError::Cover) => Self::Cover,
            VerifyError::Text(error) => Self::Unreadable(error),
            error => Self::Forged(error),
        }
    }

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Forged(_) => "forged",
            Self::Unreadable(_) => "unreadable",
            Self::Cover => "cover",
            Self::Mistyped { .. } => "mistyped",
            Self::CodeUnknown => "code-unknown",
            Self::Unknown => "unknown",
            Self::NotThisPaper => "not-this-paper",
            Self::NotActive => "not-active",
            Self::UsedByYou(_) => "already-used-by-you",
            Self::UsedElsewhere => "already-used-elsewhere",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// The sentence for the mediator.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Forged(error) => error.to_string(),
            Self::Unreadable(TextError::Space) => {
                "Ce QR code n'a pas pu être lu : votre lecteur ajoute un espace ou coupe le texte.".to_owned()
            }
            Self::Unreadable(TextError::NotADigit) => {
                "Ce QR code n'a pas pu être lu : votre lecteur est réglé sur un autre clavier, ou ce n'est pas le QR code d'un chèque."
                    .to_owned()
            }
            Self::Unreadable(TextError::Length) => {
                "Ce QR code n'a pas été lu en entier, ou votre lecteur ajoute quelque chose au texte.".to_owned()
            }
            Self::Unreadable(error) => format!("Ce QR code n'a pas pu être lu. {error}"),
            Self::Cover => "Ceci est la couverture du carnet : ce n'est pas un chèque.".to_owned(),
            Self::Mistyped { error, group: None } => error.to_string(),
            Self::Mistyped {
                error,
                group: Some(group),
            } => format!("{error} Regardez d'abord le groupe {group}."),
            Self::CodeUnknown => {
                "Ce code n'est celui d'aucun chèque, ou le chèque n'a pas encore été remis.".to_owned()
            }
            Self::Unknown => "Ce chèque n'est pas connu : il n'a pas été émis.".to_owned(),
            Self::NotThisPaper => {
                "Ce QR code est signé, mais ce n'est pas celui du chèque que nous avons émis sous ce numéro : c'est un faux.".to_owned()
            }
            Self::NotActive => {
                "Ce chèque n'est pas encore actif : il n'a pas été remis par un prescripteur.".to_owned()
            }
            Self::UsedByYou(day) => format!("Vous avez déjà encaissé ce chèque le {}.", day.format("%d/%m/%Y")),
            Self::UsedElsewhere => "Ce chèque a déjà été encaissé par une autre structure.".to_owned(),
            Self::Revoked => "Ce chèque a été annulé (perdu, volé ou retiré).".to_owned(),
            Self::Expired => "Ce chèque est périmé.".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Forged(_) => "Scannez-le de nouveau. S'il est encore refusé, ne l'acceptez pas.",
            Self::Unreadable(_) => {
                "Ce n'est pas le signe d'un faux. Scannez-le de nouveau ; si cela recommence, réglez le lecteur sur le clavier de l'ordinateur, sans préfixe ni suffixe, ou tapez le code court."
            }
            Self::Cover => {
                "Scannez un chèque du carnet, sur les pages suivantes, ou tapez le code qui est écrit dessus."
            }
            Self::Mistyped { .. } => {
                "Comparez avec le papier. Pour un signe illisible, tapez « ? » : deux au plus peuvent être retrouvés."
            }
            Self::CodeUnknown => "Comparez avec le papier. Si le code est le bon, contactez qui a remis le carnet.",
            Self::NotThisPaper => {
                "Ne l'acceptez pas, gardez-le si vous le pouvez, et prévenez l'opérateur aujourd'hui."
            }
            Self::Unknown | Self::Revoked => {
                "Ne l'acceptez pas. La personne peut s'adresser à qui lui a remis le carnet."
            }
            Self::NotActive => "Réessayez plus tard, ou contactez qui a remis le carnet.",
            Self::UsedByYou(_) => "Retirez-le de cet encaissement : il vous est déjà dû.",
            Self::UsedElsewhere | Self::Expired => "Retirez-le de cet encaissement.",
        }
    }
}

/// A voucher of a claim that cannot be spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadVoucher {
    /// Its position: the tokens from 0, then the short codes.
    pub index: usize,
    /// For a typed code, its position in `short_codes`, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_code: Option<usize>,
    /// The stable word.
    pub reason: &'static str,
    /// The sentence for the mediator.
    pub explanation: String,
    /// When the same structure spent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_on: Option<NaiveDate>,
    #[serde(skip)]
    pub(super) remedy: &'static str,
}

impl BadVoucher {
    pub(super) fn new(index: usize, fault: Fault) -> Self {
        let used_on = match fault {
            Fault::UsedByYou(day) => Some(day),
            _ => None,
        };
        Self {
            index,
            short_code: None,
            reason: fault.word(),
            explanation: fault.sentence(),
            used_on,
            remedy: fault.remedy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use voucher::{Keyring, Token};

    use super::*;

    #[test]
    fn what_a_scanner_spoils_is_never_called_a_forgery() {
        let keyring = Keyring::new("cheque.example.fr".parse().unwrap(), vec![]);
        let digits = "0".repeat(209);
        let fault = |text: &str| Fault::of(keyring.verify(&voucher::scanned(text), 0).expect_err(text));
        for (text, error) in [
            (digits.replacen('0', "0 ", 1), TextError::Space),
            (digits.replacen('0', "\t0", 9), TextError::Space),
            ("bonjour".to_owned(), TextError::NotADigit),
            (digits.replacen('0', "%", 1), TextError::NotADigit),
            ("httpsM//".to_owned() + &digits, TextError::NotADigit),
            (digits[1..].to_owned(), TextError::Length),
            (String::new(), TextError::Length),
            ("9".repeat(209), TextError::GroupTooLarge),
            (
                format!("https://cheque.example.fr/lieux#{digits}"),
                TextError::OtherPath,
            ),
        ] {
            let fault = fault(&text);
            assert_eq!(fault, Fault::Unreadable(error), "{text}");
            assert_eq!(fault.word(), "unreadable");
            assert!(fault.remedy().contains("lecteur"));
        }
        for cover in ["https://cheque.example.fr/v#COUV-1-42-20", "couv 1 42 20\r"] {
            assert_eq!(fault(cover).word(), "cover");
            assert!(fault(cover).sentence().starts_with("Ceci est la couverture"));
        }
        assert_eq!(
            fault(&digits).word(),
            "unreadable",
            "another format: {:?}",
            Token::from_digits(&digits)
        );
        assert_eq!(fault(&format!("https://evil.example/v#{digits}")).word(), "forged");
    }
}
