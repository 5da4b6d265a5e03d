//! Codes typed by hand: what they buy, what they are told, and how often they may be tried.

use chrono::TimeDelta;
use redemption::claims::claim::{
    CODES_WINDOW_SECONDS, WRONG_CODES_EVERYBODY_MAX, WRONG_CODES_KEY_MAX, WRONG_CODES_STRUCTURE_MAX,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use testkit::Answer;
use uuid::Uuid;
use voucher::VoucherId;

use crate::actor::Mediator;
use crate::fixture::{Fixture, MORNING, code, instant, number, paper};

impl Mediator {
    pub async fn types(&self, id: u128, tokens: &[String], codes: &[String]) -> Answer {
        let claim = json!({ "id": Uuid::from_u128(id), "tokens": tokens, "short_codes": codes, "service": "bureautique",
            "date": "2026-03-10" });
        self.client.post("/redemption/v1/claims", claim).await
    }

    /// Types codes that nobody has, one claim each, until that is enough; how many were looked for.
    async fn guesses(&self, from: u64) -> i32 {
        for guess in 0..100 {
            let answer = self.types(u128::from(guess) + 1, &[], &[nobodys(from + guess)]).await;
            if answer.status == 429 {
                return i32::try_from(guess).unwrap();
            }
            assert_eq!(answer.kind().as_str(), "code-unknown");
        }
        panic!("100 wrong codes and no end")
    }

    /// The same structure with another device.
    async fn another_device(&self, fixture: &Fixture, nth: u128) -> Self {
        let key = Uuid::from_u128(0xcc00 + nth);
        Self {
            structure: self.structure,
            client: fixture.operator.gives_key(self.structure.uuid(), key).await,
        }
    }
}

/// A rightly formed code that no voucher has.
fn nobodys(n: u64) -> String {
    VoucherId::new((u64::MAX - n).to_be_bytes()).short_code().to_string()
}

/// What was said, without the request's id.
fn said(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[testkit::test]
async fn a_typed_code_is_as_good_as_its_qr_code(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=5).await;
    let receipt = structure.types(1, &tokens[..1], &[code(2), code(3)]).await.created();
    assert_eq!(receipt["total"], "30.00");
    assert_eq!(
        receipt["vouchers"][1],
        json!({ "series": programme.series, "idx": 2, "value": "10.00" })
    );
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(3000));

    // Once the camera reads them after all, it is still the same claim.
    assert_eq!(structure.types(1, &tokens[..3], &[]).await.ok(), receipt);
    assert_eq!(
        structure.types(1, &[], &[code(3), code(1), code(2)]).await.ok(),
        receipt
    );

    // As people write it; and with what they cannot read.
    let written = code(4).to_lowercase().replace('-', " ").replace('0', "o");
    structure.types(2, &[], &[written]).await.created();
    let mut worn = code(5);
    worn.replace_range(2..3, "?");
    worn.replace_range(14..15, "?");
    structure.types(3, &[], &[worn]).await.created();
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(5000));
}

#[testkit::test]
async fn a_cover_is_told_scanned_or_typed_and_spends_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    let cover = voucher::CoverCode::new(programme.series, 1).unwrap();
    let scanned = cover.to_url(&"cheque.example.fr".parse().unwrap());
    // More often than wrong codes are allowed: nothing is looked for.
    for attempt in 1..=20 {
        let answer = structure
            .types(attempt, &[tokens[0].clone(), scanned.clone()], &[cover.to_string()])
            .await;
        assert_eq!((answer.status, answer.kind().as_str()), (422, "cover"));
        assert_eq!(
            answer.bad_vouchers(),
            [(1, "cover".to_owned()), (2, "cover".to_owned())]
        );
        assert!(
            answer.text().contains("Ceci est la couverture du carnet"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(0));
    structure.types(30, &tokens, &[]).await.created();
}

#[testkit::test]
async fn a_slip_is_told_with_its_place_and_counts_for_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    let mut slip = code(2);
    slip.replace_range(13..14, if slip.get(13..14) == Some("7") { "8" } else { "7" });
    for attempt in 1..=20 {
        let codes = [slip.clone(), "U2345".to_owned(), code(1)];
        let answer = structure.types(attempt, &tokens[..1], &codes).await;
        assert_eq!((answer.status, answer.kind().as_str()), (422, "mistyped"));
        assert_eq!(
            answer.bad_vouchers(),
            [(1, "mistyped".to_owned()), (2, "mistyped".to_owned())]
        );
        assert_eq!(answer.json()["vouchers"][0]["short_code"], 0);
        assert_eq!(answer.json()["vouchers"][1]["short_code"], 1);
        assert!(!answer.json().to_string().contains(&slip), "a code is never repeated");
    }
    let counted: i64 = sqlx::query_scalar("select count(*) from redemption.code_attempt")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(counted, 0);
    structure.types(30, &tokens[..1], &[code(2)]).await.created();
}

