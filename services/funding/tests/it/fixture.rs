use std::sync::Arc;

use access::OrganisationId;
use axum::Router;
use axum::body::{Body, to_bytes};
use catalogue::{NewProgramme, ProgrammeId, Spendable};
use chrono::{DateTime, Utc};
use funding::reconciliation::Nightly;
use funding::{Config, FundAccount};
use http::{Request, StatusCode};
use ledger::{Account, AccountNumber, BatchId, BookId, EventId, PartyId, Posting, Transfer, TransferId, TransferKind};
use serde_json::{Value, json};
use shares::Plan;
use sqlx::PgPool;
use standards::Cents;
use testkit::{Client, Leg, Paper};
use tokio::sync::OnceCell;
use uuid::Uuid;
use web::{Clock, ClockHand};

use crate::issuing::{self, Issuing};

pub const FUND_IBAN: &str = "FR7630006000011234567890189";
pub const STRUCTURE_IBAN: &str = "FR1420041010050500013M02606";
pub const OTHER_IBAN: &str = "DE89370400440532013000";
/// 2 March 2026, 11:00 in Paris.
pub const START: &str = "2026-03-02T10:00:00Z";
const TEN_EUROS: Cents = Cents::new(1000);

pub struct Fixture {
    /// Connected as the owner.
    pub admin: PgPool,
    pub clock: Clock,
    pub hand: ClockHand,
    pub app: Router,
    pub secret: String,
    pub issuing: OnceCell<Issuing>,
}

pub const fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub const PROGRAMME: Uuid = id(0x10);
pub const BATCH: Uuid = id(0x20);
pub const PLAN: Uuid = id(0x30);
pub const SPONSOR: Uuid = id(0x50);
/// Two funders that never share a voucher evenly.
pub const FUNDERS: [Uuid; 2] = [id(0xf1), id(0xf2)];

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn log_key() -> sealed_log::NoteKey {
    sealed_log::NoteKey::from_seed("test.example/log", &[7; 32]).unwrap()
}

pub const NIGHTLY: Nightly = Nightly {
    at: chrono::NaiveTime::from_hms_opt(3, 0, 0),
    break_days_max: 30,
};

pub fn book() -> BookId {
    BookId::from_uuid(PROGRAMME)
}

pub fn fund_account(name: &str) -> FundAccount {
    FundAccount {
        name: name.to_owned(),
        iban: FUND_IBAN.parse().unwrap(),
        bic: None,
    }
}

pub fn party(id: Uuid) -> PartyId {
    PartyId::from_uuid(id)
}

impl Fixture {
    /// A programme, two funders with conventions, and a plan; no money.
    pub async fn new(admin: PgPool) -> Self {
        let pool = testkit::as_role(&admin, database::Role::Funding, 6).await;
        let (clock, hand) = Clock::set(instant(START));
        let fund = fund_account("Fonds de soutien");
        let routes = funding::routes(Config {
            checkpoint_key: Some(Arc::new(log_key())),
            ..Config::new(pool, clock.clone(), fund, testkit::evidence_keys().into(), NIGHTLY)
        });
        let operator = testkit::operator_of(&admin, &clock, routes).await;
        let fixture = Self {
            admin,
            clock,
            hand,
            app: operator.router(),
            secret: operator.key().to_owned(),
            issuing: OnceCell::new(),
        };
        fixture.programme().await;
        fixture
    }

