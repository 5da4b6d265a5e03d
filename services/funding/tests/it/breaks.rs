//! What nobody can match has a life: it is opened, explained by a person, and closed.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{moved, naming, returning};
use crate::cycle::{PAID, march};
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, id, instant};
use crate::payment_reports::report;

impl Fixture {
    pub async fn breaks(&self) -> Vec<Value> {
        self.get_json("/funding/v1/breaks").await["items"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub async fn put_json(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.put(path, body.to_string().into_bytes()).await
    }

    /// Explains a break, twice: the second time changes nothing.
    async fn explains(&self, broken: &Value, explanation: Value) -> Value {
        let path = format!("/funding/v1/breaks/{}/explanation", broken["id"].as_str().unwrap());
        let (status, answer) = self.put_json(&path, explanation.clone()).await;
        assert_eq!(
            (status, &answer["state"]),
            (StatusCode::CREATED, &json!("explained")),
            "{answer}"
        );
        assert_eq!(
            self.put_json(&path, explanation).await,
            (StatusCode::OK, answer.clone())
        );
        self.all_hold().await;
        answer
    }

    async fn refuses_to_explain(&self, broken: &Value, explanation: Value) -> Value {
        let path = format!("/funding/v1/breaks/{}/explanation", broken["id"].as_str().unwrap());
        let (status, answer) = self.put_json(&path, explanation).await;
        assert!(status.is_client_error(), "{answer}");
        answer["type"].clone()
    }

    pub async fn suspense(&self) -> i64 {
        sqlx::query_scalar("select cents from ledger.balance where kind = 'suspense'")
            .fetch_one(&self.admin)
            .await
            .unwrap()
    }
}

pub fn kinds(breaks: &[Value]) -> Vec<(&str, &str)> {
    let of = |one: &'_ Value, name| one[name].as_str().map(str::to_owned).unwrap().leak() as &str;
    breaks.iter().map(|one| (of(one, "kind"), of(one, "amount"))).collect()
}

#[testkit::test]
async fn an_unexplained_line_becomes_a_contribution_or_a_charge_and_is_closed(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("30.00"), moved("-1.20")]).await;
    let breaks = fixture.breaks().await;
    let mut found = kinds(&breaks);
    found.sort_unstable();
    assert_eq!(found, [("unexpected", "-1.20"), ("unexpected", "30.00")]);
    let credit = breaks.iter().find(|one| one["amount"] == "30.00").unwrap();
    let debit = breaks.iter().find(|one| one["amount"] == "-1.20").unwrap();
    assert_eq!(fixture.suspense().await, 2880);

    let path = |name| format!("/funding/v1/breaks/{}/{name}", credit["id"].as_str().unwrap());
    let closing = json!({"why": "Vérifié avec la banque."});
    let (_, answer) = fixture.put_json(&path("closing"), closing.clone()).await;
    assert_eq!(answer["type"], "urn:ccn:problem:break-not-explained");
    let (status, answer) = fixture.put_json(&path("owner"), json!({"owner": "Comptabilité"})).await;
    assert_eq!(
        (status, &answer["owner"]),
        (StatusCode::CREATED, &json!("Comptabilité"))
    );

    let contribution = json!({"what": "contribution", "why": "Confirmé par le payeur.", "funder_id": FUNDERS[0]});
    for (wrong, problem) in [
        (json!({"what": "bank_charge", "why": "x"}), "break-amount"),
        (json!({"what": "contribution", "why": "x"}), "break-misfit"),
        (
            json!({"what": "contribution", "why": " ", "funder_id": FUNDERS[0]}),
            "break-words",
        ),
        (
            json!({"what": "contribution", "why": "x", "funder_id": id(9)}),
            "not-found",
        ),
        (
            json!({"what": "returned", "why": "x", "payment_id": id(9)}),
            "not-found",
        ),
    ] {
        assert_eq!(
            fixture.refuses_to_explain(credit, wrong).await,
            format!("urn:ccn:problem:{problem}")
        );
    }
    let explained = fixture.explains(credit, contribution).await;
    assert_eq!(
        (&explained["explained_as"], &explained["owner"]),
        (&json!("contribution"), &json!("Comptabilité"))
    );
    let other = json!({"what": "words", "why": "autre"});
    assert_eq!(
        fixture.refuses_to_explain(credit, other).await,
        "urn:ccn:problem:break-explained"
    );
    let charge = json!({"what": "bank_charge", "why": "Tenue de compte."});
    assert_eq!(
        fixture
            .refuses_to_explain(debit, json!({"what": "mandate", "why": "x", "mandate_id": id(9)}))
            .await,
        "urn:ccn:problem:break-misfit"
    );
    fixture.explains(debit, charge).await;
    assert_eq!(fixture.suspense().await, 0);
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(waterfall["totals"][0]["received"], "30.00");

