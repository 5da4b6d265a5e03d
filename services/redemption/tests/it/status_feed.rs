//! Status lists and what could make them miss something: late commits, several makers, restores, old keys, hands in the tables.

use std::sync::Arc;

use redemption::status_lists::{Maker, Round};
use sqlx::PgPool;
use voucher::Status::{Invalid, Suspended, Used, Valid};
use voucher::{Signer, SigningKey};

use crate::fixture::{Dispositif, Fixture, MORNING, instant, number};

/// Opens a transaction that has written, as a long claim or a slow import would, and leaves it open.
async fn holds_open(fixture: &Fixture) -> sqlx::PgTransaction<'static> {
    let mut open = fixture.admin.begin().await.unwrap();
    sqlx::query("select pg_current_xact_id()")
        .execute(&mut *open)
        .await
        .unwrap();
    open
}

/// Revokes in a transaction that its caller commits.
async fn revokes_in(tx: &mut sqlx::PgTransaction<'_>, programme: Dispositif, idx: u32) {
    sqlx::query("set local session_replication_role = replica")
        .execute(&mut **tx)
        .await
        .unwrap();
    sqlx::query("insert into issuer.revocation (book_id, number, act_id, at) values ($1, $2, $1, now())")
        .bind(programme.id.uuid())
        .bind(number(programme, idx).get())
        .execute(&mut **tx)
        .await
        .unwrap();
}

#[testkit::test]
async fn what_is_committed_late_is_not_missed_and_delays_nobody(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=3).await;
    fixture.prints(programme, 4..=5).await;
    fixture.makes_lists().await;

    // Two transactions begin first and write; others begin later and commit first.
    let mut late = holds_open(&fixture).await;
    let mut late_claim = holds_open(&fixture).await;
    fixture.books_claim_in(&mut late_claim, programme, 1).await;
    revokes_in(&mut late, programme, 4).await;
    structure.claims(1, &tokens[1..2]).await.created();
    fixture.revokes(programme, 5).await;
    fixture.makes_lists().await;
    assert_eq!(
        fixture.says(programme, [1, 2, 3, 4, 5]).await,
        [Valid, Used, Valid, Suspended, Invalid]
    );
    // While they are open, what came after them is looked at again, and nothing is signed for it.
    let again = fixture.makes_lists().await;
    assert!(again.vouchers > 0);
    assert_eq!(again.changed, 0);

    late_claim.commit().await.unwrap();
    fixture.makes_lists().await;
    assert_eq!(
        fixture.says(programme, [1, 2, 3, 4, 5]).await,
        [Used, Used, Valid, Suspended, Invalid]
    );
    late.commit().await.unwrap();
    fixture.makes_lists().await;
    assert_eq!(
        fixture.says(programme, [1, 2, 3, 4, 5]).await,
        [Used, Used, Valid, Invalid, Invalid]
    );
    assert_eq!(fixture.makes_lists().await.changed, 0);
}

#[testkit::test]
async fn what_was_rolled_back_never_shows(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    fixture.activates(programme, 1..=1).await;
    let mut open = holds_open(&fixture).await;
    fixture.books_claim_in(&mut open, programme, 1).await;
    fixture.makes_lists().await;
    open.rollback().await.unwrap();
    fixture.makes_lists().await;
    assert_eq!(fixture.says(programme, [1]).await, [Valid]);
}

#[testkit::test]
async fn one_maker_works_while_the_others_leave_it_to_it(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=20).await;
    fixture.makes_lists().await;
    let mut holder = fixture.admin.begin().await.unwrap();
    sqlx::query("select from redemption.status_cursor for update")
        .execute(&mut *holder)
        .await
        .unwrap();
    assert_eq!(fixture.maker().round(instant(MORNING)).await.unwrap(), Round::Elsewhere);
    holder.rollback().await.unwrap();

    let makers: Vec<_> = (0..3)
        .map(|_| {
            let maker = fixture.maker();
            tokio::spawn(async move {
                for _ in 0..20 {
                    maker.round(instant(MORNING)).await.unwrap();
                }
            })
        })
        .collect();
    for (id, token) in tokens.iter().enumerate().take(15) {
        structure
            .claims(id as u128 + 1, std::slice::from_ref(token))
            .await
            .created();
    }
    for maker in makers {
        maker.await.unwrap();
    }
    fixture.makes_lists().await;
    let list = fixture.list(programme, 0).await;
    let used = (1..=20).filter(|place| list.shard().get(*place) == Used).count();
    let valid = (1..=20).filter(|place| list.shard().get(*place) == Valid).count();
    assert_eq!((used, valid), (15, 5));
}

