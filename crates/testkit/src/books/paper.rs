use chrono::{DateTime, Utc};
use ledger::{Account, AccountNumber, BatchId, BookId, Commitment, Presented};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use standards::Cents;
use uuid::Uuid;
use voucher::{
    CodeKeys, EvidenceKeys, IdKeys, Idx, KeyCheck, LastDay, NONCE_BYTES, PublicKey, SigningKey, Terms, Token, VoucherId,
};

/// Of the key that signs papers of no issuer.
const SEED: [u8; 32] = [41; 32];

/// The keys of the tests that make ids.
#[must_use]
pub fn id_keys() -> IdKeys {
    IdKeys::parse(&"1d".repeat(32)).expect("64 digits")
}

/// The keys of the tests that find typed codes.
#[must_use]
pub fn code_keys() -> CodeKeys {
    CodeKeys::parse(&"c0".repeat(32)).expect("64 digits")
}

/// The keys of the tests that seal evidence.
#[must_use]
pub fn evidence_keys() -> EvidenceKeys {
    EvidenceKeys::parse(&"ee".repeat(32)).expect("64 digits")
}

/// The paper of a voucher that no issuer minted: always the same for one number and value, signed by a key of the tests.
///
/// It is real paper: its commitment opens, its signature verifies, its code is a code.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    number: AccountNumber,
    terms: Terms,
    nonce: [u8; NONCE_BYTES],
    seed: [u8; 32],
}

impl Paper {
    /// Of the voucher with this number and value, good until the end of 2031.
    #[must_use]
    pub fn of(number: AccountNumber, value: Cents) -> Self {
        let (series, idx) = number.as_voucher().expect("a voucher's number");
        let id = *secret(b"id", number).first_chunk().expect("32 bytes");
        let terms = Terms {
            series,
            idx: Idx::new(idx).expect("24 bits"),
            cents: u16::try_from(value.get()).expect("16 bits of cents"),
            day: LastDay::from_date(chrono::NaiveDate::from_ymd_opt(2031, 12, 31).expect("a date")).expect("a day"),
            id: VoucherId::new(id),
        };
        let nonce = *secret(b"nonce", number).first_chunk().expect("32 bytes");
        Self {
            number,
            terms,
            nonce,
            seed: SEED,
        }
    }

    /// Of a voucher that the issuer minted with the tests' secrets, for the key of this seed.
    pub async fn minted_with(owner: &PgPool, book: BookId, number: AccountNumber, seed: [u8; 32]) -> Self {
        let (nonce, key, cents, last_day): (Vec<u8>, Vec<u8>, i64, chrono::NaiveDate) = sqlx::query_as(
            "select v.nonce, v.id_key, b.face_value_cents, b.last_day
             from issuer.voucher v join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
             where v.book_id = $1 and v.number = $2",
        )
        .bind(book.uuid())
        .bind(number.get())
        .fetch_one(owner)
        .await
        .expect("a voucher that was minted");
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().expect("16 bytes");
        let key = KeyCheck::new(key.try_into().expect("4 bytes"));
        let (series, idx) = number.as_voucher().expect("a voucher's number");
        let idx = Idx::new(idx).expect("24 bits");
        let terms = Terms {
            series,
            idx,
            cents: u16::try_from(cents).expect("16 bits of cents"),
            day: LastDay::from_date(last_day).expect("a day"),
            id: id_keys().id(key, &nonce, series, idx).expect("the tests' own key"),
        };
        Self {
            number,
            terms,
            nonce,
            seed,
        }
    }

    /// The same, good until this day.
    #[must_use]
    pub const fn until(self, day: LastDay) -> Self {
        Self {
            terms: Terms { day, ..self.terms },
            ..self
        }
    }

    /// The key that signs those of no issuer.
    #[must_use]
    pub fn key() -> SigningKey {
        SigningKey::from_seed(&SEED.into())
    }

