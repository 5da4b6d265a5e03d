use anyhow::bail;
use clap::ValueEnum;
use voucher::Purpose;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum KeyPurpose {
    /// Signer les chèques
    #[default]
    Signing,
    /// Signer les listes d'état
    Status,
    /// Signer chaque jour le jeu de clés
    KeySet,
    /// Racine, gardée hors ligne : désigner la clé qui signe les jeux de clés
    Root,
    /// Signer les points de contrôle des livres ; ou les co-signer, chez un financeur (ccn cosign)
    Checkpoint,
    /// Masquer l'identité des bénéficiaires
    Identity,
    /// Faire les numéros secrets des chèques
    Id,
    /// Retrouver un chèque à son code court
    Code,
    /// Sceller la preuve des encaissements
    Evidence,
    /// Ouvrir l'accès de l'opérateur
    Operator,
    /// Identité age qui ouvre les clés scellées
    Seal,
}

impl KeyPurpose {
    /// The purpose under which a key of this kind is published.
    pub(super) fn published(self) -> anyhow::Result<Purpose> {
        match self {
            Self::Signing => Ok(Purpose::Voucher),
            Self::Status => Ok(Purpose::Status),
            Self::KeySet => Ok(Purpose::KeySet),
            Self::Checkpoint => bail!(
                "La clé des points de contrôle ne se publie pas ici : sa moitié publique est servie par /funding/log/checkpoint.vkey. \
                 Faites-la connaître aux financeurs par une autre voie."
            ),
            Self::Root | Self::Identity | Self::Id | Self::Code | Self::Evidence | Self::Operator | Self::Seal => {
                bail!("Une clé de cet usage ne se publie pas : --for signing, status ou key-set.")
            }
        }
    }
}
