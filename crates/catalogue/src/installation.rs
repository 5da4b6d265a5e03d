//! What an installation was started with, so that it cannot be started with something else by mistake.
//!
//! Vouchers in people's hands lead to the public host, funders pay into the fund's account, their programs hold the log's key, phones the
//! roots. A flag that was forgotten, or a database restored beside another machine's keys, would contradict all of that without a word.
//! So the first start writes each down, and every later one compares. To change one for good, a start names the value that it replaces:
//! said once it is done, and left in a unit file it allows nothing more.

use chrono::{DateTime, Utc};
use database::NamedLock;
use sqlx::PgPool;

/// A value that does not change by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstallationName {
    /// The host of the QR codes, which is also the beginning of the log's name.
    PublicHost,
    FundIban,
    /// The key that signs checkpoints.
    LogKey,
    /// The roots that are believed.
    RootKeys,
}

impl InstallationName {
    pub const ALL: [Self; 4] = [Self::PublicHost, Self::FundIban, Self::LogKey, Self::RootKeys];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PublicHost => "public_host",
            Self::FundIban => "fund_iban",
            Self::LogKey => "log_key",
            Self::RootKeys => "root_keys",
        }
    }
}

/// What was decided: this value is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    pub name: InstallationName,
    /// The value that is known until now.
    pub known: String,
}

/// Another value is known than the one that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherKnown {
    pub name: InstallationName,
    pub known: String,
    pub since: DateTime<Utc>,
}

/// Keeps the value when none is known, or when the one that is known is replaced by name; otherwise says which one is known, if it is
/// another.
pub async fn installation_value(
    pool: &PgPool,
    name: InstallationName,
    given: &str,
    replaced: &[Replaced],
    at: DateTime<Utc>,
) -> Result<Result<(), OtherKnown>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    // Services that start together know one value, whichever comes first.
    NamedLock::Installation.take(&mut tx).await?;
    let known = sqlx::query!(
        "select value, since from catalogue.installation_value where name = $1 order by id desc limit 1",
        name.word()
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(known) = known {
        if known.value == given {
            return Ok(Ok(()));
        }
        if !replaced
            .iter()
            .any(|decided| decided.name == name && decided.known == known.value)
        {
            return Ok(Err(OtherKnown {
                name,
                known: known.value,
                since: known.since,
            }));
        }
    }
    sqlx::query!(
        "insert into catalogue.installation_value (name, value, since) values ($1, $2, $3)",
        name.word(),
        given,
        at,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Ok(()))
}
