//! A payment file that the bank booked as one, and names.

use super::{MatchedItem, Rule};
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "payment-file",
    apply,
};

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let message_id = line.message_id.as_deref()?;
    if line.end_to_end.is_some() {
        return None;
    }
    let file = candidates
        .payments
        .values()
        .find(|payment| payment.message_id == message_id)?
        .file;
    candidates.debit_file(file, line.cents.checked_neg())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{line, names, rules};
    use crate::bank::statement::statement_line::StatementLine;

    fn named(cents: i64, message_id: &str) -> StatementLine {
        StatementLine {
            message_id: Some(message_id.to_owned()),
            ..line(cents)
        }
    }

    #[test]
    fn a_file_booked_as_one_is_all_its_payments() {
        assert_eq!(rules(&[named(-5000, "CCN100")]), [Some("payment-file")]);
    }

    #[test]
    fn a_file_is_debited_once_and_with_its_own_amount() {
        let twice = [named(-5000, "CCN100"), named(-5000, "CCN100")];
        assert_eq!(rules(&twice), [Some("payment-file"), None]);
        assert_eq!(
            rules(&[named(-5001, "CCN100"), named(5000, "CCN100"), named(-5000, "")]),
            [None, None, None]
        );
    }

    #[test]
    fn a_payment_that_was_booked_alone_is_not_in_its_file_any_more() {
        let found = rules(&[named(-5000, "CCN100"), names(-4000, 1)]);
        assert_eq!(found, [None, Some("end-to-end")]);
    }
}
