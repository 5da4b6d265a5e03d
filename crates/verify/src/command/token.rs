use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use voucher::{Host, JwkSet};

use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use crate::tokens::{Verifier, instant};

/// Vérifie des chèques à partir du texte de leur QR code
///
/// Écrit un objet JSON par chèque : `{"valid": true, "series", "idx", "cents", "day", "id", "kid", "short_code"}` ou
/// `{"valid": false, "reason"}`. Un chèque valable peut avoir déjà servi : cela, seul le service d'encaissement le sait.
///
/// Code de sortie : 0 si tous sont valables, 1 si l'un ne l'est pas, 2 si les clés sont illisibles.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn verify token --keys keys.json https://cheque.example.fr/v#0050…\n  \
    curl -s https://cheque.example.fr/.well-known/jwks.json > keys.json\n  \
    cut -d, -f2 vouchers.csv | tail -n +2 | ccn verify token --keys keys.json -")]
pub struct TokenArgs {
    /// Fichier des clés publiques (JWK Set), tel que le sert /.well-known/jwks.json
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    keys: PathBuf,
    /// N'accepte que les QR codes de ce site ; sans lui, celui que dit le texte
    #[arg(long, value_name = "HÔTE", help_heading = OPTIONS)]
    host: Option<Host>,
    /// Jour (2026-03-31) ou instant (2026-03-31T12:00:00Z) auquel juger ; sans lui, maintenant
    #[arg(long, value_name = "DATE", value_parser = instant, help_heading = OPTIONS)]
    at: Option<DateTime<Utc>>,
    /// Textes des QR codes ; « - » les lit sur l'entrée standard, un par ligne
    #[arg(value_name = "TEXTE", required = true, help_heading = ARGUMENTS)]
    texts: Vec<String>,
}

impl TokenArgs {
    pub(super) fn run(&self) -> io::Result<ExitCode> {
        let read = std::fs::read_to_string(&self.keys).map_err(|error| error.to_string());
        let keys = match read.and_then(|json| JwkSet::read(&json).map_err(|error| error.to_string())) {
            Ok(keys) => keys,
            Err(error) => {
                return Ok(super::unusable(
                    false,
                    format!("Les clés de « {} » sont illisibles : {error}", self.keys.display()),
                ));
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the boundary: whoever names no instant means now"
        )]
        let at = self.at.unwrap_or_else(Utc::now);
        let verifier = Verifier::new(keys, self.host.clone(), at);
        let all_valid = match self.texts.as_slice() {
            [text] if text == "-" => verifier.lines(io::stdin().lock(), io::stdout().lock()),
            texts => verifier.texts(texts, io::stdout().lock()),
        };
        match all_valid {
            Ok(all_valid) => Ok(super::status(all_valid)),
            // Whoever was reading has read enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::FAILURE),
            Err(error) => Err(error),
        }
    }
}
