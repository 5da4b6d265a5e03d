//! Promises beside the books: announcements, what conventions say, calls that are late and their reminders.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::quoting;
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, id, instant};

fn convention(n: u128) -> Value {
    json!({"id": id(n), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "amount": "40.00",
        "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"})
}

fn with(mut body: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { unreachable!() };
    body.as_object_mut().unwrap().extend(fields);
    body
}

impl Fixture {
    pub async fn reminds(&self, at: &str) -> usize {
        self.hand.move_to(instant(at));
        let mut tx = self.admin.begin().await.unwrap();
        let reminded = funding::remind(&mut tx, instant(at)).await.unwrap();
        tx.commit().await.unwrap();
        reminded
    }

    async fn column(&self, programme: Option<uuid::Uuid>, column: &str) -> Value {
        let waterfall = self.get_json("/funding/v1/waterfall").await;
        let rows = waterfall["rows"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["funder_id"] == json!(FUNDERS[0]) && row["programme_id"] == json!(programme));
        row.map_or(Value::Null, |row| row[column].clone())
    }
}

#[testkit::test]
async fn announced_money_stands_beside_the_books_and_is_not_counted_twice(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    // 100 € are signed, and never were announced apart.
    assert_eq!(fixture.column(Some(PROGRAMME), "announced").await, "100.00");
    let announced = json!({"id": id(0x201), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "amount": "250.00",
        "announced_on": "2026-01-05", "source": " Délibération 2026-41 "});
    let made = fixture.created("/funding/v1/announcements", announced.clone()).await;
    assert_eq!(made["source"], "Délibération 2026-41");
    assert_eq!(fixture.column(Some(PROGRAMME), "announced").await, "350.00");
    assert_eq!(fixture.column(Some(PROGRAMME), "agreed").await, "100.00");
    // Of the 250 € announced, 40 € are signed.
    let signed = with(convention(0xa9), json!({"announcement_id": id(0x201)}));
    fixture.created("/funding/v1/conventions", signed).await;
    assert_eq!(fixture.column(Some(PROGRAMME), "announced").await, "350.00");
    assert_eq!(fixture.column(Some(PROGRAMME), "agreed").await, "140.00");
    // Nobody said for which programme.
    let at_large = json!({"id": id(0x202), "funder_id": FUNDERS[0], "amount": "7.00", "announced_on": "2026-01-05",
        "source": "Communiqué"});
    fixture.created("/funding/v1/announcements", at_large.clone()).await;
    assert_eq!(fixture.column(None, "announced").await, "7.00");
    assert_eq!(fixture.column(None, "received").await, "0.00");
    for (field, value, status) in [
        ("source", json!(" "), 422),
        ("amount", json!("0.00"), 422),
        ("funder_id", json!(id(9)), 404),
        ("programme_id", json!(id(9)), 404),
    ] {
        let wrong = with(at_large.clone(), json!({"id": id(0x203), field: value}));
        assert_eq!(
            fixture.refused("/funding/v1/announcements", wrong).await["status"],
            status,
            "{field}"
        );
    }
    let other = with(announced, json!({"amount": "251.00"}));
    assert_eq!(fixture.refused("/funding/v1/announcements", other).await["status"], 409);
    let list = fixture.get_json("/funding/v1/announcements").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_convention_says_for_where_for_whom_and_how_much_at_most(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let more = json!({"territory": "21", "audience": "Seniors", "rate": "0.50", "cap": "30.00"});
    let made = fixture
        .created("/funding/v1/conventions", with(convention(0xa9), more.clone()))
        .await;
    assert_eq!(
        (&made["territory"], &made["audience"], &made["rate"], &made["cap"]),
        (&json!("21"), &json!("Seniors"), &json!("0.5"), &json!("30.00"))
    );
    for wrong in [
        json!({"territory": "ZZ"}),
        json!({"audience": "Inconnus"}),
        json!({"rate": "1.1"}),
        json!({"rate": "0.123456789"}),
        json!({"cap": "0.00"}),
        json!({"announcement_id": id(9)}),
    ] {
        let refused = fixture
            .post("/funding/v1/conventions", with(convention(0xaa), wrong.clone()))
            .await;
        assert!(refused.0.is_client_error(), "{wrong} {}", refused.1);
    }
    assert_eq!(
        fixture
            .refused(
                "/funding/v1/conventions",
                with(convention(0xa9), json!({"rate": "0.4"}))
            )
            .await["status"],
        409
    );
    let seen = fixture.get_json(&format!("/funding/v1/conventions/{}", id(0xa9))).await;
    assert_eq!((&seen["cap"], &seen["called"]), (&json!("30.00"), &json!("0.00")));
    let key = fixture.key_of(FUNDERS[1], None).await;
    let (status, bytes) = fixture.send("GET", "/funding/v1/conventions", &key, Vec::new()).await;
    let list: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (status, list["items"].as_array().unwrap().len()),
        (StatusCode::OK, 1),
        "a funder sees its own"
    );
}

