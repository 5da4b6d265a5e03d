use access::{Caller, Role};
use catalogue::{Programme, ProgrammeId};
use sqlx::PgPool;
use web::Problem;

/// In which quality somebody reads about the money of a programme: its plan, its close, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MoneyReader {
    /// The operator or an auditor.
    pub everything: bool,
    /// It runs the programme.
    pub sponsors: bool,
    /// It signed for the programme, gave money to it, or is in one of its plans.
    pub funds: bool,
}

impl MoneyReader {
    /// What is counted by distribution point is for those who answer for it.
    pub fn sees_points(self) -> bool {
        self.everything || self.sponsors
    }
}

/// The programme, if the caller may read about its money; to others it does not exist. What is asked for has no say in who may ask.
pub(crate) async fn programme(
    pool: &PgPool,
    who: &Caller,
    id: ProgrammeId,
) -> Result<(Programme, MoneyReader), Problem> {
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let nothing = || Problem::not_found("Ce dispositif");
    let programme = catalogue::programme(pool, id)
        .await
        .map_err(internal)?
        .ok_or_else(nothing)?;
    let reader = MoneyReader {
        everything: who.has(Role::Operator) || who.has(Role::Auditor),
        sponsors: who.has(Role::Sponsor) && programme.sponsor_id == who.organisation(),
        funds: who.has(Role::Funder) && funds(pool, who, id).await.map_err(internal)?,
    };
    if reader.everything || reader.sponsors || reader.funds {
        Ok((programme, reader))
    } else {
        Err(nothing())
    }
}

async fn funds(pool: &PgPool, who: &Caller, programme: ProgrammeId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from funding.convention where funder_id = $1 and programme_id = $2)
               or exists (select from funding.allocation where funder_id = $1 and programme_id = $2)
               or exists (
                   select from catalogue.plan p join catalogue.plan_share s on s.plan_id = p.id
                   where s.funder_id = $1 and p.programme_id = $2) as "funds!""#,
        who.organisation().uuid(),
        programme.uuid(),
    )
    .fetch_one(pool)
    .await
}
