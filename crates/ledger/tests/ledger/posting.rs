//! What is booked, what is refused, and that a retry changes nothing.

use crate::common::*;
use ledger::{Account, BookId, EventId, Outcome, Posting, PostingError, Rejection, Transfer, TransferKind};
use sqlx::PgPool;
use standards::Cents;

const BOOK: BookId = book(1);

#[testkit::test]
async fn a_voucher_is_worth_what_its_funders_paid(pool: PgPool) {
    spendable(&pool, BOOK, 3).await;
    assert_eq!(held(&pool, Account::voucher(BOOK, voucher(0))).await, 1000);
    assert_eq!(held(&pool, Account::bank()).await, 3_000_000);
    assert_eq!(held(&pool, Account::clearing(BOOK)).await, -3_000_000);
    assert_eq!(held(&pool, Account::clearing(BookId::fund())).await, 3_000_000);
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn a_batch_is_not_funded_while_a_funder_is_short(pool: PgPool) {
    let before = Cents::new(33_305 - 1);
    post_now(
        &pool,
        &[
            received("r0", funder(0), Cents::new(33_390)),
            allocated("a0", funder(0), BOOK, Cents::new(33_390)),
            received("r1", funder(1), before),
            allocated("a1", funder(1), BOOK, before),
        ],
    )
    .await;
    let outcomes = post_all(&pool, &[funded("f", BOOK, batch(1), 100)]).await;
    let short = Rejection::Short {
        account: Box::new(Account::available(BOOK, funder(1))),
        needed: Cents::new(33_305),
        left: before,
    };
    assert_eq!(outcomes, [Outcome::Rejected(short)]);
    assert_eq!(held(&pool, Account::available(BOOK, funder(0))).await, 33_390);
    assert_eq!(transfers(&pool).await, 6);
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn one_voucher_is_spent_once(pool: PgPool) {
    spendable(&pool, BOOK, 3).await;
    let short = |left| Rejection::Short {
        account: Box::new(Account::voucher(BOOK, voucher(0))),
        needed: FACE_VALUE,
        left: Cents::new(left),
    };
    // Two claims of one voucher in one batch: the first wins, the neighbours are not touched.
    let outcomes = post_all(
        &pool,
        &[
            claimed("c1", BOOK, structure(1), &[0]),
            claimed("c2", BOOK, structure(2), &[0]),
            claimed("c3", BOOK, structure(2), &[1]),
        ],
    )
    .await;
    assert_eq!(
        outcomes,
        [Outcome::Posted, Outcome::Rejected(short(0)), Outcome::Posted]
    );
    assert_eq!(
        post_all(&pool, &[claimed("c4", BOOK, structure(2), &[2, 0])]).await,
        [Outcome::Rejected(short(0))]
    );
    assert_eq!(held(&pool, Account::voucher(BOOK, voucher(2))).await, 1000);
    assert_eq!(held(&pool, Account::payable(BOOK, structure(1))).await, 1000);
    assert_eq!(held(&pool, Account::payable(BOOK, structure(2))).await, 1000);
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn the_same_voucher_twice_in_one_claim_is_too_much(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let outcomes = post_all(&pool, &[claimed("c", BOOK, structure(1), &[0, 0])]).await;
    let account = Account::voucher(BOOK, voucher(0));
    let short = Rejection::Short {
        account: Box::new(account),
        needed: Cents::new(2000),
        left: FACE_VALUE,
    };
    assert_eq!(outcomes, [Outcome::Rejected(short)]);
}

#[testkit::test]
async fn a_voucher_never_activated_is_no_account(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let outcomes = post_all(&pool, &[claimed("c", BOOK, structure(1), &[7])]).await;
    assert_eq!(outcomes, [Outcome::Rejected(Rejection::NoSuchAccount(voucher(7)))]);
}

#[testkit::test]
async fn a_voucher_is_spent_whole(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let account = Account::voucher(BOOK, voucher(0));
    let event = EventId::derive(b"test", &[b"c"]);
    let (payable, shown) = (Account::payable(BOOK, structure(1)), paper(voucher(0)).typed());
    let part = Transfer::claim(id("c", 0), event, account, payable, Cents::new(400), &shown).unwrap();
    let part = Posting::new(event, vec![part]).unwrap();
    let refused = Rejection::NotWhole {
        account: voucher(0),
        face_value: FACE_VALUE,
        left: Cents::new(600),
    };
    assert_eq!(post_all(&pool, &[part]).await, [Outcome::Rejected(refused)]);
}

#[testkit::test]
async fn the_same_request_again_changes_nothing(pool: PgPool) {
    spendable(&pool, BOOK, 2).await;
    let claim = claimed("c", BOOK, structure(1), &[0, 1]);
    let outcomes = post_all(&pool, &[claim.clone(), claim.clone()]).await;
    assert_eq!(outcomes, [Outcome::Posted, Outcome::AlreadyPosted]);
    let before = transfers(&pool).await;
    assert_eq!(
        post_all(&pool, &[claim, activated(BOOK, batch(1), 0)]).await,
        [Outcome::AlreadyPosted, Outcome::AlreadyPosted]
    );
    assert_eq!(transfers(&pool).await, before);
    assert_eq!(held(&pool, Account::payable(BOOK, structure(1))).await, 2000);
}

#[testkit::test]
async fn the_same_id_with_other_content_is_refused(pool: PgPool) {
    spendable(&pool, BOOK, 2).await;
    let other = Outcome::Rejected(Rejection::SameIdOtherContent(id("c", 0)));
    let outcomes = post_all(
        &pool,
        &[
            claimed("c", BOOK, structure(1), &[0]),
            claimed("c", BOOK, structure(2), &[0]),
        ],
    )
    .await;
    assert_eq!(outcomes, [Outcome::Posted, other.clone()]);
    // One leg booked, one not: neither a retry nor a new request.
    assert_eq!(
        post_all(&pool, &[claimed("c", BOOK, structure(1), &[0, 1])]).await,
        [other]
    );
    assert_eq!(held(&pool, Account::voucher(BOOK, voucher(1))).await, 1000);
}

#[testkit::test]
async fn the_same_event_with_fewer_more_or_other_legs_is_refused(pool: PgPool) {
    spendable(&pool, BOOK, 4).await;
    let event = EventId::derive(b"test", &[b"c"]);
    let claim = |indexes: &[u32]| {
        let leg = |&idx: &u32| {
            let (debit, credit) = (
                Account::voucher(BOOK, voucher(idx)),
                Account::payable(BOOK, structure(1)),
            );
            transfer(
                id("c", idx as usize),
                event,
                (TransferKind::Claimed, debit, credit, FACE_VALUE),
            )
        };
        Posting::new(event, indexes.iter().map(leg).collect()).unwrap()
    };
    post_now(&pool, &[claim(&[0, 1])]).await;
    for indexes in [&[0][..], &[0, 1, 2], &[1, 2], &[2, 3]] {
        let outcomes = post_all(&pool, &[claim(indexes)]).await;
        assert!(
            matches!(outcomes[..], [Outcome::Rejected(Rejection::SameIdOtherContent(_))]),
            "{indexes:?}"
        );
    }
    // The order of the legs is no content.
    assert_eq!(post_all(&pool, &[claim(&[1, 0])]).await, [Outcome::AlreadyPosted]);
}

#[testkit::test]
async fn a_refusal_uses_up_no_id(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let claim = claimed("c", BOOK, structure(1), &[1]);
    assert!(matches!(
        post_all(&pool, std::slice::from_ref(&claim)).await[..],
        [Outcome::Rejected(_)]
    ));
    post_now(&pool, &[activated(BOOK, batch(1), 1), claim]).await;
}

#[testkit::test]
async fn a_claim_is_reversed_once_and_frees_its_voucher(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let payable = Account::payable(BOOK, structure(1));
    post_now(
        &pool,
        &[
            claimed("c", BOOK, structure(1), &[0]),
            reversed("v", "c", payable, 0, false),
        ],
    )
    .await;
    assert_eq!(held(&pool, payable).await, 0);
    let again = [
        reversed("v", "c", payable, 0, false),
        reversed("w", "c", payable, 0, false),
    ];
    let already = Outcome::Rejected(Rejection::AlreadyReversed(id("c", 0)));
    assert_eq!(post_all(&pool, &again).await, [Outcome::AlreadyPosted, already]);
    post_now(&pool, &[claimed("d", BOOK, structure(2), &[0])]).await;
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn only_a_claim_of_the_same_structure_and_voucher_is_reversed(pool: PgPool) {
    spendable(&pool, BOOK, 2).await;
    post_now(
        &pool,
        &[
            claimed("c", BOOK, structure(1), &[0]),
            claimed("d", BOOK, structure(2), &[1]),
        ],
    )
    .await;
    let nothing = Outcome::Rejected(Rejection::NothingToReverse(id("c", 0)));
    let reversals = [
        reversed("v", "c", Account::payable(BOOK, structure(2)), 0, false),
        reversed("w", "c", Account::payable(BOOK, structure(1)), 1, false),
    ];
    assert_eq!(post_all(&pool, &reversals).await, [nothing.clone(), nothing]);
    let unknown = reversed("x", "never", Account::payable(BOOK, structure(1)), 0, false);
    let nothing = Outcome::Rejected(Rejection::NothingToReverse(id("never", 0)));
    assert_eq!(post_all(&pool, &[unknown]).await, [nothing]);
}

#[testkit::test]
async fn a_reversed_claim_of_a_dead_voucher_goes_to_its_funders(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let payable = Account::payable(BOOK, structure(1));
    post_now(
        &pool,
        &[
            claimed("c", BOOK, structure(1), &[0]),
            reversed("v", "c", payable, 0, true),
        ],
    )
    .await;
    assert_eq!(held(&pool, Account::voucher(BOOK, voucher(0))).await, 0);
    for (funder, cents) in shares(0) {
        assert_eq!(held(&pool, Account::refundable(BOOK, funder)).await, cents.get());
    }
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn a_spent_voucher_is_not_activated_again(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    post_now(&pool, &[claimed("c", BOOK, structure(1), &[0])]).await;
    let legs: Vec<Leg> = shares(0)
        .into_iter()
        .map(|(funder, cents)| {
            let credit = paper(voucher(0)).account(BOOK);
            (
                TransferKind::Activated,
                Account::reserved(BOOK, batch(1), funder),
                credit,
                cents,
            )
        })
        .collect();
    let outcomes = post_all(&pool, &[posting("another activation", &legs)]).await;
    assert_eq!(outcomes, [Outcome::Rejected(Rejection::AlreadyOpen(voucher(0)))]);
}

#[testkit::test]
async fn a_voucher_can_live_and_die_in_one_batch(pool: PgPool) {
    spendable(&pool, BOOK, 0).await;
    let payable = Account::payable(BOOK, structure(1));
    post_now(
        &pool,
        &[
            activated(BOOK, batch(1), 0),
            claimed("c", BOOK, structure(1), &[0]),
            reversed("v", "c", payable, 0, false),
            swept(TransferKind::Expired, "e", BOOK, 0),
        ],
    )
    .await;
    assert_eq!(held(&pool, Account::voucher(BOOK, voucher(0))).await, 0);
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn one_batch_serves_two_books(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    spendable(&pool, book(2), 1).await;
    // The same voucher number in two programmes is two vouchers.
    post_now(
        &pool,
        &[
            claimed("c1", BOOK, structure(1), &[0]),
            claimed("c2", book(2), structure(1), &[0]),
        ],
    )
    .await;
    assert_eq!(broken(&pool).await, []);
}

#[test]
fn a_posting_that_cannot_balance_is_not_built() {
    let event = EventId::derive(b"test", &[]);
    let leg = |n, kind, debit, credit, cents| transfer(id("x", n), event, (kind, debit, credit, Cents::new(cents)));
    let out = |cents| {
        leg(
            0,
            TransferKind::Allocated,
            Account::deposited(funder(0)),
            Account::clearing(BookId::fund()),
            cents,
        )
    };
    let into = |cents| {
        leg(
            1,
            TransferKind::Allocated,
            Account::clearing(BOOK),
            Account::available(BOOK, funder(0)),
            cents,
        )
    };
    assert_eq!(
        Posting::new(event, vec![out(5)]),
        Err(PostingError::Clearing(Cents::new(5)))
    );
    assert_eq!(
        Posting::new(event, vec![out(5), into(4)]),
        Err(PostingError::Clearing(Cents::new(1)))
    );
    assert!(Posting::new(event, vec![out(5), into(5)]).is_ok());
    assert_eq!(
        Posting::new(event, vec![out(5), out(5)]),
        Err(PostingError::SameId(id("x", 0)))
    );
    assert_eq!(Posting::new(event, vec![]), Err(PostingError::Size(0)));
    let activation = leg(
        0,
        TransferKind::Activated,
        Account::reserved(BOOK, batch(1), funder(0)),
        paper(voucher(0)).account(BOOK),
        999,
    );
    assert_eq!(
        Posting::new(event, vec![activation]),
        Err(PostingError::FaceValue(voucher(0)))
    );
    let (payable, spent) = (Account::payable(BOOK, structure(1)), Account::voucher(BOOK, voucher(0)));
    let nameless = leg(0, TransferKind::ClaimReversed, payable, spent, 1000);
    assert_eq!(
        Posting::new(event, vec![nameless]),
        Err(PostingError::Reverses(id("x", 0)))
    );
    let naming = leg(0, TransferKind::Claimed, spent, payable, 1000).reversing(id("y", 0));
    assert_eq!(
        Posting::new(event, vec![naming]),
        Err(PostingError::Reverses(id("x", 0)))
    );
}

#[testkit::test]
async fn a_locked_account_waits_for_who_locked_it(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let accounts = [Account::payable(BOOK, structure(1)), Account::voucher(BOOK, voucher(0))];
    let mut first = pool.begin().await.unwrap();
    ledger::lock(&mut first, &accounts).await.unwrap();
    let claim = [claimed("c", BOOK, structure(1), &[0])];
    let second = tokio::spawn({
        let (pool, claim) = (pool.clone(), claim.clone());
        async move { post_all(&pool, &claim).await }
    });
    // Whether the other task came before or after this line, it cannot have got further than the locks.
    assert_eq!(ledger::post(&mut first, &claim, at()).await.unwrap(), [Outcome::Posted]);
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), [Outcome::AlreadyPosted]);
}

#[testkit::test]
async fn a_good_looking_claim_that_does_not_show_the_voucher_is_refused(pool: PgPool) {
    spendable(&pool, BOOK, 2).await;
    let payable = Account::payable(BOOK, structure(1));
    let claim = |name: &str, shown: &ledger::Presented| {
        let event = EventId::derive(b"test", &[name.as_bytes()]);
        let spent = Account::voucher(BOOK, voucher(0));
        let transfer = Transfer::claim(id(name, 0), event, spent, payable, FACE_VALUE, shown).unwrap();
        Posting::new(event, vec![transfer]).unwrap()
    };
    let (right, neighbour) = (paper(voucher(0)), paper(voucher(1)));
    // Another voucher's paper; the right voucher's terms with another id, as who has the signing key can make them.
    let mut guessed = *right.typed().terms();
    guessed[21] ^= 1;
    for (name, shown) in [("a", neighbour.typed()), ("b", ledger::Presented::Terms(guessed))] {
        assert_eq!(
            post_all(&pool, &[claim(name, &shown)]).await,
            [Outcome::Rejected(Rejection::OtherPaper(voucher(0)))]
        );
    }
    assert_eq!(held(&pool, Account::voucher(BOOK, voucher(0))).await, 1000);
    post_now(&pool, &[claim("c", &right.scanned())]).await;
}

#[testkit::test]
async fn no_role_writes_a_claim_without_evidence_nor_evidence_to_anything_else(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let redemption = testkit::as_role(&pool, database::Role::Redemption, 1).await;
    let write = |kind: i16, presented: &str, evidence: &str| {
        format!(
            "insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id, presented, evidence)
             select book_id, gen_random_uuid(), {kind}, debit, credit, cents, now(), gen_random_uuid(), {presented}, {evidence}
             from ledger.transfer where kind = 11 limit 1"
        )
    };
    let digest = "sha256('x')";
    for sql in [
        write(20, "null", "null"),
        write(20, "1", "null"),
        write(20, "null", digest),
        write(20, "3", digest),
        write(20, "1", "'x'"),
        write(21, "1", digest),
    ] {
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()))
            .execute(&redemption)
            .await
            .unwrap_err();
        assert_eq!(
            error.as_database_error().unwrap().constraint(),
            Some("transfer_evidence"),
            "{sql}"
        );
    }
}
