//! Messages of `ccn.funding.v1` from and to our own types.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use proto::funding::v1::entries_answer::Answer;
use proto::funding::v1::{EntriesAnswer, LedgerAccount, SealedEntry, WaterfallRequest, WaterfallRow};
use sealed_log::{AnyLeaf, LeafAccount};
use web::Problem;

use crate::reports::waterfall::{self, WaterfallFilter};

/// An entry as a message.
pub(super) fn entry(leaf: &AnyLeaf) -> SealedEntry {
    let entry = SealedEntry {
        seq: leaf.seq(),
        id: leaf.id().to_string(),
        kind: leaf.kind_name().to_owned(),
        cents: leaf.cents().get(),
        booked_on: leaf.booked_on().to_string(),
        leaf: leaf.to_bytes(),
        late: leaf.is_late(),
        ..SealedEntry::default()
    };
    match leaf {
        AnyLeaf::Transfer(of) => SealedEntry {
            debit: Some(account(&of.debit)),
            credit: Some(account(&of.credit)),
            at: instant(of.at),
            event: of.event.to_string(),
            reverses: text(of.reverses),
            reference: of.reference.clone(),
            nonce: of.commitment.map(|commitment| commitment.nonce.to_vec()),
            commitment: of.commitment.map(|commitment| commitment.digest.to_vec()),
            presented: of.evidence.map(|evidence| evidence.presented.name().to_owned()),
            evidence: of.evidence.map(|evidence| evidence.digest.to_vec()),
            ..entry
        },
        AnyLeaf::Record(of) => SealedEntry {
            debit: Some(account(&of.account)),
            credit: Some(account(&of.account)),
            at: instant(of.at),
            event: of.event.to_string(),
            reference: of.reference.clone(),
            claim: text(Some(of.claim)),
            payment: text(Some(of.payment)),
            ..entry
        },
        AnyLeaf::Trail(of) => SealedEntry {
            at: instant(of.at),
            digest: Some(of.digest.to_vec()),
            ..entry
        },
    }
}

fn account(account: &LeafAccount) -> LedgerAccount {
    let (series, idx) = account.voucher.unzip();
    LedgerAccount {
        book: account.book.to_string(),
        kind: account.kind.name().to_owned(),
        party: text(account.party),
        batch: text(account.batch),
        series: series.map(u32::from),
        idx,
    }
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Either of the two.
pub(super) const fn answer(answer: Answer) -> EntriesAnswer {
    EntriesAnswer { answer: Some(answer) }
}

/// A row, word for word what REST shows.
pub(super) fn row(row: &waterfall::WaterfallRow) -> WaterfallRow {
    serde_json::to_value(row)
        .and_then(serde_json::from_value)
        .expect("members of a row have the types that proto/ccn/funding/v1/exports.proto gives them")
}

/// What a message asks for, or what in it cannot be read.
pub(super) fn asked(message: &WaterfallRequest) -> Result<WaterfallFilter, Problem> {
    Ok(WaterfallFilter {
        funder_id: read("funder_id", "un UUID", message.funder_id.as_deref())?,
        programme_id: read("programme_id", "un UUID", message.programme_id.as_deref())?,
        territory: read(
            "territory",
            "un territoire (FR, R27, 21, 21231)",
            message.territory.as_deref(),
        )?,
        from: read("from", "une date (AAAA-MM-JJ)", message.from.as_deref())?,
        to: read("to", "une date (AAAA-MM-JJ)", message.to.as_deref())?,
    })
}

fn read<T: FromStr>(name: &str, expected: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    let wrong = |_| Problem::bad_request(format!("« {name} » n'est pas {expected}."));
    text.map(str::parse).transpose().map_err(wrong)
}
