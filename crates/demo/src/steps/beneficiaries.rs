//! Step 2: the sponsor admits each prescriber to its programme, and each imports its people.

use serde_json::{Value, json};

use crate::input::Inputs;
use crate::steps::import::import;
use crate::story::{Demo, Prescriber, id};

pub async fn register(demo: &mut Demo, inputs: &Inputs) -> anyhow::Result<()> {
    let main = demo.main.id;
    for file in &inputs.beneficiaries {
        let prescriber = prescriber(demo, file.owner.clone(), main).await?;
        demo.main.booklets += register_file(demo, &prescriber, file).await?;
        demo.prescribers.push(prescriber);
    }
    let short = demo.short.id;
    let prescriber = prescriber(demo, inputs.workshop.owner.clone(), short).await?;
    demo.short.booklets += register_file(demo, &prescriber, &inputs.workshop).await?;
    demo.prescribers.push(prescriber);
    Ok(())
}

async fn prescriber(demo: &Demo, name: String, programme: uuid::Uuid) -> anyhow::Result<Prescriber> {
    let organisation = id(&name);
    let client = demo.organisation(organisation, &name, None, &["prescriber"]).await?;
    let path = format!("/issuer/v1/programmes/{programme}/prescribers");
    let _: Value = demo.sponsor.post(&path, &json!({"id": organisation})).await?;
    Ok(Prescriber {
        name,
        client,
        programme,
    })
}

async fn register_file(demo: &mut Demo, who: &Prescriber, file: &crate::input::InputFile) -> anyhow::Result<u32> {
    let path = format!("/issuer/v1/programmes/{}/beneficiary-imports", who.programme);
    let report = import(demo, &who.client, &path, file).await?;
    Ok(u32::try_from(report.accepted)?)
}
