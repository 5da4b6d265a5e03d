use access::{Caller, OrganisationId, audit};
use catalogue::{Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use sha2::{Digest, Sha256};
use sqlx::{PgExecutor, PgTransaction};

use super::{Logo, LogoRejection};
use crate::paper::settings;

/// Keeps the logo of the sponsor or of a funder in place of the one before. The same one again changes nothing.
pub(crate) async fn put(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    organisation: OrganisationId,
    logo: &Logo,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<LogoRejection>> {
    let plan = catalogue::current_plan(tx, programme.id).await?.map(|plan| plan.id);
    if !settings::partners(tx, programme, plan).await?.contains(&organisation) {
        return Err(LogoRejection::NotAPartner.into());
    }
    let digest = Sha256::digest(&logo.png);
    let changed = sqlx::query!(
        "insert into issuer.logo (book_id, organisation_id, png, width, height, sha256, at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (book_id, organisation_id) do update
         set png = excluded.png, width = excluded.width, height = excluded.height, sha256 = excluded.sha256, at = excluded.at
         where logo.sha256 <> excluded.sha256",
        programme.id.uuid(),
        organisation.uuid(),
        logo.png,
        i32::from(logo.width),
        i32::from(logo.height),
        digest.as_slice(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 1 {
        audit(tx, who, at, "logo.put", Some(organisation.uuid()), programme.id).await?;
    }
    Ok(())
}

/// Forgets a logo, if there is one.
pub(crate) async fn delete(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    organisation: OrganisationId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let deleted = sqlx::query!(
        "delete from issuer.logo where book_id = $1 and organisation_id = $2",
        programme.uuid(),
        organisation.uuid()
    )
    .execute(&mut **tx)
    .await?;
    if deleted.rows_affected() == 1 {
        audit(tx, who, at, "logo.delete", Some(organisation.uuid()), programme).await?;
    }
    Ok(())
}

/// The logo of one organisation.
pub(crate) async fn find(
    db: impl PgExecutor<'_>,
    programme: ProgrammeId,
    organisation: OrganisationId,
) -> Result<Option<Logo>, sqlx::Error> {
    Ok(of_organisations(db, programme, &[organisation])
        .await?
        .pop()
        .map(|(_, logo)| logo))
}

/// The logos of these organisations, of those that gave one.
pub(crate) async fn of_organisations(
    db: impl PgExecutor<'_>,
    programme: ProgrammeId,
    organisations: &[OrganisationId],
) -> Result<Vec<(OrganisationId, Logo)>, sqlx::Error> {
    let ids: Vec<uuid::Uuid> = organisations.iter().map(|organisation| organisation.uuid()).collect();
    let rows = sqlx::query!(
        r#"select organisation_id as "organisation: OrganisationId", png, width, height from issuer.logo
           where book_id = $1 and organisation_id = any($2)"#,
        programme.uuid(),
        &ids,
    )
    .fetch_all(db)
    .await?;
    let kept = "logo_size keeps it";
    let logos = rows.into_iter().map(|row| {
        let logo = Logo {
            png: row.png,
            width: u16::try_from(row.width).expect(kept),
            height: u16::try_from(row.height).expect(kept),
        };
        (row.organisation, logo)
    });
    Ok(logos.collect())
}
