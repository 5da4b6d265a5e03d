//! Everybody whom a simulation needs, and the requests that they make: each is answered as the oracle says, or the
//! simulation ends there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use e2e::{Answer, Client, DAY, Person, Place, Prescriber, Scene, Settings, Sponsor, Structure, iban, morning, people};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::{Uuid, uuid};

use super::bank::Bank;
use super::fund::{FUNDERS, Fund, PROGRAMMES, STRUCTURES};
use super::shares::{Limits, Plan};

/// The organisation that runs the platform.
const OPERATOR: Uuid = uuid!("00000000-0000-4000-8000-000000000001");

/// What a funder promised a programme, in cents: the first promised more than a simulation asks for.
pub const AGREED: [i64; PROGRAMMES] = [100_000_000, 120_000];

/// What must come of a request: an answer, or a refusal of this kind.
pub type Wanted = Result<(), &'static str>;

/// A request that was answered, to be repeated.
pub struct Done {
    pub what: &'static str,
    pub who: Client,
    pub path: String,
    pub body: Value,
    /// A file instead, which is put.
    pub file: Option<Vec<u8>>,
    pub answer: Value,
    /// The answer never changes.
    pub stable: bool,
    /// A field whose other value makes it another request, and that value.
    pub other: Option<(&'static str, Value)>,
}

pub struct Simulation {
    pub scene: Scene,
    pub random: StdRng,
    pub fund: Fund,
    pub bank: Bank,
    pub day: NaiveDate,
    pub now: DateTime<Utc>,
    /// A second person at the operator's.
    pub colleague: Client,
    pub funders: [Value; FUNDERS],
    pub sponsors: Vec<Sponsor>,
    pub prescribers: Vec<Prescriber>,
    /// How many booklets each person has, by programme.
    pub people: Vec<Vec<(Person, u32)>>,
    pub structures: Vec<Structure>,
    pub conventions: [[Uuid; FUNDERS]; PROGRAMMES],
    pub done: Vec<Done>,
    /// The steps of each programme's end that the clock has done.
    pub steps: BTreeSet<(usize, &'static str)>,
    /// How often each act was answered and refused.
    pub seen: BTreeMap<&'static str, [u32; 2]>,
    /// What is being done, for messages.
    pub doing: String,
    pub requests: u32,
}

impl Simulation {
    /// Two programmes of three funders, one of which ends within the simulation; three structures, one without bank details; no money.
    pub async fn begins(pool: PgPool, seed: u64) -> Self {
        let settings = Settings {
            rates: vec!["0.35", "0.5", "0.15"],
            printed_day: "2026-04-30".parse().expect("a day"),
            tolerance_days: 10,
            booklets_per_person: 2,
            structures: STRUCTURES - 1,
            people: 9,
            ..Settings::default()
        };
        let scene = Scene::with(pool, settings).await;
        let (second, prescriber) = second_programme(&scene).await;
        let third = third_structure(&scene).await;
        let operator = &scene.operator().client;
        let key = json!({"id": scene.deployment.ids.next("colleague")});
        let key = operator
            .post(&format!("/issuer/v1/organisations/{OPERATOR}/api-keys"), &key)
            .await
            .created();
        let colleague = operator.with_key(key["secret"].as_str().expect("a secret"));
        let funders = [0, 1, 2].map(|f| json!(scene.funders[f].id));
        let mut conventions = [[Uuid::nil(); FUNDERS]; PROGRAMMES];
        for (f, funder) in scene.funders.iter().enumerate() {
            conventions[0][f] = funder.convention;
            conventions[1][f] = scene.deployment.ids.next("convention");
            let agreed = super::euros(AGREED[1]);
            let body = json!({"id": conventions[1][f], "funder_id": funder.id, "programme_id": second.programme, "amount": agreed,
                "signed_on": DAY, "starts_on": DAY, "ends_on": "2027-12-31"});
            operator.post("/funding/v1/conventions", &body).await.created();
        }
        let terms = json!({"accepts_mandates": true, "fee_rate": "0.03", "vat_rate": "0.2", "reminder_days": [1, 15]});
        let path = second.funding_path("/funding-terms");
        operator
            .put(&path, "application/json", terms.to_string().as_bytes())
            .await
            .created();
        let address = json!({"lines": ["12 rue des Forges"], "postcode": "21000", "city": "Dijon"});
        let seller = json!({"name": "Opérateur", "legal_form": "Association loi 1901", "address": address, "siret": "40483304800022",
            "vat_number": "FR83404833048", "iban": "FR7630001007941234567890185"});
        let buyer = json!({"name": "Commanditaire", "address": address, "siret": "22210001800019", "public": true});
        let sponsor: Uuid = sqlx::query_scalar("select sponsor_id from catalogue.programme where id = $1")
            .bind(second.programme)
            .fetch_one(&scene.deployment.pool)
            .await
            .expect("the programme");
        let buyers = format!("/funding/v1/invoicing/buyers/{sponsor}");
        for (path, said) in [("/funding/v1/invoicing/seller", &seller), (&buyers, &buyer)] {
            operator
                .put(path, "application/json", said.to_string().as_bytes())
                .await
                .created();
        }
        let first_plan = Plan {
            rates: [350_000_000, 500_000_000, 150_000_000],
            limits: Limits::default(),
        };
        let plan = json!({"id": scene.deployment.ids.next("plan"), "shares": first_plan.shares(&funders)});
        second
            .client
            .post(&second.funding_path("/plans"), &plan)
            .await
            .created();
        let mut fund = Fund::default();
        for (programme, agreed) in fund.programmes.iter_mut().zip(AGREED) {
            programme.plans.push(first_plan.clone());
            programme.agreed = [agreed; FUNDERS];
        }
        fund.accounts = [Some(1), Some(2), None];
        let others = prescriber.people().await;
        let mine = |people: &[Person]| people.iter().cloned().map(|person| (person, 0)).collect::<Vec<_>>();
        Self {
            random: StdRng::seed_from_u64(seed),
            fund,
            bank: Bank::new(),
            day: DAY,
            now: morning(DAY),
            colleague,
            funders,
            people: vec![mine(&scene.people), mine(&others)],
            sponsors: vec![scene.sponsor.clone(), second],
            prescribers: vec![scene.prescriber.clone(), prescriber],
            structures: scene.structures.iter().cloned().chain([third]).collect(),
            conventions,
            done: Vec::new(),
            steps: BTreeSet::new(),
            seen: BTreeMap::new(),
            doing: format!("seed {seed}: begins"),
            requests: 0,
            scene,
        }
    }

