//! Everything that the report and the invariants are made of, in seven set-based statements whatever the size of the books.
//! Transfers and account sums are read apart, so that an invariant which compares them can fail. Of an instant of the past there are no
//! sums of accounts: all of it is then worked out from the transfers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sealed_log::{AccountKind, BookId, PartyId, TransferKind};
use sqlx::{PgConnection, PgPool, PgTransaction};
use standards::Cents;

use crate::read::known_kind::{account_kind, transfer_kind};

/// The books at one moment.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub(super) flows: Vec<Flow>,
    pub(super) held: Vec<Held>,
    /// Claims not reversed, by who paid the vouchers.
    pub(super) claimed: BTreeMap<(BookId, PartyId), Cents>,
    /// Vouchers whose account holds something, by who paid them.
    pub(super) on_vouchers: BTreeMap<(BookId, PartyId), Cents>,
    /// Claims not reversed, by structure, over all books.
    pub(super) claimed_by: BTreeMap<PartyId, Cents>,
    /// By how much accounts differ from their transfers, each difference counted as positive.
    pub(super) deviation: BTreeMap<BookId, Cents>,
    /// Face value of the vouchers that their transfers say are spendable.
    pub(super) spendable: BTreeMap<BookId, Cents>,
}

/// All transfers of one kind between two owners, from the transfers alone.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub book: BookId,
    pub kind: TransferKind,
    pub debit: AccountKind,
    pub debit_party: Option<PartyId>,
    pub credit: AccountKind,
    pub credit_party: Option<PartyId>,
    pub cents: Cents,
}

/// All accounts of one kind and owner, from the accounts' sums alone.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub book: BookId,
    pub kind: AccountKind,
    pub party: Option<PartyId>,
    pub debits: Cents,
    pub credits: Cents,
}

/// Seconds that one statement of a [`snapshot`] may take: it reads the whole books, and it locks nothing that anybody waits for.
pub const SNAPSHOT_SECONDS_MAX: u32 = 3600;

/// A read-only transaction in which every statement sees the books at one moment, while claims go on: what
/// [`Figures::read`] and whatever is compared with it must run in.
///
/// A report reads whole tables, so it gets [`SNAPSHOT_SECONDS_MAX`] for a statement, and its joins are hashed. On the day a batch is
/// minted PostgreSQL's statistics still say that the tables are nearly empty, and the nested loops that it would then choose take
/// minutes instead of a second.
pub async fn snapshot(pool: &PgPool) -> sqlx::Result<PgTransaction<'static>> {
    let mut tx = pool
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    sqlx::query!(
        r#"select set_config('enable_nestloop', 'off', true) as a, set_config('statement_timeout', $1, true) as b"#,
        format!("{SNAPSHOT_SECONDS_MAX}s"),
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(tx)
}

impl Figures {
    /// Reads the books; in a [`snapshot`], or they move meanwhile.
    pub async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        Ok(Self {
            flows: flows(&mut *connection, None).await?,
            held: held(&mut *connection).await?,
            claimed: claimed(&mut *connection, None).await?,
            on_vouchers: on_vouchers(&mut *connection).await?,
            claimed_by: claimed_by(&mut *connection).await?,
            deviation: deviation(&mut *connection).await?,
            spendable: spendable(&mut *connection).await?,
        })
    }

    /// What the report needs, as it stood just before the instant `until`, by the instants of the transfers. Not what the invariants compare.
    pub async fn read_at(connection: &mut PgConnection, until: DateTime<Utc>) -> sqlx::Result<Self> {
        let flows = flows(&mut *connection, Some(until)).await?;
        Ok(Self {
            held: held_by(&flows),
            flows,
            claimed: claimed(&mut *connection, Some(until)).await?,
            on_vouchers: on_vouchers_at(connection, until).await?,
            ..Self::default()
        })
    }

    /// Debits and credits of all accounts of a kind that match, from the accounts' sums.
    pub(super) fn sums(&self, matches: impl Fn(&Held) -> bool) -> (Cents, Cents) {
        let matching = || self.held.iter().filter(|held| matches(held));
        (
            total(matching().map(|held| held.debits)),
            total(matching().map(|held| held.credits)),
        )
    }

    /// All transfers that match, from the transfers.
    pub(super) fn flow(&self, matches: impl Fn(&Flow) -> bool) -> Cents {
        total(self.flows.iter().filter(|flow| matches(flow)).map(|flow| flow.cents))
    }
}

