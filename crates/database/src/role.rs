use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// A database role: what a process that connects under it may read and write (migrations/*/ grant it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Programmes, beneficiaries, batches, vouchers.
    Issuer,
    /// Structures and claims.
    Redemption,
    /// Funders, settlement, statements.
    Funding,
    /// Reads the ledger, and nothing else.
    Audit,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Issuer, Self::Redemption, Self::Funding, Self::Audit];

    /// Its name in PostgreSQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "ccn_issuer",
            Self::Redemption => "ccn_redemption",
            Self::Funding => "ccn_funding",
            Self::Audit => "ccn_audit",
        }
    }
}

/// Seconds a request waits for a free connection before it is told to come back.
const ACQUIRE_SECONDS: u64 = 10;

/// A pool of at most `connections_max` connections. Each statement is ended by the server after a minute and each
/// idle transaction after half a minute, so that a lost client cannot hold locks.
pub async fn connect(options: PgConnectOptions, connections_max: u32) -> Result<PgPool, sqlx::Error> {
    let options = options.application_name("ccn").options([
        ("statement_timeout", "60s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("timezone", "UTC"),
        // Statements here are short: compiling one takes longer than running it.
        ("jit", "off"),
    ]);
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(ACQUIRE_SECONDS))
        .connect_with(options)
        .await
}
