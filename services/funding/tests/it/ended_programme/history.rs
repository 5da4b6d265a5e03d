//! What the issuer and redemption did.
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

use ledger::{Account, BatchId, BookId, EventId, TransferKind};
use serde_json::json;
use testkit::Paper;
use uuid::Uuid;

use super::FIRST;
use super::{ENDED, Ended, FUNDERS, SECOND, SPLIT, SPONSOR, STRUCTURE, TEN_EUROS, book, party, voucher};
use crate::fixture::{START, id, instant};

impl Ended {
    /// The table above.
    pub(super) async fn history(&self) {
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
            let opened = Self::legs(TransferKind::Activated, SPLIT, |funder| {
                (
                    reserved(FIRST, funder),
                    Paper::of(voucher(serial), TEN_EUROS).account(book()),
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
            let ended = Self::legs(kind, SPLIT, |funder| {
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
            let released = Self::legs(kind, cents, |funder| {
                (reserved(batch, funder), Account::refundable(book(), party(funder)))
            });
            self.post(&[b"released", batch.as_bytes()], released).await;
        }
    }

    fn legs(
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
        .execute(&self.fixture.admin).await.unwrap();
        let funded = Self::legs(TransferKind::BatchFunded, cents, |funder| {
            (Account::available(book(), party(funder)), reserved(batch, funder))
        });
        self.post(&[b"funded", batch.as_bytes()], funded).await;
    }

    async fn hands_over(&self) {
        for serial in 1..=5_i32 {
            let paper = Paper::of(voucher(u32::try_from(serial).unwrap()), TEN_EUROS);
            let batch = BatchId::from_uuid(FIRST);
            paper.minted(&self.fixture.admin, book(), batch, serial).await;
        }
        sqlx::query(
            "insert into issuer.beneficiary (book_id, id, prescriber_id, external_id, identity_hash, audience, residence, booklets,
                 import_id, registered_at)
             values ($1, $2, $3, 'X', sha256('x'), 'Autre', '21231', 1, $2, $4)",
        )
        .bind(ENDED).bind(id(0x1060)).bind(SPONSOR).bind(instant(START)).execute(&self.fixture.admin).await.unwrap();
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
        .execute(&self.fixture.admin)
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
        let claim = EventId::derive(b"expiry test", &[b"claim", &serial.to_be_bytes()]);
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
                .execute(&self.fixture.admin)
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
        .execute(&self.fixture.admin)
        .await
        .unwrap();
    }

    /// What the issuer's calendar kept.
    pub(super) async fn steps(&self) {
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
            .execute(&self.fixture.admin)
            .await
            .unwrap();
        }
    }
}

fn reserved(batch: Uuid, funder: Uuid) -> Account {
    Account::reserved(book(), BatchId::from_uuid(batch), party(funder))
}
