use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use crate::books::{BooksVerdict, Trusted, verify_books};

/// Vérifie les livres écrits par « ccn export »
///
/// Recalcule chaque feuille, la racine et tous les soldes, vérifie la signature du point de contrôle, et dit à quelle ligne
/// quelque chose a changé. Compare aux écritures le FEC, le journal hledger et la cascade (waterfall.csv), et nomme les fichiers
/// qui n'ont pas été vérifiés.
///
/// Code de sortie : 0 si tout est intact, 1 sinon, 2 si un fichier est illisible.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn verify books livres\n  \
    ccn verify books --vkey \"$(cat cle-publiee.vkey)\" --older checkpoint-de-janvier livres\n  \
    ccn verify books --cosigner \"$(cat departement.vkey)\" livres")]
pub struct BooksArgs {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle du dossier, qui prouve seulement que ses
    /// fichiers vont ensemble
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    vkey: Option<String>,
    /// Point de contrôle antérieur, gardé par vous : les livres doivent le prolonger
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    older: Option<PathBuf>,
    /// Clé d'un co-signataire (nom+empreinte+base64) qui doit avoir signé le point de contrôle ; peut être répétée
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    cosigner: Vec<String>,
    /// Écrit le verdict en JSON, sur une ligne, au lieu des phrases
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    /// Dossier écrit par « ccn export »
    #[arg(value_name = "DOSSIER", help_heading = ARGUMENTS)]
    folder: PathBuf,
}

#[derive(Serialize)]
struct Told<'v> {
    holds: bool,
    key_from: &'static str,
    #[serde(flatten)]
    verdict: &'v BooksVerdict,
}

impl BooksArgs {
    pub(super) fn run(&self) -> ExitCode {
        let trusted = Trusted {
            key: self.vkey.as_deref(),
            older: self.older.as_deref(),
            cosigners: &self.cosigner,
        };
        match verify_books(&self.folder, &trusted) {
            Ok(verdict) => {
                if self.json {
                    super::print_json(&Told {
                        holds: verdict.holds(),
                        key_from: super::key_from(self.vkey.is_some()),
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

    fn print(&self, verdict: &BooksVerdict) {
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
            not_looked_at(verdict);
            return;
        }
        println!("Les écritures sont intactes et signées par {}.", verdict.signer);
        for file in &verdict.compared {
            println!("Dit la même chose : {file}.");
        }
        for cosigned in &verdict.cosigned {
            println!("{cosigned}");
        }
        not_looked_at(verdict);
        if self.vkey.is_none() {
            println!("La clé est celle du dossier : comparez-la à celle que vous connaissez, ou donnez --vkey.");
        }
    }
}

fn not_looked_at(verdict: &BooksVerdict) {
    if !verdict.not_looked_at.is_empty() {
        println!("Fichiers non vérifiés : {}.", verdict.not_looked_at.join(", "));
    }
}
