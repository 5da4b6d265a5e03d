//! A programme of three funders that ended, and the routes of its end. What the issuer and redemption did is put there by the owner.
//!
//! Two batches of booklets of five vouchers of 10 €, by a plan of 33.39, 33.305 and 33.305 %. By hand, cumulative rounding gives the
//! vouchers 1 to 10 of a batch: the first funder 3.34 € each but the sixth (3.33 €), the second 3.33 € each but the sixth (3.34 €), the
//! third 3.33 € each.
//!
//! | vouchers of the first batch | what became of them | 1st | 2nd | 3rd |
//! |---|---|---|---|---|
//! | 1 | handed over, claimed, paid | 3.34 | 3.33 | 3.33 |
//! | 2 | handed over, claimed | 3.34 | 3.33 | 3.33 |
//! | 3, 4 | handed over, expired | 6.68 | 6.66 | 6.66 |
//! | 5 | handed over, revoked | 3.34 | 3.33 | 3.33 |
//! | 6 to 10 | never handed over: expired in reserve | 16.69 | 16.66 | 16.65 |
//!
//! The second batch, of one booklet, was funded (16.70, 16.65, 16.65) and cancelled.

use std::sync::Arc;

use access::{OrganisationId, Secret};
use axum::Router;
use axum::body::{Body, to_bytes};
use catalogue::{NewProgramme, ProgrammeId, Spendable};
use document::sign::{NewIdentity, Signer, self_signed};
use funding::Stationery;
use http::{Request, StatusCode};
use ledger::{
    Account, AccountNumber, BatchId, BookId, GroupId, Outcome, PartyId, Posting, Transfer, TransferId, TransferKind,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use tower::ServiceExt;
use uuid::Uuid;
use web::{Clock, ClockHand};

use crate::world::{OTHER_IBAN, START, World, id, instant};

pub const ENDED: Uuid = id(0x1010);
pub const FIRST: Uuid = id(0x1021);
const SECOND: Uuid = id(0x1022);
pub const SPONSOR: Uuid = id(0x1050);
pub const FUNDERS: [Uuid; 3] = [id(0x10f1), id(0x10f2), id(0x10f3)];
/// What the programme owes each of them back.
pub const OWED: [&str; 3] = ["43.41", "43.30", "43.29"];
const STRUCTURE: Uuid = id(0x1070);
const TEN_EUROS: Cents = Cents::new(1000);
/// Of the vouchers 1 to 5; the sixth is another one.
const SPLIT: [i64; 3] = [334, 333, 333];

pub struct Ended {
    pub world: World,
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

/// Numbers of another series than the world's.
pub fn voucher(serial: u32) -> AccountNumber {
    AccountNumber::voucher(2, serial)
}

impl Ended {
    /// Swept on 4 August 2026, four days after its last day.
    pub async fn new(admin: PgPool) -> Self {
        Self::with(admin, true).await
    }

    pub async fn with(admin: PgPool, signs: bool) -> Self {
        let world = World::new(admin.clone()).await;
        let options = (*admin.connect_options())
            .clone()
            .username(database::Role::Funding.name());
        let pool = database::connect(options, 6).await.unwrap();
        let (clock, hand) = Clock::set(instant(START));
        let identity = self_signed("Fonds de soutien", &[7; 32], instant(START)).unwrap();
        let signer = Arc::new(Signer::from_pem(&identity.certificate, &identity.key).unwrap());
        let stationery = Stationery {
            fund: "Fonds de soutien pour l'inclusion numérique".to_owned(),
            signer: signs.then_some(signer),
        };
        let routes = funding::expiry_routes(pool, clock, stationery);
        let ended = Self {
            world,
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
        let mut tx = self.world.admin.begin().await.unwrap();
        catalogue::create(&mut tx, OrganisationId::from_uuid(SPONSOR), &new, instant(START))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn funders_and_plan(&self) {
        let sponsor = json!({"id": SPONSOR, "name": "Département de la Côte-d'Or", "roles": ["sponsor"]});
        self.world.created("/v1/organisations", sponsor).await;
        let names = [
            ("État", "110043015"),
            ("Région Bourgogne-Franche-Comté", "200053726"),
            ("Caf de la Côte-d'Or", "778213702"),
        ];
        for (n, (funder, (name, siren))) in (0x10a1..).zip(FUNDERS.into_iter().zip(names)) {
            let new = json!({"id": funder, "siren": siren, "name": name, "iban": OTHER_IBAN});
            self.world.created("/v1/funders", new).await;
            self.convention(n, funder, ENDED).await;
        }
        let rates = ["0.3339", "0.33305", "0.33305"];
        let shares: Vec<Value> = FUNDERS
            .into_iter()
            .zip(rates)
            .map(|(funder, rate)| json!({"funder_id": funder, "rate": rate}))
            .collect();
        let plan = json!({"id": id(0x1030), "shares": shares});
        self.world.created(&format!("/v1/programmes/{ENDED}/plans"), plan).await;
    }

    pub async fn convention(&self, n: u128, funder: Uuid, programme: Uuid) {
        let convention = json!({"id": id(n), "funder_id": funder, "programme_id": programme, "amount": "1000.00",
            "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
        self.world.created("/v1/conventions", convention).await;
    }

    /// The table above.
    async fn history(&self) {
        for (n, (funder, cents)) in (1_u8..).zip(FUNDERS.into_iter().zip([10_000, 10_000, 9_500])) {
            let (deposited, fund) = (Account::deposited(party(funder)), Account::clearing(BookId::fund()));
            self.post(
                &[b"money", &[n]],
                vec![
                    (TransferKind::Received, Account::bank(), deposited, cents),
                    (TransferKind::Allocated, deposited, fund, cents),
                    (
                        TransferKind::Allocated,
                        Account::clearing(book()),
                        Account::available(book(), party(funder)),
                        cents,
                    ),
                ],
            )
            .await;
        }
        self.batch(FIRST, 2, [3339, 3331, 3330], "null").await;
        self.batch(SECOND, 1, [1670, 1665, 1665], "2026-04-01T10:00:00Z").await;
        for serial in 1..=5 {
            let opened = self.legs(TransferKind::Activated, SPLIT, |funder| {
                (
                    reserved(FIRST, funder),
                    Account::new_voucher(book(), voucher(serial), TEN_EUROS),
                )
            });
            self.post(&[b"opened", &serial.to_be_bytes()], opened).await;
        }
        self.hands_over().await;
        for serial in [1, 2] {
            self.claims(serial).await;
        }
        self.pays(1).await;
        for (serial, kind) in [
            (3, TransferKind::Expired),
            (4, TransferKind::Expired),
            (5, TransferKind::Revoked),
        ] {
            let ended = self.legs(kind, SPLIT, |funder| {
                (
                    Account::voucher(book(), voucher(serial)),
                    Account::refundable(book(), party(funder)),
                )
            });
            self.post(&[b"ended", &serial.to_be_bytes()], ended).await;
        }
        for (batch, kind, cents) in [
            (FIRST, TransferKind::BatchExpired, [1669, 1666, 1665]),
            (SECOND, TransferKind::BatchCancelled, [1670, 1665, 1665]),
        ] {
            let released = self.legs(kind, cents, |funder| {
                (reserved(batch, funder), Account::refundable(book(), party(funder)))
            });
            self.post(&[b"released", batch.as_bytes()], released).await;
        }
    }

    fn legs(
        &self,
        kind: TransferKind,
        cents: [i64; 3],
        accounts: impl Fn(Uuid) -> (Account, Account),
    ) -> Vec<(TransferKind, Account, Account, i64)> {
        let legs = FUNDERS.into_iter().zip(cents);
        legs.map(|(funder, cents)| {
            let (from, to) = accounts(funder);
            (kind, from, to, cents)
        })
        .collect()
    }

    async fn batch(&self, batch: Uuid, booklets: i32, cents: [i64; 3], cancelled_at: &str) {
        sqlx::query(
            "insert into issuer.batch (book_id, id, plan_id, series, series_position, booklets, booklet_size, face_value_cents,
                 last_day, ordered_by, ordered_at, minted_at, funded_at, cancelled_at, cancelled_reason)
             values ($1, $2, $3, 2, 0, $4, 5, 1000, '2026-07-31', $5, $6, $6, $6, nullif($7, 'null')::timestamptz,
                 case when $7 <> 'null' then 'doublon' end)",
        )
        .bind(ENDED).bind(batch).bind(id(0x1030)).bind(booklets).bind(SPONSOR).bind(instant(START)).bind(cancelled_at)
        .execute(&self.world.admin).await.unwrap();
        let funded = self.legs(TransferKind::BatchFunded, cents, |funder| {
            (Account::available(book(), party(funder)), reserved(batch, funder))
        });
        self.post(&[b"funded", batch.as_bytes()], funded).await;
    }

    async fn hands_over(&self) {
        for serial in 1..=5_i32 {
            sqlx::query(
                "insert into issuer.voucher (book_id, number, batch_id, serial, token_id, kid)
                 values ($1, $2, $3, $4, int8send($4 + 1000), int4send(1))",
            )
            .bind(ENDED)
            .bind(voucher(u32::try_from(serial).unwrap()).get())
            .bind(FIRST)
            .bind(serial)
            .execute(&self.world.admin)
            .await
            .unwrap();
        }
        sqlx::query(
            "insert into issuer.beneficiary (book_id, id, prescriber_id, external_id, identity_hash, audience, residence, booklets,
                 import_id, registered_at)
             values ($1, $2, $3, 'X', sha256('x'), 'Autre', '21231', 1, $2, $4)",
        )
        .bind(ENDED).bind(id(0x1060)).bind(SPONSOR).bind(instant(START)).execute(&self.world.admin).await.unwrap();
        sqlx::query(
            "insert into issuer.hand_over (book_id, id, batch_id, booklet, beneficiary_id, prescriber_id, at)
             values ($1, $2, $3, 1, $4, $5, $6)",
        )
        .bind(ENDED)
        .bind(id(0x1061))
        .bind(FIRST)
        .bind(id(0x1060))
        .bind(SPONSOR)
        .bind(instant(START))
        .execute(&self.world.admin)
        .await
        .unwrap();
    }

    async fn claims(&self, serial: u32) {
        let (from, to) = (
            Account::voucher(book(), voucher(serial)),
            Account::payable(book(), party(STRUCTURE)),
        );
        self.post(
            &[b"claim", &serial.to_be_bytes()],
            vec![(TransferKind::Claimed, from, to, 1000)],
        )
        .await;
    }

    /// The bank has debited the payment of a claim.
    async fn pays(&self, serial: u32) {
        let claim = GroupId::derive(b"expiry test", &[b"claim", &serial.to_be_bytes()]);
        let rows = [
            "insert into funding.settlement (id, month, at, execute_on, message_id) values ($1, '2026-05-01', $3, '2026-06-03', 'M')",
            "insert into funding.payment (id, settlement_id, party_id, end_to_end, holder, iban, cents, at)
             values ($1, $1, $2, 'E', 'Mairie', 'FR', 1000, $3)",
            "insert into funding.payment_answer (payment_id, answer, statement_id, line, at)
             select $1, 'debited', $1, 1, $3 where $2::uuid is not null",
        ];
        for row in rows {
            sqlx::query(row)
                .bind(id(0x1081))
                .bind(STRUCTURE)
                .bind(instant(START))
                .execute(&self.world.admin)
                .await
                .unwrap();
        }
        sqlx::query(
            "insert into funding.settlement_line (book_id, claim_id, payment_id, structure_id, cents) values ($1, $2, $3, $4, 1000)",
        )
        .bind(ENDED)
        .bind(claim.uuid())
        .bind(id(0x1081))
        .bind(STRUCTURE)
        .execute(&self.world.admin)
        .await
        .unwrap();
    }

    /// What the issuer's calendar kept.
    async fn steps(&self) {
        let sums = json!({"issued": {"booklets": 2, "face_value": "100.00"}, "handed_over": {"booklets": 1, "face_value": "50.00"},
            "never_handed_over": {"booklets": 1, "face_value": "50.00"}, "started": {"booklets": 1, "face_value": "50.00"}});
        let points = json!([{"prescriber_id": id(0x1055), "name": "CCAS", "handed_over": {"booklets": 1, "face_value": "50.00"},
            "started": {"booklets": 1, "face_value": "50.00"}}]);
        let counted = json!({"sums": sums, "points": points, "stopped": true});
        for (step, due_on, done_at, by, data) in [
            ("alert", "2026-05-31", "2026-05-31T05:00:00Z", None, counted.clone()),
            ("block", "2026-06-15", "2026-06-15T05:00:00Z", None, counted),
            (
                "acceptance",
                "2026-06-23",
                "2026-06-22T09:00:00Z",
                Some(SPONSOR),
                json!({"tacit": false, "sums": sums}),
            ),
            (
                "sweep",
                "2026-08-04",
                "2026-08-04T05:00:00Z",
                None,
                json!({"vouchers": 2}),
            ),
        ] {
            sqlx::query(
                "insert into issuer.expiry_step (book_id, step, due_on, done_at, by_organisation, late, data)
                 values ($1, $2, $3::date, $4, $5, false, $6)",
            )
            .bind(ENDED)
            .bind(step)
            .bind(due_on)
            .bind(instant(done_at))
            .bind(by)
            .bind(data)
            .execute(&self.world.admin)
            .await
            .unwrap();
        }
    }

    pub async fn post(&self, name: &[&[u8]], legs: Vec<(TransferKind, Account, Account, i64)>) {
        let transfers = legs.into_iter().enumerate().map(|(leg, (kind, debit, credit, cents))| {
            let id = TransferId::derive(b"expiry test", &[&name.concat(), &leg.to_be_bytes()]);
            Transfer::new(id, kind, debit, credit, Cents::new(cents)).unwrap()
        });
        let group = GroupId::derive(b"expiry test", name);
        let posting = Posting::new(group, transfers.collect()).unwrap();
        let mut tx = self.world.admin.begin().await.unwrap();
        assert_eq!(
            ledger::post(&mut tx, &[posting], instant(START)).await.unwrap(),
            [Outcome::Now]
        );
        tx.commit().await.unwrap();
    }

    /// A key for an organisation that exists.
    pub async fn key(&self, organisation: Uuid) -> Actor<'_> {
        let path = format!("/v1/organisations/{organisation}/api-keys");
        let key = Uuid::from_u128(organisation.as_u128() + 0x9_0000);
        let (_, made) = self.world.post(&path, json!({"id": key})).await;
        Actor {
            ended: self,
            secret: made["secret"].as_str().unwrap().to_owned(),
        }
    }

    pub async fn operator(&self) -> Actor<'_> {
        let secret = Secret::generate().unwrap();
        access::ensure_operator(&self.world.admin, &secret, instant(START))
            .await
            .unwrap();
        Actor {
            ended: self,
            secret: secret.reveal().to_owned(),
        }
    }

    pub fn at(&self, at: &str) {
        self.hand.move_to(instant(at));
        self.world.hand.move_to(instant(at));
    }

    /// A round at an instant: what was issued, what was given back, what failed.
    pub async fn round_at(&self, at: &str) -> [usize; 3] {
        self.at(at);
        let round = self
            .operator()
            .await
            .posts("/v1/expiry/statement-rounds", json!({}))
            .await
            .1;
        ["issued", "given_back", "failed"].map(|what| round[what].as_array().unwrap().len())
    }

    pub async fn traces(&self, action: &str) -> i64 {
        sqlx::query_scalar("select count(*) from access.audit where action = $1")
            .bind(action)
            .fetch_one(&self.world.admin)
            .await
            .unwrap()
    }
}

fn reserved(batch: Uuid, funder: Uuid) -> Account {
    Account::reserved(book(), BatchId::from_uuid(batch), party(funder))
}

/// Somebody with a key.
pub struct Actor<'a> {
    ended: &'a Ended,
    secret: String,
}

impl Actor<'_> {
    pub async fn sends(&self, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.secret))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let response = self.ended.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (
            status,
            to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec(),
        )
    }

    pub async fn posts(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, bytes) = self.sends("POST", path, body.to_string().into_bytes()).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Under the programme's statement.
    pub async fn says(&self, what: &str, body: Value) -> (StatusCode, Value) {
        self.posts(&format!("/v1/programmes/{ENDED}/expiry-statement/{what}"), body)
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
        self.sends("GET", &format!("/v1/programmes/{ENDED}/{what}"), Vec::new())
            .await
    }

    pub async fn reads(&self, what: &str) -> Value {
        let (status, bytes) = self.gets(what).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap()
    }
}
