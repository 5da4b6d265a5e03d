use std::path::Path;
use std::sync::Arc;

use access::{OrganisationId, Secret};
use axum::Router;
use axum::body::{Body, to_bytes};
use catalogue::{NewProgramme, ProgrammeId, Spendable};
use chrono::{DateTime, Utc};
use funding::reconciliation::Nightly;
use funding::{Config, FundAccount};
use http::{Request, StatusCode};
use ledger::{
    Account, AccountNumber, BatchId, BookId, EventId, Outcome, PartyId, Posting, Transfer, TransferId, TransferKind,
};
use serde_json::{Value, json};
use shares::Plan;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use standards::Cents;
use tower::ServiceExt;
use uuid::Uuid;
use web::{Clock, ClockHand};

pub const FUND_IBAN: &str = "FR7630006000011234567890189";
pub const STRUCTURE_IBAN: &str = "FR1420041010050500013M02606";
pub const OTHER_IBAN: &str = "DE89370400440532013000";
/// 2 March 2026, 11:00 in Paris.
pub const START: &str = "2026-03-02T10:00:00Z";
/// Vouchers 1 to 10 of the only batch: two booklets of five.
pub const VOUCHERS: i32 = 10;
const TEN_EUROS: Cents = Cents::new(1000);

pub struct World {
    /// Connected as the owner.
    pub admin: PgPool,
    pub clock: Clock,
    pub hand: ClockHand,
    pub app: Router,
    pub secret: String,
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

/// Signs the log.
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

fn party(id: Uuid) -> PartyId {
    PartyId::from_uuid(id)
}

fn voucher(serial: i32) -> AccountNumber {
    AccountNumber::voucher(1, u32::try_from(serial).unwrap())
}

async fn apply_views_of(pool: &PgPool, schema: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(schema);
    let mut migrator = Migrator::new(path).await.unwrap();
    migrator.create_schema(schema.to_owned());
    migrator.dangerous_set_table_name(format!("{schema}._sqlx_migrations"));
    database::apply(pool, &migrator).await.unwrap();
}

type Leg = (TransferKind, Account, Account, i64);

impl World {
    /// A programme, two funders with conventions, and a plan; no money.
    pub async fn new(admin: PgPool) -> Self {
        database::apply_roles(&admin).await.unwrap();
        access::migrate(&admin).await.unwrap();
        catalogue::migrate(&admin).await.unwrap();
        ledger::migrate(&admin).await.unwrap();
        apply_views_of(&admin, "issuer").await;
        apply_views_of(&admin, "redemption").await;
        funding::migrate(&admin).await.unwrap();
        let options = (*admin.connect_options())
            .clone()
            .username(database::Role::Funding.name());
        let pool = database::connect(options, 6).await.unwrap();
        let secret = Secret::generate().unwrap();
        access::ensure_operator(&admin, &secret, instant(START)).await.unwrap();
        let (clock, hand) = Clock::set(instant(START));
        let fund = fund_account("Fonds de soutien");
        let routes = funding::routes(Config {
            checkpoint_key: Some(Arc::new(log_key())),
            ..Config::new(pool, clock.clone(), fund, NIGHTLY)
        });
        let routes = routes.merge(access::routes(admin.clone(), clock.clone()));
        let app = web::frame(routes.split_for_parts().0);
        let world = Self {
            admin,
            clock,
            hand,
            app,
            secret: secret.reveal().to_owned(),
        };
        world.programme().await;
        world
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

    pub async fn send(&self, method: &str, path: &str, secret: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (
            status,
            to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec(),
        )
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, bytes) = self
            .send("POST", path, &self.secret, body.to_string().into_bytes())
            .await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Sends a body piece by piece.
    pub async fn stream(&self, method: &str, path: &str, body: Body) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.secret))
            .body(body)
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
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

    /// Every identity, or the names of those that do not hold.
    pub async fn failing(&self) -> Vec<String> {
        let answer = self.get_json("/funding/v1/identities").await;
        let all = answer["identities"].as_array().unwrap();
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

    async fn book_legs(&self, name: &str, group: Uuid, at: DateTime<Utc>, legs: Vec<Leg>) {
        let transfers = legs.into_iter().enumerate().map(|(n, (kind, debit, credit, cents))| {
            let id = TransferId::derive(name.as_bytes(), &[group.as_bytes(), &n.to_be_bytes()]);
            Transfer::new(id, kind, debit, credit, Cents::new(cents)).unwrap()
        });
        self.book(
            Posting::new(EventId::from_uuid(group), transfers.collect()).unwrap(),
            at,
        )
        .await;
    }

    async fn book(&self, posting: Posting, at: DateTime<Utc>) {
        let mut tx = self.admin.begin().await.unwrap();
        assert_eq!(ledger::post(&mut tx, &[posting], at).await.unwrap(), [Outcome::Posted]);
        tx.commit().await.unwrap();
    }

    fn plan() -> Plan {
        let rates = ["0.3339", "0.6661"].map(|rate| rate.parse().unwrap());
        Plan::new(FUNDERS.map(party).into_iter().zip(rates).collect()).unwrap()
    }

    /// The issuer orders two booklets of five vouchers of 10 € and puts the money behind them.
    pub async fn funds_a_batch(&self) {
        let at = instant(START);
        sqlx::query(
            "insert into issuer.batch (book_id, id, plan_id, series, series_position, booklets, booklet_size, face_value_cents,
                 last_day, ordered_by, ordered_at, minted_at, funded_at)
             values ($1, $2, $3, 1, 0, 2, 5, 1000, '2026-07-31', $4, $5, $5, $5)",
        )
        .bind(PROGRAMME).bind(BATCH).bind(PLAN).bind(SPONSOR).bind(at)
        .execute(&self.admin).await.unwrap();
        for serial in 1..=VOUCHERS {
            sqlx::query(
                "insert into issuer.voucher (book_id, number, batch_id, serial, token_id, kid)
                 values ($1, $2, $3, $4, int8send($4), int4send(1))",
            )
            .bind(PROGRAMME)
            .bind(voucher(serial).get())
            .bind(BATCH)
            .bind(serial)
            .execute(&self.admin)
            .await
            .unwrap();
        }
        let shares = Self::plan().sum_first(10, TEN_EUROS);
        let legs = FUNDERS.into_iter().zip(shares).map(|(funder, cents)| {
            let (from, to) = (
                Account::available(book(), party(funder)),
                Account::reserved(book(), BatchId::from_uuid(BATCH), party(funder)),
            );
            (TransferKind::BatchFunded, from, to, cents.get())
        });
        self.book_legs("funded", BATCH, at, legs.collect()).await;
    }

