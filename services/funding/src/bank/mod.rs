//! What the bank says: statements, the matching of their lines, breaks and how they are explained, tolerated charges.

pub mod breaks;
pub mod statement;
pub mod tolerance;
