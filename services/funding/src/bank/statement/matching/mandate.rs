//! The public mandate whose money comes: its number, or the call that it answers, is in the text, and nothing says otherwise.

use super::{MatchedItem, Rule};
use crate::bank::statement::expected_receipt;
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule { name: "mandate", apply };

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    expected_receipt::mandate(line, candidates).map(MatchedItem::Awaited)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{FUNDER, STRUCTURE, funder, mandate, quotes, rules_when};
    use crate::bank::statement::statement_line::StatementLine;
    use ledger::PartyId;
    use uuid::Uuid;

    const TAKEN: Option<&str> = Some("mandate");
    const TREASURY: &str = "FR7630001007941234567890185";

    /// Against mandate 345 of 40 € on bordereau 12; the structure's account is another funder's.
    fn rule(cents: i64, text: &str, account: Option<&str>) -> Option<&'static str> {
        let line = StatementLine {
            counterparty: account.map(str::to_owned),
            ..quotes(cents, text)
        };
        let found = rules_when(
            |candidates| {
                candidates.expected = vec![mandate(1, "345", None, 4000)];
                let other = PartyId::from_uuid(Uuid::from_u128(91));
                candidates.payers.insert(STRUCTURE.to_owned(), vec![other]);
                candidates.calls.clear();
            },
            &[line],
        );
        found[0]
    }

    #[test]
    fn a_number_alone_is_believed_for_exactly_its_amount_or_from_the_funders_account() {
        for account in [None, Some(TREASURY)] {
            assert_eq!(rule(4000, "VIR MANDAT 345", account), TAKEN);
            for cents in [500, 3999, 4001] {
                assert_eq!(rule(cents, "VIR MANDAT 345", account), None);
                assert_eq!(rule(cents, "VIR MANDAT 345 BORD 12", account), TAKEN);
            }
        }
        assert_eq!(rule(500, "VIR MANDAT 345", Some(FUNDER)), TAKEN);
    }

    #[test]
    fn money_from_another_funders_account_pays_no_mandate() {
        for text in ["VIR MANDAT 345", "VIR MANDAT 345 BORD 12"] {
            for cents in [500, 4000] {
                assert_eq!(rule(cents, text, Some(STRUCTURE)), None, "{text} {cents}");
            }
        }
    }

    #[test]
    fn an_account_that_funders_share_is_that_of_each() {
        let found = rules_when(
            |candidates| {
                candidates.expected = vec![mandate(1, "345", None, 4000)];
                let other = PartyId::from_uuid(Uuid::from_u128(91));
                candidates.payers.insert(TREASURY.to_owned(), vec![other, funder()]);
            },
            &[StatementLine {
                counterparty: Some(TREASURY.to_owned()),
                ..quotes(500, "MANDAT 345")
            }],
        );
        assert_eq!(found, [TAKEN]);
    }
}
