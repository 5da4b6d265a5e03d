//! What `ccn-verify …` and `ccn verify …` take, do and print.
//!
//! Exit statuses: 0 when everything is proven, 1 when something is not, 2 when a file or key cannot be used.

mod books;
mod evidence;
mod help;
mod output;
mod proof;
mod reconciliation;
mod token;
pub mod usage;

use std::io;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

pub use help::TEMPLATE;
use output::print_json;
pub use output::with_output;

/// What to verify; the help of each stands with its arguments.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would take the place of the command's own help"
)]
pub enum Verify {
    Token(token::TokenArgs),
    Books(books::BooksArgs),
    Proof(proof::ProofArgs),
    Reconciliation(reconciliation::ReconciliationArgs),
    Evidence(evidence::EvidenceArgs),
}

impl Verify {
    /// Verifies, and prints what was found. An error is standard input's or output's.
    pub fn run(&self) -> io::Result<ExitCode> {
        match self {
            Self::Token(args) => args.run(),
            Self::Books(args) => Ok(args.run()),
            Self::Proof(args) => Ok(args.run()),
            Self::Reconciliation(args) => Ok(args.run()),
            Self::Evidence(args) => Ok(args.run()),
        }
    }
}

/// The exit status of a wrong question: a file or key that cannot be used. clap ends with it too.
const UNUSABLE: u8 = 2;

/// Tells on standard error why nothing can be judged; and to a machine, that nothing is known.
fn unusable(json: bool, why: impl std::fmt::Display) -> ExitCode {
    let why = why.to_string();
    eprintln!("{why}");
    if json {
        print_json(&Unjudged {
            holds: None,
            error: &why,
        });
    }
    ExitCode::from(UNUSABLE)
}

#[derive(Serialize)]
struct Unjudged<'w> {
    holds: Option<bool>,
    error: &'w str,
}

/// What is not proven, and why.
#[derive(Serialize)]
struct Refused {
    holds: bool,
    refused: String,
}

/// Tells that a file proves nothing.
fn refused(json: bool, why: &impl std::fmt::Display) -> ExitCode {
    if json {
        print_json(&Refused {
            holds: false,
            refused: why.to_string(),
        });
    } else {
        println!("NON PROUVÉ : {why}.");
    }
    ExitCode::FAILURE
}

/// Where the key comes from that proves a file: what the file brings itself only proves that it agrees with itself.
const fn key_from(given: bool) -> &'static str {
    if given { "given" } else { "file" }
}

/// The status of what was judged.
fn status(holds: bool) -> ExitCode {
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