    let (status, closed) = fixture.put_json(&path("closing"), closing.clone()).await;
    assert_eq!((status, &closed["state"]), (StatusCode::CREATED, &json!("closed")));
    assert_eq!(
        fixture.put_json(&path("closing"), closing).await,
        (StatusCode::OK, closed.clone())
    );
    let steps: Vec<_> = closed["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["state"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["open", "open", "explained", "closed"]);
    assert_eq!(fixture.breaks().await.len(), 1);
    assert_eq!(
        fixture.get_json("/funding/v1/breaks?state=closed").await["items"][0],
        closed
    );
    let acts: Vec<String> =
        sqlx::query_scalar("select action from access.audit where action like 'break.%' order by at, action")
            .fetch_all(&fixture.admin)
            .await
            .unwrap();
    assert_eq!(acts, ["break.close", "break.explain", "break.explain", "break.own"]);
}

#[testkit::test]
async fn a_payment_that_the_bank_did_not_name_is_explained_debited_and_returned(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settlement["payments"][0]["end_to_end"].as_str().unwrap();
    let payment: uuid::Uuid = end_to_end.parse().unwrap();
    // Named with another reference, so that neither it nor the amount tells.
    let unknown = json!("X");
    fixture.loads(2, "200.00", vec![naming("-20.00", &unknown)]).await;
    let breaks = fixture.breaks().await;
    let debit = breaks.iter().find(|one| one["kind"] == "unexpected").unwrap();
    let explanation = json!({"what": "payment", "why": "Référence perdue par la banque.", "payment_id": payment});
    fixture.explains(debit, explanation).await;
    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "debited");

    fixture.loads(3, "180.00", vec![moved("20.00"), moved("19.00")]).await;
    let breaks = fixture.breaks().await;
    let of = |amount: &str| breaks.iter().find(|one| one["amount"] == amount).unwrap();
    let returned = json!({"what": "returned", "why": "Avis de retour de la banque.", "payment_id": payment});
    assert_eq!(
        fixture.refuses_to_explain(of("19.00"), returned.clone()).await,
        "urn:ccn:problem:break-amount"
    );
    fixture.explains(of("20.00"), returned).await;
    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "returned");
    fixture
        .has_structure(PAID, Some(crate::fixture::OTHER_IBAN), "2026-04-02T00:00:00Z")
        .await;
    assert_eq!(fixture.settle(2, "2026-03", "2026-04-03").await["total"], "20.00");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_break_tells_its_kind(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let payment = &settlement["payments"][0]["end_to_end"];
    let none = json!("00000000000000000000000000000001");
    let entries = vec![
        naming("-20.00", payment),
        naming("-20.00", payment),
        naming("-19.00", payment),
        returning("7.00", &none),
        naming("20.00", payment),
    ];
    fixture.loads(2, "200.00", entries).await;
    let breaks = fixture.breaks().await;
    let mut found = kinds(&breaks);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("amount_differs", "-19.00"),
            ("duplicate", "-20.00"),
            ("returned", "20.00"),
            ("returned", "7.00")
        ]
    );
    let file = report(
        1,
        &format!("CCN{}", id(1).simple()),
        "",
        &[(payment.as_str().unwrap(), "RJCT", None), ("Z", "RJCT", None)],
    );
    fixture.reports(file).await;
    let breaks = fixture.breaks().await;
    let of_report: Vec<_> = breaks
        .iter()
        .filter(|one| one["payment_report_id"].is_string())
        .cloned()
        .collect();
    let mut found = kinds(&of_report);
    found.sort_unstable();
    assert_eq!(found, [("returned", "20.00"), ("unexpected", "0.00")]);
    let words = json!({"what": "words", "why": "La banque le renvoie demain."});
    fixture.explains(&of_report[0], words).await;
}

