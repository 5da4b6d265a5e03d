//! What the steps of the demo share and hand on to one another.

use std::collections::BTreeMap;

use bank_simulator::Bank;
use chrono::{DateTime, NaiveDate, Utc};
use client::{Client, ClientError, Limits, Refusal, Watcher};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standards::{Cents, Month};
use uuid::Uuid;

use crate::FUND_IBAN;
use crate::calendar::{Story, morning};
use crate::progress::Progress;

/// Sets the clock of the services to an instant.
pub type MoveClock = Box<dyn Fn(DateTime<Utc>) + Send + Sync>;

/// A story and how far it has come.
pub struct Demo {
    pub(crate) base: String,
    pub(crate) progress: Progress,
    pub(crate) story: Story,
    pub(crate) rng: StdRng,
    pub(crate) bank: Bank,
    /// Nobody's client.
    pub(crate) anyone: Client,
    pub(crate) operator: Client,
    pub(crate) sponsor: Client,
    pub(crate) main: Programme,
    pub(crate) short: Programme,
    pub(crate) prescribers: Vec<Prescriber>,
    pub(crate) structures: Vec<Structure>,
    pub(crate) funders: Vec<Funder>,
    pub(crate) report: Vec<ReportRow>,
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) closes: Vec<Closed>,
    move_clock: MoveClock,
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

/// A line of `import-report.csv`.
#[derive(Debug, Clone, Serialize)]
pub struct ReportRow {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub value: String,
    pub problem: String,
    pub remedy: String,
}

/// A closed month, as the summary tells it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Closed {
    pub month: Month,
    pub size: u64,
    pub root: String,
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
    /// A story that begins today, on empty services at `base` (`http://127.0.0.1:8080`) whose operator's API key this is. The same
    /// `seed` tells the same story.
    pub fn new(
        base: String,
        operator_key: &str,
        move_clock: MoveClock,
        today: DateTime<Utc>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let story = Story::beginning(today);
        let anyone = Client::new(&base, Limits::default())?;
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
        Ok(Self {
            progress: Progress::new(),
            story,
            rng: StdRng::seed_from_u64(seed),
            bank: Bank::open(FUND_IBAN.parse()?, story.first_day),
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
            operator: anyone.with_key(operator_key),
            anyone,
            base,
            sponsor: nobody,
            prescribers: Vec::new(),
            structures: Vec::new(),
            funders: Vec::new(),
            report: Vec::new(),
            refused: BTreeMap::new(),
            closes: Vec::new(),
            move_clock,
        })
    }

    /// The same story, told while somebody watches every request and its answer.
    #[must_use]
    pub fn watched(mut self, watcher: &Watcher) -> Self {
        for client in [&mut self.anyone, &mut self.operator, &mut self.sponsor] {
            *client = client.watched(watcher.clone());
        }
        self
    }

    /// Moves the clock to a morning of the story.
    pub(crate) fn go_to(&self, day: NaiveDate, minutes: i64) {
        (self.move_clock)(morning(day, minutes));
    }

    /// Creates an organisation with a key, and gives the client that holds it.
    pub(crate) async fn organisation(
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
    pub(crate) fn must_refuse<T>(&mut self, answer: Result<T, ClientError>, kind: &str) -> anyhow::Result<Refusal> {
        match answer {
            Err(ClientError::Refused(refusal)) if refusal.kind == kind => {
                *self.refused.entry(kind.to_owned()).or_default() += 1;
                Ok(refusal)
            }
            Err(ClientError::Refused(refusal)) => anyhow::bail!("refus « {kind} » attendu, reçu : {refusal:#}"),
            Err(error) => Err(error.into()),
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

/// An amount in an answer.
pub fn cents(value: &Value) -> anyhow::Result<Cents> {
    Ok(serde_json::from_value(value.clone())?)
}

/// Sends a statement of the bank to the fund's books.
pub async fn load_statement(demo: &Demo, name: &str, xml: Vec<u8>) -> anyhow::Result<Value> {
    let path = format!("/funding/v1/statements/{}", id(name));
    Ok(demo.operator.put_file(&path, "application/xml", xml).await?)
}