#[testkit::test]
async fn a_code_that_nobody_has_and_a_voucher_without_value_are_told_the_same(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    fixture.activates(programme, 1..=1).await;
    fixture.prints(programme, 2..=3).await;
    fixture.revokes(programme, 3).await;
    let nobody = structure.types(1, &[], &[code(1), nobodys(1)]).await;
    let inactive = structure.types(2, &[], &[code(1), code(2)]).await;
    let revoked = structure.types(3, &[], &[code(1), code(3)]).await;
    assert_eq!(nobody.status, 422);
    assert_eq!(nobody.bad_vouchers(), [(1, "code-unknown".to_owned())]);
    assert_eq!(said(&nobody), said(&inactive));
    assert_eq!(said(&nobody), said(&revoked));
    let wrong: Vec<i32> = sqlx::query_scalar("select wrong from redemption.code_attempt")
        .fetch_all(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(wrong, [3, 3, 3]);
}

#[testkit::test]
async fn a_typed_voucher_is_refused_as_its_qr_code_would_be(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure, other) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    let tokens = fixture.activates(programme, 1..=4).await;
    structure.types(1, &[], &[code(1)]).await.created();
    fixture.revokes(programme, 2).await;
    let used = structure.types(2, &[], &[code(1)]).await;
    assert_eq!(
        (used.kind().as_str(), &used.json()["vouchers"][0]["used_on"]),
        ("already-used-by-you", &json!("2026-03-10"))
    );
    assert_eq!(other.types(2, &[], &[code(1)]).await.kind(), "already-used-elsewhere");
    assert_eq!(structure.types(2, &[], &[code(2)]).await.kind(), "revoked");
    let twice = structure.types(2, &tokens[2..3], &[code(3)]).await;
    assert_eq!(twice.kind().as_str(), "twice-in-one-claim");
    assert_eq!(twice.json()["vouchers"][0]["index"], 1);
    let many = structure
        .types(2, &vec![tokens[2].clone(); 25], &vec![code(3); 26])
        .await;
    assert_eq!(many.kind().as_str(), "too-many-vouchers");

    // The last day of the token, and one day of grace; three for a service of the last day.
    fixture.hand.move_to(instant("2027-02-01T22:00:00Z"));
    let claim = |id: u128, code: String, date: &str| {
        let claim = json!({ "id": Uuid::from_u128(id), "short_codes": [code], "service": "bureautique", "date": date });
        let actor = structure.client.clone();
        async move { actor.post("/redemption/v1/claims", claim).await }
    };
    claim(5, code(3), "2027-02-01").await.created();
    let by_camera = |date: &str| {
        let claim = json!({ "id": Uuid::from_u128(6), "tokens": [tokens[3]], "service": "bureautique", "date": date });
        let actor = structure.client.clone();
        async move { actor.post("/redemption/v1/claims", claim).await }
    };
    fixture.hand.move_to(instant("2027-02-02T00:00:00Z"));
    assert_eq!(claim(6, code(4), "2027-02-01").await.kind(), "expired");
    assert_eq!(by_camera("2027-02-01").await.kind(), "expired");
    fixture.hand.move_to(instant("2027-02-04T00:00:00Z"));
    assert_eq!(claim(6, code(4), "2027-01-31").await.kind(), "expired");
    assert_eq!(by_camera("2027-01-31").await.kind(), "expired");
    fixture.hand.move_to(instant("2027-02-03T22:00:00Z"));
    claim(6, code(4), "2027-01-31").await.created();
}

#[testkit::test]
async fn vouchers_of_a_key_that_is_believed_no_more_cannot_be_typed_either(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=1).await;
    sqlx::query("update catalogue.signing_key set valid_until = '2026-03-01'")
        .execute(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(structure.types(1, &[], &[code(1)]).await.kind(), "forged");
    assert_eq!(structure.claims(1, &tokens).await.kind(), "forged");
}