#[testkit::test]
async fn what_does_not_come_is_missing_or_late_until_it_comes(admin: PgPool) {
    let fixture = march(admin).await;
    // The bank's statement closes on 10 April: seven days after the execution, and the call was due on 2 April, the day it was made.
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    // Both conventions are called in full: a third one.
    let convention = json!({"id": id(0xa3), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "amount": "50.00",
        "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
    fixture.created("/funding/v1/conventions", convention).await;
    let call = json!({"id": id(0xc3), "convention_id": id(0xa3), "amount": "50.00", "due_on": "2026-04-02"});
    let called = fixture.created("/funding/v1/calls", call).await;
    let reference = called["reference"].as_str().unwrap();
    fixture.loads(2, "200.00", vec![]).await;
    let breaks = fixture.breaks().await;
    assert_eq!(kinds(&breaks), [("late", "50.00"), ("missing", "-20.00")]);
    fixture
        .loads(3, "200.00", vec![crate::bank::quoting("49.00", reference)])
        .await;
    assert_eq!(fixture.breaks().await.len(), 2);
    let entries = vec![
        crate::bank::quoting("1.00", reference),
        naming("-20.00", &settlement["payments"][0]["end_to_end"]),
    ];
    fixture.loads(4, "249.00", entries).await;
    assert_eq!(fixture.breaks().await, Vec::<Value>::new());
    assert_eq!(
        fixture.get_json("/funding/v1/breaks?state=closed").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn ages_are_reported_in_four_bands_as_json_and_csv(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    // Booked on 10 April 2026.
    fixture.loads(1, "0.00", vec![moved("30.00"), moved("-1.20")]).await;
    let bands = async |at: &str| -> Vec<(String, u64)> {
        fixture.hand.move_to(instant(at));
        let report = fixture.get_json("/funding/v1/breaks/ageing").await;
        let bands = report["bands"].as_array().unwrap().iter();
        let filled = bands.filter(|band| band["breaks"] != 0);
        filled
            .map(|band| {
                (
                    band["days"].as_str().unwrap().to_owned(),
                    band["breaks"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    for (at, band) in [
        ("2026-04-17T10:00:00Z", "0-7"),
        // Eight days in Paris, seven in Greenwich.
        ("2026-04-17T22:30:00Z", "8-30"),
        ("2026-05-11T10:00:00Z", "31-90"),
        ("2026-07-09T10:00:00Z", "31-90"),
        ("2026-07-10T10:00:00Z", ">90"),
    ] {
        assert_eq!(bands(at).await, [(band.to_owned(), 2)], "{at}");
    }
    let report = fixture.get_json("/funding/v1/breaks/ageing").await;
    assert_eq!(
        (&report["bands"][3]["money_in"], &report["bands"][3]["money_out"]),
        (&json!("30.00"), &json!("1.20"))
    );
    let csv = String::from_utf8(fixture.get("/funding/v1/breaks/ageing.csv").await).unwrap();
    assert!(
        csv.starts_with("break_id,kind,state,owner,opened_on,age_days,days,amount\n"),
        "{csv}"
    );
    assert_eq!(
        (
            csv.lines().count(),
            csv.contains(",unexpected,open,,2026-04-10,91,>90,30.00")
        ),
        (3, true),
        "{csv}"
    );
    let funder = fixture.key_of(FUNDERS[0], None).await;
    for path in [
        "/funding/v1/breaks",
        "/funding/v1/breaks/ageing",
        "/funding/v1/breaks/ageing.csv",
    ] {
        assert_eq!(fixture.send("GET", path, &funder, Vec::new()).await.0, 403);
    }
}
