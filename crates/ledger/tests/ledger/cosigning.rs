//! Co-signatures as they are kept and served.

use crate::common::*;
use crate::sealing::{checkpoint, key, seal_all};
use ledger::seal;
use ledger::seal::{CosignError, RegisterError, RetireError};
use ledger::{BookId, PartyId};
use sealed_log::{Cosigner, Note, NoteError};
use sqlx::PgPool;
use uuid::Uuid;

const BOOK: BookId = book(1);

fn cosigner(n: u8) -> Cosigner {
    Cosigner::from_seed(&format!("funder{n}.example/w"), &[n; 32]).unwrap()
}

async fn registers(pool: &PgPool, n: u8, party: PartyId) -> Result<bool, RegisterError> {
    let mut tx = pool.begin().await.unwrap();
    let made = seal::register_cosigner(&mut tx, &cosigner(n).verifier(), party, Uuid::nil(), at()).await;
    tx.commit().await.unwrap();
    made
}

async fn adds(pool: &PgPool, size: u64, line: &str, party: Option<PartyId>) -> Result<bool, CosignError> {
    let mut tx = pool.begin().await.unwrap();
    let added = seal::add_cosignature(&mut tx, size, line, party, at()).await;
    tx.commit().await.unwrap();
    added.map(|(_, new)| new)
}

#[testkit::test]
async fn a_registered_key_cosigns_a_checkpoint_once(pool: PgPool) {
    spendable(&pool, BOOK, 3).await;
    seal_all(&pool, at()).await;
    let last = checkpoint(&pool).await;
    let line = cosigner(1).line(&last.to_string(), at()).unwrap();
    assert!(matches!(
        adds(&pool, last.size, &line, None).await,
        Err(CosignError::NotSigned)
    ));
    assert!(registers(&pool, 1, funder(1)).await.unwrap());
    assert!(!registers(&pool, 1, funder(1)).await.unwrap());
    assert!(matches!(
        registers(&pool, 1, funder(2)).await,
        Err(RegisterError::Taken)
    ));
    registers(&pool, 2, funder(2)).await.unwrap();

    // Not for another funder, another size, another text.
    let another = adds(&pool, last.size, &line, Some(funder(2))).await;
    assert!(matches!(another, Err(CosignError::NotSigned)));
    let nowhere = adds(&pool, last.size + 1, &line, None).await;
    assert!(matches!(nowhere, Err(CosignError::NoCheckpoint)));
    let other = cosigner(1)
        .line(&last.to_string().replace("test", "best"), at())
        .unwrap();
    assert!(matches!(
        adds(&pool, last.size, &other, None).await,
        Err(CosignError::NotSigned)
    ));
    for noise in ["", "x", "\u{2014} a b\n\u{2014} c d", &format!("{line}{line}")] {
        assert!(
            matches!(
                adds(&pool, last.size, noise, None).await,
                Err(CosignError::Form(NoteError::Form))
            ),
            "{noise}"
        );
    }

    assert!(adds(&pool, last.size, &line, Some(funder(1))).await.unwrap());
    assert!(!adds(&pool, last.size, &line, Some(funder(1))).await.unwrap());
    let second = cosigner(2).line(&last.to_string(), at()).unwrap();
    assert!(adds(&pool, last.size, &second, None).await.unwrap());

    let mut connection = pool.acquire().await.unwrap();
    let stored = seal::last_checkpoint(&mut connection).await.unwrap().unwrap();
    let served = seal::cosigned_note(&mut connection, stored.size, &stored.note)
        .await
        .unwrap();
    assert_eq!(served.lines().filter(|line| line.starts_with('\u{2014}')).count(), 3);
    let note = Note::parse(&served).unwrap();
    assert!(note.verify(&key().verifier()).is_ok());
    for n in [1, 2] {
        assert_eq!(cosigner(n).verifier().verify(&note), Ok(at()));
    }
}

#[testkit::test]
async fn a_retired_key_signs_no_more_and_its_owner_alone_retires_it(pool: PgPool) {
    spendable(&pool, BOOK, 3).await;
    seal_all(&pool, at()).await;
    let last = checkpoint(&pool).await;
    registers(&pool, 1, funder(1)).await.unwrap();
    let line = cosigner(1).line(&last.to_string(), at()).unwrap();
    adds(&pool, last.size, &line, None).await.unwrap();
    let later = at() + chrono::TimeDelta::hours(1);
    let retires = async |party, from, reason: &str, now| {
        let mut tx = pool.begin().await.unwrap();
        let key = cosigner(1).verifier();
        let done = seal::retire_cosigner(&mut tx, &key, party, (from, reason), Uuid::nil(), now).await;
        tx.commit().await.unwrap();
        done.map(|(_, now)| now)
    };
    let other = retires(Some(funder(2)), None, "perdue", at()).await;
    assert!(matches!(other, Err(RetireError::Unknown)));
    let past = retires(Some(funder(1)), Some(at()), "perdue", later).await;
    assert!(matches!(past, Err(RetireError::Past)));
    assert!(retires(Some(funder(1)), Some(later), "perdue", at()).await.unwrap());
    assert!(!retires(None, Some(later), "perdue", later).await.unwrap());
    assert!(!retires(None, None, "perdue", later).await.unwrap());
    let otherwise = retires(None, Some(at()), "perdue", at()).await;
    assert!(matches!(otherwise, Err(RetireError::Otherwise(said)) if said.from == later));

    let mut tx = pool.begin().await.unwrap();
    let again = seal::add_cosignature(&mut tx, last.size, &line, None, later)
        .await
        .unwrap();
    assert!(!again.1);
    let new = cosigner(1).line(&last.to_string(), later).unwrap();
    let refused = seal::add_cosignature(&mut tx, last.size, &new, None, later).await;
    assert!(matches!(refused, Err(CosignError::Retired(said)) if said.reason == "perdue"));
    let key = cosigner(1).verifier();
    let refused = seal::register_cosigner(&mut tx, &key, funder(1), Uuid::nil(), later).await;
    assert!(matches!(refused, Err(RegisterError::Retired(_))));
}

#[testkit::test]
async fn only_funding_retires_a_key_and_nobody_takes_it_back(pool: PgPool) {
    registers(&pool, 1, funder(1)).await.unwrap();
    for role in database::Role::ALL {
        let under = testkit::as_role(&pool, role, 4).await;
        let says = async |statement: &'static str| {
            let done = sqlx::query(statement).execute(&under).await;
            done.map_err(|error| error.as_database_error().unwrap().code().map(String::from))
        };
        let denied = Err(Some("42501".to_owned()));
        let retired = says(
            "insert into ledger.cosigner_retirement select verifier, now(), 'x', now(), party from ledger.cosigner",
        )
        .await;
        assert_eq!(
            retired.map(|done| done.rows_affected()) == denied,
            role != database::Role::Funding,
            "{role:?}"
        );
        for statement in [
            "update ledger.cosigner_retirement set from_at = now()",
            "delete from ledger.cosigner_retirement",
        ] {
            assert_eq!(
                says(statement).await.map(|done| done.rows_affected()),
                denied,
                "{role:?} {statement}"
            );
        }
    }
    let left: i64 = sqlx::query_scalar("select count(*) from ledger.cosigner_retirement")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
