//! Whoever knows the id of something that moved money has it proven.

use http::StatusCode;
use ledger::read::openings;
use ledger::{
    Account, BatchId, EventId, EventKind, KnownBy, Outcome, PartyId, Posting, Transfer, TransferId, TransferKind, post,
    refund_transfer_id,
};
use serde_json::Value;
use sqlx::{Executor, PgPool};
use standards::Cents;
use uuid::Uuid;

use crate::cycle::march;
use crate::fixture::{BATCH, FUNDERS, Fixture, book, id, instant, log_key};
use crate::fixture_exports::seals;

const AT: &str = "2026-04-02T08:00:00Z";

async fn books(fixture: &Fixture, group: EventId, transfers: Vec<Transfer>) {
    let posting = Posting::new(group, transfers).unwrap();
    let mut tx = fixture.admin.begin().await.unwrap();
    let outcomes = post(&mut tx, &[posting], instant(AT)).await.unwrap();
    assert_eq!(outcomes, [Outcome::Posted]);
    tx.commit().await.unwrap();
}

/// The ids of the transfers that a proof holds.
async fn proven(fixture: &Fixture, path: &str, secret: &str) -> Result<Vec<String>, StatusCode> {
    let (status, bytes) = fixture.send("GET", path, secret, Vec::new()).await;
    if status != StatusCode::OK {
        return Err(status);
    }
    let proof: Value = serde_json::from_slice(&bytes).unwrap();
    let id = |entry: &Value| entry["transfer"]["id"].as_str().unwrap().to_owned();
    Ok(proof["entries"].as_array().unwrap().iter().map(id).collect())
}

/// A line that paid a call, and an explanation that says so of another.
struct ExplainedCall {
    statement: Uuid,
    line: i32,
    call: Uuid,
    explanation: Uuid,
}

impl ExplainedCall {
    async fn of(fixture: &Fixture) -> Self {
        let (statement, line, call) = sqlx::query_as(
            "select l.statement_id, l.line, l.matched_id from funding.statement_line l
             join funding.call k on k.id = l.matched_id
             join funding.convention c on c.id = k.convention_id and c.funder_id = $1
             where l.matched_kind = 'call' order by 1, 2 limit 1",
        )
        .bind(FUNDERS[0])
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
        let explanation = id(0xe7);
        fixture
            .admin
            .execute(
                sqlx::query("insert into funding.explanation (id, why, at) values ($1, 'vu', now())").bind(explanation),
            )
            .await
            .unwrap();
        let part = sqlx::query(
            "insert into funding.explanation_part (explanation_id, part, what, cents, call_id, reference)
             values ($1, 1, 'call', 1, $2, 'x')",
        );
        fixture.admin.execute(part.bind(explanation).bind(call)).await.unwrap();
        Self {
            statement,
            line,
            call,
            explanation,
        }
    }

    /// The group of an event, and the paths that must prove it. Derived here once more: groups of books that exist stay.
    fn named(&self, kind: EventKind, own: Uuid) -> (EventId, Vec<String>) {
        let derive = |domain: &[u8], whole: Uuid, number: i32| {
            ids::derive_uuid(domain, &[whole.as_bytes(), &number.to_be_bytes()])
        };
        let event = |known: Uuid| format!("/funding/v1/proofs/events/{known}");
        match kind.known_by() {
            KnownBy::StatementLine => (
                kind.event_id(derive(b"statement-line", self.statement, self.line)),
                vec![
                    event(self.statement),
                    format!("{}?line={}", event(self.statement), self.line),
                    event(self.call),
                ],
            ),
            KnownBy::ExplanationPart => (
                kind.event_id(derive(b"explanation-part", self.explanation, 1)),
                vec![event(self.explanation), event(self.call)],
            ),
            KnownBy::Claim => (EventKind::reversal(book(), own), vec![event(own)]),
            _ => (kind.event_id(own), vec![event(own)]),
        }
    }
}

