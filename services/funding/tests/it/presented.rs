//! No payment without paper: what redemption's role, or whoever has a copy of it, writes by itself is found before money moves.

use ledger::{Account, EventId, Presented, TransferId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::cycle::{PAID, march, reasons};
use crate::fixture::{Fixture, PROGRAMME, book, id, instant, party};

/// Replaces what a claim keeps of its voucher 1.
async fn keeps(fixture: &Fixture, claim: Uuid, evidence: Vec<u8>) {
    sqlx::query("update redemption.claim set evidence[1] = $2 where id = $1")
        .bind(claim)
        .bind(evidence)
        .execute(&fixture.admin)
        .await
        .unwrap();
}

/// What a settlement of March pays, and what it holds.
async fn settles(fixture: &Fixture, n: u128) -> (String, Vec<(String, String)>) {
    let settlement = fixture.settle(n, "2026-03", "2026-04-03").await;
    let held = reasons(&settlement)
        .into_iter()
        .map(|(amount, reason)| (amount.to_owned(), reason.to_owned()))
        .collect();
    (settlement["total"].as_str().unwrap().to_owned(), held)
}

fn held(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(amount, reason): &(&str, &str)| ((*amount).to_owned(), (*reason).to_owned());
    pairs.iter().map(owned).collect()
}

#[testkit::test]
async fn a_claim_whose_evidence_is_gone_or_of_another_claim_is_held_and_paid_once_it_is_back(admin: PgPool) {
    let fixture = march(admin).await;
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select evidence from redemption.claim where id = $1")
        .bind(id(201))
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    let others: Vec<Vec<u8>> = sqlx::query_scalar("select evidence from redemption.claim where id = $1")
        .bind(id(202))
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    for (n, evidence) in [(1, Vec::new()), (2, others[0].clone()), (3, kept[1].clone())] {
        keeps(&fixture, id(201), evidence).await;
        assert_eq!(
            settles(&fixture, n).await,
            (
                "0.00".into(),
                held(&[("20.00", "evidence"), ("10.00", "no_bank_details")])
            ),
            "{n}"
        );
    }
    keeps(&fixture, id(201), kept[0].clone()).await;
    assert_eq!(
        settles(&fixture, 4).await,
        ("20.00".into(), held(&[("10.00", "no_bank_details")]))
    );
    fixture.all_hold().await;
}

/// Redemption's role, or a copy of it with its keys, books a claim of a voucher that nobody presented: without the paper it has neither the
/// id nor a signature, so whatever it seals and whatever digest it writes, settlement finds it.
#[testkit::test]
async fn claims_written_by_redemptions_own_hand_are_found_before_money_moves(admin: PgPool) {
    let fixture = march(admin).await;
    let number = fixture.voucher(5).await;
    let paper = fixture.paper(number).await;
    let mut guessed = *paper.typed().terms();
    guessed[14..22].copy_from_slice(b"guessed!");
    let mut forged = [0; ledger::TOKEN_BYTES];
    forged[..ledger::TERMS_BYTES].copy_from_slice(&guessed);
    let redemption = testkit::as_role(&fixture.admin, database::Role::Redemption, 1).await;
    for (n, shown) in (0_u128..).zip([Presented::Terms(guessed), Presented::Token(forged)]) {
        let claim = id(900 + n);
        testkit::claim_row(
            &fixture.admin,
            (book(), claim, PAID),
            &[(paper, shown.clone())],
            instant("2026-03-12T10:00:00Z"),
        )
        .await;
        let evidence = shown.evidence(claim);
        let write = "with t as (
                insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id, presented, evidence)
                values ($1, $2, 20, $3, $4, 1000, $5, $6, $7, $8))
            update ledger.account set debits_cents = debits_cents + case when number = $3 then 1000 else 0 end,
                credits_cents = credits_cents + case when number = $4 then 1000 else 0 end
            where book_id = $1 and number in ($3, $4)";
        sqlx::query(write)
            .bind(PROGRAMME)
            .bind(TransferId::derive(b"by hand", &[claim.as_bytes()]).uuid())
            .bind(number.get())
            .bind(Account::payable(book(), party(PAID)).number().get())
            .bind(instant("2026-03-12T10:00:00Z"))
            .bind(EventId::from_uuid(claim).uuid())
            .bind(evidence.presented.code())
            .bind(evidence.digest)
            .execute(&redemption)
            .await
            .unwrap();
        let settled = settles(&fixture, n + 1).await;
        let paid = if n == 0 { "20.00" } else { "0.00" };
        assert_eq!(
            settled,
            (
                paid.into(),
                held(&[("10.00", "evidence"), ("10.00", "no_bank_details")])
            ),
            "{shown:?}"
        );
        // The voucher is as it was, for the next try.
        let undo = "with t as (delete from ledger.transfer where event_id = $1 returning debit, credit),
                c as (delete from redemption.claim where id = $1)
            update ledger.account a set debits_cents = debits_cents - case when number = t.debit then 1000 else 0 end,
                credits_cents = credits_cents - case when number = t.credit then 1000 else 0 end
            from t where a.book_id = $2 and a.number in (t.debit, t.credit)";
        sqlx::query(undo)
            .bind(claim)
            .bind(PROGRAMME)
            .execute(&fixture.admin)
            .await
            .unwrap();
    }
}

#[testkit::test]
async fn what_a_withdrawn_key_signed_is_paid_if_it_was_claimed_before(admin: PgPool) {
    let fixture = march(admin).await;
    let withdraw = "update catalogue.signing_key set withdrawn_at = $1, withdrawn_reason = 'volée'";
    let at = |text| instant(text);
    sqlx::query(withdraw)
        .bind(at("2026-03-20T10:00:00Z"))
        .execute(&fixture.admin)
        .await
        .unwrap();
    // The claim of the 31st came after the withdrawal.
    assert_eq!(
        settles(&fixture, 1).await,
        (
            "0.00".into(),
            held(&[("20.00", "evidence"), ("10.00", "no_bank_details")])
        )
    );
    sqlx::query(withdraw)
        .bind(at("2026-04-01T10:00:00Z"))
        .execute(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(
        settles(&fixture, 2).await,
        ("20.00".into(), held(&[("10.00", "no_bank_details")]))
    );
}
