//! Batches of vouchers from the order to activation: order, mint, funding, activation, cancellation.
//!
//! A share of a plan may be limited, and names who takes over. What the plan becomes for a batch is computed when the batch is funded, under
//! the locks of its funders' money, and kept: everything reads `issuer.batch_plan_share`, this service and the others.

pub mod activate;
pub mod batch;
pub mod cancel;
pub mod fund;
pub mod mint;
pub mod numbers;
pub mod order;
pub mod shares;
pub(crate) mod withdraw;
