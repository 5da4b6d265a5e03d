//! The advisory locks of all services, in the order in which a transaction may take them.
//!
//! Whoever holds one takes only later ones, so two transactions never wait for each other. Row locks, and the ledger's locks on accounts
//! (in order of their numbers), have orders of their own. A build with debug assertions asks PostgreSQL before it takes a lock whether the
//! transaction holds one that should come later, and panics: so every test of an act that takes two locks checks their order.
//!
//! A key is the lock's place in the list, and a hash of what it is about in the other seven bytes. Two subjects of one hash wait for each other, and
//! nothing else happens.

use ids::derive_uuid;
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

/// What is done by one transaction at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedLock {
    /// The schemas of a database: services that start together migrate one after the other.
    Migrations,
    /// The first public keys: two processes may start at once, and each would publish its own.
    FirstKeys,
    /// A batch's numbers of vouchers. Whoever acts on vouchers by their numbers shares it; a reissue, which gives others, has it alone.
    VoucherNumbers {
        /// The programme of the batch.
        programme: Uuid,
        batch: Uuid,
    },
    /// The places of a programme's vouchers in the status lists. Draws share it; who withdraws places for ever has it alone.
    StatusPlaces(Uuid),
    /// Imports of structures that are committed: each preview still tells what will happen.
    StructureImports,
    /// The choice of the next series of tokens.
    Series,
    /// The versions of a programme's funding plan, numbered one after the other.
    PlanVersions(Uuid),
    /// The versions of a programme's funding terms, numbered one after the other.
    TermsVersions(Uuid),
    /// Settlements: what is due is read once and paid once.
    Settlements,
    /// The refund of what a funder did not use in a programme that has ended: of each round there is one.
    UnusedValueRefund {
        /// The programme that has ended.
        programme: Uuid,
        /// Whose money it is.
        funder: Uuid,
    },
    /// The rules for payments, numbered one after the other.
    PaymentRules,
    /// Invoices and credit notes, numbered without a gap.
    Invoices,
    /// Who invoices and who is invoiced: the versions of both, numbered one after the other.
    InvoiceParties,
    /// What the bank says: statements, payment reports, breaks, and everything that a line of a statement may answer while it is matched.
    Statements,
    /// What is called and mandated of a convention: together it stays within what was agreed.
    Convention(Uuid),
    /// Reconciliation runs, numbered without a gap and each naming the one before.
    ReconciliationRuns,
    /// The co-signing keys of an organisation: there is a limit to their number.
    CosignerKeys(Uuid),
    /// Closes of months: each reads the whole book.
    MonthCloses,
    /// The sealed log: there is one sealer.
    Seal,
    /// What the evidence of a programme's claims is: reversals share it, who discloses evidence has it alone.
    Evidence(Uuid),
    /// What an installation is started with: its services start side by side. No other lock is taken beside it.
    Installation,
}

impl NamedLock {
    /// The lock's place in the order.
    const fn place(self) -> u8 {
        match self {
            Self::Migrations => 1,
            Self::FirstKeys => 2,
            Self::VoucherNumbers { .. } => 3,
            Self::StatusPlaces(_) => 4,
            Self::StructureImports => 5,
            Self::Series => 6,
            Self::PlanVersions(_) => 7,
            Self::TermsVersions(_) => 8,
            Self::Settlements => 9,
            Self::UnusedValueRefund { .. } => 10,
            Self::PaymentRules => 11,
            Self::Invoices => 12,
            Self::InvoiceParties => 13,
            Self::Statements => 14,
            Self::Convention(_) => 15,
            Self::ReconciliationRuns => 16,
            Self::CosignerKeys(_) => 17,
            Self::MonthCloses => 18,
            Self::Seal => 19,
            Self::Evidence(_) => 20,
            Self::Installation => 21,
        }
    }

