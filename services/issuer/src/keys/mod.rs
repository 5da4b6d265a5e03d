//! Keys of the vouchers as everybody sees them: publication, delegation, withdrawal, signed key sets, and the signers themselves.

pub mod key_sets;
pub mod public_keys;
pub mod signers;
pub(crate) mod voucher_keys;
