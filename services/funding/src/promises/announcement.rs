//! Money that was announced before anything was signed: beside the books, with its source.

use access::{Caller, OrganisationId, audit};
use bounds::{Amount, AmountKind, Form, TextKind};
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use database::UseCaseError;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Page, Problem};

use crate::{support::ids::AnnouncementId, support::known};

bounds::text_kind! {
    /// Where something can be read.
    pub struct Source: 1..=500, Form::Lines;
}

/// What a funder announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// Made by the caller.
    pub id: AnnouncementId,
    pub funder_id: OrganisationId,
    /// For which programme, when that was said.
    #[serde(default)]
    pub programme_id: Option<ProgrammeId>,
    #[schema(value_type = Amount)]
    pub amount: Cents,
    /// When it was said.
    pub announced_on: NaiveDate,
    /// Where it can be read.
    #[schema(value_type = Source, example = "Délibération du conseil départemental n° 2026-41")]
    pub source: String,
}

/// Why an announcement was not recorded.
#[derive(Debug)]
pub enum AnnounceRejection {
    Amount,
    /// Empty or too long.
    Source,
    NoFunder,
    NoProgramme,
}

impl database::Rejection for AnnounceRejection {}

impl From<AnnounceRejection> for Problem {
    fn from(rejection: AnnounceRejection) -> Self {
        let refused = || Self::refused("announcement-field", "Cette annonce ne peut pas être enregistrée.");
        match rejection {
            AnnounceRejection::Amount => refused().detail(format!("« amount » : {}.", Amount::range())),
            AnnounceRejection::Source => refused().detail(format!(
                "« source » : dites en 1 à {} caractères où l'annonce peut être lue.",
                Source::CHARS_MAX
            )),
            AnnounceRejection::NoFunder => Self::not_found("Ce financeur"),
            AnnounceRejection::NoProgramme => Self::not_found("Ce dispositif"),
        }
    }
}

/// Records an announcement, or finds that it was recorded before.
pub async fn announce(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &Announcement,
    at: DateTime<Utc>,
) -> Result<Created<Announcement>, UseCaseError<AnnounceRejection>> {
    let source = new.source.trim();
    if !Source::fits(source) {
        return Err(AnnounceRejection::Source.into());
    }
    if !Amount::fits(new.amount) {
        return Err(AnnounceRejection::Amount.into());
    }
    if let Some(programme) = new.programme_id
        && !known::programme(tx, programme).await?
    {
        return Err(AnnounceRejection::NoProgramme.into());
    }
    let inserted = sqlx::query!(
        "insert into funding.announcement (id, funder_id, programme_id, cents, announced_on, source, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing",
        new.id.uuid(),
        new.funder_id.uuid(),
        new.programme_id.map(ProgrammeId::uuid),
        new.amount.get(),
        new.announced_on,
        source,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "announcement_positive") => {
            UseCaseError::Rejected(AnnounceRejection::Amount)
        }
        error if database::is_constraint(&error, "announcement_funder") => {
            UseCaseError::Rejected(AnnounceRejection::NoFunder)
        }
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    let known = read(&mut *tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let wanted = Announcement {
        source: source.to_owned(),
        ..new.clone()
    };
    match inserted {
        true => {
            audit(tx, who, at, "announcement.record", Some(new.id.uuid()), new.amount).await?;
            Ok(Created::New(known))
        }
        false if known == wanted => Ok(Created::Existing(known)),
        false => Err(UseCaseError::IdReused),
    }
}

/// The announcement of this id.
pub async fn read(connection: &mut PgConnection, id: AnnouncementId) -> Result<Option<Announcement>, sqlx::Error> {
    Ok(rows(connection, Some(id), None, None, 1).await?.pop())
}

/// Announcements of one funder or of all, in order of id.
pub async fn list(
    connection: &mut PgConnection,
    funder: Option<OrganisationId>,
    after: Option<AnnouncementId>,
    limit: i64,
) -> Result<Page<Announcement>, sqlx::Error> {
    let items = rows(connection, None, funder, after, limit + 1).await?;
    Ok(Page::new(items, limit, |one| one.id))
}

async fn rows(
    connection: &mut PgConnection,
    only: Option<AnnouncementId>,
    funder: Option<OrganisationId>,
    after: Option<AnnouncementId>,
    rows_max: i64,
) -> Result<Vec<Announcement>, sqlx::Error> {
    sqlx::query_as!(
        Announcement,
        r#"select id as "id: AnnouncementId", funder_id as "funder_id: OrganisationId",
               programme_id as "programme_id: ProgrammeId", cents as "amount: Cents", announced_on, source
           from funding.announcement
           where ($1::uuid is null or id = $1) and ($2::uuid is null or funder_id = $2) and ($3::uuid is null or id > $3)
           order by id limit $4"#,
        only.map(AnnouncementId::uuid),
        funder.map(OrganisationId::uuid),
        after.map(AnnouncementId::uuid),
        rows_max,
    )
    .fetch_all(connection)
    .await
}
