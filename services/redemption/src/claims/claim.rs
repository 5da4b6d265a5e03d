//! A structure scans vouchers and learns at once whether it will be paid for them.
//!
//! ```text
//! phone ── {id, tokens[], service, date} ──► check     CPU and memory: signature, last day, one programme, no voucher twice
//!                                              │       too late now: one look whether it was booked in its time
//!                                              │
//!                                           queue      bounded; full means 503 and Retry-After
//!                                              │       all that waits at this moment, never longer
//!                                           decide     one transaction a book: lock, read, admit in order of arrival, write
//!                                              │
//! phone ◄── 201 | 200 | 4xx with a reason for each bad voucher
//! ```
//!
//! **The invariant.** A voucher's account goes from its face value to nothing in the same transaction that writes the
//! claim, and its CHECK lets that happen once: whoever loses is told who won. A claim's vouchers are all or nothing.
//!
//! **Round trips**, for one claim or for [`BATCH_MAX`] of them, in one transaction:
//!
//! | statement | |
//! |---|---|
//! | known claims | retries are answered from here, whatever happened since |
//! | standing of the structures | a suspension counts from the moment it is committed |
//! | `ledger::post`: open, lock, read, write | locks in order of number, so two batches never wait for each other in a ring |
//! | insert claims | by `unnest` |
//! | *only if some were booked meanwhile:* claims | the same id arrived twice at once |
//! | *only if some are refused:* blocks, states, last claims | why, still under the locks, so that the reason is true |
//!
//! A claim alone waits for nobody: a worker takes what is there. Workers ([`WORKERS`]) work on different batches at once.
//!
//! **Idempotent.** The claim's id is derived from the programme and the phone's id. The same content gives an equal
//! receipt (200), however late: a claim that would now be refused for its date, its last day, its key or its structure's
//! standing is first looked for among those booked; other content, 409. A refusal uses up no id, since its cause may pass. When the caller goes away, its
//! claim is decided all the same and a retry gets the receipt; when a worker fails, nothing was committed, the callers
//! are told to come again (503), and the next batch is taken as if nothing had happened.
//!
//! **Codes** typed by hand (`codes`) are looked for before the queue, and limited (`code_limits`); from there on a voucher is a voucher.
//!
//! **The age of a status list** that a phone relied on is written down with the claim, and is no part of its content: a phone that
//! has synchronised between two tries sends the same claim.
//!
//! **Tokens** are worth money to whoever holds them: no type that holds one implements `Debug`, and none is stored.
//!
//! *Rejected:* a lock per programme (no two claims at once); waiting a few milliseconds to fill a batch (a claim alone
//! would pay for it); an `insert … on conflict` per voucher (it sinks its neighbours, and says too little).

mod caches;
mod code_limits;
mod codes;
mod decide;
mod fault;
mod pipeline;
mod presented;
mod problem;
mod refusal_diagnosis;
mod validate;
mod validated_claim;

use access::Caller;
use bounds::Form;
use chrono::{DateTime, NaiveDate, Utc};
use database::{Rejection, UseCaseError};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{ids::ClaimRequestId, ids::StructureId};

pub use code_limits::{
    CODES_EVERYBODY_MAX, CODES_KEY_MAX, CODES_STRUCTURE_MAX, CODES_WINDOW_SECONDS, WRONG_CODES_EVERYBODY_MAX,
    WRONG_CODES_KEY_MAX, WRONG_CODES_STRUCTURE_MAX,
};
pub use fault::{BadVoucher, Fault};
pub(crate) use refusal_diagnosis::blocks;
pub(crate) use validated_claim::transfer_id;

pub use pipeline::{BATCH_MAX, ClaimPipeline, QUEUE_MAX, WORKERS};
pub use problem::BUSY_SECONDS;

/// Vouchers in one claim.
pub const CLAIM_VOUCHERS_MAX: usize = 50;

/// Days after a service within which it can be claimed.
pub const SERVICE_AGE_DAYS_MAX: u64 = 31;

bounds::text_kind! {
    /// What a camera read, or what a person typed.
    pub struct VoucherText: 0..=web::TEXT_CHARS_MAX, Form::Any;
}

bounds::list_kind! {
    /// The vouchers of a claim, 1 to 50 whether scanned or typed.
    pub struct ClaimedVouchers: [VoucherText; 0..=CLAIM_VOUCHERS_MAX];
}

/// A claim as the phone sends it. Holds tokens: never shown by `Debug`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClaim {
    /// Made and stored by the phone before it sends: a retry uses it again.
    pub id: ClaimRequestId,
    /// The text of each QR code scanned, or its digits. With `short_codes`, 1 to 50 of one programme.
    #[serde(default)]
    #[schema(value_type = ClaimedVouchers)]
    pub tokens: Vec<String>,
    /// The codes printed beside QR codes that no camera reads, as typed; `?` for a sign that cannot be read. A voucher's position in
    /// an answer counts on from the tokens.
    #[serde(default)]
    #[schema(value_type = ClaimedVouchers)]
    pub short_codes: Vec<String>,
    /// Code of the service given, from the catalogue.
    #[schema(example = "atelier-premiers-pas")]
    pub service: String,
    /// Day on which it was given (Europe/Paris): not in the future, at most 31 days ago.
    pub date: NaiveDate,
    /// When the vouchers were looked at with a status list: that list's `iat` (for several, the oldest). Not in the future.
    /// Recorded with the claim; a retry may say another one, and the first one stays.
    #[serde(default)]
    pub status_list_at: Option<DateTime<Utc>>,
}

/// Who claims: a structure, with one of its API keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    pub structure: StructureId,
    /// The id of the key: one device.
    pub key: Uuid,
}

impl From<&Caller> for Claimant {
    fn from(caller: &Caller) -> Self {
        Self {
            structure: caller.organisation().into(),
            key: caller.key(),
        }
    }
}

/// The vouchers of one programme in a claim that mixes several.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProgrammePart {
    pub programme_id: catalogue::ProgrammeId,
    /// Which positions are its vouchers: the tokens from 0, then the short codes.
    pub indexes: Vec<usize>,
}

#[derive(Debug)]
pub enum ClaimRejection {
    NoVoucher,
    TooManyVouchers(usize),
    UnknownService,
    /// In the future, or too long ago.
    DateOutOfRange {
        earliest: NaiveDate,
        /// Last day accepted: today in Paris.
        latest: NaiveDate,
    },
    StatusListFromFuture,
    /// Too many codes were typed, or too many wrong ones.
    TooManyCodes {
        /// When to come again.
        retry_after_seconds: u32,
    },
    /// Each for its reason; the others are untouched.
    Vouchers(Vec<BadVoucher>),
    /// Positions of the second and of the first.
    TwiceInOneClaim(Vec<(usize, usize)>),
    MixedProgrammes(Vec<ProgrammePart>),
    /// The organisation was never admitted as a structure.
    NotAccredited,
    Suspended,
    /// Too many claims are waiting.
    Busy,
    /// It was not decided; logged where it failed. A retry is safe.
    Unavailable,
}

impl Rejection for ClaimRejection {}

pub type ClaimError = UseCaseError<ClaimRejection>;
