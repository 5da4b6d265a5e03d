use super::*;
use crate::CallReference;
use crate::statement::known::Call;

const FUNDER: PartyId = PartyId::from_uuid(Uuid::from_u128(90));

fn id(n: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(n))
}

fn line(cents: i64) -> Line {
    Line {
        number: 1,
        booked_on: "2026-04-10".parse().unwrap(),
        cents: Cents::new(cents),
        end_to_end: None,
        remittance: String::new(),
        counterparty: None,
        return_reason: None,
        message_id: None,
    }
}

fn names(cents: i64, payment: u128) -> Line {
    Line {
        end_to_end: Some(id(payment).end_to_end()),
        ..line(cents)
    }
}

fn reference(n: u128) -> CallReference {
    CallReference::derive(Uuid::from_u128(n), 2026, 0)
}

/// Payments 1 and 2 in one file, 3 in another; calls 7 and 8.
fn known() -> Known {
    let payment = |cents, file| Payment {
        party: PartyId::from_uuid(Uuid::from_u128(50)),
        cents: Cents::new(cents),
        file: Uuid::from_u128(file),
        message_id: format!("CCN{file}"),
        refund: false,
        debited: false,
        returned: false,
        rejected: false,
    };
    let call = |n| {
        (
            reference(n).to_string(),
            Call {
                id: CallId::from_uuid(Uuid::from_u128(n)),
                funder: FUNDER,
            },
        )
    };
    Known {
        payments: [
            (id(1), payment(4000, 100)),
            (id(2), payment(1000, 100)),
            (id(3), payment(700, 101)),
        ]
        .into(),
        calls: [call(7), call(8)].into(),
        awaited: Vec::new(),
    }
}

fn rules(lines: &[Line]) -> Vec<Option<&'static str>> {
    match_lines(lines, &mut known())
        .into_iter()
        .map(|found| found.map(|found| found.rule))
        .collect()
}

#[test]
fn a_payment_is_debited_once_and_returned_once() {
    let back = || Line {
        return_reason: Some("AC04".to_owned()),
        ..names(4000, 1)
    };
    let found = rules(&[names(-4000, 1), names(-4000, 1), back(), back()]);
    assert_eq!(found, [Some("end-to-end"), None, Some("return"), None]);
}

#[test]
fn a_return_listed_before_its_debit_is_still_one() {
    let back = Line {
        return_reason: Some("AC04".to_owned()),
        ..names(4000, 1)
    };
    assert_eq!(rules(&[back, names(-4000, 1)]), [Some("return"), Some("end-to-end")]);
}

#[test]
fn another_amount_is_a_break() {
    let back = |cents| Line {
        return_reason: Some("AC04".to_owned()),
        ..names(cents, 1)
    };
    assert_eq!(rules(&[names(-4001, 1), back(4000)]), [None, None]);
    assert_eq!(rules(&[names(-4000, 1), back(3900)]), [Some("end-to-end"), None]);
}

#[test]
fn a_credit_without_a_reason_is_no_return() {
    assert_eq!(rules(&[names(-4000, 1), names(4000, 1)]), [Some("end-to-end"), None]);
}

#[test]
fn a_file_booked_as_one_is_all_its_payments() {
    let by_id = Line {
        message_id: Some("CCN100".to_owned()),
        ..line(-5000)
    };
    assert_eq!(rules(std::slice::from_ref(&by_id)), [Some("payment-file")]);
    assert_eq!(rules(&[line(-5000)]), [Some("payment-file-total")]);
    assert_eq!(rules(&[line(-5001)]), [None]);
    // What is under way of it: payment 1 was booked alone.
    assert_eq!(
        rules(&[names(-4000, 1), line(-1000)]),
        [Some("end-to-end"), Some("payment-file-total")]
    );
    assert_eq!(rules(&[by_id, names(-4000, 1)]), [None, Some("end-to-end")]);
}

#[test]
fn two_files_of_one_amount_are_left_to_a_person() {
    let mut known = known();
    known.payments.get_mut(&id(3)).unwrap().cents = Cents::new(5000);
    assert_eq!(match_lines(&[line(-5000)], &mut known), [None]);
}

#[test]
fn a_contribution_quotes_one_call() {
    let quoting = |text: String| Line {
        remittance: text,
        ..line(100)
    };
    let found = rules(&[
        quoting(format!("virement {}", reference(7).as_str().to_lowercase())),
        quoting(format!("{} {}", reference(7), reference(8))),
        quoting(reference(9).to_string()),
        quoting(String::new()),
        Line {
            remittance: reference(7).to_string(),
            ..line(-100)
        },
    ]);
    assert_eq!(found, [Some("call-reference"), None, None, None, None]);
}

#[test]
fn a_payment_that_was_rejected_is_debited_neither_alone_nor_with_its_file() {
    let rules = |lines: &[Line]| {
        let mut known = known();
        known.payments.get_mut(&id(1)).unwrap().rejected = true;
        let matches = match_lines(lines, &mut known).into_iter();
        matches.map(|found| found.map(|found| found.rule)).collect::<Vec<_>>()
    };
    assert_eq!(rules(&[names(-4000, 1), line(-5000)]), [None, None]);
    assert_eq!(rules(&[line(-1000)]), [Some("payment-file-total")]);
}
