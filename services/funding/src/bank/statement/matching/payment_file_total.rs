//! A debit that says nothing and is the total of one payment file (batch booking).

use uuid::Uuid;

use super::{MatchedItem, Rule};
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "payment-file-total",
    apply,
};

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    // A line with an account on the other side is one transfer, not a file.
    let says_something = line.end_to_end.is_some() || line.message_id.is_some() || line.counterparty.is_some();
    if says_something || !line.cents.is_negative() {
        return None;
    }
    let out = line.cents.checked_neg();
    let mut files: Vec<Uuid> = candidates.under_way().map(|(_, payment)| payment.file).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|&file| candidates.is_total(file, out));
    // Two files of one amount: nobody can say which.
    let [file] = files[..] else { return None };
    candidates.debit_file(file, out)
}

#[cfg(test)]
mod tests {
    use standards::Cents;

    use super::super::samples::{FUNDER, id, line, names, rules, rules_when, with};

    #[test]
    fn it_is_the_total_of_what_is_under_way_to_the_cent() {
        assert_eq!(rules(&[line(-5000)]), [Some("payment-file-total")]);
        assert_eq!(rules(&[line(-5001)]), [None]);
        assert_eq!(rules(&[line(5000)]), [None]);
        // Payment 1 was booked alone.
        assert_eq!(
            rules(&[names(-4000, 1), line(-1000)]),
            [Some("end-to-end"), Some("payment-file-total")]
        );
    }

    #[test]
    fn a_transfer_to_somebody_is_no_file() {
        assert_eq!(rules(&[with(-5000, FUNDER)]), [None]);
    }

    #[test]
    fn one_file_is_one_line() {
        assert_eq!(rules(&[line(-5000), line(-5000)]), [Some("payment-file-total"), None]);
    }

    #[test]
    fn two_files_of_one_amount_are_left_to_a_person() {
        let found = rules_when(
            |candidates| candidates.payments.get_mut(&id(3)).unwrap().cents = Cents::new(5000),
            &[line(-5000)],
        );
        assert_eq!(found, [None]);
    }
}
