//! Who is owed money and is not paid it: why, and since when. Held, not lost.
//!
//! A structure is held while its last settlement left something unpaid and something is owed to it. Its amount is aged by
//! settlement: of what is held now, the part that was held then already is as old as that settlement. So a month's 10 € that
//! became 30 € count as 10 € of that age and 20 € younger.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use ledger::PartyId;
use serde::Serialize;
use sqlx::PgConnection;
use standards::spreadsheet::cell;
use standards::{Cents, calendar};
use utoipa::ToSchema;

use crate::payments::settlement::{AwaitedMoney, awaited_by, explanation};
use crate::support::ids::SettlementId;

/// The report's buckets: name, last day.
const BUCKETS: [(&str, i64); 4] = [("0-30", 30), ("31-60", 60), ("61-90", 90), (">90", i64::MAX)];

/// What is held, by age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Holds {
    /// The day from which ages count back.
    pub on: NaiveDate,
    pub total: Cents,
    /// Youngest first, all four.
    pub buckets: Vec<HoldAgeBand>,
    /// Oldest first.
    pub structures: Vec<HeldStructure>,
}

/// An amount of one age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldAgeBand {
    /// In days: `0-30`, `31-60`, `61-90` or `>90`.
    #[schema(example = "31-60")]
    pub days: String,
    /// How much of what is held now.
    pub amount: Cents,
}

/// A structure that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldStructure {
    pub structure_id: PartyId,
    pub name: String,
    /// `no_bank_details`, `returned_by_bank`, `deductions`, `money_awaited`, `bank_short` or `evidence`: why most of it is held.
    #[schema(example = "no_bank_details")]
    pub reason: String,
    /// What to do, in French.
    pub explanation: String,
    /// Whose money, when money is awaited.
    pub awaits: Vec<AwaitedMoney>,
    pub amount: Cents,
    /// Day of the first settlement that held something of it.
    pub since: NaiveDate,
    /// Days since.
    pub age_days: i64,
    /// The same amount by age, youngest first, all four.
    pub buckets: Vec<HoldAgeBand>,
}

/// What a settlement held of a structure.
#[derive(Debug)]
struct HeldRow {
    settlement: SettlementId,
    structure: PartyId,
    name: String,
    reason: String,
    at: DateTime<Utc>,
    cents: Cents,
    payable: Cents,
}

/// What is held on a day; of one structure if given.
pub async fn holds(connection: &mut PgConnection, of: Option<PartyId>, on: NaiveDate) -> Result<Holds, sqlx::Error> {
    let rows = sqlx::query_as!(
        HeldRow,
        r#"with owed as (
               select structure_id, sum(cents)::bigint as cents
               from ledger.payable where $1::uuid is null or structure_id = $1
               group by structure_id having sum(cents) > 0)
           select s.id as "settlement: SettlementId", h.structure_id as "structure: PartyId", coalesce(y.name, '') as "name!",
               (array_agg(h.reason order by h.cents desc, h.reason))[1] as "reason!", s.at,
               sum(h.cents)::bigint as "cents!: Cents", owed.cents as "payable!: Cents"
           from funding.hold h
           join funding.settlement s on s.id = h.settlement_id
           join owed on owed.structure_id = h.structure_id
           left join redemption.payee y on y.structure_id = h.structure_id
           where s.at > coalesce((
               -- The last time all was paid.
               select max(t.at) from funding.payment p join funding.settlement t on t.id = p.settlement_id
               where p.party_id = h.structure_id
                   and not exists (select from funding.hold o where o.settlement_id = t.id and o.structure_id = p.party_id)
                   and not exists (select from funding.payment_answer a
                                   where a.payment_id = p.id and a.answer in ('returned', 'rejected'))), '-infinity')
           group by s.id, h.structure_id, y.name, owed.cents
           order by h.structure_id, s.at, s.id"#,
        of.map(PartyId::uuid),
    )
    .fetch_all(&mut *connection)
    .await?;
    // The last hold of each structure says why: its rows stand together, in order of time.
    let ends = rows
        .iter()
        .enumerate()
        .filter(|(place, row)| rows.get(place + 1).is_none_or(|next| next.structure != row.structure));
    let last: Vec<_> = ends.map(|(_, row)| row.settlement.uuid()).collect();
    let awaited = awaited_by(connection, &last).await?;
    add_up(rows, &awaited, on).ok_or_else(|| sqlx::Error::Decode("holds add up to more than 64 bits".into()))
}

type AwaitedBySettlement = [(SettlementId, PartyId, AwaitedMoney)];

fn add_up(rows: Vec<HeldRow>, awaited: &AwaitedBySettlement, on: NaiveDate) -> Option<Holds> {
    let mut by_structure: BTreeMap<PartyId, Vec<HeldRow>> = BTreeMap::new();
    for row in rows {
        by_structure.entry(row.structure).or_default().push(row);
    }
    let held = by_structure.into_values().map(|rows| structure(rows, awaited, on));
    let mut structures: Vec<HeldStructure> = held.collect::<Option<Vec<_>>>()?;
    structures.sort_by(|one, other| (one.since, &one.name).cmp(&(other.since, &other.name)));
    let mut buckets = Vec::new();
    for (index, (days, _)) in BUCKETS.iter().enumerate() {
        let amounts = structures
            .iter()
            .filter_map(|one| one.buckets.get(index))
            .map(|bucket| bucket.amount);
        buckets.push(HoldAgeBand {
            days: (*days).to_owned(),
            amount: Cents::try_sum(amounts)?,
        });
    }
    Some(Holds {
        on,
        total: Cents::try_sum(structures.iter().map(|one| one.amount))?,
        buckets,
        structures,
    })
}

