//! Whoever holds a pen as the owner can falsify a row; the invariants say so.

use access::OrganisationId;
use catalogue::{NewProgramme, ProgrammeId, Spendable};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;

use crate::bank::naming;
use crate::fixture::{FUNDERS, Fixture, SPONSOR, START, STRUCTURE_IBAN, id, instant};

async fn settled(admin: PgPool) -> Fixture {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture
        .has_structure(id(101), Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture.claims(id(201), id(101), &[1, 2], "2026-03-10T10:00:00Z").await;
    fixture.claims(id(202), id(101), &[3], "2026-03-11T10:00:00Z").await;
    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-30.00", &settlement["payments"][0]["end_to_end"])],
        )
        .await;
    fixture.all_hold().await;
    fixture
}

#[testkit::test]
async fn a_falsified_row_is_told(admin: PgPool) {
    let fixture = settled(admin).await;
    let forgeries = [
        (
            "update ledger.account set credits_cents = credits_cents + 1 where ledger.name_of_account_kind(kind) = 'available'",
            "comptes et leurs écritures",
        ),
        (
            "update ledger.account set debits_cents = debits_cents + 100 where ledger.name_of_account_kind(kind) = 'bank'",
            "Compte bancaire",
        ),
        (
            "update ledger.transfer set cents = cents + 1 where ledger.name_of_transfer_kind(kind) = 'allocated'",
            "Affectations",
        ),
        (
            "delete from ledger.transfer where ledger.name_of_transfer_kind(kind) = 'claimed'",
            "Encaissements acceptés",
        ),
        (
            "update ledger.transfer set event_id = gen_random_uuid() where ledger.name_of_transfer_kind(kind) = 'claimed'",
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
            "update ledger.account set debits_cents = 0 where ledger.name_of_account_kind(kind) = 'voucher'",
            "utilisables selon leur historique",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where ledger.name_of_account_kind(kind) = 'payable'",
            "À payer",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where ledger.name_of_account_kind(kind) = 'clearing'",
            "Virements internes",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 100000 where ledger.name_of_account_kind(kind) = 'reserved'",
            "réservé ≤ versé",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where ledger.name_of_account_kind(kind) in ('receivable', 'deposited')",
            "à affecter",
        ),
    ];
    keep(&fixture).await;
    for (forgery, told) in forgeries {
        sqlx::query(forgery).execute(&fixture.admin).await.unwrap();
        let failing = fixture.failing().await;
        assert!(failing.iter().any(|name| name.contains(told)), "{forgery}: {failing:?}");
        put_back(&fixture).await;
        fixture.all_hold().await;
    }
}

/// A programme of another sponsor, with money of the second funder only.
async fn another_programme(fixture: &Fixture) {
    let other = id(0x11);
    let new = NewProgramme {
        id: ProgrammeId::from_uuid(other),
        name: "Autre dispositif".to_owned(),
        territory: "71".parse().unwrap(),
        face_value: Cents::new(500),
        booklet_size: 5,
        spendable: Spendable::HandOver,
        printed_day: "2026-06-30".parse().unwrap(),
        tolerance_days: None,
        booklets_min: 1,
        booklets_per_person_max: 1,
    };
    let mut tx = fixture.admin.begin().await.unwrap();
    catalogue::create(&mut tx, OrganisationId::from_uuid(id(0x51)), &new, instant(START))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let allocation = json!({"id": id(0xe1), "funder_id": FUNDERS[1], "programme_id": other, "amount": "5.00"});
    fixture.created("/funding/v1/allocations", allocation).await;
}

#[testkit::test]
async fn everybody_sees_the_fund_and_their_own_part_and_whether_all_holds(admin: PgPool) {
    let fixture = settled(admin).await;
    another_programme(&fixture).await;
    let sponsor = fixture.key_of(SPONSOR, None).await;
    let auditor = json!({"id": id(0x90), "name": "Chambre régionale des comptes", "roles": ["auditor"]});
    let auditor = fixture.key_of(id(0x90), Some(auditor)).await;
    let funders = [
        fixture.key_of(FUNDERS[0], None).await,
        fixture.key_of(FUNDERS[1], None).await,
    ];
    let (fund, ours, other) = ("livre du fonds", "Dispositif de Côte-d'Or", "Autre dispositif");
    let (first, second, structure) = ("Département", "État", "Médiathèque 101");
    let cases = [
        (&auditor, vec![fund, ours, other, first, second, structure]),
        (&sponsor, vec![ours]),
        (&funders[0], vec![ours, first]),
        (&funders[1], vec![ours, other, second]),
    ];
    let read = async |secret: &str| -> Value {
        let (status, bytes) = fixture.send("GET", "/funding/v1/invariants", secret, Vec::new()).await;
        assert_eq!(status, 200);
        serde_json::from_slice(&bytes).unwrap()
    };
    for (secret, seen) in &cases {
        let answer = read(secret).await;
        let names: Vec<&str> = answer["invariants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        for subject in [fund, ours, other, first, second, structure] {
            let shown = names.iter().any(|name| name.ends_with(&format!("({subject})")));
            assert_eq!(shown, seen.contains(&subject), "{subject}: {names:#?}");
        }
        assert!(
            names.iter().any(|name| name.starts_with("Compte bancaire")),
            "{names:#?}"
        );
        assert_eq!(answer["all_hold"], true);
    }

    // What is wrong elsewhere is told without its amounts.
    sqlx::query("update ledger.account set credits_cents = credits_cents + 1 where book_id = $1 and ledger.name_of_account_kind(kind) = 'available'")
        .bind(id(0x11))
        .execute(&fixture.admin)
        .await
        .unwrap();
    let answer = read(&funders[0]).await;
    assert_eq!(answer["all_hold"], false);
    let shown = answer["invariants"].as_array().unwrap();
    assert!(shown.iter().all(|one| one["holds"] == true), "{shown:#?}");
}

/// Copies every table that is falsified.
async fn keep(fixture: &Fixture) {
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
    .execute(&fixture.admin)
    .await
    .unwrap();
}

/// Puts every copy back, whatever points to it.
async fn put_back(fixture: &Fixture) {
    sqlx::raw_sql(
        "do $$ declare name text; begin
             perform set_config('session_replication_role', 'replica', true);
             for name in select table_name from information_schema.tables where table_schema = 'kept' loop
                 execute format('delete from %s', name);
                 execute format('insert into %s select * from kept.%I', name, name);
             end loop;
         end $$;",
    )
    .execute(&fixture.admin)
    .await
    .unwrap();
}
