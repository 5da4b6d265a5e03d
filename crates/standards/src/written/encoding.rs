//! In which letters a file of text is written, told from its bytes: nobody who saves a file from a spreadsheet knows.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The letters that a file was read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// With or without a byte order mark.
    #[default]
    Utf8,
    /// « Texte Unicode » of spreadsheets; only with its byte order mark.
    Utf16,
    /// What spreadsheets on Windows write as « CSV »; all letters of Latin-1 are in it.
    Windows1252,
}

/// UTF-8 of which some bytes were changed: which byte is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged(pub usize);

/// The text of a file without its byte order mark.
///
/// What is well-formed UTF-8 is UTF-8: no text with accents in another encoding is by accident. The rest is Windows-1252, unless it
/// has more letters of UTF-8 than bytes that are none: then it is a damaged file, and not to be guessed.
pub fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), Damaged> {
    for (mark, utf16) in [(b"\xFF\xFE", UTF_16LE), (b"\xFE\xFF", UTF_16BE)] {
        if let Some(text) = bytes.strip_prefix(mark) {
            return Ok((utf16.decode_without_bom_handling(text).0, Encoding::Utf16));
        }
    }
    let mark = bytes.starts_with(b"\xEF\xBB\xBF");
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((
            Cow::Borrowed(text.strip_prefix('\u{FEFF}').unwrap_or(text)),
            Encoding::Utf8,
        )),
        Err(error) if mark || is_mostly_utf8(bytes) => Err(Damaged(error.valid_up_to())),
        Err(_) => Ok((WINDOWS_1252.decode_without_bom_handling(bytes).0, Encoding::Windows1252)),
    }
}

fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut letters, mut strays) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        strays += usize::from(!chunk.invalid().is_empty());
    }
    letters > strays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_letters_are_read_in_whatever_they_were_saved() {
        for (bytes, text, encoding) in [
            (&b"No\xC3\xABl"[..], "Noël", Encoding::Utf8),
            (b"\xEF\xBB\xBFNo\xC3\xABl", "Noël", Encoding::Utf8),
            (b"No\xEBl", "Noël", Encoding::Windows1252),
            (
                b"C\x9Cur, 10 \x80, l\x92\xE9t\xE9",
                "Cœur, 10 €, l’été",
                Encoding::Windows1252,
            ),
            (b"\xFF\xFEN\0o\0\xEB\0l\0", "Noël", Encoding::Utf16),
            (b"\xFE\xFF\0N\0o\0\xEB\0l", "Noël", Encoding::Utf16),
            (b"", "", Encoding::Utf8),
        ] {
            assert_eq!(decode(bytes), Ok((text.into(), encoding)));
        }
    }

    #[test]
    fn a_damaged_file_is_not_guessed() {
        assert_eq!(decode(b"No\xC3\xABl, \xC3\xA9t\xC3\xA9, \xE9"), Err(Damaged(14)));
        assert_eq!(decode(b"\xEF\xBB\xBFa\xE9"), Err(Damaged(4)));
    }
}
