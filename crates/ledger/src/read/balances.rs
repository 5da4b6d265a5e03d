use std::collections::HashMap;

use sealed_log::{AccountNumber, Side};
use sqlx::PgConnection;
use standards::Cents;

use crate::post::{Account, in_lock_order};

/// What accounts hold, on their normal side, in the order given; nothing for an account that does not exist.
/// A clearing or suspense account counts as owed by us: negative when debits prevail.
pub async fn balances(connection: &mut PgConnection, accounts: &[Account]) -> sqlx::Result<Vec<Cents>> {
    let mut held = HashMap::new();
    for (book, numbers) in in_lock_order(accounts.iter().copied()) {
        let numbers: Vec<i64> = numbers.keys().map(|number| number.get()).collect();
        let rows = sqlx::query!(
            r#"select number as "number: AccountNumber", credits_cents - debits_cents as "cents!"
               from ledger.account where book_id = $1 and number = any($2)"#,
            book.uuid(),
            &numbers,
        )
        .fetch_all(&mut *connection)
        .await?;
        held.extend(rows.into_iter().map(|row| ((book, row.number), row.cents)));
    }
    let normal = |account: &Account| {
        let credit = held.get(&account.key()).copied().unwrap_or(0);
        Cents::new(if account.kind().side() == Side::Debit {
            -credit
        } else {
            credit
        })
    };
    Ok(accounts.iter().map(normal).collect())
}

/// What one account holds; see [`balances`].
pub async fn balance(connection: &mut PgConnection, account: Account) -> sqlx::Result<Cents> {
    Ok(balances(connection, &[account])
        .await?
        .first()
        .copied()
        .unwrap_or(Cents::ZERO))
}