#[testkit::test]
async fn books_restored_elsewhere_have_their_lists_made_again(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, other, structure) = (
        fixture.programme(1).await,
        fixture.programme(2).await,
        fixture.structure(0).await,
    );
    let tokens = fixture.activates(programme, 1..=3).await;
    structure.claims(1, &tokens[..1]).await.created();
    // In the last shard of its series, and blocked without ever having been worth anything.
    let far = 15 * voucher::SHARD_PLACES + 7;
    fixture.prints(other, [far]).await;
    fixture.revokes(other, far).await;
    fixture.makes_lists().await;
    let before = [fixture.list(programme, 0).await, fixture.list(other, 15).await];

    for restored in [
        "update redemption.status_cursor set cluster = 1",
        "update redemption.status_cursor set next_xact = next_xact + 1000000000",
        "update redemption.status_cursor set cluster = null, next_xact = null; delete from redemption.status_list",
    ] {
        sqlx::raw_sql(restored).execute(&fixture.admin).await.unwrap();
        let work = fixture.makes_lists().await;
        assert!(work.changed >= 3, "{restored}: {work:?}");
        let after = [fixture.list(programme, 0).await, fixture.list(other, 15).await];
        assert_eq!(
            after.each_ref().map(voucher::StatusList::shard),
            before.each_ref().map(voucher::StatusList::shard)
        );
        assert_eq!(fixture.makes_lists().await.changed, 0);
    }
    assert_eq!(before[1].shard().get(7), Invalid);
    assert_eq!(fixture.says(programme, [1, 2, 3]).await, [Used, Valid, Valid]);
}

#[testkit::test]
async fn a_list_that_the_status_key_did_not_sign_is_not_gone_on_from(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    fixture.activates(programme, 1..=2).await;
    fixture.makes_lists().await;

    // Somebody with hands in the tables says that voucher 1 is spent, with a key of their own.
    let mut shard = fixture.list(programme, 0).await.into_shard();
    shard.set(1, Used);
    let forged = voucher::StatusList::new(shard, 0, i64::MAX, 60);
    let uri = fixture.host.status_list_uri(programme.series, 0);
    let token = forged
        .sign(&uri, &SigningKey::from_seed(&zeroize::Zeroizing::new([9; 32])))
        .unwrap();
    sqlx::query("update redemption.status_list set token = $1")
        .bind(token)
        .execute(&fixture.admin)
        .await
        .unwrap();
    fixture.activates(programme, 3..=3).await;
    fixture.makes_lists().await;
    assert_eq!(fixture.says(programme, [1, 2, 3]).await, [Valid, Valid, Valid]);
}

#[testkit::test]
async fn a_new_status_key_signs_all_lists_again(pool: PgPool) {
    let mut fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    fixture.activates(programme, 1..=1).await;
    fixture.makes_lists().await;
    let new = Arc::new(SigningKey::from_seed(&zeroize::Zeroizing::new([10; 32])));
    let maker = Maker::new(
        fixture.pool.clone(),
        fixture.host.clone(),
        new.clone() as Arc<dyn Signer>,
    )
    .unwrap();
    let Round::InStep(work) = maker.round(instant(MORNING)).await.unwrap() else {
        panic!("nobody else makes lists")
    };
    assert_eq!(work.changed + work.renewed, 1);
    fixture.status_key = new;
    assert_eq!(fixture.says(programme, [1, 2]).await, [Valid, Suspended]);
}
