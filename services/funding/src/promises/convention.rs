use access::{Caller, OrganisationId, audit};
use bounds::{Amount, AmountKind, Rate};
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use database::UseCaseError;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use standards::cog::Territory;
use utoipa::ToSchema;
use web::{Created, Page, Problem};

use crate::{support::ids::AnnouncementId, support::ids::ConventionId, support::known};

/// What a funder signed to give to a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Convention {
    /// Made by the caller.
    pub id: ConventionId,
    pub funder_id: OrganisationId,
    pub programme_id: ProgrammeId,
    /// How much at most.
    #[schema(value_type = Amount)]
    pub amount: Cents,
    /// When it was signed.
    pub signed_on: NaiveDate,
    /// First day of its effect.
    pub starts_on: NaiveDate,
    /// Last day of its effect.
    pub ends_on: NaiveDate,
    /// COG code, when it is for a part of the programme's territory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territory: Option<Territory>,
    /// One of the catalogue's audiences, when it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Seniors")]
    pub audience: Option<String>,
    /// The most of each voucher that it pays: no plan gives it more. `"0.5"` is half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Rate>, example = "0.5")]
    pub rate: Option<Decimal>,
    /// The most that it puts behind vouchers: a plan must have the cap too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    pub cap: Option<Cents>,
    /// The announcement that it carries out, so that announced money is not counted twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_id: Option<AnnouncementId>,
}

/// A convention with how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConventionView {
    /// As it was signed.
    #[serde(flatten)]
    pub convention: Convention,
    /// What calls asked for.
    pub called: Cents,
    /// Of it, what came.
    pub received: Cents,
    /// Mandated under it, and not there yet.
    pub mandated: Cents,
}

/// Why a convention was not recorded.
#[derive(Debug)]
pub enum SignRejection {
    Amount,
    /// With the rule it breaks, in French.
    Field(&'static str, &'static str),
    /// None of this funder.
    NoAnnouncement,
    /// It ends before it starts.
    Days,
    NoFunder,
    NoProgramme,
}

impl database::Rejection for SignRejection {}

impl From<SignRejection> for Problem {
    fn from(rejection: SignRejection) -> Self {
        let refused = || Self::refused("convention-field", "Cette convention ne peut pas être enregistrée.");
        match rejection {
            SignRejection::Amount => refused().detail(format!("« amount » : {}.", Amount::range())),
            SignRejection::Days => refused().detail("« ends_on » vient avant « starts_on » : corrigez les dates."),
            SignRejection::Field(field, rule) => refused().detail(format!("« {field} » : {rule}")),
            SignRejection::NoAnnouncement => Self::not_found("Cette annonce (de ce financeur)"),
            SignRejection::NoFunder => Self::not_found("Ce financeur"),
            SignRejection::NoProgramme => Self::not_found("Ce dispositif"),
        }
    }
}