pub(super) fn total(amounts: impl IntoIterator<Item = Cents>) -> Cents {
    Cents::try_sum(amounts).expect("all the money there is fits 64 bits of cents")
}

pub(super) fn less(from: Cents, taken: Cents) -> Cents {
    from.checked_sub(taken)
        .expect("all the money there is fits 64 bits of cents")
}

/// Grouped by account before the names are joined: ten million transfers become a few thousand rows first.
async fn flows(connection: &mut PgConnection, until: Option<DateTime<Utc>>) -> sqlx::Result<Vec<Flow>> {
    let rows = sqlx::query!(
        r#"with moved as (
               select book_id, kind, debit >> 56 as debit_kind, credit >> 56 as credit_kind,
                   case when debit >> 56 <> 9 then debit end as debit,
                   case when credit >> 56 <> 9 then credit end as credit, sum(cents) as cents
               from ledger.transfer where $1::timestamptz is null or at < $1 group by 1, 2, 3, 4, 5, 6)
           select m.book_id as "book!: BookId", m.kind as "kind!", m.debit_kind::smallint as "debit_kind!",
               m.credit_kind::smallint as "credit_kind!", d.party as "debit_party?: PartyId",
               c.party as "credit_party?: PartyId", sum(m.cents)::bigint as "cents!: Cents"
           from moved m
           left join ledger.account d on d.book_id = m.book_id and d.number = m.debit
           left join ledger.account c on c.book_id = m.book_id and c.number = m.credit
           group by m.book_id, m.kind, m.debit_kind, m.credit_kind, d.party, c.party"#,
        until,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Flow {
                book: row.book,
                kind: transfer_kind(row.kind)?,
                debit: account_kind(row.debit_kind)?,
                debit_party: row.debit_party,
                credit: account_kind(row.credit_kind)?,
                credit_party: row.credit_party,
                cents: row.cents,
            })
        })
        .collect()
}

/// What accounts held, by what had moved.
fn held_by(flows: &[Flow]) -> Vec<Held> {
    let mut sums: BTreeMap<_, (Cents, Cents)> = BTreeMap::new();
    for flow in flows {
        let debit = sums.entry((flow.book, flow.debit, flow.debit_party)).or_default();
        debit.0 = total([debit.0, flow.cents]);
        let credit = sums.entry((flow.book, flow.credit, flow.credit_party)).or_default();
        credit.1 = total([credit.1, flow.cents]);
    }
    sums.into_iter()
        .map(|((book, kind, party), (debits, credits))| Held {
            book,
            kind,
            party,
            debits,
            credits,
        })
        .collect()
}

async fn held(connection: &mut PgConnection) -> sqlx::Result<Vec<Held>> {
    let rows = sqlx::query!(
        r#"select book_id as "book: BookId", kind, party as "party: PartyId",
               sum(debits_cents)::bigint as "debits!: Cents", sum(credits_cents)::bigint as "credits!: Cents"
           from ledger.account group by book_id, kind, party"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = account_kind(row.kind)?;
            Ok(Held {
                book: row.book,
                kind,
                party: row.party,
                debits: row.debits,
                credits: row.credits,
            })
        })
        .collect()
}

/// A claim whose voucher nobody paid is nobody's: then the funders' invariant fails, with the amount.
async fn claimed(
    connection: &mut PgConnection,
    until: Option<DateTime<Utc>>,
) -> sqlx::Result<BTreeMap<(BookId, PartyId), Cents>> {
    let rows = sqlx::query!(
        r#"with opened as (
               select t.book_id, o.debit, sum(o.cents) as cents
               from ledger.transfer t
               left join ledger.transfer o on o.book_id = t.book_id and o.credit = t.debit and o.kind = 11
               where t.kind = 20 and ($1::timestamptz is null or t.at < $1)
                   and not exists (
                       select from ledger.transfer r
                       where r.book_id = t.book_id and r.reverses = t.id and ($1::timestamptz is null or r.at < $1))
               group by t.book_id, o.debit)
           select o.book_id as "book!: BookId", r.party as "funder?: PartyId",
               coalesce(sum(o.cents), 0)::bigint as "cents!: Cents"
           from opened o
           left join ledger.account r on r.book_id = o.book_id and r.number = o.debit
           group by o.book_id, r.party"#,
        until,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some(((row.book, row.funder?), row.cents)))
        .collect())
}

