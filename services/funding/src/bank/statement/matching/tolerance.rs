//! A debit that names its payment and is more, by no more than the operator tolerates: the bank's charge was taken with it.

use super::{MatchedItem, Rule};
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "end-to-end-tolerance",
    apply,
};

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let id = line.payment()?;
    let beyond = line
        .cents
        .checked_neg()?
        .checked_sub(candidates.payments.get(&id)?.cents)?;
    if !beyond.is_positive() || beyond > candidates.tolerance {
        return None;
    }
    match candidates.debit(id)? {
        MatchedItem::Debited(item) => Some(MatchedItem::DebitedWithCharge(item, beyond)),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use standards::Cents;

    use super::super::samples::{comes_back, names, quotes, reference, rules, rules_when};
    use crate::bank::statement::statement_line::StatementLine;

    fn tolerant(lines: &[StatementLine]) -> Vec<Option<&'static str>> {
        rules_when(|candidates| candidates.tolerance = Cents::new(50), lines)
    }

    #[test]
    fn nothing_is_tolerated_unless_it_was_set() {
        assert_eq!(rules(&[names(-4001, 1)]), [None]);
    }

    #[test]
    fn only_a_debit_that_is_a_little_more_is_tolerated_and_once() {
        let found = tolerant(&[names(-4050, 1), names(-4050, 1), names(-1051, 2), names(-699, 3)]);
        assert_eq!(found, [Some("end-to-end-tolerance"), None, None, None]);
        assert_eq!(tolerant(&[names(-4000, 1)]), [Some("end-to-end")]);
    }

    #[test]
    fn money_in_is_never_tolerated() {
        assert_eq!(
            tolerant(&[
                names(-4000, 1),
                comes_back(3999, 1),
                quotes(6001, reference(7).to_string())
            ]),
            [Some("end-to-end"), None, None]
        );
    }
}
