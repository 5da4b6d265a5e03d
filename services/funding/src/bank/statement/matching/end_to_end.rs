//! The payment whose end-to-end id comes back with its debit.

use super::{MatchedItem, Rule};
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "end-to-end",
    apply,
};

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let id = line.payment()?;
    let amount = candidates.payments.get(&id)?.cents;
    // The bank's amount decides: another one is a break.
    (line.cents.checked_neg() == Some(amount)).then(|| candidates.debit(id))?
}

#[cfg(test)]
mod tests {
    use super::super::samples::{comes_back, id, line, names, rules, rules_when};

    #[test]
    fn a_payment_is_debited_once_and_returned_once() {
        let found = rules(&[
            names(-4000, 1),
            names(-4000, 1),
            comes_back(4000, 1),
            comes_back(4000, 1),
        ]);
        assert_eq!(found, [Some("end-to-end"), None, Some("return"), None]);
    }

    #[test]
    fn another_amount_is_a_break_even_when_it_is_less() {
        for cents in [-4001, -3999, -1, 4000] {
            assert_eq!(rules(&[names(cents, 1)]), [None], "{cents}");
        }
    }

    #[test]
    fn a_payment_that_was_rejected_is_debited_neither_alone_nor_with_its_file() {
        let rules = |lines: &[_]| {
            rules_when(
                |candidates| candidates.payments.get_mut(&id(1)).unwrap().rejected = true,
                lines,
            )
        };
        assert_eq!(rules(&[names(-4000, 1), line(-5000)]), [None, None]);
        assert_eq!(rules(&[line(-1000)]), [Some("payment-file-total")]);
    }
}
