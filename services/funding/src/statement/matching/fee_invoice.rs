//! The operator's invoice whose number is in the text.

use super::{Rule, What};
use crate::statement::awaited;
use crate::statement::known::Known;
use crate::statement::lines::Line;

pub(super) const RULE: Rule = Rule {
    name: "fee-invoice",
    apply,
};

fn apply(line: &Line, known: &mut Known) -> Option<What> {
    awaited::fee(line, known).map(What::Awaited)
}
