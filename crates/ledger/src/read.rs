//! What the books say, read by the services. Reads decide nothing: what must not change meanwhile is locked first
//! ([`lock`](crate::lock())).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use standards::Cents;

use crate::lock::wanted;
use crate::{Account, AccountNumber, BatchId, BookId, GroupId, PartyId, Side, TransferId, TransferKind};

/// What accounts hold, on their normal side, in the order given; nothing for an account that does not exist.
/// A clearing or suspense account counts as owed by us: negative when debits prevail.
pub async fn balances(connection: &mut PgConnection, accounts: &[Account]) -> sqlx::Result<Vec<Cents>> {
    let mut held = HashMap::new();
    for (book, numbers) in wanted(accounts.iter().copied()) {
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

/// A voucher that was activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoucherState {
    /// What it was opened with.
    pub face_value: Cents,
    /// What can still be spent: all of it or nothing.
    pub left: Cents,
}

/// The state of vouchers; one that was never activated is missing.
pub async fn voucher_states(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, VoucherState>> {
    let rows = sqlx::query!(
        r#"select number as "number: AccountNumber", limit_cents as "face_value!: Cents",
               credits_cents - debits_cents as "left!: Cents"
           from ledger.account where book_id = $1 and kind = 9 and number = any($2)"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    let state = |face_value, left| VoucherState { face_value, left };
    Ok(rows
        .into_iter()
        .map(|row| (row.number, state(row.face_value, row.left)))
        .collect())
}

/// One funder's part of a voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Who paid.
    pub funder: PartyId,
    /// Out of which reserve.
    pub batch: BatchId,
    /// How much.
    pub cents: Cents,
}

/// Who paid vouchers, from the transfers that activated them; in order of funder. A voucher never activated is missing.
pub async fn openings(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, Vec<Opening>>> {
    let rows = sqlx::query!(
        r#"select t.credit as "number: AccountNumber", r.party as "funder!: PartyId", r.batch as "batch!: BatchId",
               t.cents as "cents: Cents"
           from ledger.transfer t
           left join ledger.account r on r.book_id = $1 and r.number = t.debit
           where t.book_id = $1 and t.kind = 11 and t.credit = any($2)
           order by r.party"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    let mut openings: HashMap<AccountNumber, Vec<Opening>> = HashMap::new();
    for row in rows {
        let opening = Opening {
            funder: row.funder,
            batch: row.batch,
            cents: row.cents,
        };
        openings.entry(row.number).or_default().push(opening);
    }
    Ok(openings)
}

/// Where a voucher went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastClaim {
    /// Who claimed it.
    pub structure: PartyId,
    /// When.
    pub at: DateTime<Utc>,
    /// The claim.
    pub group: GroupId,
    /// The transfer, which a reversal names.
    pub transfer: TransferId,
    /// How much.
    pub cents: Cents,
}

/// The claim that spent each voucher and was not reversed; a voucher that is not spent so is missing.
pub async fn last_claims(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, LastClaim>> {
    let rows = sqlx::query!(
        r#"select t.debit as "number: AccountNumber", s.party as "structure!: PartyId", t.at, t.grp as "group: GroupId",
               t.id as "transfer: TransferId", t.cents as "cents: Cents"
           from ledger.transfer t
           left join ledger.account s on s.book_id = $1 and s.number = t.credit
           where t.book_id = $1 and t.kind = 20 and t.debit = any($2)
               and not exists (select from ledger.transfer r where r.book_id = $1 and r.reverses = t.id)"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    let claims = rows.into_iter().map(|row| {
        let (structure, at, group, transfer, cents) = (row.structure, row.at, row.group, row.transfer, row.cents);
        (
            row.number,
            LastClaim {
                structure,
                at,
                group,
                transfer,
                cents,
            },
        )
    });
    Ok(claims.collect())
}

/// A transfer as the books hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedTransfer {
    /// Its id.
    pub id: TransferId,
    /// What it did.
    pub kind: TransferKind,
    /// The account debited.
    pub debit: AccountNumber,
    /// Whose account that is.
    pub debit_party: Option<PartyId>,
    /// The account credited.
    pub credit: AccountNumber,
    /// Whose account that is.
    pub credit_party: Option<PartyId>,
    /// How much.
    pub cents: Cents,
    /// When.
    pub at: DateTime<Utc>,
    /// The transfer that undid it.
    pub reversed_by: Option<TransferId>,
    /// The number that people know it by, or nothing.
    pub reference: String,
}

/// The legs of one event in one book, by account debited and credited; none when it was never booked.
pub async fn transfers_of_group(
    connection: &mut PgConnection,
    book: BookId,
    group: GroupId,
) -> sqlx::Result<Vec<BookedTransfer>> {
    let rows = sqlx::query!(
        r#"select t.id as "id: TransferId", t.kind, t.debit as "debit: AccountNumber", t.credit as "credit: AccountNumber",
               d.party as "debit_party?: PartyId", c.party as "credit_party?: PartyId", t.cents as "cents: Cents", t.at,
               r.id as "reversed_by?: TransferId", t.reference
           from ledger.transfer t
           left join ledger.account d on d.book_id = $1 and d.number = t.debit
           left join ledger.account c on c.book_id = $1 and c.number = t.credit
           left join ledger.transfer r on r.book_id = $1 and r.reverses = t.id
           where t.book_id = $1 and t.grp = $2
           order by t.debit, t.credit, t.id"#,
        book.uuid(),
        group.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BookedTransfer {
                id: row.id,
                kind: known_kind(row.kind)?,
                debit: row.debit,
                debit_party: row.debit_party,
                credit: row.credit,
                credit_party: row.credit_party,
                cents: row.cents,
                at: row.at,
                reversed_by: row.reversed_by,
                reference: row.reference,
            })
        })
        .collect()
}

/// One funder's part of the vouchers that a claim spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupShare {
    /// The claim.
    pub group: GroupId,
    /// Who paid.
    pub funder: PartyId,
    /// How much of it.
    pub cents: Cents,
}

/// Who paid for claims: per claim and funder, from the openings of the vouchers spent, reversed or not. "Paid" per funder is
/// the sum over the claims that the settlement lines name.
pub async fn shares_of_groups(
    connection: &mut PgConnection,
    book: BookId,
    groups: &[GroupId],
) -> sqlx::Result<Vec<GroupShare>> {
    let groups: Vec<uuid::Uuid> = groups.iter().map(|group| group.uuid()).collect();
    sqlx::query_as!(
        GroupShare,
        r#"select t.grp as "group: GroupId", r.party as "funder!: PartyId", sum(o.cents)::bigint as "cents!: Cents"
           from ledger.transfer t
           left join ledger.transfer o on o.book_id = $1 and o.kind = 11 and o.credit = t.debit
           left join ledger.account r on r.book_id = $1 and r.number = o.debit
           where t.book_id = $1 and t.kind = 20 and t.grp = any($2)
           group by t.grp, r.party
           order by t.grp, r.party"#,
        book.uuid(),
        &groups,
    )
    .fetch_all(connection)
    .await
}

fn bare(numbers: &[AccountNumber]) -> Vec<i64> {
    numbers.iter().map(|number| number.get()).collect()
}

/// A kind that the database knows and this program does not: it is older than the migrations.
pub(crate) fn known_kind(code: i16) -> sqlx::Result<TransferKind> {
    TransferKind::from_code(code).ok_or_else(|| sqlx::Error::Decode(format!("transfer kind {code} is unknown").into()))
}
