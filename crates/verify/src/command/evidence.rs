use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use crate::evidence::{EvidenceVerdict, Tokens, verify_evidence};

/// Vérifie les preuves d'une structure, téléchargées à /funding/v1/structures/…/evidence
///
/// Vérifie la preuve de chaque encaissement, de chaque annulation et de chaque paiement, avec les clés publiques seules, et dit ce
/// qui reste dû. Avec --tokens, vérifie aussi que les chèques gardés par la structure sont authentiques et encaissés là.
///
/// Code de sortie : 0 si tout est prouvé, 1 sinon, 2 si un fichier est illisible.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn verify evidence preuves.zip\n  \
    ccn verify evidence --vkey \"$(cat cle-publiee.vkey)\" --tokens codes.txt preuves.zip")]
pub struct EvidenceArgs {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle de l'archive, qui prouve seulement que ses
    /// fichiers vont ensemble
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    vkey: Option<String>,
    /// Codes QR des chèques gardés par la structure, un texte par ligne
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    tokens: Option<PathBuf>,
    /// Clés publiques des chèques connues d'ailleurs, comme les publie /.well-known/jwks.json ; sans elles, « --tokens » se sert de
    /// celles de l'archive, que rien ne signe
    #[arg(long, value_name = "FICHIER", requires = "tokens", help_heading = OPTIONS)]
    keys: Option<PathBuf>,
    /// Écrit le verdict en JSON, sur une ligne, au lieu des phrases
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    /// Archive de /funding/v1/structures/…/evidence
    #[arg(value_name = "FICHIER", help_heading = ARGUMENTS)]
    file: PathBuf,
}

#[derive(Serialize)]
struct Told<'v> {
    holds: bool,
    key_from: &'static str,
    token_keys_from: Option<&'static str>,
    #[serde(flatten)]
    verdict: &'v EvidenceVerdict,
}

impl EvidenceArgs {
    pub(super) fn run(&self) -> ExitCode {
        let tokens = self.tokens.as_deref().map(|texts| Tokens {
            texts,
            keys: self.keys.as_deref(),
        });
        match verify_evidence(&self.file, self.vkey.as_deref(), tokens) {
            Ok(verdict) => {
                if self.json {
                    super::print_json(&Told {
                        holds: verdict.holds(),
                        key_from: super::key_from(self.vkey.is_some()),
                        token_keys_from: self.tokens.as_ref().map(|_| super::key_from(self.keys.is_some())),
                        verdict: &verdict,
                    });
                } else {
                    self.print(&verdict);
                }
                super::status(verdict.holds())
            }
            Err(error) => super::unusable(self.json, error),
        }
    }

    fn print(&self, verdict: &EvidenceVerdict) {
        if let Some(structure) = &verdict.structure {
            println!("Structure {structure}");
        }
        println!(
            "{} encaissements prouvés par {} écritures : {}, dont {} annulés ; reste dû : {}.",
            verdict.claims,
            verdict.entries,
            verdict.claimed.to_french(),
            verdict.reversed.to_french(),
            verdict.owed.to_french()
        );
        if verdict.recent > 0 {
            println!(
                "{} encaissements étaient trop récents pour être prouvés : téléchargez une archive plus récente.",
                verdict.recent
            );
        }
        if self.tokens.is_some() {
            println!(
                "{} chèques authentiques, encaissés par cette structure.",
                verdict.tokens
            );
            if self.keys.is_none() {
                println!(
                    "Leurs clés sont celles de l'archive, que rien ne signe : comparez « cles.json » à /.well-known/jwks.json, ou donnez --keys."
                );
            }
        }
        if !verdict.holds() {
            println!("TOUT N'EST PAS PROUVÉ :");
            print!("{}", verdict.faults);
            return;
        }
        println!(
            "Tout est prouvé par le point de contrôle de {}, qui compte {} écritures.",
            verdict.signer, verdict.size
        );
        if self.vkey.is_none() {
            println!("La clé est celle de l'archive : comparez-la à celle que vous connaissez, ou donnez --vkey.");
        }
    }
}
