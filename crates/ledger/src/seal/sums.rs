use sealed_log::{AccountNumber, BookId};
use sqlx::PgConnection;
use standards::Cents;

/// An account whose sums are not those of its transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnequalSums {
    /// The book that the account is in.
    pub book: BookId,
    /// Its key in that book.
    pub number: AccountNumber,
    /// What the account says: debits, credits.
    pub account: (Cents, Cents),
    /// What its transfers say.
    pub transfers: (Cents, Cents),
}

/// Accounts, at most `accounts_max`, whose sums are not those of their transfers, or that transfers name and that are not there.
/// One statement, so one moment: transfers and sums are written together. It reads the whole book.
pub async fn unequal_sums(connection: &mut PgConnection, accounts_max: u32) -> sqlx::Result<Vec<UnequalSums>> {
    let rows = sqlx::query!(
        r#"with side as (
               select book_id, debit as number, cents as debits, 0 as credits from ledger.transfer
               union all
               select book_id, credit, 0, cents from ledger.transfer),
           moved as (
               select book_id, number, sum(debits)::bigint as debits, sum(credits)::bigint as credits
               from side group by book_id, number)
           select book_id as "book!: BookId", number as "number!: AccountNumber",
               coalesce(a.debits_cents, 0) as "account_debits!: Cents", coalesce(a.credits_cents, 0) as "account_credits!: Cents",
               coalesce(m.debits, 0) as "debits!: Cents", coalesce(m.credits, 0) as "credits!: Cents"
           from ledger.account a full join moved m using (book_id, number)
           where coalesce(a.debits_cents, 0) <> coalesce(m.debits, 0) or coalesce(a.credits_cents, 0) <> coalesce(m.credits, 0)
           order by 1, 2 limit $1"#,
        i64::from(accounts_max),
    )
    .fetch_all(connection)
    .await?;
    let unequal = rows.into_iter().map(|row| UnequalSums {
        book: row.book,
        number: row.number,
        account: (row.account_debits, row.account_credits),
        transfers: (row.debits, row.credits),
    });
    Ok(unequal.collect())
}
