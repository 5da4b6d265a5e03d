use std::process::ExitCode;

use ::keys::secret_file;
use clap::Args;
use serde_json::{Value, json};

use super::purpose::KeyPurpose;
use super::target::{Target, created};
use crate::commands::help::{OPTIONS, TEMPLATE};
use crate::server::key_files::new_operator_key;

/// Crée une clé : fichier scellé, ou clé d'un module de sécurité
///
/// Tire 32 octets au hasard et les écrit dans un fichier scellé (format age) que seul son propriétaire peut lire (droits 600). Un
/// fichier qui existe n'est jamais remplacé. Avec --hsm, la clé naît dans le module PKCS#11 et n'en sort jamais. Affiche
/// l'identifiant et la moitié publique, jamais le secret.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn keys new --out signing.key                               # la phrase de passe est demandée\n  \
    ccn keys new --for seal --out serveur.age                    # identité age, pour une machine\n  \
    ccn keys new --out signing.key --key-identity-file serveur.age\n  \
    ccn keys new --hsm 'pkcs11:token=ccn;object=cheques-2027?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin'\n  \
    ccn keys new --for operator --out operator.key")]
pub(super) struct NewKey {
    /// À quoi sert la clé
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    purpose: KeyPurpose,
    #[command(flatten)]
    target: Target,
}

impl NewKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let description = match self.purpose {
            KeyPurpose::Operator | KeyPurpose::Seal => self.text_secret()?,
            KeyPurpose::Identity | KeyPurpose::Id | KeyPurpose::Code | KeyPurpose::Evidence => {
                anyhow::ensure!(
                    self.target.hsm.is_none(),
                    "Cette clé ne signe pas : elle se garde dans un fichier (--out)."
                );
                self.target.new_key_file()?;
                self.target.described()
            }
            _ => self.target.signing_key()?.1,
        };
        println!("{description}");
        Ok(ExitCode::SUCCESS)
    }

    fn text_secret(&self) -> anyhow::Result<Value> {
        let path = self.target.file()?;
        let made = if self.purpose == KeyPurpose::Operator {
            new_operator_key(path)?
        } else {
            secret_file::create(path, &::keys::seal::new_identity())?
        };
        created(path, made)?;
        Ok(json!({ "file": path }))
    }
}
