//! Keys: who may sign what and when, how they are published, and who believes them.

pub(crate) mod cose_key_set;
pub(crate) mod delegation;
pub(crate) mod jwks;
pub(crate) mod key;
pub(crate) mod key_set;
pub(crate) mod keyring;
pub(crate) mod kid;
pub(crate) mod sign;
