//! The public mandate whose money comes: its number, or the call that it answers, is in the text.

use super::{Rule, What};
use crate::statement::awaited;
use crate::statement::known::Known;
use crate::statement::lines::Line;

pub(super) const RULE: Rule = Rule { name: "mandate", apply };

fn apply(line: &Line, known: &mut Known) -> Option<What> {
    awaited::mandate(line, known).map(What::Awaited)
}
