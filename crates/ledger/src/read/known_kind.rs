//! Kinds by their codes. One that the database knows and this program does not means that the program is older than the migrations.

use sealed_log::{AccountKind, TransferKind};

pub(super) fn transfer_kind(code: i16) -> sqlx::Result<TransferKind> {
    TransferKind::from_code(code).ok_or_else(|| sqlx::Error::Decode(format!("transfer kind {code} is unknown").into()))
}

pub(super) fn account_kind(code: i16) -> sqlx::Result<AccountKind> {
    AccountKind::from_code(code).ok_or_else(|| sqlx::Error::Decode(format!("account kind {code} is unknown").into()))
}
