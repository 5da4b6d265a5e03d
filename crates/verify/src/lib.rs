//! What anybody can prove without the operator: vouchers, exported books, a structure's evidence, reconciliations. With public keys
//! alone; no network, no database, and none of the operator's server in what it is built of.
//!
//! | what | from |
//! |---|---|
//! | [`tokens`] | the texts of QR codes, with the published keys |
//! | [`books`] | the folder of `ccn export`, and proofs of `/funding/v1/proofs/…` |
//! | [`evidence`] | the archive of `/funding/v1/structures/…/evidence` |
//! | [`reconciliation`] | the file of `/funding/v1/reconciliations/…/signed` |
//! | [`command`] | the command line of `ccn-verify`, and of `ccn verify` |
//!
//! A verification tells everything that is wrong as [`Faults`], and is an error only when there is nothing to judge: a file that is
//! missing, or that is another file. A key that comes from the same place as what it proves only shows that the files belong together;
//! every verification takes one that is known from elsewhere.

pub mod books;
mod canonical;
#[cfg(feature = "command")]
pub mod command;
pub mod evidence;
mod faults;
pub mod reconciliation;
pub mod tokens;

pub use canonical::canonical_json;
pub use faults::{FAULTS_SHOWN_MAX, Faults};
