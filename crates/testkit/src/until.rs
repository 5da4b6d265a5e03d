use std::time::{Duration, Instant};

use sqlx::PgPool;

/// A machine that builds something else at the same time is slow.
const PATIENCE: Duration = Duration::from_mins(2);
const BETWEEN: Duration = Duration::from_millis(10);

/// Asks again and again until the answer is `Some`; fails, with what was waited for, after two minutes. Tests sleep nowhere else: what
/// they wait for is a state, never a time.
pub async fn until<T>(what: &str, mut asked: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = asked().await {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(BETWEEN).await;
    }
}

/// The same in a test without a runtime, such as one of processes.
pub fn until_blocking<T>(what: &str, mut asked: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = asked() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(BETWEEN);
    }
}

/// Comes back when so many statements of a database wait for a lock.
pub async fn until_waiting(pool: &PgPool, statements: i64) {
    until(&format!("{statements} statements that wait for a lock"), async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .expect("an answer");
        (waiting == statements).then_some(())
    })
    .await;
}
