//! The sums of a statement, per batch and funder, from the transfers themselves: each voucher by the legs that opened it.

use std::collections::BTreeMap;

use catalogue::ProgrammeId;
use ledger::{BatchId, PartyId};
use rust_decimal::Decimal;
use serde::Serialize;
use shares::Plan;
use sqlx::PgConnection;
use standards::Cents;

macro_rules! figures {
    ($($(#[$doc:meta])* $figure:ident,)+) => {
        /// What became of a funder's money. Nothing is netted: `funded` = `claimed` + `refundable`, once all is swept.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        pub struct ProgrammeFigures {
            $($(#[$doc])* pub $figure: Cents,)+
        }

        impl ProgrammeFigures {
            /// Their names, in order.
            pub(super) const NAMES: &[&str] = &[$(stringify!($figure)),+];

            /// The amounts, in order.
            pub(super) fn amounts(&self) -> Vec<Cents> {
                vec![$(self.$figure),+]
            }

            /// Both together; nothing beyond 64 bits.
            pub(super) fn plus(&self, other: &Self) -> Option<Self> {
                Some(Self { $($figure: self.$figure.checked_add(other.$figure)?,)+ })
            }
        }
    };
}

figures! {
    /// Its share of what was ordered, by the batch's own plan.
    ordered,
    /// Put behind the batch.
    funded,
    /// Became spendable vouchers.
    activated,
    /// Of those, given to people.
    handed_over,
    /// Spent at structures, not reversed.
    claimed,
    /// Of `claimed`, debited at the bank and not come back.
    paid,
    /// Of `claimed`, not yet paid; negative when a claim was reversed after it was paid.
    unpaid,
    /// Not used before the end, on vouchers or in reserve.
    expired,
    /// On vouchers that were revoked.
    revoked,
    /// In reserve for a batch that was cancelled, or for booklets revoked before they were given.
    cancelled,
    /// `expired`, `revoked` and `cancelled` together: owed back.
    refundable,
}

impl ProgrammeFigures {
    /// Sums; nothing beyond 64 bits.
    pub(super) fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        all.into_iter().try_fold(Self::default(), |sum, one| sum.plus(one))
    }

    /// What is neither claimed nor owed back: still on vouchers or in reserve.
    pub(super) fn left(&self) -> Option<Cents> {
        self.funded.checked_sub(self.claimed)?.checked_sub(self.refundable)
    }

    /// The figures that are made of others.
    fn complete(mut self) -> Option<Self> {
        self.unpaid = self.claimed.checked_sub(self.paid)?;
        self.refundable = Cents::try_sum([self.expired, self.revoked, self.cancelled])?;
        Some(self)
    }
}

/// A batch with its funders.
#[derive(Debug, Clone)]
pub(super) struct BatchFigures {
    pub id: BatchId,
    pub booklets: i32,
    pub booklet_size: i32,
    pub face_value: Cents,
    pub ordered_at: chrono::DateTime<chrono::Utc>,
    pub cancelled: bool,
    /// In the plan's order.
    pub funders: Vec<(PartyId, Decimal, ProgrammeFigures)>,
}

type Sums = BTreeMap<(BatchId, PartyId), ProgrammeFigures>;

/// Every batch of a programme, in order of its order.
pub(super) async fn read(
    connection: &mut PgConnection,
    programme: ProgrammeId,
) -> Result<Vec<BatchFigures>, sqlx::Error> {
    let mut sums = in_reserve(&mut *connection, programme).await?;
    on_vouchers(&mut *connection, programme, &mut sums).await?;
    let wrong =
        || sqlx::Error::Decode("a batch was stored without a plan, or is worth more than 64 bits of cents".into());
    let mut batches = Vec::new();
    for row in batches_of(connection, programme).await? {
        let plan =
            Plan::new(row.funders.iter().copied().zip(row.rates.iter().copied()).collect()).map_err(|_| wrong())?;
        let vouchers = row
            .booklets
            .checked_mul(row.booklet_size)
            .and_then(|all| u32::try_from(all).ok());
        let shares = plan.sum_first(vouchers.ok_or_else(wrong)?, row.face_value);
        let mut funders = Vec::new();
        for ((funder, rate), ordered) in row.funders.iter().zip(&row.rates).zip(shares) {
            let figures = sums.get(&(row.id, *funder)).copied().unwrap_or_default();
            let figures = ProgrammeFigures { ordered, ..figures }.complete().ok_or_else(wrong)?;
            funders.push((*funder, rate.normalize(), figures));
        }
        batches.push(BatchFigures {
            id: row.id,
            booklets: row.booklets,
            booklet_size: row.booklet_size,
            face_value: row.face_value,
            ordered_at: row.ordered_at,
            cancelled: row.cancelled,
            funders,
        });
    }
    Ok(batches)
}

struct BatchRow {
    id: BatchId,
    booklets: i32,
    booklet_size: i32,
    face_value: Cents,
    ordered_at: chrono::DateTime<chrono::Utc>,
    cancelled: bool,
    funders: Vec<PartyId>,
    rates: Vec<Decimal>,
}

async fn batches_of(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<BatchRow>, sqlx::Error> {
    sqlx::query_as!(
        BatchRow,
        r#"select b.batch_id as "id!: BatchId", b.booklets as "booklets!", b.booklet_size as "booklet_size!",
               b.face_value_cents as "face_value!: Cents", b.ordered_at as "ordered_at!",
               b.cancelled_at is not null as "cancelled!",
               array_agg(s.funder_id order by s.rank) as "funders!: Vec<PartyId>",
               array_agg(s.rate order by s.rank) as "rates!: Vec<Decimal>"
           from issuer.batch_memo b join issuer.batch_plan_share s on s.book_id = b.book_id and s.batch_id = b.batch_id
           where b.book_id = $1
           group by b.batch_id, b.booklets, b.booklet_size, b.face_value_cents, b.ordered_at, b.cancelled_at
           order by b.ordered_at, b.batch_id"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await
}

/// What went into each reserve, and out of it.
async fn in_reserve(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Sums, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select batch_id as "batch!: BatchId", funder_id as "funder!: PartyId", sum(funded_cents)::bigint as "funded!: Cents",
               sum(activated_cents)::bigint as "activated!: Cents", sum(expired_cents)::bigint as "expired!: Cents",
               sum(cancelled_cents)::bigint as "cancelled!: Cents"
           from ledger.reserve_movement where book_id = $1 group by batch_id, funder_id"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let figures = ProgrammeFigures {
                funded: row.funded,
                activated: row.activated,
                expired: row.expired,
                cancelled: row.cancelled,
                ..ProgrammeFigures::default()
            };
            ((row.batch, row.funder), figures)
        })
        .collect())
}

