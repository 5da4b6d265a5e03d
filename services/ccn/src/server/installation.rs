//! Nothing on which paper, books or accounts rest changes by mistake: what a process is given is compared with what the database knows.

use std::fmt;
use std::str::FromStr;

use catalogue::{InstallationName, OtherKnown, Replaced, installation_value};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use voucher::{PublicKey, Purpose, Signer, thumbprint};

use crate::server::config::Config;

/// `--replaces`: a value that the database knows and that is given up, as `public-host=cheque.example.fr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision(Replaced);

/// A `--replaces` that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("écrivez NOM=VALEUR CONNUE, où NOM est public-host, fund-iban, log-key ou root-keys")]
pub struct DecisionError;

impl FromStr for Decision {
    type Err = DecisionError;

    fn from_str(text: &str) -> Result<Self, DecisionError> {
        let (name, known) = text.split_once('=').ok_or(DecisionError)?;
        let name = InstallationName::ALL
            .into_iter()
            .find(|candidate| flag(*candidate) == name)
            .ok_or(DecisionError)?;
        let known = known.trim().to_owned();
        Ok(Self(Replaced { name, known }))
    }
}

/// Its name on the command line.
const fn flag(name: InstallationName) -> &'static str {
    match name {
        InstallationName::PublicHost => "public-host",
        InstallationName::FundIban => "fund-iban",
        InstallationName::LogKey => "log-key",
        InstallationName::RootKeys => "root-keys",
    }
}

/// Why the process does not start.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// Another value than the one that is known.
    #[error("{}", .0)]
    Other(Box<Difference>),
    /// The status key is none of those that are published.
    #[error(
        "La clé d'état donnée ({given}) n'est pas celle que cette base connaît ({known}).\nLes téléphones refuseraient ses listes. Reprenez la \
         clé connue (« --status-key-file »). Pour en changer vraiment, annoncez d'abord la nouvelle : ccn keys publish --for status"
    )]
    StatusKey { given: String, known: String },
    #[error("La base de données ne répond pas")]
    Database(#[from] sqlx::Error),
}

/// What is known, what was given, and what to do.
#[derive(Debug)]
pub struct Difference {
    known: OtherKnown,
    given: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OtherKnown { name, known, since } = &self.known;
        let (given, flag) = (&self.given, flag(*name));
        let (what, rests, take_back) = match name {
            InstallationName::PublicHost => (
                "L'adresse publique donnée n'est pas celle",
                "Les codes QR déjà imprimés mènent à l'adresse connue, et le journal scellé porte son nom.",
                format!("Reprenez-la : --public-host {known}"),
            ),
            InstallationName::FundIban => (
                "Le compte du fonds donné n'est pas celui",
                "Les financeurs versent sur le compte connu, et les relevés sont les siens.",
                format!("Reprenez-le : --fund-iban {known}"),
            ),
            InstallationName::LogKey => (
                "La clé des points de contrôle donnée n'est pas celle",
                "Qui vérifie les livres tient la moitié publique de la clé connue.",
                "Reprenez son fichier (« --checkpoint-key-file », ou « secrets/checkpoint.key » du dossier de données).".to_owned(),
            ),
            InstallationName::RootKeys => (
                "Les clés racines données ne sont pas celles",
                "Les scanners tiennent les racines connues.",
                "Reprenez leur fichier (« --root-keys », ou « secrets/root.key » du dossier de données).".to_owned(),
            ),
        };
        let day = standards::calendar::paris_date(*since).format("%d/%m/%Y");
        write!(
            f,
            "{what} que cette base connaît.\n  connu :  {known} (depuis le {day})\n  donné :  {given}\n{rests}\n{take_back}\nSi vous en \
             changez vraiment, dites ce que vous remplacez, une fois : --replaces {flag}={known}"
        )
    }
}

/// What one process compares.
pub(crate) struct Installation<'a> {
    pub config: &'a Config,
    pub pool: &'a PgPool,
    pub at: DateTime<Utc>,
}

impl Installation<'_> {
    pub(crate) async fn public_host(&self) -> Result<(), InstallationError> {
        self.same(InstallationName::PublicHost, self.config.public_host.as_str())
            .await
    }

    pub(crate) async fn fund_iban(&self, iban: &standards::Iban) -> Result<(), InstallationError> {
        self.same(InstallationName::FundIban, iban.electronic()).await
    }

    /// `key` is the public half.
    pub(crate) async fn log_key(&self, key: &[u8; 32]) -> Result<(), InstallationError> {
        self.same(InstallationName::LogKey, &fingerprint(key)).await
    }

    /// A process without roots believes none, and contradicts nobody.
    pub(crate) async fn root_keys(&self, roots: &[PublicKey]) -> Result<(), InstallationError> {
        let mut roots: Vec<String> = roots.iter().map(|root| fingerprint(&root.to_bytes())).collect();
        roots.sort();
        if roots.is_empty() {
            return Ok(());
        }
        self.same(InstallationName::RootKeys, &roots.join("+")).await
    }

    /// What is published says which status keys are known: announcing another is the decision.
    pub(crate) async fn status_key(&self, key: &dyn Signer) -> Result<(), InstallationError> {
        let published = catalogue::published_keys(self.pool).await?;
        let known: Vec<String> = published
            .iter()
            .filter(|published| published.key.policy().purpose == Purpose::Status)
            .map(|published| published.key.kid().to_string())
            .collect();
        let given = key.kid().to_string();
        if known.is_empty() || known.contains(&given) {
            return Ok(());
        }
        let known = known.join(", ");
        Err(InstallationError::StatusKey { given, known })
    }

    async fn same(&self, name: InstallationName, given: &str) -> Result<(), InstallationError> {
        let replaced: Vec<Replaced> = self.config.replaces.iter().map(|decision| decision.0.clone()).collect();
        let kept = installation_value(self.pool, name, given, &replaced, self.at).await?;
        kept.map_err(|known| {
            InstallationError::Other(Box::new(Difference {
                known,
                given: given.to_owned(),
            }))
        })
    }
}

/// Of a thumbprint, as many as people compare.
const FINGERPRINT_BYTES: usize = 8;

/// The beginning of a key's thumbprint.
fn fingerprint(key: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(thumbprint(key).split_at(FINGERPRINT_BYTES).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_names_what_it_replaces() {
        let decision: Decision = "public-host=cheque.example.fr".parse().unwrap();
        assert_eq!(decision.0.name, InstallationName::PublicHost);
        assert_eq!(decision.0.known, "cheque.example.fr");
        for wrong in ["public-host", "host=a", "public_host=a", ""] {
            assert_eq!(wrong.parse::<Decision>(), Err(DecisionError), "{wrong}");
        }
    }
}
