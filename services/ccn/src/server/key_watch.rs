//! The folder of keys, looked at again while the issuer runs.

use std::time::Duration;

use ::keys::KeyStore;
use issuer::Signers;

/// Seconds between two looks at the folder of keys: a key that is put there is in use, or ready for its day, after this.
pub(crate) const KEYS_RESCAN_SECONDS: u64 = 15;

/// Looks again and again, until the task is aborted.
pub(crate) async fn watch_keys(mut store: KeyStore, signers: Signers) {
    let mut ticks = tokio::time::interval(Duration::from_secs(KEYS_RESCAN_SECONDS));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Unsealing and security modules take their time.
        let looked = tokio::task::spawn_blocking(move || {
            let keys = store.look();
            (store, keys)
        });
        let Ok((again, keys)) = looked.await else {
            tracing::error!("the folder of keys is not watched any more");
            return;
        };
        store = again;
        signers.replace(keys);
    }
}
