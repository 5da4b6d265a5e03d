//! Vouchers, proven with the public keys alone.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use standards::calendar::paris_end_of_day;
use voucher::{Host, Keyring, PublicKey, Verified};

/// Bytes of the longest line read; a token's text has 242 at most.
const LINE_BYTES_MAX: u64 = 1024;

/// Seconds before the end of a day at which "on that day" is judged: its last minute, when every voucher whose last
/// day it is still holds.
const BEFORE_MIDNIGHT_SECONDS: i64 = 60;

/// The host with which a text that names none is judged: the one of a server that nobody configured.
const DEFAULT_HOST: &str = "cheque.localhost";

/// What is told of one token, as JSON.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TokenVerdict {
    /// Signed by one of the keys and within its last day. Whether it was spent is not in the token.
    Valid {
        valid: bool,
        /// Vouchers minted together share it.
        series: u16,
        /// The rank in the series.
        idx: u32,
        /// The face value in euro cents.
        cents: u16,
        /// The last day on which the voucher may be used.
        day: NaiveDate,
        /// 16 hexadecimal digits.
        id: String,
        /// The key that signed, 8 hexadecimal digits.
        kid: String,
        /// The code printed beside the QR code.
        short_code: String,
    },
    Invalid {
        valid: bool,
        /// The stable word of [`voucher::VerifyError`].
        reason: &'static str,
    },
}

/// Verifies texts one after the other.
#[derive(Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    host: Option<Host>,
    at: DateTime<Utc>,
}

impl Verifier {
    /// With these `keys`, at the instant `at`. Without a `host`, a voucher of any host is read: its signature decides.
    #[must_use]
    pub const fn new(keys: Vec<PublicKey>, host: Option<Host>, at: DateTime<Utc>) -> Self {
        Self { keys, host, at }
    }

    /// The verdict on one text.
    #[must_use]
    pub fn verdict(&self, text: &str) -> TokenVerdict {
        let text = &*voucher::scanned(text);
        let host = self.host.clone().or_else(|| host_of(text));
        let host = host.unwrap_or_else(|| {
            DEFAULT_HOST
                .parse()
                .expect("a lowercase name of less than 22 characters")
        });
        match Keyring::new(host, self.keys.clone()).verify(text, self.at.timestamp()) {
            Ok(voucher) => valid(&voucher),
            Err(error) => TokenVerdict::Invalid {
                valid: false,
                reason: error.reason(),
            },
        }
    }

    /// One JSON object a line for each of `texts`. True when all are valid.
    pub fn texts(&self, texts: &[String], out: impl Write) -> io::Result<bool> {
        let mut out = BufWriter::new(out);
        let mut all = true;
        for text in texts {
            all &= write(&mut out, &self.verdict(text))?;
        }
        out.flush()?;
        Ok(all)
    }

    /// The same for each line of `input`, as it comes: as many answers as lines.
    pub fn lines(&self, input: impl Read, out: impl Write) -> io::Result<bool> {
        let mut input = BufReader::new(input);
        let mut out = BufWriter::new(out);
        let mut all = true;
        let mut line = Vec::new();
        while read_line(&mut input, &mut line)? {
            // What is no text, or is longer than any token, is refused like any other text that is no token.
            let text = String::from_utf8_lossy(&line);
            all &= write(&mut out, &self.verdict(&text))?;
            if input.buffer().is_empty() {
                // Whoever writes line by line reads line by line.
                out.flush()?;
            }
        }
        out.flush()?;
        Ok(all)
    }
}

/// The end of `date` in Paris, a minute before.
#[must_use]
pub fn on_day(date: NaiveDate) -> DateTime<Utc> {
    paris_end_of_day(date) - chrono::TimeDelta::seconds(BEFORE_MIDNIGHT_SECONDS)
}

/// `2026-03-31`, or an instant such as `2026-03-31T12:00:00Z`.
pub fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(on_day(date));
    }
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "une date s'écrit 2026-03-31, un instant 2026-03-31T12:00:00Z".to_owned())
}

fn host_of(text: &str) -> Option<Host> {
    let (host, _) = text.strip_prefix("https://")?.split_once('/')?;
    host.parse().ok()
}

fn valid(voucher: &Verified) -> TokenVerdict {
    let terms = voucher.terms();
    TokenVerdict::Valid {
        valid: true,
        series: terms.series,
        idx: terms.idx.get(),
        cents: terms.cents,
        day: terms.day.date(),
        id: data_encoding::HEXLOWER.encode(&terms.id.to_bytes()),
        kid: voucher.kid().to_string(),
        short_code: voucher.short_code().to_string(),
    }
}

fn write(out: &mut impl Write, verdict: &TokenVerdict) -> io::Result<bool> {
    serde_json::to_writer(&mut *out, verdict)?;
    out.write_all(b"\n")?;
    Ok(matches!(verdict, TokenVerdict::Valid { .. }))
}

/// The next line; what goes beyond [`LINE_BYTES_MAX`] is dropped. False at the end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}
