//! What a statement says. The JSON, the CSV and the PDF are three renderings of this one value.

use std::collections::{BTreeMap, BTreeSet};

use access::OrganisationId;
use catalogue::{DaysSetting, ExpiryCalendar, ExpiryStep, Programme, ProgrammeId, UnusedValue};
use chrono::{DateTime, NaiveDate, Utc};
use ledger::{BatchId, PartyId};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use standards::Cents;
use standards::calendar::paris_date;

use super::figures::{self, HeldByFunder, ProgrammeFigures};

/// The form of the data; a change of it is another number.
const FORMAT: &str = "ccn-etat-contradictoire/1";

/// The statement of a programme's end.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Content {
    /// `ccn-etat-contradictoire/1`.
    pub format: &'static str,
    pub programme: ProgrammeFacts,
    /// When it was written.
    pub issued_at: DateTime<Utc>,
    /// The day on which it should have been.
    pub due_on: NaiveDate,
    /// Whether it came later.
    pub late: bool,
    /// Who may contest it, until when.
    pub contest: Contest,
    /// What becomes of unused value that its funder does not choose for.
    pub unused_value: UnusedValueFact,
    /// What was done before it.
    pub steps: Vec<StepFact>,
    /// By funder, over all batches.
    pub funders: Vec<FunderFact>,
    pub batches: Vec<BatchFact>,
    /// Over all funders.
    pub total: ProgrammeFigures,
}

/// A programme, as it is named on paper.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ProgrammeFacts {
    pub id: ProgrammeId,
    pub name: String,
    /// COG.
    pub territory: String,
    pub sponsor_id: OrganisationId,
    pub sponsor: String,
    pub printed_day: NaiveDate,
    pub last_day: NaiveDate,
}

/// Who may contest, until when.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Contest {
    pub until: NaiveDate,
    /// How many, and whether the programme says so.
    pub days: DaysSetting,
    /// The sponsor first.
    pub parties: Vec<Party>,
}

/// One who may contest.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Party {
    pub id: OrganisationId,
    pub name: String,
    pub sponsor: bool,
    pub funder: bool,
}

/// What becomes of unused value.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct UnusedValueFact {
    pub method: UnusedValue,
    /// True when the programme says nothing.
    pub by_default: bool,
}

/// A step that the issuer did.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StepFact {
    pub step: ExpiryStep,
    pub due_on: NaiveDate,
    pub done_at: DateTime<Utc>,
    pub late: bool,
    /// Absent when the clock did it.
    pub by: Option<String>,
    /// For the acceptance: nobody objected in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tacit: Option<bool>,
    /// Counts of booklets, of the whole programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums: Option<Value>,
}

/// A funder over all batches.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FunderFact {
    pub id: PartyId,
    pub name: String,
    pub siren: Option<String>,
    #[serde(flatten)]
    pub figures: ProgrammeFigures,
    /// Received from the other funders at the closes, less what it paid them of what it was owed.
    pub trued_up: Cents,
    /// Given back before the statement.
    pub refunded: Cents,
    /// `refundable` and `trued_up`, less `refunded`: what its account holds.
    pub to_refund: Cents,
    /// Allocated and never put behind a batch: given back by the same choice.
    pub available: Cents,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct BatchFact {
    pub id: BatchId,
    pub ordered_on: NaiveDate,
    pub booklets: i32,
    pub booklet_size: i32,
    pub face_value: Cents,
    pub cancelled: bool,
    pub funders: Vec<BatchFunderFact>,
}

/// A funder's part of a batch.
#[derive(Debug, Clone, Serialize)]
pub(super) struct BatchFunderFact {
    pub id: PartyId,
    pub name: String,
    /// As the batch's plan says: `0.3339` is 33.39 %.
    pub rate: Decimal,
    #[serde(flatten)]
    pub figures: ProgrammeFigures,
}

/// Why a statement cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    /// Vouchers came back to life after the sweep: it is to be asked for again.
    #[error("batch {0} still holds {1}: sweep the programme again")]
    NotSwept(BatchId, Cents),
    #[error("the batches owe {funder} {of_batches}, its account holds {of_account}")]
    Disagrees {
        funder: PartyId,
        of_batches: Cents,
        of_account: Cents,
    },
    #[error("amounts add up to more than 64 bits")]
    Overflow,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Reads everything in the caller's snapshot.
