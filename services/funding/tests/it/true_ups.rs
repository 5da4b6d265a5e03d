//! The true-up of a programme, and the simulator that computes it beforehand with the same functions.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::fixture::{FUNDERS, Fixture, PLAN, PROGRAMME, SPONSOR, STRUCTURE_IBAN, id, instant};

pub const END: &str = "2026-08-05T10:00:00Z";

pub fn path(rest: &str) -> String {
    format!("/funding/v1/programmes/{PROGRAMME}/{rest}")
}

/// What limits the first funder's share.
pub struct Limit {
    used_rate: Option<&'static str>,
    quota: Option<&'static str>,
    audiences: &'static [&'static str],
}

pub const QUARTER_OF_USE: Limit = Limit {
    used_rate: Some("0.25"),
    quota: None,
    audiences: &[],
};

pub const fn half_reach(audiences: &'static [&'static str]) -> Limit {
    Limit {
        used_rate: None,
        quota: Some("0.5"),
        audiences,
    }
}

impl Fixture {
    /// 100 € behind ten vouchers, four of them used, the rest swept; the first funder's share is limited by this.
    pub async fn used_and_swept(&self, limit: &Limit) {
        self.money_arrives().await;
        self.limits(limit).await;
        self.uses_four().await;
    }

    /// The first funder's share is limited by this.
    pub async fn limits(&self, limit: &Limit) {
        sqlx::query(
            "update catalogue.plan_share set taken_over_by = $1, used_rate = $3::text::numeric,
                 audience_quota = $4::text::numeric, quota_audiences = $5
             where plan_id = $2 and rank = 1",
        )
        .bind(FUNDERS[1])
        .bind(PLAN)
        .bind(limit.used_rate)
        .bind(limit.quota)
        .bind(limit.quota.map(|_| limit.audiences))
        .execute(&self.admin)
        .await
        .unwrap();
    }

    async fn uses_four(&self) {
        self.funds_a_batch().await;
        self.hands_over().await;
        self.has_structure(id(0x40), Some(STRUCTURE_IBAN), "2026-03-01T10:00:00Z")
            .await;
        self.claims(id(0x80), id(0x40), &[1, 2, 3, 4], "2026-03-05T10:00:00Z")
            .await;
    }

    pub async fn refundable(&self) -> [i64; 2] {
        let of = async |funder: uuid::Uuid| {
            let sum = "select coalesce(sum(cents), 0)::bigint from ledger.funder_balance
                       where book_id = $1 and kind = 'refundable' and funder_id = $2";
            sqlx::query_scalar(sum)
                .bind(PROGRAMME)
                .bind(funder)
                .fetch_one(&self.admin)
                .await
                .unwrap()
        };
        [of(FUNDERS[0]).await, of(FUNDERS[1]).await]
    }

    async fn simulates(&self, supposed: Value) -> Value {
        let (status, answer) = self.post(&path("plan-simulations"), supposed).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }
}

#[testkit::test]
async fn a_cap_of_use_is_settled_once_everything_is_swept(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.used_and_swept(&QUARTER_OF_USE).await;
    let close = json!({"id": id(0x90)});
    let refused = fixture.refused(&path("true-up"), close.clone()).await;
    assert_eq!(refused["type"], "urn:ccn:problem:programme-not-ended");
    assert_eq!(fixture.status(&path("true-up")).await, StatusCode::NOT_FOUND);
    fixture.expires(&[5], END).await;
    assert_eq!(fixture.refundable().await, [2_003, 3_997]);
    fixture.all_hold().await;
    let made = fixture.created(&path("true-up"), close).await;
    // 40 € used, 13.36 € paid, 10 € at most.
    let payment = &made["payments"][0];
    assert_eq!(
        (&payment["from_id"], &payment["to_id"], &payment["amount"]),
        (&json!(FUNDERS[1]), &json!(FUNDERS[0]), &json!("3.36"))
    );
    let step = &made["steps"][0];
    assert_eq!(
        (
            &step["paid"],
            &step["used"],
            &step["most_by_rate"],
            &step["part"],
            &step["used_vouchers"]
        ),
        (
            &json!("13.36"),
            &json!("40.00"),
            &json!("10.00"),
            &json!("10.00"),
            &json!(4)
        )
    );
    let words = step["words"].to_string().replace('\u{a0}', " ");
    assert_eq!(
        words,
        json!([
            "Ses parts dans les 4 chèques utilisés des lots où il participe (40,00 €) font 13,36 €.",
            "Son plafond en part de l'utilisé est de 10,00 €.",
            "Le dépassement, 3,36 €, est payé par « État ».",
            "Il paie donc 10,00 €."
        ])
        .to_string()
    );
    assert_eq!(fixture.refundable().await, [2_339, 3_997]);
    fixture.all_hold().await;
    assert_eq!(fixture.get_json(&path("true-up")).await, made);
}

