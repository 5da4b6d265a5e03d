//! Invoices, credit notes, calls for funds and reminders on paper: what they say, to whom, once and for all.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::quoting;
use crate::checkers::checker;
use crate::fixture::{BATCH, FUNDERS, Fixture, PROGRAMME, SPONSOR, id, instant};
use crate::structures_money::words;

pub fn seller() -> Value {
    json!({"name": "Association Culture numérique en Bourgogne", "legal_form": "Association loi 1901, RNA W212001234",
        "address": {"lines": ["12 rue des Forges"], "postcode": "21000", "city": "Dijon"},
        "siret": "40483304800022", "vat_number": "FR83404833048", "iban": "FR7630001007941234567890185", "bic": "BDFEFRPPCCT",
        "contact": "comptabilite@fonds.example"})
}

pub fn buyer(public: bool) -> Value {
    json!({"name": "Département de la Côte-d'Or", "siret": "22210001800019", "public": public,
        "address": {"lines": ["Direction des finances", "53 bis rue de la Préfecture"], "postcode": "21000", "city": "Dijon"},
        "service_code": "DEPT-FIN"})
}

pub fn with(mut body: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { unreachable!() };
    body.as_object_mut().unwrap().extend(fields);
    body
}

fn fee(n: u128) -> Value {
    json!({"id": id(n), "programme_id": PROGRAMME, "batch_id": BATCH, "engagement": "2026-EJ-00123"})
}

impl Fixture {
    async fn sets(&self, path: &str, body: Value) -> StatusCode {
        let (status, answer) = self.put(path, body.to_string().into_bytes()).await;
        assert!(status.is_success(), "{path} {answer}");
        status
    }

    async fn charges_at(&self, fee_rate: &str, vat_rate: &str) {
        let path = format!("/funding/v1/programmes/{PROGRAMME}/funding-terms");
        self.sets(&path, json!({"fee_rate": fee_rate, "vat_rate": vat_rate}))
            .await;
    }

    /// A funded batch and all that an invoice wants.
    async fn invoices(&self, vat_rate: &str) -> Value {
        self.money_arrives().await;
        self.funds_a_batch().await;
        self.charges_at("0.0333", vat_rate).await;
        self.says_who_invoices_whom().await;
        self.created("/funding/v1/fees", fee(1)).await
    }

    async fn credits(&self, n: u128, net: &str) -> Value {
        let lines = json!([{"label": "Un carnet livré en double", "net": net}]);
        let new = json!({"id": id(n), "reason": "Compté deux fois.", "lines": lines});
        self.created(&format!("/funding/v1/fees/{}/credit-notes", id(1)), new)
            .await
    }
}

/// Net, VAT and total of a paper, as another program reads them.
fn read_by_another(pdf: &[u8]) -> Vec<i64> {
    let said = checker("check_invoice.py", pdf, &[]);
    said.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[testkit::test]
async fn an_invoice_on_paper_says_what_the_law_wants_and_what_the_books_hold(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let made = fixture.invoices("0.2").await;
    assert_eq!(made["engagement"], "2026-EJ-00123");
    let path = format!("/funding/v1/fees/{}/invoice.pdf", id(1));
    let pdf = fixture.get(&path).await;
    checker(
        "check_document.py",
        &pdf,
        &["--tables", "2", "--pages", "1", "--factur-x"],
    );
    assert_eq!(read_by_another(&pdf), [333, 67, 400]);
    let said = words("facture", &pdf);
    for part in [
        "Association loi 1901, RNA W212001234",
        "53 bis rue de la Préfecture",
        "SIRET 222 100 018 00019",
        "Numéro de facture F-2026-00001",
        "Date d'émission 2 mars 2026",
        "À payer au plus tard le 1er avril 2026",
        "Code service DEPT-FIN",
        "Numéro d'engagement 2026-EJ-00123",
        "Par virement à Association Culture numérique en Bourgogne",
        "IBAN FR76 3000 1007 9412 3456 7890 185",
        "BIC BDFEFRPPCCT",
        "R2192-31",
        "Référence à écrire F-2026-00001",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    // What is said later changes nothing of what was issued.
    fixture.hand.move_to(instant("2026-05-02T10:00:00Z"));
    fixture
        .sets(
            "/funding/v1/invoicing/seller",
            with(seller(), json!({"name": "Autre", "payment_days": 45})),
        )
        .await;
    fixture
        .sets(&format!("/funding/v1/invoicing/buyers/{SPONSOR}"), buyer(false))
        .await;
    assert_eq!(fixture.get(&path).await, pdf, "the same bytes");
    let digest = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&pdf));
    let trail: String = sqlx::query_scalar("select detail::text from access.audit where action = 'fee.invoice'")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert!(trail.contains(&digest), "{trail}");
    let key = fixture.key_of(FUNDERS[0], None).await;
    assert_eq!(
        fixture.send("GET", &path, &key, Vec::new()).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        fixture.status(&format!("/funding/v1/fees/{}/invoice.pdf", id(9))).await,
        404
    );
}

