//! What a keyboard scanner made of a QR code, put back: the exact text, when there is no doubt about it.
//!
//! A USB scanner types what it reads. It adds Enter, a tab or a prefix, capitals when a lock key is on, and other signs when it and the
//! computer are set to different keyboards: `0123` becomes `à&é"`. Nothing here makes a second text for a token: what comes out is the
//! one text of [`Token::to_url`](crate::Token::to_url) or of [`Token::digits`](crate::Token::digits), or else what came in.

use std::borrow::Cow;

use crate::text::{PATH, SCHEME, TOKEN_DIGITS};
use crate::{CoverCode, Host};

/// The text of the QR code behind what a scanner sent. When it is not certain, the same text without what stands around it, which
/// [`Token::from_text`](crate::Token::from_text) then refuses for its own reason.
///
/// ```
/// # use voucher::scanned;
/// let digits = "0".repeat(209);
/// let exact = format!("https://cheque.example.fr/v#{digits}");
/// assert_eq!(scanned(&format!("]Q1HTTPS://CHEQUE.EXAMPLE.FR/V#{digits}\r\n")), exact);
/// assert_eq!(scanned(&format!("httpsM!!cheaue:exq,ple:fr!v3{}", "à".repeat(209))), exact);
/// ```
#[must_use]
pub fn scanned(text: &str) -> Cow<'_, str> {
    let bare = text.trim_matches(is_around);
    exact(bare)
        .or_else(|| exact(&retyped(bare, azerty)?))
        .or_else(|| exact(&retyped(bare, azerty_of_mac)?))
        .map_or(Cow::Borrowed(bare), Cow::Owned)
}

/// What scanners and copies put before and after a text: spaces, control characters, and marks that nobody sees.
fn is_around(sign: char) -> bool {
    sign.is_whitespace() || sign.is_control() || is_invisible(sign)
}

/// Zero-width and directional marks, and the byte order mark.
pub(crate) const fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The one spelling of a text that has the shape of a voucher or of a [cover](CoverCode), whatever its capitals, prefix and escapes.
fn exact(text: &str) -> Option<String> {
    let text = without_symbology(text);
    if is_token(text) {
        return Some(text.to_owned());
    }
    if let Ok(cover) = text.parse::<CoverCode>() {
        return Some(cover.to_string());
    }
    let plain = unescaped(text);
    let address = strip_prefix_ignoring_case(&plain, SCHEME)?;
    let (host, path) = address.split_at(address.find('/')?);
    let payload = strip_prefix_ignoring_case(path, PATH)?;
    let host: Host = host.to_ascii_lowercase().parse().ok()?;
    if is_token(payload) {
        return Some(host.prefix() + payload);
    }
    Some(payload.parse::<CoverCode>().ok()?.to_url(&host))
}

