//! The actors and the money around the issuer.

use std::sync::Arc;

use access::OrganisationId;
use catalogue::{NewPlan, NewShare, PlanId, ProgrammeId};
use chrono::{DateTime, Utc};
use issuer::{Config, IdentityKey};
use ledger::{Account, AccountNumber, BookId, EventId, PartyId, Posting, Transfer, TransferId, TransferKind};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use testkit::{Answer, Client, Paper};
use uuid::Uuid;
use voucher::{KeyPolicy, PublicKey, Purpose, SigningKey};
use web::{Clock, ClockHand};
use zeroize::Zeroizing;

pub const HOST: &str = "cheque.example.fr";
/// Of the root that the issuer trusts.
pub const ROOT_SEED: [u8; 32] = [11; 32];
pub const COLUMNS: &str = "identifiant_externe,nom_naissance,prenoms,date_naissance,sexe,code_insee_naissance,\
    code_insee_residence,public,telephone,courriel,carnets";

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn voucher_secrets() -> issuer::VoucherSecrets {
    issuer::VoucherSecrets::new(testkit::id_keys(), testkit::code_keys())
}

/// Of the key that signs vouchers.
pub const SIGNING_SEED: [u8; 32] = [9; 32];

pub fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + n)
}

/// Everything that a test stands in. `owner` is the database's superuser: the funding and redemption services of these tests.
pub struct Fixture {
    pub owner: PgPool,
    pub clock: ClockHand,
    pub operator: Client,
    pub signers: issuer::Signers,
    pub sponsor: Client,
    pub prescriber: Client,
    pub other_prescriber: Client,
    pub programme: Uuid,
}

impl Fixture {
    pub async fn new(pool: PgPool, spendable: &str) -> Self {
        Self::on_host(pool, spendable, HOST).await
    }

    /// As [`new`](Self::new), with QR codes that lead elsewhere.
    pub async fn on_host(pool: PgPool, spendable: &str, host: &str) -> Self {
        let issuer_pool = testkit::as_role(&pool, database::Role::Issuer, 8).await;
        let (clock, hand) = Clock::set(instant("2026-05-04T08:00:00Z"));
        let signing = SigningKey::from_seed(&Zeroizing::new(SIGNING_SEED));
        let window = (instant("2026-01-01T00:00:00Z"), instant("2028-01-01T00:00:00Z"));
        issuer::publish_first_key(&issuer_pool, &signing, Purpose::Voucher, window.0, window.1)
            .await
            .unwrap();
        let root = SigningKey::from_seed(&Zeroizing::new(ROOT_SEED));
        let root = PublicKey::new(&root.public_bytes(), KeyPolicy::unbounded(Purpose::Root)).unwrap();
        let signers = issuer::Signers::new(Arc::new(signing), []);
        let config = Config {
            pool: issuer_pool,
            clock: clock.clone(),
            host: host.parse().unwrap(),
            signers: signers.clone(),
            key_sets: issuer::KeySets::under(vec![root]),
            identity_key: IdentityKey::new(Zeroizing::new([5; 32])),
            voucher_secrets: voucher_secrets(),
        };
        let operator = testkit::operator_of(&pool, &clock, issuer::routes(config)).await;
        let sponsor = operator.admits(uuid(1), "Département", &["sponsor"]).await;
        let prescriber = operator.admits(uuid(2), "CCAS", &["prescriber"]).await;
        let other_prescriber = operator.admits(uuid(3), "Mission locale", &["prescriber"]).await;
        for funder in 11..=13 {
            operator.admits(uuid(funder), "Financeur", &["funder"]).await;
        }
        let programme = uuid(100);
        let created = sponsor
            .post(
                "/issuer/v1/programmes",
                json!({"id": programme, "name": "Chèques de Côte-d'Or 2026", "territory": "21", "face_value": "10.00",
                    "booklet_size": 10, "spendable": spendable, "printed_day": "2026-12-31", "tolerance_days": 31,
                    "booklets_min": 2, "booklets_per_person_max": 2}),
            )
            .await;
        created.created();
        let fixture = Self {
            owner: pool,
            clock: hand,
            operator,
            signers,
            sponsor,
            prescriber,
            other_prescriber,
            programme,
        };
        for prescriber in [2, 3] {
            fixture.admits(prescriber).await.created();
        }
        fixture.agrees_plan(&["0.3339", "0.33305", "0.33305"]).await;
        let contact = json!({"phone": "03 80 12 34 56"});
        fixture.sponsor.put_json(&fixture.path("paper"), contact).await.ok();
        fixture
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/issuer/v1/programmes/{}/{rest}", self.programme)
    }

