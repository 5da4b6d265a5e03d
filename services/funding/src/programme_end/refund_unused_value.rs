use access::{Caller, OrganisationId, audit};
use bounds::{Reason, TextKind};
use catalogue::{Programme, ProgrammeId, UnusedValue};
use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, PgTransaction};
use standards::Cents;
use standards::calendar::paris_date;
use utoipa::ToSchema;
use web::{Created, Problem};

use super::{choose, issue, respond};
use crate::payments::refund::{NewRefund, RefundMethod, RefundRejection, RefundScope, refund};
use crate::support::ids::RefundId;

/// What the operator asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnusedValueRefund {
    /// When the bank shall pay those who want their money on their account.
    pub execute_on: NaiveDate,
    /// For a contested statement: why it is carried out all the same (how the contest was settled).
    #[schema(value_type = Option<Reason>)]
    pub override_reason: Option<String>,
}

/// Who chose the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    Funder,
    /// The sponsor, in the programme's settings.
    Sponsor,
    /// Nobody: the system's default.
    Default,
}

impl ChosenBy {
    const fn word(self) -> &'static str {
        match self {
            Self::Funder => "funder",
            Self::Sponsor => "sponsor",
            Self::Default => "default",
        }
    }

    /// The constraint knows no other.
    fn from_word(word: &str) -> Self {
        [Self::Funder, Self::Sponsor]
            .into_iter()
            .find(|by| by.word() == word)
            .unwrap_or(Self::Default)
    }
}

/// What a funder got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnusedValueRefund {
    pub funder_id: OrganisationId,
    pub method: UnusedValue,
    pub chosen_by: ChosenBy,
    /// From 1: a further one gives back what came since, when a claim was reversed.
    pub round: i32,
    /// How much; zero when nothing was left to give back.
    pub amount: Cents,
    /// Of it, allocated to the programme and never put behind a batch.
    pub unspent: Cents,
    /// The refund; its payment file is under `/funding/v1/refunds/{id}`.
    pub refund_id: Option<RefundId>,
    /// The operator, or nobody: the clock.
    pub by: Option<OrganisationId>,
    /// Why, although the statement was contested.
    pub override_reason: Option<String>,
    pub at: DateTime<Utc>,
}

/// Why nothing was given back.
#[derive(Debug)]
pub enum RefundUnusedValueRejection {
    NoStatement,
    /// It may be contested up to this day.
    TooEarly(NaiveDate),
    /// By these, and no reason was given to go on.
    Contested(Vec<OrganisationId>),
    /// Too long a reason, or one for a statement that nobody contests.
    Despite,
    Refund(RefundRejection),
}

impl database::Rejection for RefundUnusedValueRejection {}

impl From<RefundUnusedValueRejection> for Problem {
    fn from(rejection: RefundUnusedValueRejection) -> Self {
        let refused = |kind| Self::refused(kind, "La valeur non utilisée ne peut pas encore être rendue.");
        match rejection {
            RefundUnusedValueRejection::NoStatement => Self::not_found("L'état contradictoire de ce dispositif"),
            RefundUnusedValueRejection::TooEarly(until) => refused("too-early").detail(format!(
                "L'état contradictoire peut être contesté jusqu'au {} compris. Recommencez ensuite.",
                until.format("%d/%m/%Y")
            )),
            RefundUnusedValueRejection::Contested(by) => refused("statement-contested")
                .detail("L'état est contesté. Réglez le différend, puis dites dans « override_reason » comment il l'a été.")
                .with("contested_by", by),
            RefundUnusedValueRejection::Despite => refused("no-contest").detail(format!(
                "« override_reason » dit comment une contestation a été réglée, en {} caractères au plus ; sans contestation, retirez-le.",
                Reason::CHARS_MAX
            )),
            RefundUnusedValueRejection::Refund(rejection) => rejection.into(),
        }
    }
}

