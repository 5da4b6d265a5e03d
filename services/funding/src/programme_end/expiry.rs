//! What follows the end of a programme: the adversarial statement (état contradictoire), the answers to it, and the unused value given
//! back to those who paid it.
//!
//! **Whose it is.** The end itself (alert, end of hand-overs, acceptance, sweep) is the issuer's, which knows booklets. The statement is
//! about money, funder by funder: what was claimed, what the bank has paid, what is owed back; all of it is funding's, and so are the
//! refunds that carry it out. What the issuer did is read from the views that it grants (`issuer.expiry_step_done`, `issuer.batch_memo`,
//! `issuer.handed_over_voucher`).
//!
//! | act | by | when |
//! |---|---|---|
//! | [issue](issue::issue) | the clock | D+37, once the sweep is done and the certificate is there |
//! | [respond](respond::respond) | the sponsor, each funder | until the last day of contest |
//! | [choose](choose::choose) | each funder | until the same day |
//! | [give back](give_back::give_back) | the clock (credits), the operator (bank too) | after it, and again when something comes back |
//!
//! **The invariant.** A statement is three files written once: their bytes are kept, with their digests, and served as they are. Its sums
//! agree with the books on two counts, or it is not issued: per batch and funder, funded = claimed + refundable; per funder, the refundable
//! of its batches (with true-ups, less what was given back) is what its account holds.
//!
//! **In the end the programme's book holds nothing** of its funders: with the unused value goes what never stood behind a batch, and a claim
//! reversed later gives back in a further round.
//!
//! **Silence** until the last day of contest is acceptance. A statement that somebody contests gives nothing back by itself: the operator
//! does, and says why. Money leaves the bank account only by the operator's act; the clock gives credits only.

mod canonical;
mod choose;
mod content;
mod contest;
mod csv;
mod figures;
mod give_back;
mod issue;
mod keep;
mod pdf;
pub(crate) mod reader;
mod respond;
mod routes;
mod view;

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::Clock;

pub use keep::{STATEMENT_SECONDS, keep_statements};

/// Who signs statements, and in whose name.
#[derive(Debug, Clone)]
pub struct Stationery {
    /// The fund, as it appears at the head of a statement.
    pub fund: String,
    /// The key and the certificate; nothing is issued without.
    pub signer: Option<Arc<document::sign::Signer>>,
}

/// What these routes need.
#[derive(Debug, Clone, FromRef)]
pub(crate) struct App {
    pool: PgPool,
    clock: Clock,
    stationery: Stationery,
}

/// What is signed with the documents' key: the calendar and the statement of a programme's end, and attestations.
#[must_use]
pub fn expiry_routes(pool: PgPool, clock: Clock, stationery: Stationery) -> OpenApiRouter {
    routes::routes()
        .merge(crate::payments::structure_account::routes())
        .with_state(App {
            pool,
            clock,
            stationery,
        })
}
