//! What a voucher's paper left in columns, read back. A check constraint keeps their lengths, so a row is never half of one.

use sealed_log::{Commitment, Evidence, Presentation};

/// Of a voucher's account; nothing of any other.
pub(crate) fn commitment(nonce: Option<&[u8]>, digest: Option<&[u8]>) -> Option<Commitment> {
    Some(Commitment {
        nonce: nonce?.try_into().ok()?,
        digest: digest?.try_into().ok()?,
    })
}

/// Of the transfer of a claim; nothing of any other.
pub(crate) fn evidence(presented: Option<i16>, digest: Option<&[u8]>) -> Option<Evidence> {
    Some(Evidence {
        presented: Presentation::from_code(presented?)?,
        digest: digest?.try_into().ok()?,
    })
}
