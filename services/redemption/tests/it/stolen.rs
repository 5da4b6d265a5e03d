//! A voucher is its paper: no key and no copy of the database spends one.

use std::collections::HashSet;

use chrono::TimeDelta;
use ledger::Account;
use serde_json::json;
use sqlx::PgPool;
use standards::Cents;
use testkit::Paper;
use voucher::{Terms, VoucherId};

use crate::fixture::{Fixture, MORNING, code, funders, instant, number, paper};
use crate::reversing::reverses;

/// Who has the signing key, and reads live places from the public lists, signs terms that are right in everything but the id.
#[testkit::test]
async fn a_stolen_signing_key_spends_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    let terms = *paper(programme.series, 1).terms();
    let stolen = Paper::key();
    for id in [[0; 8], *b"guessed!"] {
        let terms = Terms {
            id: VoucherId::new(id),
            ..terms
        };
        let forged = stolen.sign(&terms).to_url(&fixture.host);
        let answer = structure.claims(1, &[forged, tokens[1].clone()]).await;
        assert_eq!(answer.bad_vouchers(), [(0, "not-this-paper".to_owned())]);
    }
    let account = Account::voucher(programme.book, number(programme, 1));
    assert_eq!(fixture.balance(account).await, Cents::new(1000));
    structure.claims(2, &tokens).await.created();
}

/// Every eight bytes of everything that the database holds as bytes are no code, and no eighty-six of them are a token.
#[testkit::test]
async fn nothing_in_the_database_spends_a_voucher(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=6).await;
    let receipt = structure.claims(1, &tokens[..2]).await.created();
    structure.types(2, &[], &[code(3)]).await.created();
    // Reversed: alive again, after its token was kept as evidence.
    reverses(&structure.client, programme, &receipt, 1).await.created();
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select table_schema, table_name, column_name from information_schema.columns
         where data_type = 'bytea' or (data_type = 'ARRAY' and udt_name = '_bytea')",
    )
    .fetch_all(&fixture.admin)
    .await
    .unwrap();
    let mut dump = Vec::new();
    for (schema, table, column) in columns.iter().filter(|(schema, ..)| !schema.starts_with("pg_")) {
        let sql = format!("select {column}::text from {schema}.{table} where {column} is not null");
        let texts: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&fixture.admin)
            .await
            .unwrap();
        for text in texts {
            let hex: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
            dump.extend(
                data_encoding::HEXLOWER_PERMISSIVE
                    .decode(&hex[..hex.len() & !1])
                    .unwrap(),
            );
        }
    }
    assert!(dump.len() > 1_000, "{} bytes were read", dump.len());
    let secret: HashSet<[u8; 8]> = (1..=6)
        .map(|idx| paper(programme.series, idx).terms().id.to_bytes())
        .collect();
    assert!(dump.windows(8).all(|bytes| !secret.contains(bytes)));
    let ring = voucher::Keyring::new(fixture.host.clone(), vec![Paper::public_key()]);
    let proves = |bytes: &[u8]| {
        let token = voucher::Token::from_bytes(bytes.try_into().unwrap());
        token.is_ok_and(|token| ring.proves(&token).is_ok())
    };
    assert!(!dump.windows(voucher::TOKEN_BYTES).any(proves));
    // The check can fail: with the papers in it, it would.
    let leaked = paper(programme.series, 1).token().to_bytes();
    assert!(proves(&leaked) && leaked.windows(8).any(|bytes| secret.contains(bytes)));
}

/// Evidence that others may have read gives no voucher back: its value goes to the funders, in the shares paid.
#[testkit::test]
async fn a_reversal_after_the_evidence_went_out_opens_no_voucher(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=3).await;
    let receipt = structure.claims(1, &tokens[..1]).await.created();
    let mut tx = fixture.admin.begin().await.unwrap();
    redemption::claims::disclosure::disclose(&mut tx, &[programme.book], instant(MORNING))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let reversal = reverses(&structure.client, programme, &receipt, 1).await.created();
    assert_eq!(
        (&reversal["vouchers_alive"], &reversal["vouchers_dead"]),
        (&json!(0), &json!(1))
    );
    let refundable: Vec<i64> = {
        let mut held = Vec::new();
        for funder in funders() {
            held.push(fixture.balance(Account::refundable(programme.book, funder)).await.get());
        }
        held
    };
    assert_eq!(refundable.iter().sum::<i64>(), 1000);
    let again = structure.claims(9, &tokens[..1]).await;
    assert_eq!(again.status, 422);

    // A claim made afterwards is none of those that went out; after 60 days it is as if it had.
    fixture.hand.move_to(instant(MORNING) + TimeDelta::hours(1));
    let second = structure.claims(2, &tokens[1..2]).await.created();
    let third = structure.claims(3, &tokens[2..]).await.created();
    let alive = reverses(&structure.client, programme, &second, 2).await.created();
    assert_eq!(alive["vouchers_alive"], 1);
    fixture.hand.move_to(instant(MORNING) + TimeDelta::days(61));
    let late = reverses(&structure.client, programme, &third, 3).await.created();
    assert_eq!(late["vouchers_dead"], 1);
}
