//! The issuer: programmes, beneficiaries, orders, mint, funding, activation, print, hand-over, revocation, expiry.
//!
//! | act | rows | money (through [`ledger::post`], the only way) |
//! |---|---|---|
//! | [admit a prescriber](admit_prescriber()) | who may act in a programme | – |
//! | order | a batch: a memo with its plan | – |
//! | [mint](mint()) | one row a voucher, worth nothing | – |
//! | [fund](fund()) | `funded_at` | available → reserved, refused while any funder is short |
//! | [hand over](hand_over()) (or [activate](activate()) a batch) | a hand-over | reserved → voucher |
//! | [reissue](reissue()) booklets that nobody holds | old numbers withdrawn, new ones drawn | – |
//! | [revoke](revoke()) | an act, and a block a voucher | what is left → refundable, in the shares paid |
//! | publish, withdraw a key | the public half, its withdrawal (in `catalogue`) | – |
//! | [cancel](cancel()), [expire](expire()) | the date | reserved and what is left → refundable |
//! | the [calendar](run_calendar_worker()) of the end | a row a step | the sweep's |
//!
//! **The invariant.** A voucher that exists on paper has no value until its account was opened from money that was reserved for
//! its batch; what it is worth and whether it was spent is never stored here.
//!
//! **Order of locks.** Who acts on vouchers by their numbers first has the batch keep them (`numbers.rs`). Next [`ledger::lock`] names
//! every account of the act; only then are this schema's facts read (in a later statement, so that it sees what was committed
//! meanwhile), then a beneficiary's row is locked, then rows are written. Two acts on one booklet meet on its batch's reserve or on
//! its vouchers' accounts.
//!
//! **No token is stored** and no name leaves: the pseudonymous half of a person ([`BeneficiaryId`]) is what the other tables
//! know; identities have their own table, and answers to anybody but the person's own prescriber never carry them.

mod batches;
mod end;
mod http;
mod keys;
mod paper;
mod people;
mod programmes;
mod vouchers;

mod id;

pub use crate::http::{Config, routes};
pub use batches::activate::{ACTIVATION_CHUNK_VOUCHERS, ActivateRejection, activate};
pub use batches::batch::{Batch, BatchState};
pub use batches::cancel::{CancelRejection, NewCancellation, cancel};
pub use batches::fund::{FundRejection, Shortfall, fund};
pub use batches::mint::{MINT_CHUNK_VOUCHERS, MintRejection, mint};
pub use batches::order::{NewOrder, OrderBooklets, OrderRejection, order};
pub use end::calendar::{
    AcceptRejection, Acceptance, BatchSums, BookletCount, BookletSums, CALENDAR_SECONDS, DecideRejection, Decision,
    Distribution, ExpiryRound, NewAcceptance, NewDecision, PointSums, SetCalendarRejection, StepDone, Sum, accept,
    decide_distribution, expiry_round, run_calendar_worker, set_calendar,
};
pub use end::expire::{EXPIRY_CHUNK_VOUCHERS, ExpireRejection, Expiry, NewExpiry, expire};
pub use id::{
    AcceptanceId, BeneficiaryId, BeneficiaryImportId, DecisionId, ExpiryId, HandOverId, PrintId, ProofId, ReissueId,
    RevocationId,
};
pub use keys::key_sets::KeySets;
pub use keys::public_keys::choice::NoKey;
pub use keys::public_keys::{
    DelegateRejection, KEY_DAYS_MAX, PublishKeyRejection, latest_day, possession_challenge, publish_first_delegation,
    publish_first_key, word as purpose_word,
};
pub use keys::signers::Signers;
pub use keys::voucher_keys::{SecretNotLoaded, VoucherKeys, VoucherSecrets};
pub use paper::booklets::{Paper, PaperFormat, PaperVoucher, Partner, booklets_pdf};
pub use paper::in_vain::{Acceptable, Accepted, InVain};
pub use paper::logos::{
    LOGO_BYTES_MAX, LOGO_HEIGHT_MAX, LOGO_PIXELS_MAX, LOGO_WIDTH_MAX, Logo, LogoFormat, LogoInk, LogoRejection,
    SVG_ELEMENTS_MAX,
};
pub use paper::print::{PRINT_BOOKLETS_MAX, PrintRejection, ReprintReason};
pub use paper::printer_file::{NewPrinterFile, PART_BOOKLETS, PrinterFile, PrinterFileRejection};
pub use paper::proofs::{NewProof, Proof, ProofRejection, specimen, specimen_token};
pub use paper::settings::{Contact, ContactRejection};
pub use people::beneficiaries::{Beneficiary, beneficiaries};
pub use people::identity::{Identity, IdentityHash, IdentityKey};
pub use people::import::{
    BeneficiaryImportReport, CommitRejection, DuplicatePerson, ImportedFile, Importing, commit_import, preview_import,
};
pub use programmes::admit_prescriber::{AdmitRejection, AdmittedPrescriber, NewPrescriber, admit_prescriber};
pub use programmes::create_programme::create_programme;
pub use vouchers::find_booklet::{Booklet, NoCover};
pub use vouchers::hand_over::{HandOver, HandOverRejection, NewHandOver, NewReplacement, hand_over, replace};
pub use vouchers::reissue::{NewReissue, REISSUE_VOUCHERS_MAX, Reissue, ReissueReason, ReissueRejection, reissue};
pub use vouchers::revoke::{NewRevocation, Revocation, RevocationReason, RevokeRejection, revoke};
pub use vouchers::voucher_states::{VoucherCounts, VoucherState, voucher_counts, voucher_states};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Brings schema `issuer` up to date; those of `access`, `catalogue` and `ledger` go first.
pub async fn migrate(pool: &sqlx::PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
