//! Movements of an account, one transfer each, as `standards` reads and writes them.

use chrono::NaiveDate;
use standards::Cents;
use standards::camt053::{Batch, Entry, Transfer};

/// A transfer booked on a day, for which it counts too.
#[must_use]
pub fn booked(transfer: Transfer, day: NaiveDate) -> Entry {
    Entry {
        reference: None,
        amount: transfer.amount,
        booked_on: day,
        value_on: Some(day),
        reversal: false,
        batch: None,
        information: None,
        transfers: vec![transfer],
    }
}

/// Money that comes (or, below zero, goes) and says nothing.
#[must_use]
pub fn moved(amount: Cents, day: NaiveDate) -> Entry {
    let transfer = Transfer {
        amount,
        ..Transfer::default()
    };
    booked(transfer, day)
}

/// Money that comes with these words.
#[must_use]
pub fn quoting(amount: Cents, day: NaiveDate, remittance: &str) -> Entry {
    let mut entry = moved(amount, day);
    entry.transfers[0].remittance = Some(remittance.to_owned());
    entry
}

/// A movement that names the payment which it is.
#[must_use]
pub fn naming(amount: Cents, day: NaiveDate, end_to_end: &str) -> Entry {
    let mut entry = moved(amount, day);
    entry.transfers[0].end_to_end = Some(end_to_end.to_owned());
    entry
}

/// A payment that came back, for this ISO 20022 reason.
#[must_use]
pub fn returning(amount: Cents, day: NaiveDate, end_to_end: &str, reason: &str) -> Entry {
    let mut entry = naming(amount, day, end_to_end);
    entry.transfers[0].return_reason = Some(reason.to_owned());
    entry
}

/// A whole payment file, booked as one movement.
#[must_use]
pub fn batch(amount: Cents, day: NaiveDate, message_id: &str) -> Entry {
    let batch = Batch {
        message_id: Some(message_id.to_owned()),
        ..Batch::default()
    };
    Entry {
        batch: Some(batch),
        ..moved(amount, day)
    }
}
