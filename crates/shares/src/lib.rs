//! Who pays how much: of a voucher, of a batch under caps, and, once it is known what was used, of the whole.
//!
//! | when | what is known | who says what each funder pays |
//! |---|---|---|
//! | a voucher is activated | the plan, the face value, the serial number | [`Plan::split`] |
//! | a batch is funded | and what each funder has behind earlier batches | [`CappedPlan::effective`] |
//! | the programme is over | and what was used, and whom it reached | [`true_up()`] |
//!
//! **Invariant**: cents sum to the face value, to the batch, to what was used; nobody is a full cent off its exact share of the first *n*
//! vouchers, for every *n*; nobody is above a limit; a true-up moves money between funders and makes none.
//!
//! Pure: anybody can recompute all of it from a plan and an export, without the operator's server or database.
//!
//! Limits: [`PLAN_FUNDERS_MAX`] funders, [`RATE_DECIMALS_MAX`] decimals, [`SHARE_CENTS_MIN`] cents of a voucher at least.
//!
//! *Rejected:* rotating the cent that is left over among funders (567 € off after 100,000 vouchers at 33.39 %); largest remainders voucher
//! by voucher (the same drift); floating point.

mod capped_plan;
mod plan;
mod true_up;

pub use capped_plan::{CappedPlan, CappedPlanError, Limits, Order};
pub use plan::{PLAN_FUNDERS_MAX, Plan, PlanError, RATE_DECIMALS_MAX, SHARE_CENTS_MIN};
pub use true_up::{Part, Payment, Step, TrueUp, UsedBatch, true_up};