    pub fn operator(&self) -> Client {
        self.scene.operator().client.clone()
    }

    pub fn new_id(&self, what: &str) -> Uuid {
        self.scene.deployment.ids.next(what)
    }

    pub fn pick(&mut self, below: usize) -> usize {
        self.random.random_range(0..below)
    }

    pub fn chance(&mut self, of_100: u32) -> bool {
        self.random.random_range(0..100) < of_100
    }

    /// One of those for which it is so.
    pub fn pick_where<T>(&mut self, all: &[T], is: impl Fn(&T) -> bool) -> Option<usize> {
        let those: Vec<usize> = (0..all.len()).filter(|&place| is(&all[place])).collect();
        (!those.is_empty()).then(|| those[self.random.random_range(0..those.len())])
    }

    /// A second later, so that nothing happens at the same instant as something else.
    pub fn ticks(&mut self) {
        self.now += TimeDelta::seconds(1);
        self.scene.deployment.go_to_instant(self.now);
    }

    pub fn goes_on(&mut self, days: u64) {
        self.day = self.day + Days::new(days);
        self.now = morning(self.day);
        self.scene.deployment.go_to_instant(self.now);
    }

    /// Counts the act and checks the answer; gives what was answered.
    pub fn must(&mut self, what: &'static str, answer: &Answer, wanted: Wanted) -> Option<Value> {
        self.requests += 1;
        self.seen.entry(what).or_default()[usize::from(wanted.is_err())] += 1;
        let gave = (answer.status, answer.kind());
        match wanted {
            Ok(()) => assert!(gave.0 == 201 || gave.0 == 200, "{}: {}", self.doing, answer.told()),
            Err(kind) => assert_eq!(gave.1, kind, "{}: {}", self.doing, answer.told()),
        }
        wanted.is_ok().then(|| answer.json())
    }

    /// Creates something; what was created is kept, to be asked for again.
    pub async fn creates(&mut self, what: &'static str, new: New, wanted: Wanted) -> Option<Value> {
        self.doing = format!("{} · {what} {} {}", self.doing_number(), new.path, new.body);
        let answer = new.who.post(&new.path, &new.body).await;
        let made = self.must(what, &answer, wanted)?;
        assert_eq!(answer.status, 201, "{}: {}", self.doing, answer.told());
        self.done.push(Done {
            what,
            who: new.who,
            path: new.path,
            body: new.body,
            file: None,
            answer: made.clone(),
            stable: new.stable,
            other: new.other,
        });
        Some(made)
    }

    fn doing_number(&self) -> String {
        let first = self.doing.split(" · ").next().unwrap_or_default().split(':').next();
        format!("{}: request {}, {}", first.unwrap_or_default(), self.requests, self.day)
    }

