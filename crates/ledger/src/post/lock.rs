use std::collections::BTreeMap;

use sealed_log::{AccountKind, AccountNumber, BatchId, BookId, PartyId};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use uuid::Uuid;

use crate::columns;
use crate::post::account::Account;
use crate::post::admit::{AccountTotals, BatchState};
use crate::post::outcome::PostError;

/// Accounts in the order in which they are locked.
pub(crate) type LockOrder = BTreeMap<BookId, BTreeMap<AccountNumber, Account>>;

/// Locks accounts (and opens those that a name alone opens) until the end of the transaction, so that the caller can read its
/// own facts, in a later statement, while nobody moves money under it: a reversal, a settlement. One call names *all* accounts
/// that the transaction will post to; a second one could wait out of order.
pub async fn lock(tx: &mut PgTransaction<'_>, accounts: &[Account]) -> Result<(), PostError> {
    lock_in_order(tx, &in_lock_order(accounts.iter().copied()))
        .await
        .map(drop)
}

pub(crate) fn in_lock_order(accounts: impl IntoIterator<Item = Account>) -> LockOrder {
    let mut order = LockOrder::new();
    for account in accounts {
        order
            .entry(account.book())
            .or_default()
            .insert(account.number(), account);
    }
    order
}

/// All books are opened before the first lock is taken: whoever waits for another's new account holds no lock yet.
pub(super) async fn lock_in_order(tx: &mut PgTransaction<'_>, order: &LockOrder) -> Result<BatchState, PostError> {
    for (&book, accounts) in order {
        open_named(&mut *tx, book, accounts).await?;
    }
    let mut state = BatchState::default();
    for (&book, accounts) in order {
        lock_book(&mut *tx, book, accounts, &mut state).await?;
    }
    Ok(state)
}

async fn open_named(
    connection: &mut PgConnection,
    book: BookId,
    accounts: &BTreeMap<AccountNumber, Account>,
) -> Result<(), PostError> {
    let named: Vec<&Account> = accounts
        .values()
        .filter(|account| account.kind() != AccountKind::Voucher)
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = named.iter().map(|account| account.number().get()).collect();
    let kinds: Vec<i16> = named.iter().map(|account| account.kind().code()).collect();
    let parties: Vec<Option<Uuid>> = named.iter().map(|account| account.party().map(PartyId::uuid)).collect();
    let batches: Vec<Option<Uuid>> = named.iter().map(|account| account.batch().map(BatchId::uuid)).collect();
    sqlx::query!(
        "insert into ledger.account (book_id, number, kind, party, batch)
         select $1, wanted.number, wanted.kind, wanted.party, wanted.batch
         from unnest($2::bigint[], $3::smallint[], $4::uuid[], $5::uuid[]) as wanted (number, kind, party, batch)
         where not exists (select from ledger.account a where a.book_id = $1 and a.number = wanted.number)
         order by wanted.number
         on conflict do nothing",
        book.uuid(),
        &numbers,
        &kinds,
        &parties as &[Option<Uuid>],
        &batches as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn lock_book(
    connection: &mut PgConnection,
    book: BookId,
    accounts: &BTreeMap<AccountNumber, Account>,
    state: &mut BatchState,
) -> Result<(), PostError> {
    let numbers: Vec<i64> = accounts.keys().map(|number| number.get()).collect();
    let rows = sqlx::query!(
        "select number, kind, party, batch, limit_cents, debits_cents, credits_cents, nonce, commitment
         from ledger.account where book_id = $1 and number = any($2)
         order by number for update",
        book.uuid(),
        &numbers,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let number = AccountNumber::new(row.number);
        let account = accounts
            .get(&number)
            .ok_or(PostError::Inconsistent("an account nobody asked for"))?;
        let same_name = row.kind == account.kind().code()
            && row.party == account.party().map(PartyId::uuid)
            && row.batch == account.batch().map(BatchId::uuid);
        if !same_name {
            return Err(PostError::NumberTaken { book, number });
        }
        state.load(
            account.key(),
            AccountTotals {
                limit: row.limit_cents.map(Cents::new),
                debits: Cents::new(row.debits_cents),
                credits: Cents::new(row.credits_cents),
                commitment: columns::commitment(row.nonce.as_deref(), row.commitment.as_deref()),
            },
        );
    }
    Ok(())
}
