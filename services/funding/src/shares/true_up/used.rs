//! What was used of each batch, by who paid it, and whom it reached.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{PlanId, PlanView, ProgrammeId};
use ledger::{BatchId, PartyId};
use shares::UsedBatch;
use sqlx::PgConnection;
use standards::Cents;

/// Fewer people than this are never shown as a count.
pub const PEOPLE_SHOWN_MIN: i64 = 5;

/// A version of the plan with the batches ordered under it.
#[derive(Debug, Clone)]
pub struct Version {
    pub plan: PlanView,
    /// Its funded batches.
    pub batches: Vec<BatchId>,
}

/// What was used, version by version.
pub(super) struct Used {
    pub batches: Vec<Vec<UsedBatch>>,
    /// Versions and funders whose count of people reached, or not reached, is too small to be shown.
    pub hidden: BTreeSet<(usize, PartyId)>,
}

/// Versions under which something was funded, oldest first.
pub(super) async fn versions(
    connection: &mut PgConnection,
    programme: ProgrammeId,
) -> Result<Vec<Version>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select b.plan_id as "plan!: PlanId", array_agg(b.batch_id order by b.batch_id) as "batches!: Vec<BatchId>"
           from issuer.batch_memo b join catalogue.plan p on p.id = b.plan_id
           where b.book_id = $1 and b.funded_at is not null and b.cancelled_at is null
           group by b.plan_id, p.version order by p.version"#,
        programme.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut versions = Vec::with_capacity(rows.len());
    for row in rows {
        let plan = catalogue::plan(&mut *connection, row.plan)
            .await?
            .ok_or(sqlx::Error::RowNotFound)?;
        versions.push(Version {
            plan,
            batches: row.batches,
        });
    }
    Ok(versions)
}

/// How far a programme's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProgrammeEnd {
    /// Vouchers can still be used.
    Running,
    /// Its end is declared; something is still on vouchers or in reserve.
    NotSwept,
    /// Nothing can be used any more, and everything unused went back.
    Swept,
}

pub(super) async fn end(connection: &mut PgConnection, programme: ProgrammeId) -> Result<ProgrammeEnd, sqlx::Error> {
    let state = sqlx::query!(
        r#"select exists (select from issuer.programme_end where book_id = $1) as "ended!",
               exists (select from ledger.voucher where book_id = $1 and spendable_cents > 0)
                   or exists (select from ledger.funder_balance where book_id = $1 and kind = 'reserved' and cents > 0) as "left!""#,
        programme.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(match (state.ended, state.left) {
        (false, _) => ProgrammeEnd::Running,
        (true, true) => ProgrammeEnd::NotSwept,
        (true, false) => ProgrammeEnd::Swept,
    })
}

pub(super) async fn used(
    connection: &mut PgConnection,
    programme: ProgrammeId,
    versions: &[Version],
) -> Result<Used, sqlx::Error> {
    let paid = paid(&mut *connection, programme).await?;
    let counts = vouchers(&mut *connection, programme).await?;
    let reached = reached(connection, programme).await?;
    let mut used = Used {
        batches: Vec::with_capacity(versions.len()),
        hidden: BTreeSet::new(),
    };
    for (place, version) in versions.iter().enumerate() {
        let quotas: Vec<(PartyId, &Vec<String>)> = version
            .plan
            .shares
            .iter()
            .filter_map(|share| {
                let quota = share.audience_quota.as_ref()?;
                Some((PartyId::from_uuid(share.funder_id.uuid()), &quota.audiences))
            })
            .collect();
        let of_batch = |batch: &BatchId| UsedBatch {
            vouchers: counts.get(batch).copied().unwrap_or(0),
            paid: paid.get(batch).cloned().unwrap_or_default(),
            reached: quotas
                .iter()
                .map(|&(funder, audiences)| {
                    (
                        funder,
                        of_audiences(&reached, *batch, |label| audiences.contains(label)).0,
                    )
                })
                .collect(),
        };
        used.batches.push(version.batches.iter().map(of_batch).collect());
        for &(funder, audiences) in &quotas {
            // The same person may have vouchers of two batches: what one batch alone shows is certain.
            let people = |wanted: bool| {
                let of = |batch| of_audiences(&reached, batch, |label| audiences.contains(label) == wanted).1;
                version.batches.iter().map(|&batch| of(batch)).max().unwrap_or(0)
            };
            if [people(true), people(false)]
                .into_iter()
                .any(|people| (1..PEOPLE_SHOWN_MIN).contains(&people))
            {
                used.hidden.insert((place, funder));
            }
        }
    }
    Ok(used)
}

type Reached = BTreeMap<(BatchId, String), (u64, i64)>;

/// Vouchers and people of the audiences that are wanted.
fn of_audiences(reached: &Reached, batch: BatchId, wanted: impl Fn(&String) -> bool) -> (u64, i64) {
    let of_batch = reached.iter().filter(|((of, label), _)| *of == batch && wanted(label));
    of_batch.fold((0, 0), |(vouchers, people), (_, &(more, others))| {
        (vouchers + more, people + others)
    })
}

/// By batch: every funder of its own plan, with what its shares of the used vouchers sum to.
async fn paid(
    connection: &mut PgConnection,
    programme: ProgrammeId,
) -> Result<BTreeMap<BatchId, Vec<(PartyId, Cents)>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with used as (
               select o.batch_id, o.funder_id, sum(o.cents) as cents
               from ledger.spent_voucher v
               join ledger.voucher_share o on o.book_id = v.book_id and o.number = v.number
               where v.book_id = $1
               group by o.batch_id, o.funder_id)
           select s.batch_id as "batch!: BatchId", s.funder_id as "funder!: PartyId",
               coalesce(u.cents, 0)::bigint as "cents!: Cents"
           from issuer.batch_plan_share s
           left join used u on u.batch_id = s.batch_id and u.funder_id = s.funder_id
           where s.book_id = $1 order by s.batch_id, s.rank"#,
        programme.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut paid: BTreeMap<BatchId, Vec<(PartyId, Cents)>> = BTreeMap::new();
    for row in rows {
        paid.entry(row.batch).or_default().push((row.funder, row.cents));
    }
    Ok(paid)
}

/// Used vouchers by batch.
async fn vouchers(
    connection: &mut PgConnection,
    programme: ProgrammeId,
) -> Result<BTreeMap<BatchId, u64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select o.batch_id as "batch!: BatchId", count(distinct v.number) as "vouchers!"
           from ledger.spent_voucher v
           join ledger.voucher_share o on o.book_id = v.book_id and o.number = v.number
           where v.book_id = $1
           group by o.batch_id"#,
        programme.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let counts = rows.into_iter();
    Ok(counts
        .map(|row| (row.batch, u64::try_from(row.vouchers).unwrap_or_default()))
        .collect())
}

async fn reached(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Reached, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select batch_id as "batch!: BatchId", audience as "audience!", vouchers as "vouchers!", people as "people!"
           from issuer.used_by_audience($1)"#,
        programme.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let counts = rows.into_iter().map(|row| {
        let vouchers = u64::try_from(row.vouchers).unwrap_or_default();
        ((row.batch, row.audience), (vouchers, row.people))
    });
    Ok(counts.collect())
}

/// What funders are called; one that is not known has no name.
pub(crate) async fn names(
    connection: &mut PgConnection,
    funders: &[PartyId],
) -> Result<BTreeMap<PartyId, String>, sqlx::Error> {
    let ids: Vec<uuid::Uuid> = funders.iter().map(|funder| funder.uuid()).collect();
    let rows = sqlx::query!(
        r#"select id as "id: PartyId", name from access.organisation where id = any($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
