use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use chrono::{DateTime, Utc};
use standards::calendar::from_token_day;
use voucher::{JwkSet, Token};

use super::claims::Claims;
use super::{EvidenceUnreadable, EvidenceVerdict};
use crate::tokens::{TokenVerdict, Verifier, on_day};

/// Bytes of the longest file of tokens read: a million.
const TOKENS_BYTES_MAX: u64 = 256 << 20;

/// Verifies each text of the file at `path`, on the last day of its voucher, since the claim was made in its time; and finds it among
/// the vouchers claimed. A fault names a token's line, never its text.
pub(super) fn check(
    path: &Path,
    keys: &str,
    claims: &Claims,
    verdict: &mut EvidenceVerdict,
) -> Result<(), EvidenceUnreadable> {
    let keys = JwkSet::read(keys).map_err(|error| EvidenceUnreadable::Keys(error.to_string()))?;
    let unreadable = |error| EvidenceUnreadable::File(path.to_owned(), error);
    let file = BufReader::new(File::open(path).map_err(unreadable)?.take(TOKENS_BYTES_MAX));
    for (number, line) in (1..).zip(file.lines()) {
        let line = line.map_err(unreadable)?;
        let text = &*voucher::scanned(&line);
        if text.is_empty() {
            continue;
        }
        let Some(at) = last_day(text) else {
            verdict.fault(format!("codes, ligne {number} : ce n'est pas le code d'un chèque"));
            continue;
        };
        match Verifier::new(keys.clone(), None, at).verdict(text) {
            TokenVerdict::Valid { series, idx, .. } if claims.has(series, idx) => verdict.tokens += 1,
            TokenVerdict::Valid { series, idx, .. } => verdict.fault(format!(
                "codes, ligne {number} : le chèque {series}-{idx} est authentique, mais n'est pas dans ces encaissements"
            )),
            TokenVerdict::Invalid { reason, .. } => {
                verdict.fault(format!("codes, ligne {number} : le chèque n'est pas authentique ({reason})"));
            }
        }
    }
    Ok(())
}

/// The end of the last day in a token's text, signed or not (docs/TOKEN.md: bytes 12 and 13).
fn last_day(text: &str) -> Option<DateTime<Utc>> {
    let digits = text.rsplit('#').next()?;
    let bytes = Token::from_digits(digits).ok()?.to_bytes();
    let day = bytes.get(12..14)?.try_into().ok()?;
    Some(on_day(from_token_day(u16::from_be_bytes(day))))
}
