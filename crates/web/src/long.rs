use tracing::Instrument;

use crate::Problem;

/// Makes what may take longer than a request ([`crate::REQUEST_SECONDS_MAX`]) in a task of its own: it is made to its end all the same while
/// the process runs, and whoever comes again with the same id finds it. An error only when it panicked.
pub async fn to_the_end<T: Send + 'static>(making: impl Future<Output = T> + Send + 'static) -> Result<T, Problem> {
    tokio::spawn(making.in_current_span())
        .await
        .map_err(|error| Problem::internal(&error))
}
