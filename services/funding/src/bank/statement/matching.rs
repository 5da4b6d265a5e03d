//! Which line is what: pure. The rules are tried in the order of [`RULES`]; each takes the lines that the rules before it left,
//! and marks in [`MatchCandidates`] what it took, so that no item is two lines.
//!
//! A rule is a file: its name, its function, its tests. A new one is added to [`RULES`] where it belongs.

mod amount_and_account;
mod call_reference;
mod end_to_end;
mod mandate;
mod matched_item;
mod payment_file;
mod payment_file_total;
mod returned;
#[cfg(test)]
mod samples;
mod tolerance;

use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::{StatementLine, TAKEN_OVER};

pub(super) use matched_item::{Match, MatchedItem, Matches, PaymentItem};

/// A way to know what a line is.
struct Rule {
    /// As it is stored and shown.
    name: &'static str,
    apply: fn(&StatementLine, &mut MatchCandidates) -> Option<MatchedItem>,
}

/// In the order in which they are tried: what names its item first, what only looks like it last.
const RULES: [Rule; 8] = [
    end_to_end::RULE,
    tolerance::RULE,
    payment_file::RULE,
    returned::RULE,
    mandate::RULE,
    call_reference::RULE,
    amount_and_account::RULE,
    payment_file_total::RULE,
];

pub(super) fn match_lines(lines: &[StatementLine], candidates: &mut MatchCandidates) -> Matches {
    let mut matches: Matches = vec![None; lines.len()];
    for rule in RULES {
        for (line, found) in lines.iter().zip(&mut matches) {
            // What was there before is no movement of ours.
            if found.is_none() && line.number != TAKEN_OVER {
                *found = (rule.apply)(line, candidates).map(|what| Match { rule: rule.name, what });
            }
        }
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_tried_in_the_order_that_is_written_down() {
        assert_eq!(
            RULES.map(|rule| rule.name),
            [
                "end-to-end",
                "end-to-end-tolerance",
                "payment-file",
                "return",
                "mandate",
                "call-reference",
                "amount-and-account",
                "payment-file-total"
            ]
        );
    }
}