    /// The sponsor admits a prescriber.
    pub async fn admits(&self, organisation: u128) -> Answer {
        self.sponsor
            .post(&self.path("prescribers"), json!({"id": uuid(organisation)}))
            .await
    }

    pub fn book(&self) -> BookId {
        BookId::from_uuid(self.programme)
    }

    async fn agrees_plan(&self, rates: &[&str]) {
        let shares = rates
            .iter()
            .zip(11..)
            .map(|(rate, funder)| NewShare::new(OrganisationId::from_uuid(uuid(funder)), rate.parse().unwrap()));
        let plan = NewPlan {
            id: PlanId::from_uuid(uuid(50)),
            shares: shares.collect(),
        };
        let mut tx = self.owner.begin().await.unwrap();
        let programme = ProgrammeId::from_uuid(self.programme);
        catalogue::create_plan(&mut tx, programme, &plan, instant("2026-05-04T08:00:00Z"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Each funder's money arrives and is allocated.
    pub async fn allocates(&self, cents: [i64; 3]) {
        for (cents, n) in cents.into_iter().zip(11_u128..).filter(|(cents, _)| *cents > 0) {
            let funder = PartyId::from_uuid(uuid(n));
            let move_it = |name: &[u8], kind, debit, credit| {
                let id = TransferId::derive(name, &[&n.to_be_bytes(), &cents.to_be_bytes()]);
                Transfer::new(id, kind, debit, credit, Cents::new(cents)).unwrap()
            };
            let deposited = Account::deposited(funder);
            let (fund, own) = (Account::clearing(BookId::fund()), Account::clearing(self.book()));
            self.posts(vec![
                move_it(b"1", TransferKind::Received, Account::bank(), deposited),
                move_it(b"2", TransferKind::Allocated, deposited, fund),
                move_it(
                    b"3",
                    TransferKind::Allocated,
                    own,
                    Account::available(self.book(), funder),
                ),
            ])
            .await;
        }
    }

    /// A structure claims a voucher.
    pub async fn claims(&self, number: AccountNumber) {
        self.claims_as(TransferId::derive(b"claim", &[&number.get().to_be_bytes()]), number)
            .await;
    }

    /// A structure claims a voucher, under this id.
    pub async fn claims_as(&self, id: TransferId, number: AccountNumber) {
        let (from, to) = (
            Account::voucher(self.book(), number),
            Account::payable(self.book(), PartyId::from_uuid(uuid(20))),
        );
        let paper = Paper::minted_with(&self.owner, self.book(), number, SIGNING_SEED).await;
        let event = EventId::from_uuid(id.uuid());
        self.posts(vec![
            Transfer::claim(id, event, from, to, Cents::new(1000), &paper.scanned()).unwrap(),
        ])
        .await;
    }

    async fn posts(&self, transfers: Vec<Transfer>) {
        let group = EventId::from_uuid(transfers[0].id().uuid());
        let posting = Posting::new(group, transfers).unwrap();
        testkit::book_posting(&self.owner, posting, instant("2026-06-01T08:00:00Z")).await;
    }

    /// What the three funders have on the accounts that `account` names.
    pub async fn held(&self, account: impl Fn(PartyId) -> Account) -> [i64; 3] {
        let accounts: Vec<Account> = (11..=13).map(|n| account(PartyId::from_uuid(uuid(n)))).collect();
        let mut connection = self.owner.acquire().await.unwrap();
        let held = ledger::read::balances(&mut connection, &accounts).await.unwrap();
        held.iter()
            .map(|cents| cents.get())
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    }

    pub async fn refundable(&self) -> [i64; 3] {
        self.held(|funder| Account::refundable(self.book(), funder)).await
    }

    pub async fn reserved(&self, batch: Uuid) -> [i64; 3] {
        self.held(|funder| Account::reserved(self.book(), ledger::BatchId::from_uuid(batch), funder))
            .await
    }

    /// The account of a voucher.
    pub async fn number(&self, batch: Uuid, serial: i32) -> AccountNumber {
        let number: i64 = sqlx::query_scalar(
            "select number from issuer.voucher where book_id = $1 and batch_id = $2 and serial = $3",
        )
        .bind(self.programme)
        .bind(batch)
        .bind(serial)
        .fetch_one(&self.owner)
        .await
        .unwrap();
        AccountNumber::new(number)
    }

    /// An order, minted.
    pub async fn minted(&self, n: u128, booklets: u32) -> Uuid {
        let batch = uuid(n);
        self.sponsor
            .post(&self.path("orders"), json!({"id": batch, "booklets": booklets}))
            .await
            .created();
        self.sponsor
            .post(&self.path(&format!("batches/{batch}/mint")), json!({}))
            .await
            .ok();
        batch
    }

    /// The same, with its money.
    pub async fn funded(&self, n: u128, booklets: u32) -> Uuid {
        let batch = self.minted(n, booklets).await;
        self.allocates([i64::from(booklets) * 10_000; 3]).await;
        self.sponsor
            .post(&self.path(&format!("batches/{batch}/funding")), json!({}))
            .await
            .created();
        batch
    }

    /// People of the first prescriber, as registered, with this many booklets each.
    pub async fn people(&self, count: u32, booklets: u32) -> Vec<Uuid> {
        let rows = (0..count).map(|n| format!("B{n},Nom{n},Anne,1970-01-01,F,21231,21231,Seniors,,,{booklets}\n"));
        let file = format!("{COLUMNS}\n{}", rows.collect::<String>());
        self.loads(&self.prescriber, 900, &file).await;
        let list = self.prescriber.get(&self.path("beneficiaries")).await.ok();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    pub async fn previews(&self, who: &Client, import: u128, file: impl AsRef<[u8]> + Send) -> Value {
        let path = self.path(&format!("beneficiary-imports/{}?file=liste.csv", uuid(import)));
        who.put(&path, "text/csv", file).await.ok()
    }

    pub async fn commits(&self, who: &Client, import: u128, file: impl AsRef<[u8]> + Send, digest: &str) -> Answer {
        let path = self.path(&format!(
            "beneficiary-imports/{}?file=liste.csv&commit=true&digest={digest}",
            uuid(import)
        ));
        who.put(&path, "text/csv", file).await
    }

    /// Previews and commits.
    pub async fn loads(&self, who: &Client, import: u128, file: &str) -> Value {
        let preview = self.previews(who, import, file.to_owned()).await;
        self.commits(who, import, file.to_owned(), preview["digest"].as_str().unwrap())
            .await
            .created()
    }

    pub async fn hands_over(&self, n: u128, batch: Uuid, booklet: u32, person: Uuid) -> Answer {
        let body = json!({"id": uuid(n), "batch_id": batch, "booklet": booklet, "beneficiary_id": person});
        self.prescriber.post(&self.path("hand-overs"), body).await
    }

    /// The first prescriber blocks a booklet it gave.
    pub async fn declares(&self, n: u128, batch: Uuid, booklet: u32, reason: &str) -> Answer {
        let body = json!({"id": uuid(n), "batch_id": batch, "booklet": booklet, "reason": reason});
        self.prescriber.post(&self.path("revocations"), body).await
    }

    pub async fn replaces(&self, n: u128, lost: u128, batch: Uuid, booklet: u32) -> Answer {
        let body = json!({"id": uuid(n), "hand_over_id": uuid(lost), "batch_id": batch, "booklet": booklet});
        self.prescriber.post(&self.path("replacements"), body).await
    }

    /// Traces of this action.
    pub async fn traces(&self, action: &str) -> i64 {
        sqlx::query_scalar("select count(*) from access.audit where action = $1")
            .bind(action)
            .fetch_one(&self.owner)
            .await
            .unwrap()
    }

    pub async fn states(&self) -> Value {
        self.sponsor.get(&self.path("voucher-states")).await.ok()
    }
}
