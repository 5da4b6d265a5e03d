//! The operator's invoice whose number is in the text.

use super::{Rule, What};
use crate::bank::statement::awaited;
use crate::bank::statement::known::Known;
use crate::bank::statement::lines::Line;

pub(super) const RULE: Rule = Rule {
    name: "fee-invoice",
    apply,
};

fn apply(line: &Line, known: &mut Known) -> Option<What> {
    awaited::fee(line, known).map(What::Awaited)
}
