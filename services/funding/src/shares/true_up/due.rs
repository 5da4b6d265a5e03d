//! What a true-up would settle now.

use std::collections::BTreeSet;

use catalogue::ProgrammeId;
use ledger::PartyId;
use shares::Payment;
use sqlx::PgConnection;

use super::used::{self, ProgrammeEnd, Version};

/// The computation, less what earlier true-ups settled; and the versions and funders whose counts are too small to be shown.
pub(super) async fn compute(
    connection: &mut PgConnection,
    programme: ProgrammeId,
    versions: &[Version],
) -> Result<(shares::TrueUp, BTreeSet<(usize, PartyId)>), sqlx::Error> {
    let used = used::used(&mut *connection, programme, versions).await?;
    let settled = settled(connection, programme).await?;
    let agreed = versions.iter().map(|version| version.plan.capped_plan());
    let computed = shares::true_up(&agreed.zip(used.batches).collect::<Vec<_>>(), &settled);
    Ok((computed, used.hidden))
}

/// Who would pay whom if the programme were closed now: nothing before its end is swept, and nothing once all is settled.
pub(crate) async fn due(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<Payment>, sqlx::Error> {
    if !limited(&mut *connection, Some(programme)).await?.contains(&programme)
        || used::end(&mut *connection, programme).await? != ProgrammeEnd::Swept
    {
        return Ok(Vec::new());
    }
    let versions = used::versions(&mut *connection, programme).await?;
    let (computed, _) = compute(connection, programme, &versions).await?;
    Ok(computed.payments)
}

/// The same of every programme where something is due.
pub(crate) async fn all_due(connection: &mut PgConnection) -> Result<Vec<(ProgrammeId, Vec<Payment>)>, sqlx::Error> {
    let mut all = Vec::new();
    for programme in limited(&mut *connection, None).await? {
        let payments = due(&mut *connection, programme).await?;
        if !payments.is_empty() {
            all.push((programme, payments));
        }
    }
    Ok(all)
}

/// Programmes, or this one, whose end is declared and where a share of something funded depends on use or audience: the others need
/// no true-up, and their vouchers are not read.
async fn limited(connection: &mut PgConnection, only: Option<ProgrammeId>) -> Result<Vec<ProgrammeId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select distinct b.book_id as "programme!: ProgrammeId"
           from issuer.batch_memo b
           join catalogue.plan_share s on s.plan_id = b.plan_id
               and num_nonnulls(s.used_rate, s.used_cap_cents, s.audience_quota) > 0
           where b.funded_at is not null and ($1::uuid is null or b.book_id = $1)
               and exists (select from issuer.programme_end e where e.book_id = b.book_id)
           order by 1"#,
        only.map(ProgrammeId::uuid),
    )
    .fetch_all(connection)
    .await
}

async fn settled(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        r#"select from_funder as "from: PartyId", to_funder as "to: PartyId", cents as "cents: standards::Cents"
           from funding.true_up_payment where programme_id = $1 order by number, from_funder, to_funder"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await
}
