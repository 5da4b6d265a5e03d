//! A contribution that quotes the call for funds that it answers, in whatever spelling. From the account of another registered funder
//! it is for a person to say whose money it is.

use super::{MatchedItem, Rule};
use crate::bank::statement::expected_receipt::speaks_of_mandates;
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "call-reference",
    apply,
};

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    if !line.cents.is_positive() || line.return_reason.is_some() {
        return None;
    }
    let mut quoted = line.references();
    quoted.retain(|reference| candidates.calls.contains_key(reference.as_str()));
    // Several calls in one transfer: how it splits is for a person to say.
    let [reference] = &quoted[..] else { return None };
    let funder = candidates.calls.get(reference.as_str())?.funder;
    if candidates.is_of_another_funder(line, funder) {
        return None;
    }
    // The money of mandates counts already. The rule before took what is one mandate's; of several, a person says how it splits.
    if speaks_of_mandates(line, candidates) {
        return None;
    }
    candidates.receive(reference.as_str(), line.cents)
}

#[cfg(test)]
mod tests {
    use ledger::PartyId;
    use uuid::Uuid;

    use super::super::samples::{FUNDER, STRUCTURE, funder, mandate, quotes, reference, rules, rules_when};
    use crate::bank::statement::match_candidates::MatchCandidates;
    use crate::bank::statement::statement_line::StatementLine;

    #[test]
    fn a_contribution_quotes_one_call() {
        let found = rules(&[
            quotes(100, format!("virement {}", reference(7).as_str().to_lowercase())),
            quotes(100, format!("{} {}", reference(7), reference(8))),
            quotes(100, reference(9).to_string()),
            quotes(-100, reference(7).to_string()),
        ]);
        assert_eq!(found, [Some("call-reference"), None, None, None]);
    }

    #[test]
    fn a_call_that_mandates_answer_is_not_paid_a_second_time() {
        let mandates = |candidates: &mut MatchCandidates| {
            candidates.expected = vec![mandate(1, "345", Some(7), 4000), mandate(2, "346", Some(7), 2000)];
        };
        let both = quotes(6000, reference(7).to_string());
        assert_eq!(rules_when(mandates, std::slice::from_ref(&both)), [None]);
        // What is exactly one of them is it; the other one is then alone.
        let one = quotes(2000, reference(7).to_string());
        assert_eq!(
            rules_when(mandates, &[one, quotes(4000, reference(7).to_string())]),
            [Some("mandate"), Some("mandate")]
        );
        // The same where the mandates do not say which call they answer, and the text names them.
        let unnamed = |candidates: &mut MatchCandidates| {
            candidates.expected = vec![mandate(1, "345", None, 4000), mandate(2, "346", None, 2000)];
        };
        let named = quotes(6000, format!("{} MANDATS 345 ET 346", reference(7)));
        assert_eq!(rules_when(unnamed, &[named]), [None]);
        assert_eq!(rules_when(unnamed, &[both]), [Some("call-reference")]);
    }

    #[test]
    fn a_call_quoted_from_another_funders_account_is_left_to_a_person() {
        let from = |account: &str| {
            let line = StatementLine {
                counterparty: Some(account.to_owned()),
                ..quotes(6000, reference(7).to_string())
            };
            let other = PartyId::from_uuid(Uuid::from_u128(91));
            rules_when(
                |candidates| {
                    candidates.payers.insert(STRUCTURE.to_owned(), vec![other]);
                    candidates.payers.insert(SHARED.to_owned(), vec![other, funder()]);
                },
                &[line],
            )
        };
        assert_eq!(from(STRUCTURE), [None]);
        // Its own, one that it shares, and one of which nobody knows whose it is: a public accountant's.
        for account in [FUNDER, SHARED, "FR7630001007941234567890185"] {
            assert_eq!(from(account), [Some("call-reference")], "{account}");
        }
    }

    const SHARED: &str = "FR7630006000011234567890189";

    #[test]
    fn an_empty_text_matches_nothing() {
        assert_eq!(
            rules(&[quotes(6000, ""), quotes(6000, "  - -"), quotes(6000, "AF-")]),
            [None; 3]
        );
    }

    #[test]
    fn a_call_is_paid_in_parts_and_never_beyond_itself() {
        let quoting = |cents| quotes(cents, reference(7).to_string());
        assert_eq!(
            rules(&[quoting(2000), quoting(4000), quoting(1)]),
            [Some("call-reference"), Some("call-reference"), None]
        );
        // Too much is no better than too little.
        assert_eq!(rules(&[quoting(6001)]), [None]);
        assert_eq!(rules(&[quoting(6000), quoting(6000)]), [Some("call-reference"), None]);
    }
}
