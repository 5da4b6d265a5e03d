//! A structure's evidence: its archive, proven with public keys alone.
//!
//! Each line of `ecritures.ndjson` must say what its leaf says and lead to the root of the signed checkpoint; all must be of one
//! structure, none twice; what `encaissements.csv` calls proven must be among them with its amount. Tokens that the structure kept
//! are verified with `cles.json`, and each must be one of the vouchers claimed.
//!
//! Memory: an amount a claim, and the vouchers claimed. Nothing else grows with the bundle.

mod archive;
mod claims;
mod tokens;

use std::path::Path;

use sealed_log::{Checkpoint, VerifierKey};
use serde::Serialize;
use standards::Cents;

use crate::faults::Faults;
use archive::Bundle;
use claims::Claims;

pub use archive::EvidenceUnreadable;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct EvidenceVerdict {
    /// Whose evidence it is: the structure's id, as in the entries.
    pub structure: Option<String>,
    /// The name in the key that signed.
    pub signer: String,
    /// Leaves under the checkpoint.
    pub size: u64,
    /// Entries proven.
    pub entries: u64,
    pub claims: u64,
    /// What they sum to.
    pub claimed: Cents,
    /// What of it was reversed.
    pub reversed: Cents,
    /// What the structure is still owed: on its accounts, by the entries alone.
    pub owed: Cents,
    /// Claims in the table that are too recent to be proven.
    pub recent: u64,
    /// Tokens that were given and are those of vouchers claimed here.
    pub tokens: u64,
    /// What is wrong, and where.
    pub faults: Faults,
}

impl EvidenceVerdict {
    /// Whether everything is proven.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.faults.count() == 0
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.faults.add(what);
    }
}

/// The vouchers' codes that a structure kept.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'p> {
    /// The texts of the QR codes, one a line.
    pub texts: &'p Path,
    /// The public keys of vouchers, a JWK Set known from elsewhere; without it the bundle's own, which nothing signs.
    pub keys: Option<&'p Path>,
}

/// Verifies the bundle at `path`. `vkey` comes from elsewhere; without it, the bundle's own is taken, which only proves that its files
/// belong together.
pub fn verify_evidence(
    path: &Path,
    vkey: Option<&str>,
    tokens: Option<Tokens<'_>>,
) -> Result<EvidenceVerdict, EvidenceUnreadable> {
    let mut bundle = Bundle::open(path)?;
    let own = bundle.text("checkpoint.vkey")?;
    let text = vkey.unwrap_or(&own).trim();
    let key: VerifierKey = text.parse().map_err(|_| EvidenceUnreadable::Key(text.to_owned()))?;
    let mut verdict = EvidenceVerdict {
        signer: key.name().to_owned(),
        ..EvidenceVerdict::default()
    };
    let checkpoint = match Checkpoint::open(&bundle.text("checkpoint")?, &key) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            verdict.fault(format!(
                "« checkpoint » n'est pas signé par la clé {} : {error}",
                key.name()
            ));
            return Ok(verdict);
        }
    };
    verdict.size = checkpoint.size;
    let mut claims = Claims::default();
    bundle.lines("ecritures.ndjson", |number, line| {
        verdict.entries += 1;
        if let Err(fault) = claims.add(line, &checkpoint) {
            verdict.fault(format!("ecritures.ndjson, ligne {number} : {fault}"));
        }
    })?;
    claims.compare(bundle.text_of_any_length("encaissements.csv")?.as_bytes(), &mut verdict);
    if let Some(Tokens { texts, keys }) = tokens {
        let keys = match keys {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| EvidenceUnreadable::File(path.to_owned(), error))?
            }
            None => bundle.text("cles.json")?,
        };
        tokens::check(texts, &keys, &claims, &mut verdict)?;
    }
    claims.tell(&mut verdict);
    Ok(verdict)
}
