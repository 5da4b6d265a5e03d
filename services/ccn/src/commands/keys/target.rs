use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::keys::{KEY_BYTES, Module, Pkcs11Uri, Place, Written, draw_key, secret_file, write_key_file};
use anyhow::Context;
use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use voucher::{Signer, SigningKey};
use zeroize::Zeroizing;

use super::sealing::Sealing;
use crate::commands::help::OPTIONS;

/// Where a new key goes.
#[derive(Debug, Clone, Args)]
pub(super) struct Target {
    /// Fichier à créer ; avec --hsm, il reçoit l'adresse de la clé (nommez-le « *.pkcs11 »)
    #[arg(long, value_name = "FICHIER", required_unless_present = "hsm", help_heading = OPTIONS)]
    out: Option<PathBuf>,
    /// Crée la clé dans un module de sécurité, à cette adresse (RFC 7512)
    #[arg(long, value_name = "pkcs11:…", help_heading = OPTIONS)]
    pub(super) hsm: Option<Pkcs11Uri>,
    /// Écrit la clé en clair : pour un essai seulement
    #[arg(long, conflicts_with = "hsm", help_heading = OPTIONS)]
    plain: bool,
    #[command(flatten)]
    sealing: Sealing,
}

impl Target {
    /// Makes a key that signs; says where it is and its public half.
    pub(super) fn signing_key(&self) -> anyhow::Result<(Arc<dyn Signer>, Value)> {
        let (signer, mut description): (Arc<dyn Signer>, Value) = if let Some(uri) = &self.hsm {
            if let Some(out) = &self.out {
                created(out, !out.exists())?;
            }
            Module::generate(uri)?;
            if let Some(out) = &self.out {
                created(out, secret_file::create(out, &uri.to_string())?)?;
            }
            let description = json!({ "hsm": uri.to_string(), "file": self.out });
            (Place::Hsm(uri.clone()).open(&self.sealing.key_loader())?, description)
        } else {
            let bytes = self.new_key_file()?;
            (Arc::new(SigningKey::from_seed(&bytes)), self.described())
        };
        description["kid"] = signer.kid().to_string().into();
        description["public_key"] = HEXLOWER.encode(&signer.public_bytes()).into();
        Ok((signer, description))
    }

    /// Draws a key into the file, sealed unless it may be in clear.
    pub(super) fn new_key_file(&self) -> anyhow::Result<Zeroizing<[u8; KEY_BYTES]>> {
        let path = self.file()?;
        // Before anybody is asked for a passphrase.
        created(path, !path.exists())?;
        let seal = if self.plain {
            eprintln!("Attention : cette clé est en clair. Elle convient pour un essai, pas pour de vrais chèques.");
            None
        } else {
            let seal = self.sealing.key_loader().new_seal(&path.display().to_string());
            Some(seal.context("Une clé s'écrit scellée (en clair, pour un essai seulement : --plain)")?)
        };
        let bytes = draw_key()?;
        written(path, write_key_file(path, &bytes, seal.as_ref())?)?;
        Ok(bytes)
    }

    pub(super) fn file(&self) -> anyhow::Result<&Path> {
        self.out.as_deref().context("Dites où écrire la clé : --out FICHIER")
    }

    /// What is said of a key file that was made.
    pub(super) fn described(&self) -> Value {
        json!({ "file": self.out, "sealed": !self.plain })
    }
}

/// Refuses a key that was not written because its file exists.
pub(super) fn written(path: &Path, written: Written) -> anyhow::Result<()> {
    created(path, written == Written::Made)
}

pub(super) fn created(path: &Path, made: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        made,
        "Le fichier « {} » existe déjà : il n'est pas remplacé.",
        path.display()
    );
    Ok(())
}
