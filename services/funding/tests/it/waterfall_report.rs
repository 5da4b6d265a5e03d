use std::collections::{BTreeMap, BTreeSet};

use http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;

use crate::bank::{naming, quoting};
use crate::checkers::agreed;
use crate::cycle::{PAID, march};
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, id, instant};

const PATH: &str = "/funding/v1/reports/waterfall";
const STANDING: [&str; 4] = ["free", "at_risk", "owed", "cash"];

async fn report(fixture: &Fixture, query: &str) -> Value {
    fixture.get_json(&format!("{PATH}?{query}")).await
}

/// By funder, programme and column.
fn amounts(report: &Value) -> BTreeMap<(String, String, String), Cents> {
    let mut amounts = BTreeMap::new();
    for row in report["rows"].as_array().unwrap() {
        for (column, value) in row.as_object().unwrap() {
            if let Some(cents) = value.as_str().and_then(|text| text.parse().ok()) {
                let key = (
                    row["funder_id"].to_string(),
                    row["programme_id"].to_string(),
                    column.clone(),
                );
                amounts.insert(key, cents);
            }
        }
    }
    amounts
}

/// Settled, paid, reversed, claimed again, expired, given back: two months of everything.
async fn story(admin: PgPool) -> Fixture {
    let fixture = march(admin).await;
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", &settled["payments"][0]["end_to_end"])],
        )
        .await;
    fixture
        .reverses_after_settlement(id(201), PAID, &[1, 2], "2026-04-05T10:00:00Z")
        .await;
    fixture.claims(id(204), PAID, &[1], "2026-04-06T10:00:00Z").await;
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[2, 5], "2026-08-08T10:00:00Z").await;
    let refund = |n, funder: usize, way| json!({"id": id(n), "funder_id": FUNDERS[funder], "programme_id": PROGRAMME, "method": way, "execute_on": "2026-08-11"});
    let sent = fixture.created("/funding/v1/refunds", refund(31, 0, "bank")).await;
    fixture.created("/funding/v1/refunds", refund(32, 1, "credit")).await;
    let amount = format!("-{}", sent["amount"].as_str().unwrap());
    fixture
        .loads(3, "180.00", vec![naming(&amount, &sent["end_to_end"])])
        .await;
    fixture.all_hold().await;
    fixture
}

/// Two ways to the same figures: how the books stand now by the sums of accounts, and by the transfers up to the end of time.
#[testkit::test]
async fn periods_that_follow_one_another_add_up_to_the_whole(admin: PgPool) {
    let fixture = story(admin).await;
    let whole = report(&fixture, "").await;
    assert_eq!(report(&fixture, "to=2099-12-31").await, whole);
    assert_eq!(fixture.get_json("/funding/v1/waterfall").await, whole);
    let whole = amounts(&whole);
    for cut in [
        ("2026-03-09", "2026-03-10"),
        ("2026-03-31", "2026-04-01"),
        ("2026-04-05", "2026-04-06"),
        ("2026-08-09", "2026-08-10"),
    ] {
        let before = amounts(&report(&fixture, &format!("to={}", cut.0)).await);
        let after = amounts(&report(&fixture, &format!("from={}", cut.1)).await);
        let keys: BTreeSet<_> = whole.keys().chain(before.keys()).chain(after.keys()).collect();
        for key in keys {
            let cents = whole.get(key).copied().unwrap_or_default();
            let earlier = before.get(key).copied().unwrap_or_default();
            let later = after.get(key).copied().unwrap_or_default();
            if STANDING.contains(&key.2.as_str()) {
                assert_eq!(later, cents, "{key:?} stands at the end");
            } else {
                assert_eq!(earlier.checked_add(later), Some(cents), "{key:?} cut at {cut:?}");
            }
        }
    }
}

