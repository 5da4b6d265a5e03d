use chrono::{DateTime, NaiveDate, Utc};
use ledger::{BookId, PartyId};
use serde::Serialize;
use standards::Cents;
use standards::calendar::paris_date;
use standards::spreadsheet::cell;
use uuid::Uuid;

use crate::reports::claims_report::pseudonym::Pseudonyms;
use crate::support::ids::PaymentId;

/// A claim and a funder, as they are read.
#[derive(Debug)]
pub(super) struct ClaimShare {
    pub claim: Uuid,
    pub book: BookId,
    pub programme: Option<String>,
    pub at: DateTime<Utc>,
    pub service_date: Option<NaiveDate>,
    pub service: Option<String>,
    pub level: Option<String>,
    pub departement: Option<String>,
    pub commune_code: Option<String>,
    pub commune: Option<String>,
    pub structure: Option<PartyId>,
    pub vouchers: i64,
    pub face_value: Cents,
    pub funder: PartyId,
    pub funder_name: Option<String>,
    pub share: Cents,
    pub reversed_at: Option<DateTime<Utc>>,
    pub paid: Cents,
    pub payment: Option<PaymentId>,
    pub debited: Option<bool>,
}

/// The same as a line of the file.
#[derive(Debug, Serialize)]
pub(super) struct ClaimShareLine {
    claim_id: Uuid,
    programme_id: BookId,
    programme: String,
    claimed_on: NaiveDate,
    service_date: Option<NaiveDate>,
    service: String,
    level: String,
    departement: String,
    commune_code: String,
    commune: String,
    structure: String,
    vouchers: i64,
    face_value: Cents,
    funder_id: PartyId,
    funder: String,
    share: Cents,
    reversed_on: Option<NaiveDate>,
    paid: Cents,
    payment_id: Option<PaymentId>,
    payment_state: &'static str,
}

impl ClaimShareLine {
    /// The names of the columns, for a file without lines.
    pub const COLUMNS: [&str; 20] = [
        "claim_id",
        "programme_id",
        "programme",
        "claimed_on",
        "service_date",
        "service",
        "level",
        "departement",
        "commune_code",
        "commune",
        "structure",
        "vouchers",
        "face_value",
        "funder_id",
        "funder",
        "share",
        "reversed_on",
        "paid",
        "payment_id",
        "payment_state",
    ];
}

impl ClaimShareLine {
    /// The line of what was read.
    pub fn new(share: ClaimShare, pseudonyms: &Pseudonyms) -> Self {
        Self {
            claim_id: share.claim,
            programme_id: share.book,
            programme: text(share.programme),
            claimed_on: paris_date(share.at),
            service_date: share.service_date,
            service: text(share.service),
            level: text(share.level),
            departement: text(share.departement),
            commune_code: text(share.commune_code),
            commune: text(share.commune),
            structure: share
                .structure
                .map(|structure| pseudonyms.of(share.funder, structure))
                .unwrap_or_default(),
            vouchers: share.vouchers,
            face_value: share.face_value,
            funder_id: share.funder,
            funder: text(share.funder_name),
            share: share.share,
            reversed_on: share.reversed_at.map(paris_date),
            paid: share.paid,
            payment_id: share.payment,
            payment_state: match (share.payment, share.debited) {
                (None, _) => "",
                (Some(_), Some(true)) => "debited",
                (Some(_), _) => "sent",
            },
        }
    }
}

/// People open the file in a spreadsheet.
fn text(text: Option<String>) -> String {
    text.map(|text| cell(&text).into_owned()).unwrap_or_default()
}
