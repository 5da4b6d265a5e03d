//! The receipt of a claim on paper, as a régie files it.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use sqlx::PgPool;

use crate::fixture::Fixture;

/// The words of a PDF that `check_document.py` finds accessible.
fn words(pdf: &[u8]) -> String {
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/receipt.pdf"), pdf).unwrap();
    }
    let python = std::env::var("TEST_PYTHON").expect("TEST_PYTHON is not set: run scripts/test");
    let kept = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&kept, pdf).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/checkers/check_document.py");
    let output = Command::new(python)
        .arg("-B")
        .arg(script)
        .arg(kept.path())
        .args(["--tables", "1", "--rows", "3", "--pages", "1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new("pdftotext")
        .arg("-layout")
        .arg(kept.path())
        .arg("-")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap().replace('\u{a0}', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[testkit::test]
async fn a_receipt_says_the_day_the_service_and_the_vouchers_and_names_nobody(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=4).await;
    let claim = structure.claims(1, &tokens).await.created();
    let claim_id = claim["claim_id"].as_str().unwrap();
    let path = format!(
        "/redemption/v1/claims/{claim_id}/receipt.pdf?programme={}",
        programme.id
    );
    let pdf = structure.client.get(&path).await.file();
    let said = words(&pdf);
    for part in [
        "Reçu d'encaissement",
        claim_id,
        "10 mars 2026",
        "10,00 € 4 40,00 €",
        "Total 4 40,00 €",
        "État accepté",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert_eq!(
        pdf,
        fixture.operator.get(&path).await.file(),
        "the same for the operator"
    );
    let other = fixture.structure(1).await;
    assert_eq!(other.client.get(&path).await.status, 404);

    let reversal = format!("/redemption/v1/programmes/{}/claims/{claim_id}/reversal", programme.id);
    let body = json!({"id": uuid::Uuid::from_u128(7), "reason": "Madame Unetelle s'est trompée"});
    structure.client.post(&reversal, body).await.created();
    let said = words(&structure.client.get(&path).await.file());
    assert!(
        said.contains("annulé le") && said.contains("Cet encaissement est annulé.") && !said.contains("Unetelle"),
        "{said}"
    );
}
