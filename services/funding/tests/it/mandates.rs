//! Public mandates: money that counts before it arrives, until it arrives or is taken off.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::quoting;
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, SPONSOR, START, id, instant};

impl Fixture {
    pub async fn accepts_mandates(&self, accepts: bool) {
        let path = format!("/funding/v1/programmes/{PROGRAMME}/funding-terms");
        let terms = json!({"accepts_mandates": accepts});
        let (status, answer) = self.put(&path, terms.to_string().into_bytes()).await;
        assert!(status.is_success(), "{answer}");
    }

    /// Mandate `n` of bordereau 12 under a convention.
    pub async fn mandates(&self, n: u128, convention: u128, amount: &str) -> Value {
        let number = format!("{:05}", n & 0xfff);
        let new = json!({"id": id(n), "convention_id": id(convention), "number": number, "bordereau": "12",
            "amount": amount, "issued_on": "2026-02-20"});
        self.created("/funding/v1/mandates", new).await
    }

    /// A programme that waits for money.
    async fn other_programme(&self, id: uuid::Uuid) {
        let new = catalogue::NewProgramme {
            id: catalogue::ProgrammeId::from_uuid(id),
            name: "Dispositif du Jura".to_owned(),
            territory: "39".parse().unwrap(),
            face_value: standards::Cents::new(1000),
            booklet_size: 5,
            spendable: catalogue::Spendable::HandOver,
            printed_day: "2026-06-30".parse().unwrap(),
            tolerance_days: None,
            booklets_min: 1,
            booklets_per_person_max: 2,
        };
        let mut tx = self.admin.begin().await.unwrap();
        catalogue::create(
            &mut tx,
            access::OrganisationId::from_uuid(SPONSOR),
            &new,
            instant(START),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn row(&self, funder: usize, programme: bool) -> Value {
        let waterfall = self.get_json("/funding/v1/waterfall").await;
        let rows = waterfall["rows"].as_array().unwrap();
        let mine = rows
            .iter()
            .find(|row| row["funder_id"] == json!(FUNDERS[funder]) && row["programme_id"].is_null() != programme);
        mine.cloned().unwrap_or_default()
    }

    async fn mandate(&self, n: u128) -> Value {
        self.get_json(&format!("/funding/v1/mandates/{}", id(n))).await
    }
}

#[testkit::test]
async fn a_mandate_counts_only_where_the_programme_accepts_it(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let new = json!({"id": id(0x1e1), "convention_id": id(0xa1), "number": "345", "amount": "60.00", "issued_on": "2026-02-20"});
    let refused = fixture.refused("/funding/v1/mandates", new.clone()).await;
    assert_eq!(refused["type"], "urn:ccn:problem:mandate-not-allowed");
    fixture.accepts_mandates(true).await;
    let made = fixture.created("/funding/v1/mandates", new.clone()).await;
    assert_eq!((&made["state"], &made["awaited"]), (&json!("awaited"), &json!("60.00")));
    let mut other = new.clone();
    other["amount"] = json!("61.00");
    assert_eq!(fixture.refused("/funding/v1/mandates", other).await["status"], 409);
    // The same number again, more than was agreed, and what is no number.
    for (field, value, problem) in [
        ("amount", json!("10.00"), "mandate-number-taken"),
        ("amount", json!("40.01"), "mandate-above"),
        ("number", json!("sans"), "mandate-field"),
        ("amount", json!("0.00"), "mandate-field"),
        ("convention_id", json!(id(0xdead)), "not-found"),
        ("call_id", json!(id(0xdead)), "not-found"),
    ] {
        let mut wrong = new.clone();
        wrong["id"] = json!(id(0x1ff));
        wrong[field] = value;
        let refused = fixture.refused("/funding/v1/mandates", wrong).await;
        assert_eq!(refused["type"], format!("urn:ccn:problem:{problem}"), "{refused}");
    }
    let row = fixture.row(0, false).await;
    assert_eq!((&row["received"], &row["mandated"]), (&json!("60.00"), &json!("60.00")));
    fixture.allocate(0xd1, FUNDERS[0], "45.00").await;
    let row = fixture.row(0, true).await;
    assert_eq!(
        (&row["received"], &row["mandated"], &row["free"]),
        (&json!("45.00"), &json!("45.00"), &json!("45.00"))
    );
    let rest = fixture.row(0, false).await;
    assert_eq!(
        (&rest["received"], &rest["mandated"]),
        (&json!("15.00"), &json!("15.00"))
    );
    fixture.all_hold().await;
}

/// What is promised is counted once, whether it was mandated, called, or has come.
#[testkit::test]
async fn mandates_stay_within_the_convention_and_the_call_whatever_came_before(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    let reference = fixture.call(0xc1, 0xa1, "60.00").await;
    let mandate = |n: u128, call: Option<u128>, amount: &str| {
        json!({"id": id(n), "convention_id": id(0xa1), "call_id": call.map(id), "number": n.to_string(),
            "amount": amount, "issued_on": "2026-02-20"})
    };
    // The convention is of 100 €: 70 € without a call leave 30 € for the call of 60 €.
    fixture
        .created("/funding/v1/mandates", mandate(0x1e1, None, "70.00"))
        .await;
    let refused = fixture
        .refused("/funding/v1/mandates", mandate(0x1e2, Some(0xc1), "30.01"))
        .await;
    assert_eq!(
        (&refused["type"], &refused["promised"], &refused["counted"]),
        (
            &json!("urn:ccn:problem:mandate-above"),
            &json!("100.00"),
            &json!("70.00")
        )
    );
    fixture
        .created("/funding/v1/mandates", mandate(0x1e2, Some(0xc1), "10.00"))
        .await;
    fixture.loads(1, "0.00", vec![quoting("10.00", &reference)]).await;
    let paid = fixture.mandate(0x1e2).await;
    assert_eq!(paid["state"], "received");
    let refused = fixture
        .refused("/funding/v1/mandates", mandate(0x1e3, Some(0xc1), "20.01"))
        .await;
    assert_eq!(
        (&refused["promised"], &refused["counted"]),
        (&json!("100.00"), &json!("80.00"))
    );
    fixture
        .created("/funding/v1/mandates", mandate(0x1e3, Some(0xc1), "20.00"))
        .await;
    fixture.all_hold().await;
}

/// The notice of a mandate whose money has come is keyed in late.
#[testkit::test]
async fn a_mandate_for_a_call_that_is_paid_is_refused(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    let reference = fixture.call(0xc1, 0xa1, "60.00").await;
    fixture.loads(1, "0.00", vec![quoting("60.00", &reference)]).await;
    let mandate = json!({"id": id(0x1e1), "convention_id": id(0xa1), "call_id": id(0xc1), "number": "345",
        "amount": "40.00", "issued_on": "2026-02-20"});
    let refused = fixture.refused("/funding/v1/mandates", mandate).await;
    assert_eq!(
        (&refused["type"], &refused["promised"], &refused["counted"]),
        (
            &json!("urn:ccn:problem:mandate-above"),
            &json!("60.00"),
            &json!("60.00")
        )
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn mandated_money_goes_to_no_programme_that_waits_for_money(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "60.00").await;
    let reference = fixture.call(0xc1, 0xa1, "40.00").await;
    fixture.loads(1, "0.00", vec![quoting("40.00", &reference)]).await;
    fixture.accepts_mandates(false).await;
    fixture.allocate(0xd1, FUNDERS[0], "40.00").await;
    let more = json!({"id": id(0xd2), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "amount": "0.01"});
    let refused = fixture.refused("/funding/v1/allocations", more.clone()).await;
    assert_eq!(refused["type"], "urn:ccn:problem:mandated-not-received");
    assert_eq!(refused["available"], "0.00");
    fixture.accepts_mandates(true).await;
    fixture.created("/funding/v1/allocations", more).await;
    fixture.all_hold().await;
}

/// Whatever comes first: what the mandates await stands where it may, and what came goes where it is wanted.
#[testkit::test]
async fn money_that_came_is_free_when_the_mandated_money_stands_elsewhere(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "60.00").await;
    fixture.allocate(0xd1, FUNDERS[0], "60.00").await;
    let reference = fixture.call(0xc1, 0xa1, "40.00").await;
    fixture.loads(1, "0.00", vec![quoting("40.00", &reference)]).await;
    let strict = id(0xbb);
    fixture.other_programme(strict).await;
    let allocation =
        |n: u128, amount: &str| json!({"id": id(n), "funder_id": FUNDERS[0], "programme_id": strict, "amount": amount});
    let refused = fixture
        .refused("/funding/v1/allocations", allocation(0xd2, "40.01"))
        .await;
    assert_eq!(refused["status"], 422);
    fixture
        .created("/funding/v1/allocations", allocation(0xd3, "40.00"))
        .await;
    let refused = fixture
        .refused("/funding/v1/allocations", allocation(0xd4, "0.01"))
        .await;
    assert_eq!(refused["status"], 422);
    fixture.all_hold().await;
}

#[testkit::test]
async fn its_money_replaces_a_mandate_in_parts_and_what_is_above_is_a_contribution(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "60.00").await;
    let rules = fixture
        .loads(
            1,
            "0.00",
            vec![
                quoting("25.00", "TRESOR PUBLIC MDT 481 BORD 12"),
                quoting("1.00", "TRESOR PUBLIC MANDAT 482"),
                quoting("2.00", "TRESOR PUBLIC MANDAT 481 BORD 13"),
            ],
        )
        .await;
    assert_eq!(rules, [Some("mandate".to_owned()), None, None]);
    let mandate = fixture.mandate(0x1e1).await;
    assert_eq!(
        (&mandate["state"], &mandate["received"], &mandate["awaited"]),
        (&json!("partly_received"), &json!("25.00"), &json!("35.00"))
    );
    fixture.all_hold().await;
    // 35 € are awaited: 40 € come.
    let rules = fixture
        .loads(2, "28.00", vec![quoting("40.00", "Bordereau n° 12 / mandat n° 481")])
        .await;
    assert_eq!(rules, [Some("mandate".to_owned())]);
    assert_eq!(fixture.mandate(0x1e1).await["state"], "received");
    let row = fixture.row(0, false).await;
    assert_eq!((&row["received"], &row["mandated"]), (&json!("65.00"), &json!("0.00")));
    fixture.all_hold().await;
    let done = json!({"reason": "trop tard"});
    let path = format!("/funding/v1/mandates/{}/cancellation", id(0x1e1));
    assert_eq!(
        fixture.refused(&path, done).await["type"],
        "urn:ccn:problem:mandate-received"
    );
    // A number that is paid names nothing any more.
    assert_eq!(
        fixture.loads(3, "68.00", vec![quoting("1.00", "MANDAT 481")]).await,
        [None]
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_line_that_quotes_the_call_pays_its_mandate_and_is_not_counted_twice(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let new = json!({"id": id(0x1e1), "convention_id": id(0xa1), "call_id": id(0xc1), "number": "345",
        "amount": "100.00", "issued_on": "2026-02-20"});
    fixture.created("/funding/v1/mandates", new).await;
    let other_call = fixture.call(0xc2, 0xa2, "50.00").await;
    let entries = vec![
        quoting("100.00", &format!("VIR {reference}")),
        quoting("50.00", &format!("{other_call} MANDAT 345")),
    ];
    let rules = fixture.loads(1, "0.00", entries).await;
    assert_eq!(rules, [Some("mandate".to_owned()), Some("call-reference".to_owned())]);
    assert_eq!(fixture.row(0, false).await["received"], "100.00");
    // The call is paid: nothing is late.
    fixture.loads(2, "150.00", vec![]).await;
    let breaks = fixture.get_json("/funding/v1/breaks").await;
    assert_eq!(breaks["items"], json!([]));
    fixture.all_hold().await;
}

#[testkit::test]
async fn two_mandates_of_one_number_are_told_apart_by_the_amount_or_not_at_all(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "60.00").await;
    fixture.mandates(0x21e1, 0xa2, "70.00").await;
    let rules = fixture
        .loads(
            1,
            "0.00",
            vec![quoting("10.00", "MANDAT 481"), quoting("70.00", "MANDAT 481")],
        )
        .await;
    assert_eq!(rules, [None, Some("mandate".to_owned())]);
    assert_eq!(fixture.mandate(0x21e1).await["state"], "received");
    assert_eq!(fixture.mandate(0x1e1).await["state"], "awaited");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_mandate_that_is_not_honoured_ages_and_is_taken_off_while_its_money_is_free(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "50.00").await;
    fixture.mandates(0x1e2, 0xa2, "80.00").await;
    fixture.allocate(0xd1, FUNDERS[0], "30.00").await;
    fixture.hand.move_to(instant("2026-03-25T10:00:00Z"));
    let ageing = fixture.get_json("/funding/v1/mandates/ageing").await;
    assert_eq!(
        ageing["bands"][2],
        json!({"days": "31-90", "count": 2, "amount": "130.00"})
    );
    assert_eq!(ageing["mandates"][0]["age_days"], 33);
    let path = format!("/funding/v1/mandates/{}/cancellation", id(0x1e1));
    let reason = json!({"reason": "Rejeté par le comptable"});
    let gone = fixture.created(&path, reason.clone()).await;
    assert_eq!(
        (&gone["state"], &gone["cancelled"]),
        (&json!("cancelled"), &json!("50.00"))
    );
    assert_eq!(fixture.refused(&path, json!({"reason": "autre"})).await["status"], 409);
    assert_eq!(fixture.row(0, true).await["free"], "0.00");
    assert_eq!(
        fixture.get_json("/funding/v1/mandates?state=awaited").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    fixture.all_hold().await;
    // Its money comes after all: that is for a person to say.
    assert_eq!(
        fixture.loads(1, "0.00", vec![quoting("50.00", "MANDAT 481")]).await,
        [None]
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_mandate_behind_a_batch_stays_and_the_refusal_says_what_is_missing(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    for (n, convention, funder) in [(0x1e1, 0xa1, 0), (0x1e2, 0xa2, 1)] {
        fixture.mandates(n, convention, "100.00").await;
        fixture.allocate(0xd1 + n, FUNDERS[funder], "70.00").await;
    }
    fixture.funds_a_batch().await;
    let path = format!("/funding/v1/mandates/{}/cancellation", id(0x1e1));
    let refused = fixture.refused(&path, json!({"reason": "Rejeté"})).await;
    assert_eq!(refused["type"], "urn:ccn:problem:mandate-used");
    assert_eq!(
        (&refused["free"], &refused["missing"]),
        (&json!("66.61"), &json!("33.39"))
    );
    assert_eq!(fixture.mandate(0x1e1).await["state"], "awaited");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_funder_sees_its_own_mandates_only(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "50.00").await;
    fixture.mandates(0x1e2, 0xa2, "80.00").await;
    let key = fixture.key_of(FUNDERS[0], None).await;
    let get = async |path: String| fixture.send("GET", &path, &key, Vec::new()).await;
    let (status, bytes) = get("/funding/v1/mandates".to_owned()).await;
    let list: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((status, list["items"].as_array().unwrap().len()), (StatusCode::OK, 1));
    assert_eq!(
        get(format!("/funding/v1/mandates/{}", id(0x1e1))).await.0,
        StatusCode::OK
    );
    assert_eq!(
        get(format!("/funding/v1/mandates/{}", id(0x1e2))).await.0,
        StatusCode::NOT_FOUND
    );
    let post = fixture.send("POST", "/funding/v1/mandates", &key, b"{}".to_vec()).await;
    assert!(matches!(
        post.0,
        StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST
    ));
}