pub(super) async fn read(
    connection: &mut PgConnection,
    programme: &Programme,
    calendar: &ExpiryCalendar,
    at: DateTime<Utc>,
) -> Result<Content, ContentError> {
    let batches = figures::read(&mut *connection, programme.id).await?;
    let held = figures::held(&mut *connection, programme.id).await?;
    let funders: BTreeSet<PartyId> = held
        .keys()
        .copied()
        .chain(
            batches
                .iter()
                .flat_map(|batch| batch.funders.iter().map(|(funder, ..)| *funder)),
        )
        .collect();
    let names = names(&mut *connection, programme, &funders).await?;
    let name = |id: uuid::Uuid| names.get(&id).map_or_else(|| id.to_string(), |(name, _)| name.clone());
    let batches: Vec<BatchFact> = batches
        .into_iter()
        .map(|batch| BatchFact {
            id: batch.id,
            ordered_on: paris_date(batch.ordered_at),
            booklets: batch.booklets,
            booklet_size: batch.booklet_size,
            face_value: batch.face_value,
            cancelled: batch.cancelled,
            funders: batch
                .funders
                .into_iter()
                .map(|(id, rate, figures)| BatchFunderFact {
                    id,
                    name: name(id.uuid()),
                    rate,
                    figures,
                })
                .collect(),
        })
        .collect();
    let mut of_funders = Vec::new();
    for id in funders {
        let held = held.get(&id).copied().unwrap_or_default();
        let siren = names.get(&id.uuid()).and_then(|(_, siren)| siren.clone());
        of_funders.push(of_funder(id, name(id.uuid()), siren, held, &batches)?);
    }
    // In the order of the plans, as their parties know it; then those who brought money and are in none.
    let rank = |id: PartyId| {
        batches
            .iter()
            .flat_map(|batch| &batch.funders)
            .position(|funder| funder.id == id)
    };
    of_funders.sort_by_key(|funder| (rank(funder.id).unwrap_or(usize::MAX), funder.name.clone(), funder.id));
    swept(&batches)?;
    let total = ProgrammeFigures::sum(of_funders.iter().map(|funder| &funder.figures)).ok_or(ContentError::Overflow)?;
    let (method, by_default) = calendar.unused_value();
    let sponsor = name(programme.sponsor_id.uuid());
    Ok(Content {
        format: FORMAT,
        contest: Contest {
            until: calendar.contest_until(at),
            days: calendar.contest(),
            parties: parties(programme, &sponsor, &of_funders),
        },
        programme: ProgrammeFacts {
            id: programme.id,
            name: programme.name.clone(),
            territory: programme.territory.clone(),
            sponsor_id: programme.sponsor_id,
            sponsor,
            printed_day: programme.printed_day,
            last_day: programme.last_day,
        },
        issued_at: at,
        due_on: calendar.due_on(ExpiryStep::Statement),
        late: calendar.is_late(ExpiryStep::Statement, at),
        unused_value: UnusedValueFact { method, by_default },
        steps: steps(connection, programme.id).await?,
        funders: of_funders,
        batches,
        total,
    })
}

/// A funder's sums over the batches, compared with its account.
fn of_funder(
    id: PartyId,
    name: String,
    siren: Option<String>,
    held: HeldByFunder,
    batches: &[BatchFact],
) -> Result<FunderFact, ContentError> {
    let mine = batches
        .iter()
        .flat_map(|batch| &batch.funders)
        .filter(|funder| funder.id == id);
    let figures = ProgrammeFigures::sum(mine.map(|funder| &funder.figures)).ok_or(ContentError::Overflow)?;
    let of_batches = figures
        .refundable
        .checked_add(held.trued_up)
        .and_then(|sum| sum.checked_sub(held.refunded))
        .ok_or(ContentError::Overflow)?;
    if of_batches != held.refundable {
        return Err(ContentError::Disagrees {
            funder: id,
            of_batches,
            of_account: held.refundable,
        });
    }
    Ok(FunderFact {
        id,
        name,
        siren,
        figures,
        trued_up: held.trued_up,
        refunded: held.refunded,
        to_refund: held.refundable,
        available: held.available,
    })
}

fn swept(batches: &[BatchFact]) -> Result<(), ContentError> {
    for batch in batches {
        for funder in &batch.funders {
            let left = funder.figures.left().ok_or(ContentError::Overflow)?;
            if !left.is_zero() {
                return Err(ContentError::NotSwept(batch.id, left));
            }
        }
    }
    Ok(())
}

/// The sponsor, then the funders; one that is both stands once.
fn parties(programme: &Programme, sponsor: &str, funders: &[FunderFact]) -> Vec<Party> {
    let is_sponsor = |funder: &FunderFact| funder.id.uuid() == programme.sponsor_id.uuid();
    let first = Party {
        id: programme.sponsor_id,
        name: sponsor.to_owned(),
        sponsor: true,
        funder: funders.iter().any(is_sponsor),
    };
    let others = funders.iter().filter(|funder| !is_sponsor(funder)).map(|funder| Party {
        id: OrganisationId::from_uuid(funder.id.uuid()),
        name: funder.name.clone(),
        sponsor: false,
        funder: true,
    });
    std::iter::once(first).chain(others).collect()
}

type PartyNames = BTreeMap<uuid::Uuid, (String, Option<String>)>;

/// Names and SIREN: the fund's own record of a funder before the organisation's.
async fn names(
    connection: &mut PgConnection,
    programme: &Programme,
    funders: &BTreeSet<PartyId>,
) -> Result<PartyNames, sqlx::Error> {
    let ids: Vec<uuid::Uuid> = funders
        .iter()
        .map(|funder| funder.uuid())
        .chain([programme.sponsor_id.uuid()])
        .collect();
    let rows = sqlx::query!(
        r#"select i.id as "id!", coalesce(f.name, o.name) as "name?", coalesce(f.siren, o.siren) as "siren?"
           from unnest($1::uuid[]) as i (id)
           left join funding.funder f on f.id = i.id
           left join access.organisation o on o.id = i.id"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.id, (row.name?, row.siren))))
        .collect())
}

/// The issuer's steps, without what is counted by distribution point: a statement has many readers.
async fn steps(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<StepFact>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.step as "step!", s.due_on as "due_on!", s.done_at as "done_at!", s.late as "late!",
               case when s.by_organisation is not null then coalesce(o.name, s.by_organisation::text) end as "by?",
               s.data as "data!"
           from issuer.expiry_step_done s left join access.organisation o on o.id = s.by_organisation
           where s.book_id = $1 order by s.due_on, s.done_at"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(StepFact {
                step: ExpiryStep::from_word(&row.step)?,
                due_on: row.due_on,
                done_at: row.done_at,
                late: row.late,
                by: row.by,
                tacit: row.data["tacit"].as_bool(),
                sums: row.data.get("sums").cloned(),
            })
        })
        .collect())
}