    async fn programme(&self) {
        let new = NewProgramme {
            id: ProgrammeId::from_uuid(PROGRAMME),
            name: "Dispositif de Côte-d'Or".to_owned(),
            territory: "21".parse().unwrap(),
            face_value: TEN_EUROS,
            booklet_size: 5,
            spendable: Spendable::HandOver,
            printed_day: "2026-06-30".parse().unwrap(),
            tolerance_days: None,
            booklets_min: 1,
            booklets_per_person_max: 2,
        };
        let mut tx = self.admin.begin().await.unwrap();
        catalogue::create(&mut tx, OrganisationId::from_uuid(SPONSOR), &new, instant(START))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let sponsor = json!({"id": SPONSOR, "name": "Département", "siren": "222100018", "roles": ["sponsor"]});
        self.created("/issuer/v1/organisations", sponsor).await;
        for (funder, (name, siren, rate)) in FUNDERS
            .into_iter()
            .zip([("Département", "732829320", 0xa1), ("État", "552100554", 0xa2)])
        {
            self.created(
                "/funding/v1/funders",
                json!({"id": funder, "siren": siren, "name": name, "iban": OTHER_IBAN}),
            )
            .await;
            let convention = json!({"id": id(rate), "funder_id": funder, "programme_id": PROGRAMME, "amount": "100.00",
                "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
            self.created("/funding/v1/conventions", convention).await;
        }
        let shares = json!([{"funder_id": FUNDERS[0], "rate": "0.3339"}, {"funder_id": FUNDERS[1], "rate": "0.6661"}]);
        self.created(
            &format!("/funding/v1/programmes/{PROGRAMME}/plans"),
            json!({"id": PLAN, "shares": shares}),
        )
        .await;
    }

    /// Whoever has this key.
    pub fn client(&self, secret: &str) -> Client {
        Client::of(self.app.clone()).with_key(secret)
    }

    pub async fn send(&self, method: &str, path: &str, secret: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let method = method.parse().unwrap();
        let client = self.client(secret);
        let answer = client.send(method, path, Some((body, "application/json"))).await;
        (StatusCode::from_u16(answer.status).unwrap(), answer.bytes)
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, bytes) = self
            .send("POST", path, &self.secret, body.to_string().into_bytes())
            .await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Sends a body piece by piece.
    pub async fn stream(&self, method: &str, path: &str, body: Body) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path);
        let response = self.client(&self.secret).respond(request, body).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub async fn post_bytes(&self, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let (status, bytes) = self.send("POST", path, &self.secret, body).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub async fn created(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{path} {answer}");
        let (status, again) = self.post(path, body).await;
        assert_eq!((status, &again), (StatusCode::OK, &answer), "{path} is repeatable");
        answer
    }

    pub async fn refused(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert!(status.is_client_error(), "{path} {answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> Vec<u8> {
        let (status, bytes) = self.send("GET", path, &self.secret, Vec::new()).await;
        assert_eq!(status, StatusCode::OK, "{path} {}", String::from_utf8_lossy(&bytes));
        bytes
    }

    pub async fn status(&self, path: &str) -> StatusCode {
        self.send("GET", path, &self.secret, Vec::new()).await.0
    }

    pub async fn get_json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path).await).unwrap()
    }

