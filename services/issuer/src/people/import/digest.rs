use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::row::Person;
use super::{BeneficiaryImportReport, Importing};

/// SHA-256 over the file and what would become of each of its lines, so that a commit does what its preview showed or nothing.
pub(super) fn of(
    by: &Importing<'_>,
    sha256: &[u8; 32],
    sheet: Option<&str>,
    report: &BeneficiaryImportReport,
    accepted: &[Person],
    unchanged: &[u64],
) -> String {
    let mut hash = Sha256::new();
    hash.update(b"ccn beneficiary import v1");
    hash.update(by.programme.id.uuid());
    hash.update(by.prescriber().uuid());
    hash.update(sha256);
    hash.update(Sha256::digest(sheet.unwrap_or_default()));
    let mut line = |verdict: u8, line: u64, more: u64| {
        hash.update([verdict]);
        hash.update(line.to_be_bytes());
        hash.update(more.to_be_bytes());
    };
    for person in accepted {
        line(b'a', person.line, 0);
    }
    for &unchanged in unchanged {
        line(b'u', unchanged, 0);
    }
    for refused in &report.refused {
        line(b'r', refused.line, refused.column.len() as u64);
    }
    for double in &report.duplicates {
        line(b'd', double.cell.line, double.same_as_line.unwrap_or_default());
    }
    HEXLOWER.encode(&hash.finalize())
}