#[testkit::test]
async fn a_programme_that_is_not_swept_is_not_closed(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.used_and_swept(&QUARTER_OF_USE).await;
    sqlx::query("insert into issuer.expiry (book_id, id, at) values ($1, $1, $2)")
        .bind(PROGRAMME)
        .bind(instant(END))
        .execute(&fixture.admin)
        .await
        .unwrap();
    let refused = fixture.refused(&path("true-up"), json!({"id": id(0x90)})).await;
    assert_eq!(refused["type"], "urn:ccn:problem:programme-not-swept");
}

#[testkit::test]
async fn who_owes_more_than_it_has_is_told_what_is_missing(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.uses_four().await;
    fixture.expires(&[5], END).await;
    fixture.hand.move_to(instant(END));
    let refund = json!({"id": id(0x95), "funder_id": FUNDERS[1], "programme_id": PROGRAMME, "method": "credit", "execute_on": "2026-08-05"});
    fixture.created("/funding/v1/refunds", refund).await;
    // Nobody of the audience was reached: the first funder pays nothing of what was used.
    fixture.limits(&half_reach(&["Jeunes"])).await;
    let refused = fixture.refused(&path("true-up"), json!({"id": id(0x90)})).await;
    assert_eq!(refused["type"], "urn:ccn:problem:true-up-short");
    let short = &refused["shortfalls"][0];
    assert_eq!(
        (&short["funder"], &short["owed"], &short["available"], &short["missing"]),
        (&json!("État"), &json!("13.36"), &json!("3.39"), &json!("9.97"))
    );
    fixture.all_hold().await;
    fixture.allocate(0xd9, FUNDERS[1], "10.00").await;
    let made = fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    assert_eq!(made["parts"][0]["part"], "0.00");
    // One person used all of it: that is not told.
    let step = &made["steps"][0];
    assert_eq!((&step["reached"], &step["after_quota"]), (&Value::Null, &json!("0.00")));
    assert!(
        step["words"].to_string().contains("trop petit pour être montré"),
        "{step}"
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn an_audience_that_was_reached_changes_nothing(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.used_and_swept(&half_reach(&["Autre", "Seniors"])).await;
    fixture.expires(&[5], END).await;
    let made = fixture.created(&path("true-up"), json!({"id": id(0x90)})).await;
    assert_eq!(
        (&made["payments"], &made["parts"][0]["part"]),
        (&json!([]), &json!("13.36"))
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn the_simulator_says_who_pays_what(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let simulated = fixture.simulates(json!({"booklets": 2, "used": 4})).await;
    let first = &simulated["funders"][0];
    assert_eq!(
        (
            &first["funder"],
            &first["reserved"],
            &first["used"],
            &first["returned"],
            &first["settled"],
            &first["pays"]
        ),
        (
            &json!("Département"),
            &json!("33.39"),
            &json!("13.36"),
            &json!("20.03"),
            &json!("0.00"),
            &json!("13.36")
        )
    );
    // What the true-up of the same figures settled, in the test above.
    let capped = json!([
        {"funder_id": FUNDERS[0], "rate": "0.3339", "used_cap": {"rate": "0.25"}, "taken_over_by": FUNDERS[1]},
        {"funder_id": FUNDERS[1], "rate": "0.6661"}
    ]);
    let simulated = fixture
        .simulates(json!({"shares": capped, "vouchers": 10, "used": 4}))
        .await;
    assert_eq!(
        (
            &simulated["funders"][0]["settled"],
            &simulated["funders"][1]["pays"],
            &simulated["used"]
        ),
        (&json!("-3.36"), &json!("30.00"), &json!("40.00"))
    );
    assert_eq!(simulated["true_up"]["payments"][0]["amount"], "3.36");
    // A cap by amount acts on what is reserved.
    let capped = json!([
        {"funder_id": FUNDERS[0], "rate": "0.5", "cap": "20.00", "taken_over_by": FUNDERS[1]},
        {"funder_id": FUNDERS[1], "rate": "0.5"}
    ]);
    let simulated = fixture
        .simulates(json!({"shares": capped, "vouchers": 10, "used": 10}))
        .await;
    assert_eq!(
        (
            &simulated["funders"][0]["batch_rate"],
            &simulated["funders"][0]["pays"],
            &simulated["funders"][1]["pays"]
        ),
        (&json!("0.2"), &json!("20.00"), &json!("80.00"))
    );
    let stored: i64 = sqlx::query_scalar("select count(*) from catalogue.plan")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(stored, 1, "nothing is stored");
}

#[testkit::test]
async fn what_cannot_be_simulated_is_said(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let quota = json!([
        {"funder_id": FUNDERS[0], "rate": "0.5", "audience_quota": {"rate": "0.5", "audiences": ["Seniors"]},
         "taken_over_by": FUNDERS[1]},
        {"funder_id": FUNDERS[1], "rate": "0.5"}
    ]);
    for (supposed, kind, words) in [
        (json!({"used": 1}), "simulation-field", "booklets"),
        (
            json!({"booklets": 1, "vouchers": 5, "used": 1}),
            "simulation-field",
            "booklets",
        ),
        (json!({"vouchers": 0, "used": 0}), "simulation-field", "vouchers"),
        (json!({"vouchers": 5, "used": 6}), "simulation-field", "used"),
        (
            json!({"vouchers": 5, "used": 5, "shares": quota}),
            "simulation-field",
            "audience_rate",
        ),
        (json!({"vouchers": 5, "used": 5, "plan_id": id(7)}), "not-found", ""),
        (
            json!({"vouchers": 5, "used": 5, "shares": [{"funder_id": FUNDERS[0], "rate": "1", "cap": "5.00"}]}),
            "not-a-plan",
            "taken_over_by",
        ),
    ] {
        let refused = fixture.refused(&path("plan-simulations"), supposed).await;
        assert_eq!(refused["type"], format!("urn:ccn:problem:{kind}"), "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
    // A funder of the plan may ask; a stranger may not.
    let body = json!({"booklets": 2, "used": 4}).to_string().into_bytes();
    let key = fixture.key_of(FUNDERS[0], None).await;
    let asked = fixture
        .send("POST", &path("plan-simulations"), &key, body.clone())
        .await;
    assert_eq!(asked.0, StatusCode::OK);
    let stranger = json!({"id": id(0x77), "name": "Autre", "roles": ["sponsor"]});
    let key = fixture.key_of(id(0x77), Some(stranger)).await;
    let asked = fixture.send("POST", &path("plan-simulations"), &key, body).await;
    assert_eq!(asked.0, StatusCode::NOT_FOUND);
    assert_ne!(id(0x77), SPONSOR);
}

#[testkit::test]
async fn nobody_gets_into_a_programme_by_naming_itself_in_a_supposed_plan(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let other = id(0x78);
    let foundation = json!({"id": other, "name": "Fondation d'ailleurs", "roles": ["funder"]});
    let key = fixture.key_of(other, Some(foundation)).await;
    let shares = json!([{"funder_id": other, "rate": "0.5"}, {"funder_id": FUNDERS[0], "rate": "0.5"}]);
    let body = json!({"booklets": 2, "used": 4, "shares": shares});
    let asked = fixture
        .send("POST", &path("plan-simulations"), &key, body.to_string().into_bytes())
        .await;
    assert_eq!(asked.0, StatusCode::NOT_FOUND);
}
