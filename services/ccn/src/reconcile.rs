//! `ccn reconcile` and `ccn verify reconciliation`: they call and tell.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use ::keys::{Opener, Plain};
use anyhow::Context;
use chrono::{DateTime, Utc};
use funding::ReconciliationId;
use funding::reconciliation::{self, Document, Occasion, RECONCILIATION_BYTES_MAX, RunRequest, Stored, Verdict};
use ledger::proof::NoteKey;
use sqlx::postgres::PgConnectOptions;
use standards::calendar::paris_date;
use web::Clock;

use crate::cli::reconcile::{ReconcileArgs, VerifyReconciliation};
use crate::{export, sealing, told};

/// Status when an identity does not hold.
const FALSE: u8 = 1;
/// Status when nothing could be judged.
const UNUSABLE: u8 = 2;
/// Status when all identities hold and a break waits for too long.
const TOO_OLD: u8 = 3;

/// `ccn reconcile`.
pub(crate) async fn reconcile(args: &ReconcileArgs) -> anyhow::Result<ExitCode> {
    let config = args.config();
    // Who reconciles at a terminal may be asked for the passphrase; the demo's key is in clear.
    let opener = Opener {
        ask: true,
        ..config.opener(Plain::Accepted)
    };
    let key = sealing::read_key_if_any(&config, &opener)
        .context("La clé des points de contrôle (--checkpoint-key-file) ne s'ouvre pas")?;
    let key = key.with_context(|| {
        format!(
            "La clé « {} » n'existe pas : donnez celle des points de contrôle avec --checkpoint-key-file, ou démarrez « ccn all » une fois",
            sealing::key_file(&config).display()
        )
    })?;
    let (database, server) = export::open(&config).await?;
    let ran = run(database, &key, args.break_days_max, Clock::System.now()).await;
    if let Some(server) = server {
        server.stop().await?;
    }
    let stored = ran?;
    if let Some(out) = &args.out {
        std::fs::write(out, stored.file()).with_context(|| format!("{} : écriture impossible", out.display()))?;
    }
    if args.json {
        println!("{}", stored.bytes);
    } else {
        print!("{}", reconciliation::text(&stored));
    }
    Ok(status(stored.document.verdict))
}

async fn run(
    database: PgConnectOptions,
    key: &NoteKey,
    break_days_max: u32,
    at: DateTime<Utc>,
) -> anyhow::Result<Stored> {
    let request = RunRequest {
        id: ReconciliationId::derive(b"reconciliation-command", &[&at.timestamp_micros().to_be_bytes()]),
        at,
        occasion: Occasion::Command,
        night: None,
        break_days_max,
    };
    let pool = database::connect(database, 2).await?;
    let ran = reconciliation::run(&pool, key, &request, None).await;
    pool.close().await;
    match ran {
        Ok(made) => Ok(made.into_inner()),
        Err(reconciliation::RunError::UnderWay) => {
            anyhow::bail!("Un rapprochement est déjà en cours : réessayez dans un instant")
        }
        Err(error) => Err(anyhow::Error::new(error).context("Le rapprochement n'a pas pu se faire")),
    }
}

fn status(verdict: Verdict) -> ExitCode {
    match (verdict.all_hold, verdict.old_breaks) {
        (false, _) => ExitCode::from(FALSE),
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(TOO_OLD),
    }
}

/// `ccn verify reconciliation`.
pub(crate) fn verify(args: &VerifyReconciliation) -> ExitCode {
    let text = match read(&args.file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("« {} » ne peut pas être lu : {}", args.file.display(), told::reason(&error));
            return ExitCode::from(UNUSABLE);
        }
    };
    match reconciliation::verify(&text, args.vkey.as_deref()) {
        Ok(document) => {
            tell(&document);
            if args.vkey.is_none() {
                println!("La clé est celle du document : comparez-la à celle que vous connaissez, ou donnez --vkey.");
            }
            ExitCode::SUCCESS
        }
        Err(refused) => {
            println!("NON PROUVÉ : {refused}.");
            ExitCode::FAILURE
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

fn tell(document: &Document) {
    let verdict = document.verdict;
    println!(
        "Prouvé : le rapprochement n° {} du {} est signé par {}.",
        document.number,
        paris_date(document.at).format("%d/%m/%Y"),
        document.signer
    );
    println!(
        "Il dit : {} identités, dont {} fausse(s) ; {} écart(s) non fermés, dont {} de plus de {} jours.",
        document.identities.len(),
        verdict.failing,
        verdict.open_breaks,
        verdict.old_breaks,
        verdict.break_days_max
    );
    for identity in document.identities.iter().filter(|identity| !identity.holds) {
        println!(
            "  FAUX : {} : {} et {}",
            identity.name,
            identity.left.to_french(),
            identity.right.to_french()
        );
    }
}
