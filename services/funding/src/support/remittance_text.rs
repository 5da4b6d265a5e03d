//! The words of what a payer, or a bank, writes beside a payment: how the number of a mandate or of an invoice is looked for in it.

/// A piece of text: letters, or digits without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemittanceWord {
    pub(crate) text: String,
    /// Nothing but a slash, a dash or a dot stands before it.
    pub(crate) glued: bool,
}

impl RemittanceWord {
    pub(crate) fn is_number(&self) -> bool {
        self.text.starts_with(|first: char| first.is_ascii_digit())
    }
}

impl From<RemittanceWord> for String {
    fn from(word: RemittanceWord) -> Self {
        word.text
    }
}

/// Cuts a text where letters and digits meet and at everything else.
pub(crate) fn words(text: &str) -> Vec<RemittanceWord> {
    let mut words: Vec<RemittanceWord> = Vec::new();
    let (mut last, mut glued) = (None, false);
    for char in text.chars() {
        let char = char.to_ascii_uppercase();
        if !char.is_ascii_alphanumeric() {
            glued = (glued || last.is_some()) && matches!(char, '/' | '-' | '.' | '_');
            last = None;
            continue;
        }
        let digit = char.is_ascii_digit();
        match words.last_mut() {
            Some(word) if last == Some(digit) => word.text.push(char),
            _ => words.push(RemittanceWord {
                text: char.to_string(),
                glued: glued || last.is_some(),
            }),
        }
        (last, glued) = (Some(digit), false);
    }
    for word in &mut words {
        if word.is_number() {
            let short = word.text.trim_start_matches('0');
            word.text = if short.is_empty() {
                "0".to_owned()
            } else {
                short.to_owned()
            };
        }
    }
    words
}

/// Whether a text has these parts one after the other.
pub(crate) fn contains(text: &[RemittanceWord], parts: &[String]) -> bool {
    let goes_on = |rest: &[RemittanceWord]| rest.first().is_some_and(|next| next.glued && next.is_number());
    (0..text.len()).any(|place| {
        let rest = &text[place..];
        rest.get(..parts.len())
            .is_some_and(|head| same(head, parts) && !goes_on(&rest[parts.len()..]))
    })
}

/// Whether these words are these parts, one for one.
pub(crate) fn same(words: &[RemittanceWord], parts: &[String]) -> bool {
    words.iter().map(|word| &word.text).eq(parts)
}
