//! The commands on the books: they parse, call and tell.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use web::Clock;

use crate::cli::books::{ExportArgs, VerifyBooks, VerifyProof};
use crate::exit::unusable;
use crate::export::{self, Export, Exported};
use crate::own_books::opener;
use crate::verify_books::{Proven, Trusted, Verdict, verify_books, verify_proof};
use crate::{sealing, told};

/// Passes the check of a SIREN and is nobody's: that of an export which was told none.
const NOBODYS_SIREN: &str = "000000000";

/// `ccn export`.
pub(crate) async fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let config = args.own.config();
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("{} : dossier impossible à créer", args.out.display()))?;
    let (database, server) = export::open(&config).await?;
    let key = sealing::read_key_if_any(&config, &opener(&args.own))?;
    let asked = Export {
        database,
        key: key.as_ref(),
        siren: &args.siren,
        at: Clock::System.now(),
        out: &args.out,
    };
    let bar = progress();
    let exported = asked
        .write_telling(|done, all| {
            bar.set_length(all);
            bar.set_position(done);
        })
        .await;
    bar.finish_and_clear();
    if let Some(server) = server {
        server.stop().await?;
    }
    let exported = exported?;
    tell(&exported, args);
    Ok(if exported.changed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A bar on a terminal, nothing in a pipe.
fn progress() -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("écritures {bar:30} {human_pos}/{human_len} ({eta})");
    bar.set_style(style.expect("the template is well formed"));
    bar
}

/// What a file is for, as its reader says it.
fn purpose(file: &str) -> &'static str {
    match file {
        "transfers.ndjson" => "les écritures, avec leur preuve",
        "leaf-hashes" => "les empreintes scellées",
        "checkpoint" => "le point de contrôle signé",
        "checkpoint.vkey" => "la clé qui le vérifie",
        "closes.ndjson" => "les mois clos",
        "journal.hledger" => "le journal, pour hledger",
        "waterfall.csv" => "la cascade des montants",
        "waterfall.xlsx" => "la même, pour un tableur",
        "waterfall.pdf" => "la même, à imprimer",
        _ if file.contains("FEC") => "le fichier des écritures comptables de l'année",
        _ => "",
    }
}

fn tell(exported: &Exported, args: &ExportArgs) {
    println!(
        "{} écritures scellées, dans {} :",
        exported.transfers,
        args.out.display()
    );
    let width = exported.files.iter().map(String::len).max().unwrap_or(0);
    for file in &exported.files {
        println!("  {file:width$}  {}", purpose(file));
    }
    if args.siren.to_string() == NOBODYS_SIREN {
        println!("Le nom du FEC doit commencer par un SIREN : donnez --siren, ou la variable CCN_FUND_SIREN.");
    }
    if exported.unsealed > 0 {
        println!(
            "{} écritures toutes récentes ne sont pas encore scellées : le bilan (waterfall.csv) les compte, le journal non.",
            exported.unsealed
        );
    }
    if exported.changed > 0 {
        let places: Vec<String> = exported.changed_first.iter().map(u64::to_string).collect();
        eprintln!(
            "ATTENTION : {} écritures ne sont plus ce qui a été scellé, aux rangs {}. Les livres ont été modifiés après coup.",
            exported.changed,
            places.join(", ")
        );
    }
    println!(
        "Pour vérifier : {} verify books {}",
        told::own_name(),
        args.out.display()
    );
}

/// `ccn verify books`.
pub(crate) fn verify(args: &VerifyBooks) -> ExitCode {
    let trusted = Trusted {
        key: args.vkey.as_deref(),
        older: args.older.as_deref(),
        cosigners: &args.cosigner,
    };
    match verify_books(&args.folder, &trusted) {
        Ok(verdict) => judge(&verdict, args.vkey.is_some()),
        Err(error) => unusable(error),
    }
}

fn judge(verdict: &Verdict, key_known: bool) -> ExitCode {
    println!(
        "{} écritures, dont {} lignes de contre-paiement, racine {}",
        verdict.transfers, verdict.records, verdict.root
    );
    for close in &verdict.closes {
        println!("{close}");
    }
    println!("Soldes recalculés (livre, nature, comptes, débits moins crédits) :");
    for line in &verdict.balances {
        println!("  {line}");
    }
    if !verdict.holds() {
        println!("LES LIVRES NE SONT PAS INTACTS :");
        print!("{}", verdict.faults);
        return ExitCode::FAILURE;
    }
    println!("Les livres sont intacts et signés par {}.", verdict.signer);
    for cosigned in &verdict.cosigned {
        println!("{cosigned}");
    }
    if !key_known {
        println!("La clé est celle du dossier : comparez-la à celle que vous connaissez, ou donnez --vkey.");
    }
    ExitCode::SUCCESS
}

/// `ccn verify proof`.
pub(crate) fn prove(args: &VerifyProof) -> ExitCode {
    let file = match std::fs::read(&args.file) {
        Ok(file) => file,
        Err(error) => {
            return unusable(format!(
                "« {} » ne peut pas être lu : {}",
                args.file.display(),
                told::reason(&error)
            ));
        }
    };
    match verify_proof(&file, args.vkey.as_deref()) {
        Ok(proven) => {
            tell_proven(&proven);
            if args.vkey.is_none() {
                println!("La clé est celle du fichier : comparez-la à celle que vous connaissez, ou donnez --vkey.");
            }
            ExitCode::SUCCESS
        }
        Err(refused) => {
            println!("NON PROUVÉ : {refused}.");
            ExitCode::FAILURE
        }
    }
}

fn tell_proven(proven: &Proven) {
    match proven {
        Proven::Entries(leaves, checkpoint) => {
            for leaf in leaves {
                println!(
                    "Prouvé : l'écriture {} (« {} », {} €, {}{}) est au rang {} du journal {}, qui en compte {}.",
                    leaf.id(),
                    leaf.kind_name(),
                    leaf.cents(),
                    leaf.booked_on(),
                    if leaf.is_late() { ", tardive" } else { "" },
                    leaf.seq(),
                    checkpoint.origin,
                    checkpoint.size
                );
            }
        }
        Proven::Extends(older, checkpoint) => println!(
            "Prouvé : le journal {} de {} écritures prolonge celui de {} écritures (racine {}) sans rien y changer.",
            checkpoint.origin,
            checkpoint.size,
            older.size,
            older.root.to_base64()
        ),
    }
}