/// Gives back to each funder all that it has in a programme: unused value, and what never stood behind a batch; by the way that each
/// chose. Finds what was given back before, and gives back what came since. The clock gives credits only. One transaction a funder: each
/// refund locks its accounts in one order; one that cannot be served does not keep the others from it.
pub(crate) async fn refund_unused_value(
    pool: &PgPool,
    who: &Caller,
    programme: &Programme,
    new: &NewUnusedValueRefund,
    at: DateTime<Utc>,
) -> Result<Created<Vec<UnusedValueRefund>>, UseCaseError<RefundUnusedValueRejection>> {
    let mut tx = pool.begin().await?;
    let until = issue::contest_until(&mut tx, programme.id)
        .await?
        .ok_or(RefundUnusedValueRejection::NoStatement)?;
    let contesting = respond::contesting(&respond::read(&mut tx, programme.id, None).await?);
    let mut funders = issue::funders(&mut tx, programme.id).await?;
    funders.extend(holding(&mut tx, programme.id).await?);
    funders.sort_unstable();
    funders.dedup();
    tx.rollback().await?;
    if paris_date(at) <= until {
        return Err(RefundUnusedValueRejection::TooEarly(until).into());
    }
    let override_reason = new
        .override_reason
        .as_deref()
        .map(str::trim)
        .filter(|reason| !reason.is_empty());
    if override_reason.is_none() && !contesting.is_empty() {
        return Err(RefundUnusedValueRejection::Contested(contesting).into());
    }
    if override_reason.is_some_and(|reason| contesting.is_empty() || !Reason::fits(reason)) {
        return Err(RefundUnusedValueRejection::Despite.into());
    }
    let (mut any, mut failed) = (false, None);
    for funder in funders {
        let given: Result<bool, UseCaseError<RefundUnusedValueRejection>> =
            database::transaction(pool, "give_back", |tx| {
                let funder_refund = FunderRefund {
                    who: who.clone(),
                    programme: programme.clone(),
                    funder,
                    execute_on: new.execute_on,
                    override_reason: override_reason.map(str::to_owned),
                };
                Box::pin(async move { funder_refund.give(tx, at).await })
            })
            .await;
        match given {
            Ok(given) => any |= given,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let mut tx = pool.begin().await?;
    let all = read(&mut tx, programme.id).await?;
    tx.rollback().await?;
    Ok(if any { Created::New(all) } else { Created::Existing(all) })
}

/// One funder's part.
struct FunderRefund {
    who: Caller,
    programme: Programme,
    funder: OrganisationId,
    execute_on: NaiveDate,
    override_reason: Option<String>,
}

impl FunderRefund {
    /// False when it was given before, or is not the clock's to give.
    async fn give(
        &self,
        tx: &mut PgTransaction<'_>,
        at: DateTime<Utc>,
    ) -> Result<bool, UseCaseError<RefundUnusedValueRejection>> {
        let turn = NamedLock::UnusedValueRefund {
            programme: self.programme.id.uuid(),
            funder: self.funder.uuid(),
        };
        turn.take(tx).await?;
        let known = read(tx, self.programme.id).await?;
        let before = known.iter().filter(|given| given.funder_id == self.funder).count();
        if before > 0 && !holding(tx, self.programme.id).await?.contains(&self.funder) {
            return Ok(false);
        }
        let round = i32::try_from(before).unwrap_or(i32::MAX).saturating_add(1);
        let (method, chosen_by) = self.method(tx).await?;
        if self.who.is_clock() && method == UnusedValue::Bank {
            return Ok(false);
        }
        let (method_of_refund, execute_on) = match method {
            UnusedValue::Credit => (RefundMethod::Credit, paris_date(at)),
            UnusedValue::Bank => (RefundMethod::Bank, self.execute_on),
        };
        let (programme, funder) = (self.programme.id.uuid(), self.funder.uuid());
        let further = round.to_be_bytes();
        let mut parts = vec![programme.as_bytes().as_slice(), funder.as_bytes()];
        if round > 1 {
            parts.push(&further);
        }
        let new = NewRefund {
            id: RefundId::derive(b"expiry", &parts),
            funder_id: self.funder,
            programme_id: Some(self.programme.id),
            amount: None,
            method: method_of_refund,
            execute_on,
        };
        let (amount, unspent) = match refund(tx, &self.who, new, RefundScope::Everything, at).await {
            Ok(made) => {
                let made = made.into_inner();
                (made.amount, made.unspent)
            }
            // The operator gave it back by hand before.
            Err(UseCaseError::Rejected(RefundRejection::Nothing)) if round == 1 => (Cents::ZERO, Cents::ZERO),
            Err(UseCaseError::Rejected(RefundRejection::Nothing)) => return Ok(false),
            Err(error) => return Err(error.map_rejection(RefundUnusedValueRejection::Refund)),
        };
        let given = UnusedValueRefund {
            funder_id: self.funder,
            method,
            chosen_by,
            round,
            amount,
            unspent,
            refund_id: amount.is_positive().then_some(new.id),
            by: (!self.who.is_clock()).then(|| self.who.organisation()),
            override_reason: self.override_reason.clone(),
            at,
        };
        insert(tx, self.programme.id, &given).await?;
        let detail = (self.funder, method, amount);
        audit(
            tx,
            &self.who,
            at,
            "expiry.give_back",
            Some(self.programme.id.uuid()),
            detail,
        )
        .await?;
        Ok(true)
    }

    /// The funder's last choice, or else the programme's, or else the default.
    async fn method(&self, tx: &mut PgTransaction<'_>) -> Result<(UnusedValue, ChosenBy), sqlx::Error> {
        let choices = choose::read(tx, self.programme.id, None).await?;
        let mine = choices.iter().rfind(|choice| choice.funder_id == self.funder);
        if let Some(choice) = mine {
            return Ok((choice.method, ChosenBy::Funder));
        }
        let calendar = catalogue::expiry_calendar(&mut **tx, &self.programme).await?;
        let (method, by_default) = calendar.unused_value();
        let chosen_by = if by_default {
            ChosenBy::Default
        } else {
            ChosenBy::Sponsor
        };
        Ok((method, chosen_by))
    }
}

/// Funders who still have something in the programme that can be given back.
async fn holding(tx: &mut PgTransaction<'_>, programme: ProgrammeId) -> Result<Vec<OrganisationId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select distinct funder_id as "funder!: OrganisationId" from ledger.funder_balance
           where book_id = $1 and kind in ('available', 'refundable') and cents > 0"#,
        programme.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    given: &UnusedValueRefund,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.unused_value_refund (programme_id, funder_id, method, chosen_by, cents, refund_id, by_organisation,
             override_reason, at, round, unspent_cents)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        programme.uuid(),
        given.funder_id.uuid(),
        given.method.word(),
        given.chosen_by.word(),
        given.amount.get(),
        given.refund_id.map(RefundId::uuid),
        given.by.map(OrganisationId::uuid),
        given.override_reason,
        given.at,
        given.round,
        given.unspent.get(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was given back because of a statement, in order of funder and time.
pub(crate) async fn read(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
) -> Result<Vec<UnusedValueRefund>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select funder_id as "funder_id: OrganisationId", method, chosen_by, round, cents as "amount: Cents",
               unspent_cents as "unspent: Cents", refund_id as "refund_id: RefundId", by_organisation as "by: OrganisationId", override_reason, at
           from funding.unused_value_refund where programme_id = $1 order by funder_id, round"#,
        programme.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| UnusedValueRefund {
            funder_id: row.funder_id,
            method: UnusedValue::from_word(&row.method),
            chosen_by: ChosenBy::from_word(&row.chosen_by),
            round: row.round,
            amount: row.amount,
            unspent: row.unspent,
            refund_id: row.refund_id,
            by: row.by,
            override_reason: row.override_reason,
            at: row.at,
        })
        .collect())
}
