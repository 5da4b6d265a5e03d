//! A programme of three funders that ended, and the routes of its end. What the issuer and redemption did is put there by the owner
//! ([`history`]).

mod history;

use std::sync::Arc;

use access::{OrganisationId, Secret};
use axum::Router;
use catalogue::{NewProgramme, ProgrammeId, Spendable};
use document::sign::{NewIdentity, Signer, self_signed};
use funding::Config;
use http::StatusCode;
use ledger::{Account, AccountNumber, BookId, EventId, PartyId, Posting, TransferId, TransferKind};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use testkit::Client;
use uuid::Uuid;
use web::{Clock, ClockHand};

use crate::fixture::{Fixture, NIGHTLY, OTHER_IBAN, START, fund_account, id, instant};

pub const ENDED: Uuid = id(0x1010);
pub const FIRST: Uuid = id(0x1021);
const SECOND: Uuid = id(0x1022);
pub const SPONSOR: Uuid = id(0x1050);
pub const FUNDERS: [Uuid; 3] = [id(0x10f1), id(0x10f2), id(0x10f3)];
/// What the programme owes each of them back.
pub const OWED: [&str; 3] = ["43.41", "43.30", "43.29"];
/// What never stood behind a batch: 100, 100 and 95 € less what both batches took.
pub const UNSPENT: [&str; 3] = ["49.91", "50.04", "45.05"];
pub const GIVEN: [&str; 3] = ["93.32", "93.34", "88.34"];
pub const STRUCTURE: Uuid = id(0x1070);
const TEN_EUROS: Cents = Cents::new(1000);
/// Of the vouchers 1 to 5; the sixth is another one.
const SPLIT: [i64; 3] = [334, 333, 333];

pub struct Ended {
    pub fixture: Fixture,
    pub hand: ClockHand,
    pub identity: NewIdentity,
    app: Router,
}

fn book() -> BookId {
    BookId::from_uuid(ENDED)
}

fn party(id: Uuid) -> PartyId {
    PartyId::from_uuid(id)
}

/// Numbers of another series than the fixture's.
pub fn voucher(serial: u32) -> AccountNumber {
    AccountNumber::voucher(2, serial)
}

impl Ended {
    /// Swept on 4 August 2026, four days after its last day.
    pub async fn new(admin: PgPool) -> Self {
        Self::with(admin, true).await
    }

    pub async fn with(admin: PgPool, signs: bool) -> Self {
        let fixture = Fixture::new(admin.clone()).await;
        let pool = testkit::as_role(&admin, database::Role::Funding, 6).await;
        let (clock, hand) = Clock::set(instant(START));
        let identity = self_signed("Fonds de soutien", &[7; 32], instant(START)).unwrap();
        let signer = Arc::new(Signer::from_pem(&identity.certificate, &identity.key).unwrap());
        let fund = fund_account("Fonds de soutien pour l'inclusion numérique");
        let routes = funding::routes(Config {
            document_key: signs.then_some(signer),
            ..Config::new(pool, clock, fund, testkit::evidence_keys().into(), NIGHTLY)
        });
        let ended = Self {
            fixture,
            hand,
            identity,
            app: web::frame(routes.split_for_parts().0),
        };
        ended.programme(ENDED).await;
        ended.funders_and_plan().await;
        ended.history().await;
        ended.steps().await;
        ended
    }

