use std::io::Write;

use anyhow::Context;
use data_encoding::BASE64;
use voucher::{JwkSet, KeyPolicy, PublicKey, Purpose, cose_key_set};

use crate::cli::keys::{ExportKeys, KeyFormat, KeyPurpose};
use crate::remote::public;

/// `SubjectPublicKeyInfo` of an Ed25519 key up to its 32 bytes (RFC 8410 § 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// `keys export`
pub(super) fn export(args: &ExportKeys) -> anyhow::Result<()> {
    let keys = if args.key.is_empty() {
        let json = public(&args.server, "/.well-known/jwks.json")?;
        JwkSet::read(&json)?
    } else {
        local(args)?
    };
    let written = match args.format {
        KeyFormat::Jwks => (serde_json::to_string_pretty(&JwkSet::of(&keys))? + "\n").into_bytes(),
        KeyFormat::Cose => cose_key_set(&keys),
        KeyFormat::Pem => keys.iter().map(pem).collect::<String>().into_bytes(),
    };
    match &args.out {
        Some(path) => {
            std::fs::write(path, written).with_context(|| format!("« {} » ne peut pas être écrit", path.display()))
        }
        None => Ok(std::io::stdout().write_all(&written)?),
    }
}

fn local(args: &ExportKeys) -> anyhow::Result<Vec<PublicKey>> {
    let purpose = match args.purpose {
        KeyPurpose::Signing => Purpose::Voucher,
        KeyPurpose::Status => Purpose::Status,
        KeyPurpose::KeySet => Purpose::KeySet,
        KeyPurpose::Root => Purpose::Root,
        KeyPurpose::Checkpoint => anyhow::bail!(
            "La moitié publique de cette clé est servie par /funding/log/checkpoint.vkey ; celle d'un co-signataire, par « ccn cosign --show-key »."
        ),
        _ => anyhow::bail!("Une clé de cet usage n'a pas de moitié publique."),
    };
    let opened = args.key.iter().map(|place| {
        let signer = place.open(&args.sealing.opener())?;
        Ok(PublicKey::new(&signer.public_bytes(), KeyPolicy::unbounded(purpose))?)
    });
    opened.collect()
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
