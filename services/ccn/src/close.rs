//! `ccn close`: it calls and tells.

use std::process::ExitCode;
use std::time::Duration;

use access::Caller;
use anyhow::Context;
use funding::{CloseView, NotClosed};
use ledger::seal::CloseError;
use sealed_log::{Checkpoint, VerifierKey};
use serde_json::json;
use standards::Month;
use web::{Clock, Problem};

use crate::cli::close::CloseArgs;
use crate::exit::{FALSE, LATER};
use crate::own_books::OpenBooks;
use crate::remote::{Client, Refusal, TIMEOUT};
use crate::run::runtime;

/// `ccn close`.
pub(crate) fn close(args: &CloseArgs) -> anyhow::Result<ExitCode> {
    let closed = match args.served.client()? {
        Some((server, key)) => on_server(args.month, &server, key),
        None => runtime()?.block_on(here(args)),
    };
    match closed {
        Ok(view) => {
            tell(&view, args)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => match error.downcast_ref::<Refusal>() {
            Some(refusal) => {
                eprintln!("Le mois {} n'est pas clos. {refusal}", args.month);
                Ok(ExitCode::from(status(refusal)))
            }
            None => Err(error),
        },
    }
}

fn status(refusal: &Refusal) -> u8 {
    match refusal.kind.as_str() {
        "month-not-over" | "close-in-order" | "nothing-to-close" | "books-busy" | "close-under-way" => LATER,
        _ => FALSE,
    }
}

async fn here(args: &CloseArgs) -> anyhow::Result<CloseView> {
    let books = OpenBooks::open(&args.own).await?;
    let (month, at) = (args.month, Clock::System.now());
    let act = ids::derive_uuid(
        b"close-command",
        &[month.to_string().as_bytes(), &at.timestamp_micros().to_be_bytes()],
    );
    let closed = funding::close_month(&books.pool, &books.key, month, &Caller::command(act), at).await;
    books.end().await?;
    match closed {
        Ok(made) => Ok(made.into_inner()),
        Err(
            error @ (NotClosed::Database(_)
            | NotClosed::Close(CloseError::Seal(_) | CloseError::Sign(_) | CloseError::Database(_))),
        ) => Err(anyhow::Error::new(error).context("La clôture n'a pas pu se faire : rien n'a été clos")),
        Err(error) => Err(Refusal::from(Problem::from(error)).into()),
    }
}

/// What the server answers is believed as far as the known key signed it.
fn on_server(month: Month, server: &Client, key: &VerifierKey) -> anyhow::Result<CloseView> {
    // It goes on there when it takes longer than a request, and is found when it is asked for again.
    let mut own = false;
    let answer = loop {
        match server.post("/funding/v1/closes", &json!({ "month": month })) {
            Err(error) if goes_on(&error, own) => own = true,
            answer => break answer?,
        }
        std::thread::sleep(LOOK_AGAIN);
    };
    let view: CloseView =
        serde_json::from_value(answer).context("Le serveur décrit sa clôture autrement : utilisez le même ccn")?;
    let signed = Checkpoint::open(&view.checkpoint, key).map_err(|error| {
        anyhow::anyhow!(
            "NON PROUVÉ : la clôture que le serveur a envoyée n'est pas signée par la clé {} : {error}",
            key.name()
        )
    })?;
    anyhow::ensure!(
        signed.closed == Some(month) && signed.size == view.size && signed.root.to_base64() == view.root,
        "NON PROUVÉ : le point de contrôle que le serveur a envoyé n'est pas celui de la clôture de {month}"
    );
    Ok(view)
}

/// Between two looks whether the server is done.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whether the server is still at the close that was asked of it.
fn goes_on(error: &anyhow::Error, own: bool) -> bool {
    let kind = error.downcast_ref::<Refusal>().map(|refusal| refusal.kind.as_str());
    kind == Some(TIMEOUT) || (own && kind == Some("close-under-way"))
}

fn tell(view: &CloseView, args: &CloseArgs) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        std::fs::write(out, &view.checkpoint).with_context(|| format!("{} : écriture impossible", out.display()))?;
    }
    if args.json {
        println!("{}", serde_json::to_string(view)?);
        return Ok(());
    }
    println!(
        "Le mois {} est clos (le {}, UTC).",
        view.month,
        view.at.format("%d/%m/%Y à %H:%M:%S")
    );
    println!("  écritures scellées  {}", view.size);
    println!("  racine              {}", view.root);
    println!("  signé par           {}", view.vkey);
    let file = if let Some(out) = &args.out {
        println!("\nLe point de contrôle signé est dans « {} ».", out.display());
        out.display().to_string()
    } else {
        println!("\nLe point de contrôle signé, à copier tel quel dans un fichier (ou redemandez-le avec --out) :\n");
        println!("{}", view.checkpoint);
        format!("cloture-{}.note", view.month)
    };
    println!(
        "Gardez-le ailleurs que sur ce serveur, chez l'auditeur et chez les financeurs : il prouve que rien d'ancien n'est réécrit."
    );
    println!("Pour le prouver plus tard : ccn verify books --older {file} DOSSIER");
    Ok(())
}
