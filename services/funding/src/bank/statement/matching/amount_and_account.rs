//! A line that quotes nothing of ours, but has the exact amount and the account of one item, at about its day.

use chrono::NaiveDate;

use super::{MatchedItem, Rule};
use crate::bank::statement::expected_receipt::ExpectedReceipt;
use crate::bank::statement::match_candidates::{CallCandidate, MatchCandidates};
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "amount-and-account",
    apply,
};

/// Days around a payment's execution, and after a call's due day, within which a line may be it: a month's next payment of
/// the same amount to the same account is further away.
const WINDOW_DAYS: i64 = 15;

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let account = line.counterparty.as_deref().filter(|account| !account.is_empty())?;
    // Whoever names an item of ours is believed, or is a break: never taken for another item.
    if line.payment().is_some() || line.message_id.is_some() || line.return_reason.is_some() {
        return None;
    }
    if line.cents.is_positive() {
        contribution(line, account, candidates)
    } else {
        payment(line, account, candidates)
    }
}

fn contribution(line: &StatementLine, account: &str, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let quoted = line.references();
    if quoted.iter().any(|one| candidates.calls.contains_key(one.as_str())) {
        return None;
    }
    let is_it = |call: &CallCandidate| {
        let late = days_between(call.due_on, line.booked_on);
        call.left == line.cents && call.iban == account && call.called_on <= line.booked_on && late <= WINDOW_DAYS
    };
    let mut found = candidates.calls.iter().filter(|(_, call)| is_it(call));
    let (reference, _) = found.next().filter(|_| found.next().is_none())?;
    // It may be the money of a mandate, which counts already.
    let payer = candidates.calls.get(reference)?.funder;
    let may_be = |expected: &ExpectedReceipt| expected.may_be(payer, line.cents, reference);
    if candidates.expected.iter().any(may_be) {
        return None;
    }
    let reference = reference.clone();
    candidates.receive(&reference, line.cents)
}

fn payment(line: &StatementLine, account: &str, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let out = line.cents.checked_neg();
    let mut found = candidates.under_way().filter(|(_, payment)| {
        let away = days_between(payment.execute_on, line.booked_on).abs();
        Some(payment.cents) == out && payment.iban == account && away <= WINDOW_DAYS
    });
    let (id, _) = found.next()?;
    // Two of one amount to one account: nobody can say which.
    if found.next().is_some() {
        return None;
    }
    drop(found);
    candidates.debit(id)
}

/// Positive when `day` is after `from`.
fn days_between(from: NaiveDate, day: NaiveDate) -> i64 {
    day.signed_duration_since(from).num_days()
}

#[cfg(test)]
mod tests {
    use standards::Cents;

    use super::super::samples::{
        FUNDER, STRUCTURE, comes_back, id, mandate, names, quotes, reference, rules, rules_when, with,
    };
    use crate::bank::statement::match_candidates::MatchCandidates;
    use crate::bank::statement::statement_line::StatementLine;

    const TAKEN: Option<&str> = Some("amount-and-account");

    fn on(day: &str, line: StatementLine) -> StatementLine {
        StatementLine {
            booked_on: day.parse().unwrap(),
            ..line
        }
    }

    #[test]
    fn a_payment_is_known_by_amount_and_account_once() {
        assert_eq!(rules(&[with(-700, STRUCTURE), with(-700, STRUCTURE)]), [TAKEN, None]);
        assert_eq!(
            rules(&[with(-700, FUNDER), with(-701, STRUCTURE), with(700, STRUCTURE)]),
            [None; 3]
        );
    }

    #[test]
    fn two_payments_of_one_amount_to_one_account_are_left_to_a_person() {
        let found = rules_when(
            |candidates| candidates.payments.get_mut(&id(2)).unwrap().cents = Cents::new(700),
            &[with(-700, STRUCTURE)],
        );
        assert_eq!(found, [None]);
    }

    #[test]
    fn a_line_outside_the_window_is_not_taken() {
        let payment = |day| on(day, with(-700, STRUCTURE));
        for (day, rule) in [
            ("2026-03-24", TAKEN),
            ("2026-03-23", None),
            ("2026-04-23", TAKEN),
            ("2026-04-24", None),
        ] {
            assert_eq!(rules(&[payment(day)]), [rule], "{day}");
        }
        let one_call = |line| {
            rules_when(
                |candidates| drop(candidates.calls.remove(reference(8).as_str())),
                &[line],
            )
        };
        for (day, rule) in [
            ("2026-03-01", None),
            ("2026-03-02", TAKEN),
            ("2026-04-15", TAKEN),
            ("2026-04-16", None),
        ] {
            assert_eq!(one_call(on(day, with(6000, FUNDER))), [rule], "{day}");
        }
        assert_eq!(one_call(with(5999, FUNDER)), [None]);
    }

    #[test]
    fn two_calls_of_one_amount_are_left_to_a_person() {
        assert_eq!(rules(&[with(6000, FUNDER)]), [None]);
    }

    #[test]
    fn money_that_may_be_that_of_mandates_is_left_to_a_person() {
        let when = |left: &[i64]| {
            let mandates = left.iter().map(|&left| mandate(1, "345", None, left)).collect();
            let change = |candidates: &mut MatchCandidates| {
                candidates.calls.remove(reference(8).as_str());
                candidates.expected = mandates;
            };
            rules_when(change, &[with(6000, FUNDER)])
        };
        assert_eq!(when(&[6000]), [None]);
        // Both together.
        assert_eq!(when(&[4000, 2000]), [None]);
        assert_eq!(when(&[6001]), [TAKEN]);
    }

    #[test]
    fn a_line_that_names_an_item_of_ours_is_never_taken_for_another() {
        let account = |line: StatementLine, account: &str| StatementLine {
            counterparty: Some(account.to_owned()),
            ..line
        };
        // Names payment 1 with the amount of payment 3.
        assert_eq!(rules(&[account(names(-700, 1), STRUCTURE)]), [None]);
        // Quotes call 7 with too much of it; exactly call 8 if that were 60.01 €.
        let found = rules_when(
            |candidates| candidates.calls.get_mut(reference(8).as_str()).unwrap().left = Cents::new(6001),
            &[account(quotes(6001, reference(7).to_string()), FUNDER)],
        );
        assert_eq!(found, [None]);
        assert_eq!(rules(&[account(comes_back(6000, 9), FUNDER)]), [None]);
    }

    #[test]
    fn an_empty_account_matches_nothing() {
        let found = rules_when(
            |candidates| candidates.payments.get_mut(&id(3)).unwrap().iban = String::new(),
            &[with(-700, ""), with(-4000, "")],
        );
        assert_eq!(found, [None, None]);
    }
}
