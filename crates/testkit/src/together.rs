use std::sync::Arc;

use tokio::sync::Barrier;

/// Runs one task for each of `things`, all let go at the same moment, and gives what each came to, in order.
pub async fn together<T, R, F>(things: Vec<T>, act: impl Fn(T) -> F) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let start = Arc::new(Barrier::new(things.len()));
    let tasks: Vec<_> = things
        .into_iter()
        .map(|thing| {
            let (start, acting) = (Arc::clone(&start), act(thing));
            tokio::spawn(async move {
                start.wait().await;
                acting.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no task panics"));
    }
    results
}