    pub async fn programme(&self, programme: Uuid) {
        let new = NewProgramme {
            id: ProgrammeId::from_uuid(programme),
            name: "Chèque culture numérique de Côte-d'Or 2026".to_owned(),
            territory: "21".parse().unwrap(),
            face_value: TEN_EUROS,
            booklet_size: 5,
            spendable: Spendable::HandOver,
            printed_day: "2026-06-30".parse().unwrap(),
            tolerance_days: None,
            booklets_min: 1,
            booklets_per_person_max: 2,
        };
        let mut tx = self.fixture.admin.begin().await.unwrap();
        catalogue::create(&mut tx, OrganisationId::from_uuid(SPONSOR), &new, instant(START))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn funders_and_plan(&self) {
        let sponsor = json!({"id": SPONSOR, "name": "Département de la Côte-d'Or", "roles": ["sponsor"]});
        self.fixture.created("/issuer/v1/organisations", sponsor).await;
        let names = [
            ("État", "110043015"),
            ("Région Bourgogne-Franche-Comté", "200053726"),
            ("Caf de la Côte-d'Or", "778213702"),
        ];
        for (n, (funder, (name, siren))) in (0x10a1..).zip(FUNDERS.into_iter().zip(names)) {
            let new = json!({"id": funder, "siren": siren, "name": name, "iban": OTHER_IBAN});
            self.fixture.created("/funding/v1/funders", new).await;
            self.convention(n, funder, ENDED).await;
        }
        let rates = ["0.3339", "0.33305", "0.33305"];
        let shares: Vec<Value> = FUNDERS
            .into_iter()
            .zip(rates)
            .map(|(funder, rate)| json!({"funder_id": funder, "rate": rate}))
            .collect();
        let plan = json!({"id": id(0x1030), "shares": shares});
        self.fixture
            .created(&format!("/funding/v1/programmes/{ENDED}/plans"), plan)
            .await;
    }

    pub async fn convention(&self, n: u128, funder: Uuid, programme: Uuid) {
        let convention = json!({"id": id(n), "funder_id": funder, "programme_id": programme, "amount": "1000.00",
            "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
        self.fixture.created("/funding/v1/conventions", convention).await;
    }

    pub async fn post(&self, name: &[&[u8]], legs: Vec<(TransferKind, Account, Account, i64)>) {
        self.post_all(name, legs, None).await;
    }

    /// The first leg reverses a transfer.
    pub async fn post_reversing(
        &self,
        name: &[&[u8]],
        legs: Vec<(TransferKind, Account, Account, i64)>,
        reversed: TransferId,
    ) {
        self.post_all(name, legs, Some(reversed)).await;
    }

    async fn post_all(
        &self,
        name: &[&[u8]],
        legs: Vec<(TransferKind, Account, Account, i64)>,
        reversed: Option<TransferId>,
    ) {
        let group = EventId::derive(b"expiry test", name);
        let transfers = legs.into_iter().enumerate().map(|(leg, (kind, debit, credit, cents))| {
            let id = TransferId::derive(b"expiry test", &[&name.concat(), &leg.to_be_bytes()]);
            let transfer = testkit::transfer(id, group, (kind, debit, credit, Cents::new(cents)));
            match reversed.filter(|_| leg == 0) {
                Some(reversed) => transfer.reversing(reversed),
                None => transfer,
            }
        });
        let posting = Posting::new(group, transfers.collect()).unwrap();
        testkit::book_posting(&self.fixture.admin, posting, instant(START)).await;
    }

    /// A key for an organisation that exists.
    pub async fn key(&self, organisation: Uuid) -> Actor<'_> {
        let key = Uuid::from_u128(organisation.as_u128() + 0x9_0000);
        let operator = self.fixture.client(&self.fixture.secret);
        Actor {
            ended: self,
            secret: operator.gives_key(organisation, key).await.key().to_owned(),
        }
    }

    pub async fn operator(&self) -> Actor<'_> {
        let secret = Secret::generate().unwrap();
        access::ensure_operator(&self.fixture.admin, &secret, instant(START))
            .await
            .unwrap();
        Actor {
            ended: self,
            secret: secret.reveal().to_owned(),
        }
    }

    pub fn at(&self, at: &str) {
        self.hand.move_to(instant(at));
        self.fixture.hand.move_to(instant(at));
    }

    /// A round at an instant: what was issued, what was given back, what failed.
    pub async fn round_at(&self, at: &str) -> [usize; 3] {
        self.at(at);
        let round = self
            .operator()
            .await
            .posts("/funding/v1/expiry/statement-rounds", json!({}))
            .await
            .1;
        ["issued", "refunded", "failed"].map(|what| round[what].as_array().unwrap().len())
    }

    pub async fn traces(&self, action: &str) -> i64 {
        sqlx::query_scalar("select count(*) from access.audit where action = $1")
            .bind(action)
            .fetch_one(&self.fixture.admin)
            .await
            .unwrap()
    }
}

/// Somebody with a key.
pub struct Actor<'a> {
    ended: &'a Ended,
    secret: String,
}

impl Actor<'_> {
    pub async fn sends(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let client = Client::of(self.ended.app.clone()).with_key(&self.secret);
        let method = method.parse().unwrap();
        let answer = client.send(method, path, Some((body, "application/json"))).await;
        (StatusCode::from_u16(answer.status).unwrap(), answer.bytes)
    }

    pub async fn posts(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, bytes) = self.sends("POST", path, body.to_string().into_bytes()).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Under the programme's statement.
    pub async fn says(&self, what: &str, body: Value) -> (StatusCode, Value) {
        self.posts(&format!("/funding/v1/programmes/{ENDED}/expiry-statement/{what}"), body)
            .await
    }

    #[track_caller]
    pub fn kind(answer: &(StatusCode, Value)) -> String {
        assert!(answer.0.is_client_error(), "{answer:?}");
        answer.1["type"]
            .as_str()
            .unwrap()
            .trim_start_matches("urn:ccn:problem:")
            .to_owned()
    }

    pub async fn gets(&self, what: &str) -> (StatusCode, Vec<u8>) {
        self.sends("GET", &format!("/funding/v1/programmes/{ENDED}/{what}"), Vec::new())
            .await
    }

    pub async fn reads(&self, what: &str) -> Value {
        let (status, bytes) = self.gets(what).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap()
    }
}