#[testkit::test]
async fn an_invoice_waits_for_what_is_not_said_and_tells_what(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.charges_at("0.0333", "0").await;
    for wrong in [json!({"engagement": " "}), json!({"service_code": "x".repeat(101)})] {
        assert_eq!(
            fixture.refused("/funding/v1/fees", with(fee(1), wrong)).await["type"],
            "urn:ccn:problem:fee-order"
        );
    }
    let lacks = async || {
        let answer = fixture.refused("/funding/v1/fees", fee(1)).await;
        assert_eq!(answer["type"], "urn:ccn:problem:invoice-incomplete");
        let numbers = fixture.get_json("/funding/v1/fees").await;
        assert_eq!(numbers["items"], json!([]), "no number without its document");
        answer["lacks"].as_array().unwrap().len()
    };
    assert_eq!(lacks().await, 2);
    let nobody = format!("/funding/v1/invoicing/buyers/{}", id(0xffff));
    assert_eq!(fixture.put(&nobody, buyer(false).to_string().into_bytes()).await.0, 404);
    let buyer_path = format!("/funding/v1/invoicing/buyers/{SPONSOR}");
    for (field, value) in [
        ("siret", json!("40483304800022")),
        ("address", json!({"lines": [], "postcode": "21000", "city": "Dijon"})),
        (
            "address",
            json!({"lines": ["1 rue"], "postcode": "2100", "city": "Dijon"}),
        ),
        ("vat_number", json!("FR00222100018")),
    ] {
        let wrong = with(buyer(false), json!({field: value}));
        let (status, answer) = fixture.put(&buyer_path, wrong.to_string().into_bytes()).await;
        assert_eq!(
            (status.as_u16(), &answer["type"]),
            (422, &json!("urn:ccn:problem:invoicing-field")),
            "{field}"
        );
    }
    assert_eq!(fixture.sets(&buyer_path, buyer(false)).await, StatusCode::CREATED);
    assert_eq!(fixture.sets(&buyer_path, buyer(false)).await, StatusCode::OK);
    assert_eq!(lacks().await, 1);
    let (status, _) = fixture
        .put(
            "/funding/v1/invoicing/seller",
            with(seller(), json!({"payment_days": 61})).to_string().into_bytes(),
        )
        .await;
    assert_eq!(status, 422);
    fixture.sets("/funding/v1/invoicing/seller", seller()).await;
    assert_eq!(lacks().await, 1, "without VAT, and nobody said why");
    let exempt = "TVA non applicable, art. 293 B du CGI";
    fixture
        .sets(
            "/funding/v1/invoicing/seller",
            with(seller(), json!({"vat_exemption": exempt})),
        )
        .await;
    fixture.created("/funding/v1/fees", fee(1)).await;
    let other = with(fee(1), json!({"engagement": "2026-EJ-00124"}));
    assert_eq!(fixture.refused("/funding/v1/fees", other).await["status"], 409);
    let pdf = fixture.get(&format!("/funding/v1/fees/{}/invoice.pdf", id(1))).await;
    assert_eq!(read_by_another(&pdf), [333, 0, 333]);
    let said = words("facture-sans-tva", &pdf);
    assert!(said.contains(exempt) && said.contains("L441-10"), "{said}");
}

