//! Steps 6 and 7: the month is settled, the bank answers, one transfer comes back.

use serde_json::{Value, json};

use crate::calendar::morning;
use crate::story::{Demo, cents, id, load_statement};

/// What steps 6 to 8 leave for the artefacts.
#[derive(Debug, Default)]
pub struct Papers {
    pub pain001: Vec<u8>,
    /// What the first structure is told of its transfer, as PDF.
    pub advice: Vec<u8>,
    pub camt053: Vec<u8>,
    /// The signed statement of the main programme's end, as PDF.
    pub statement: Vec<u8>,
}

/// Reason of a return: the account is closed (ISO 20022 external code `AC04`).
const ACCOUNT_CLOSED: &str = "AC04";

pub async fn settle(demo: &mut Demo, files: &mut Papers) -> anyhow::Result<()> {
    demo.go_to(demo.story.settlement(), 0);
    let month = demo.story.claims_month().to_string();
    let body = json!({"id": id("contre-paiement"), "month": month, "execute_on": demo.story.settlement()});
    let settlement: Value = demo.operator.post("/funding/v1/settlements", &body).await?;
    let list = |name: &str| settlement[name].as_array().cloned().unwrap_or_default();
    let (payments, held) = (list("payments"), list("held"));
    anyhow::ensure!(
        !payments.is_empty(),
        "le contre-paiement ne paie personne : {settlement}"
    );
    anyhow::ensure!(
        !held.is_empty(),
        "une structure sans coordonnées bancaires valables devait être mise en attente"
    );
    demo.progress.say(format!(
        "{} virements, {} au total",
        payments.len(),
        cents(&settlement["total"])?.to_french()
    ));
    for structure in &held {
        demo.progress.say(format!(
            "en attente : {}, {} : {}",
            structure["name"].as_str().unwrap_or_default(),
            cents(&structure["amount"])?.to_french(),
            structure["explanation"].as_str().unwrap_or_default(),
        ));
    }
    files.pain001 = demo
        .operator
        .file(&format!(
            "/funding/v1/settlements/{}/pain.001.xml",
            id("contre-paiement")
        ))
        .await?;
    let payment = payments[0]["end_to_end"].as_str().unwrap_or_default();
    files.advice = demo
        .operator
        .file(&format!("/funding/v1/payments/{payment}/remittance?format=pdf"))
        .await?;
    Ok(())
}

pub async fn bank_answers(demo: &mut Demo, files: &mut Papers) -> anyhow::Result<()> {
    let day = demo.story.statement();
    demo.go_to(day, 0);
    demo.bank.execute(&files.pain001)?;
    let returned = demo.bank.send_back_last(ACCOUNT_CLOSED)?;
    files.camt053 = demo.bank.statement(day, morning(day, 0))?;
    let statement = load_statement(demo, "relevé contre-paiement", files.camt053.clone()).await?;
    anyhow::ensure!(
        statement["unexplained"] == 0,
        "des lignes du relevé restent inexpliquées : {statement}"
    );
    let lines = statement["lines"].as_array().map_or(0, Vec::len);
    demo.progress.say(format!(
        "{lines} lignes du relevé rapprochées ; un virement est revenu ({ACCOUNT_CLOSED}) : {returned}"
    ));
    Ok(())
}
