//! The main job, end to end, as outsiders do it: through the services' HTTP interfaces, with files that go to and fro, on a
//! clock that this alone moves. It can reach no table, for it is built without them, and stops at the first thing that is not as it
//! should be. `ccn demo` starts the services on an empty system and plays this on them.

mod calendar;
mod input;
mod parallel;
mod progress;
mod steps;
mod story;

use std::path::Path;

use chrono::{DateTime, Utc};
use voucher::SigningKey;

use calendar::{Story, morning};
use steps::settle::Papers;
use steps::{
    beneficiaries, claims, close, expire, hand_over, money, organisations, refusals, report, settle, structures,
};

pub use input::Inputs;
pub use story::{Demo, MoveClock};

/// The file by which a folder shows that a demonstration wrote it.
pub const SUMMARY: &str = "summary.json";

/// The fund's account holder, as the services are to know it.
pub const FUND_NAME: &str = "Fonds de soutien pour l'inclusion numérique (démonstration)";

/// The fund's account, at the demo's own bank.
pub const FUND_IBAN: &str = "FR7630006006119999000000139";

/// The BIC of the demo's bank.
pub const FUND_BIC: &str = "AGRIFRPPXXX";

/// When the services' clock must stand at the beginning of a story that is told at `at`.
#[must_use]
pub fn first_instant(at: DateTime<Utc>) -> DateTime<Utc> {
    morning(Story::beginning(at).first_day, 0)
}

impl Demo {
    /// Tells the nine steps, and writes their files into `out`. With the `signing_key`, as a thief would have it, a voucher is forged
    /// that was never minted.
    pub async fn play(&mut self, inputs: &Inputs, signing_key: &SigningKey, out: &Path) -> anyhow::Result<()> {
        let demo = self;
        let already: Vec<serde_json::Value> = demo.anyone.get("/catalogue/v1/programmes").await?;
        anyhow::ensure!(
            already.is_empty(),
            "cette base contient déjà des dispositifs : la démonstration veut une base vide"
        );
        let (mut pdf, mut files) = (Vec::new(), Papers::default());

        organisations::create(demo).await?;
        let step = demo.progress.begin(
            1,
            "structures",
            "Structures : import, coordonnées bancaires, labellisation",
        );
        structures::import_and_accredit(demo, inputs).await?;
        demo.progress.end(&step);

        let step = demo
            .progress
            .begin(2, "beneficiaries", "Bénéficiaires : aperçu, puis import");
        let places: Vec<serde_json::Value> = demo
            .operator
            .all_pages("/redemption/v1/structures?accredited=true")
            .await?;
        organisations::create_programmes(demo, &structures::territory_of(&places)).await?;
        beneficiaries::register(demo, inputs).await?;
        demo.progress.end(&step);

        let step = demo
            .progress
            .begin(3, "funding", "Conventions, commande, émission, impression, financement");
        money::finance(demo, &mut pdf).await?;
        demo.progress.end(&step);

        let step = demo
            .progress
            .begin(4, "hand_over", "Remise des carnets ; un carnet perdu est remplacé");
        let handed = hand_over::hand_over(demo).await?;
        demo.progress.end(&step);

        let step = demo
            .progress
            .begin(5, "claims", "Encaissements, et toutes les façons d'être refusé");
        let claimed = claims::claim(demo, &handed).await?;
        refusals::refuse(demo, &handed, &claimed, signing_key).await?;
        demo.progress.end(&step);

        let step = demo.progress.begin(6, "settlement", "Contre-paiement du mois");
        settle::settle(demo, &mut files).await?;
        demo.progress.end(&step);

        let step = demo.progress.begin(
            7,
            "statement",
            "Le relevé de la banque est rapproché ; les mois passés sont clos",
        );
        settle::bank_answers(demo, &mut files).await?;
        close::close_months(demo).await?;
        demo.progress.end(&step);

        let step = demo
            .progress
            .begin(8, "expiry", "Échéance : l'argent non utilisé retourne aux financeurs");
        expire::expire(demo, &mut files).await?;
        demo.progress.end(&step);

        let step = demo
            .progress
            .begin(9, "report", "Cascade des montants et contrôles des livres");
        let report = report::gather(demo).await?;
        demo.progress.end(&step);
        report.write(out, demo, &pdf, &files)?;
        println!("\nTout est dans {}", out.display());
        Ok(())
    }

    /// Says where the site is, and with which keys it is entered.
    pub async fn describe_site(&self) -> anyhow::Result<()> {
        let (demo, base) = (self, &self.base);
        let mut accounts = vec![
            ("opérateur et labellisateur".to_owned(), demo.operator.clone()),
            ("commanditaire et financeur".to_owned(), demo.sponsor.clone()),
        ];
        for funder in demo
            .funders
            .iter()
            .filter(|funder| funder.id != organisations::sponsor_id())
        {
            accounts.push((
                format!("financeur : {}", funder.name),
                story::key_for(&demo.operator, funder.id).await?,
            ));
        }
        for prescriber in &demo.prescribers {
            accounts.push((format!("prescripteur : {}", prescriber.name), prescriber.client.clone()));
        }
        for structure in demo.structures.iter().skip(1).take(2) {
            accounts.push((format!("structure : {}", structure.name), structure.client.clone()));
        }
        let width = accounts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        println!(
            "\nLe site reste ouvert (Ctrl+C pour l'arrêter) ; son horloge est celle de la fin de l'histoire, elle n'avance pas."
        );
        println!("   {base}/              la page d'accueil");
        println!("   {base}/etat          état du service");
        println!("   {base}/lieux         où utiliser un chèque");
        println!(
            "   {base}/v#…           un chèque, comme le voit un téléphone : mettez après « # » les chiffres d'une ligne de"
        );
        println!(
            "   {:width$}  vouchers.csv. Votre navigateur vit aujourd'hui : il dit si le chèque est vrai, pas s'il a servi",
            "",
            width = base.len() + 13
        );
        println!("   {base}/openapi.json  l'interface");
        println!("   {base}/metrics       les mesures");
        println!("Comptes de démonstration (en-tête « Authorization: Bearer … ») :");
        for (name, client) in accounts {
            println!("   {name:width$}  {}", client.key());
        }
        Ok(())
    }
}
