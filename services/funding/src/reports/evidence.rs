//! Evidence for one structure, should the operator fail: a ZIP that proves with public keys alone what it is owed and what it was
//! paid.
//!
//! | member | what |
//! |---|---|
//! | `LISEZMOI.txt` | what this is, how it is checked, what to keep beside it |
//! | `checkpoint`, `checkpoint.vkey` | the signed checkpoint that all proofs lead to, and its verifier key |
//! | `cles.json` | the public keys that signed the vouchers (JWK Set) |
//! | `ecritures.ndjson` | each entry of the log that concerns the structure, with its inclusion proof |
//! | `encaissements.csv` | the claims for people: vouchers by number, amounts, payments, and whether each is proven |
//!
//! Tokens are not in it: they are worth money, so nobody stores them. The paper that the structure kept carries them, and
//! `ccn verify evidence --tokens` finds each one's claim among the entries.
//!
//! Everything is read in one snapshot, so under one checkpoint, and written as it is read: memory does not grow with the claims, but
//! for those that cannot be proven. A page of claims costs eight statements, however many claims it has (some more for the first, which
//! reads the edge of the tree); a page of payments three.

mod archive;
mod claims;
mod csv;
mod entries;
mod readme;
mod write;

use access::{Caller, Role};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::PartyId;
use sqlx::PgPool;
use web::Problem;

pub(crate) use write::Bundle;

/// Why there is no bundle.
#[derive(Debug)]
pub(crate) enum EvidenceRejection {
    /// No such structure, or it is another one's business.
    Unknown,
    NotSealed,
}

impl database::Rejection for EvidenceRejection {}

impl From<EvidenceRejection> for Problem {
    fn from(rejection: EvidenceRejection) -> Self {
        match rejection {
            EvidenceRejection::Unknown => {
                Self::not_found("Cette structure").detail("Une structure ne télécharge que ses propres preuves.")
            }
            EvidenceRejection::NotSealed => Self::not_found("Le journal scellé")
                .detail("Aucune écriture n'est encore scellée ; réessayez dans quelques secondes."),
        }
    }
}

/// The bundle of a structure, to be written: for the structure itself, operators and auditors.
pub(crate) async fn bundle(
    pool: &PgPool,
    who: &Caller,
    structure: PartyId,
    at: DateTime<Utc>,
) -> Result<Bundle, UseCaseError<EvidenceRejection>> {
    let own = who.has(Role::Structure) && who.organisation().uuid() == structure.uuid();
    if !own && !who.has(Role::Operator) && !who.has(Role::Auditor) {
        return Err(EvidenceRejection::Unknown.into());
    }
    let mut connection = pool.acquire().await?;
    let name = claims::name(&mut connection, structure).await?;
    let name = name.ok_or(EvidenceRejection::Unknown)?;
    if ledger::seal::last_checkpoint(&mut connection).await?.is_none() {
        return Err(EvidenceRejection::NotSealed.into());
    }
    drop(connection);
    Ok(Bundle { structure, name, at })
}