fn structure(rows: Vec<HeldRow>, awaited: &AwaitedBySettlement, on: NaiveDate) -> Option<HeldStructure> {
    let parts = aged(&rows);
    let days = |at: DateTime<Utc>| (on - calendar::paris_date(at)).num_days();
    let mut buckets = Vec::new();
    let mut above = i64::MIN;
    for (name, last) in BUCKETS {
        let inside = parts.iter().filter(|(at, _)| (above..=last).contains(&days(*at)));
        buckets.push(HoldAgeBand {
            days: name.to_owned(),
            amount: Cents::try_sum(inside.map(|(_, cents)| *cents))?,
        });
        above = last.saturating_add(1);
    }
    let since = parts.iter().find(|(_, cents)| cents.is_positive()).map(|(at, _)| *at);
    let last = rows.into_iter().last()?;
    let since = since.unwrap_or(last.at);
    let mine = awaited
        .iter()
        .filter(|(settlement, structure, _)| (*settlement, *structure) == (last.settlement, last.structure));
    let awaits: Vec<AwaitedMoney> = mine.map(|(_, _, money)| money.clone()).collect();
    Some(HeldStructure {
        structure_id: last.structure,
        name: last.name,
        explanation: explanation(&last.reason, &awaits),
        reason: last.reason,
        awaits,
        amount: last.cents.min(last.payable),
        since: calendar::paris_date(since),
        age_days: days(since),
        buckets,
    })
}

/// What is held now by the settlement that held it first: of the smallest amount from a settlement on, the part that was not
/// held before. The parts add up to what is held now.
fn aged(rows: &[HeldRow]) -> Vec<(DateTime<Utc>, Cents)> {
    let mut least = rows.last().map_or(Cents::ZERO, |row| row.payable);
    let mut kept: Vec<(DateTime<Utc>, Cents)> = Vec::new();
    for row in rows.iter().rev() {
        least = least.min(row.cents);
        kept.push((row.at, least));
    }
    kept.reverse();
    let mut before = Cents::ZERO;
    for (_, cents) in &mut kept {
        let upto = *cents;
        *cents = upto.checked_sub(before).unwrap_or(Cents::ZERO);
        before = upto;
    }
    kept
}

/// The structures as CSV, with the same figures.
pub fn csv(holds: &Holds) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["structure_id", "name", "reason", "since", "age_days", "amount"];
    writer.write_record(head.into_iter().chain(BUCKETS.map(|(days, _)| days)))?;
    for one in &holds.structures {
        let amounts = one.buckets.iter().map(|bucket| bucket.amount.to_string());
        let facts = [
            one.structure_id.to_string(),
            cell(&one.name).into_owned(),
            one.reason.clone(),
            one.since.to_string(),
            one.age_days.to_string(),
            one.amount.to_string(),
        ];
        writer.write_record(facts.into_iter().chain(amounts))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn row(structure: u128, day: &str, cents: i64, payable: i64) -> HeldRow {
        HeldRow {
            settlement: SettlementId::from_uuid(Uuid::from_u128(9)),
            structure: PartyId::from_uuid(Uuid::from_u128(structure)),
            name: format!("S{structure}"),
            reason: "no_bank_details".to_owned(),
            at: format!("{day}T10:00:00Z").parse().unwrap(),
            cents: Cents::new(cents),
            payable: Cents::new(payable),
        }
    }

    fn amounts(buckets: &[HoldAgeBand]) -> Vec<i64> {
        buckets.iter().map(|bucket| bucket.amount.get()).collect()
    }

    #[test]
    fn what_was_held_before_is_older_than_what_came_since() {
        let on = "2026-06-30".parse().unwrap();
        let rows = vec![
            row(1, "2026-02-02", 1000, 9000),
            row(1, "2026-04-10", 4000, 9000),
            row(1, "2026-05-15", 3500, 9000),
            row(1, "2026-06-02", 5000, 9000),
            row(2, "2026-06-30", 200, 200),
        ];
        let holds = add_up(rows, &[], on).unwrap();
        assert_eq!(amounts(&holds.structures[0].buckets), [1500, 0, 2500, 1000]);
        assert_eq!((holds.structures[0].age_days, holds.structures[1].age_days), (148, 0));
        assert_eq!(amounts(&holds.buckets), [1700, 0, 2500, 1000]);
        assert_eq!(holds.total, Cents::new(5200));
    }

    #[test]
    fn nobody_is_held_more_than_is_owed() {
        let on = "2026-06-30".parse().unwrap();
        let holds = add_up(
            vec![row(1, "2026-02-02", 1000, 300), row(1, "2026-06-02", 1000, 300)],
            &[],
            on,
        )
        .unwrap();
        assert_eq!(amounts(&holds.structures[0].buckets), [0, 0, 0, 300]);
        assert_eq!(holds.total, Cents::new(300));
    }
}
