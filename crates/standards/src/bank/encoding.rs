//! From the bytes of a bank's file to text. What its words say is information: no byte of them refuses a file, while amounts, days
//! and account numbers are ASCII in every encoding that is read here.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes within which an XML declaration ends.
const DECLARATION_BYTES_MAX: usize = 400;

/// UTF-8, and each byte that is none as windows-1252, whose printable characters are those of ISO 8859-1 and some more.
pub(crate) fn western(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    Cow::Owned(text)
}

/// The text of a file that begins with the byte order mark of UTF-16, or with a letter that only UTF-16 writes so.
pub(crate) fn utf16(bytes: &[u8]) -> Option<String> {
    let encoding = match bytes {
        [0xFF, 0xFE, ..] | [b'<' | b'0', 0, ..] => UTF_16LE,
        [0xFE, 0xFF, ..] | [0, b'<' | b'0', ..] => UTF_16BE,
        _ => return None,
    };
    Some(encoding.decode_with_bom_removal(bytes).0.into_owned())
}

/// The text of an XML file by its byte order mark, else by its declaration, else UTF-8; or the name of an encoding that is not read.
pub(crate) fn xml(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some(text) = utf16(bytes) {
        return Ok(Cow::Owned(text));
    }
    let marked = bytes.starts_with(b"\xEF\xBB\xBF");
    let Some(label) = declared(bytes).filter(|_| !marked) else {
        return Ok(western(bytes));
    };
    match Encoding::for_label(label.as_bytes()) {
        // A declaration that can be read byte by byte is not in UTF-16, whatever it says: some programs write it for UTF-8.
        Some(encoding) if encoding == UTF_8 || encoding == UTF_16LE || encoding == UTF_16BE => Ok(western(bytes)),
        Some(encoding) if encoding.is_single_byte() => Ok(encoding.decode_without_bom_handling(bytes).0),
        _ => Err(label),
    }
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.trim_ascii_start().strip_prefix(b"<?xml")?;
    let head = &head[..head.len().min(DECLARATION_BYTES_MAX)];
    let end = head.windows(2).position(|two| two == b"?>")?;
    let (_, value) = str::from_utf8(&head[..end]).ok()?.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|one| matches!(one, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}
