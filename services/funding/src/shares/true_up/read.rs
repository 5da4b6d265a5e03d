//! The closes of a programme as they are kept.

use access::Caller;
use catalogue::ProgrammeId;
use database::UseCaseError;
use serde::Serialize;
use sqlx::{PgConnection, PgTransaction};
use utoipa::ToSchema;

use super::view::{TrueUpPaymentView, payments};
use super::{TrueUp, TrueUpRejection, due, names};
use crate::support::ids::TrueUpId;

/// The closes of a programme, and what a further one would settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrueUps {
    pub true_ups: Vec<TrueUp>,
    /// Who owes whom since the last one; nothing when all is settled, or the programme has not ended.
    pub due: Vec<TrueUpPaymentView>,
}

pub(super) async fn insert(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    made: &TrueUp,
) -> Result<(), UseCaseError<TrueUpRejection>> {
    let stored = serde_json::to_value(&made.computation).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "insert into funding.true_up (programme_id, number, id, computation, by_organisation, at)
         values ($1, $2, $3, $4, $5, $6)",
        made.programme_id.uuid(),
        made.number,
        made.id.uuid(),
        stored,
        who.organisation().uuid(),
        made.at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| {
        if database::is_constraint(&error, "true_up_id_unique") {
            UseCaseError::IdReused
        } else {
            error.into()
        }
    })?;
    for payment in &made.computation.payments {
        sqlx::query!(
            "insert into funding.true_up_payment (programme_id, number, from_funder, to_funder, cents) values ($1, $2, $3, $4, $5)",
            made.programme_id.uuid(),
            made.number,
            payment.from_id.uuid(),
            payment.to_id.uuid(),
            payment.amount.get(),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The closes of a programme, by number.
pub async fn read(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<TrueUp>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select number, id as "id: TrueUpId", computation, at from funding.true_up where programme_id = $1 order by number"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let true_up = |computation| serde_json::from_value(computation).map_err(|error| sqlx::Error::Decode(error.into()));
    rows.into_iter()
        .map(|row| {
            Ok(TrueUp {
                id: row.id,
                programme_id: programme,
                number: row.number,
                at: row.at,
                computation: true_up(row.computation)?,
            })
        })
        .collect()
}

/// The closes of a programme, with what is due since.
pub async fn read_all(connection: &mut PgConnection, programme: ProgrammeId) -> Result<TrueUps, sqlx::Error> {
    let due = due::due(&mut *connection, programme).await?;
    let parties: Vec<_> = due.iter().flat_map(|payment| [payment.from, payment.to]).collect();
    let names = names(&mut *connection, &parties).await?;
    Ok(TrueUps {
        true_ups: read(connection, programme).await?,
        due: payments(&due, &names),
    })
}
