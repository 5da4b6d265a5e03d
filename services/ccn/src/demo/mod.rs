//! The main job, end to end, as outsiders do it: through the services' HTTP interfaces, with files that go to and fro, on a
//! clock that this alone moves. It writes to no table, and stops at the first thing that is not as it should be.

mod beneficiaries;
mod calendar;
mod claims;
mod client;
mod close;
mod expire;
mod hand_over;
mod import;
mod input;
mod money;
mod organisations;
mod parallel;
mod progress;
mod refusals;
mod report;
mod settle;
mod story;
mod structures;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use web::Clock;

use crate::cli::DemoArgs;
use crate::cli::reconcile::{ReconcileSettings, TimeOfDay};
use crate::config::Config;
use crate::export::Export;
use crate::serve::Running;
use crate::service::Service;
use crate::stop::StopSignals;
use crate::{keys, sealing, secret_file, told};

use bank_simulator::Bank;
use calendar::{Story, morning};
use client::Client;
use input::Inputs;
use settle::Papers;
use story::{Demo, all_pages, key_for};

/// The demo's fund has its account at the demo's bank.
const FUND_NAME: &str = "Fonds de soutien pour l'inclusion numérique (démonstration)";
const FUND_IBAN: &str = "FR7630006006119999000000139";
const FUND_BIC: &str = "AGRIFRPPXXX";
/// Passes the check of a SIREN and is nobody's.
const FUND_SIREN: &str = "000000000";

/// Runs the job on an empty system, writes the artefacts, and leaves the site running unless told otherwise.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let mut signals = StopSignals::hear()?;
    let inputs = Inputs::read(
        args.structures.as_deref(),
        args.bank_details.as_deref(),
        &args.beneficiaries,
    )?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("{} : dossier impossible à créer", args.out.display()))?;
    // Others may pass through it: PostgreSQL, which refuses to run as root, runs as somebody else.
    let passable = Permissions::from_mode(0o711);
    let own = tempfile::Builder::new()
        .prefix("ccn-demo-")
        .permissions(passable)
        .tempdir()?;
    let config = empty_system(&args, args.data_dir.as_deref().unwrap_or(own.path()))?;
    let story = Story::beginning(Clock::System.now());
    let (clock, hand) = Clock::set(morning(story.first_day, 0));
    let running = Running::start(config.clone(), clock.clone(), &Service::ALL).await?;
    let base = format!("http://{}", running.addr);
    let anyone = Client::new(base.clone())?;
    let operator = anyone.with_key(&secret_file::read(&running.operator_key_file)?);
    let bank = Bank::open(FUND_IBAN.parse()?, story.first_day);
    let mut demo = Demo::new(anyone, operator, hand, story, args.seed, bank);
    let told = tokio::select! {
        told = tell(&mut demo, &inputs, &config, &args.out) => told,
        () = signals.asked() => Err(anyhow::anyhow!("démonstration interrompue")),
    };
    if told.is_ok() {
        books(&running, &config, clock.now(), &args.out).await?;
    }
    if told.is_ok() && !args.once {
        site(&demo, &base).await?;
        signals.asked().await;
    }
    running.stop().await?;
    told
}

/// The nine steps.
async fn tell(demo: &mut Demo, inputs: &Inputs, config: &Config, out: &Path) -> anyhow::Result<()> {
    let already: Vec<serde_json::Value> = demo.anyone.get("/catalogue/v1/programmes").await?;
    anyhow::ensure!(
        already.is_empty(),
        "cette base contient déjà des dispositifs : la démonstration veut une base vide"
    );
    let signing_key = keys::signing_key(&config.key_files().signing)?;
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
    let places = all_pages(&demo.operator, "/redemption/v1/structures?accredited=true").await?;
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
    refusals::refuse(demo, &handed, &claimed, &signing_key).await?;
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
        .begin(9, "report", "Cascade des montants et identités des livres");
    let report = report::gather(demo).await?;
    demo.progress.end(&step);
    report.write(out, demo, &pdf, &files)?;
    println!("\nTout est dans {}", out.display());
    Ok(())
}

/// The same files as `ccn export` writes.
async fn books(running: &Running, config: &Config, at: DateTime<Utc>, out: &Path) -> anyhow::Result<()> {
    let key = sealing::read_key_if_any(config, &config.opener(::keys::Plain::Accepted))?;
    let siren = FUND_SIREN.parse()?;
    let export = Export {
        database: running.database().clone(),
        key: key.as_ref(),
        siren: &siren,
        at,
        out,
    };
    let exported = export.write().await?;
    anyhow::ensure!(
        exported.changed == 0,
        "les livres ont été modifiés après avoir été scellés"
    );
    println!(
        "Livres : {} écritures scellées ; pour les vérifier : {} verify books {}",
        exported.transfers,
        told::own_name(),
        out.display()
    );
    Ok(())
}

/// The configuration of a system that starts from nothing, in `data_dir`.
fn empty_system(args: &DemoArgs, data_dir: &Path) -> anyhow::Result<Config> {
    let occupied = std::fs::read_dir(data_dir).is_ok_and(|mut entries| entries.next().is_some());
    anyhow::ensure!(
        !occupied,
        "{} n'est pas vide : choisissez un autre dossier avec --data-dir",
        data_dir.display()
    );
    Ok(Config {
        listen: args.listen,
        log: args.log,
        data_dir: data_dir.to_owned(),
        database_url: args.database_url.clone(),
        fund_name: Some(FUND_NAME.to_owned()),
        fund_iban: Some(FUND_IBAN.parse()?),
        fund_bic: Some(FUND_BIC.parse()?),
        // The story's nights pass in a moment: it says itself when the books are compared.
        reconciliation: ReconcileSettings {
            reconcile_at: TimeOfDay(None),
            ..ReconcileSettings::default()
        },
        ..Config::default()
    })
}

async fn site(demo: &Demo, base: &str) -> anyhow::Result<()> {
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
            key_for(&demo.operator, funder.id).await?,
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
    println!("   {base}/              état du service");
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
