//! Vouchers in people's hands: finding a booklet, hand-over, replacement, reissue, revocation, and what state each is in.

pub mod find_booklet;
pub mod hand_over;
pub mod reissue;
pub mod revoke;
pub mod voucher_states;
