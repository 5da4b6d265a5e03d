//! The operator's own fee: invoiced with its document, paid to the operator's own account, and unknown to the fund's books.

use std::ops::RangeInclusive;

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::quoting;
use crate::fixture::{BATCH, FUNDERS, Fixture, PROGRAMME, SPONSOR, id};
use crate::papers::{buyer, seller, with};
use crate::splits::of;

impl Fixture {
    async fn charges(&self, fee_rate: &str) {
        let path = format!("/funding/v1/programmes/{PROGRAMME}/funding-terms");
        let terms = json!({"fee_rate": fee_rate});
        let (status, answer) = self.put(&path, terms.to_string().into_bytes()).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }

    pub async fn says_who_invoices_whom(&self) {
        for (path, said) in [
            ("/funding/v1/invoicing/seller".to_owned(), seller()),
            (format!("/funding/v1/invoicing/buyers/{SPONSOR}"), buyer(true)),
        ] {
            let (status, answer) = self.put(&path, said.to_string().into_bytes()).await;
            assert!(status.is_success(), "{answer}");
        }
    }

    pub async fn transfers(&self) -> i64 {
        sqlx::query_scalar("select count(*) from ledger.transfer")
            .fetch_one(&self.admin)
            .await
            .unwrap()
    }

    async fn fee(&self, n: u128) -> Value {
        self.get_json(&format!("/funding/v1/fees/{}", id(n))).await
    }

