use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Runs `work` on every item, at most `at_once` at the same time, and gives the results in the order of the items.
/// The first error ends it.
pub async fn in_parallel<I, T, F, W>(items: I, at_once: usize, work: W) -> anyhow::Result<Vec<T>>
where
    I: IntoIterator,
    T: Send + 'static,
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
    W: Fn(I::Item) -> F,
{
    let places = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for (index, item) in items.into_iter().enumerate() {
        let (future, places) = (work(item), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire_owned().await?;
            Ok::<_, anyhow::Error>((index, future.await?))
        });
    }
    let mut results = Vec::new();
    while let Some(result) = running.join_next().await {
        results.push(result??);
    }
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