fn is_token(text: &str) -> bool {
    text.len() == TOKEN_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Without the prefix that names the kind of symbol (ISO/IEC 15424): `]Q1` for a QR code.
fn without_symbology(text: &str) -> &str {
    match text.as_bytes() {
        [b']', kind, modifier, ..] if kind.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() => &text[3..],
        _ => text,
    }
}

/// An address that a program escaped on its way: only the three signs that a voucher's has.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let escapes = [("%3A", ":"), ("%3a", ":"), ("%2F", "/"), ("%2f", "/"), ("%23", "#")];
    Cow::Owned(
        escapes
            .iter()
            .fold(text.to_owned(), |text, (escape, sign)| text.replace(escape, sign)),
    )
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// What a scanner set to an American keyboard meant; nothing when a sign is on no key that it presses.
fn retyped(text: &str, key: fn(char) -> Option<char>) -> Option<String> {
    text.chars().map(key).collect()
}

/// The American sign of a key, by what the key types on a French keyboard.
fn azerty(typed: char) -> Option<char> {
    Some(match typed {
        'a' => 'q',
        'q' => 'a',
        'z' => 'w',
        'w' => 'z',
        'A' => 'Q',
        'Q' => 'A',
        'Z' => 'W',
        'W' => 'Z',
        ',' => 'm',
        '?' => 'M',
        'M' => ':',
        ':' => '.',
        '!' => '/',
        ')' => '-',
        '$' => ']',
        '3' => '#',
        letter if letter.is_ascii_alphabetic() && letter != 'm' => letter,
        sign => azerty_digit(sign)?,
    })
}

/// As [`azerty`], where the keys of Apple's and of Belgian keyboards type something else.
fn azerty_of_mac(typed: char) -> Option<char> {
    match typed {
        '=' => Some('/'),
        '!' => Some('8'),
        sign => azerty(sign),
    }
}

/// The digit of a key of a French keyboard that was pressed without the shift key.
pub(crate) const fn azerty_digit(typed: char) -> Option<char> {
    Some(match typed {
        'à' => '0',
        '&' => '1',
        'é' => '2',
        '"' => '3',
        '\'' | '’' => '4',
        '(' => '5',
        '-' | '§' => '6',
        'è' => '7',
        '_' => '8',
        'ç' => '9',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digits() -> String {
        "0123456789".chars().cycle().take(TOKEN_DIGITS).collect()
    }

    fn address() -> String {
        format!("https://cheque-2.example.fr/v#{}", digits())
    }

    /// A text as a computer with another keyboard shows what an American scanner types.
    fn typed(text: &str, key: fn(char) -> Option<char>) -> String {
        let signs = ('!'..='~').chain("àéèç§".chars());
        let keys: Vec<(char, char)> = signs.filter_map(|sign| Some((key(sign)?, sign))).collect();
        text.chars()
            .map(|meant| keys.iter().rev().find(|(sign, _)| *sign == meant).expect("a key").1)
            .collect()
    }

    #[test]
    fn what_a_scanner_adds_around_a_text_is_no_part_of_it() {
        for exact in [address(), digits()] {
            for (before, after) in [
                ("", "\r"),
                ("", "\n"),
                ("", "\r\n"),
                ("", "\t"),
                ("", " "),
                (" ", ""),
                ("]Q1", ""),
                ("]Q0", "\r"),
                ("]Q3", "\n"),
                ("\u{2}", "\u{3}"),
                ("\u{feff}", "\u{a0}"),
                ("\u{200b}", "\u{1d}"),
            ] {
                assert_eq!(
                    scanned(&format!("{before}{exact}{after}")),
                    exact,
                    "{before:?} {after:?}"
                );
            }
        }
    }

    #[test]
    fn capitals_and_escapes_of_an_address_are_put_back() {
        let exact = address();
        for text in [
            exact.to_uppercase(),
            exact.replace("https", "HTTPS"),
            exact.replace("cheque", "Cheque"),
            exact.replace('#', "%23"),
            exact.replace('#', "%23").to_uppercase(),
            exact.replace(':', "%3A").replace('/', "%2F").replace('#', "%23"),
        ] {
            assert_eq!(scanned(&text), exact, "{text}");
        }
    }

    #[test]
    fn signs_of_a_french_keyboard_are_put_back() {
        let row: String = "à&é\"'(-è_ç".chars().cycle().take(TOKEN_DIGITS).collect();
        assert_eq!(scanned(&row), digits());
        for exact in [address(), digits()] {
            for key in [azerty, azerty_of_mac] {
                let text = typed(&exact, key);
                assert_ne!(text, exact);
                assert_eq!(scanned(&format!("{text}\r")), exact, "{text}");
                assert_eq!(scanned(&typed(&format!("]Q1{exact}"), key)), exact);
                let capitals = exact.replace("https", "HTTPS");
                assert_eq!(scanned(&typed(&capitals, key)), exact);
            }
        }
    }

    #[test]
    fn what_is_not_certain_is_left_for_its_own_refusal() {
        for text in [
            "",
            "bonjour",
            "https://cheque.example.fr/v#12",
            "http://cheque.example.fr/v#",
            "]Q1",
            "é",
        ] {
            assert_eq!(scanned(&format!(" {text}\n")), text);
        }
        let http = address().replace("https", "http");
        assert_eq!(scanned(&http), http);
        let inside = address().replace("567", "5 67");
        assert_eq!(scanned(&inside), inside);
    }

    proptest! {
        #[test]
        fn any_text_is_read_once_and_for_all(text: String) {
            let once = scanned(&text).into_owned();
            prop_assert_eq!(scanned(&once), once.as_str());
        }
    }
}
