use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use standards::calendar::paris_date;
use standards::french_errors;

use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use crate::reconciliation::{RECONCILIATION_BYTES_MAX, Reconciliation, verify_reconciliation};

/// Vérifie qu'un rapprochement est bien celui qui a été signé
///
/// Code de sortie : 0 si c'est prouvé (ce qu'il dit peut être mauvais), 1 sinon, 2 si le fichier est illisible.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn verify reconciliation --vkey \"$(cat cle-publiee.vkey)\" rapprochement.note")]
pub struct ReconciliationArgs {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle du document, qui prouve seulement que le
    /// fichier va avec lui-même
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    vkey: Option<String>,
    /// Écrit le verdict en JSON, sur une ligne, au lieu des phrases
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    /// Document signé, tel que le sert `/funding/v1/reconciliations/…/signed` ou que l'écrit « ccn reconcile --out »
    #[arg(value_name = "FICHIER", help_heading = ARGUMENTS)]
    file: PathBuf,
}

/// That the document is proven; what it says may be bad.
#[derive(Serialize)]
struct Told {
    holds: bool,
    key_from: &'static str,
    document: Value,
}

impl ReconciliationArgs {
    pub(super) fn run(&self) -> ExitCode {
        let text = match read(&self.file) {
            Ok(text) => text,
            Err(error) => {
                let why = french_errors::reason(&error);
                return super::unusable(
                    self.json,
                    format!("« {} » ne peut pas être lu : {why}", self.file.display()),
                );
            }
        };
        match verify_reconciliation(&text, self.vkey.as_deref()) {
            Ok(signed) if self.json => {
                super::print_json(&Told {
                    holds: true,
                    key_from: super::key_from(self.vkey.is_some()),
                    document: serde_json::from_str(signed.document).expect("it was read before"),
                });
                ExitCode::SUCCESS
            }
            Ok(signed) => {
                print(&signed.content);
                if self.vkey.is_none() {
                    println!(
                        "La clé est celle du document : comparez-la à celle que vous connaissez, ou donnez --vkey."
                    );
                }
                ExitCode::SUCCESS
            }
            Err(refused) => super::refused(self.json, &refused),
        }
    }
}

/// A file that is not longer than any run's, or nothing: noise is not read to its end.
fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let limit = RECONCILIATION_BYTES_MAX as u64 + 1;
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

fn print(run: &Reconciliation) {
    let verdict = run.verdict;
    println!(
        "Prouvé : le rapprochement n° {} du {} est signé par {}.",
        run.number,
        paris_date(run.at).format("%d/%m/%Y"),
        run.signer
    );
    println!(
        "Il dit : {} contrôles, dont {} faux ; {} écart(s) non fermés, dont {} de plus de {} jours.",
        run.invariants.len(),
        verdict.failing,
        verdict.open_breaks,
        verdict.old_breaks,
        verdict.break_days_max
    );
    for invariant in run.invariants.iter().filter(|invariant| !invariant.holds) {
        println!(
            "  FAUX : {} : {} et {}",
            invariant.name,
            invariant.left.to_french(),
            invariant.right.to_french()
        );
    }
}