    pub async fn put(&self, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let (status, bytes) = self.send("PUT", path, &self.secret, body).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub async fn call(&self, n: u128, convention: u128, amount: &str) -> String {
        let call = json!({"id": id(n), "convention_id": id(convention), "amount": amount, "due_on": "2026-03-31"});
        self.created("/funding/v1/calls", call).await["reference"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn allocate(&self, n: u128, funder: Uuid, amount: &str) {
        let allocation = json!({"id": id(n), "funder_id": funder, "programme_id": PROGRAMME, "amount": amount});
        self.created("/funding/v1/allocations", allocation).await;
    }

    pub async fn settle(&self, n: u128, month: &str, execute_on: &str) -> Value {
        self.created(
            "/funding/v1/settlements",
            json!({"id": id(n), "month": month, "execute_on": execute_on}),
        )
        .await
    }

    /// Every invariant, or the names of those that do not hold.
    pub async fn failing(&self) -> Vec<String> {
        let answer = self.get_json("/funding/v1/invariants").await;
        let all = answer["invariants"].as_array().unwrap();
        let failing = all.iter().filter(|one| one["holds"] == false);
        let failing: Vec<String> = failing
            .map(|one| format!("{} {} {}", one["name"], one["left"], one["right"]))
            .collect();
        assert_eq!(answer["all_hold"], failing.is_empty());
        assert!(all.len() > 15, "{all:?}");
        failing
    }

    pub async fn all_hold(&self) {
        assert_eq!(self.failing().await, Vec::<String>::new());
    }

    async fn book_legs(&self, name: &str, at: DateTime<Utc>, legs: Vec<Leg>) {
        testkit::book(&self.admin, name, &legs, at).await;
    }

    async fn book(&self, posting: Posting, at: DateTime<Utc>) {
        testkit::book_posting(&self.admin, posting, at).await;
    }

    fn plan() -> Plan {
        let rates = ["0.3339", "0.6661"].map(|rate| rate.parse().unwrap());
        Plan::new(FUNDERS.map(party).into_iter().zip(rates).collect()).unwrap()
    }

    /// The real issuer, in front of the programme.
    pub async fn issuing(&self) -> &Issuing {
        let start = || Issuing::start(&self.admin, &self.clock, PROGRAMME, SPONSOR);
        self.issuing.get_or_init(start).await
    }

    /// The issuer makes two booklets of five vouchers of 10 € and puts the money behind them.
    pub async fn funds_a_batch(&self) {
        self.issuing().await.funds(BATCH, 2).await;
    }

    /// The account of a voucher of the batch, by its number in it.
    pub async fn voucher(&self, serial: i32) -> AccountNumber {
        let number: i64 = sqlx::query_scalar(
            "select number from issuer.voucher where book_id = $1 and batch_id = $2 and serial = $3",
        )
        .bind(PROGRAMME)
        .bind(BATCH)
        .bind(serial)
        .fetch_one(&self.admin)
        .await
        .unwrap();
        AccountNumber::new(number)
    }

    /// The paper that the issuer prints of a voucher.
    pub async fn paper(&self, number: AccountNumber) -> Paper {
        Paper::minted_with(&self.admin, book(), number, issuing::SIGNING_SEED).await
    }

    async fn vouchers(&self, serials: &[i32]) -> Vec<(i32, AccountNumber)> {
        let mut vouchers = Vec::with_capacity(serials.len());
        for &serial in serials {
            vouchers.push((serial, self.voucher(serial).await));
        }
        vouchers
    }

    /// The issuer hands the first booklet over.
    pub async fn hands_over(&self) {
        self.issuing().await.hands_over(id(0x61), BATCH).await;
    }

    /// The vouchers of the first booklet can be spent, and nobody recorded who has them.
    pub async fn activates(&self) {
        let at = instant(START);
        let mut legs = Vec::new();
        for serial in 1..=5 {
            let number = self.voucher(serial).await;
            let shares = Self::plan().split(u32::try_from(serial).unwrap().try_into().unwrap(), TEN_EUROS);
            let opened = self.paper(number).await.account(book());
            for (funder, cents) in FUNDERS.into_iter().zip(shares) {
                let from = Account::reserved(book(), BatchId::from_uuid(BATCH), party(funder));
                legs.push((TransferKind::Activated, from, opened, cents));
            }
        }
        self.book_legs("activated", at, legs).await;
    }

    pub async fn has_structure(&self, structure: Uuid, iban: Option<&str>, given_at: &str) {
        sqlx::query(
            "insert into redemption.structure (id, pivot, siret, name, commune, place, import_id, imported_at)
             select $1, pivot, pivot, 'Médiathèque ' || $2::text, '21231', '{}', $1, $3
             from lpad($2::text, 14, '1') as pivot
             on conflict (id) do nothing",
        )
        .bind(structure)
        .bind(i64::try_from(structure.as_u128()).unwrap())
        .bind(instant(given_at))
        .execute(&self.admin)
        .await
        .unwrap();
        if let Some(iban) = iban {
            self.has_account(structure, "Mairie", iban, given_at).await;
        }
    }

    /// Somebody imports a structure's bank details.
    pub async fn has_account(&self, structure: Uuid, holder: &str, iban: &str, given_at: &str) {
        sqlx::query(
            "insert into redemption.bank_details (structure_id, version, given_at, holder, iban, import_id)
             select $1, count(*) + 1, $2, $3, $4, $1 from redemption.bank_details where structure_id = $1",
        )
        .bind(structure)
        .bind(instant(given_at))
        .bind(holder)
        .bind(iban)
        .execute(&self.admin)
        .await
        .unwrap();
    }

    fn claim_leg(claim: Uuid, serial: i32) -> TransferId {
        TransferId::derive(b"claimed", &[claim.as_bytes(), &serial.to_be_bytes()])
    }

    /// Redemption accepts a claim of these vouchers.
    pub async fn claims(&self, claim: Uuid, structure: Uuid, serials: &[i32], at: &str) {
        let vouchers = self.vouchers(serials).await;
        let mut shown = Vec::new();
        for &(_, number) in &vouchers {
            let paper = self.paper(number).await;
            shown.push((paper, paper.scanned()));
        }
        testkit::claim_row(&self.admin, (book(), claim, structure), &shown, instant(at)).await;
        let transfers = vouchers.iter().zip(&shown).map(|(&(serial, number), (_, presented))| {
            let (from, to) = (
                Account::voucher(book(), number),
                Account::payable(book(), party(structure)),
            );
            let (id, event) = (Self::claim_leg(claim, serial), EventId::from_uuid(claim));
            Transfer::claim(id, event, from, to, TEN_EUROS, presented).unwrap()
        });
        self.book(
            Posting::new(EventId::from_uuid(claim), transfers.collect()).unwrap(),
            instant(at),
        )
        .await;
    }

    /// Redemption reverses a claim that was settled.
    pub async fn reverses_after_settlement(&self, claim: Uuid, structure: Uuid, serials: &[i32], at: &str) {
        let settled: bool = sqlx::query_scalar("select exists (select from funding.settled_claim where claim_id = $1)")
            .bind(claim)
            .fetch_one(&self.admin)
            .await
            .unwrap();
        assert!(settled);
        sqlx::query(
            "insert into redemption.reversal (book_id, claim_id, id, reason, by_organisation, at, vouchers_alive, vouchers_dead,
                 after_settlement)
             values ($1, $2, $2, 'x', $3, $4, 2, 0, true)",
        )
        .bind(PROGRAMME).bind(claim).bind(structure).bind(instant(at)).execute(&self.admin).await.unwrap();
        let vouchers = self.vouchers(serials).await;
        let transfers = vouchers.iter().map(|&(serial, number)| {
            let (from, to) = (
                Account::recoverable(book(), party(structure)),
                Account::voucher(book(), number),
            );
            let id = TransferId::derive(b"reversed", &[claim.as_bytes(), &serial.to_be_bytes()]);
            let transfer = Transfer::new(id, TransferKind::ClaimReversed, from, to, TEN_EUROS).unwrap();
            transfer.reversing(Self::claim_leg(claim, serial))
        });
        let group = EventId::derive(b"reversal", &[claim.as_bytes()]);
        self.book(Posting::new(group, transfers.collect()).unwrap(), instant(at))
            .await;
    }

    /// The issuer sweeps what is left past the last day: these vouchers, and the reserve of the second booklet.
    pub async fn expires(&self, serials: &[i32], at: &str) {
        sqlx::query("insert into issuer.expiry (book_id, id, at) values ($1, $2, $3)")
            .bind(PROGRAMME)
            .bind(id(0x70))
            .bind(instant(at))
            .execute(&self.admin)
            .await
            .unwrap();
        let mut legs = Vec::new();
        for (serial, number) in self.vouchers(serials).await {
            let shares = Self::plan().split(u32::try_from(serial).unwrap().try_into().unwrap(), TEN_EUROS);
            for (funder, cents) in FUNDERS.into_iter().zip(shares) {
                let (from, to) = (
                    Account::voucher(book(), number),
                    Account::refundable(book(), party(funder)),
                );
                legs.push((TransferKind::Expired, from, to, cents));
            }
        }
        let (all, opened) = (
            Self::plan().sum_first(10, TEN_EUROS),
            Self::plan().sum_first(5, TEN_EUROS),
        );
        for ((funder, all), opened) in FUNDERS.into_iter().zip(all).zip(opened) {
            let from = Account::reserved(book(), BatchId::from_uuid(BATCH), party(funder));
            legs.push((
                TransferKind::BatchExpired,
                from,
                Account::refundable(book(), party(funder)),
                all.checked_sub(opened).unwrap(),
            ));
        }
        self.book_legs("expired", instant(at), legs).await;
    }
}
