use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use ::keys::Place;
use anyhow::Context;
use clap::{Args, ValueEnum};
use data_encoding::BASE64;
use voucher::{JwkSet, KeyPolicy, PublicKey, Purpose, cose_key_set};

use super::issuer_server::SERVER;
use super::purpose::KeyPurpose;
use super::sealing::Sealing;
use crate::commands::api_client::ApiClient;
use crate::commands::help::{OPTIONS, TEMPLATE};

/// `SubjectPublicKeyInfo` of an Ed25519 key up to its 32 bytes (RFC 8410 § 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// How public keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum KeyFormat {
    /// JWK Set (RFC 7517)
    #[default]
    Jwks,
    /// `COSE_KeySet` (RFC 9052)
    Cose,
    /// PEM (RFC 8410)
    Pem,
}

/// Écrit des clés publiques : JWK Set, `COSE_KeySet` ou PEM
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn keys export --format pem --server http://127.0.0.1:8080\n  \
    ccn keys export --for root --key racine-a.key --key racine-b.key > racines.json")]
pub(super) struct ExportKeys {
    /// Format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = OPTIONS)]
    format: KeyFormat,
    /// Clés d'ici : fichiers ou adresses « pkcs11: » ; sans elles, celles que publie le serveur
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    key: Vec<Place>,
    /// À quoi servent ces clés
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    purpose: KeyPurpose,
    #[command(flatten)]
    sealing: Sealing,
    /// Adresse du service d'émission
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", help_heading = SERVER)]
    server: String,
    /// Fichier à créer ; sans lui, la sortie standard
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    out: Option<PathBuf>,
}

impl ExportKeys {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let keys = if self.key.is_empty() {
            let json = ApiClient::without_key(&self.server)?.text("/.well-known/jwks.json")?;
            JwkSet::read(&json)?
        } else {
            self.own_keys()?
        };
        let written = match self.format {
            KeyFormat::Jwks => (serde_json::to_string_pretty(&JwkSet::of(&keys))? + "\n").into_bytes(),
            KeyFormat::Cose => cose_key_set(&keys),
            KeyFormat::Pem => keys.iter().map(pem).collect::<String>().into_bytes(),
        };
        match &self.out {
            Some(path) => std::fs::write(path, written)
                .with_context(|| format!("« {} » ne peut pas être écrit", path.display()))?,
            None => std::io::stdout().write_all(&written)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn own_keys(&self) -> anyhow::Result<Vec<PublicKey>> {
        let purpose = match self.purpose {
            KeyPurpose::Signing => Purpose::Voucher,
            KeyPurpose::Status => Purpose::Status,
            KeyPurpose::KeySet => Purpose::KeySet,
            KeyPurpose::Root => Purpose::Root,
            KeyPurpose::Checkpoint => anyhow::bail!(
                "La moitié publique de cette clé est servie par /funding/log/checkpoint.vkey ; celle d'un co-signataire, par « ccn cosign --show-key »."
            ),
            _ => anyhow::bail!("Une clé de cet usage n'a pas de moitié publique."),
        };
        let opened = self.key.iter().map(|place| {
            let signer = place.open(&self.sealing.key_loader())?;
            Ok(PublicKey::new(&signer.public_bytes(), KeyPolicy::unbounded(purpose))?)
        });
        opened.collect()
    }
}

/// One key as PEM, with its identifier before it, where readers of PEM pass over text.
fn pem(key: &PublicKey) -> String {
    let der = [&SPKI[..], &key.to_bytes()].concat();
    let state = if key.policy().withdrawn { " (retirée)" } else { "" };
    format!(
        "# {}{state}\n-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        key.kid(),
        BASE64.encode(&der)
    )
}
