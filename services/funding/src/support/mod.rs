//! What several rooms need: ids, booking to the ledger, the fund's account.

pub mod ages;
pub mod booking;
pub(crate) mod chunks;
mod document_signer;
pub mod french;
mod fund_account;
pub mod ids;
pub mod known;
pub(crate) mod remittance_text;

pub use document_signer::DocumentSigner;
pub use fund_account::FundAccount;

/// More than 64 bits of cents.
pub(crate) fn overflow() -> sqlx::Error {
    sqlx::Error::Decode("amounts add up to more than 64 bits".into())
}
