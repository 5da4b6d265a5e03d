/// Words that no French text has, of those that libraries, PostgreSQL and we ourselves may let through to a person's screen.
const ENGLISH: [&str; 43] = [
    "the",
    "of",
    "and",
    "is",
    "not",
    "with",
    "this",
    "that",
    "from",
    "for",
    "by",
    "file",
    "files",
    "folder",
    "default",
    "env",
    "values",
    "value",
    "print",
    "help",
    "error",
    "failed",
    "required",
    "unexpected",
    "invalid",
    "missing",
    "found",
    "cannot",
    "already",
    "must",
    "been",
    "has",
    "have",
    "are",
    "was",
    "key",
    "keys",
    "read",
    "write",
    "denied",
    "refused",
    "entry",
    "unknown",
];

/// The English words of a text for people. Names of options, files and fields are no words: what has a dash, a point, a slash or an
/// underscore within, and what stands in quotation marks.
#[must_use]
pub fn english_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut quoted, mut command) = (false, false);
    for word in text.split(|c: char| c.is_whitespace() || ",;()[]".contains(c)) {
        quoted |= word.starts_with('«') || word.starts_with('`');
        let plain = word.trim_matches(|c: char| ".:!?«»`\"'".contains(c)).to_lowercase();
        // What is to be typed, up to the end of its sentence.
        command |= plain == "ccn";
        if !quoted && !command && ENGLISH.contains(&plain.as_str()) {
            words.push(plain);
        }
        let end = word.trim_end_matches(|c: char| ".:!?".contains(c));
        command &= !word.ends_with('.');
        quoted &= !(end.ends_with('»') || (end.len() > 1 && end.ends_with('`')));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_names_are_not() {
        assert_eq!(
            english_words("Erreur : file not found (os error 2)"),
            ["file", "not", "found", "error"]
        );
        let french = "Donnez --key-file, ou le champ « value of it », dans key.json ; `not this` non plus. Tapez ccn keys publish.";
        assert_eq!(english_words(french), Vec::<String>::new());
    }
}
