//! A claim reversed after the true-up: the difference is due, shown, and settled by a further one.
//!
//! By hand: of vouchers 1 to 5, the first funder (33.39 %) pays 3.34 € each, the second 6.66 €; the first pays at most a quarter of what is
//! used. Four used: 13.36 € paid, 10 € at most, so the second owes it 3.36 €. One reversed: 10.02 € paid, 7.50 € at most, 2.52 € in all,
//! so the first gives 0.84 € back. All reversed: nothing is owed, so it gives the 2.52 € back.

use http::StatusCode;
use ledger::{Account, EventId, Outcome, PartyId, Posting, Transfer, TransferId, TransferKind};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;

use crate::fixture::{FUNDERS, Fixture, PROGRAMME, STRUCTURE_IBAN, book, id, instant};
use crate::reconciling::Reconciling;
use crate::true_ups::{END, QUARTER_OF_USE, half_reach, path};

const STRUCTURE: uuid::Uuid = id(0x40);

/// The claim of one voucher.
fn claim(serial: i32) -> uuid::Uuid {
    id(0x80 + u128::try_from(serial).unwrap())
}

impl Fixture {
    /// Vouchers 1 to 4 claimed one by one, the rest swept; the first funder pays at most a quarter of what is used.
    async fn four_claims_and_swept(&self) {
        self.money_arrives().await;
        self.limits(&QUARTER_OF_USE).await;
        self.funds_a_batch().await;
        self.hands_over().await;
        self.has_structure(STRUCTURE, Some(STRUCTURE_IBAN), "2026-03-01T10:00:00Z")
            .await;
        for serial in 1..=4 {
            self.claims(claim(serial), STRUCTURE, &[serial], "2026-03-05T10:00:00Z")
                .await;
        }
        self.expires(&[5], END).await;
    }

    /// Redemption reverses an unpaid claim of a voucher that is dead: its value goes to its funders.
    async fn reverses_dead(&self, serial: i32) {
        let claim = claim(serial);
        sqlx::query(
            "insert into redemption.reversal (book_id, claim_id, id, reason, by_organisation, at, vouchers_alive, vouchers_dead,
                 after_settlement)
             values ($1, $2, $2, 'x', $3, $4, 0, 1, false)",
        )
        .bind(PROGRAMME).bind(claim).bind(STRUCTURE).bind(instant(END)).execute(&self.admin).await.unwrap();
        let voucher = Account::voucher(book(), self.voucher(serial).await);
        let party = |funder| PartyId::from_uuid(funder);
        let leg = |n: u8, kind, from, to, cents| {
            let id = TransferId::derive(b"dead", &[claim.as_bytes(), &[n]]);
            Transfer::new(id, kind, from, to, Cents::new(cents)).unwrap()
        };
        let (back, on) = (TransferKind::ClaimReversed, TransferKind::ReversedExpired);
        let reversed = TransferId::derive(b"claimed", &[claim.as_bytes(), &serial.to_be_bytes()]);
        let legs = vec![
            leg(0, back, Account::payable(book(), party(STRUCTURE)), voucher, 1_000).reversing(reversed),
            leg(1, on, voucher, Account::refundable(book(), party(FUNDERS[0])), 334),
            leg(2, on, voucher, Account::refundable(book(), party(FUNDERS[1])), 666),
        ];
        let posting = Posting::new(EventId::derive(b"dead", &[claim.as_bytes()]), legs).unwrap();
        let mut tx = self.admin.begin().await.unwrap();
        assert_eq!(
            ledger::post(&mut tx, &[posting], instant(END)).await.unwrap(),
            [Outcome::Posted]
        );
        tx.commit().await.unwrap();
    }

    async fn due(&self) -> Vec<(Value, Value, Value)> {
        let all = self.get_json(&path("true-ups")).await;
        let due = all["due"].as_array().unwrap().iter();
        due.map(|one| (one["from_id"].clone(), one["to_id"].clone(), one["amount"].clone()))
            .collect()
    }
}

fn owes(from: usize, to: usize, amount: &str) -> Vec<(Value, Value, Value)> {
    vec![(json!(FUNDERS[from]), json!(FUNDERS[to]), json!(amount))]
}

