//! What lines can be.

use ledger::PartyId;
use standards::Cents;
use uuid::Uuid;

use crate::bank::statement::awaited::Came;
use crate::bank::statement::known::{Known, Payment};
use crate::{support::ids::CallId, support::ids::PaymentId};

/// What a line is, and by which rule; in the order of the lines, nothing for an unexplained one.
pub(in crate::bank::statement) type Matches = Vec<Option<Match>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bank::statement) struct Match {
    pub rule: &'static str,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bank::statement) enum What {
    /// A payment left the account.
    Debited(Item),
    /// The same, and the bank took its charge with it.
    DebitedWithCharge(Item, Cents),
    /// Every payment of a file that was under way left the account.
    File(Uuid, Vec<Item>),
    /// A payment came back.
    Returned(Item, String),
    /// A mandate or an invoice is paid.
    Awaited(Came),
    /// A contribution arrived.
    Call {
        id: CallId,
        funder: PartyId,
        reference: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bank::statement) struct Item {
    pub id: PaymentId,
    pub party: PartyId,
    pub cents: Cents,
    pub refund: bool,
}

impl Item {
    pub(super) const fn new(id: PaymentId, payment: &Payment) -> Self {
        Self {
            id,
            party: payment.party,
            cents: payment.cents,
            refund: payment.refund,
        }
    }
}

impl Payment {
    pub(super) const fn is_under_way(&self) -> bool {
        !self.debited && !self.rejected
    }
}

impl Known {
    pub(super) fn under_way(&self) -> impl Iterator<Item = (PaymentId, &Payment)> {
        self.payments
            .iter()
            .filter(|(_, payment)| payment.is_under_way())
            .map(|(&id, payment)| (id, payment))
    }

    /// The payment leaves: no other line is it.
    pub(super) fn debit(&mut self, id: PaymentId) -> Option<What> {
        let payment = self.payments.get_mut(&id).filter(|payment| payment.is_under_way())?;
        payment.debited = true;
        Some(What::Debited(Item::new(id, payment)))
    }

    /// The whole file leaves, if `out` is the total of what is under way of it.
    pub(super) fn debit_file(&mut self, file: Uuid, out: Option<Cents>) -> Option<What> {
        if !self.is_total(file, out) {
            return None;
        }
        let open = self
            .payments
            .iter_mut()
            .filter(|(_, payment)| payment.file == file && payment.is_under_way());
        let items = open.map(|(&id, payment)| {
            payment.debited = true;
            Item::new(id, payment)
        });
        Some(What::File(file, items.collect()))
    }

    pub(super) fn is_total(&self, file: Uuid, out: Option<Cents>) -> bool {
        let of_file = self.under_way().filter(|(_, payment)| payment.file == file);
        let total = Cents::try_sum(of_file.map(|(_, payment)| payment.cents));
        total.is_some_and(Cents::is_positive) && total == out
    }

    /// A contribution of `cents`, if no more than that is left of the call: what is too much is for a person.
    pub(super) fn receive(&mut self, reference: &str, cents: Cents) -> Option<What> {
        let call = self.calls.get_mut(reference)?;
        call.left = call.left.checked_sub(cents).filter(|left| !left.is_negative())?;
        Some(What::Call {
            id: call.id,
            funder: call.funder,
            reference: reference.to_owned(),
        })
    }
}