#[testkit::test]
async fn a_device_that_guesses_is_stopped_for_an_hour_and_its_camera_is_not(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure, other) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    let tokens = fixture.activates(programme, 1..=4).await;
    assert_eq!(structure.guesses(0).await, WRONG_CODES_KEY_MAX);

    fixture.hand.move_to(instant(MORNING) + TimeDelta::minutes(20));
    let stopped = structure.types(50, &[], &[code(1)]).await;
    assert_eq!((stopped.status, stopped.kind().as_str()), (429, "too-many-codes"));
    assert_eq!(stopped.retry_after(), Some("2400"));
    assert_eq!(stopped.json()["retry_after_seconds"], 2400);
    assert!(stopped.json()["detail"].as_str().unwrap().contains("40 minute(s)"));
    // QR codes, and others, are not concerned.
    structure.claims(51, &tokens[1..2]).await.created();
    other.types(52, &[], &[code(3)]).await.created();
    let phone = structure.another_device(&fixture, 1).await;
    phone.types(53, &[], &[code(4)]).await.created();

    fixture
        .hand
        .move_to(instant(MORNING) + TimeDelta::seconds(CODES_WINDOW_SECONDS - 1));
    assert_eq!(structure.types(50, &[], &[code(1)]).await.status, 429);
    fixture
        .hand
        .move_to(instant(MORNING) + TimeDelta::seconds(CODES_WINDOW_SECONDS));
    structure.types(50, &[], &[code(1)]).await.created();
}

#[testkit::test]
async fn many_devices_of_a_structure_count_together(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let structure = fixture.structure(0).await;
    let mut wrong = 0;
    for nth in 0..4 {
        let phone = structure.another_device(&fixture, nth).await;
        wrong += phone.guesses(u64::try_from(nth).unwrap() * 100).await;
    }
    assert_eq!(wrong, WRONG_CODES_STRUCTURE_MAX);
}

#[testkit::test]
async fn everybody_counts_together_across_processes(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    // Others were wrong all but once, at other processes.
    sqlx::query("insert into redemption.code_attempt values ('everybody', $1, $2, $3, $3)")
        .bind(Uuid::nil())
        .bind(instant(MORNING))
        .bind(WRONG_CODES_EVERYBODY_MAX - 1)
        .execute(&fixture.admin)
        .await
        .unwrap();
    structure.types(1, &[], &[code(1)]).await.created();
    assert_eq!(structure.guesses(0).await, 1);
    structure.claims(3, &tokens[1..]).await.created();
}

#[testkit::test]
async fn guesses_made_at_once_pass_no_limit_together(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let structure = fixture.structure(0).await;
    let guesses: Vec<_> = (0..40u64)
        .map(|n| {
            let structure = structure.clone();
            tokio::spawn(async move { structure.types(u128::from(n), &[], &[nobodys(n)]).await.status })
        })
        .collect();
    let mut looked_for = 0;
    for guess in guesses {
        looked_for += i32::from(guess.await.unwrap() == 422);
    }
    assert_eq!(looked_for, WRONG_CODES_KEY_MAX);
}

#[testkit::test]
async fn counts_that_no_longer_count_are_swept(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (structure, other) = (fixture.structure(0).await, fixture.structure(1).await);
    structure.types(1, &[], &[nobodys(1)]).await.refused_with(422);
    fixture.hand.move_to(instant(MORNING) + TimeDelta::hours(2));
    other.types(1, &[], &[nobodys(2)]).await.refused_with(422);
    let subjects: Vec<Uuid> =
        sqlx::query_scalar("select subject from redemption.code_attempt where scope = 'structure'")
            .fetch_all(&fixture.admin)
            .await
            .unwrap();
    assert_eq!(subjects, [other.structure.uuid()]);
}

#[testkit::test]
async fn the_services_role_learns_no_code_from_the_database(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    fixture.activates(programme, 1..=1).await;
    for sql in [
        "select nonce from issuer.voucher",
        "select code_digest from issuer.voucher",
        "select issuer.vouchers_of_codes(array(select code_digest from issuer.voucher))",
    ] {
        let error = sqlx::raw_sql(sql).execute(&fixture.pool).await.unwrap_err();
        assert_eq!(
            error.as_database_error().unwrap().code().as_deref(),
            Some("42501"),
            "{sql}"
        );
    }
    let asked = "select number from issuer.vouchers_of_codes(array[$1])";
    let found: Vec<i64> = sqlx::query_scalar(asked)
        .bind(
            testkit::code_keys()
                .digests(paper(programme.series, 1).terms().id)
                .next()
                .unwrap(),
        )
        .fetch_all(&fixture.pool)
        .await
        .unwrap();
    assert_eq!(found, [number(programme, 1).get()]);
    // Nobody else may ask at all.
    let funding = testkit::as_role(&fixture.admin, database::Role::Funding, 1).await;
    let error = sqlx::query(asked)
        .bind(vec![0u8; 16])
        .execute(&funding)
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"));
}
