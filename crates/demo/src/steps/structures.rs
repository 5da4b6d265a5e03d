//! Step 1: structures, their bank details, their accreditation.

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ClientError};
use serde_json::{Value, json};
use standards::cog::{Cog, CommuneCode};
use uuid::Uuid;

use crate::input::Inputs;
use crate::parallel::in_parallel;
use crate::steps::import::import;
use crate::story::{Demo, Structure, id, key_for};

/// Requests of the demo that wait for an answer at the same time.
const AT_ONCE: usize = 16;

pub async fn import_and_accredit(demo: &mut Demo, inputs: &Inputs) -> anyhow::Result<()> {
    let operator = demo.operator.clone();
    import(demo, &operator, "/redemption/v1/structure-imports", &inputs.structures).await?;
    import(
        demo,
        &operator,
        "/redemption/v1/bank-details-imports",
        &inputs.bank_details,
    )
    .await?;
    let all = operator.all_pages("/redemption/v1/structures").await?;
    let bar = demo.progress.bar(all.len(), "labellisation");
    let decisions = in_parallel(all, AT_ONCE, |structure| {
        bar.advance();
        accredit(operator.clone(), structure)
    })
    .await?;
    drop(bar);
    let mut reasons = BTreeMap::<String, u64>::new();
    for decision in decisions {
        match decision {
            Ok(structure) => demo.structures.push(structure),
            Err(criteria) => criteria
                .into_iter()
                .for_each(|why| *reasons.entry(why).or_default() += 1),
        }
    }
    demo.progress.say(format!(
        "{} structures labellisées ; les autres :",
        demo.structures.len()
    ));
    for (why, count) in reasons {
        demo.progress.say(format!("  {count} × {why}"));
    }
    anyhow::ensure!(
        demo.structures.len() >= 4,
        "il faut au moins 4 structures labellisées pour la démonstration"
    );
    Ok(())
}

async fn accredit(operator: Client, structure: Value) -> anyhow::Result<Result<Structure, Vec<String>>> {
    let structure_id: Uuid = serde_json::from_value(structure["id"].clone())?;
    let body = json!({"id": id(&format!("labellisation {structure_id}"))});
    let accredited = operator
        .post::<Value>(
            &format!("/redemption/v1/structures/{structure_id}/accreditation"),
            &body,
        )
        .await;
    let refusal = match accredited {
        Ok(_) => {
            return Ok(Ok(Structure {
                id: structure_id,
                name: structure["name"].as_str().unwrap_or_default().to_owned(),
                client: key_for(&operator, structure_id).await?,
            }));
        }
        Err(ClientError::Refused(refusal)) => refusal,
        Err(error) => return Err(error.into()),
    };
    let reasons = refusal.problem["reasons"].as_array().cloned().unwrap_or_default();
    anyhow::ensure!(!reasons.is_empty(), "une structure est refusée sans raison : {refusal}");
    Ok(Err(reasons
        .iter()
        .filter_map(|reason| reason["problem"].as_str().map(str::to_owned))
        .collect()))
}

/// The smallest territory that holds the communes of these structures: a département, else a région, else the country.
pub fn territory_of(structures: &[Value]) -> String {
    let cog = Cog::embedded();
    let communes: Vec<_> = structures
        .iter()
        .filter_map(|structure| structure["commune"].as_str()?.parse::<CommuneCode>().ok())
        .filter_map(|code| cog.commune(code))
        .collect();
    let departements: BTreeSet<_> = communes.iter().map(|commune| commune.departement.to_string()).collect();
    let regions: BTreeSet<_> = communes.iter().map(|commune| commune.region.to_string()).collect();
    match (departements.len(), regions.len()) {
        (1, _) => departements.into_iter().next().unwrap_or_default(),
        (_, 1) => regions.first().map(|region| format!("R{region}")).unwrap_or_default(),
        _ => "FR".to_owned(),
    }
}
