//! Where breaks come from, and how the expected ones end.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::{support::ids::BreakId, support::ids::PaymentReportId, support::ids::StatementId};

/// Days after which a payment that is on no statement is missing: weekends and holidays are shorter.
pub(super) const MISSING_DAYS: i32 = 5;

/// A break to open, on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewBreak {
    pub line: i32,
    pub kind: &'static str,
    /// Signed as the line.
    pub cents: i64,
    /// The bank's day.
    pub on: NaiveDate,
}

/// What a break is on.
#[derive(Debug, Clone, Copy)]
pub enum BreakSource {
    /// Lines of a statement.
    Statement(StatementId),
    /// Lines of a bank's report.
    Report(PaymentReportId),
}

impl BreakSource {
    /// Its id, the name from which the ids of its breaks are made, and what the first step of each says.
    const fn named(self) -> (Uuid, &'static [u8], &'static str) {
        match self {
            Self::Statement(id) => (id.uuid(), b"break-line", "Ligne de relevé qu'aucune règle n'explique."),
            Self::Report(id) => (
                id.uuid(),
                b"break-report",
                "Compte rendu de la banque qui ne correspond pas à nos virements.",
            ),
        }
    }
}

/// Opens breaks on lines of a file.
pub async fn open(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    on: BreakSource,
    openings: &[NewBreak],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (file, name, told) = on.named();
    let id = |line: i32| BreakId::derive(name, &[file.as_bytes(), &line.to_be_bytes()]);
    let rows = BreakRows::of(openings, id);
    sqlx::query!(
        "insert into funding.break (id, kind, cents, statement_id, report_id, line, opened_on)
         select b.id, b.kind, b.cents, case when $7 then $1::uuid end, case when not $7 then $1::uuid end, b.line, b.opened_on
         from unnest($2::uuid[], $3::text[], $4::bigint[], $5::int[], $6::date[]) as b (id, kind, cents, line, opened_on)",
        file,
        &rows.ids,
        &rows.kinds,
        &rows.cents,
        &rows.lines,
        &rows.days,
        matches!(on, BreakSource::Statement(_)),
    )
    .execute(&mut **tx)
    .await?;
    first_steps(tx, who, &rows.ids, told, at).await
}

struct BreakRows {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    cents: Vec<i64>,
    lines: Vec<i32>,
    days: Vec<NaiveDate>,
}

impl BreakRows {
    fn of(openings: &[NewBreak], id: impl Fn(i32) -> BreakId) -> Self {
        Self {
            ids: openings.iter().map(|opening| id(opening.line).uuid()).collect(),
            kinds: openings.iter().map(|opening| opening.kind.to_owned()).collect(),
            cents: openings.iter().map(|opening| opening.cents).collect(),
            lines: openings.iter().map(|opening| opening.line).collect(),
            days: openings.iter().map(|opening| opening.on).collect(),
        }
    }
}

async fn first_steps(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    ids: &[Uuid],
    why: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.break_step (break_id, number, state, why, organisation_id, at)
         select id, 1, 'open', $2, $3, $4 from unnest($1::uuid[]) as id",
        ids,
        why,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What should be on the account by `day` and is not: payments missing, calls late. One that is open stays as it is.
pub async fn open_overdue_breaks(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    day: NaiveDate,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let missing = sqlx::query_scalar!(
        "insert into funding.break (id, kind, cents, payment_id, opened_on)
         select md5('missing ' || p.id)::uuid, 'missing', -p.cents, p.id, coalesce(s.execute_on, r.execute_on)
         from funding.payment p
         left join funding.settlement s on s.id = p.settlement_id
         left join funding.refund r on r.id = p.refund_id
         where coalesce(s.execute_on, r.execute_on) + $2::int <= $1
             and not exists (select from funding.payment_answer a where a.payment_id = p.id)
             -- Nobody has approved it, so the bank has not had it.
             and not exists (select from funding.payment_order_waiting w where w.order_id = coalesce(p.settlement_id, p.refund_id))
         on conflict (payment_id) do nothing returning id",
        day,
        MISSING_DAYS,
    )
    .fetch_all(&mut **tx)
    .await?;
    first_steps(tx, who, &missing, "Virement envoyé qui n'est sur aucun relevé.", at).await?;
    let late = sqlx::query_scalar!(
        "insert into funding.break (id, kind, cents, call_id, opened_on)
         select md5('late ' || k.id)::uuid, 'late', k.cents - coalesce(l.cents, 0), k.id, k.due_on
         from funding.call k
         left join funding.call_paid l on l.call_id = k.id
         where k.due_on < $1 and coalesce(l.cents, 0) < k.cents
         on conflict (call_id) do nothing returning id",
        day,
    )
    .fetch_all(&mut **tx)
    .await?;
    first_steps(tx, who, &late, "Appel de fonds échu qui n'est pas versé en entier.", at).await
}

/// Closes what was missing or late and is there now.
pub async fn resolve_due_breaks(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.break_step (break_id, number, state, owner, why, organisation_id, at)
         select b.id, last.number + 1, 'closed', last.owner,
             case b.kind when 'missing' then 'La banque a répondu sur ce virement.' else 'Le versement est arrivé en entier.' end,
             $1, $2
         from funding.break b
         cross join lateral (select s.number, s.state, s.owner from funding.break_step s
                             where s.break_id = b.id order by s.number desc limit 1) last
         where last.state <> 'closed' and (
             exists (select from funding.payment_answer a where a.payment_id = b.payment_id)
             or exists (select from funding.call k join funding.call_paid l on l.call_id = k.id
                        where k.id = b.call_id and l.cents >= k.cents))",
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