#[testkit::test]
async fn every_event_is_proven_by_the_id_that_people_know(admin: PgPool) {
    let fixture = march(admin).await;
    let known = ExplainedCall::of(&fixture).await;
    let mut expected = Vec::new();
    for (n, kind) in (0..).zip(EventKind::ALL) {
        if kind.known_by() == KnownBy::Voucher {
            continue;
        }
        let (group, paths) = known.named(*kind, id(0xe000 + n));
        let transfer = TransferId::derive(b"test", &[kind.name().as_bytes()]);
        let deposited = Account::deposited(PartyId::from_uuid(FUNDERS[0]));
        let leg = Transfer::new(
            transfer,
            TransferKind::Received,
            Account::bank(),
            deposited,
            Cents::new(1),
        );
        // The call was received already, by this very line.
        let before: Option<Uuid> =
            sqlx::query_scalar("select transfer_id from ledger.movement where event_id = $1 limit 1")
                .bind(group.uuid())
                .fetch_optional(&fixture.admin)
                .await
                .unwrap();
        let transfer = if let Some(known) = before {
            known.to_string()
        } else {
            books(&fixture, group, vec![leg.unwrap()]).await;
            transfer.to_string()
        };
        expected.push((kind, transfer, paths, group));
    }
    seals(&fixture, &log_key(), instant(AT)).await;
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let other = fixture.key_of(FUNDERS[1], None).await;
    for (kind, transfer, paths, group) in expected {
        let by_group = format!("/funding/v1/proofs/events/{group}");
        for path in paths.iter().chain([&by_group]) {
            for secret in [&fixture.secret, &funder] {
                let found = proven(&fixture, path, secret).await;
                assert!(
                    found.as_ref().is_ok_and(|found| found.contains(&transfer)),
                    "{kind:?} is not proven by {path}: {found:?}"
                );
            }
            // Another funder sees nothing of it.
            let seen = proven(&fixture, path, &other).await;
            assert!(!seen.is_ok_and(|seen| seen.contains(&transfer)), "{kind:?} {path}");
        }
    }
    let nowhere = format!("/funding/v1/proofs/events/{}?line=999", known.statement);
    assert_eq!(
        proven(&fixture, &nowhere, &fixture.secret).await,
        Err(StatusCode::NOT_FOUND)
    );
}

#[testkit::test]
async fn all_of_a_vouchers_life_is_proven_by_the_numbers_printed_on_it(admin: PgPool) {
    let fixture = march(admin).await;
    let (fifth, sixth) = (fixture.voucher(5).await, fixture.voucher(6).await);
    // A batch that is activated as a whole: voucher 6, in the shares of the plan.
    let opened = fixture.paper(sixth).await.account(book());
    let legs = FUNDERS.into_iter().zip([334, 666]).map(|(funder, cents)| {
        let from = Account::reserved(book(), BatchId::from_uuid(BATCH), PartyId::from_uuid(funder));
        let leg = TransferId::derive(b"test opening", &[funder.as_bytes()]);
        Transfer::new(leg, TransferKind::Activated, from, opened, Cents::new(cents)).unwrap()
    });
    books(
        &fixture,
        EventKind::activated(BatchId::from_uuid(BATCH), 6),
        legs.collect(),
    )
    .await;
    // Voucher 5 expires.
    let mut connection = fixture.admin.acquire().await.unwrap();
    let paid = openings(&mut connection, book(), &[fifth]).await.unwrap();
    let legs = (0..).zip(&paid[&fifth]).map(|(leg, opening)| {
        let (from, to) = (
            Account::voucher(book(), fifth),
            Account::refundable(book(), opening.funder),
        );
        let leg = refund_transfer_id(TransferKind::Expired, book(), fifth, leg);
        Transfer::new(leg, TransferKind::Expired, from, to, opening.cents).unwrap()
    });
    books(&fixture, EventKind::expired(book(), fifth), legs.collect()).await;
    seals(&fixture, &log_key(), instant(AT)).await;

    let kinds = async |idx: u32, secret: &str| {
        let path = format!("/funding/v1/proofs/vouchers/1/{idx}");
        let (status, bytes) = fixture.send("GET", &path, secret, Vec::new()).await;
        if status != StatusCode::OK {
            return vec![status.to_string()];
        }
        let proof: Value = serde_json::from_slice(&bytes).unwrap();
        let kind = |entry: &Value| entry["transfer"]["kind"].as_str().unwrap().to_owned();
        proof["entries"].as_array().unwrap().iter().map(kind).collect()
    };
    let printed = async |serial| fixture.voucher(serial).await.as_voucher().unwrap().1;
    let (first, fifth, sixth, tenth) = (printed(1).await, printed(5).await, printed(6).await, printed(10).await);
    // Handed over with four others, which are not of this voucher's life.
    assert_eq!(
        kinds(first, &fixture.secret).await,
        ["activated", "activated", "claimed"]
    );
    assert_eq!(
        kinds(fifth, &fixture.secret).await,
        ["activated", "activated", "expired", "expired"]
    );
    assert_eq!(kinds(sixth, &fixture.secret).await, ["activated", "activated"]);
    // A funder sees its own shares; who it does not concern, nothing.
    let funder = fixture.key_of(FUNDERS[0], None).await;
    assert_eq!(kinds(fifth, &funder).await, ["activated", "expired"]);
    for nobodys in [tenth, 0x00ff_ffff, 0x0100_0000, u32::MAX] {
        assert_eq!(kinds(nobodys, &fixture.secret).await, ["404 Not Found"], "{nobodys}");
    }
}
