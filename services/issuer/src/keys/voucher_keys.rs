//! What vouchers are made with. Three secrets in three places: whoever has two of them makes nothing that a claim accepts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger::AccountNumber;
use sqlx::{PgPool, PgTransaction};
use voucher::{CodeKeys, IdKeys, Idx, KeyCheck, VoucherId};

use crate::keys::signers::Signers;

/// The halves of ids and codes that are in no database.
#[derive(Debug, Clone)]
pub struct VoucherSecrets {
    ids: Arc<IdKeys>,
    codes: Arc<CodeKeys>,
}

/// A key that vouchers of the database were made with is not loaded: nothing of them could be printed, or found by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretNotLoaded {
    /// What it is for: `id` or `code`.
    pub purpose: &'static str,
    /// How it is named in the database.
    pub check: KeyCheck,
}

impl VoucherSecrets {
    #[must_use]
    pub fn new(ids: IdKeys, codes: CodeKeys) -> Self {
        Self {
            ids: Arc::new(ids),
            codes: Arc::new(codes),
        }
    }

    /// The keys of what is minted now.
    pub(crate) fn current(&self) -> (KeyCheck, KeyCheck) {
        (self.ids.current(), self.codes.current())
    }

    /// A new voucher's id and what its code is found by, under the current keys.
    pub(crate) fn draw(
        &self,
        nonce: &[u8; voucher::NONCE_BYTES],
        series: u16,
        idx: Idx,
    ) -> (VoucherId, [u8; voucher::CODE_DIGEST_BYTES]) {
        let current = "a ring has its current key";
        let id = self.ids.id(self.ids.current(), nonce, series, idx).expect(current);
        (id, self.codes.digest(self.codes.current(), id).expect(current))
    }

    /// The id of a voucher that was minted; nothing when the key that it was drawn with is not loaded.
    pub(crate) fn id_of(
        &self,
        number: AccountNumber,
        (key, nonce): (KeyCheck, &[u8; voucher::NONCE_BYTES]),
    ) -> Option<VoucherId> {
        let (series, idx) = number.as_voucher()?;
        self.ids.id(key, nonce, series, Idx::new(idx)?)
    }

    /// Notes that the current keys serve from now on: a process without them will not start.
    pub(crate) async fn note_use(&self, tx: &mut PgTransaction<'_>, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let (id_key, code_key) = self.current();
        sqlx::query!(
            "insert into issuer.secret_in_use (purpose, key_check, first_used_at) values ('id', $1, $3), ('code', $2, $3)
             on conflict do nothing",
            &id_key.to_bytes(),
            &code_key.to_bytes(),
            at,
        )
        .execute(&mut **tx)
        .await
        .map(drop)
    }

    /// The first key that vouchers of this database were made with and that is not loaded here: with it lost, or mistaken for another, the
    /// service must not start.
    pub async fn missing(&self, pool: &PgPool) -> Result<Option<SecretNotLoaded>, sqlx::Error> {
        let rows = sqlx::query!("select purpose, key_check from issuer.secret_in_use order by first_used_at")
            .fetch_all(pool)
            .await?;
        for row in rows {
            let check = KeyCheck::new(row.key_check.try_into().expect("secret_in_use_check_length keeps it"));
            let (purpose, loaded) = match row.purpose.as_str() {
                "id" => ("id", self.ids.has(check)),
                _ => ("code", self.codes.has(check)),
            };
            if !loaded {
                return Ok(Some(SecretNotLoaded { purpose, check }));
            }
        }
        Ok(None)
    }
}

/// The keys that sign, and the secrets.
#[derive(Debug, Clone)]
pub struct VoucherKeys {
    pub signers: Signers,
    pub secrets: VoucherSecrets,
}
