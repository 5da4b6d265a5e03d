//! The run: money in, batches, claims of two months, what goes wrong on the way, settlements, statements, closes; then the proofs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use chrono::{Days, NaiveDate};
use e2e::{Batch, DAY, Deployment, Place, Scene, Settings, iban};
use futures_util::StreamExt;
use futures_util::stream::iter;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;

use crate::claiming::{Desks, plan};
use crate::compare;
use crate::measure::{Measures, peak};
use crate::outside;
use crate::tally::{Claim, Expected, FACE_VALUE, RATES, Tally, first_vouchers};

/// Booklets of a batch at most.
const BATCH_BOOKLETS_MAX: u64 = 5_000;

/// A batch's smallest order in the programme.
const BOOKLETS_MIN: u64 = 5;

/// Vouchers of a booklet.
const BOOKLET: u64 = 10;

/// Of a hundred claims, so many are made in April.
const APRIL_PERCENT: u64 = 5;

/// Of so many claims, one is taken back before it is settled, and one after.
const REVERSED_EVERY: usize = 500;

/// So many structures have their March payment sent back.
const RETURNED: usize = 5;

/// Above it a second person looks.
const APPROVAL_ABOVE: &str = "1000.00";

const MARCH: u32 = 3;
const APRIL: u32 = 4;

/// The state of a run.
pub struct Run {
    pub scene: Scene,
    pub tally: Tally,
    pub measures: Measures,
    /// In from each funder, in cents.
    pub received: i64,
    url: String,
    batches: u64,
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

/// The whole run. Ends the test at the first thing that is not as counted.
pub async fn run(pool: PgPool, claims: u64) {
    let url = outside::url(&pool);
    let mut run = Run::begin(pool, url, claims).await;
    run.march(claims - claims * APRIL_PERCENT / 100).await;
    run.take_back(0).await;
    let back = run.settle_march().await;
    run.take_back(REVERSED_EVERY / 2).await;
    run.april(claims).await;
    run.settle_april(&back).await;
    println!("{} claims, {} batches", run.tally.claims.len(), run.batches);
    run.prove().await;
}

impl Run {
    async fn begin(pool: PgPool, url: String, claims: u64) -> Self {
        let structures = usize::try_from(claims / 50).unwrap().clamp(12, 200);
        let settings = Settings {
            rates: RATES.to_vec(),
            convention: "30000000.00",
            spendable: "batch",
            structures,
            ..Settings::default()
        };
        let started = Instant::now();
        let mut deployment = Deployment::elsewhere(pool);
        deployment.operator.client = deployment.operator.client.with_patience();
        let mut scene = Scene::on(deployment, settings).await;
        scene.sponsor.client = scene.sponsor.client.with_patience();
        let mut measures = Measures::default();
        measures.step("structures, funders, programme", started.elapsed());
        // More than enough: what is left stays free.
        let each = i64::try_from((claims * 13 / 10 + 5_000) * FACE_VALUE / 3).unwrap();
        let started = Instant::now();
        for funder in scene.funders.clone() {
            scene.pays(&funder, Cents::new(each)).await;
        }
        let statement = scene.statement(DAY).await;
        assert_eq!(statement["unexplained"], 0, "{statement}");
        for funder in &scene.funders {
            let amount = json!(Cents::new(each));
            let operator = scene.operator();
            operator
                .allocates(funder.id, scene.programme(), &amount)
                .await
                .created();
        }
        measures.step("money in: calls, statement, allocation", started.elapsed());
        let rules = json!({"approval_above": APPROVAL_ABOVE, "delay_days": 30}).to_string();
        let answer = scene
            .operator()
            .client
            .put("/funding/v1/payment-rules", "application/json", rules.as_bytes());
        answer.await.accepted();
        Self {
            scene,
            tally: Tally::default(),
            measures,
            received: each,
            url,
            batches: 0,
        }
    }

    /// Batches and their claims, day after day, until so many claims are made in all.
    async fn march(&mut self, upto: u64) {
        let desks = Desks::connect(&self.scene).await;
        while self.made() < upto {
            self.scene.deployment.go_to(DAY + Days::new(1 + self.batches % 27));
            self.batch_of_claims(&desks, upto, MARCH).await;
        }
        self.scene.deployment.go_to(day(3, 31));
    }

    fn made(&self) -> u64 {
        self.tally.claims.len() as u64
    }

    async fn batch_of_claims(&mut self, desks: &Desks, upto: u64, month: u32) {
        let left = upto - self.made();
        let booklets = (left * 115 / 100 / BOOKLET + 1).clamp(BOOKLETS_MIN, BATCH_BOOKLETS_MAX);
        let batch = self.batch(u32::try_from(booklets).unwrap()).await;
        let vouchers = u32::try_from(batch.vouchers.len()).unwrap();
        let plan = plan(vouchers, self.made(), left, self.scene.structures.len());
        let started = Instant::now();
        let mut claims = desks.claim(&self.scene, &batch, plan, month).await;
        self.measures
            .step("claims (gRPC streams, one structure in ten by REST)", started.elapsed());
        claims.sort_by_key(|claim| claim.request);
        self.tally.claims.extend(claims);
        self.batches += 1;
    }

