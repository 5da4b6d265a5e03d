//! Step 5, second half: every way to be refused, and one claim reversed.

use anyhow::Context;
use client::{Client, ClientError};
use serde_json::{Value, json};
use voucher::{SigningKey, Token};

use crate::steps::claims::{Claimed, WORKSHOP_VOUCHERS, tokens_of, try_claim};
use crate::steps::hand_over::HandedOver;
use crate::story::{Demo, id};

pub async fn refuse(demo: &mut Demo, handed: &HandedOver, claimed: &[Claimed], key: &SigningKey) -> anyhow::Result<()> {
    let day = demo.story.claims();
    let fresh = tokens_of(&demo.main, handed.booklets[0]);
    let used = claimed.iter().find(|claimed| claimed.programme == demo.main.id);
    let used = used.ok_or_else(|| anyhow::anyhow!("aucun encaissement"))?.clone();
    let owner = used.client.clone();
    let other = another(demo, &owner);

    let forged = vec![forge(&fresh[0])];
    let answer = try_claim(&other, "contrefait", &forged, day).await;
    refused(demo, answer, "forged")?;
    let unknown = vec![never_minted(&fresh[0], key)?];
    let answer = try_claim(&other, "inconnu", &unknown, day).await;
    refused(demo, answer, "unknown")?;
    let drawer = tokens_of(&demo.main, handed.drawer);
    let answer = try_claim(&other, "tiroir", &drawer[..1], day).await;
    refused(demo, answer, "not-active")?;
    let again = [used.token.clone()];
    let answer = try_claim(&owner, "deux fois", &again, day).await;
    refused(demo, answer, "already-used-by-you")?;
    let answer = try_claim(&other, "deux fois ailleurs", &again, day).await;
    refused(demo, answer, "already-used-elsewhere")?;
    let lost = tokens_of(&demo.main, handed.lost);
    let answer = try_claim(&other, "perdu", &lost[..1], day).await;
    refused(demo, answer, "revoked")?;
    suspended(demo, &fresh[..1]).await?;
    workshop(demo, &fresh, &used).await?;
    reverse(demo, &used).await?;

    demo.go_to(demo.story.too_late(), 0);
    let late = tokens_of(&demo.short, handed.short[0]);
    let answer = try_claim(&other, "trop tard", &late[..1], demo.story.too_late()).await;
    refused(demo, answer, "expired")?;
    Ok(())
}

fn another(demo: &Demo, owner: &Client) -> Client {
    let other = demo.structures[1..]
        .iter()
        .find(|structure| structure.client.key() != owner.key());
    other.map_or_else(|| owner.clone(), |structure| structure.client.clone())
}

/// Shows a refusal that the story wants.
fn refused(demo: &mut Demo, answer: Result<Value, ClientError>, kind: &str) -> anyhow::Result<()> {
    let refusal = demo.must_refuse(answer, kind)?;
    demo.progress.say(format!("non : {refusal:#}"));
    Ok(())
}

/// Another last digit: the signature no longer fits.
fn forge(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    format!("{rest}{}", if last == "1" { "2" } else { "1" })
}

/// A thief has the signing key, and signs a voucher that was never minted: no account stands behind it.
fn never_minted(like: &str, key: &SigningKey) -> anyhow::Result<String> {
    let (prefix, digits) = like.split_at(like.len() - voucher::TOKEN_DIGITS);
    let mut terms = *Token::from_digits(digits)?.unverified_terms();
    terms.id = voucher::VoucherId::new(*b"volevole");
    terms.idx = voucher::Idx::new(terms.idx.get() ^ 1).ok_or_else(|| anyhow::anyhow!("indice hors limites"))?;
    Ok(format!("{prefix}{}", key.sign(&terms).digits()))
}

async fn suspended(demo: &mut Demo, tokens: &[String]) -> anyhow::Result<()> {
    let structure = demo.structures[0].clone();
    let suspension = json!({"id": id("suspension"), "reason": "Contrôle en cours"});
    let path = format!("/redemption/v1/structures/{}/suspensions", structure.id);
    let _: Value = demo.operator.post(&path, &suspension).await?;
    let answer = try_claim(&structure.client, "suspendue", tokens, demo.story.claims()).await;
    refused(demo, answer, "structure-suspended")?;
    Ok(())
}

/// A 40 € workshop with three good vouchers and one bad: all or nothing; then with four good ones.
async fn workshop(demo: &mut Demo, fresh: &[String], used: &Claimed) -> anyhow::Result<()> {
    let day = demo.story.claims();
    let structure = demo.structures[1].client.clone();
    let mut tokens = fresh[..WORKSHOP_VOUCHERS].to_vec();
    tokens[WORKSHOP_VOUCHERS - 1].clone_from(&used.token);
    let refusal = match try_claim(&structure, "atelier à 40 €", &tokens, day).await {
        Err(ClientError::Refused(refusal)) => refusal,
        Err(error) => return Err(error.into()),
        Ok(_) => anyhow::bail!("un atelier avec un mauvais chèque a été accepté"),
    };
    anyhow::ensure!(
        refusal.kind.starts_with("already-used"),
        "refus inattendu : {refusal:#}"
    );
    *demo.refused.entry("workshop-all-or-nothing".to_owned()).or_default() += 1;
    demo.progress.say(format!(
        "non : atelier à 40 € avec 3 bons chèques et 1 mauvais, rien n'est pris : {refusal:#}"
    ));
    try_claim(&structure, "atelier à 40 €", &fresh[..WORKSHOP_VOUCHERS], day)
        .await
        .context("les bons chèques d'un atelier refusé doivent rester bons")?;
    demo.progress.say("oui : le même atelier avec 4 bons chèques");
    Ok(())
}

async fn reverse(demo: &Demo, used: &Claimed) -> anyhow::Result<()> {
    let path = format!(
        "/redemption/v1/programmes/{}/claims/{}/reversal",
        used.programme, used.claim_id
    );
    let body = json!({"id": id("annulation"), "reason": "Atelier annulé"});
    let _: Value = used.client.post(&path, &body).await?;
    demo.progress
        .say("Un encaissement annulé : ses chèques sont de nouveau utilisables");
    Ok(())
}
