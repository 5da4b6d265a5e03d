use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use uuid::Uuid;
use voucher::Host;

use crate::deployment::{DAY, Deployment, FUND_IBAN, morning};
use crate::{
    Bank, Batch, Client, Funder, Operator, Person, Place, Prescriber, Settings, Sponsor, Structure, Voucher, iban, id,
    people, siren,
};

/// A programme with everybody it needs. No money has come yet.
#[derive(Debug)]
pub struct Scene {
    /// Where it is set.
    pub deployment: Deployment,
    /// Runs the programme.
    pub sponsor: Sponsor,
    /// Pay for it, in the order of its plan.
    pub funders: Vec<Funder>,
    /// Hands its booklets over.
    pub prescriber: Prescriber,
    /// On the prescriber's list.
    pub people: Vec<Person>,
    /// Claim its vouchers.
    pub structures: Vec<Structure>,
    /// Keeps the fund's account.
    pub bank: Bank,
}

impl Scene {
    pub async fn set(pool: PgPool) -> Self {
        Self::with(pool, Settings::default()).await
    }

    /// One with other settings.
    pub async fn with(pool: PgPool, settings: Settings) -> Self {
        let deployment = match settings.threads {
            0 => Deployment::new(pool).await,
            threads => Deployment::on_threads(pool, threads).await,
        };
        Self::on(deployment, settings).await
    }

    /// One in a deployment that is there already.
    pub async fn on(deployment: Deployment, settings: Settings) -> Self {
        let programme = id("programme");
        let sponsor = sponsor(&deployment, programme, &settings).await;
        let funders = funders(&deployment, programme, &settings).await;
        agree_plan(&sponsor, &funders).await;
        let prescriber = prescriber(&deployment, &sponsor, "Prescripteur").await;
        prescriber
            .imports(&people(settings.people, settings.booklets_per_person))
            .await;
        let people = prescriber.people().await;
        let structures = structures(&deployment, settings.structures).await;
        Self {
            deployment,
            sponsor,
            funders,
            prescriber,
            people,
            structures,
            bank: Bank::open(FUND_IBAN.parse().expect("an IBAN"), DAY),
        }
    }

    #[must_use]
    pub const fn operator(&self) -> &Operator {
        &self.deployment.operator
    }

    #[must_use]
    pub const fn programme(&self) -> Uuid {
        self.sponsor.programme
    }

    /// Another programme of the same sponsor and funders, with a prescriber of its own.
    pub async fn another_programme(&self) -> (Sponsor, Prescriber) {
        let programme = self.deployment.ids.next("programme");
        let other = Sponsor {
            programme,
            ..self.sponsor.clone()
        };
        create_programme(&other, &Settings::default()).await;
        for funder in &self.funders {
            let convention = self.deployment.ids.next("convention");
            let amount = Settings::default().convention;
            sign(self.operator(), convention, (funder.id, programme), amount).await;
        }
        agree_plan(&other, &self.funders).await;
        let prescriber = prescriber(&self.deployment, &other, "Autre prescripteur").await;
        prescriber.imports(&people(1, 1)).await;
        (other, prescriber)
    }

    /// A funder is called for an amount and pays it; the bank tells at the next statement.
    pub async fn pays(&mut self, funder: &Funder, amount: Cents) {
        let call = json!({
            "id": self.deployment.ids.next("call"), "convention_id": funder.convention, "amount": amount, "due_on": "2026-12-31",
        });
        let call = self.operator().client.post("/funding/v1/calls", &call).await.created();
        let reference = call["reference"].as_str().expect("a call has a reference");
        let remittance = format!("Appel de fonds {reference}");
        let received = self.bank.receive(&funder.name, &funder.iban, amount, &remittance);
        received.expect("an account that exists");
    }

    /// The bank's statement of the day.
    pub fn prints_statement(&mut self, day: NaiveDate) -> Vec<u8> {
        self.bank.statement(day, morning(day)).expect("it adds up")
    }

    /// The bank sends its statement of the day, and the operator loads it.
    pub async fn statement(&mut self, day: NaiveDate) -> Value {
        let xml = self.prints_statement(day);
        self.operator().loads_statement(&xml).await.created()
    }

    /// Each funder pays exactly what is missing for a batch, and its money is allocated to the batch's programme.
    pub async fn pay_for(&mut self, sponsor: &Sponsor, batch: &Batch) {
        let refusal = sponsor.funds(batch).await.refused(crate::Refusal::NotFunded);
        let shortfalls = refusal["shortfalls"].as_array().expect("who lacks what").clone();
        for shortfall in &shortfalls {
            let funder = self
                .funders
                .iter()
                .find(|funder| shortfall["funder_id"] == json!(funder.id));
            let funder = funder.expect("a funder of the plan").clone();
            self.pays(
                &funder,
                serde_json::from_value(shortfall["missing"].clone()).expect("an amount"),
            )
            .await;
        }
        let statement = self.statement(DAY).await;
        assert_eq!(statement["unexplained"], 0, "{statement:#}");
        for shortfall in &shortfalls {
            let funder = serde_json::from_value(shortfall["funder_id"].clone()).expect("an id");
            self.operator()
                .allocates(funder, sponsor.programme, &shortfall["missing"])
                .await
                .created();
        }
    }

