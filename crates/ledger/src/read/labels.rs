use std::collections::BTreeMap;

use sealed_log::{AccountKind, TransferKind};
use sqlx::PgConnection;

/// What kinds are called in French, as the database says it: for exports that people read.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    accounts: BTreeMap<AccountKind, String>,
    transfers: BTreeMap<TransferKind, String>,
}

impl Labels {
    /// What a kind of account is called; its name when the database has no label.
    #[must_use]
    pub fn account(&self, kind: AccountKind) -> &str {
        self.accounts.get(&kind).map_or(kind.name(), String::as_str)
    }

    /// What a kind of transfer is called; its name when the database has no label.
    #[must_use]
    pub fn transfer(&self, kind: TransferKind) -> &str {
        self.transfers.get(&kind).map_or(kind.name(), String::as_str)
    }
}

/// Reads the labels of both lookup tables.
pub async fn labels(connection: &mut PgConnection) -> sqlx::Result<Labels> {
    let accounts = sqlx::query!("select kind, label from ledger.account_kind")
        .fetch_all(&mut *connection)
        .await?;
    let transfers = sqlx::query!("select kind, label from ledger.transfer_kind")
        .fetch_all(connection)
        .await?;
    Ok(Labels {
        accounts: accounts
            .into_iter()
            .filter_map(|row| Some((AccountKind::from_code(row.kind)?, row.label)))
            .collect(),
        transfers: transfers
            .into_iter()
            .filter_map(|row| Some((TransferKind::from_code(row.kind)?, row.label)))
            .collect(),
    })
}