    pub fn says(&mut self, what: &str) {
        self.doing = format!("{} · {what}", self.doing_number());
    }

    /// Asks again for something that was done: the same answer, and nothing changes. Or for something else under its id.
    pub async fn retries(&mut self) {
        if self.done.is_empty() {
            return;
        }
        let place = self.pick(self.done.len());
        let other = self.chance(35);
        let done = &self.done[place];
        let (who, path, what) = (done.who.clone(), done.path.clone(), done.what);
        if let Some(file) = done.file.clone() {
            self.says(&format!("{what} again"));
            let answer = who.put(&path, "application/xml", &file).await;
            let again = self.must("retry", &answer, Ok(()));
            assert_eq!(
                (answer.status, again.as_ref()),
                (200, Some(&self.done[place].answer)),
                "{}",
                self.doing
            );
            return;
        }
        let (mut body, variant) = (done.body.clone(), done.other.clone());
        if other {
            let Some((field, value)) = variant else { return };
            body[field] = value;
            self.says(&format!("{what} with other content {body}"));
            let answer = who.post(&path, &body).await;
            self.must("other content", &answer, Err("same-id-other-content"));
            assert_eq!(answer.status, 409, "{}: {}", self.doing, answer.told());
            return;
        }
        let stable = done.stable;
        self.says(&format!("{what} again {body}"));
        let answer = who.post(&path, &body).await;
        let again = self.must("retry", &answer, Ok(()));
        assert_eq!(answer.status, 200, "{}: {}", self.doing, answer.told());
        if stable {
            assert_eq!(again.as_ref(), Some(&self.done[place].answer), "{}", self.doing);
        }
    }
}

/// Something to be created.
pub struct New {
    pub who: Client,
    pub path: String,
    pub body: Value,
    pub stable: bool,
    pub other: Option<(&'static str, Value)>,
}

impl New {
    pub fn of(who: &Client, path: impl Into<String>, body: Value) -> Self {
        Self {
            who: who.clone(),
            path: path.into(),
            body,
            stable: true,
            other: None,
        }
    }

    /// Its answer shows how it stands, which changes.
    pub fn showing_how_it_stands(self) -> Self {
        Self { stable: false, ..self }
    }

    pub fn otherwise(self, field: &'static str, value: Value) -> Self {
        Self {
            other: Some((field, value)),
            ..self
        }
    }
}

/// Its whole batches become spendable, it accepts mandates, and it lasts longer than the simulation.
async fn second_programme(scene: &Scene) -> (Sponsor, Prescriber) {
    let sponsor = Sponsor {
        programme: scene.deployment.ids.next("programme"),
        ..scene.sponsor.clone()
    };
    let programme = json!({
        "id": sponsor.programme, "name": "Second dispositif", "territory": "21", "face_value": "10.00", "booklet_size": 10,
        "spendable": "batch", "printed_day": "2026-12-31", "tolerance_days": 31, "booklets_min": 2, "booklets_per_person_max": 2,
    });
    sponsor.client.post("/issuer/v1/programmes", &programme).await.created();
    let id = scene.deployment.ids.next("prescriber");
    let client = scene
        .operator()
        .admits(id, "Second prescripteur", &["prescriber"])
        .await;
    sponsor.admits_prescriber(id).await.created();
    let prescriber = Prescriber {
        id,
        client,
        programme: sponsor.programme,
        ids: scene.deployment.ids.clone(),
    };
    prescriber.imports(&people(9, 2)).await;
    (sponsor, prescriber)
}

/// Accredited, and nobody knows where to pay it.
async fn third_structure(scene: &Scene) -> Structure {
    let place = Place::new(3);
    scene
        .operator()
        .imports_structures(&Place::file(std::slice::from_ref(&place)))
        .await;
    let known = scene.operator().structures().await;
    let found = known
        .iter()
        .find(|one| one["siret"] == place.siret().as_str())
        .expect("it was imported");
    let id: Uuid = serde_json::from_value(found["id"].clone()).expect("an id");
    scene.operator().accredits(id).await.created();
    let client = scene.operator().gives_key(id).await;
    Structure {
        id,
        name: place.name(),
        client,
        ids: scene.deployment.ids.clone(),
        clock: scene.deployment.clock.clone(),
    }
}

/// A file that says where a structure is paid from now on.
pub fn bank_details(structure: usize, account: u32) -> Vec<u8> {
    let place = Place::new(u32::try_from(structure + 1).expect("few"));
    let (siret, name) = (place.siret(), place.name());
    format!(
        "siret,titulaire,iban,bic\n{siret},{name},{},AGRIFRPPXXX\n",
        iban(account)
    )
    .into_bytes()
}
