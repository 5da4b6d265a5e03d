//! `ccn reconcile` and `ccn verify reconciliation`: they call and tell.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use funding::ReconciliationId;
use funding::reconciliation::{
    self, Document, RECONCILIATION_BYTES_MAX, RunError, RunRequest, RunTrigger, Stored, Verdict,
};
use sealed_log::VerifierKey;
use serde_json::json;
use standards::calendar::paris_date;
use web::Clock;

use crate::cli::reconcile::{ReconcileArgs, VerifyReconciliation};
use crate::exit::{FALSE, LATER, unusable};
use crate::own_books::OpenBooks;
use crate::remote::{Client, Refusal, TIMEOUT};
use crate::run::runtime;
use crate::told;

/// `ccn reconcile`.
pub(crate) fn reconcile(args: &ReconcileArgs) -> anyhow::Result<ExitCode> {
    let stored = match args.served.client()? {
        Some((server, key)) => on_server(&server, key)?,
        None => runtime()?.block_on(here(args))?,
    };
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

async fn here(args: &ReconcileArgs) -> anyhow::Result<Stored> {
    let books = OpenBooks::open(&args.own).await?;
    let at = Clock::System.now();
    let request = RunRequest {
        id: ReconciliationId::derive(b"reconciliation-command", &[&at.timestamp_micros().to_be_bytes()]),
        at,
        occasion: RunTrigger::Command,
        night: None,
        break_days_max: args.break_days_max,
    };
    let mut turn = Turn::default();
    let ran = loop {
        match reconciliation::run(&books.pool, &books.key, &request, None).await {
            Err(RunError::UnderWay) if turn.look_again() => tokio::time::sleep(LOOK_AGAIN).await,
            ran => break ran,
        }
    };
    books.end().await?;
    match ran {
        Ok(made) => Ok(made.into_inner()),
        Err(RunError::UnderWay) => anyhow::bail!("{STILL_UNDER_WAY}"),
        Err(error) => Err(anyhow::Error::new(error).context("Le rapprochement n'a pas pu se faire")),
    }
}

/// Between two looks whether the run under way has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Looks, before giving up: the run of very large books takes minutes.
const LOOKS_MAX: u32 = 1_800;

const STILL_UNDER_WAY: &str = "Un autre rapprochement est en cours depuis longtemps : réessayez quand il sera terminé";

/// Runs take turns. The nightly one may be under way just when somebody asks for another: the command waits, and says so.
#[derive(Default)]
struct Turn {
    looks: u32,
}

impl Turn {
    fn look_again(&mut self) -> bool {
        if self.looks == 0 {
            eprintln!("Un autre rapprochement est en cours : celui-ci commencera ensuite.");
        }
        self.looks += 1;
        self.looks <= LOOKS_MAX
    }
}

/// Asks a server for a run, and believes its file as far as the known key signed it. The id is drawn here, so that the answer cannot be
/// a better run of before.
fn on_server(server: &Client, key: &VerifierKey) -> anyhow::Result<Stored> {
    let mut drawn = [0; 16];
    getrandom::fill(&mut drawn).context("Le hasard du système ne répond pas")?;
    let id = ReconciliationId::derive(b"reconciliation-asked", &[&drawn]);
    // Its own run is the one under way, when it takes longer than a request.
    let (mut turn, mut own) = (Turn::default(), false);
    while let Err(error) = server.post("/funding/v1/reconciliations", &json!({ "id": id })) {
        match error.downcast_ref::<Refusal>().map(|refusal| refusal.kind.as_str()) {
            Some(TIMEOUT) => own = true,
            Some("reconciliation-under-way") if own => {}
            Some("reconciliation-under-way") => anyhow::ensure!(turn.look_again(), STILL_UNDER_WAY),
            _ => return Err(error),
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let file = server.text(&format!("/funding/v1/reconciliations/{id}/signed"))?;
    let stored = reconciliation::open(&file, Some(&key.to_string()))
        .map_err(|refused| anyhow::anyhow!("NON PROUVÉ : {refused}."))?;
    anyhow::ensure!(
        stored.document.id == id,
        "NON PROUVÉ : le serveur a envoyé un autre rapprochement que celui qui a été demandé."
    );
    Ok(stored)
}

fn status(verdict: Verdict) -> ExitCode {
    match (verdict.all_hold, verdict.old_breaks) {
        (false, _) => ExitCode::from(FALSE),
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(LATER),
    }
}

/// `ccn verify reconciliation`.
pub(crate) fn verify(args: &VerifyReconciliation) -> ExitCode {
    let text = match read(&args.file) {
        Ok(text) => text,
        Err(error) => {
            return unusable(format!(
                "« {} » ne peut pas être lu : {}",
                args.file.display(),
                told::reason(&error)
            ));
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
