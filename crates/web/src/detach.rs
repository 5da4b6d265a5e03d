use tracing::Instrument;

use crate::Problem;

/// Does what may take longer than a request ([`crate::REQUEST_SECONDS_MAX`]) in a task of its own: when the request is given up, the work
/// goes on to its end while the process runs, and whoever comes again with the same id finds it done. An error only when it panicked.
pub async fn detach_from_request<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work.in_current_span())
        .await
        .map_err(|error| Problem::internal(&error))
}
