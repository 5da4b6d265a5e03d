//! The numbers of a batch's vouchers hold still while somebody acts on them.
//!
//! A [reissue](crate::vouchers::reissue::reissue()) gives vouchers other numbers. The accounts that an act locks are named by these numbers, so they are
//! read before the books' locks, and an act that read them, then waited for a reissue to end, would open or block withdrawn ones: the
//! stolen paper would be worth money, and the new one nothing. So whoever reads numbers to act on them says so first.
//!
//! The lock is of one batch and comes before every other one. Acts share it; a reissue waits for those under way and has it alone.
//!
//! *Rejected:* reading the numbers again under the books' locks (what changed would have to be locked too, out of order).

use database::NamedLock;
use sqlx::PgTransaction;

use crate::batches::batch::BatchRow;

/// What a transaction does with the numbers of a batch's vouchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Acts on vouchers by their numbers.
    Keep,
    /// Gives them other numbers.
    Change,
}

/// Waits until nobody changes (or uses) the numbers of this batch; they stay until the end of the transaction.
pub(crate) async fn lock(tx: &mut PgTransaction<'_>, batch: &BatchRow, numbers: Numbers) -> Result<(), sqlx::Error> {
    let lock = NamedLock::VoucherNumbers {
        programme: batch.programme.uuid(),
        batch: batch.id.uuid(),
    };
    match numbers {
        Numbers::Keep => lock.take_shared(tx).await,
        Numbers::Change => lock.take(tx).await,
    }
}
