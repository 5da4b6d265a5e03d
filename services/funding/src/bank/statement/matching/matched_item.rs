//! What lines can be.

use ledger::PartyId;
use standards::Cents;
use uuid::Uuid;

use crate::bank::statement::expected_receipt::ReceiptAllocation;
use crate::bank::statement::match_candidates::{MatchCandidates, PaymentCandidate};
use crate::{support::ids::CallId, support::ids::PaymentId};

/// What a line is, and by which rule; in the order of the lines, nothing for an unexplained one.
pub(in crate::bank::statement) type Matches = Vec<Option<Match>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bank::statement) struct Match {
    pub rule: &'static str,
    pub what: MatchedItem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bank::statement) enum MatchedItem {
    /// A payment left the account.
    Debited(PaymentItem),
    /// The same, and the bank took its charge with it.
    DebitedWithCharge(PaymentItem, Cents),
    /// Every payment of a file that was under way left the account.
    File(Uuid, Vec<PaymentItem>),
    /// A payment came back.
    Returned(PaymentItem, String),
    /// A mandate is paid.
    Awaited(ReceiptAllocation),
    /// A contribution arrived.
    Call {
        id: CallId,
        funder: PartyId,
        reference: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bank::statement) struct PaymentItem {
    pub id: PaymentId,
    pub party: PartyId,
    pub cents: Cents,
    pub refund: bool,
}

impl PaymentItem {
    pub(super) const fn new(id: PaymentId, payment: &PaymentCandidate) -> Self {
        Self {
            id,
            party: payment.party,
            cents: payment.cents,
            refund: payment.refund,
        }
    }
}

impl PaymentCandidate {
    pub(super) const fn is_under_way(&self) -> bool {
        !self.debited && !self.rejected
    }
}

impl MatchCandidates {
    pub(super) fn under_way(&self) -> impl Iterator<Item = (PaymentId, &PaymentCandidate)> {
        self.payments
            .iter()
            .filter(|(_, payment)| payment.is_under_way())
            .map(|(&id, payment)| (id, payment))
    }

    /// The payment leaves: no other line is it.
    pub(super) fn debit(&mut self, id: PaymentId) -> Option<MatchedItem> {
        let payment = self.payments.get_mut(&id).filter(|payment| payment.is_under_way())?;
        payment.debited = true;
        Some(MatchedItem::Debited(PaymentItem::new(id, payment)))
    }

    /// The whole file leaves, if `out` is the total of what is under way of it.
    pub(super) fn debit_file(&mut self, file: Uuid, out: Option<Cents>) -> Option<MatchedItem> {
        if !self.is_total(file, out) {
            return None;
        }
        let open = self
            .payments
            .iter_mut()
            .filter(|(_, payment)| payment.file == file && payment.is_under_way());
        let items = open.map(|(&id, payment)| {
            payment.debited = true;
            PaymentItem::new(id, payment)
        });
        Some(MatchedItem::File(file, items.collect()))
    }

    pub(super) fn is_total(&self, file: Uuid, out: Option<Cents>) -> bool {
        let of_file = self.under_way().filter(|(_, payment)| payment.file == file);
        let total = Cents::try_sum(of_file.map(|(_, payment)| payment.cents));
        total.is_some_and(Cents::is_positive) && total == out
    }

    /// A contribution of `cents`, if no more than that is left of the call: what is too much is for a person.
    pub(super) fn receive(&mut self, reference: &str, cents: Cents) -> Option<MatchedItem> {
        let call = self.calls.get_mut(reference)?;
        call.left = call.left.checked_sub(cents).filter(|left| !left.is_negative())?;
        Some(MatchedItem::Call {
            id: call.id,
            funder: call.funder,
            reference: reference.to_owned(),
        })
    }
}