/// What became of the vouchers, each by the legs that opened it. A voucher is forfeited once: revoked or expired, on its own or when the
/// claim that had spent it was reversed (then also because its evidence was disclosed, which counts as revoked).
async fn on_vouchers(
    connection: &mut PgConnection,
    programme: ProgrammeId,
    sums: &mut Sums,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"with given as (select h.number from issuer.handed_over_voucher h where h.book_id = $1),
           claimed as (select distinct s.number from ledger.spent_voucher s where s.book_id = $1),
           line as (
               select l.claim_id, sign(sum(l.cents))::bigint as sign
               from funding.settlement_line l
               join funding.payment_answer a on a.payment_id = l.payment_id and a.answer = 'debited'
               where l.book_id = $1 and not exists (
                   select from funding.payment_answer b where b.payment_id = l.payment_id and b.answer in ('returned', 'rejected'))
               group by l.claim_id having sum(l.cents) <> 0),
           paid as (
               select v.number, sum(l.sign)::bigint as sign
               from line l join ledger.claimed_voucher v on v.book_id = $1 and v.claim_id = l.claim_id
               group by v.number),
           forfeited as (
               select f.number, bool_or(not f.expired) as revoked
               from ledger.forfeited_voucher f where f.book_id = $1
               group by f.number)
           select o.batch_id as "batch!: BatchId", o.funder_id as "funder!: PartyId",
               coalesce(sum(o.cents) filter (where g.number is not null), 0)::bigint as "handed_over!: Cents",
               coalesce(sum(o.cents) filter (where c.number is not null), 0)::bigint as "claimed!: Cents",
               coalesce(sum(o.cents * p.sign), 0)::bigint as "paid!: Cents",
               coalesce(sum(o.cents) filter (where f.revoked), 0)::bigint as "revoked!: Cents",
               coalesce(sum(o.cents) filter (where not f.revoked), 0)::bigint as "expired!: Cents"
           from ledger.voucher_share o
           left join given g on g.number = o.number
           left join claimed c on c.number = o.number
           left join paid p on p.number = o.number
           left join forfeited f on f.number = o.number
           where o.book_id = $1
           group by o.batch_id, o.funder_id"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let figures = sums.entry((row.batch, row.funder)).or_default();
        figures.handed_over = row.handed_over;
        figures.claimed = row.claimed;
        figures.paid = row.paid;
        figures.revoked = row.revoked;
        let expired = figures.expired.checked_add(row.expired);
        figures.expired = expired.ok_or_else(|| sqlx::Error::Decode("more than 64 bits of cents".into()))?;
    }
    Ok(())
}

/// What a funder's accounts in the programme hold, and what moved there otherwise than through batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HeldByFunder {
    /// Owed back, as its account says.
    pub refundable: Cents,
    /// Of it, received from the other funders at the closes, less what it paid them out of it.
    pub trued_up: Cents,
    /// Given back before.
    pub refunded: Cents,
    /// Allocated and never put behind a batch.
    pub available: Cents,
}

pub(super) async fn held(
    connection: &mut PgConnection,
    programme: ProgrammeId,
) -> Result<BTreeMap<PartyId, HeldByFunder>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with side as (
               select credit_account as account, cents as trued_up, 0 as refunded
               from ledger.fund_movement where book_id = $1 and kind = 'true_up'
               union all
               select debit_account, -cents, 0 from ledger.fund_movement where book_id = $1 and kind = 'true_up'
               union all
               select debit_account, 0, cents from ledger.fund_movement where book_id = $1 and kind = 'refunded'),
           moved as (
               select s.account, sum(s.trued_up) as trued_up, sum(s.refunded) as refunded from side s group by s.account)
           select a.funder_id as "funder!: PartyId",
               coalesce(sum(a.cents) filter (where a.kind = 'refundable'), 0)::bigint as "refundable!: Cents",
               coalesce(sum(a.cents) filter (where a.kind = 'available'), 0)::bigint as "available!: Cents",
               coalesce(sum(m.trued_up) filter (where a.kind = 'refundable'), 0)::bigint as "trued_up!: Cents",
               coalesce(sum(m.refunded) filter (where a.kind = 'refundable'), 0)::bigint as "refunded!: Cents"
           from ledger.funder_balance a left join moved m on m.account = a.account
           where a.book_id = $1 and a.kind in ('available', 'refundable')
           group by a.funder_id"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let held = HeldByFunder {
                refundable: row.refundable,
                trued_up: row.trued_up,
                refunded: row.refunded,
                available: row.available,
            };
            (row.funder, held)
        })
        .collect())
}
