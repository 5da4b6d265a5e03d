//! What everybody may see: the places that accept vouchers, and what the paper of a series says.

pub mod places;
pub(crate) mod series;
