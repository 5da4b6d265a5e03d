//! The operator's invoice whose number is in the text.

use super::{MatchedItem, Rule};
use crate::bank::statement::expected_receipt;
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;

pub(super) const RULE: Rule = Rule {
    name: "fee-invoice",
    apply,
};

fn apply(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<MatchedItem> {
    expected_receipt::fee(line, candidates).map(MatchedItem::Awaited)
}