    /// The issuer hands the first booklet over.
    pub async fn hands_over(&self) {
        let at = instant(START);
        sqlx::query(
            "insert into issuer.beneficiary (book_id, id, prescriber_id, external_id, identity_hash, audience, residence, booklets,
                 import_id, registered_at)
             values ($1, $2, $3, 'X', sha256('x'), 'Autre', '21231', 1, $2, $4)",
        )
        .bind(PROGRAMME).bind(id(0x60)).bind(SPONSOR).bind(at).execute(&self.admin).await.unwrap();
        sqlx::query(
            "insert into issuer.hand_over (book_id, id, batch_id, booklet, beneficiary_id, prescriber_id, at)
             values ($1, $2, $3, 1, $4, $5, $6)",
        )
        .bind(PROGRAMME)
        .bind(id(0x61))
        .bind(BATCH)
        .bind(id(0x60))
        .bind(SPONSOR)
        .bind(at)
        .execute(&self.admin)
        .await
        .unwrap();
        self.activates().await;
    }

    /// The vouchers of the first booklet can be spent, whoever has them.
    pub async fn activates(&self) {
        let at = instant(START);
        let mut legs = Vec::new();
        for serial in 1..=5 {
            let shares = Self::plan().split(u32::try_from(serial).unwrap().try_into().unwrap(), TEN_EUROS);
            for (funder, cents) in FUNDERS.into_iter().zip(shares) {
                let from = Account::reserved(book(), BatchId::from_uuid(BATCH), party(funder));
                legs.push((
                    TransferKind::Activated,
                    from,
                    Account::new_voucher(book(), voucher(serial), TEN_EUROS),
                    cents.get(),
                ));
            }
        }
        self.book_legs("activated", id(0x61), at, legs).await;
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
            sqlx::query(
                "insert into redemption.bank_details (structure_id, version, given_at, holder, iban, import_id)
                 select $1, count(*) + 1, $2, 'Mairie', $3, $1 from redemption.bank_details where structure_id = $1",
            )
            .bind(structure)
            .bind(instant(given_at))
            .bind(iban)
            .execute(&self.admin)
            .await
            .unwrap();
        }
    }

    fn claim_leg(claim: Uuid, serial: i32) -> TransferId {
        TransferId::derive(b"claimed", &[claim.as_bytes(), &serial.to_be_bytes()])
    }

    /// Redemption accepts a claim of these vouchers.
    pub async fn claims(&self, claim: Uuid, structure: Uuid, serials: &[i32], at: &str) {
        let numbers: Vec<i64> = serials.iter().map(|&serial| voucher(serial).get()).collect();
        sqlx::query(
            "insert into redemption.claim (book_id, id, request_id, structure_id, service, service_date, numbers, face_values, cents, at)
             values ($1, $2, $2, $3, 'bureautique', '2026-03-05', $4, array_fill(1000, array[cardinality($4)]), $5, $6)",
        )
        .bind(PROGRAMME).bind(claim).bind(structure).bind(numbers)
        .bind(1000 * i64::try_from(serials.len()).unwrap()).bind(instant(at))
        .execute(&self.admin).await.unwrap();
        let transfers = serials.iter().map(|&serial| {
            let (from, to) = (
                Account::voucher(book(), voucher(serial)),
                Account::payable(book(), party(structure)),
            );
            Transfer::new(
                Self::claim_leg(claim, serial),
                TransferKind::Claimed,
                from,
                to,
                TEN_EUROS,
            )
            .unwrap()
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
        let transfers = serials.iter().map(|&serial| {
            let (from, to) = (
                Account::recoverable(book(), party(structure)),
                Account::voucher(book(), voucher(serial)),
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
        for &serial in serials {
            let shares = Self::plan().split(u32::try_from(serial).unwrap().try_into().unwrap(), TEN_EUROS);
            for (funder, cents) in FUNDERS.into_iter().zip(shares) {
                let (from, to) = (
                    Account::voucher(book(), voucher(serial)),
                    Account::refundable(book(), party(funder)),
                );
                legs.push((TransferKind::Expired, from, to, cents.get()));
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
                all.get() - opened.get(),
            ));
        }
        self.book_legs("expired", id(0x70), instant(at), legs).await;
    }
}
