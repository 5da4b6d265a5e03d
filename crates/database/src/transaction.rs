use std::error::Error;
use std::pin::Pin;
use std::time::{Duration, Instant};

use sqlx::{PgPool, PgTransaction};

/// What the body of a [`transaction()`] returns.
pub type BoxFuture<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// How often a transaction is begun in all, when PostgreSQL asks to begin again.
pub const ATTEMPTS_MAX: u32 = 5;

/// Runs `body` in a transaction named `name`, commits it, and begins again (with a growing pause) when PostgreSQL
/// says that nothing but timing was wrong: serialization failure (40001) or deadlock (40P01). Metered as
/// `ccn_transaction_seconds` and `ccn_transaction_retries_total`.
///
/// ```no_run
/// # async fn example(pool: sqlx::PgPool) -> Result<(), sqlx::Error> {
/// database::transaction(&pool, "greet", |tx| Box::pin(async move {
///     sqlx::query("select 1").execute(&mut **tx).await.map(drop)
/// })).await
/// # }
/// ```
pub async fn transaction<T, E, F>(pool: &PgPool, name: &'static str, mut body: F) -> Result<T, E>
where
    F: for<'t> FnMut(&'t mut PgTransaction<'static>) -> BoxFuture<'t, Result<T, E>> + Send,
    E: Error + From<sqlx::Error> + 'static,
{
    let started = Instant::now();
    let mut attempt = 1;
    let result = loop {
        let result = once(pool, &mut body).await;
        match &result {
            Err(error) if attempt < ATTEMPTS_MAX && begin_again(error) => {
                metrics::counter!("ccn_transaction_retries_total", "name" => name).increment(1);
                tracing::debug!(name, attempt, "transaction begins again");
                tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                attempt += 1;
            }
            _ => break result,
        }
    };
    metrics::histogram!("ccn_transaction_seconds", "name" => name).record(started.elapsed());
    result
}

async fn once<T, E, F>(pool: &PgPool, body: &mut F) -> Result<T, E>
where
    F: for<'t> FnMut(&'t mut PgTransaction<'static>) -> BoxFuture<'t, Result<T, E>> + Send,
    E: Error + From<sqlx::Error> + 'static,
{
    let mut tx = pool.begin().await?;
    let value = body(&mut tx).await?;
    tx.commit().await?;
    Ok(value)
}

/// Walks the causes down to PostgreSQL's own code, since each use case wraps it in its own error.
fn begin_again(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let code = error
            .downcast_ref::<sqlx::Error>()
            .and_then(|error| error.as_database_error()?.code());
        if let Some(code) = code {
            return matches!(code.as_ref(), "40001" | "40P01");
        }
        cause = error.source();
    }
    false
}

/// Whether a statement failed on the constraint of this name: the constraint decides, its name says what.
#[must_use]
pub fn is_constraint(error: &sqlx::Error, constraint: &str) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.constraint() == Some(constraint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UseCaseError;

    #[test]
    fn a_failure_is_found_behind_every_shape_of_error() {
        // A pool that is closed has no code: what is looked for is the walk to it.
        let found = |error: &(dyn Error + 'static)| {
            let mut cause = Some(error);
            while let Some(error) = cause {
                if error.downcast_ref::<sqlx::Error>().is_some() {
                    return true;
                }
                cause = error.source();
            }
            false
        };
        assert!(found(&UseCaseError::<()>::from(sqlx::Error::PoolClosed)));
        assert!(found(&UseCaseError::<()>::failed(sqlx::Error::PoolClosed)));
        assert!(!found(&UseCaseError::Rejected(())));
        assert!(!begin_again(&UseCaseError::<()>::from(sqlx::Error::PoolClosed)));
    }
}
