use std::collections::HashSet;
use std::num::NonZeroU32;

use ledger::read::Opening;
use ledger::{
    Account, AccountNumber, BatchId, BookId, PartyId, Transfer, TransferId, TransferKind, refund_transfer_id,
};
use shares::Plan;
use sqlx::PgConnection;
use standards::Cents;

use crate::batches::batch::{BatchRow, Printed};

/// Who pays what of each voucher of one batch: its plan, its face value, and the accounts they name.
#[derive(Debug, Clone)]
pub(crate) struct BatchShares {
    book: BookId,
    batch: BatchId,
    face_value: Cents,
    plan: Plan,
    /// Of a batch that was funded: the plan that it keeps. Until then a limit may still change it.
    settled: bool,
}

impl BatchShares {
    /// The plan that the batch keeps: as it was funded or, until then, as it was ordered. What is funded has no funder that
    /// the order had not, so whoever locks these accounts has locked enough.
    pub(crate) async fn load(connection: &mut PgConnection, batch: &BatchRow) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select funder_id as "funder!: PartyId", rate as "rate!" from issuer.batch_plan_share
               where book_id = $1 and batch_id = $2 order by rank"#,
            batch.book().uuid(),
            batch.id.uuid(),
        )
        .fetch_all(connection)
        .await?;
        let plan = Plan::new(rows.into_iter().map(|row| (row.funder, row.rate)).collect())
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self::of(batch, plan))
    }

    /// The same batch as it is read under the locks: its plan again, when it was funded meanwhile.
    pub(crate) async fn under_locks(
        self,
        connection: &mut PgConnection,
        batch: &BatchRow,
    ) -> Result<Self, sqlx::Error> {
        if self.settled == batch.funded_at.is_some() {
            Ok(self)
        } else {
            Self::load(connection, batch).await
        }
    }

    /// A batch that splits by `plan`.
    pub(crate) const fn of(batch: &BatchRow, plan: Plan) -> Self {
        Self {
            book: batch.book(),
            batch: batch.id,
            face_value: batch.face_value,
            plan,
            settled: batch.funded_at.is_some(),
        }
    }

    pub(crate) fn funders(&self) -> impl Iterator<Item = PartyId> {
        self.plan.funders().iter().map(|(funder, _)| *funder)
    }

    pub(crate) fn reserved(&self, funder: PartyId) -> Account {
        Account::reserved(self.book, self.batch, funder)
    }

    /// Every account that acts on this batch post to, but vouchers.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        self.funders()
            .flat_map(|funder| [self.reserved(funder), Account::refundable(self.book, funder)])
            .collect()
    }

    /// What each funder reserves for a batch of `vouchers` vouchers, in the plan's order. Those blocked before will never be
    /// opened: exactly their own shares are left out.
    pub(crate) fn to_reserve(&self, vouchers: u32, blocked: &HashSet<u32>) -> Vec<(PartyId, Cents)> {
        let all = self.plan.sum_first(vouchers, self.face_value);
        let mut sums: Vec<(PartyId, Cents)> = self.funders().zip(all).collect();
        for &serial in blocked {
            let serial = NonZeroU32::new(serial).expect("serial numbers start at 1");
            for ((_, sum), cents) in sums.iter_mut().zip(self.plan.split(serial, self.face_value)) {
                *sum = sum.checked_sub(cents).expect("a part is not more than the whole");
            }
        }
        sums
    }

    /// What each funder pays of one voucher; a funder whose turn it is to pay nothing is left out.
    pub(crate) fn split(&self, serial: u32) -> Vec<(PartyId, Cents)> {
        let serial = NonZeroU32::new(serial).expect("serial numbers start at 1");
        self.funders()
            .zip(self.plan.split(serial, self.face_value))
            .filter(|(_, cents)| cents.is_positive())
            .collect()
    }

    /// Opens a voucher: reserved → voucher, one leg a funder. The ids come from (batch, serial, leg), so the same voucher is
    /// never opened twice, whoever asks and in whatever chunk.
    pub(crate) fn opening(&self, voucher: &Printed) -> Vec<Transfer> {
        let (serial, commitment) = (voucher.serial, voucher.commitment());
        let voucher = Account::new_voucher(self.book, voucher.number, self.face_value, commitment);
        let legs = self.split(serial).into_iter().zip(0_u8..);
        legs.map(|((funder, cents), leg)| {
            let id = TransferId::derive(
                b"activated",
                &[self.batch.uuid().as_bytes(), &serial.to_be_bytes(), &[leg]],
            );
            Transfer::new(id, TransferKind::Activated, self.reserved(funder), voucher, cents)
                .expect("a positive share goes from its reserve to a new voucher of the same book")
        })
        .collect()
    }

    /// Gives up a voucher that was never opened: its part of the reserves → refundable.
    pub(crate) fn giving_up(&self, number: AccountNumber, serial: u32) -> Vec<Transfer> {
        let legs = self.split(serial).into_iter().zip(0_u8..);
        legs.map(|((funder, cents), leg)| {
            let id = TransferId::derive(
                b"given up",
                &[&number.get().to_be_bytes(), self.batch.uuid().as_bytes(), &[leg]],
            );
            self.release(id, TransferKind::BatchCancelled, funder, cents)
        })
        .collect()
    }

    /// Reserved → refundable.
    pub(crate) fn release(&self, id: TransferId, kind: TransferKind, funder: PartyId, cents: Cents) -> Transfer {
        Transfer::new(
            id,
            kind,
            self.reserved(funder),
            Account::refundable(self.book, funder),
            cents,
        )
        .expect("a positive amount goes from a reserve to what is owed to the same funder")
    }
}

/// Takes all that is on a voucher back to those who paid it, cent for cent.
pub(crate) fn giving_back(
    book: BookId,
    kind: TransferKind,
    number: AccountNumber,
    openings: &[Opening],
) -> Vec<Transfer> {
    let legs = openings.iter().zip(0_u8..);
    legs.map(|(opening, leg)| {
        let id = refund_transfer_id(kind, book, number, leg);
        let (from, to) = (
            Account::voucher(book, number),
            Account::refundable(book, opening.funder),
        );
        Transfer::new(id, kind, from, to, opening.cents).expect("an opening is positive and of the same book")
    })
    .collect()
}
