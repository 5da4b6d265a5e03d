//! What every package that talks to PostgreSQL shares: the services' roles, migrations, transactions, advisory locks.
//!
//! It owns no business table. A use case takes `&mut PgTransaction`, so it cannot run outside a transaction;
//! the front door opens one with [`transaction()`], which alone decides what is tried again.

mod lock;
mod migrate;
mod role;
mod transaction;
mod use_case;

pub use lock::NamedLock;
pub use migrate::{apply, apply_roles};
pub use role::{Role, connect};
pub use transaction::{ATTEMPTS_MAX, BoxFuture, is_constraint, transaction};
pub use use_case::{Rejection, UseCaseError};