async fn on_vouchers(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<(BookId, PartyId), Cents>> {
    let rows = sqlx::query!(
        r#"with opened as (
               select v.book_id, o.debit, sum(o.cents) as cents
               from ledger.account v
               left join ledger.transfer o on o.book_id = v.book_id and o.credit = v.number and o.kind = 11
               where v.kind = 9 and v.credits_cents > v.debits_cents
               group by v.book_id, o.debit)
           select o.book_id as "book!: BookId", r.party as "funder?: PartyId",
               coalesce(sum(o.cents), 0)::bigint as "cents!: Cents"
           from opened o
           left join ledger.account r on r.book_id = o.book_id and r.number = o.debit
           group by o.book_id, r.party"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some(((row.book, row.funder?), row.cents)))
        .collect())
}

/// Vouchers that something had opened and nothing had taken.
async fn on_vouchers_at(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> sqlx::Result<BTreeMap<(BookId, PartyId), Cents>> {
    let rows = sqlx::query!(
        r#"with opened as (
               select o.book_id, o.debit, sum(o.cents) as cents
               from ledger.transfer o
               where o.kind = 11 and o.at < $1 and not exists (
                   select from ledger.transfer gone
                   left join ledger.transfer back
                       on back.book_id = gone.book_id and back.reverses = gone.id and back.at < $1
                   where gone.book_id = o.book_id and gone.debit = o.credit and gone.kind in (12, 13, 20, 22, 23, 24)
                       and gone.at < $1 and back.id is null)
               group by o.book_id, o.debit)
           select o.book_id as "book!: BookId", r.party as "funder?: PartyId", sum(o.cents)::bigint as "cents!: Cents"
           from opened o
           left join ledger.account r on r.book_id = o.book_id and r.number = o.debit
           group by o.book_id, r.party"#,
        until,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some(((row.book, row.funder?), row.cents)))
        .collect())
}

async fn claimed_by(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<PartyId, Cents>> {
    let rows = sqlx::query!(
        r#"with claimed as (
               select t.book_id, t.credit, sum(t.cents) as cents
               from ledger.transfer t
               where t.kind = 20
                   and not exists (select from ledger.transfer r where r.book_id = t.book_id and r.reverses = t.id)
               group by t.book_id, t.credit)
           select s.party as "structure?: PartyId", sum(c.cents)::bigint as "cents!: Cents"
           from claimed c
           left join ledger.account s on s.book_id = c.book_id and s.number = c.credit
           group by s.party"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.structure?, row.cents)))
        .collect())
}

/// A full join: an account without its transfers and transfers without their account both count.
async fn deviation(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<BookId, Cents>> {
    let rows = sqlx::query!(
        r#"with side as (
               select book_id, debit as number, cents as debits, 0 as credits from ledger.transfer
               union all
               select book_id, credit, 0, cents from ledger.transfer),
           moved as (
               select book_id, number, sum(debits) as debits, sum(credits) as credits from side group by book_id, number)
           select book_id as "book!: BookId",
               sum(abs(coalesce(a.debits_cents, 0) - coalesce(m.debits, 0))
                   + abs(coalesce(a.credits_cents, 0) - coalesce(m.credits, 0)))::bigint as "cents!: Cents"
           from ledger.account a full join moved m using (book_id, number)
           group by book_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.book, row.cents)).collect())
}

/// Opened, not claimed (or its claim reversed), and not gone back to its funders.
async fn spendable(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<BookId, Cents>> {
    let rows = sqlx::query!(
        r#"select o.book_id as "book: BookId", sum(o.cents)::bigint as "cents!: Cents"
           from ledger.transfer o
           where o.kind = 11 and not exists (
               select from ledger.transfer gone
               where gone.book_id = o.book_id and gone.debit = o.credit and gone.kind in (12, 13, 20, 22, 23, 24)
                   and not exists (
                       select from ledger.transfer r where r.book_id = gone.book_id and r.reverses = gone.id))
           group by o.book_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.book, row.cents)).collect())
}
