//! Batches of vouchers from the order to activation: order, mint, funding, activation, cancellation.

pub mod activate;
pub mod batch;
pub mod cancel;
pub mod fund;
pub mod mint;
pub mod numbers;
pub mod order;
pub mod shares;
