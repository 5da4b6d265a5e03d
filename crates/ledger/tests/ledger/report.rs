//! The waterfall, and that each invariant can fail.

use crate::common::*;
use ledger::read::{Figures, Subject, snapshot};
use ledger::{Account, BookId, EventId, PartyId, TransferKind};
use sqlx::PgPool;
use standards::Cents;

const BOOK: BookId = book(1);

async fn figures(pool: &PgPool) -> Figures {
    Figures::read(&mut snapshot(pool).await.unwrap()).await.unwrap()
}

fn settled(name: &str, structure: PartyId, cents: i64) -> ledger::Posting {
    let cents = Cents::new(cents);
    posting(
        name,
        &[
            (
                TransferKind::Settled,
                Account::payable(BOOK, structure),
                Account::clearing(BOOK),
                cents,
            ),
            (
                TransferKind::Settled,
                Account::clearing(BookId::fund()),
                Account::in_transit(structure),
                cents,
            ),
        ],
    )
}

fn paid(name: &str, structure: PartyId, cents: i64) -> ledger::Posting {
    posting(
        name,
        &[(
            TransferKind::Paid,
            Account::in_transit(structure),
            Account::bank(),
            Cents::new(cents),
        )],
    )
}

/// Everything that can happen to money, once.
#[expect(
    clippy::too_many_lines,
    reason = "a list of events, in the order in which they happen"
)]
async fn a_whole_history(pool: &PgPool) {
    spendable(pool, BOOK, 20).await;
    let cents = Cents::new;
    post_now(
        pool,
        &[
            posting(
                "mandate",
                &[(
                    TransferKind::Mandated,
                    Account::receivable(funder(0)),
                    Account::deposited(funder(0)),
                    cents(700),
                )],
            ),
            posting(
                "its money",
                &[(
                    TransferKind::MandateReceived,
                    Account::bank(),
                    Account::receivable(funder(0)),
                    cents(600),
                )],
            ),
            claimed("c1", BOOK, structure(1), &[0, 1, 2, 3]),
            claimed("c2", BOOK, structure(2), &[4]),
            claimed("c3", BOOK, structure(2), &[5]),
            claimed("c4", BOOK, structure(1), &[6]),
            claimed("c5", BOOK, structure(3), &[13]),
            reversed("v3", "c3", Account::payable(BOOK, structure(2)), 5, false),
            swept(TransferKind::Revoked, "lost", BOOK, 7),
            settled("s1", structure(1), 5000),
            settled("s2", structure(2), 1000),
            paid("p1", structure(1), 5000),
            paid("p2", structure(2), 1000),
            // Came back after the debit.
            posting(
                "back",
                &[
                    (
                        TransferKind::Rejected,
                        Account::bank(),
                        Account::clearing(BookId::fund()),
                        cents(1000),
                    ),
                    (
                        TransferKind::Rejected,
                        Account::clearing(BOOK),
                        Account::payable(BOOK, structure(2)),
                        cents(1000),
                    ),
                ],
            ),
            // Paid, then reversed, then deducted from what the structure claims next.
            reversed("v4", "c4", Account::recoverable(BOOK, structure(1)), 6, true),
            claimed("c6", BOOK, structure(1), &[8]),
            posting(
                "deducted",
                &[(
                    TransferKind::Deducted,
                    Account::payable(BOOK, structure(1)),
                    Account::recoverable(BOOK, structure(1)),
                    cents(400),
                )],
            ),
            swept(TransferKind::Expired, "expired", BOOK, 9),
            posting(
                "rest of the batch",
                &[(
                    TransferKind::BatchExpired,
                    Account::reserved(BOOK, batch(1), funder(0)),
                    Account::refundable(BOOK, funder(0)),
                    cents(1234),
                )],
            ),
            posting(
                "given back",
                &[
                    (
                        TransferKind::Refunded,
                        Account::refundable(BOOK, funder(0)),
                        Account::clearing(BOOK),
                        cents(1500),
                    ),
                    (
                        TransferKind::Refunded,
                        Account::clearing(BookId::fund()),
                        Account::deposited(funder(0)),
                        cents(1500),
                    ),
                ],
            ),
            posting(
                "refund",
                &[(
                    TransferKind::RefundSent,
                    Account::deposited(funder(0)),
                    Account::in_transit(funder(0)),
                    cents(900),
                )],
            ),
            posting(
                "refund paid",
                &[(
                    TransferKind::Paid,
                    Account::in_transit(funder(0)),
                    Account::bank(),
                    cents(300),
                )],
            ),
            posting(
                "true-up",
                &[(
                    TransferKind::TrueUp,
                    Account::available(BOOK, funder(1)),
                    Account::refundable(BOOK, funder(2)),
                    cents(50),
                )],
            ),
            posting(
                "unexplained",
                &[(
                    TransferKind::Unexplained,
                    Account::bank(),
                    Account::suspense(),
                    cents(77),
                )],
            ),
            posting(
                "explained",
                &[(
                    TransferKind::Explained,
                    Account::suspense(),
                    Account::deposited(funder(1)),
                    cents(70),
                )],
            ),
            posting(
                "charge",
                &[(
                    TransferKind::BankCharge,
                    Account::charges_owed(),
                    Account::bank(),
                    cents(12),
                )],
            ),
        ],
    )
    .await;
}