/// Records a convention, or finds that it was recorded before.
pub async fn sign(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &Convention,
    at: DateTime<Utc>,
) -> Result<Created<Convention>, UseCaseError<SignRejection>> {
    let wanted = Convention {
        rate: new.rate.map(|rate| rate.normalize()),
        ..new.clone()
    };
    check(tx, &wanted).await?;
    let inserted = sqlx::query!(
        "insert into funding.convention (id, funder_id, programme_id, cents, signed_on, starts_on, ends_on, created_at, territory,
             audience, rate, cap_cents, announcement_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (id) do nothing",
        wanted.id.uuid(),
        wanted.funder_id.uuid(),
        wanted.programme_id.uuid(),
        wanted.amount.get(),
        wanted.signed_on,
        wanted.starts_on,
        wanted.ends_on,
        at,
        wanted.territory.as_ref().map(ToString::to_string),
        wanted.audience,
        wanted.rate,
        wanted.cap.map(Cents::get),
        wanted.announcement_id.map(AnnouncementId::uuid),
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "convention_positive") => UseCaseError::Rejected(SignRejection::Amount),
        error if database::is_constraint(&error, "convention_days_in_order") => UseCaseError::Rejected(SignRejection::Days),
        error if database::is_constraint(&error, "convention_funder") => UseCaseError::Rejected(SignRejection::NoFunder),
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    let known = read(&mut *tx, new.id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?
        .convention;
    match inserted {
        true => {
            audit(tx, who, at, "convention.sign", Some(new.id.uuid()), new.amount).await?;
            Ok(Created::New(known))
        }
        false if known == wanted => Ok(Created::Existing(known)),
        false => Err(UseCaseError::IdReused),
    }
}

async fn check(tx: &mut PgTransaction<'_>, new: &Convention) -> Result<(), UseCaseError<SignRejection>> {
    if !Amount::fits(new.amount) {
        return Err(SignRejection::Amount.into());
    }
    if !known::programme(tx, new.programme_id).await? {
        return Err(SignRejection::NoProgramme.into());
    }
    if new.rate.is_some_and(|rate| rate.is_zero() || !Rate::fits(rate)) {
        let rule = "un taux au-dessus de 0 et au plus 1, avec au plus 8 décimales, par exemple « 0.5 ».";
        return Err(SignRejection::Field("rate", rule).into());
    }
    if new.cap.is_some_and(|cap| !Amount::fits(cap)) {
        return Err(SignRejection::Field("cap", "un montant supérieur à zéro, et au plus 999 999 999,99 €.").into());
    }
    let found = sqlx::query!(
        r#"select $1::text is null or exists (select from catalogue.audience where label = $1) as "audience!",
               $2::uuid is null or exists (select from funding.announcement where id = $2 and funder_id = $3) as "announcement!""#,
        new.audience,
        new.announcement_id.map(AnnouncementId::uuid),
        new.funder_id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if !found.audience {
        return Err(SignRejection::Field("audience", "un des publics du catalogue, par exemple « Seniors ».").into());
    }
    if found.announcement {
        Ok(())
    } else {
        Err(SignRejection::NoAnnouncement.into())
    }
}

/// The convention of this id.
pub async fn read(connection: &mut PgConnection, id: ConventionId) -> Result<Option<ConventionView>, sqlx::Error> {
    Ok(rows(connection, Some(id), None, None, 1).await?.pop())
}

/// Conventions of one funder or of all, in order of id.
pub async fn list(
    connection: &mut PgConnection,
    funder: Option<OrganisationId>,
    after: Option<ConventionId>,
    limit: i64,
) -> Result<Page<ConventionView>, sqlx::Error> {
    let items = rows(connection, None, funder, after, limit + 1).await?;
    Ok(Page::new(items, limit, |one| one.convention.id))
}

async fn rows(
    connection: &mut PgConnection,
    only: Option<ConventionId>,
    funder: Option<OrganisationId>,
    after: Option<ConventionId>,
    rows_max: i64,
) -> Result<Vec<ConventionView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select c.id as "id: ConventionId", c.funder_id as "funder_id: OrganisationId",
               c.programme_id as "programme_id: ProgrammeId", c.cents as "amount: Cents", c.signed_on, c.starts_on, c.ends_on,
               c.territory, c.audience, c.rate, c.cap_cents as "cap: Cents", c.announcement_id as "announcement_id: AnnouncementId",
               coalesce(k.called, 0)::bigint as "called!: Cents", coalesce(k.received, 0)::bigint as "received!: Cents",
               coalesce(m.awaited, 0)::bigint as "mandated!: Cents"
           from funding.convention c
           left join (select convention_id, sum(cents) as called, sum(received_cents) as received
                      from funding.call_state group by convention_id) k on k.convention_id = c.id
           left join (select convention_id, sum(awaited_cents) as awaited
                      from funding.mandate_state group by convention_id) m on m.convention_id = c.id
           where ($1::uuid is null or c.id = $1) and ($2::uuid is null or c.funder_id = $2) and ($3::uuid is null or c.id > $3)
           order by c.id limit $4"#,
        only.map(ConventionId::uuid),
        funder.map(OrganisationId::uuid),
        after.map(ConventionId::uuid),
        rows_max,
    )
    .fetch_all(connection)
    .await?;
    let view = rows.into_iter().map(|row| {
        let territory = row.territory.map(|text| text.parse()).transpose();
        let convention = Convention {
            id: row.id,
            funder_id: row.funder_id,
            programme_id: row.programme_id,
            amount: row.amount,
            signed_on: row.signed_on,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            territory: territory.map_err(|_| sqlx::Error::Decode("a convention's territory is no COG code".into()))?,
            audience: row.audience,
            rate: row.rate.map(|rate| rate.normalize()),
            cap: row.cap,
            announcement_id: row.announcement_id,
        };
        Ok(ConventionView {
            convention,
            called: row.called,
            received: row.received,
            mandated: row.mandated,
        })
    });
    view.collect()
}
