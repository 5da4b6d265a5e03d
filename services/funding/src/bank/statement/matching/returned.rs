//! A payment that came back, with the scheme's reason.

use super::{MatchedItem, PaymentItem, Rule};
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule { name: "return", apply };

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    let (id, reason) = (line.payment()?, line.return_reason.clone()?);
    let payment = candidates.payments.get_mut(&id)?;
    let is_it = payment.debited && !payment.returned && line.cents == payment.cents;
    is_it.then(|| {
        payment.returned = true;
        MatchedItem::Returned(PaymentItem::new(id, payment), reason)
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{comes_back, names, rules};

    #[test]
    fn a_return_listed_before_its_debit_is_still_one() {
        assert_eq!(
            rules(&[comes_back(4000, 1), names(-4000, 1)]),
            [Some("return"), Some("end-to-end")]
        );
    }

    #[test]
    fn what_never_left_does_not_come_back() {
        assert_eq!(rules(&[comes_back(4000, 1)]), [None]);
        assert_eq!(rules(&[names(-4001, 1), comes_back(4000, 1)]), [None, None]);
    }

    #[test]
    fn another_amount_is_a_break() {
        assert_eq!(
            rules(&[names(-4000, 1), comes_back(3900, 1)]),
            [Some("end-to-end"), None]
        );
        assert_eq!(
            rules(&[names(-4000, 1), comes_back(4001, 1)]),
            [Some("end-to-end"), None]
        );
    }

    #[test]
    fn a_credit_without_a_reason_is_no_return() {
        assert_eq!(rules(&[names(-4000, 1), names(4000, 1)]), [Some("end-to-end"), None]);
    }
}
