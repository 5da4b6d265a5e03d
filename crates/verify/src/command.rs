//! What `ccn-verify …` and `ccn verify …` take, do and print.
//!
//! Exit statuses: 0 when everything is proven, 1 when something is not, 2 when a file or key cannot be used.

mod books;
mod evidence;
mod help;
mod proof;
mod reconciliation;
mod token;

use std::io;
use std::process::ExitCode;

use clap::Subcommand;

pub use help::TEMPLATE;

/// What to verify.
#[derive(Debug, Subcommand)]
pub enum Verify {
    /// Vouchers, by the texts of their QR codes.
    Token(token::TokenArgs),
    /// An export of the books.
    Books(books::BooksArgs),
    /// A proof of the sealed log.
    Proof(proof::ProofArgs),
    /// The signed file of a reconciliation.
    Reconciliation(reconciliation::ReconciliationArgs),
    /// A structure's archive.
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

/// Tells on standard error why nothing can be judged.
fn unusable(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(UNUSABLE)
}

/// The status of what was judged.
fn status(holds: bool) -> ExitCode {
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
