//! The secrets that vouchers are made and claimed with, opened, and compared with those that the database was filled with.

use std::path::Path;

use ::keys::{KeyLoader, OpenError, secret_lines};
use sqlx::PgPool;
use voucher::{CodeKeys, EvidenceKeys, IdKeys, SecretRingError};

use crate::server::key_files::KeyFiles;
use crate::server::start_error::StartError;

fn ring<R>(path: &Path, loader: &KeyLoader, parse: fn(&str) -> Result<R, SecretRingError>) -> Result<R, StartError> {
    let lines = secret_lines(path, loader).map_err(OpenError::from)?;
    parse(&lines).map_err(|error| StartError::SecretRing(path.to_owned(), error))
}

/// The issuer's. Refused when a key that vouchers were minted with is not among them: it was lost, or another file was given.
pub(crate) async fn of_issuer(
    files: &KeyFiles,
    loader: &KeyLoader,
    pool: &PgPool,
) -> Result<issuer::VoucherSecrets, StartError> {
    let ids = ring(&files.ids, loader, IdKeys::parse)?;
    let secrets = issuer::VoucherSecrets::new(ids, ring(&files.codes, loader, CodeKeys::parse)?);
    match secrets.missing(pool).await? {
        None => Ok(secrets),
        Some(missing) => {
            let file = if missing.purpose == "id" {
                &files.ids
            } else {
                &files.codes
            };
            Err(StartError::SecretLost(missing.check, file.clone()))
        }
    }
}

/// Redemption's. Refused when a key that typed codes are found by is not among them.
pub(crate) async fn of_redemption(
    files: &KeyFiles,
    loader: &KeyLoader,
    pool: &PgPool,
) -> Result<redemption::ClaimSecrets, StartError> {
    let secrets = redemption::ClaimSecrets {
        codes: ring(&files.codes, loader, CodeKeys::parse)?.into(),
        evidence: evidence_keys(files, loader)?.into(),
    };
    match secrets.missing_code_key(pool).await? {
        None => Ok(secrets),
        Some(check) => Err(StartError::SecretLost(check, files.codes.clone())),
    }
}

/// Those that open the evidence of claims.
pub(crate) fn evidence_keys(files: &KeyFiles, loader: &KeyLoader) -> Result<EvidenceKeys, StartError> {
    ring(&files.evidence, loader, EvidenceKeys::parse)
}
