//! Step 4: booklets are handed to people, which makes them spendable; one is lost, blocked and replaced.

use client::Client;
use rand::RngExt;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::parallel::in_parallel;
use crate::story::{Demo, Programme, cents, id};

/// Desks that hand over at the same time. They wait for one another: the booklets of a batch share its reserve.
const AT_ONCE: usize = 4;

/// Out of ten people, so many have come for their booklet.
const COME_OUT_OF_TEN: u32 = 9;

/// What was handed over, and what was not.
#[derive(Debug, Default)]
pub struct HandedOver {
    /// Booklets of the main programme in people's hands, that are neither lost nor replacements.
    pub booklets: Vec<u32>,
    /// The lost and blocked one.
    pub lost: u32,
    /// One that stayed in the drawer.
    pub drawer: u32,
    /// Of the short programme.
    pub short: Vec<u32>,
}

pub async fn hand_over(demo: &mut Demo) -> anyhow::Result<HandedOver> {
    demo.go_to(demo.story.hand_over(), 0);
    let mut handed = HandedOver::default();
    let mut next_booklet = 1;
    let mut hand_overs = Vec::new();
    for prescriber in demo.prescribers.clone() {
        let path = format!("/issuer/v1/programmes/{}/beneficiaries", prescriber.programme);
        let people: Vec<Value> = prescriber.client.all_pages(&path).await?;
        let main = prescriber.programme == demo.main.id;
        let programme = if main { demo.main.clone() } else { demo.short.clone() };
        let first = if main { next_booklet } else { 1 };
        let coming: Vec<Uuid> = people
            .iter()
            .filter(|_| !main || demo.rng.random_ratio(COME_OUT_OF_TEN, 10))
            .map(|person| serde_json::from_value(person["id"].clone()))
            .collect::<Result<_, _>>()?;
        let bar = demo.progress.bar(coming.len(), "remises");
        let booklets: Vec<u32> = (first..).take(coming.len()).collect();
        in_parallel(
            booklets.iter().copied().zip(coming),
            AT_ONCE,
            |(booklet, beneficiary)| {
                bar.advance();
                let (client, path) = (
                    prescriber.client.clone(),
                    format!("/issuer/v1/programmes/{}/hand-overs", programme.id),
                );
                let body = hand_over_body(&programme, booklet, beneficiary);
                async move { Ok(client.post::<Value>(&path, &body).await?) }
            },
        )
        .await?;
        drop(bar);
        demo.progress.say(format!(
            "{} : {} carnets de « {} » remis",
            prescriber.name,
            booklets.len(),
            programme.name
        ));
        if main {
            next_booklet += u32::try_from(booklets.len())?;
            hand_overs.extend(booklets.iter().map(|booklet| (prescriber.clone(), *booklet)));
        } else {
            handed.short = booklets;
        }
    }
    anyhow::ensure!(
        hand_overs.len() >= 6,
        "il faut au moins 6 bénéficiaires pour la démonstration"
    );
    let (finder, lost) = hand_overs.remove(0);
    lose_and_replace(demo, &finder.client, lost, next_booklet).await?;
    handed.lost = lost;
    handed.drawer = next_booklet + 1;
    handed.booklets = hand_overs.into_iter().map(|(_, booklet)| booklet).collect();
    handed.booklets.push(next_booklet);
    Ok(handed)
}

fn hand_over_id(programme: &Programme, booklet: u32) -> Uuid {
    id(&format!("remise {} {booklet}", programme.name))
}

fn hand_over_body(programme: &Programme, booklet: u32, beneficiary: Uuid) -> Value {
    json!({"id": hand_over_id(programme, booklet), "batch_id": programme.batch, "booklet": booklet, "beneficiary_id": beneficiary})
}

async fn lose_and_replace(demo: &Demo, prescriber: &Client, lost: u32, replacement: u32) -> anyhow::Result<()> {
    let programme = &demo.main;
    let revocation = json!({"id": id("carnet perdu"), "batch_id": programme.batch, "booklet": lost, "reason": "lost"});
    let revoked: Value = prescriber
        .post(
            &format!("/issuer/v1/programmes/{}/revocations", programme.id),
            &revocation,
        )
        .await?;
    let body = json!({
        "id": hand_over_id(programme, replacement), "hand_over_id": hand_over_id(programme, lost),
        "batch_id": programme.batch, "booklet": replacement,
    });
    let _: Value = prescriber
        .post(&format!("/issuer/v1/programmes/{}/replacements", programme.id), &body)
        .await?;
    demo.progress.say(format!(
        "Carnet n° {lost} perdu : {} chèques bloqués, {} rendus aux financeurs ; remplacé par le n° {replacement}",
        revoked["revoked"],
        cents(&revoked["returned"])?.to_french(),
    ));
    Ok(())
}