#[testkit::test]
async fn credit_notes_take_off_an_invoice_and_never_more_than_is_left(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.invoices("0.2").await;
    let path = format!("/funding/v1/fees/{}/credit-notes", id(1));
    let first = fixture.credits(11, "1.00").await;
    assert_eq!(
        (
            &first["number"],
            &first["invoice"],
            &first["net"],
            &first["vat"],
            &first["gross"]
        ),
        (
            &json!("A-2026-00001"),
            &json!("F-2026-00001"),
            &json!("1.00"),
            &json!("0.20"),
            &json!("1.20")
        )
    );
    let other = json!({"id": id(11), "reason": "Autre motif.", "lines": first["lines"]});
    assert_eq!(fixture.refused(&path, other).await["status"], 409);
    for (wrong, problem) in [
        (json!({"id": id(12), "reason": " "}), "credit-words"),
        (
            json!({"id": id(12), "reason": "x", "lines": [{"label": "x", "net": "0.00"}]}),
            "credit-lines",
        ),
        (
            json!({"id": id(12), "reason": "x", "lines": [{"label": "x", "net": "2.34"}]}),
            "above-invoice",
        ),
    ] {
        let refused = fixture.refused(&path, wrong).await;
        assert_eq!(refused["type"], format!("urn:ccn:problem:{problem}"));
    }
    let nowhere = format!("/funding/v1/fees/{}/credit-notes", id(9));
    assert_eq!(
        fixture.refused(&nowhere, json!({"id": id(12), "reason": "x"})).await["status"],
        404
    );
    // Still in part: the batch has its invoice.
    assert_eq!(
        fixture.refused("/funding/v1/fees", fee(2)).await["type"],
        "urn:ccn:problem:already-invoiced"
    );
    let rest = fixture
        .created(&path, json!({"id": id(12), "reason": "Lot annulé."}))
        .await;
    assert_eq!(
        (&rest["number"], &rest["net"], &rest["vat"]),
        (&json!("A-2026-00002"), &json!("2.33"), &json!("0.47"))
    );
    fixture.all_hold().await;
    let fee_now = fixture.get_json(&format!("/funding/v1/fees/{}", id(1))).await;
    assert_eq!(
        (&fee_now["credited"], &fee_now["owed"]),
        (&json!("4.00"), &json!("0.00"))
    );
    assert_eq!(
        fixture.refused(&path, json!({"id": id(13), "reason": "Encore."})).await["type"],
        "urn:ccn:problem:above-invoice"
    );
    // What is credited whole may be invoiced again.
    let again = fixture.created("/funding/v1/fees", fee(2)).await;
    assert_eq!(again["number"], "F-2026-00002");
    fixture.all_hold().await;
    let trail: i64 = sqlx::query_scalar("select count(*) from access.audit where action = 'fee.credit'")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(trail, 2);
    let list = fixture.get_json(&path).await;
    assert_eq!(list, json!([first, rest]));
    for (n, amounts, left) in [(11, [100, 20, 120], "2,80 €"), (12, [233, 47, 280], "0,00 €")] {
        let pdf_path = format!("/funding/v1/credit-notes/{}/credit-note.pdf", id(n));
        let pdf = fixture.get(&pdf_path).await;
        checker(
            "check_document.py",
            &pdf,
            &["--tables", "3", "--pages", "1", "--factur-x"],
        );
        assert_eq!(read_by_another(&pdf), amounts);
        let said = words(&format!("avoir-{n}"), &pdf);
        assert!(said.contains(&format!("Reste facturé {left}")), "{said}");
        assert_eq!(fixture.get(&pdf_path).await, pdf);
    }
    let key = fixture.key_of(FUNDERS[0], None).await;
    let foreign = format!("/funding/v1/credit-notes/{}", id(11));
    assert_eq!(
        fixture.send("GET", &foreign, &key, Vec::new()).await.0,
        StatusCode::FORBIDDEN
    );
}