#[testkit::test]
async fn every_invariant_holds_through_a_whole_history(pool: PgPool) {
    assert_eq!(broken(&pool).await, []);
    a_whole_history(&pool).await;
    let figures = figures(&pool).await;
    let invariants = figures.invariants();
    assert_eq!(broken(&pool).await, []);
    // 2 books × 2, clearing, 3 funders, 1 programme × 2, 3 structures, charges, third parties.
    assert_eq!(invariants.len(), 4 + 1 + 3 + 2 + 3 + 2);
    assert_eq!(figures.charges_owed(), Cents::new(12));
    let bank = 3_000_000 + 600 - 5000 - 1000 + 1000 - 300 + 77 - 12;
    assert_eq!(figures.bank(), Cents::new(bank));
    assert!(figures.bank_invariant(Cents::new(bank + 5), Cents::new(-5)).holds());
    assert!(!figures.bank_invariant(Cents::new(bank + 5), Cents::ZERO).holds());
}

#[testkit::test]
async fn the_waterfall_follows_the_money(pool: PgPool) {
    a_whole_history(&pool).await;
    let waterfall = figures(&pool).await.waterfall();
    let share = |indexes: &[u32]| -> i64 { indexes.iter().map(|&idx| shares(idx)[0].1.get()).sum() };
    let first = &waterfall.funders[0];
    assert_eq!(
        (
            first.received.get(),
            first.mandated.get(),
            first.mandated_not_received.get()
        ),
        (1_000_700, 700, 100)
    );
    assert_eq!(
        (
            first.deposited.get(),
            first.refund_under_way.get(),
            first.returned.get()
        ),
        (700 + 1500 - 900, 600, 300)
    );
    let line = waterfall
        .programmes
        .iter()
        .find(|line| line.funder == funder(0))
        .unwrap();
    assert_eq!(line.allocated.get(), 1_000_000);
    assert_eq!(
        (line.funded.get(), line.batch_expired.get(), line.funded_net().get()),
        (33_390, 1234, 33_390 - 1234)
    );
    assert_eq!(line.activated.get(), share(&(0..20).collect::<Vec<_>>()));
    assert_eq!(line.claimed.get(), share(&[0, 1, 2, 3, 4, 13, 8]));
    assert_eq!(
        (line.revoked.get(), line.reversed_revoked.get(), line.expired.get()),
        (share(&[7]), share(&[6]), share(&[9]))
    );
    assert_eq!(line.on_vouchers.get(), share(&[5, 10, 11, 12, 14, 15, 16, 17, 18, 19]));
    assert_eq!(line.refundable.get(), share(&[6, 7, 9]) + 1234 - 1500);
    assert_eq!(line.refunded.get(), 1500);
    let trued_up: Vec<i64> = waterfall.programmes.iter().map(|line| line.trued_up.get()).collect();
    assert_eq!(trued_up, [0, -50, 50]);
}

