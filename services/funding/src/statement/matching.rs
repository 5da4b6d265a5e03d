//! Which line is what: pure. A rule takes the lines that the rules before it left.

use ledger::PartyId;
use standards::Cents;
use uuid::Uuid;

use crate::statement::awaited::{self, Came};
use crate::statement::known::{Known, Payment};
use crate::statement::lines::Line;
use crate::{CallId, PaymentId};

/// What a line is, and by which rule; in the order of the lines, nothing for an unexplained one.
pub(super) type Matches = Vec<Option<Match>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub rule: &'static str,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A payment left the account.
    Debited(Item),
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
pub(super) struct Item {
    pub id: PaymentId,
    pub party: PartyId,
    pub cents: Cents,
    pub refund: bool,
}

impl Payment {
    const fn is_under_way(&self) -> bool {
        !self.debited && !self.rejected
    }
}

impl Item {
    fn new(id: PaymentId, payment: &Payment) -> Self {
        Self {
            id,
            party: payment.party,
            cents: payment.cents,
            refund: payment.refund,
        }
    }
}

type Rule = fn(&Line, &mut Known) -> Option<What>;

const RULES: [(&str, Rule); 7] = [
    ("end-to-end", end_to_end),
    ("payment-file", payment_file),
    ("payment-file-total", payment_file_total),
    ("return", returned),
    ("mandate", |line, known| {
        awaited::mandate(line, known).map(What::Awaited)
    }),
    ("fee-invoice", |line, known| {
        awaited::fee(line, known).map(What::Awaited)
    }),
    ("call-reference", call_reference),
];

pub(super) fn match_lines(lines: &[Line], known: &mut Known) -> Matches {
    let mut matches: Matches = vec![None; lines.len()];
    for (rule, apply) in RULES {
        for (line, found) in lines.iter().zip(&mut matches) {
            if found.is_none() {
                *found = apply(line, known).map(|what| Match { rule, what });
            }
        }
    }
    matches
}

fn end_to_end(line: &Line, known: &mut Known) -> Option<What> {
    let id = line.payment()?;
    let payment = known.payments.get_mut(&id)?;
    let is_it = payment.is_under_way() && line.cents.checked_neg() == Some(payment.cents);
    is_it.then(|| {
        payment.debited = true;
        What::Debited(Item::new(id, payment))
    })
}

fn payment_file(line: &Line, known: &mut Known) -> Option<What> {
    let message_id = line.message_id.as_deref()?;
    if line.end_to_end.is_some() {
        return None;
    }
    let file = known
        .payments
        .values()
        .find(|payment| payment.message_id == message_id)?
        .file;
    debit_file(line, known, file)
}

fn payment_file_total(line: &Line, known: &mut Known) -> Option<What> {
    if line.end_to_end.is_some() || line.message_id.is_some() || !line.cents.is_negative() {
        return None;
    }
    let mut files: Vec<Uuid> = under_way(known).map(|(_, payment)| payment.file).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|&file| is_total(line, known, file));
    // Two files of one amount: nobody can say which.
    let [file] = files[..] else { return None };
    debit_file(line, known, file)
}

fn returned(line: &Line, known: &mut Known) -> Option<What> {
    let (id, reason) = (line.payment()?, line.return_reason.clone()?);
    let payment = known.payments.get_mut(&id)?;
    let is_it = payment.debited && !payment.returned && line.cents == payment.cents;
    is_it.then(|| {
        payment.returned = true;
        What::Returned(Item::new(id, payment), reason)
    })
}

fn call_reference(line: &Line, known: &mut Known) -> Option<What> {
    if !line.cents.is_positive() || line.return_reason.is_some() {
        return None;
    }
    let mut quoted = line.references();
    quoted.retain(|reference| known.calls.contains_key(reference.as_str()));
    // Several calls in one transfer: how it splits is for a person to say.
    let [reference] = &quoted[..] else { return None };
    let call = known.calls.get(reference.as_str())?;
    Some(What::Call {
        id: call.id,
        funder: call.funder,
        reference: reference.to_string(),
    })
}

fn under_way(known: &Known) -> impl Iterator<Item = (PaymentId, &Payment)> {
    known
        .payments
        .iter()
        .filter(|(_, payment)| payment.is_under_way())
        .map(|(&id, payment)| (id, payment))
}

fn is_total(line: &Line, known: &Known, file: Uuid) -> bool {
    let of_file = under_way(known).filter(|(_, payment)| payment.file == file);
    let total = Cents::try_sum(of_file.map(|(_, payment)| payment.cents));
    total.is_some_and(|total| total.is_positive() && line.cents.checked_neg() == Some(total))
}

fn debit_file(line: &Line, known: &mut Known, file: Uuid) -> Option<What> {
    if !is_total(line, known, file) {
        return None;
    }
    let open = known
        .payments
        .iter_mut()
        .filter(|(_, payment)| payment.file == file && payment.is_under_way());
    let items = open.map(|(&id, payment)| {
        payment.debited = true;
        Item::new(id, payment)
    });
    Some(What::File(file, items.collect()))
}

#[cfg(test)]
mod tests;
