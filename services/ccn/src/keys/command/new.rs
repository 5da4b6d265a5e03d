use std::path::Path;
use std::sync::Arc;

use ::keys::{KEY_BYTES, Module, Place, Written, draw_key, key_bytes, secret_file, write_key_file};
use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use voucher::{Signer, SigningKey};
use zeroize::Zeroizing;

use crate::cli::keys::{KeyPurpose, NewKey, SealKey, Target};
use crate::keys::new_operator_key;

/// `keys new`
pub(super) fn new(args: &NewKey) -> anyhow::Result<()> {
    let told = match args.purpose {
        KeyPurpose::Operator | KeyPurpose::Seal => text_secret(args)?,
        KeyPurpose::Identity => {
            anyhow::ensure!(
                args.target.hsm.is_none(),
                "Cette clé ne signe pas : elle se garde dans un fichier (--out)."
            );
            in_file(file(&args.target)?, &args.target)?;
            json!({ "file": args.target.out, "sealed": !args.target.plain })
        }
        _ => signing_key(&args.target)?.1,
    };
    println!("{told}");
    Ok(())
}

/// Makes a key that signs; tells where it is and its public half.
pub(super) fn signing_key(target: &Target) -> anyhow::Result<(Arc<dyn Signer>, Value)> {
    let (signer, mut told): (Arc<dyn Signer>, Value) = if let Some(uri) = &target.hsm {
        if let Some(out) = &target.out {
            created(out, !out.exists())?;
        }
        Module::generate(uri)?;
        if let Some(out) = &target.out {
            created(out, secret_file::create(out, &uri.to_string())?)?;
        }
        let told = json!({ "hsm": uri.to_string(), "file": target.out });
        (Place::Hsm(uri.clone()).open(&target.sealing.opener())?, told)
    } else {
        let path = file(target)?;
        let bytes = in_file(path, target)?;
        let told = json!({ "file": path, "sealed": !target.plain });
        (Arc::new(SigningKey::from_seed(&bytes)), told)
    };
    told["kid"] = signer.kid().to_string().into();
    told["public_key"] = HEXLOWER.encode(&signer.public_bytes()).into();
    Ok((signer, told))
}

/// `keys seal`
pub(super) fn seal(args: &SealKey) -> anyhow::Result<()> {
    anyhow::ensure!(
        !::keys::is_sealed(&args.input)?,
        "« {} » est déjà scellé.",
        args.input.display()
    );
    let opener = args.sealing.opener();
    let bytes = key_bytes(&args.input, &opener)?;
    let seal = opener.new_seal(&args.out.display().to_string())?;
    written(&args.out, write_key_file(&args.out, &bytes, Some(&seal))?)?;
    println!("{}", json!({ "file": args.out, "sealed": true }));
    Ok(())
}

fn text_secret(args: &NewKey) -> anyhow::Result<Value> {
    let path = file(&args.target)?;
    let made = if args.purpose == KeyPurpose::Operator {
        new_operator_key(path)?
    } else {
        secret_file::create(path, &::keys::seal::new_identity())?
    };
    created(path, made)?;
    Ok(json!({ "file": path }))
}

fn in_file(path: &Path, target: &Target) -> anyhow::Result<Zeroizing<[u8; KEY_BYTES]>> {
    // Before anybody is asked for a passphrase.
    created(path, !path.exists())?;
    let seal = if target.plain {
        eprintln!("Attention : cette clé est en clair. Elle convient pour un essai, pas pour de vrais chèques.");
        None
    } else {
        let seal = target.sealing.opener().new_seal(&path.display().to_string());
        Some(seal.context("Une clé s'écrit scellée (en clair, pour un essai seulement : --plain)")?)
    };
    let bytes = draw_key()?;
    written(path, write_key_file(path, &bytes, seal.as_ref())?)?;
    Ok(bytes)
}

fn file(target: &Target) -> anyhow::Result<&Path> {
    target.out.as_deref().context("Dites où écrire la clé : --out FICHIER")
}

fn written(path: &Path, written: Written) -> anyhow::Result<()> {
    created(path, written == Written::Made)
}

fn created(path: &Path, made: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        made,
        "Le fichier « {} » existe déjà : il n'est pas remplacé.",
        path.display()
    );
    Ok(())
}