    /// Both funders pay 300 €; the issuer funds batches of one booklet with it.
    async fn has_batches(&self, batches: RangeInclusive<u128>) {
        let mut entries = Vec::new();
        for (convention, funder) in (0xe1..).zip(FUNDERS) {
            let signed = json!({"id": id(convention), "funder_id": funder, "programme_id": PROGRAMME, "amount": "300.00",
                "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
            self.created("/funding/v1/conventions", signed).await;
            entries.push(quoting("300.00", &self.call(convention, convention, "300.00").await));
        }
        self.loads(1, "0.00", entries).await;
        for (allocation, funder) in (0xe1..).zip(FUNDERS) {
            self.allocate(allocation, funder, "300.00").await;
        }
        for batch in batches {
            self.issuing().await.funds(id(batch), 1).await;
        }
    }
}

fn of_batch(n: u128) -> Value {
    json!({"id": id(n), "programme_id": PROGRAMME, "batch_id": BATCH})
}

#[testkit::test]
async fn the_fee_of_a_batch_is_invoiced_once_and_never_paid_into_the_fund(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    assert_eq!(
        fixture.refused("/funding/v1/fees", of_batch(1)).await["type"],
        "urn:ccn:problem:not-found"
    );
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    assert_eq!(
        fixture.refused("/funding/v1/fees", of_batch(1)).await["type"],
        "urn:ccn:problem:no-fee"
    );
    fixture.charges("0.0333").await;
    fixture.says_who_invoices_whom().await;
    let before = fixture.get("/funding/v1/waterfall").await;
    let transfers = fixture.transfers().await;
    let fee = fixture.created("/funding/v1/fees", of_batch(1)).await;
    // 3.33 % of 100 €, and 20 % of it.
    assert_eq!(
        (&fee["number"], &fee["net"], &fee["vat"], &fee["gross"]),
        (&json!("F-2026-00001"), &json!("3.33"), &json!("0.67"), &json!("4.00"))
    );
    assert_eq!(
        fixture.refused("/funding/v1/fees", of_batch(2)).await["type"],
        "urn:ccn:problem:already-invoiced"
    );
    assert_eq!(
        fixture.get("/funding/v1/waterfall").await,
        before,
        "face value is not touched"
    );
    assert_eq!(fixture.transfers().await, transfers, "the books know nothing of it");
    fixture.all_hold().await;
    // Whoever pays an invoice to the fund pays to the wrong account: a person sends it back.
    let wrong = vec![
        quoting("4.00", "FACTURE F2026 00001"),
        quoting("-4.00", "RETOUR F-2026-00001"),
    ];
    assert_eq!(fixture.loads(2, "200.00", wrong).await, [None, None]);
    let breaks = fixture.breaks().await;
    let back = [of(&breaks, "4.00"), of(&breaks, "-4.00")];
    fixture.explains_together(1, &back, json!([])).await;
    assert_eq!(fixture.fee(1).await["received"], "0.00");
    assert_eq!(fixture.get("/funding/v1/waterfall").await, before);
    let account = json!({"iban": "FR7630006000011234567890189"});
    let (status, refused) = fixture
        .put(
            "/funding/v1/invoicing/seller",
            with(seller(), account).to_string().into_bytes(),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &refused["field"]),
        (422, &json!("iban")),
        "the fund's account"
    );
}

#[testkit::test]
async fn what_was_paid_of_an_invoice_is_written_down_and_never_above_what_is_owed(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.charges("0.0333").await;
    fixture.says_who_invoices_whom().await;
    fixture.created("/funding/v1/fees", of_batch(1)).await;
    let path = format!("/funding/v1/fees/{}/payments", id(1));
    let paid = |n: u128, amount: &str, day: &str| json!({"id": id(n), "amount": amount, "paid_on": day});
    let first = fixture
        .created(
            &path,
            with(paid(1, "1.50", "2026-03-02"), json!({"reference": "VIR DEPT 21"})),
        )
        .await;
    for (wrong, problem) in [
        (paid(2, "0.00", "2026-03-02"), "fee-payment-amount"),
        (paid(2, "2.51", "2026-03-02"), "fee-payment-amount"),
        (paid(2, "-1.51", "2026-03-02"), "fee-payment-amount"),
        (paid(2, "1.00", "2026-03-01"), "fee-payment-day"),
        (paid(2, "1.00", "2026-03-03"), "fee-payment-day"),
        (
            with(paid(2, "1.00", "2026-03-02"), json!({"reference": " "})),
            "fee-payment-words",
        ),
        (paid(1, "1.50", "2026-03-02"), "same-id-other-content"),
    ] {
        let refused = fixture.refused(&path, wrong.clone()).await;
        assert_eq!(refused["type"], format!("urn:ccn:problem:{problem}"), "{wrong}");
    }
    let rest = fixture.created(&path, paid(2, "2.50", "2026-03-02")).await;
    let fee = fixture.fee(1).await;
    assert_eq!((&fee["received"], &fee["owed"]), (&json!("4.00"), &json!("0.00")));
    // What is paid is not credited here; what was written by mistake is taken back.
    let credit = json!({"id": id(14), "reason": "Trop tard."});
    let credits = format!("/funding/v1/fees/{}/credit-notes", id(1));
    let refused = fixture.refused(&credits, credit.clone()).await;
    assert_eq!(
        (&refused["type"], &refused["owed"]),
        (&json!("urn:ccn:problem:above-owed"), &json!("0.00"))
    );
    let back = fixture.created(&path, paid(3, "-4.00", "2026-03-02")).await;
    fixture.created(&credits, credit).await;
    let list = fixture.get_json(&path).await;
    let mut listed: Vec<&Value> = list.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    listed.sort_by_key(ToString::to_string);
    assert_eq!(listed, [&first["id"], &rest["id"], &back["id"]]);
    let funder = fixture.key_of(FUNDERS[0], None).await;
    assert_eq!(
        fixture.send("GET", &path, &funder, Vec::new()).await.0,
        StatusCode::FORBIDDEN
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn numbers_that_are_not_those_of_their_documents_are_told(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.charges("0.0333").await;
    fixture.says_who_invoices_whom().await;
    fixture.created("/funding/v1/fees", of_batch(1)).await;
    fixture.all_hold().await;
    for forged in [
        "update funding.fee set sequence = 2, number = 'F-2026-00002'",
        "update funding.fee set sequence = 1, number = 'F-2026-00001', net_cents = net_cents + 1",
    ] {
        sqlx::query(forged).execute(&fixture.admin).await.unwrap();
        let failing = fixture.failing().await;
        assert!(
            failing.iter().any(|name| name.contains("numéros sans trou")),
            "{forged}: {failing:?}"
        );
    }
    let without = "update funding.fee set pdf = null";
    assert!(
        sqlx::query(without).execute(&fixture.admin).await.is_err(),
        "no number without its document"
    );
}

#[testkit::test]
async fn numbers_have_no_gap_whoever_asks_at_once_and_whatever_is_refused(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.charges("0.1").await;
    fixture.has_batches(1..=6).await;
    let incomplete = json!({"id": id(7), "programme_id": PROGRAMME, "batch_id": id(1)});
    let refused = fixture.refused("/funding/v1/fees", incomplete).await;
    assert_eq!(refused["type"], "urn:ccn:problem:invoice-incomplete");
    fixture.says_who_invoices_whom().await;
    let invoice = async |n: u128| {
        let new = json!({"id": id(n), "programme_id": PROGRAMME, "batch_id": id(n)});
        fixture.post("/funding/v1/fees", new).await
    };
    let (one, two, three, four) = tokio::join!(invoice(1), invoice(2), invoice(9), invoice(3));
    let made: Vec<u16> = [one, two, three, four].iter().map(|answer| answer.0.as_u16()).collect();
    assert_eq!(made, [201, 201, 404, 201]);
    for n in 4..=6 {
        assert_eq!(invoice(n).await.0, StatusCode::CREATED);
    }
    let list = fixture.get_json("/funding/v1/fees").await;
    let numbers: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|fee| fee["number"].as_str())
        .collect();
    let expected: Vec<String> = (1..=6).map(|n| format!("F-2026-{n:05}")).collect();
    assert_eq!(numbers, expected);
}
