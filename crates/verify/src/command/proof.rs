use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sealed_log::{AnyLeaf, Checkpoint};
use serde_json::{Value, json};
use standards::french_errors;

use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use crate::books::{Proven, verify_proof};

/// Vérifie qu'une écriture est dans le journal scellé, ou qu'un journal en prolonge un autre
///
/// Code de sortie : 0 si c'est prouvé, 1 sinon, 2 si le fichier est illisible.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn verify proof preuve.json")]
pub struct ProofArgs {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle du fichier
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    vkey: Option<String>,
    /// Écrit le verdict en JSON, sur une ligne, au lieu des phrases
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    /// Preuve, telle que la sert `/funding/v1/proofs/transfers/…`, `/funding/v1/proofs/events/…` ou `/funding/v1/proofs/consistency`
    #[arg(value_name = "FICHIER", help_heading = ARGUMENTS)]
    file: PathBuf,
}

impl ProofArgs {
    pub(super) fn run(&self) -> ExitCode {
        let file = match std::fs::read(&self.file) {
            Ok(file) => file,
            Err(error) => {
                let why = french_errors::reason(&error);
                return super::unusable(
                    self.json,
                    format!("« {} » ne peut pas être lu : {why}", self.file.display()),
                );
            }
        };
        match verify_proof(&file, self.vkey.as_deref()) {
            Ok(proven) if self.json => {
                super::print_json(&json(&proven, super::key_from(self.vkey.is_some())));
                ExitCode::SUCCESS
            }
            Ok(proven) => {
                print(&proven);
                if self.vkey.is_none() {
                    println!(
                        "La clé est celle du fichier : comparez-la à celle que vous connaissez, ou donnez --vkey."
                    );
                }
                ExitCode::SUCCESS
            }
            Err(refused) => super::refused(self.json, &refused),
        }
    }
}

fn json(proven: &Proven, key_from: &str) -> Value {
    let of = |checkpoint: &Checkpoint| json!({"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.to_base64()});
    match proven {
        Proven::Entries(leaves, checkpoint) => json!({
            "holds": true, "key_from": key_from, "checkpoint": of(checkpoint),
            "entries": leaves.iter().map(AnyLeaf::to_json).collect::<Vec<_>>(),
        }),
        Proven::Extends(older, checkpoint) => {
            json!({"holds": true, "key_from": key_from, "checkpoint": of(checkpoint), "older": of(older)})
        }
    }
}

fn print(proven: &Proven) {
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
