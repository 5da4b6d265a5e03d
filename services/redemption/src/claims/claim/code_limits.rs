//! How many codes may be typed: counted in PostgreSQL, so that all processes count together.
//!
//! Three counts, each of an hour that begins with its first code: of the API key (one device), of the structure, and of everybody.
//! Wrong codes are what is limited; the limits on codes of any kind are generous, and stop a machine that guesses well.
//!
//! The three rows are locked, always in that order, for as long as the codes are looked for: so looks at typed codes go one after
//! the other, a few hundred a second, and no two of them pass a limit together. Claims of QR codes never come here. A claim refused
//! by a limit is counted nowhere.
//!
//! The claim that reaches a limit is answered whole, so a key learns of at most [`CLAIM_VOUCHERS_MAX`](super::CLAIM_VOUCHERS_MAX) codes
//! more than its limit. With 10⁸ vouchers that could be spent, a thousand guesses an hour find one in 20,000 years.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgPool, PgTransaction};
use uuid::Uuid;

use super::{ClaimError, ClaimRejection, Claimant};

/// How long codes count.
pub const CODES_WINDOW_SECONDS: i64 = 3600;

/// Wrong codes of one API key in a window.
pub const WRONG_CODES_KEY_MAX: i32 = 10;

/// Wrong codes of one structure in a window.
pub const WRONG_CODES_STRUCTURE_MAX: i32 = 30;

/// Wrong codes of everybody in a window.
pub const WRONG_CODES_EVERYBODY_MAX: i32 = 1_000;

/// Codes of one API key in a window, right or wrong.
pub const CODES_KEY_MAX: i32 = 500;

/// Codes of one structure in a window, right or wrong.
pub const CODES_STRUCTURE_MAX: i32 = 2_000;

/// Codes of everybody in a window, right or wrong.
pub const CODES_EVERYBODY_MAX: i32 = 100_000;

/// Old rows removed at a time.
const SWEPT_MAX: i64 = 100;

/// Who is counted, in the order in which the rows are locked.
fn scopes(who: Claimant) -> ([String; 3], [Uuid; 3]) {
    (
        ["api_key", "structure", "everybody"].map(str::to_owned),
        [who.key, who.structure.uuid(), Uuid::nil()],
    )
}

fn limits(scope: &str) -> (i32, i32) {
    match scope {
        "api_key" => (WRONG_CODES_KEY_MAX, CODES_KEY_MAX),
        "structure" => (WRONG_CODES_STRUCTURE_MAX, CODES_STRUCTURE_MAX),
        _ => (WRONG_CODES_EVERYBODY_MAX, CODES_EVERYBODY_MAX),
    }
}

/// Counts codes that are about to be looked for, unless a limit is reached: then the transaction is to be given up.
pub(super) async fn attempt(
    tx: &mut PgTransaction<'_>,
    who: Claimant,
    codes: usize,
    at: DateTime<Utc>,
) -> Result<(), ClaimError> {
    let (names, subjects) = scopes(who);
    let codes = i32::try_from(codes).unwrap_or(i32::MAX);
    let counts = sqlx::query!(
        "insert into redemption.code_attempt as a (scope, subject, since, attempts, wrong)
         select s.scope, s.subject, $3, $4, 0
         from unnest($1::text[], $2::uuid[]) with ordinality as s (scope, subject, place) order by s.place
         on conflict (scope, subject) do update set
             since = case when a.since <= $5 then excluded.since else a.since end,
             attempts = excluded.attempts + case when a.since <= $5 then 0 else a.attempts end,
             wrong = case when a.since <= $5 then 0 else a.wrong end
         returning scope, since, attempts, wrong",
        &names,
        &subjects,
        at,
        codes,
        at - TimeDelta::seconds(CODES_WINDOW_SECONDS),
    )
    .fetch_all(&mut **tx)
    .await?;
    let over = counts.into_iter().filter(|count| {
        let (wrong_max, codes_max) = limits(&count.scope);
        count.wrong >= wrong_max || count.attempts > codes_max
    });
    // Several limits may be reached: the one that passes last is told.
    match over
        .map(|count| CODES_WINDOW_SECONDS - (at - count.since).num_seconds())
        .max()
    {
        None => Ok(()),
        Some(seconds) => Err(ClaimRejection::TooManyCodes {
            retry_after_seconds: u32::try_from(seconds.max(1)).unwrap_or(u32::MAX),
        }
        .into()),
    }
}

/// Counts codes that led nowhere; the rows are locked already.
pub(super) async fn wrong(tx: &mut PgTransaction<'_>, who: Claimant, codes: usize) -> Result<(), sqlx::Error> {
    let (names, subjects) = scopes(who);
    sqlx::query!(
        "update redemption.code_attempt a set wrong = a.wrong + $3
         from unnest($1::text[], $2::uuid[]) as s (scope, subject)
         where a.scope = s.scope and a.subject = s.subject",
        &names,
        &subjects,
        i32::try_from(codes).unwrap_or(i32::MAX),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets counts that no longer count.
pub(super) async fn sweep(pool: &PgPool, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from redemption.code_attempt where ctid = any(array(
             select ctid from redemption.code_attempt where since <= $1 limit $2 for update skip locked))",
        at - TimeDelta::seconds(CODES_WINDOW_SECONDS),
        SWEPT_MAX,
    )
    .execute(pool)
    .await?;
    Ok(())
}
