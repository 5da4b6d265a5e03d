//! The keys that this process signs vouchers with.

use std::collections::HashMap;
use std::sync::Arc;

use voucher::{Kid, Signer};

/// The loaded keys, by identifier. A voucher is always signed by the key that it was minted for, so every key that may still be
/// asked for a reprint stays loaded beside the newest.
#[derive(Clone)]
pub struct Signers {
    minting: Kid,
    by_kid: Arc<HashMap<Kid, Arc<dyn Signer>>>,
}

impl Signers {
    /// New vouchers are minted for `minting`; those of `earlier` keys can still be printed.
    #[must_use]
    pub fn new(minting: Arc<dyn Signer>, earlier: impl IntoIterator<Item = Arc<dyn Signer>>) -> Self {
        let kid = minting.kid();
        let all = earlier.into_iter().chain([minting]);
        let by_kid = all.map(|signer| (signer.kid(), signer)).collect();
        Self {
            minting: kid,
            by_kid: Arc::new(by_kid),
        }
    }

    /// The key for which vouchers are minted now.
    #[must_use]
    pub const fn minting(&self) -> Kid {
        self.minting
    }

    /// The key `kid`, if it is loaded.
    #[must_use]
    pub fn get(&self, kid: Kid) -> Option<&dyn Signer> {
        self.by_kid.get(&kid).map(AsRef::as_ref)
    }

    /// The identifiers of the loaded keys, in no order.
    pub fn kids(&self) -> impl Iterator<Item = Kid> + '_ {
        self.by_kid.keys().copied()
    }
}

impl std::fmt::Debug for Signers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_kid.keys()).finish()
    }
}
