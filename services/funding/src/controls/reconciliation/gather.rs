//! Everything that a run compares, in one snapshot.

use data_encoding::HEXLOWER;
use ledger::seal::{last_checkpoint, unsealed};
use sqlx::{PgConnection, PgPool};
use standards::{Cents, calendar};

use crate::bank::breaks::{self, AgedBreak};
use crate::bank::tolerance;
use crate::controls::invariants::{self, InvariantView};
use crate::controls::reconciliation::document::{CheckpointSeen, LedgerSeen, StatementSeen, StatementsSeen, Verdict};
use crate::controls::reconciliation::open_point::{OpenPoint, open_points};
use crate::controls::reconciliation::run::RunRequest;

pub(super) struct Gathered {
    pub verdict: Verdict,
    pub tolerance: Cents,
    pub invariants: Vec<InvariantView>,
    pub breaks: Vec<AgedBreak>,
    pub open_points: Vec<OpenPoint>,
    pub statements: StatementsSeen,
    pub ledger: LedgerSeen,
}

/// Reads the state of everything; statements after `known` are listed one by one.
pub(super) async fn gather(pool: &PgPool, request: &RunRequest, known: i32) -> Result<Gathered, sqlx::Error> {
    let mut snapshot = ledger::read::snapshot(pool).await?;
    let mut invariants = invariants::check(&mut snapshot).await?.all();
    invariants.push(kept_files(&mut snapshot).await?);
    let breaks = breaks::ageing(&mut snapshot, calendar::paris_date(request.at))
        .await?
        .breaks;
    let open_points = open_points(&mut snapshot, calendar::paris_date(request.at)).await?;
    let statements = statements(&mut snapshot, known).await?;
    let ledger = books(&mut snapshot).await?;
    let tolerance = tolerance::read(&mut snapshot).await?.amount;
    snapshot.rollback().await?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let failing = invariants.iter().filter(|invariant| !invariant.holds).count();
    let old = breaks
        .iter()
        .filter(|one| u32::try_from(one.age_days).is_ok_and(|days| days > request.break_days_max));
    let verdict = Verdict {
        all_hold: failing == 0,
        failing: count(failing),
        open_breaks: count(breaks.len()),
        old_breaks: count(old.count()),
        break_days_max: request.break_days_max,
    };
    Ok(Gathered {
        verdict,
        tolerance,
        invariants,
        breaks,
        open_points,
        statements,
        ledger,
    })
}

/// Whether the files that were kept are those that were loaded; only here, since it reads all of them.
async fn kept_files(connection: &mut PgConnection) -> Result<InvariantView, sqlx::Error> {
    let row = sqlx::query!(
        r#"with file as materialized (select sha256, sha256(raw) = sha256 as intact from funding.statement_file)
           select coalesce(sum(s.closing_cents) filter (where f.intact), 0)::bigint as "left!: Cents",
               coalesce(sum(s.closing_cents), 0)::bigint as "right!: Cents",
               count(*) filter (where not f.intact)
                   + (select count(*) from funding.payment_report_file r where sha256(r.raw) <> r.sha256) as "mismatches!"
           from funding.statement s join file f using (sha256)"#
    )
    .fetch_one(connection)
    .await?;
    Ok(InvariantView {
        name: "Clôtures des relevés dont le fichier conservé est intact = clôtures de tous".to_owned(),
        left: row.left,
        right: row.right,
        holds: row.mismatches == 0 && row.left == row.right,
    })
}

async fn statements(connection: &mut PgConnection, known: i32) -> Result<StatementsSeen, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select position, identification, sha256, from_day, to_day, opening_cents as "opening: Cents",
               closing_cents as "closing: Cents"
           from funding.statement
           where position > $1 or position = (select max(position) from funding.statement)
           order by position"#,
        known,
    )
    .fetch_all(connection)
    .await?;
    let mut seen: Vec<StatementSeen> = rows
        .into_iter()
        .map(|row| StatementSeen {
            position: row.position,
            identification: row.identification,
            sha256: HEXLOWER.encode(&row.sha256),
            from_day: row.from_day,
            to_day: row.to_day,
            opening: row.opening,
            closing: row.closing,
        })
        .collect();
    let last = seen.last().cloned();
    seen.retain(|statement| statement.position > known);
    Ok(StatementsSeen {
        loaded: last.as_ref().map_or(0, |last| last.position),
        last,
        new: seen,
    })
}

async fn books(connection: &mut PgConnection) -> Result<LedgerSeen, sqlx::Error> {
    let transfers = ledger::read::transfer_count(&mut *connection).await?;
    let checkpoint = last_checkpoint(&mut *connection).await?;
    Ok(LedgerSeen {
        transfers,
        unsealed: unsealed(connection).await?,
        checkpoint: checkpoint.map(|checkpoint| CheckpointSeen {
            size: checkpoint.size,
            root: checkpoint.root.to_base64(),
        }),
    })
}
