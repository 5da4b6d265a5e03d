use std::fmt;

use uuid::Uuid;

/// Letters and digits that are not mistaken for one another, read aloud or by hand: no 0, O, I, L, U. There are 31 of
/// them, a prime, so that the check character finds every wrong and every swapped character.
const ALPHABET: &[u8; 31] = b"123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters after the year, the last of which checks the others.
const CODE_CHARS: usize = 6;

/// Characters of a reference without its dashes: `AF`, the year, the code.
const REFERENCE_CHARS: usize = 2 + 4 + CODE_CHARS;

/// The reference of a call for funds (appel de fonds), which the funder writes on its transfer: `AF-2026-7K3M9Q`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallReference(String);

impl CallReference {
    /// The reference of a call in a year. 28 million a year: should two calls share one, the next `attempt` is taken.
    #[must_use]
    pub fn derive(call: Uuid, year: i32, attempt: u8) -> Self {
        let digest = ids::derive_uuid(b"call-reference", &[call.as_bytes(), &[attempt]]).as_u128();
        let base = ALPHABET.len() as u128;
        let mut rest = digest;
        let mut values = Vec::with_capacity(CODE_CHARS);
        for _ in 1..CODE_CHARS {
            values.push(usize::try_from(rest % base).expect("below 31"));
            rest /= base;
        }
        values.push(check(year, &values));
        let code: String = values.iter().map(|&value| char::from(ALPHABET[value])).collect();
        Self(format!("AF-{year:04}-{code}"))
    }

    /// Every reference in a remittance text, whatever its case, spaces and dashes; letters typed for digits are
    /// forgiven where no letter can be, and a wrong check character is not.
    #[must_use]
    pub fn find_all(text: &str) -> Vec<Self> {
        let plain: Vec<u8> = text
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_uppercase())
            .collect();
        let mut found = Vec::new();
        for window in plain.windows(REFERENCE_CHARS) {
            if let Some(reference) = Self::parse(window)
                && !found.contains(&reference)
            {
                found.push(reference);
            }
        }
        found
    }

    fn parse(plain: &[u8]) -> Option<Self> {
        let (year, code) = plain.strip_prefix(b"AF")?.split_at_checked(4)?;
        let digits: String = year.iter().map(|&byte| char::from(mended(byte, b'0'))).collect();
        let year: i32 = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())??;
        let value = |&byte: &u8| ALPHABET.iter().position(|&known| known == mended(byte, byte));
        let values: Vec<usize> = code.iter().map(value).collect::<Option<_>>()?;
        let (last, payload) = values.split_last()?;
        let code: String = values.iter().map(|&value| char::from(ALPHABET[value])).collect();
        (check(year, payload) == *last).then(|| Self(format!("AF-{year:04}-{code}")))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `I` and `L` stand for 1, and `O` for a zero where a zero can be.
const fn mended(byte: u8, zero: u8) -> u8 {
    match byte {
        b'I' | b'L' => b'1',
        b'O' => zero,
        other => other,
    }
}

fn check(year: i32, payload: &[usize]) -> usize {
    let year = usize::try_from(year.rem_euclid(31)).expect("below 31");
    let weighted = payload
        .iter()
        .zip(2..)
        .map(|(value, weight): (&usize, usize)| value * weight);
    (weighted.sum::<usize>() + year * 7) % ALPHABET.len()
}

impl fmt::Display for CallReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> CallReference {
        CallReference::derive(Uuid::from_u128(7), 2026, 0)
    }

    #[test]
    fn a_reference_is_its_calls_for_ever() {
        assert_eq!(reference(), reference());
        assert_ne!(reference(), CallReference::derive(Uuid::from_u128(8), 2026, 0));
        assert_ne!(reference(), CallReference::derive(Uuid::from_u128(7), 2026, 1));
        assert_eq!(reference().as_str().len(), "AF-2026-7K3M9Q".len());
    }

    #[test]
    fn it_is_found_however_it_is_written() {
        let text = reference().to_string();
        for written in [
            format!("VIREMENT {text} MERCI"),
            text.to_lowercase().replace('-', " "),
            text.replace('-', ""),
            format!("ref:{}", text.replace("2026", "2O26")),
        ] {
            assert_eq!(CallReference::find_all(&written), [reference()], "{written}");
        }
        assert_eq!(CallReference::find_all(&format!("{text} / {text}")).len(), 1);
    }

    #[test]
    fn a_wrong_or_swapped_character_is_no_reference() {
        let text = reference().to_string();
        let code = 8..text.len();
        for place in code.clone() {
            for other in ALPHABET {
                let mut wrong = text.clone().into_bytes();
                if wrong[place] != *other {
                    wrong[place] = *other;
                    assert!(CallReference::find_all(std::str::from_utf8(&wrong).unwrap()).is_empty());
                }
            }
        }
        for place in code.skip(1) {
            let mut swapped = text.clone().into_bytes();
            swapped.swap(place - 1, place);
            let swapped = String::from_utf8(swapped).unwrap();
            assert!(swapped == text || CallReference::find_all(&swapped).is_empty());
        }
    }

    #[test]
    fn an_empty_text_matches_nothing() {
        for text in ["", " ", "AF", "AF-2026-", "------------", "É".repeat(30).as_str()] {
            assert!(CallReference::find_all(text).is_empty());
        }
    }
}