    fn own_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seed.into())
    }

    /// Its public half, without bounds.
    #[must_use]
    pub fn public_key() -> PublicKey {
        let policy = voucher::KeyPolicy::unbounded(voucher::Purpose::Voucher);
        PublicKey::new(&Self::key().public_bytes(), policy).expect("a public key")
    }

    /// What it says.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What the voucher's account is opened with.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        Commitment::to(self.nonce, &self.terms.to_bytes(self.own_key().kid()))
    }

    /// The account that its opening makes.
    #[must_use]
    pub fn account(&self, book: BookId) -> Account {
        let value = Cents::new(self.terms.cents.into());
        Account::new_voucher(book, self.number, value, self.commitment())
    }

    /// What its QR code says.
    #[must_use]
    pub fn token(&self) -> Token {
        self.own_key().sign(&self.terms)
    }

    /// What a claim keeps of it when its QR code was scanned.
    #[must_use]
    pub fn scanned(&self) -> Presented {
        Presented::Token(self.token().to_bytes())
    }

    /// What a claim keeps of it when its code was typed.
    #[must_use]
    pub fn typed(&self) -> Presented {
        Presented::Terms(self.terms.to_bytes(self.own_key().kid()))
    }

    /// What a claim stores of this, sealed.
    #[must_use]
    pub fn seals(&self, book: BookId, claim: Uuid, presented: &Presented) -> Vec<u8> {
        let place = ledger::evidence_place(book, claim, self.number);
        let nonce = *secret(claim.as_bytes(), self.number).first_chunk().expect("32 bytes");
        evidence_keys().seal(nonce, &place, presented.bytes())
    }

    /// Has the issuer have minted it, past all of the issuer's rules.
    pub async fn minted(&self, owner: &PgPool, book: BookId, batch: BatchId, serial: i32) {
        let mut tx = owner.begin().await.expect("a transaction");
        // The issuer's batches are the issuer's business.
        let unchecked = "set local session_replication_role = replica";
        sqlx::query(unchecked).execute(&mut *tx).await.expect("the owner may");
        let code = code_keys();
        let digest = code.digest(code.current(), self.terms.id).expect("the current key");
        sqlx::query(
            "insert into issuer.voucher (book_id, number, batch_id, serial, nonce, commitment, code_digest, id_key, code_key, kid)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(book.uuid())
        .bind(self.number.get())
        .bind(batch.uuid())
        .bind(serial)
        .bind(self.nonce)
        .bind(self.commitment().digest)
        .bind(digest)
        .bind(id_keys().current().to_bytes())
        .bind(code.current().to_bytes())
        .bind(self.own_key().kid().to_bytes())
        .execute(&mut *tx)
        .await
        .expect("a row of issuer.voucher");
        tx.commit().await.expect("an end");
    }
}

fn secret(what: &[u8], number: AccountNumber) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(what);
    hash.update(number.get().to_be_bytes());
    hash.finalize().into()
}

/// What redemption keeps of a claim of these vouchers, past all of its rules; the books are the caller's.
pub async fn claim_row(
    owner: &PgPool,
    (book, claim, structure): (BookId, Uuid, Uuid),
    shown: &[(Paper, Presented)],
    at: DateTime<Utc>,
) {
    let mut shown: Vec<&(Paper, Presented)> = shown.iter().collect();
    shown.sort_by_key(|(paper, _)| paper.number);
    let numbers: Vec<i64> = shown.iter().map(|(paper, _)| paper.number.get()).collect();
    let values: Vec<i64> = shown.iter().map(|(paper, _)| paper.terms.cents.into()).collect();
    let evidence: Vec<Vec<u8>> = shown
        .iter()
        .map(|(paper, presented)| paper.seals(book, claim, presented))
        .collect();
    sqlx::query(
        "insert into redemption.claim (book_id, id, request_id, structure_id, service, service_date, numbers, face_values, cents, evidence, at)
         values ($1, $2, $2, $3, 'bureautique', ($6::timestamptz at time zone 'Europe/Paris')::date, $4, $5,
             (select sum(v) from unnest($5) v), $7, $6)",
    )
    .bind(book.uuid())
    .bind(claim)
    .bind(structure)
    .bind(numbers)
    .bind(values)
    .bind(at)
    .bind(evidence)
    .execute(owner)
    .await
    .expect("a row of redemption.claim");
}