    fn key(self) -> i64 {
        let subject = match self {
            Self::VoucherNumbers { programme, batch } => [programme, batch],
            Self::UnusedValueRefund { programme, funder } => [programme, funder],
            Self::StatusPlaces(subject)
            | Self::PlanVersions(subject)
            | Self::TermsVersions(subject)
            | Self::Convention(subject)
            | Self::CosignerKeys(subject)
            | Self::Evidence(subject) => [subject, Uuid::nil()],
            Self::Migrations
            | Self::FirstKeys
            | Self::StructureImports
            | Self::Series
            | Self::Settlements
            | Self::PaymentRules
            | Self::Invoices
            | Self::InvoiceParties
            | Self::Statements
            | Self::ReconciliationRuns
            | Self::MonthCloses
            | Self::Seal
            | Self::Installation => [Uuid::nil(); 2],
        };
        let hash = derive_uuid(b"advisory-lock", &[subject[0].as_bytes(), subject[1].as_bytes()]);
        let mut key = [self.place(), 0, 0, 0, 0, 0, 0, 0];
        key[1..].copy_from_slice(&hash.as_bytes()[..7]);
        i64::from_be_bytes(key)
    }

    /// Waits for the lock; it is held until the end of the transaction.
    pub async fn take(self, tx: &mut PgTransaction<'_>) -> sqlx::Result<()> {
        self.check_order(tx).await?;
        let taken = sqlx::query("select pg_advisory_xact_lock($1)").bind(self.key());
        taken.execute(&mut **tx).await.map(drop)
    }

    /// As [`take`](Self::take), beside others that share the lock.
    pub async fn take_shared(self, tx: &mut PgTransaction<'_>) -> sqlx::Result<()> {
        self.check_order(tx).await?;
        let taken = sqlx::query("select pg_advisory_xact_lock_shared($1)").bind(self.key());
        taken.execute(&mut **tx).await.map(drop)
    }

    /// Takes the lock if nobody holds it, and tells whether.
    pub async fn try_take(self, tx: &mut PgTransaction<'_>) -> sqlx::Result<bool> {
        self.check_order(tx).await?;
        let taken = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)").bind(self.key());
        taken.fetch_one(&mut **tx).await
    }

    /// Waits for the lock for so many seconds at the most. When it was not free within them, tells so, and the transaction can only be
    /// rolled back.
    pub async fn take_within(self, tx: &mut PgTransaction<'_>, seconds_max: u32) -> sqlx::Result<bool> {
        self.check_order(tx).await?;
        sqlx::query("select set_config('lock_timeout', $1, true)")
            .bind(format!("{seconds_max}s"))
            .execute(&mut **tx)
            .await?;
        let taken = sqlx::query("select pg_advisory_xact_lock($1)").bind(self.key());
        match taken.execute(&mut **tx).await {
            // lock_not_available
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => return Ok(false),
            taken => taken?,
        };
        sqlx::query("set local lock_timeout to default")
            .execute(&mut **tx)
            .await?;
        Ok(true)
    }

    /// Waits for the lock; it is held until the connection is closed, over as many transactions as there are.
    pub(crate) async fn take_for_session(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let taken = sqlx::query("select pg_advisory_lock($1)").bind(self.key());
        taken.execute(connection).await.map(drop)
    }

    /// Panics, with debug assertions, when the transaction holds a lock of the same place or of a later one; the same lock may be taken
    /// again.
    async fn check_order(self, tx: &mut PgTransaction<'_>) -> sqlx::Result<()> {
        if !cfg!(debug_assertions) {
            return Ok(());
        }
        let later: Option<i64> = sqlx::query_scalar(
            "select max(held.key) from (
                 select (classid::bigint << 32) | objid::bigint as key from pg_locks
                 where locktype = 'advisory' and objsubid = 1 and pid = pg_backend_pid()) held
             where held.key >> 56 >= $1 and held.key <> $2",
        )
        .bind(i64::from(self.place()))
        .bind(self.key())
        .fetch_one(&mut **tx)
        .await?;
        if let Some(later) = later {
            panic!("{self:?} is taken after the lock of place {}", later >> 56);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_the_place_and_what_the_lock_is_about() {
        let [one, two] = [1, 2].map(Uuid::from_u128);
        assert_eq!(NamedLock::Statements.key() >> 56, 14);
        assert_ne!(NamedLock::Convention(one).key(), NamedLock::Convention(two).key());
        assert_ne!(NamedLock::PlanVersions(one).key(), NamedLock::TermsVersions(one).key());
        let batch = |programme, batch| NamedLock::VoucherNumbers { programme, batch }.key();
        assert_ne!(batch(one, two), batch(two, one));
    }
}
