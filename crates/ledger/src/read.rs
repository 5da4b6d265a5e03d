//! What the books say, read by the services. Reads decide nothing: what must not change meanwhile is locked first
//! ([`lock`](crate::lock())).
//!
//! | what | of |
//! |---|---|
//! | [`balances()`], [`voucher_states`], [`openings`], [`commitments`], [`last_claims`] | some accounts |
//! | [`transfers_of_event`], [`shares_of_claims`] | one event, some claims |
//! | [`events_of_voucher`], [`reversals_of_claims`], [`vouchers_of_claims`] | one voucher, some claims, as they are known elsewhere |
//! | [`spendable_vouchers`], [`open_reserves`], [`reserve_funders`] | one book that is swept |
//! | [`Figures`], [`Waterfall`], [`Invariant`] | all books at one moment ([`snapshot`]) |
//! | [`changed_vouchers`] | whatever moved since the reader looked last |

mod balances;
mod changes;
mod claims;
mod events;
mod figures;
mod in_flight;
mod invariants;
mod known_kind;
mod labels;
mod reserves;
mod vouchers;
mod waterfall;

pub use balances::{balance, balances};
pub use changes::{Changes, TransactionNumber, changed_vouchers, cluster, lowest_in_flight, vouchers_from};
pub use claims::{
    ClaimedPaper, claimed_papers, events_of_voucher, reversals_of_claims, transfer_count, vouchers_of_claims,
};
pub use events::{BookedTransfer, ClaimShare, shares_of_claims, transfers_of_event};
pub use figures::{Figures, SNAPSHOT_SECONDS_MAX, snapshot};
pub use in_flight::{InFlightTransaction, oldest_in_flight};
pub use invariants::{Invariant, Relation, Subject};
pub use labels::{Labels, labels};
pub use reserves::{open_reserves, reserve_funders, spendable_vouchers};
pub use vouchers::{LastClaim, Opening, VoucherState, commitments, last_claims, openings, voucher_states};
pub use waterfall::{FunderFigures, ProgrammeFigures, Waterfall};