#[testkit::test]
async fn a_claim_reversed_after_the_true_up_is_settled_by_a_further_one(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.four_claims_and_swept().await;
    assert_eq!(fixture.due().await, owes(1, 0, "3.36"), "the first true-up is due too");
    let first = fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    assert_eq!(
        (&first["number"], &first["payments"][0]["amount"]),
        (&json!(1), &json!("3.36"))
    );
    assert_eq!(fixture.due().await, []);
    let settled = fixture.refused(&path("true-up"), json!({"id": id(0x91)})).await;
    assert_eq!(settled["type"], "urn:ccn:problem:true-up-settled");

    fixture.reverses_dead(4).await;
    // 20.03 + 3.36 + 3.34, and 39.97 + 6.66: the shares from before the true-up.
    assert_eq!(fixture.refundable().await, [2_673, 4_663]);
    assert_eq!(fixture.due().await, owes(0, 1, "0.84"));
    let second = fixture.created(&path("true-up"), json!({"id": id(0x91)})).await;
    assert_eq!(
        (
            &second["number"],
            &second["payments"][0]["amount"],
            &second["parts"][0]["settled"]
        ),
        (&json!(2), &json!("0.84"), &json!("-3.36"))
    );
    assert_eq!(
        (&second["parts"][0]["paid"], &second["parts"][0]["part"]),
        (&json!("10.02"), &json!("7.50"))
    );
    assert_eq!(fixture.refundable().await, [2_673, 4_747]);
    fixture.all_hold().await;

    for serial in 1..=3 {
        fixture.reverses_dead(serial).await;
    }
    assert_eq!(fixture.due().await, owes(0, 1, "2.52"));
    fixture.created(&path("true-up"), json!({"id": id(0x92)})).await;
    // As if nothing had ever been used: 33.39 € and 66.61 €, and the 3.36 € that each paid the other out of its free money.
    assert_eq!(
        fixture.refundable().await,
        [2_003 + 336 + 4 * 334, 3_997 + 4 * 666 + 84 + 252]
    );
    fixture.all_hold().await;
    let all = fixture.get_json(&path("true-ups")).await;
    let numbers: Vec<&Value> = all["true_ups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["number"])
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(fixture.get_json(&path("true-up")).await["number"], 3, "the last one");
    let again = fixture.post(&path("true-up"), json!({"id": id(0x91)})).await;
    assert_eq!(again, (StatusCode::OK, second), "an id is used once");
}

#[testkit::test]
async fn a_due_true_up_is_an_open_point_until_it_is_made(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.four_claims_and_swept().await;
    fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    let reconciling = Reconciling::of(fixture, END).await;
    let points = async |n| reconciling.runs(n).await["document"]["open_points"].clone();
    assert_eq!(points(0x301).await, Value::Null);
    reconciling.fixture.reverses_dead(4).await;
    let open = points(0x302).await;
    assert_eq!(
        (&open[0]["kind"], &open[0]["amount"], &open[0]["programme_id"]),
        (&json!("true_up_due"), &json!("0.84"), &json!(PROGRAMME))
    );
    let text = open[0]["text"].as_str().unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(
        text,
        "Régularisation entre financeurs à faire, « Dispositif de Côte-d'Or » : « Département » doit 0,84 € à « État »."
    );
    let file = reconciling.signed(0x302).await;
    let key = crate::reconciling::vkey();
    funding::reconciliation::open(&file, Some(&key)).unwrap();
    assert!(funding::reconciliation::open(&file.replace("0.84", "0.83"), Some(&key)).is_err());
    reconciling
        .fixture
        .created(&path("true-up"), json!({"id": id(0x91)}))
        .await;
    assert_eq!(points(0x303).await, Value::Null);
}

#[testkit::test]
async fn who_owes_by_a_due_true_up_is_given_nothing_back_before(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.four_claims_and_swept().await;
    fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    fixture.reverses_dead(4).await;
    let refund = |n: u128, funder: usize| json!({"id": id(n), "funder_id": FUNDERS[funder], "programme_id": PROGRAMME, "method": "credit", "execute_on": "2026-08-05"});
    fixture.hand.move_to(instant(END));
    let refused = fixture.refused("/funding/v1/refunds", refund(0xa01, 0)).await;
    assert_eq!(refused["type"], "urn:ccn:problem:true-up-due");
    let other = fixture.created("/funding/v1/refunds", refund(0xa02, 1)).await;
    assert_eq!(other["amount"], "46.63", "who is owed waits for nothing");
    fixture.created(&path("true-up"), json!({"id": id(0x91)})).await;
    fixture.created("/funding/v1/refunds", refund(0xa03, 0)).await;
    let rest = fixture.created("/funding/v1/refunds", refund(0xa04, 1)).await;
    assert_eq!(rest["amount"], "0.84");
    assert_eq!(fixture.refundable().await, [0, 0]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn two_true_ups_at_once_settle_a_difference_once(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.four_claims_and_swept().await;
    fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    fixture.reverses_dead(4).await;
    let true_up = path("true-up");
    let (one, other) = tokio::join!(
        fixture.post(&true_up, json!({"id": id(0x91)})),
        fixture.post(&true_up, json!({"id": id(0x92)}))
    );
    let mut answers = [one.0, other.0];
    answers.sort_unstable();
    assert_eq!(answers, [StatusCode::CREATED, StatusCode::UNPROCESSABLE_ENTITY]);
    assert_eq!(fixture.refundable().await, [2_673, 4_747]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn what_is_free_pays_first_and_then_what_is_owed_back(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    // Nobody of the audience was reached: the first funder pays nothing of the 40 € used.
    fixture.used_and_swept(&half_reach(&["Jeunes"])).await;
    fixture.expires(&[5], END).await;
    assert_eq!(fixture.refundable().await, [2_003, 3_997]);
    fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    // 13.36 € owed: 3.39 € were free, the rest was owed back to it.
    assert_eq!(fixture.refundable().await, [2_003 + 1_336, 3_997 - 997]);
    fixture.all_hold().await;
}
