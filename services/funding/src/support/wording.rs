//! What people write into a record: a reason, an owner, a label.

/// Most characters of it.
pub const WORDS_CHARS_MAX: usize = 500;

/// Whether words say something, fit, and stand on one line.
pub(crate) fn is_said(words: &str) -> bool {
    !words.trim().is_empty() && words.chars().count() <= WORDS_CHARS_MAX && !words.chars().any(char::is_control)
}
