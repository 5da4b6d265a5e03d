//! Whoever holds a pen as the owner can falsify a row; the identities say so.

use sqlx::PgPool;

use crate::bank::naming;
use crate::world::{STRUCTURE_IBAN, World, id, instant};

async fn settled(admin: PgPool) -> World {
    let world = World::new(admin).await;
    world.money_arrives().await;
    world.funds_a_batch().await;
    world.hands_over().await;
    world
        .has_structure(id(101), Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    world.claims(id(201), id(101), &[1, 2], "2026-03-10T10:00:00Z").await;
    world.claims(id(202), id(101), &[3], "2026-03-11T10:00:00Z").await;
    world.hand.move_to(instant("2026-04-02T08:00:00Z"));
    let settlement = world.settle(1, "2026-03", "2026-04-03").await;
    world
        .loads(
            2,
            "200.00",
            vec![naming("-30.00", &settlement["payments"][0]["end_to_end"])],
        )
        .await;
    world.all_hold().await;
    world
}

#[sqlx::test(migrations = false)]
async fn a_falsified_row_is_told(admin: PgPool) {
    let world = settled(admin).await;
    let forgeries = [
        (
            "update ledger.account set credits_cents = credits_cents + 1 where kind = 7",
            "comptes et leurs écritures",
        ),
        (
            "update ledger.account set debits_cents = debits_cents + 100 where kind = 1",
            "Compte bancaire",
        ),
        (
            "update ledger.transfer set cents = cents + 1 where kind = 33",
            "Affectations",
        ),
        ("delete from ledger.transfer where kind = 20", "Encaissements acceptés"),
        (
            "update ledger.transfer set grp = gen_random_uuid() where kind = 20",
            "Encaissements acceptés",
        ),
        (
            "update redemption.claim set cents = 3000 - cents",
            "Encaissements acceptés",
        ),
        (
            "insert into redemption.reversal select book_id, id, id, 'x', id, at, 1, 0, false from redemption.claim",
            "Encaissements annulés",
        ),
        ("delete from issuer.hand_over", "Chèques remis"),
        ("update funding.payment set cents = cents - 1", "Virements préparés"),
        (
            "update funding.settlement_line set cents = cents + 1",
            "Virements aux structures",
        ),
        ("delete from funding.payment_answer", "Virements vus au débit"),
        ("update funding.allocation set cents = cents + 1", "Affectations"),
        (
            "update funding.statement set closing_cents = closing_cents + 1",
            "solde du dernier relevé",
        ),
        (
            "update funding.statement_line set cents = cents + 1 where matched_kind = 'call'",
            "Versements reconnus",
        ),
        (
            "update funding.statement_line set rule = null, matched_kind = null, matched_id = null",
            "non expliquées",
        ),
        (
            "update funding.statement set opening_cents = 1, closing_cents = closing_cents + 1 where position = 1",
            "sans trou",
        ),
        (
            "update ledger.account set debits_cents = 0 where kind = 9",
            "utilisables selon leur historique",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where kind = 10",
            "À payer",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where kind = 6",
            "Virements internes",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 100000 where kind = 8",
            "réservé ≤ versé",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where kind = 2 or kind = 3",
            "à affecter",
        ),
    ];
    keep(&world).await;
    for (forgery, told) in forgeries {
        sqlx::query(forgery).execute(&world.admin).await.unwrap();
        let failing = world.failing().await;
        assert!(failing.iter().any(|name| name.contains(told)), "{forgery}: {failing:?}");
        put_back(&world).await;
        world.all_hold().await;
    }
}

/// Copies every table that is falsified.
async fn keep(world: &World) {
    sqlx::raw_sql(
        "create schema kept;
         do $$ declare name text; begin
             foreach name in array array['ledger.transfer', 'ledger.account', 'redemption.claim', 'redemption.reversal',
                 'issuer.hand_over', 'funding.payment_answer', 'funding.settlement_line', 'funding.allocation',
                 'funding.statement', 'funding.statement_line', 'funding.payment'] loop
                 execute format('create table kept.%I as table %s', name, name);
             end loop;
         end $$;",
    )
    .execute(&world.admin)
    .await
    .unwrap();
}

/// Puts every copy back, whatever points to it.
async fn put_back(world: &World) {
    sqlx::raw_sql(
        "do $$ declare name text; begin
             perform set_config('session_replication_role', 'replica', true);
             for name in select table_name from information_schema.tables where table_schema = 'kept' loop
                 execute format('delete from %s', name);
                 execute format('insert into %s select * from kept.%I', name, name);
             end loop;
         end $$;",
    )
    .execute(&world.admin)
    .await
    .unwrap();
}
