//! A structure's name for one funder: always the same, and nothing to anybody who has not the installation's secret.
//!
//! The structure's own id will not do: it is made from its SIRET, which is public, so the whole national register can be tried in
//! minutes. HMAC-SHA-256 of (funder, structure), cut to 128 bits. Two funders have two pseudonyms for one structure.

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use ledger::PartyId;
use sha2::Sha256;
use sqlx::PgConnection;

/// Separates this use of the secret from any other one.
const DOMAIN: &[u8] = b"ccn structure of a claims report v1";

/// Bytes of a pseudonym: a million structures meet with a chance of one in 10²⁶.
const PSEUDONYM_BYTES: usize = 16;

/// Makes pseudonyms.
#[derive(Clone)]
pub(super) struct Pseudonyms(Hmac<Sha256>);

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(…)")
    }
}

impl Pseudonyms {
    fn new(secret: &[u8]) -> Self {
        let mut mac = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
        mac.update(DOMAIN);
        Self(mac)
    }

    /// With the secret of this installation.
    pub(super) async fn load(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let secret = sqlx::query_scalar!("select secret from funding.pseudonym_secret")
            .fetch_one(connection)
            .await?;
        Ok(Self::new(&secret))
    }

    /// What `funder` calls `structure`: 32 hexadecimal digits.
    pub(super) fn of(&self, funder: PartyId, structure: PartyId) -> String {
        let mut mac = self.0.clone();
        mac.update(funder.uuid().as_bytes());
        mac.update(structure.uuid().as_bytes());
        HEXLOWER.encode(&mac.finalize().into_bytes()[..PSEUDONYM_BYTES])
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_pseudonym_is_one_funders_and_of_one_secret() {
        let party = |n| PartyId::from_uuid(Uuid::from_u128(n));
        let (ours, other) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
        // HMAC-SHA-256 by Python's standard library.
        assert_eq!(ours.of(party(1), party(2)), "1125e705af3c830f0004aafdcdf2cc87");
        assert_ne!(ours.of(party(1), party(2)), ours.of(party(2), party(2)));
        assert_ne!(ours.of(party(1), party(2)), ours.of(party(1), party(3)));
        assert_ne!(ours.of(party(1), party(2)), other.of(party(1), party(2)));
    }
}
