use chrono::NaiveDate;
use standards::Cents;
use standards::camt053::{Batch, Entry, Statement, Transfer};

use crate::{promises::reference::CallReference, support::ids::PaymentId};

/// One movement as it is matched: a transfer of an entry, or an entry without details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatementLine {
    /// From 1, in the bank's order.
    pub number: i32,
    pub booked_on: NaiveDate,
    /// Positive is money in.
    pub cents: Cents,
    pub end_to_end: Option<String>,
    pub remittance: String,
    pub counterparty: Option<String>,
    /// Why it came back.
    pub return_reason: Option<String>,
    /// The payment file that the bank booked as one.
    pub message_id: Option<String>,
}

impl StatementLine {
    pub(super) fn payment(&self) -> Option<PaymentId> {
        self.end_to_end.as_deref().and_then(PaymentId::from_end_to_end)
    }

    pub(super) fn references(&self) -> Vec<CallReference> {
        CallReference::find_all(&self.remittance)
    }
}

/// A reason for the bank's own undoing, which has none of the scheme's codes.
const REVERSAL: &str = "RVSL";

pub(super) fn lines(statement: &Statement) -> Vec<StatementLine> {
    let transfers = statement
        .entries
        .iter()
        .flat_map(|entry| entry.transfers.iter().map(move |part| (entry, part)));
    (1..)
        .zip(transfers)
        .map(|(number, (entry, transfer))| line(number, entry, transfer))
        .collect()
}

/// Our files have one group of payments, whose id is the file's: CFONB 120 gives only that.
fn file_id(batch: &Batch) -> Option<String> {
    batch.message_id.clone().or_else(|| batch.payment_info_id.clone())
}

fn line(number: i32, entry: &Entry, transfer: &Transfer) -> StatementLine {
    // The bank's own words carry the reference when it gives no remittance text of its own.
    let remittance = transfer
        .remittance
        .clone()
        .or_else(|| entry.information.clone())
        .unwrap_or_default();
    let reversal = entry.reversal.then(|| REVERSAL.to_owned());
    StatementLine {
        number,
        booked_on: entry.booked_on,
        cents: transfer.amount,
        end_to_end: transfer.end_to_end.clone(),
        remittance,
        counterparty: transfer
            .counterparty_iban
            .as_ref()
            .map(|iban| iban.electronic().to_owned()),
        return_reason: transfer.return_reason.clone().or(reversal),
        message_id: entry.batch.as_ref().and_then(file_id),
    }
}