#[testkit::test]
async fn no_plan_goes_beyond_what_its_funders_signed(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let path = format!("/funding/v1/programmes/{PROGRAMME}/plans");
    let plan =
        |n: u128, first: Value| json!({"id": id(n), "shares": [first, {"funder_id": FUNDERS[1], "rate": "0.4"}]});
    let share = json!({"funder_id": FUNDERS[0], "rate": "0.6"});
    // A convention without rate and cap lets any share pass.
    fixture.created(&path, plan(0x31, share.clone())).await;
    sqlx::query("update funding.convention set rate = 0.5, cap_cents = 5000 where id = $1")
        .bind(id(0xa1))
        .execute(&fixture.admin)
        .await
        .unwrap();
    let refused = fixture.refused(&path, plan(0x32, share.clone())).await;
    assert_eq!(refused["type"], "urn:ccn:problem:beyond-convention");
    assert_eq!(
        (&refused["funders"][0]["rate"], &refused["funders"][0]["cap"]),
        (&json!("0.5"), &json!("50.00"))
    );
    let capped = json!({"funder_id": FUNDERS[0], "rate": "0.5", "cap": "50.00", "taken_over_by": FUNDERS[1]});
    let fits = json!({"id": id(0x33), "shares": [capped, {"funder_id": FUNDERS[1], "rate": "0.5"}]});
    let made = fixture.created(&path, fits).await;
    assert_eq!(made["shares"][0]["cap"], "50.00");
    assert_eq!(made["shares"][1], json!({"funder_id": FUNDERS[1], "rate": "0.5"}));
}

#[testkit::test]
async fn an_overdue_call_ages_and_is_reminded_once_at_each_of_its_days(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    // Due on 31 March.
    let reference = fixture.call(0xc1, 0xa1, "60.00").await;
    fixture.call(0xc2, 0xa2, "50.00").await;
    assert_eq!(
        fixture.reminds("2026-03-31T21:59:00Z").await,
        0,
        "the day itself is not late"
    );
    assert_eq!(
        fixture.reminds("2026-03-31T22:00:00Z").await,
        2,
        "in Paris it is 1 April"
    );
    assert_eq!(fixture.reminds("2026-04-01T10:00:00Z").await, 0, "each once");
    fixture.loads(1, "0.00", vec![quoting("20.00", &reference)]).await;
    let call = fixture.get_json(&format!("/funding/v1/calls/{}", id(0xc1))).await;
    assert_eq!(
        (&call["received"], &call["missing"], &call["overdue_days"]),
        (&json!("20.00"), &json!("40.00"), &json!(1))
    );
    // Nothing ran on the 15th day: the 30th is not preceded by it.
    assert_eq!(fixture.reminds("2026-05-02T10:00:00Z").await, 2);
    assert_eq!(fixture.reminds("2026-06-02T10:00:00Z").await, 0);
    let overdue = fixture.get_json("/funding/v1/calls/overdue").await;
    assert_eq!(overdue["calls"].as_array().unwrap().len(), 2);
    assert_eq!(
        overdue["bands"][2],
        json!({"days": "31-90", "count": 2, "amount": "90.00"})
    );
    assert_eq!(
        overdue["calls"][0]["reminders"],
        json!([
            {"days": 1, "reminded_on": "2026-04-01", "missing": "60.00"},
            {"days": 30, "reminded_on": "2026-05-02", "missing": "40.00"}
        ])
    );
    let trail: i64 = sqlx::query_scalar("select count(*) from access.audit where action = 'call.remind'")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(trail, 4);
    // What is there, or mandated, is late no more.
    fixture.accepts_mandates(true).await;
    let mandate = json!({"id": id(0x1e1), "convention_id": id(0xa2), "call_id": id(0xc2), "number": "1",
        "amount": "50.00", "issued_on": "2026-05-20"});
    fixture.created("/funding/v1/mandates", mandate).await;
    fixture.loads(2, "20.00", vec![quoting("40.00", &reference)]).await;
    assert_eq!(fixture.get_json("/funding/v1/calls/overdue").await["calls"], json!([]));
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_programme_chooses_its_days_of_reminder(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let path = format!("/funding/v1/programmes/{PROGRAMME}/funding-terms");
    let before = fixture.get_json(&path).await;
    assert_eq!(
        before,
        json!({"accepts_mandates": false, "fee_rate": "0", "vat_rate": "0.2", "reminder_days": [1, 15, 30]})
    );
    for wrong in [
        json!({"reminder_days": [15, 1]}),
        json!({"reminder_days": [0]}),
        json!({"fee_rate": "1.1"}),
        json!({"vat_rate": "-0.1"}),
    ] {
        let (status, answer) = fixture.put(&path, wrong.to_string().into_bytes()).await;
        assert_eq!(
            (status.as_u16(), &answer["type"]),
            (422, &json!("urn:ccn:problem:funding-terms"))
        );
    }
    let set = json!({"reminder_days": [5]}).to_string().into_bytes();
    assert_eq!(fixture.put(&path, set.clone()).await.0, StatusCode::CREATED);
    assert_eq!(fixture.put(&path, set).await.0, StatusCode::OK);
    fixture.call(0xc1, 0xa1, "60.00").await;
    assert_eq!(fixture.reminds("2026-04-04T10:00:00Z").await, 0);
    assert_eq!(fixture.reminds("2026-04-05T10:00:00Z").await, 1);
}
