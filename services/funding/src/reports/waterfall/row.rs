use ledger::read::ProgrammeFigures;
use ledger::{BookId, PartyId};
use serde::Serialize;
use standards::Cents;
use utoipa::ToSchema;

use crate::reports::waterfall::off_ledger::OffLedgerFigures;

macro_rules! row {
    ($($(#[$doc:meta])* $column:ident,)+) => {
        /// A line of the report, or a funder's total (without programme).
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
        pub struct WaterfallRow {
            pub funder: String,
            pub funder_id: PartyId,
            /// Its name; none for money without programme, and in totals.
            pub programme: Option<String>,
            pub programme_id: Option<BookId>,
            $($(#[$doc])* pub $column: Cents,)+
        }

        impl WaterfallRow {
            /// The columns of amounts, in the report's order.
            pub(super) const COLUMNS: &[&str] = &[$(stringify!($column)),+];

            /// A row of nothing.
            pub(super) const fn empty(funder_id: PartyId) -> Self {
                Self { funder: String::new(), funder_id, programme: None, programme_id: None, $($column: Cents::ZERO,)+ }
            }

            /// The amounts, in the report's order.
            pub(super) fn amounts(&self) -> Vec<Cents> {
                vec![$(self.$column),+]
            }

            /// Adds another row's amounts; `None` beyond 64 bits.
            pub(super) fn add(&mut self, other: &Self) -> Option<()> {
                $(self.$column = self.$column.checked_add(other.$column)?;)+
                Some(())
            }

            /// Takes another row's amounts off; `None` beyond 64 bits.
            fn take_off(&mut self, other: &Self) -> Option<()> {
                $(self.$column = self.$column.checked_sub(other.$column)?;)+
                Some(())
            }
        }
    };
}

row! {
    /// Said in public, signed or not.
    announced,
    agreed,
    called,
    /// On the bank account, or mandated where the programme accepts it.
    received,
    /// Ordered, not cancelled or revoked since.
    ordered,
    /// Put behind batches, not cancelled or revoked since.
    funded,
    /// Became vouchers, not revoked since.
    activated,
    /// In people's hands, not revoked since.
    handed_over,
    /// Spent at structures, not reversed since.
    claimed,
    /// Paid to structures: debited at the bank, not come back.
    paid,
    /// Past the last day.
    expired,
    /// Refunded: debited at the bank, not come back.
    returned,
    /// Can be put behind batches, or allocated.
    free,
    /// On spendable vouchers that nobody recorded as handed over: what was claimed, revoked or swept past the last day is
    /// at risk no more.
    at_risk,
    /// Claimed and not paid.
    owed,
    /// Given back by revocations.
    revoked,
    /// Of `received`: mandated, and not on the bank account yet.
    mandated,
    /// What came, less what was paid and returned; with what closes moved between funders. Negative: advanced by the other funders.
    cash,
}

impl WaterfallRow {
    /// Where it stands in the report: by funder, then programme, money without programme last.
    pub(super) fn place(&self) -> (String, PartyId, bool, Option<String>, Option<BookId>) {
        let (funder, programme) = (self.funder.clone(), self.programme.clone());
        (
            funder,
            self.funder_id,
            programme.is_none(),
            programme,
            self.programme_id,
        )
    }

    /// Takes off what happened before; how things stand stays. `None` beyond 64 bits.
    pub(super) fn happened_since(&mut self, before: &Self) -> Option<()> {
        let (mandated, free, at_risk, owed, cash) = (self.mandated, self.free, self.at_risk, self.owed, self.cash);
        self.take_off(before)?;
        (self.mandated, self.free, self.at_risk, self.owed, self.cash) = (mandated, free, at_risk, owed, cash);
        Some(())
    }

    /// A row from what the books and what the other records say; `None` beyond 64 bits.
    pub(super) fn of_programme(
        (book, funder): (BookId, PartyId),
        inside: Option<&ProgrammeFigures>,
        off_ledger: &OffLedgerFigures,
    ) -> Option<Self> {
        let of = |figure: fn(&ProgrammeFigures) -> Cents| inside.map(figure).unwrap_or_default();
        let revoked = of(ProgrammeFigures::revoked_in_all);
        let activated = of(|line| line.activated).checked_sub(revoked)?;
        let behind_batches = of(|line| line.funded)
            .checked_sub(of(|line| line.batch_cancelled))?
            .checked_sub(revoked)?;
        let claimed = of(|line| line.claimed);
        let received = of(|line| line.allocated).checked_sub(off_ledger.credited)?;
        let mandated = off_ledger.mandated.min(received.max(Cents::ZERO));
        let came = received.checked_sub(mandated)?.checked_add(of(|line| line.trued_up))?;
        Some(Self {
            programme_id: Some(book),
            announced: off_ledger.announced,
            agreed: off_ledger.agreed,
            called: off_ledger.called,
            received,
            mandated,
            cash: came.checked_sub(off_ledger.paid)?.checked_sub(off_ledger.returned)?,
            ordered: off_ledger.ordered.checked_sub(revoked)?,
            funded: behind_batches,
            activated,
            handed_over: off_ledger.handed_over,
            claimed,
            paid: off_ledger.paid,
            expired: of(ProgrammeFigures::expired_in_all),
            returned: off_ledger.returned,
            free: of(|line| line.available),
            at_risk: of(|line| line.on_vouchers).checked_sub(off_ledger.outstanding)?,
            owed: claimed.checked_sub(off_ledger.paid)?,
            revoked,
            ..Self::empty(funder)
        })
    }
}
