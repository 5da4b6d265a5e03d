use catalogue::ProgrammeId;
use ledger::BatchId;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

/// Where a voucher is in its life. Stored nowhere: read from its account, its claims, its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoucherState {
    /// Printed, worth nothing: never activated.
    Minted,
    Activated,
    /// Spent, and the structure is not yet paid.
    Claimed,
    /// Spent, and its claim is in a payment.
    Settled,
    /// Blocked before it was spent.
    Revoked,
    /// Not spent when the programme ended.
    Expired,
}

/// How many vouchers are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct VoucherCounts {
    /// Printed, worth nothing.
    pub minted: u64,
    pub activated: u64,
    /// Spent, not yet paid.
    pub claimed: u64,
    /// Spent, in a payment.
    pub settled: u64,
    /// Blocked before it was spent.
    pub revoked: u64,
    /// Not spent at the end.
    pub expired: u64,
}

impl VoucherState {
    /// The word in JSON and CSV.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Minted => "minted",
            Self::Activated => "activated",
            Self::Claimed => "claimed",
            Self::Settled => "settled",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    const fn of(facts: &VoucherStanding) -> Self {
        // A claim counts first: a claimed voucher that is revoked afterwards stays paid.
        match facts {
            VoucherStanding { settled: true, .. } => Self::Settled,
            VoucherStanding { claimed: true, .. } => Self::Claimed,
            VoucherStanding { revoked: true, .. } => Self::Revoked,
            VoucherStanding { over: true, .. } => Self::Expired,
            VoucherStanding { spendable: true, .. } => Self::Activated,
            _ => Self::Minted,
        }
    }
}

/// What is known of vouchers that share it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of another table")]
struct VoucherStanding {
    spendable: bool,
    claimed: bool,
    settled: bool,
    revoked: bool,
    over: bool,
}

/// How many vouchers of a programme are in each state.
pub async fn voucher_counts(pool: &PgPool, programme: ProgrammeId) -> Result<VoucherCounts, sqlx::Error> {
    let mut tx = ledger::read::snapshot(pool).await?;
    let rows = sqlx::query!(
        r#"select coalesce(a.spendable_cents > 0, false) as "spendable!", c.claim_id is not null as "claimed!",
               s.claim_id is not null as "settled!", r.number is not null as "revoked!", e.book_id is not null as "over!",
               count(*) as "vouchers!"
           from issuer.voucher v
           left join ledger.voucher a on a.book_id = $1 and a.number = v.number
           left join ledger.spent_voucher c on c.book_id = $1 and c.number = v.number
           left join (select distinct claim_id from funding.settled_claim where book_id = $1) s on s.claim_id = c.claim_id
           left join issuer.revocation r on r.book_id = $1 and r.number = v.number
           left join issuer.expiry e on e.book_id = $1
           where v.book_id = $1 group by 1, 2, 3, 4, 5"#,
        programme.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut counts = VoucherCounts::default();
    for row in rows {
        let (spendable, claimed, settled, revoked, over) =
            (row.spendable, row.claimed, row.settled, row.revoked, row.over);
        let count = match VoucherState::of(&VoucherStanding {
            spendable,
            claimed,
            settled,
            revoked,
            over,
        }) {
            VoucherState::Minted => &mut counts.minted,
            VoucherState::Activated => &mut counts.activated,
            VoucherState::Claimed => &mut counts.claimed,
            VoucherState::Settled => &mut counts.settled,
            VoucherState::Revoked => &mut counts.revoked,
            VoucherState::Expired => &mut counts.expired,
        };
        *count += u64::try_from(row.vouchers).expect("a count is not negative");
    }
    Ok(counts)
}

/// Serial number and state of each voucher of a batch, in order.
pub async fn voucher_states(
    pool: &PgPool,
    programme: ProgrammeId,
    batch: BatchId,
) -> Result<Vec<(i32, VoucherState)>, sqlx::Error> {
    let mut tx = ledger::read::snapshot(pool).await?;
    let rows = sqlx::query!(
        r#"select v.serial, coalesce(a.spendable_cents > 0, false) as "spendable!", c.claim_id is not null as "claimed!",
               s.claim_id is not null as "settled!", r.number is not null as "revoked!", e.book_id is not null as "over!"
           from issuer.voucher v
           left join ledger.voucher a on a.book_id = $1 and a.number = v.number
           left join ledger.spent_voucher c on c.book_id = $1 and c.number = v.number
           left join (select distinct claim_id from funding.settled_claim where book_id = $1) s on s.claim_id = c.claim_id
           left join issuer.revocation r on r.book_id = $1 and r.number = v.number
           left join issuer.expiry e on e.book_id = $1
           where v.book_id = $1 and v.batch_id = $2 order by v.serial"#,
        programme.uuid(),
        batch.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    let state = rows.into_iter().map(|row| {
        let (spendable, claimed, settled, revoked, over) =
            (row.spendable, row.claimed, row.settled, row.revoked, row.over);
        (
            row.serial,
            VoucherState::of(&VoucherStanding {
                spendable,
                claimed,
                settled,
                revoked,
                over,
            }),
        )
    });
    Ok(state.collect())
}
