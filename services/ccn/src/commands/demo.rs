//! `ccn demo`: an empty system, the story on it, the books that it leaves.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::keys::{CleartextPolicy, secret_file};
use chrono::{DateTime, Utc};
use clap::Args;
use demo::{Demo, FUND_BIC, FUND_IBAN, FUND_NAME, Inputs, first_instant};
use export::Export;
use sqlx::postgres::PgConnectOptions;
use web::Clock;

use super::export::write;
use super::help::{OPTIONS, TEMPLATE};
use super::process::{own_name, runtime};
use crate::server::config::{Config, LISTEN};
use crate::server::key_files::signing_key;
use crate::server::reconcile_settings::{ReconcileSettings, TimeOfDay};
use crate::server::running::Running;
use crate::server::sealing;
use crate::server::service::Service;
use crate::server::stop::StopSignals;
use crate::server::telemetry::{DEMO_LOG_FILTER, LogFormat, start_logs};

/// Passes the check of a SIREN and is nobody's.
const FUND_SIREN: &str = "000000000";

/// Joue toute la vie des chèques, de la commande au remboursement, sur un système vide
///
/// Importe des structures et des bénéficiaires, réunit l'argent des financeurs, frappe et imprime des carnets, les remet, les
/// encaisse, paie les structures, lit le relevé de la banque, rend l'argent non utilisé et vérifie les livres. Tout passe par les
/// interfaces HTTP des services ; l'horloge est celle de l'histoire. Laisse ses fichiers dans --out et le site ouvert.
///
/// Sans fichiers, un petit jeu de données inventé est utilisé.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn demo\n  \
    ccn demo --once --out resultats --seed 7\n  \
    ccn demo --once --structures lieux.csv --bank-details rib.csv --beneficiaries ccas.csv --beneficiaries mission-locale.csv")]
pub struct DemoArgs {
    /// S'arrête après l'histoire, au lieu de laisser le site ouvert
    #[arg(long, help_heading = OPTIONS)]
    once: bool,
    /// Dossier qui reçoit les résultats, à la place de ceux d'une démonstration précédente ; refusé s'il contient un autre export
    #[arg(long, value_name = "DOSSIER", default_value = "demo-out", help_heading = OPTIONS)]
    out: PathBuf,
    /// Structures à importer (CSV, schéma national des lieux de médiation numérique)
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    structures: Option<PathBuf>,
    /// Coordonnées bancaires des structures (CSV : siret, titulaire, iban, bic)
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    bank_details: Option<PathBuf>,
    /// Bénéficiaires d'un prescripteur (CSV) ; peut être répété, un fichier par prescripteur
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    beneficiaries: Vec<PathBuf>,
    /// Graine du hasard de l'histoire : la même graine raconte la même histoire
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = OPTIONS)]
    seed: u64,
    /// Adresse et port d'écoute
    #[arg(long, env = "CCN_LISTEN", value_name = "ADRESSE:PORT", default_value_t = LISTEN, help_heading = OPTIONS)]
    listen: SocketAddr,
    /// Dossier de la base embarquée ; sans lui, un dossier temporaire, effacé à la fin
    #[arg(long, env = "CCN_DATA_DIR", value_name = "DOSSIER", help_heading = OPTIONS)]
    data_dir: Option<PathBuf>,
    /// Base PostgreSQL vide à utiliser au lieu de la base embarquée
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = OPTIONS)]
    database_url: Option<PgConnectOptions>,
    /// Forme des journaux, écrits sur la sortie d'erreur
    #[arg(long, env = "CCN_LOG", value_name = "FORME", value_enum, default_value_t, help_heading = OPTIONS)]
    log: LogFormat,
}

impl DemoArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        start_logs(self.log, DEMO_LOG_FILTER);
        runtime()?.block_on(self.demo())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Plays the story on an empty system, writes the files, and leaves the site running unless told otherwise.
    async fn demo(&self) -> anyhow::Result<()> {
        let mut signals = StopSignals::hear()?;
        // A story's books replace those of the story before, and nobody else's.
        if self.out.join(demo::SUMMARY).exists() {
            export::clear_folder(&self.out)?;
        }
        export::prepare_folder(&self.out)?;
        let inputs = Inputs::read(
            self.structures.as_deref(),
            self.bank_details.as_deref(),
            &self.beneficiaries,
        )?;
        // Others may pass through it: PostgreSQL, which refuses to run as root, runs as somebody else.
        let passable = Permissions::from_mode(0o711);
        let own = tempfile::Builder::new()
            .prefix("ccn-demo-")
            .permissions(passable)
            .tempdir()?;
        let config = self.empty_system(self.data_dir.as_deref().unwrap_or(own.path()))?;
        let today = Clock::System.now();
        let (clock, hand) = Clock::set(first_instant(today));
        let running = Running::start(config.clone(), clock.clone(), &Service::ALL).await?;
        let operator_key = secret_file::read(&running.operator_key_file)?;
        let signing_key = signing_key(&config.key_files().signing)?;
        let mut demo = Demo::new(
            format!("http://{}", running.addr),
            &operator_key,
            Box::new(move |at| hand.move_to(at)),
            today,
            self.seed,
        )?;
        let played = tokio::select! {
            played = demo.play(&inputs, &signing_key, &self.out) => played,
            () = signals.asked() => Err(anyhow::anyhow!("démonstration interrompue")),
        };
        if played.is_ok() {
            export_books(&running, &config, clock.now(), &self.out).await?;
        }
        if played.is_ok() && !self.once {
            demo.describe_site().await?;
            signals.asked().await;
        }
        running.stop().await?;
        played
    }

    /// The configuration of a system that starts from nothing, in `data_dir`.
    fn empty_system(&self, data_dir: &Path) -> anyhow::Result<Config> {
        let occupied = std::fs::read_dir(data_dir).is_ok_and(|mut entries| entries.next().is_some());
        anyhow::ensure!(
            !occupied,
            "{} n'est pas vide : choisissez un autre dossier avec --data-dir",
            data_dir.display()
        );
        Ok(Config {
            listen: self.listen,
            log: self.log,
            data_dir: data_dir.to_owned(),
            database_url: self.database_url.clone(),
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
}

/// The same files as `ccn export` writes.
async fn export_books(running: &Running, config: &Config, at: DateTime<Utc>, out: &Path) -> anyhow::Result<()> {
    let key = sealing::read_key_if_any(config, &config.key_loader(CleartextPolicy::Accept))?;
    let siren = FUND_SIREN.parse()?;
    let export = Export {
        database: running.database().clone(),
        key: key.as_ref(),
        siren: &siren,
        at,
        out,
    };
    let exported = write(&export, |_, _| {}).await?;
    anyhow::ensure!(
        exported.changed == 0,
        "les livres ont été modifiés après avoir été scellés"
    );
    println!(
        "Livres : {} écritures scellées ; pour les vérifier : {} verify books {}",
        exported.transfers,
        own_name(),
        out.display()
    );
    Ok(())
}