    /// A batch that is ordered, printed, paid and funded; nobody has a booklet yet.
    pub async fn funded_batch(&mut self, booklets: u32) -> Batch {
        let sponsor = self.sponsor.clone();
        let batch = sponsor.orders(booklets).await;
        self.pay_for(&sponsor, &batch).await;
        sponsor.funds(&batch).await.accepted();
        batch
    }

    /// A booklet in the first person's hands: ten vouchers that can be spent.
    pub async fn booklet_in_hand(&mut self) -> (Batch, Vec<Voucher>) {
        let batch = self.funded_batch(1).await;
        self.prescriber.hands_over(&batch, 1, &self.people[0]).await.created();
        let vouchers = batch.booklet(1);
        (batch, vouchers)
    }

    /// The host in the text of every QR code.
    #[must_use]
    pub fn host() -> Host {
        ccn::server::config::PUBLIC_HOST.parse().expect("a host")
    }
}

async fn sponsor(deployment: &Deployment, programme: Uuid, settings: &Settings) -> Sponsor {
    let client = deployment
        .operator
        .admits(id("sponsor"), "Département d'essai", &["sponsor"])
        .await;
    let sponsor = Sponsor {
        client,
        programme,
        ids: deployment.ids.clone(),
    };
    create_programme(&sponsor, settings).await;
    sponsor
}

async fn create_programme(sponsor: &Sponsor, settings: &Settings) {
    let programme = json!({
        "id": sponsor.programme, "name": "Chèque culture numérique", "territory": "21", "face_value": "10.00",
        "booklet_size": 10, "spendable": settings.spendable, "printed_day": settings.printed_day,
        "tolerance_days": settings.tolerance_days, "booklets_min": settings.booklets_min,
        "booklets_per_person_max": settings.booklets_per_person,
    });
    sponsor.client.post("/issuer/v1/programmes", &programme).await.created();
}

async fn funders(deployment: &Deployment, programme: Uuid, settings: &Settings) -> Vec<Funder> {
    let operator = &deployment.operator;
    let mut funders = Vec::new();
    for (number, rate) in (1..).zip(&settings.rates) {
        let (funder, convention) = (id(&format!("funder {number}")), id(&format!("convention {number}")));
        let (name, iban) = (format!("Financeur {number}"), iban(900_000 + number));
        let body =
            json!({"id": funder, "siren": siren(90_000 + number), "name": name, "iban": iban, "bic": "AGRIFRPPXXX"});
        operator.client.post("/funding/v1/funders", &body).await.created();
        sign(operator, convention, (funder, programme), settings.convention).await;
        let client = operator.gives_key(funder).await;
        funders.push(Funder {
            id: funder,
            name,
            iban,
            rate: (*rate).to_owned(),
            convention,
            client,
        });
    }
    funders
}

async fn sign(operator: &Operator, convention: Uuid, (funder, programme): (Uuid, Uuid), amount: &str) {
    let body = json!({
        "id": convention, "funder_id": funder, "programme_id": programme, "amount": amount,
        "signed_on": DAY, "starts_on": DAY, "ends_on": "2027-12-31",
    });
    operator.client.post("/funding/v1/conventions", &body).await.created();
}

async fn agree_plan(sponsor: &Sponsor, funders: &[Funder]) {
    let shares: Vec<Value> = funders
        .iter()
        .map(|funder| json!({"funder_id": funder.id, "rate": funder.rate}))
        .collect();
    let plan = json!({"id": sponsor.ids.next("plan"), "shares": shares});
    sponsor
        .client
        .post(&sponsor.funding_path("/plans"), &plan)
        .await
        .created();
}

async fn prescriber(deployment: &Deployment, sponsor: &Sponsor, name: &str) -> Prescriber {
    let id = deployment.ids.next("prescriber");
    let client = deployment.operator.admits(id, name, &["prescriber"]).await;
    sponsor.admits_prescriber(id).await.created();
    Prescriber {
        id,
        client,
        programme: sponsor.programme,
        ids: deployment.ids.clone(),
    }
}

async fn structures(deployment: &Deployment, count: usize) -> Vec<Structure> {
    let operator = &deployment.operator;
    let places: Vec<Place> = (1..).take(count).map(Place::new).collect();
    operator.imports_structures(&Place::file(&places)).await;
    operator.imports_bank_details(&Place::bank_details(&places)).await;
    let known = operator.structures().await;
    let mut structures = Vec::new();
    for place in &places {
        let found = known
            .iter()
            .find(|structure| structure["siret"] == place.siret().as_str());
        let found = found.unwrap_or_else(|| panic!("{} was not imported: {known:#?}", place.name()));
        let structure: Uuid = serde_json::from_value(found["id"].clone()).expect("an id");
        operator.accredits(structure).await.created();
        let client: Client = operator.gives_key(structure).await;
        structures.push(Structure {
            id: structure,
            name: place.name(),
            client,
            ids: deployment.ids.clone(),
            clock: deployment.clock.clone(),
        });
    }
    structures
}
