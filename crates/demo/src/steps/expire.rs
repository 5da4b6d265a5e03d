//! Step 8: after the last day, unused money goes back to the funders in the shares they paid.

use anyhow::Context;
use client::ClientError;
use serde_json::{Value, json};
use standards::Cents;

use crate::calendar::{Story, morning};
use crate::steps::settle::Papers;
use crate::story::{Demo, cents, id, load_statement};

pub async fn expire(demo: &mut Demo, papers: &mut Papers) -> anyhow::Result<()> {
    let day = Story::expiry(demo.main.last_day);
    demo.go_to(day, 0);
    for programme in [demo.short.clone(), demo.main.clone()] {
        let body = json!({"id": id(&format!("échéance {}", programme.name))});
        let swept: Value = demo
            .sponsor
            .post(&format!("/issuer/v1/programmes/{}/expiry", programme.id), &body)
            .await?;
        demo.progress.say(format!(
            "« {} » : {} chèques expirés, {} repris sur les chèques et {} sur les carnets jamais remis",
            programme.name,
            swept["vouchers"],
            cents(&swept["returned"])?.to_french(),
            cents(&swept["reserved_returned"])?.to_french(),
        ));
    }
    let day = Story::statement_of_end(demo.main.last_day);
    demo.go_to(day, 0);
    papers.statement = statement(demo).await?;
    for programme in [demo.short.clone(), demo.main.clone()] {
        demo.progress.say(format!("« {} » :", programme.name));
        for funder in demo.funders.clone() {
            let refund = id(&format!("remboursement {} {}", programme.name, funder.name));
            let body = json!({
                "id": refund, "funder_id": funder.id, "programme_id": programme.id, "method": "bank", "execute_on": day,
            });
            let made: Value = match demo.operator.post("/funding/v1/refunds", &body).await {
                Ok(made) => made,
                Err(ClientError::Refused(refusal)) if refusal.kind == "nothing-to-refund" => continue,
                Err(error) => return Err(error).context("remboursement refusé"),
            };
            let file = demo
                .operator
                .file(&format!("/funding/v1/refunds/{refund}/pain.001.xml"))
                .await?;
            demo.bank.execute(&file)?;
            demo.progress.say(format!(
                "  rendu à {} : {}",
                funder.name,
                cents(&made["amount"])?.to_french()
            ));
        }
    }
    let xml = demo.bank.statement(day, morning(day, 0))?;
    let statement = load_statement(demo, "relevé remboursements", xml).await?;
    anyhow::ensure!(
        statement["unexplained"] == 0,
        "des lignes du relevé restent inexpliquées : {statement}"
    );
    anyhow::ensure!(
        cents(&statement["closing"])? >= Cents::ZERO,
        "le compte du fonds est à découvert"
    );
    Ok(())
}

/// D+37: what the clock would do by itself within the hour.
async fn statement(demo: &mut Demo) -> anyhow::Result<Vec<u8>> {
    let done: Value = demo
        .operator
        .post("/funding/v1/expiry/statement-rounds", &json!({}))
        .await?;
    anyhow::ensure!(
        done["failed"] == json!([]),
        "un état contradictoire n'a pas pu être établi : {done}"
    );
    demo.progress.say("états contradictoires établis et signés");
    let path = format!("/funding/v1/programmes/{}/expiry-statement.pdf", demo.main.id);
    Ok(demo.sponsor.file(&path).await?)
}
