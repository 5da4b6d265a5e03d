//! What the bank says: statements, the matching of their lines, breaks and how they are explained, tolerated charges.

pub mod breaks;
pub(crate) mod payment_answer;
pub(crate) mod settlement_parts;
pub mod statement;
pub mod tolerance;
