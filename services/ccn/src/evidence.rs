//! The command on a structure's evidence: it parses, calls and tells.

use std::process::ExitCode;

use crate::cli::evidence::VerifyEvidence;
use crate::exit::unusable;
use crate::verify_evidence::{EvidenceVerdict, Tokens, verify_evidence};

/// `ccn verify evidence`.
pub(crate) fn verify(args: &VerifyEvidence) -> ExitCode {
    let tokens = args.tokens.as_deref().map(|texts| Tokens {
        texts,
        keys: args.keys.as_deref(),
    });
    match verify_evidence(&args.file, args.vkey.as_deref(), tokens) {
        Ok(verdict) => {
            tell(&verdict, args);
            if verdict.holds() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => unusable(error),
    }
}

fn tell(verdict: &EvidenceVerdict, args: &VerifyEvidence) {
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
    if args.tokens.is_some() {
        println!(
            "{} chèques authentiques, encaissés par cette structure.",
            verdict.tokens
        );
        if args.keys.is_none() {
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
    if args.vkey.is_none() {
        println!("La clé est celle de l'archive : comparez-la à celle que vous connaissez, ou donnez --vkey.");
    }
}
