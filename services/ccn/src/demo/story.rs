//! What the steps of the demo share and hand on to one another.

use bank_simulator::Bank;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::{Value, json};
use standards::Cents;
use uuid::Uuid;
use web::ClockHand;

use super::calendar::{Story, morning};
use super::client::{Answer, Client, expect_yes};
use super::close::Closed;
use super::import::ReportRow;
use super::progress::Progress;

/// The state of the story.
pub struct Demo {
    pub progress: Progress,
    pub story: Story,
    pub rng: StdRng,
    pub bank: Bank,
    /// Nobody's client.
    pub anyone: Client,
    pub operator: Client,
    pub sponsor: Client,
    pub main: Programme,
    pub short: Programme,
    pub prescribers: Vec<Prescriber>,
    pub structures: Vec<Structure>,
    pub funders: Vec<Funder>,
    pub report: Vec<ReportRow>,
    pub refused: BTreeMap<String, u64>,
    pub closes: Vec<Closed>,
    hand: ClockHand,
}

/// A programme of the story and its one batch.
#[derive(Debug, Clone)]
pub struct Programme {
    pub id: Uuid,
    pub name: String,
    pub printed_day: NaiveDate,
    pub last_day: NaiveDate,
    /// Funders' rates, in the order of [`Demo::funders`].
    pub rates: [&'static str; 3],
    pub batch: Uuid,
    pub booklets: u32,
    pub vouchers: Vec<Voucher>,
}

/// A voucher as the printer gets it.
#[derive(Debug, Clone, Deserialize)]
pub struct Voucher {
    pub serial: u32,
    pub token: String,
    pub short_code: String,
    pub face_value: String,
    pub booklet: u32,
}

/// A prescriber with what it has to hand over.
#[derive(Debug, Clone)]
pub struct Prescriber {
    pub name: String,
    pub client: Client,
    pub programme: Uuid,
}

/// An accredited structure.
#[derive(Debug, Clone)]
pub struct Structure {
    pub id: Uuid,
    pub name: String,
    pub client: Client,
}

/// A funder of the story.
#[derive(Debug, Clone)]
pub struct Funder {
    pub id: Uuid,
    pub name: &'static str,
    pub iban: &'static str,
}

/// Ids are made by the caller, and from names: a step that is repeated repeats them.
pub fn id(name: &str) -> Uuid {
    ids::derive_uuid(b"demo", &[name.as_bytes()])
}

impl Demo {
    pub fn new(anyone: Client, operator: Client, hand: ClockHand, story: Story, seed: u64, bank: Bank) -> Self {
        let nobody = anyone.clone();
        let programme = |name: &str, printed_day, last_day, rates| Programme {
            id: id(name),
            name: name.to_owned(),
            printed_day,
            last_day,
            rates,
            batch: id(&format!("{name}, lot 1")),
            booklets: 0,
            vouchers: Vec::new(),
        };
        Self {
            progress: Progress::new(),
            story,
            rng: StdRng::seed_from_u64(seed),
            bank,
            main: programme(
                "Coup de pouce numérique",
                story.printed_day(),
                story.printed_day(),
                ["0.35", "0.50", "0.15"],
            ),
            short: programme(
                "Semaine du numérique",
                story.short_printed_day(),
                story.short_printed_day(),
                ["0.3339", "0.33305", "0.33305"],
            ),
            anyone,
            operator,
            sponsor: nobody,
            prescribers: Vec::new(),
            structures: Vec::new(),
            funders: Vec::new(),
            report: Vec::new(),
            refused: BTreeMap::new(),
            closes: Vec::new(),
            hand,
        }
    }

    /// Moves the clock to a morning of the story.
    pub fn go_to(&self, day: NaiveDate, minutes: i64) {
        self.hand.move_to(morning(day, minutes));
    }

    /// Creates an organisation with a key, and gives the client that holds it.
    pub async fn organisation(
        &self,
        id: Uuid,
        name: &str,
        siren: Option<&str>,
        roles: &[&str],
    ) -> anyhow::Result<Client> {
        let body = json!({"id": id, "name": name, "siren": siren, "roles": roles});
        let _: Value = self.operator.post("/issuer/v1/organisations", &body).await?;
        key_for(&self.operator, id).await
    }

    /// Counts a refusal that the story wants, and ends the story when it does not come.
    pub fn must_refuse<T>(
        &mut self,
        answer: Result<T, super::client::Refusal>,
        kind: &str,
    ) -> anyhow::Result<super::client::Refusal> {
        match answer {
            Err(refusal) if refusal.kind == kind => {
                *self.refused.entry(kind.to_owned()).or_default() += 1;
                Ok(refusal)
            }
            Err(refusal) => anyhow::bail!("refus « {kind} » attendu, reçu : {refusal}"),
            Ok(_) => anyhow::bail!("refus « {kind} » attendu, et la demande a été acceptée"),
        }
    }
}

/// Makes an API key for an organisation, and gives the client that holds it.
pub async fn key_for(operator: &Client, organisation: Uuid) -> anyhow::Result<Client> {
    #[derive(Deserialize)]
    struct Key {
        secret: String,
    }
    let body = json!({"id": id(&format!("clé {organisation}"))});
    let key: Key = operator
        .post(&format!("/issuer/v1/organisations/{organisation}/api-keys"), &body)
        .await?;
    Ok(operator.with_key(&key.secret))
}

/// Reads a list to its end, page by page.
pub async fn all_pages(client: &Client, path: &str) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Value>,
        next: Option<String>,
    }
    let mut items = Vec::new();
    let mut page: Page = client.get(path).await?;
    loop {
        items.append(&mut page.items);
        let Some(next) = page.next else { return Ok(items) };
        let separator = if path.contains('?') { '&' } else { '?' };
        page = client.get(&format!("{path}{separator}after={next}")).await?;
    }
}

/// An amount in an answer.
pub fn cents(value: &Value) -> anyhow::Result<Cents> {
    Ok(serde_json::from_value(value.clone())?)
}

/// Sends a statement of the bank to the fund's books.
pub async fn load_statement(demo: &Demo, name: &str, xml: Vec<u8>) -> anyhow::Result<Value> {
    let answer: Answer<Value> = demo
        .operator
        .try_put(&format!("/funding/v1/statements/{}", id(name)), "application/xml", xml)
        .await;
    expect_yes(answer?)
}
