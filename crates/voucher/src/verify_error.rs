//! Why a voucher is refused: one stable word for machines, one sentence for people.

use thiserror::Error;

use crate::{Kid, LastDay, TextError};

/// Why [`Keyring::verify`](crate::Keyring::verify) refused. `Display` is the sentence to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The text is not a token.
    #[error(transparent)]
    Text(#[from] TextError),
    /// No key of the ring has the token's identifier.
    #[error("Ce chèque n'est pas connu : sa clé ({0}) n'est pas l'une des nôtres.")]
    UnknownKey(Kid),
    /// The signature is not that of the key: made up, altered or badly read.
    #[error("Ce chèque est faux ou altéré : sa signature n'est pas la bonne.")]
    Forged,
    /// Really signed, by a key that has been withdrawn.
    #[error("Ce chèque n'est plus accepté : la clé qui l'a signé a été retirée.")]
    KeyWithdrawn,
    /// Really signed, by a key that is not for vouchers.
    #[error("Ce chèque n'est pas accepté : sa clé n'est pas faite pour signer des chèques.")]
    WrongPurpose,
    /// Really signed, beyond what the key may sign: series, face value or last day.
    #[error("Ce chèque n'est pas accepté : il dépasse ce que sa clé a le droit de signer.")]
    OutOfBounds,
    /// The key is not to be used yet.
    #[error("Ce chèque n'est pas encore accepté : sa clé n'est pas encore en service.")]
    KeyNotYetValid,
    /// The key is not to be used any more.
    #[error("Ce chèque n'est plus accepté : sa clé n'est plus en service.")]
    KeyExpired,
    /// The last day has passed.
    #[error("Ce chèque est périmé : il était accepté jusqu'au {last_day}.")]
    Expired {
        /// The last day it was accepted.
        last_day: LastDay,
    },
}

impl VerifyError {
    /// The stable word for machines; it never changes once published.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Text(error) => error.reason(),
            Self::UnknownKey(_) => "unknown_key",
            Self::Forged => "forged",
            Self::KeyWithdrawn => "key_withdrawn",
            Self::WrongPurpose => "wrong_purpose",
            Self::OutOfBounds => "out_of_bounds",
            Self::KeyNotYetValid => "key_not_yet_valid",
            Self::KeyExpired => "key_expired",
            Self::Expired { .. } => "expired",
        }
    }
}

impl TextError {
    /// The stable word for machines; it never changes once published.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Space => "space",
            Self::PlainHttp => "plain_http",
            Self::OtherHost => "other_host",
            Self::UnknownFormat(_) => "unknown_format",
            Self::Cover => "cover",
            Self::OtherPath | Self::NotADigit | Self::Length | Self::GroupTooLarge => "malformed",
        }
    }
}