    /// Orders, mints, prints, funds and activates.
    async fn batch(&mut self, booklets: u32) -> Batch {
        let sponsor = self.scene.sponsor.clone();
        let id = self.scene.deployment.ids.next("batch");
        let mut step = |what, started: Instant| self.measures.step(what, started.elapsed());
        let started = Instant::now();
        let ordered = sponsor.places_order(id, booklets).await.created();
        let mut batch = Batch::of(&ordered);
        sponsor.mints(&batch).await.accepted();
        step("orders and mint", started);
        let started = Instant::now();
        batch.vouchers = sponsor.prints(&batch).await;
        step("tokens, signed, as CSV", started);
        let started = Instant::now();
        sponsor.funds(&batch).await.accepted();
        sponsor.activates(&batch).await.accepted();
        step("funding and activation", started);
        let vouchers = u32::try_from(batch.vouchers.len()).unwrap();
        for (sum, cents) in self.tally.activated.iter_mut().zip(first_vouchers(vouchers)) {
            *sum += cents;
        }
        batch
    }

    /// One claim of every [`REVERSED_EVERY`], from `from` on, is taken back by its structure.
    async fn take_back(&mut self, from: usize) {
        let started = Instant::now();
        let places: Vec<usize> = (from..self.tally.claims.len()).step_by(REVERSED_EVERY).collect();
        let (scene, claims) = (&self.scene, &self.tally.claims);
        let taken = iter(&places).map(|place| async move {
            let claim: &Claim = &claims[*place];
            let receipt = json!({"programme_id": scene.programme(), "claim_id": claim.id});
            scene.structures[claim.structure].reverses(&receipt).await.created()
        });
        let taken: Vec<Value> = taken.buffer_unordered(8).collect().await;
        assert_eq!(taken.len(), places.len());
        for place in places {
            self.tally.claims[place].reversed = true;
        }
        self.measures.step("reversals", started.elapsed());
    }

    /// March is settled, paid and closed; some payments come back. Gives the structures whose payments did.
    async fn settle_march(&mut self) -> BTreeSet<usize> {
        self.scene.deployment.go_to(day(4, 2));
        let expected = self.tally.settles(1, MARCH, &BTreeSet::new());
        let sent = self.settle("2026-03", day(4, 3), &expected).await;
        let every = (expected.payments.len() / RETURNED).max(4);
        let back: BTreeSet<usize> = expected.payments.keys().copied().skip(3).step_by(every).collect();
        let ids: Vec<&str> = back.iter().map(|structure| sent[structure].as_str()).collect();
        self.scene.bank.send_back(&ids, "AC04").expect("each was paid once");
        self.bank_answers(day(4, 7)).await;
        self.tally.comes_back(1, &back);
        self.close("2026-03").await;
        back
    }

    /// The rest of the claims.
    async fn april(&mut self, upto: u64) {
        self.scene.deployment.go_to(day(4, 14));
        let desks = Desks::connect(&self.scene).await;
        while self.made() < upto {
            self.batch_of_claims(&desks, upto, APRIL).await;
        }
    }

    /// April is settled, paid and closed. Of those whose payment came back, one has given another account; the others wait.
    async fn settle_april(&mut self, back: &BTreeSet<usize>) {
        let mut held = back.clone();
        if let Some(mends) = held.pop_first() {
            let place = Place::new(u32::try_from(mends).unwrap() + 1);
            let other = iban(500_000 + place.number);
            let csv = format!(
                "siret,titulaire,iban,bic\n{},{},{other},AGRIFRPPXXX\n",
                place.siret(),
                place.name()
            );
            self.scene.operator().imports_bank_details(csv.as_bytes()).await;
        }
        self.scene.deployment.go_to(day(5, 4));
        let expected = self.tally.settles(2, APRIL, &held);
        self.settle("2026-04", day(5, 5), &expected).await;
        self.bank_answers(day(5, 7)).await;
        self.close("2026-04").await;
    }

    /// Settles a month with four eyes, hands the file to the bank, and gives each structure's end-to-end id.
    async fn settle(&mut self, month: &str, execute_on: NaiveDate, expected: &Expected) -> BTreeMap<usize, String> {
        let operator = self.scene.operator().clone();
        let colleague = operator.gives_key(outside::OPERATOR).await.with_patience();
        // A key made after the proposal does not approve it: the clock has moved.
        self.scene
            .deployment
            .go_to_instant(e2e::morning(execute_on) - chrono::TimeDelta::hours(1));
        let started = Instant::now();
        let settlement = operator.settles_patiently(month, execute_on).await;
        self.measures.step(
            if month == "2026-03" {
                "settlement of March"
            } else {
                "settlement of April"
            },
            started.elapsed(),
        );
        let sent = self.finds_what_was_counted(&settlement, expected);
        let id = settlement["id"].as_str().unwrap();
        if settlement["approval"]["state"] == "waiting" {
            let path = format!("/funding/v1/settlements/{id}/approval");
            assert_eq!(operator.client.post(&path, &json!({})).await.status, 403);
            colleague.post(&path, &json!({})).await.created();
        }
        let file = operator
            .client
            .get(&format!("/funding/v1/settlements/{id}/pain.001.xml"))
            .await
            .file();
        self.scene.bank.execute(&file).expect("a payment file");
        // The first structure has a tenth of all claims.
        let mut structures = expected.payments.keys();
        for (format, what) in [
            ("csv", "remittance advice of a tenth of all claims (CSV)"),
            ("pdf", "remittance advice of another (PDF)"),
        ] {
            let payment = &sent[structures.next().unwrap()];
            let started = Instant::now();
            operator
                .client
                .get(&format!("/funding/v1/payments/{payment}/remittance?format={format}"))
                .await
                .file();
            self.measures.step(what, started.elapsed());
        }
        sent
    }

