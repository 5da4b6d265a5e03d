//! Vouchers in people's hands: hand-over, replacement, reissue, revocation, and what state each is in.

pub mod hand_over;
pub mod reissue;
pub mod revoke;
pub mod voucher_states;
