//! A contribution that quotes the call for funds that it answers, in whatever spelling.

use super::{Rule, What};
use crate::statement::known::Known;
use crate::statement::lines::Line;

pub(super) const RULE: Rule = Rule {
    name: "call-reference",
    apply,
};

fn apply(line: &Line, known: &mut Known) -> Option<What> {
    if !line.cents.is_positive() || line.return_reason.is_some() {
        return None;
    }
    let mut quoted = line.references();
    quoted.retain(|reference| known.calls.contains_key(reference.as_str()));
    // Several calls in one transfer: how it splits is for a person to say.
    let [reference] = &quoted[..] else { return None };
    known.receive(reference.as_str(), line.cents)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{quotes, reference, rules};

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
