//! Items and lines for the rules' tests.

use ledger::PartyId;
use standards::Cents;
use uuid::Uuid;

use crate::bank::statement::expected_receipt::ExpectedReceipt;
use crate::bank::statement::match_candidates::{CallCandidate, MatchCandidates, PaymentCandidate};
use crate::bank::statement::matching::match_lines;
use crate::bank::statement::statement_line::StatementLine;
use crate::contributions::mandate::MandateNumber;
use crate::{promises::reference::CallReference, support::ids::CallId, support::ids::PaymentId};

pub const STRUCTURE: &str = "FR1420041010050500013M02606";
pub const FUNDER: &str = "DE89370400440532013000";

pub fn id(n: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(n))
}

/// Booked on 10 April, nothing said.
pub fn line(cents: i64) -> StatementLine {
    StatementLine {
        number: 1,
        booked_on: "2026-04-10".parse().unwrap(),
        cents: Cents::new(cents),
        ..StatementLine::default()
    }
}

pub fn names(cents: i64, payment: u128) -> StatementLine {
    StatementLine {
        end_to_end: Some(id(payment).end_to_end()),
        ..line(cents)
    }
}

pub fn comes_back(cents: i64, payment: u128) -> StatementLine {
    StatementLine {
        return_reason: Some("AC04".to_owned()),
        ..names(cents, payment)
    }
}

pub fn quotes(cents: i64, text: impl Into<String>) -> StatementLine {
    StatementLine {
        remittance: text.into(),
        ..line(cents)
    }
}

pub fn with(cents: i64, iban: &str) -> StatementLine {
    StatementLine {
        counterparty: Some(iban.to_owned()),
        ..line(cents)
    }
}

pub fn reference(n: u128) -> CallReference {
    CallReference::derive(Uuid::from_u128(n), 2026, 0)
}

/// Whose calls and mandates are.
pub fn funder() -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(90))
}

/// A mandate of the funder on bordereau 12, for a call or none.
pub fn mandate(n: u128, number: &str, call: Option<u128>, left: i64) -> ExpectedReceipt {
    ExpectedReceipt {
        id: Uuid::from_u128(n),
        party: funder(),
        reference: format!("mandat 2026 12/{number}"),
        number: MandateNumber::parse(2026, Some("12"), number).unwrap(),
        answered: call.map(|call| reference(call).to_string()),
        left: Cents::new(left),
    }
}

/// Payments 1 (40 €) and 2 (10 €) in file 100, 3 (7 €) in file 101, to be executed on 8 April; calls 7 and 8 of 60 € each, made on
/// 2 March and due on 31 March.
pub fn candidates() -> MatchCandidates {
    let payment = |cents, file| PaymentCandidate {
        party: PartyId::from_uuid(Uuid::from_u128(50)),
        cents: Cents::new(cents),
        file: Uuid::from_u128(file),
        message_id: format!("CCN{file}"),
        iban: STRUCTURE.to_owned(),
        execute_on: "2026-04-08".parse().unwrap(),
        refund: false,
        debited: false,
        returned: false,
        rejected: false,
    };
    let call = |n| {
        let call = CallCandidate {
            id: CallId::from_uuid(Uuid::from_u128(n)),
            funder: funder(),
            left: Cents::new(6000),
            iban: FUNDER.to_owned(),
            called_on: "2026-03-02".parse().unwrap(),
            due_on: "2026-03-31".parse().unwrap(),
        };
        (reference(n).to_string(), call)
    };
    MatchCandidates {
        payments: [
            (id(1), payment(4000, 100)),
            (id(2), payment(1000, 100)),
            (id(3), payment(700, 101)),
        ]
        .into(),
        calls: [call(7), call(8)].into(),
        tolerance: Cents::ZERO,
        expected: Vec::new(),
        payers: [(FUNDER.to_owned(), vec![funder()])].into(),
    }
}

/// The rules that take the lines, with [`candidates`] changed.
pub fn rules_when(change: impl FnOnce(&mut MatchCandidates), lines: &[StatementLine]) -> Vec<Option<&'static str>> {
    let mut candidates = candidates();
    change(&mut candidates);
    let matches = match_lines(lines, &mut candidates).into_iter();
    matches.map(|found| found.map(|found| found.rule)).collect()
}

pub fn rules(lines: &[StatementLine]) -> Vec<Option<&'static str>> {
    rules_when(|_| {}, lines)
}
