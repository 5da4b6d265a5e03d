//! Step 5: many structures claim at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use client::{Client, ClientError};
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::parallel::in_parallel;
use crate::steps::hand_over::HandedOver;
use crate::story::{Demo, Programme, id};

/// Requests of the demo that wait for an answer at the same time.
const AT_ONCE: usize = 64;

/// Out of ten booklets, so many are begun.
const BEGUN_OUT_OF_TEN: u32 = 7;

/// Vouchers of the dearest workshop: 40 €.
pub const WORKSHOP_VOUCHERS: usize = 4;

const SERVICES: [&str; 5] = [
    "atelier-premiers-pas",
    "demarche-urgente",
    "demarche-accompagnee",
    "atelier-securite",
    "parcours-pix",
];

/// A claim that was accepted.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub client: Client,
    pub programme: Uuid,
    pub claim_id: Uuid,
    pub token: String,
}

/// Everybody's ordinary claims. The first two booklets are left whole for the refusals that follow.
pub async fn claim(demo: &mut Demo, handed: &HandedOver) -> anyhow::Result<Vec<Claimed>> {
    let day = demo.story.claims();
    demo.go_to(day, 0);
    let services: Vec<Value> = demo.anyone.get("/catalogue/v1/services").await?;
    anyhow::ensure!(
        SERVICES
            .iter()
            .all(|code| services.iter().any(|service| service["code"] == *code)),
        "catalogue incomplet"
    );
    let (main, short) = (demo.main.clone(), demo.short.clone());
    let mut wanted = Vec::new();
    for booklet in &handed.booklets[2..] {
        plan_claims(demo, &main, *booklet, day, &mut wanted)?;
    }
    for booklet in &handed.short[1..] {
        plan_claims(demo, &short, *booklet, day, &mut wanted)?;
    }
    let bar = demo.progress.bar(wanted.len(), "encaissements");
    let claimed = in_parallel(wanted, AT_ONCE, |(client, body, token)| {
        bar.advance();
        async move {
            let receipt: Value = client.post("/redemption/v1/claims", &body).await?;
            let uuid = |name: &str| serde_json::from_value(receipt[name].clone());
            Ok(Claimed {
                programme: uuid("programme_id")?,
                claim_id: uuid("claim_id")?,
                client,
                token,
            })
        }
    })
    .await?;
    drop(bar);
    let structures: BTreeSet<&str> = claimed.iter().map(|claimed| claimed.client.key()).collect();
    demo.progress.say(format!(
        "{} encaissements par {} structures",
        claimed.len(),
        structures.len()
    ));
    Ok(claimed)
}

/// A person spends some vouchers of a booklet, one to four at a time, at one or several structures.
fn plan_claims(
    demo: &mut Demo,
    programme: &Programme,
    booklet: u32,
    day: NaiveDate,
    wanted: &mut Vec<(Client, Value, String)>,
) -> anyhow::Result<()> {
    if !demo.rng.random_ratio(BEGUN_OUT_OF_TEN, 10) {
        return Ok(());
    }
    let tokens = tokens_of(programme, booklet);
    let spent = demo.rng.random_range(1..=tokens.len());
    let mut left = &tokens[..spent];
    while !left.is_empty() {
        let now = demo.rng.random_range(1..=WORKSHOP_VOUCHERS.min(left.len()));
        let (these, rest) = left.split_at(now);
        left = rest;
        // The structure at index 0 is kept for the suspension.
        let structure = demo.structures[1..]
            .choose(&mut demo.rng)
            .ok_or_else(|| anyhow::anyhow!("aucune structure"))?;
        let service = SERVICES
            .choose(&mut demo.rng)
            .ok_or_else(|| anyhow::anyhow!("aucun service"))?;
        let claim = id(&format!("encaissement {}", wanted.len()));
        wanted.push((
            structure.client.clone(),
            body(claim, these, service, day),
            these[0].clone(),
        ));
    }
    Ok(())
}

/// The tokens of a booklet, in order.
pub fn tokens_of(programme: &Programme, booklet: u32) -> Vec<String> {
    programme
        .vouchers
        .iter()
        .filter(|voucher| voucher.booklet == booklet)
        .map(|voucher| voucher.token.clone())
        .collect()
}

/// A claim as a phone sends it.
pub fn body(claim: Uuid, tokens: &[String], service: &str, day: NaiveDate) -> Value {
    json!({"id": claim, "tokens": tokens, "service": service, "date": day})
}

/// Tries a claim that has its own name in the story.
pub async fn try_claim(client: &Client, name: &str, tokens: &[String], day: NaiveDate) -> Result<Value, ClientError> {
    client
        .post("/redemption/v1/claims", &body(id(name), tokens, SERVICES[0], day))
        .await
}
