//! The keys that this process signs with.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use voucher::{Kid, Signer};

/// The loaded keys, by identifier, whatever their purpose: what each may be used for is in the catalogue. A voucher is always signed
/// by the key that it was minted for, so every key that may still be asked for a reprint stays loaded beside the newest.
///
/// Clones share one set, and whoever watches the folder of keys [replaces](Self::replace) it while the process runs.
#[derive(Clone, Default)]
pub struct Signers(Arc<RwLock<HashMap<Kid, Arc<dyn Signer>>>>);

impl Signers {
    #[must_use]
    pub fn new(one: Arc<dyn Signer>, others: impl IntoIterator<Item = Arc<dyn Signer>>) -> Self {
        let signers = Self::default();
        signers.replace(others.into_iter().chain([one]));
        signers
    }

    /// Takes these keys in the place of all others.
    pub fn replace(&self, signers: impl IntoIterator<Item = Arc<dyn Signer>>) {
        let all = signers.into_iter().map(|signer| (signer.kid(), signer)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// The key `kid`, if it is loaded.
    #[must_use]
    pub fn get(&self, kid: Kid) -> Option<Arc<dyn Signer>> {
        self.read().get(&kid).cloned()
    }

    /// Whether exactly this key is loaded, not only one of the same identifier.
    #[must_use]
    pub fn holds(&self, public: &[u8; 32]) -> bool {
        self.get(Kid::of(public))
            .is_some_and(|signer| signer.public_bytes() == *public)
    }

    /// The public halves of the loaded keys, in no order.
    #[must_use]
    pub fn public_halves(&self) -> Vec<[u8; 32]> {
        self.read().values().map(|signer| signer.public_bytes()).collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<Kid, Arc<dyn Signer>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Signers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.read().keys()).finish()
    }
}
