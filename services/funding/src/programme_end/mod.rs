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
//! | refund unused value | the clock (credits), the operator (bank too) | after it, and again when something comes back |
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

pub mod choose;
pub mod issue;
pub mod reader;
pub mod refund_unused_value;
pub mod respond;
pub mod statement_worker;
pub mod view;

mod content;
mod contest;
mod csv;
mod figures;
mod pdf;