    /// The payments are those that were counted, to the cent, and so are those who wait.
    fn finds_what_was_counted(&self, settlement: &Value, expected: &Expected) -> BTreeMap<usize, String> {
        let number = |of: &Value| {
            let found = self
                .scene
                .structures
                .iter()
                .position(|one| of["structure_id"] == json!(one.id));
            found.expect("a structure of the scene")
        };
        let mut sent = BTreeMap::new();
        let mut amounts = BTreeMap::new();
        for payment in settlement["payments"].as_array().unwrap() {
            let amount: Cents = payment["amount"].as_str().unwrap().parse().unwrap();
            amounts.insert(number(payment), amount.get());
            sent.insert(number(payment), payment["end_to_end"].as_str().unwrap().to_owned());
        }
        assert_eq!(amounts, expected.payments, "the payments");
        let held: BTreeSet<usize> = settlement["held"].as_array().unwrap().iter().map(number).collect();
        assert_eq!(held, expected.held, "who waits");
        sent
    }

    async fn bank_answers(&mut self, on: NaiveDate) {
        self.scene.deployment.go_to(on);
        let statement = self.scene.prints_statement(on);
        let started = Instant::now();
        let loaded = self.scene.operator().loads_statement(&statement).await.created();
        self.measures.step("statements of payments", started.elapsed());
        assert_eq!(loaded["unexplained"], 0);
    }

    async fn close(&mut self, month: &str) {
        let started = Instant::now();
        let month = json!({"month": month});
        let closing = self.scene.operator().client.post("/funding/v1/closes", &month).await;
        closing.created();
        self.measures.step("closing two months", started.elapsed());
    }

    /// A report that reads the whole books, if it comes within the time of a request; the command that does the same has no such limit.
    async fn asks(&mut self, path: &str, what: &'static str, check: impl FnOnce(&Self, Value)) {
        let started = Instant::now();
        let answer = self.scene.operator().client.get(path).await;
        self.measures.step(what, started.elapsed());
        if answer.status == 504 {
            println!("{what}: not within the time of a request");
        } else {
            check(self, answer.accepted());
        }
    }

    /// Everything that says how the books stand says the same.
    async fn prove(mut self) {
        self.asks("/funding/v1/waterfall", "GET /funding/v1/waterfall", |run, answer| {
            compare::with_waterfall(run, &answer);
        })
        .await;
        self.asks("/funding/v1/invariants", "GET /funding/v1/invariants", |_, answer| {
            assert_eq!(answer["all_hold"], true, "{answer:#}");
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let started = Instant::now();
        let report = folder.path().join("encaissements.csv");
        self.scene
            .operator()
            .client
            .downloads("/funding/v1/reports/claims", &report)
            .await;
        self.measures.step("GET /funding/v1/reports/claims", started.elapsed());
        compare::with_claims_report(&self.scene, &self.tally, &report);
        // The folder of the services goes with them.
        let key = folder.path().join("checkpoint.key");
        std::fs::copy(self.scene.deployment.data_dir().join("secrets/checkpoint.key"), &key).unwrap();
        let out = folder.path().join("livres");
        outside::reconcile(&mut self.measures, &self.url, &key);
        let exported = outside::export(&mut self.measures, &self.url, &key, &out);
        compare::with_waterfall_csv(&self, &out.join("waterfall.csv"));
        compare::with_entries(&self.tally, &out.join("transfers.ndjson"));
        outside::verify(&mut self.measures, &out);
        let said = outside::outsider(&mut self.measures, &out);
        compare::with_outsider(&self, &said);
        outside::hledger(&mut self.measures, &out);
        let services = peak(self.scene.deployment.process().unwrap());
        // The services stop, so that the database can be copied.
        let Self {
            scene,
            tally,
            mut measures,
            url,
            ..
        } = self;
        let pool = scene.deployment.pool.clone();
        drop(scene);
        pool.close().await;
        outside::seal(&mut measures, &url, exported, &key, &folder.path().join("encore"));
        measures.print();
        let claiming = measures.took("claims (gRPC streams, one structure in ten by REST)");
        let millis = u64::try_from(claiming.as_millis()).unwrap().max(1);
        println!("{} claims per second", tally.claims.len() as u64 * 1000 / millis);
        println!("the services took at most {services} MiB");
    }
}
