//! What several rooms need: ids, booking to the ledger, the fund's account, French wording.

pub mod ages;
pub mod booking;
pub mod french;
mod fund_account;
pub mod ids;
pub mod known;
pub mod stream;

pub use fund_account::FundAccount;