#[testkit::test]
async fn money_that_found_its_programme_in_a_period_is_counted_once(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    fixture.loads(1, "0.00", vec![quoting("100.00", &reference)]).await;
    fixture.hand.move_to(instant("2026-04-10T08:00:00Z"));
    fixture.allocate(0xd1, FUNDERS[0], "100.00").await;
    let received = async |query: &str| {
        let report = report(&fixture, query).await;
        let total = &report["totals"][0]["received"];
        let rows = report["rows"].as_array().unwrap().iter();
        let rows = rows.filter(|row| row["funder_id"] == json!(FUNDERS[0]));
        let rows = rows.map(|row| row["received"].as_str().unwrap().to_owned());
        (rows.collect::<Vec<_>>(), total.as_str().unwrap().to_owned())
    };
    let amounts = |amounts: &[&str], total: &str| {
        let amounts = amounts.iter().map(|&amount| amount.to_owned());
        (amounts.collect::<Vec<_>>(), total.to_owned())
    };
    assert_eq!(received("to=2026-03-31").await.1, "100.00");
    assert_eq!(
        received("from=2026-04-01").await,
        amounts(&["100.00", "-100.00"], "0.00")
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_period_is_what_happened_on_its_paris_days(admin: PgPool) {
    let fixture = story(admin).await;
    let of = async |query: &str| {
        let report = report(&fixture, query).await;
        let totals = report["totals"].as_array().unwrap();
        let columns = ["received", "claimed", "paid", "expired", "owed"];
        columns.map(|column| {
            Cents::try_sum(totals.iter().map(|row| row[column].as_str().unwrap().parse().unwrap()))
                .unwrap()
                .to_string()
        })
    };
    // Vouchers 1 to 3 in March, 4 in the first minutes of April; then 1 and 2 come back, and 1 is used again.
    assert_eq!(of("to=2026-03-31").await, ["200.00", "30.00", "0.00", "0.00", "30.00"]);
    assert_eq!(
        of("from=2026-04-01&to=2026-04-01").await,
        ["0.00", "10.00", "0.00", "0.00", "40.00"]
    );
    assert_eq!(
        of("from=2026-04-02&to=2026-04-05").await,
        ["0.00", "-20.00", "20.00", "0.00", "0.00"]
    );
    assert_eq!(
        of("from=2026-04-06&to=2026-07-31").await,
        ["0.00", "10.00", "0.00", "0.00", "10.00"]
    );
    assert_eq!(
        fixture.status(&format!("{PATH}?from=2026-04-02&to=2026-04-01")).await,
        400
    );
}

#[testkit::test]
async fn the_report_is_of_a_funder_a_programme_or_a_territory(admin: PgPool) {
    let fixture = march(admin).await;
    let rows = async |query: String| report(&fixture, &query).await["rows"].as_array().unwrap().len();
    assert_eq!(rows(String::new()).await, 4);
    assert_eq!(rows(format!("funder_id={}", FUNDERS[0])).await, 2);
    assert_eq!(rows(format!("programme_id={PROGRAMME}")).await, 2);
    assert_eq!(
        rows(format!("programme_id={PROGRAMME}&funder_id={}", FUNDERS[1])).await,
        1
    );
    assert_eq!(rows("territory=21".to_owned()).await, 2);
    assert_eq!(rows("territory=R27".to_owned()).await, 2);
    assert_eq!(rows("territory=FR".to_owned()).await, 2);
    assert_eq!(rows("territory=59".to_owned()).await, 0);
    for wrong in ["territory=Dijon", "format=docx", "funder=x"] {
        assert_eq!(
            fixture.status(&format!("{PATH}?{wrong}")).await,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    // A filter opens nothing: a funder who asks for another one gets nothing.
    let own = fixture.key_of(FUNDERS[0], None).await;
    let other = fixture
        .send("GET", &format!("{PATH}?funder_id={}", FUNDERS[1]), &own, Vec::new())
        .await;
    assert_eq!(serde_json::from_slice::<Value>(&other.1).unwrap()["rows"], json!([]));
    let structure = json!({"id": PAID, "name": "Médiathèque", "roles": ["structure"]});
    let structure = fixture.key_of(PAID, Some(structure)).await;
    assert_eq!(
        fixture.send("GET", PATH, &structure, Vec::new()).await.0,
        StatusCode::FORBIDDEN
    );
}

#[testkit::test]
async fn every_form_says_the_same(admin: PgPool) {
    let fixture = story(admin).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let json = file("report.json", &fixture.get(PATH).await);
    let workbook = file("cascade.xlsx", &fixture.get(&format!("{PATH}?format=xlsx")).await);
    let said = agreed("check_workbook.py", &[&workbook, &json]);
    assert!(said.starts_with("4 rows, 18 columns"), "{said}");
    assert_eq!(
        fixture.get(&format!("{PATH}?format=csv")).await,
        fixture.get("/funding/v1/waterfall.csv").await
    );
    let pdf = file("cascade.pdf", &fixture.get(&format!("{PATH}?format=pdf")).await);
    agreed("check_document.py", &[&pdf]);
    let empty = file(
        "vide.pdf",
        &fixture.get(&format!("{PATH}?format=pdf&territory=59")).await,
    );
    agreed("check_document.py", &[&empty]);
    if let Some(keep) = std::env::var_os("KEEP_REPORTS") {
        for path in [&json, &workbook, &pdf] {
            std::fs::copy(path, std::path::Path::new(&keep).join(path.file_name().unwrap())).unwrap();
        }
    }

    for (accept, content_type) in [
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/pdf;q=0.9, */*", "application/pdf"),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        ("text/html, */*", "application/json"),
    ] {
        let request = Request::builder().uri(PATH).header("accept", accept);
        let response = fixture.respond(request).await;
        assert_eq!(response.headers()["content-type"], content_type, "{accept}");
    }
}