#[testkit::test]
async fn services_read_who_paid_and_who_spent(pool: PgPool) {
    a_whole_history(&pool).await;
    let mut connection = pool.acquire().await.unwrap();
    let numbers = [voucher(4), voucher(5), voucher(6), voucher(99)];
    let states = ledger::read::voucher_states(&mut connection, BOOK, &numbers)
        .await
        .unwrap();
    let left = |number| {
        states
            .get(&number)
            .map(|state| (state.left.get(), state.face_value.get()))
    };
    assert_eq!(
        numbers.map(left),
        [Some((0, 1000)), Some((1000, 1000)), Some((0, 1000)), None]
    );
    let openings = ledger::read::openings(&mut connection, BOOK, &numbers).await.unwrap();
    let paid: Vec<_> = openings[&voucher(5)]
        .iter()
        .map(|opening| (opening.funder, opening.cents))
        .collect();
    assert_eq!(paid, shares(5));
    assert_eq!(openings[&voucher(5)][0].batch, batch(1));
    let claims = ledger::read::last_claims(&mut connection, BOOK, &numbers)
        .await
        .unwrap();
    assert_eq!(claims.len(), 1, "reversed claims are no claims");
    let claim = claims[&voucher(4)];
    let event = EventId::derive(b"test", &[b"c2"]);
    assert_eq!(
        (claim.structure, claim.event, claim.at, claim.transfer),
        (structure(2), event, at(), id("c2", 0))
    );
    let legs = ledger::read::transfers_of_event(&mut connection, BOOK, EventId::derive(b"test", &[b"c3"]))
        .await
        .unwrap();
    assert_eq!(
        (legs.len(), legs[0].credit_party, legs[0].reversed_by),
        (1, Some(structure(2)), Some(id("v3", 0)))
    );
    let shares_of = ledger::read::shares_of_claims(&mut connection, BOOK, &[event])
        .await
        .unwrap();
    assert_eq!(
        shares_of
            .iter()
            .map(|share| (share.funder, share.cents))
            .collect::<Vec<_>>(),
        shares(4)
    );
}

/// What a thief of the superuser's rights could do, and the invariant that shows it.
async fn tampered(pool: &PgPool, sql: &'static str, name: &str, subject: Subject) {
    a_whole_history(pool).await;
    sqlx::query(sql).execute(pool).await.unwrap();
    let broken = broken(pool).await;
    assert!(
        broken
            .iter()
            .any(|invariant| invariant.name.starts_with(name) && invariant.subject == subject),
        "{name}: {broken:?}"
    );
}

#[testkit::test]
async fn a_voucher_filled_by_hand_shows(pool: PgPool) {
    let sql =
        "update ledger.account set debits_cents = 0 where kind = 9 and debits_cents = 1000 and credits_cents = 1000";
    tampered(&pool, sql, "Chèques en circulation", Subject::Book(BOOK)).await;
}

#[testkit::test]
async fn a_deleted_claim_shows(pool: PgPool) {
    let sql = "delete from ledger.transfer t where kind = 20
        and not exists (select from ledger.transfer r where r.reverses = t.id)";
    tampered(&pool, sql, "À payer", Subject::Structure(structure(2))).await;
}

#[testkit::test]
async fn a_sum_changed_on_both_sides_shows(pool: PgPool) {
    let sql =
        "update ledger.account set debits_cents = debits_cents + 5, credits_cents = credits_cents + 5 where kind = 10";
    tampered(&pool, sql, "Écart entre les comptes", Subject::Book(BOOK)).await;
}

#[testkit::test]
async fn one_side_changed_shows(pool: PgPool) {
    let sql = "update ledger.account set credits_cents = credits_cents + 5 where kind = 7";
    tampered(&pool, sql, "Total des débits", Subject::Book(BOOK)).await;
}

#[testkit::test]
async fn a_contribution_made_smaller_shows(pool: PgPool) {
    let sql = "update ledger.transfer set cents = cents - 5 where kind = 30";
    tampered(&pool, sql, "Versé", Subject::Funder(funder(2))).await;
}

#[testkit::test]
async fn clearing_that_is_off_shows(pool: PgPool) {
    let sql = "update ledger.account set debits_cents = debits_cents + 1 where kind = 6";
    tampered(&pool, sql, "Virements internes", Subject::Fund).await;
}

#[testkit::test]
async fn vouchers_without_money_show(pool: PgPool) {
    let sql = "delete from ledger.transfer where kind = 33";
    tampered(&pool, sql, "En chèques", Subject::Book(BOOK)).await;
}

/// Whole books take longer to read than a statement of a request may.
#[testkit::test]
async fn a_report_has_the_time_to_read_large_books(pool: PgPool) {
    let options = pool.connect_options().as_ref().clone();
    let pool = database::connect(options, 1).await.unwrap();
    let limit = "select extract(epoch from current_setting('statement_timeout')::interval)::int";
    let seconds = async |connection: &mut sqlx::PgConnection| {
        sqlx::query_scalar::<_, i32>(limit).fetch_one(connection).await.unwrap()
    };
    let mut report = snapshot(&pool).await.unwrap();
    assert_eq!(
        u32::try_from(seconds(&mut report).await).unwrap(),
        ledger::read::SNAPSHOT_SECONDS_MAX
    );
    report.rollback().await.unwrap();
    assert_eq!(
        seconds(&mut pool.acquire().await.unwrap()).await,
        60,
        "only for the report"
    );
}
