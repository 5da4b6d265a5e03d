//! What a structure sees of its money, on screen and on paper.

use std::process::Command;
use std::sync::Arc;

use document::sign::{Signer, self_signed};
use funding::Config;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::OnceCell;
use web::Clock;

use crate::bank::{naming, returning};
use crate::checkers::checker;
use crate::cycle::{HELD, PAID, march, reasons};
use crate::fixture::{Fixture, NIGHTLY, OTHER_IBAN, STRUCTURE_IBAN, fund_account, id, instant};

fn payment(settlement: &Value) -> &str {
    settlement["payments"][0]["end_to_end"].as_str().unwrap()
}

/// The words of a PDF, by poppler.
pub fn words(name: &str, pdf: &[u8]) -> String {
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/{name}.pdf"), pdf).unwrap();
    }
    let kept = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&kept, pdf).unwrap();
    let output = Command::new("pdftotext")
        .arg("-layout")
        .arg(kept.path())
        .arg("-")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap().replace('\u{a0}', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Fixture {
    async fn account(&self, structure: uuid::Uuid) -> Value {
        self.get_json(&format!("/funding/v1/structures/{structure}/account"))
            .await
    }

    /// The front door of papers that are signed, if there is a key.
    async fn papers(&self, signer: Option<Signer>) -> Self {
        let pool = testkit::as_role(&self.admin, database::Role::Funding, 2).await;
        let (clock, hand) = Clock::set(instant("2026-04-02T08:00:00Z"));
        let routes = funding::routes(Config {
            document_key: signer.map(Arc::new),
            ..Config::new(
                pool,
                clock.clone(),
                fund_account("Fonds de soutien"),
                testkit::evidence_keys().into(),
                NIGHTLY,
            )
        });
        Self {
            admin: self.admin.clone(),
            clock,
            hand,
            app: web::frame(routes.split_for_parts().0),
            secret: self.secret.clone(),
            issuing: OnceCell::new(),
        }
    }

    async fn structure_key(&self, structure: uuid::Uuid) -> String {
        let new = json!({"id": structure, "name": "Médiathèque", "roles": ["structure"]});
        self.key_of(structure, Some(new)).await
    }
}

fn figures(account: &Value) -> [&str; 4] {
    ["payable", "in_transit", "paid", "recoverable"].map(|name| account[name].as_str().unwrap())
}

#[testkit::test]
async fn a_debt_and_its_deduction_are_seen_from_claim_to_advice(admin: PgPool) {
    let fixture = march(admin).await;
    assert_eq!(figures(&fixture.account(PAID).await), ["30.00", "0.00", "0.00", "0.00"]);
    let march = fixture.settle(1, "2026-03", "2026-04-03").await;
    let account = fixture.account(PAID).await;
    assert_eq!(figures(&account), ["10.00", "20.00", "0.00", "0.00"]);
    assert_eq!(
        account["next"],
        json!({"month": "2026-04", "from": "2026-05-01", "by": "2026-05-30"})
    );
    fixture
        .loads(2, "200.00", vec![naming("-20.00", &march["payments"][0]["end_to_end"])])
        .await;
    fixture
        .reverses_after_settlement(id(201), PAID, &[1, 2], "2026-04-05T10:00:00Z")
        .await;
    let account = fixture.account(PAID).await;
    assert_eq!(figures(&account), ["10.00", "0.00", "20.00", "20.00"]);
    assert_eq!(account["programmes"][0]["recoverable"], "20.00");

    fixture.claims(id(204), PAID, &[1, 2, 5], "2026-04-06T10:00:00Z").await;
    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    let april = fixture.settle(3, "2026-04", "2026-05-04").await;
    assert_eq!(
        figures(&fixture.account(PAID).await),
        ["0.00", "20.00", "20.00", "0.00"]
    );
    let path = format!("/funding/v1/payments/{}/remittance", payment(&april));
    let advice = fixture.get_json(&path).await;
    assert_eq!(
        [
            &advice["claimed"],
            &advice["deducted"],
            &advice["amount"],
            &advice["account_ends"],
            &advice["state"]
        ],
        ["40.00", "20.00", "20.00", "2606", "sent"]
    );
    let lines = advice["programmes"][0]["lines"].as_array().unwrap();
    let amounts: Vec<_> = lines
        .iter()
        .map(|line| (line["amount"].as_str().unwrap(), line["vouchers"].as_i64().unwrap()))
        .collect();
    assert_eq!(amounts, [("-20.00", 2), ("10.00", 1), ("30.00", 3)]);
    assert_eq!(lines[0]["reversed_on"], "2026-04-05");

    let csv = String::from_utf8(fixture.get(&format!("{path}?format=csv")).await).unwrap();
    let rows: Vec<_> = csv
        .lines()
        .map(|row| (row.split(',').next().unwrap(), row.rsplit(',').next().unwrap()))
        .collect();
    assert_eq!(
        rows,
        [
            ("kind", "amount"),
            ("deduction", "-20.00"),
            ("claim", "10.00"),
            ("claim", "30.00"),
            ("programme_total", "20.00"),
            ("payment_total", "20.00")
        ]
    );
    let pdf = fixture.get(&format!("{path}?format=pdf")).await;
    checker(
        "check_document.py",
        &pdf,
        &["--tables", "1", "--rows", "5", "--pages", "1"],
    );
    let said = words("advice", &pdf);
    for part in [
        "Avis de virement",
        payment(&april),
        "Médiathèque 101",
        "Reprise – 20,00 €",
        "Montant du virement 20,00 €",
        "annulé le 05/04/2026",
        "… 2606",
        "00000000-0000-0000-0000-0000000000c9",
        "Total 6 20,00 €",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert_eq!(pdf, fixture.get(&format!("{path}?format=pdf")).await, "the same bytes");
    assert_eq!(fixture.status(&format!("{path}?format=docx")).await, 400);
}

#[testkit::test]
async fn a_transfer_that_comes_back_is_owed_again_and_seen_so(admin: PgPool) {
    let fixture = march(admin).await;
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &first["payments"][0]["end_to_end"];
    fixture.loads(2, "200.00", vec![naming("-20.00", end_to_end)]).await;
    assert_eq!(
        figures(&fixture.account(PAID).await),
        ["10.00", "0.00", "20.00", "0.00"]
    );
    fixture.loads(3, "180.00", vec![returning("20.00", end_to_end)]).await;
    let account = fixture.account(PAID).await;
    assert_eq!(figures(&account), ["30.00", "0.00", "0.00", "0.00"]);
    assert_eq!(account["payments"][0]["state"], "returned");
    fixture.settle(2, "2026-03", "2026-04-03").await;
    let held = &fixture.account(PAID).await["held"];
    assert_eq!(
        (&held["amount"], &held["reason"]),
        (&json!("20.00"), &json!("returned_by_bank"))
    );
    fixture
        .has_structure(PAID, Some(OTHER_IBAN), "2026-04-02T00:00:00Z")
        .await;
    let third = fixture.settle(3, "2026-03", "2026-04-03").await;
    fixture
        .loads(4, "200.00", vec![naming("-20.00", &third["payments"][0]["end_to_end"])])
        .await;
    let account = fixture.account(PAID).await;
    assert_eq!(
        (figures(&account), &account["held"]),
        (["10.00", "0.00", "20.00", "0.00"], &Value::Null)
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_closed_account_is_not_paid_again_under_another_holder_nor_after_another_account(admin: PgPool) {
    let fixture = march(admin).await;
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &first["payments"][0]["end_to_end"];
    let entries = vec![naming("-20.00", end_to_end), returning("20.00", end_to_end)];
    fixture.loads(2, "200.00", entries).await;
    let again = async |n, holder, iban| {
        fixture.has_account(PAID, holder, iban, "2026-04-02T00:00:00Z").await;
        let settled = fixture.settle(n, "2026-03", "2026-04-03").await;
        (reasons(&settled).contains(&("20.00", "returned_by_bank")), settled)
    };
    for (n, holder) in [(2, "Association Clic"), (3, "MAIRIE DE DIJON")] {
        assert!(again(n, holder, STRUCTURE_IBAN).await.0, "{holder}");
    }
    let (held, other) = again(4, "Association Clic", OTHER_IBAN).await;
    assert!(!held && other["total"] == "20.00", "{other}");
    let end_to_end = &other["payments"][0]["end_to_end"];
    let entries = vec![naming("-20.00", end_to_end), returning("20.00", end_to_end)];
    fixture.loads(3, "200.00", entries).await;
    assert!(again(5, "Association Clic", STRUCTURE_IBAN).await.0);
    fixture.all_hold().await;
}

#[testkit::test]
async fn holds_grow_old_by_amount_until_they_are_paid(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture.hand.move_to(instant("2026-05-10T08:00:00Z"));
    fixture.claims(id(205), HELD, &[5], "2026-04-20T10:00:00Z").await;
    fixture.settle(2, "2026-04", "2026-05-11").await;
    let holds = fixture.get_json("/funding/v1/holds").await;
    assert_eq!((&holds["total"], &holds["on"]), (&json!("20.00"), &json!("2026-05-10")));
    let one = &holds["structures"][0];
    assert_eq!(
        (&one["structure_id"], &one["reason"], &one["since"], &one["age_days"]),
        (
            &json!(HELD),
            &json!("no_bank_details"),
            &json!("2026-04-02"),
            &json!(38)
        )
    );
    let buckets: Vec<_> = holds["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket["amount"].as_str().unwrap())
        .collect();
    assert_eq!(buckets, ["10.00", "10.00", "0.00", "0.00"]);
    let csv = String::from_utf8(fixture.get("/funding/v1/holds?format=csv").await).unwrap();
    assert!(
        csv.starts_with("structure_id,name,reason,since,age_days,amount,0-30,31-60,61-90,>90\n"),
        "{csv}"
    );
    assert!(
        csv.contains(",no_bank_details,2026-04-02,38,20.00,10.00,10.00,0.00,0.00\n"),
        "{csv}"
    );
    assert_eq!(fixture.status("/funding/v1/holds?format=pdf").await, 400);

    fixture
        .has_structure(HELD, Some(OTHER_IBAN), "2026-05-10T00:00:00Z")
        .await;
    fixture.settle(3, "2026-04", "2026-05-11").await;
    assert_eq!(fixture.get_json("/funding/v1/holds").await["structures"], json!([]));
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_structure_sees_its_own_money_and_nobody_elses(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.sets_rules(Some("0.00")).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let (own, other) = (fixture.structure_key(PAID).await, fixture.structure_key(HELD).await);
    let advice = format!("/funding/v1/payments/{}/remittance", payment(&settlement));
    let status = async |secret: &str, path: &str| fixture.send("GET", path, secret, Vec::new()).await.0.as_u16();
    assert_eq!(status(&own, &advice).await, 404, "it may never be sent");
    let colleague = fixture.colleague(900).await;
    assert_eq!(status(&colleague, &advice).await, 200);
    let approval = format!("/funding/v1/settlements/{}/approval", id(1));
    let (made, _) = fixture.send("POST", &approval, &colleague, b"{}".to_vec()).await;
    assert_eq!(made.as_u16(), 201);
    for path in [advice, format!("/funding/v1/structures/{PAID}/account")] {
        assert_eq!(
            [status(&own, &path).await, status(&other, &path).await],
            [200, 404],
            "{path}"
        );
    }
    let (papers, path) = (
        fixture.papers(None).await,
        format!("/funding/v1/structures/{PAID}/attestation"),
    );
    for (secret, expected) in [(&own, 200), (&other, 404)] {
        assert_eq!(papers.send("GET", &path, secret, Vec::new()).await.0, expected);
    }
    assert_eq!(status(&own, "/funding/v1/holds").await, 403);
    assert_eq!(
        status(&own, &format!("/funding/v1/structures/{}/account", id(1))).await,
        404
    );
}

#[testkit::test]
async fn an_attestation_says_the_delay_the_conditions_and_the_account(admin: PgPool) {
    let fixture = march(admin).await;
    let rules = json!({"approval_above": null, "delay_days": 20}).to_string();
    fixture.put("/funding/v1/payment-rules", rules.into_bytes()).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    let papers = fixture.papers(None).await;
    let pdf = papers.get(&format!("/funding/v1/structures/{HELD}/attestation")).await;
    checker("check_document.py", &pdf, &["--tables", "0"]);
    let said = words("attestation", &pdf);
    for part in [
        "Attestation pour la régie",
        "Médiathèque 102",
        "de 20 jours après la fin du mois",
        "R2192-10",
        "n'est pas labellisée",
        "Dû, pas encore viré 10,00 €",
        "Retenu 10,00 € depuis le 2 avril 2026",
        "payés au plus tard le 20 mai 2026",
        "Aucun virement à ce jour.",
        "Ce document n'est pas signé électroniquement",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    let pdf = papers.get(&format!("/funding/v1/structures/{PAID}/attestation")).await;
    checker("check_document.py", &pdf, &["--tables", "1", "--rows", "3"]);
    assert!(words("attestation-paid", &pdf).contains("Virement en cours 20,00 €"));
}

#[testkit::test]
async fn an_attestation_is_signed_where_there_is_a_key(admin: PgPool) {
    let fixture = march(admin).await;
    let identity = self_signed("Fonds de soutien", &[7; 32], instant("2026-01-01T00:00:00Z")).unwrap();
    let signer = Signer::from_pem(&identity.certificate, &identity.key).unwrap();
    let papers = fixture.papers(Some(signer)).await;
    let path = format!("/funding/v1/structures/{PAID}/attestation");
    let pdf = papers.get(&path).await;
    assert_eq!(papers.get(&path).await, pdf, "of the same second, the same bytes");
    let certificate = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&certificate, identity.certificate.as_bytes()).unwrap();
    let path = certificate.path().to_str().unwrap();
    let checked = checker("check_signature.py", &pdf, &[path]);
    assert!(checked.contains("intact, whole, trusted"), "{checked}");
    checker("check_document.py", &pdf, &["--signed"]);
    assert!(words("attestation-signee", &pdf).contains("Ce document est signé électroniquement (certificat :"));
}

#[testkit::test]
async fn names_are_written_in_the_letters_that_banks_carry(admin: PgPool) {
    let fixture = march(admin).await;
    sqlx::query(
        "update redemption.bank_details set holder = 'Œuvre de Łódź & Cie – Ünïté n° 3' where structure_id = $1",
    )
    .bind(PAID)
    .execute(&fixture.admin)
    .await
    .unwrap();
    fixture.settle(1, "2026-03", "2026-04-03").await;
    let file = fixture
        .get(&format!("/funding/v1/settlements/{}/pain.001.xml", id(1)))
        .await;
    checker("check_pain001.py", &file, &[]);
    let text = String::from_utf8(file).unwrap();
    assert!(text.is_ascii() && text.contains("<Nm>Ouvre de Lodz + Cie"), "{text}");
}
