//! Words as people type them, compared: without case, accents, or the kind of apostrophe, dash and space between them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text in plain lowercase letters and digits. Empty when nothing in it is a letter or a digit.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    // Lowercase first: some capitals (İ) become a letter and a mark.
    let mut plain = String::with_capacity(text.len());
    for letter in text.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)) {
        match spelt(letter) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(letter),
        }
    }
    plain
        // Some kinds of apostrophe (ʼ) are letters to Unicode.
        .split(|c: char| !c.is_alphanumeric() || matches!(c, '\u{2b9}'..='\u{2c1}'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The one of these choices that has the same words, as it is written there.
#[must_use]
pub fn choice<'c>(typed: &str, choices: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let choices: Vec<&str> = choices.into_iter().collect();
    // Most files are written as they should be, and then nothing is taken apart.
    let exact = choices.iter().find(|choice| **choice == typed);
    let folded = || {
        let typed = words(typed);
        choices
            .iter()
            .find(|choice| !typed.is_empty() && words(choice) == typed)
    };
    exact.or_else(folded).copied()
}

/// Letters that Unicode does not take apart, as they are typed without them.
const fn spelt(letter: char) -> Option<&'static str> {
    Some(match letter {
        'œ' => "oe",
        'æ' => "ae",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ß' => "ss",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_cannot_be_taken_apart_are_spelt() {
        for (typed, plain) in [
            ("Đức", "duc"),
            ("Bjørn", "bjorn"),
            ("Cœur", "coeur"),
            ("ŁUKASZ", "lukasz"),
            ("Strauß", "STRAUSS"),
            ("İnci", "Inci"),
        ] {
            assert_eq!(words(typed), words(plain));
        }
    }

    #[test]
    fn a_text_without_letters_has_no_words() {
        assert_eq!(words(" -' "), Vec::<String>::new());
        assert_eq!(choice("-", ["'"]), None);
        assert_eq!(choice("", ["", "F"]), Some(""));
    }

    #[test]
    fn a_choice_is_found_without_case_accents_and_kinds_of_apostrophe() {
        let choices = ["Point d'accès numérique CAF", "À distance", "Seniors"];
        for (typed, found) in [
            ("POINT D’ACCES NUMERIQUE CAF", choices[0]),
            ("point d\u{02bc}accès\u{a0}numérique  caf", choices[0]),
            ("a distance", choices[1]),
            ("A\u{300} Distance", choices[1]),
            (" SENIORS ", choices[2]),
        ] {
            assert_eq!(choice(typed, choices), Some(found), "{typed}");
        }
        assert_eq!(choice("Senior", choices), None);
    }
}
