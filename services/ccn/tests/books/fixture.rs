//! Books with a bit of everything, sealed and exported.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use export::{Export, Exported};
use ledger::TransferKind as Kind;
use ledger::{Account, AccountNumber, BatchId, BookId, EventId, Outcome, PartyId, Posting, TransferId};
use sealed_log::NoteKey;
use sqlx::PgPool;
use standards::Cents;
use tempfile::TempDir;
use uuid::Uuid;
use verify::books::{BooksVerdict, Trusted, verify_books};

pub const BOOK: BookId = BookId::from_uuid(Uuid::from_u128(0xb1));
pub const FUNDERS: [PartyId; 2] = [
    PartyId::from_uuid(Uuid::from_u128(0xf1)),
    PartyId::from_uuid(Uuid::from_u128(0xf2)),
];
const STRUCTURE: PartyId = PartyId::from_uuid(Uuid::from_u128(0x51));
const BATCH: BatchId = BatchId::from_uuid(Uuid::from_u128(0xba));
const VOUCHERS: u32 = 300;

type Leg = (Kind, Account, Account, i64);

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn key() -> NoteKey {
    NoteKey::from_seed("test.example/log", &[7; 32]).unwrap()
}

fn id(name: &str, leg: usize) -> TransferId {
    TransferId::derive(b"test", &[name.as_bytes(), leg.to_string().as_bytes()])
}

pub async fn post(pool: &PgPool, name: &str, legs: &[Leg], reverses: Option<TransferId>, at: &str) {
    let event = EventId::derive(b"test", &[name.as_bytes()]);
    let transfers = legs.iter().enumerate().map(|(n, &(kind, debit, credit, cents))| {
        let transfer = testkit::transfer(id(name, n), event, (kind, debit, credit, Cents::new(cents)));
        let transfer = transfer.reference(&format!("Réf; {name} | {n}")).unwrap();
        match reverses.filter(|_| n == 0) {
            Some(earlier) => transfer.reversing(earlier),
            None => transfer,
        }
    });
    let posting = Posting::new(event, transfers.collect()).unwrap();
    let mut tx = pool.begin().await.unwrap();
    assert_eq!(
        ledger::post(&mut tx, &[posting], instant(at)).await.unwrap(),
        [Outcome::Posted]
    );
    tx.commit().await.unwrap();
}

fn voucher(idx: u32) -> Account {
    Account::voucher(BOOK, AccountNumber::voucher(1, idx))
}

/// Two years: money in, a batch of vouchers, claims, a reversal, the rest expired and given back.
pub async fn two_years(pool: &PgPool) {
    let [a, b] = FUNDERS;
    let first = "2026-11-02T10:00:00.123456Z";
    for (n, (funder, cents)) in [(a, 500_000), (b, 500_001)].into_iter().enumerate() {
        post(
            pool,
            &format!("received {n}"),
            &[(Kind::Received, Account::bank(), Account::deposited(funder), cents)],
            None,
            first,
        )
        .await;
        let legs = [
            (
                Kind::Allocated,
                Account::deposited(funder),
                Account::clearing(BookId::fund()),
                400_000,
            ),
            (
                Kind::Allocated,
                Account::clearing(BOOK),
                Account::available(BOOK, funder),
                400_000,
            ),
        ];
        post(pool, &format!("allocated {n}"), &legs, None, first).await;
    }
    let each = i64::from(VOUCHERS) * 500;
    let reserved = |funder| Account::reserved(BOOK, BATCH, funder);
    let legs: Vec<Leg> = [a, b]
        .map(|funder| {
            (
                Kind::BatchFunded,
                Account::available(BOOK, funder),
                reserved(funder),
                each,
            )
        })
        .to_vec();
    post(pool, "funded", &legs, None, first).await;
    for idx in 0..VOUCHERS {
        let opened = testkit::Paper::of(AccountNumber::voucher(1, idx), Cents::new(1000)).account(BOOK);
        let legs = [a, b].map(|funder| (Kind::Activated, reserved(funder), opened, 500));
        post(pool, &format!("activated {idx}"), &legs, None, first).await;
    }
    let payable = Account::payable(BOOK, STRUCTURE);
    for idx in 0..40 {
        let at = if idx < 20 {
            "2026-12-31T22:59:00Z"
        } else {
            "2026-12-31T23:01:00Z"
        };
        post(
            pool,
            &format!("claimed {idx}"),
            &[(Kind::Claimed, voucher(idx), payable, 1000)],
            None,
            at,
        )
        .await;
    }
    let second = "2027-02-01T09:00:00Z";
    post(
        pool,
        "reversed",
        &[(Kind::ClaimReversed, payable, voucher(3), 1000)],
        Some(id("claimed 3", 0)),
        second,
    )
    .await;
    let legs: Vec<Leg> = [a, b]
        .map(|funder| (Kind::Expired, voucher(299), Account::refundable(BOOK, funder), 500))
        .to_vec();
    post(pool, "expired", &legs, None, second).await;
}

pub struct Books {
    pub folder: TempDir,
    pub exported: Exported,
}

/// Exports with the key, and waits for nobody: other tests' transactions may hold the sealer up for a moment.
pub async fn export(pool: &PgPool, at: &str) -> Books {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let export = Export {
        database: (*pool.connect_options()).clone(),
        key: Some(&key),
        siren: &"732829320".parse().unwrap(),
        at: instant(at),
        out: folder.path(),
    };
    let exported = ccn::commands::export::write(&export, |_, _| {}).await.unwrap();
    assert_eq!(exported.unsealed, 0);
    Books { folder, exported }
}

impl Books {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn verdict(&self) -> BooksVerdict {
        self.verdict_since(None)
    }

    pub fn verdict_since(&self, older: Option<&Path>) -> BooksVerdict {
        let vkey = key().verifier().to_string();
        let trusted = Trusted {
            key: Some(&vkey),
            older,
            cosigners: &[],
        };
        verify_books(self.folder.path(), &trusted).unwrap()
    }

    /// The outsider, who wrote everything anew: what it finds wrong.
    pub fn verified_by_outsider(&self) -> Result<(), String> {
        self.outsider(&[])
    }

    /// The same, who kept a checkpoint.
    pub fn verified_by_outsider_since(&self, older: &Path) -> Result<(), String> {
        self.outsider(&["--older".as_ref(), older.as_os_str()])
    }

    fn outsider(&self, args: &[&std::ffi::OsStr]) -> Result<(), String> {
        let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/outsider/verify_books.py");
        let output = Command::new(python)
            .arg("-B")
            .arg(script)
            .arg(self.folder.path())
            .args(args)
            .output()
            .unwrap();
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The outsider's script, on these files alone.
    pub fn checked_by_others(&self) -> String {
        let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/checkers/check_export.py");
        let output = Command::new(python)
            .arg("-B")
            .arg(script)
            .arg(self.folder.path())
            .arg("hledger")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }
}