#[testkit::test]
async fn credit_notes_asked_at_once_have_numbers_without_gap_and_never_exceed_the_invoice(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.invoices("0.2").await;
    let path = format!("/funding/v1/fees/{}/credit-notes", id(1));
    let ask = async |n: u128| {
        let lines = json!([{"label": "Une part", "net": "1.20"}]);
        fixture
            .post(&path, json!({"id": id(n), "reason": "Part.", "lines": lines}))
            .await
    };
    let (a, b, c, d) = tokio::join!(ask(21), ask(22), ask(23), ask(21));
    let mut made: Vec<u16> = [&a, &b, &c].iter().map(|answer| answer.0.as_u16()).collect();
    made.push(d.0.as_u16());
    made.sort_unstable();
    // 3.33 € hold 1.20 € twice; the repeated one answers as the first did.
    assert!(made == [200, 201, 201, 422] || made == [201, 201, 422, 422], "{made:?}");
    let list = fixture.get_json(&path).await;
    let numbers: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|note| note["number"].as_str())
        .collect();
    assert_eq!(numbers, ["A-2026-00001", "A-2026-00002"]);
    let fee = fixture.get_json(&format!("/funding/v1/fees/{}", id(1))).await;
    assert_eq!((&fee["credited"], &fee["owed"]), (&json!("2.88"), &json!("1.12")));
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_call_and_its_reminders_are_letters_that_nothing_changes(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "60.00").await;
    let path = format!("/funding/v1/calls/{}/letter.pdf", id(0xc1));
    let letter = fixture.get(&path).await;
    checker("check_document.py", &letter, &["--tables", "0", "--pages", "1"]);
    let said = words("appel", &letter);
    for part in [
        "Appel de fonds",
        "Dispositif de Côte-d'Or",
        "signée le 15 janvier 2026, pour 100,00 €",
        "Montant appelé 60,00 €",
        "À verser au plus tard le 31 mars 2026",
        &format!("Référence à écrire {reference}"),
        "IBAN FR76 3000 6000 0112 3456 7890 189",
        "SIREN 732 829 320",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    let reminder = |days: i32| format!("/funding/v1/calls/{}/reminders/{days}/letter.pdf", id(0xc1));
    assert_eq!(fixture.status(&reminder(1)).await, 404, "not reminded yet");
    fixture.reminds("2026-04-01T10:00:00Z").await;
    fixture.loads(1, "0.00", vec![quoting("20.00", &reference)]).await;
    fixture.reminds("2026-05-02T10:00:00Z").await;
    // Whoever writes is said now; letters of before do not know it.
    fixture.sets("/funding/v1/invoicing/seller", seller()).await;
    let first = fixture.get(&reminder(1)).await;
    let said = words("relance-1", &first);
    for part in [
        "Relance n° 1",
        "1 jour après",
        "Reste à verser 60,00 €",
        "Retard 1 jour",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    let second = fixture.get(&reminder(30)).await;
    checker("check_document.py", &second, &["--tables", "0", "--pages", "1"]);
    let said = words("relance-2", &second);
    for part in [
        "Relance n° 2",
        "32 jours après",
        "Déjà reçu ou mandaté 20,00 €",
        "Reste à verser 40,00 €",
        "12 rue des Forges",
        &reference,
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    fixture.loads(2, "20.00", vec![quoting("40.00", &reference)]).await;
    fixture.hand.move_to(instant("2026-06-02T10:00:00Z"));
    for (path, bytes) in [(path.clone(), letter), (reminder(1), first), (reminder(30), second)] {
        assert_eq!(fixture.get(&path).await, bytes, "{path}");
    }
    let (own, other) = (
        fixture.key_of(FUNDERS[0], None).await,
        fixture.key_of(FUNDERS[1], None).await,
    );
    assert_eq!(fixture.send("GET", &path, &own, Vec::new()).await.0, StatusCode::OK);
    assert_eq!(
        fixture.send("GET", &path, &other, Vec::new()).await.0,
        StatusCode::NOT_FOUND
    );
    fixture.all_hold().await;
}
