//! What everybody may see: the places that accept vouchers.

pub mod places;
