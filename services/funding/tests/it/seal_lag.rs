//! What waits for its seal is seen, and who keeps it waiting is named.

use funding::{CloseRejection, SEAL_LAG_SECONDS_MAX, show_seal_lag};
use ledger::read::InFlightTransaction;
use sqlx::{Executor, PgPool};
use web::Problem;

use crate::cycle::{PAID, march};
use crate::fixture::{id, instant, log_key};
use crate::fixture_exports::seals;

#[testkit::test]
async fn a_forgotten_transaction_is_named_when_the_seal_lags(admin: PgPool) {
    let fixture = march(admin).await;
    let now = instant("2026-04-02T08:00:00Z");
    seals(&fixture, &log_key(), now).await;
    let (lag, late) = show_seal_lag(&fixture.admin, now).await.unwrap();
    assert_eq!((lag.entries, lag.oldest, lag.waits_for, late), (0, None, None, false));

    // Somebody begins to write, and goes for lunch.
    let mut forgotten = fixture.admin.acquire().await.unwrap();
    let process: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut *forgotten)
        .await
        .unwrap();
    forgotten.execute("begin; select pg_current_xact_id()").await.unwrap();
    fixture.claims(id(207), PAID, &[5], "2026-04-02T08:00:00Z").await;
    ledger::seal::seal(&fixture.admin, &log_key(), now).await.unwrap();
    let in_time = now + chrono::TimeDelta::seconds(SEAL_LAG_SECONDS_MAX);
    let (lag, late) = show_seal_lag(&fixture.admin, in_time).await.unwrap();
    assert_eq!((lag.entries, lag.oldest, late), (1, Some(now), false));
    assert_eq!(lag.age(in_time).num_seconds(), SEAL_LAG_SECONDS_MAX);
    let (lag, late) = show_seal_lag(&fixture.admin, in_time + chrono::TimeDelta::seconds(1))
        .await
        .unwrap();
    assert!(late);
    let waits_for = lag.waits_for.unwrap();
    assert_eq!(waits_for.process, Some(process));
    // Told to the owner of the database.
    assert!(waits_for.seconds.is_some_and(|seconds| seconds >= 0), "{waits_for:?}");
    // The service's own role learns the process, if not since when.
    let pool = testkit::as_role(&fixture.admin, database::Role::Funding, 1).await;
    let (lag, _) = show_seal_lag(&pool, in_time).await.unwrap();
    assert_eq!(lag.waits_for.and_then(|waits_for| waits_for.process), Some(process));

    forgotten.execute("rollback").await.unwrap();
    seals(&fixture, &log_key(), in_time).await;
    let (lag, late) = show_seal_lag(&fixture.admin, in_time).await.unwrap();
    assert_eq!((lag.entries, late), (0, false));
}

#[test]
fn a_close_that_waits_in_vain_names_the_process() {
    let told = |under_way| {
        let problem = Problem::from(CloseRejection::Busy(under_way));
        assert_eq!(problem.kind(), "books-busy");
        problem.into_members()["detail"].as_str().unwrap().to_owned()
    };
    let busy = |process, seconds| Some(InFlightTransaction { process, seconds });
    let detail = told(busy(Some(4711), Some(720)));
    assert!(
        detail.contains("il y a 720 s, est celle du processus 4711 de PostgreSQL"),
        "{detail}"
    );
    assert!(told(busy(Some(4711), None)).contains("la plus ancienne est celle du processus 4711"));
    assert!(told(busy(None, None)).contains("pg_prepared_xacts"));
    assert!(told(None).ends_with("réessayez dans quelques secondes."));
}
