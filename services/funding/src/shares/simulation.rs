//! "If N vouchers are used, who pays what": the functions that fund a batch, split a voucher and true up a programme, on figures
//! that somebody supposes. Nothing is stored.
//!
//! The vouchers used are supposed to be the first of the batch. Which ones are used changes each funder by less than a cent a
//! voucher, and nothing at all where every voucher splits alike.

use bounds::{NumberKind, Rate};
use std::collections::{BTreeMap, BTreeSet};

use access::OrganisationId;
use catalogue::{NewShare, PlanId, Programme, ProgrammeId, ShareMisfit};
use database::UseCaseError;
use ledger::PartyId;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use shares::{CappedPlan, CappedPlanError, Order, Plan, UsedBatch};
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Problem;

use crate::shares::true_up::{Computation, Shown, names, render};

bounds::number_kind! {
    /// Vouchers of a simulated order, or of them those that are used.
    pub struct SimulatedVouchers: 0..=100_000_000;
}

/// What is supposed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationInput {
    /// A stored plan of the programme; its newest when neither this nor `shares` is given.
    #[serde(default)]
    pub plan_id: Option<PlanId>,
    /// Shares that are not agreed yet.
    #[serde(default)]
    pub shares: Option<Vec<NewShare>>,
    /// Booklets ordered; or `vouchers`.
    #[serde(default)]
    #[schema(value_type = Option<SimulatedVouchers>)]
    pub booklets: Option<u32>,
    /// Vouchers ordered; or `booklets`.
    #[serde(default)]
    #[schema(value_type = Option<SimulatedVouchers>)]
    pub vouchers: Option<u32>,
    /// Vouchers used of them.
    #[schema(value_type = SimulatedVouchers)]
    pub used: u32,
    /// Part of the used vouchers that reaches the audiences of the quotas; needed when a share has a quota.
    #[serde(default)]
    #[schema(value_type = Option<Rate>, example = "0.4")]
    pub audience_rate: Option<Decimal>,
}

/// Who would pay what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Simulation {
    pub programme_id: ProgrammeId,
    /// Vouchers ordered.
    pub vouchers: u32,
    /// Their face value.
    pub ordered: Cents,
    pub used_vouchers: u32,
    /// Their face value.
    pub used: Cents,
    /// In the plan's order.
    pub funders: Vec<FunderView>,
    /// The true-up, step by step.
    pub true_up: Computation,
}

/// What a funder would pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunderView {
    pub funder_id: OrganisationId,
    /// Its name, when it is known.
    pub funder: Option<String>,
    /// As the plan says.
    #[schema(value_type = String)]
    pub rate: Decimal,
    /// Of this batch, once caps and minimum orders have acted.
    #[schema(value_type = String)]
    pub batch_rate: Decimal,
    /// What it puts behind the batch.
    pub reserved: Cents,
    /// Of it, on vouchers used.
    pub used: Cents,
    /// Of it, unused: goes back to it.
    pub returned: Cents,
    /// What the true-up adds (or, negative, takes off).
    pub settled: Cents,
    /// What it pays in the end.
    pub pays: Cents,
}

/// Why nothing was simulated.
#[derive(Debug)]
pub enum SimulateRejection {
    /// With the rule it breaks, in French.
    Field {
        field: &'static str,
        rule: String,
    },
    /// None of the programme.
    NoPlan,
    ShareMisfit(ShareMisfit),
    NotAPlan(CappedPlanError),
}

impl database::Rejection for SimulateRejection {}

impl From<SimulateRejection> for Problem {
    fn from(rejection: SimulateRejection) -> Self {
        match rejection {
            SimulateRejection::Field { field, rule } => {
                Self::refused("simulation-field", "Cette simulation ne peut pas être faite.")
                    .detail(format!("« {field} » : {rule}"))
            }
            SimulateRejection::NoPlan => Self::not_found("Ce plan de financement (de ce dispositif)"),
            SimulateRejection::ShareMisfit(misfit) => {
                Self::refused("not-a-plan", "Ce plan de financement ne convient pas.").detail(misfit.to_string())
            }
            SimulateRejection::NotAPlan(error) => {
                Self::refused("not-a-plan", "Ce plan de financement ne convient pas.").detail(error.to_string())
            }
        }
    }
}

/// The figures alone.
struct SimulationFigures {
    plan: Plan,
    true_up: shares::TrueUp,
}

/// The real functions, one after the other.
fn figures(capped_plan: &CappedPlan, order: Order, used: u32, reached: u64) -> SimulationFigures {
    let nothing = vec![Cents::ZERO; capped_plan.limits().len()];
    let plan = capped_plan.effective(order, &nothing);
    let quotas = capped_plan.plan().funders().iter().zip(capped_plan.limits());
    let reached: BTreeMap<PartyId, u64> = quotas
        .filter(|(_, limits)| limits.audience_quota.is_some())
        .map(|(&(funder, _), _)| (funder, reached))
        .collect();
    let batch = UsedBatch::first(&plan, used, order.face_value, &reached);
    let true_up = shares::true_up(&[(capped_plan.clone(), vec![batch])], &[]);
    SimulationFigures { plan, true_up }
}

fn funders(capped_plan: &CappedPlan, figures: &SimulationFigures, order: Order, used: u32) -> Vec<FunderView> {
    let reserved = figures.plan.sum_first(order.vouchers, order.face_value);
    let on_used = figures.plan.sum_first(used, order.face_value);
    let view = |&(funder, rate): &(PartyId, Decimal)| {
        let place = figures.plan.funders().iter().position(|(known, _)| *known == funder);
        let of = |sums: &[Cents]| place.map_or(Cents::ZERO, |place| sums[place]);
        let (reserved, used) = (of(&reserved), of(&on_used));
        let pays = figures.true_up.parts.iter().find(|part| part.funder == funder);
        let pays = pays.map_or(used, |part| part.part);
        let less = |from: Cents, taken: Cents| Cents::new(from.get() - taken.get());
        FunderView {
            funder_id: OrganisationId::from_uuid(funder.uuid()),
            funder: None,
            rate,
            batch_rate: place.map_or(Decimal::ZERO, |place| figures.plan.funders()[place].1),
            reserved,
            used,
            returned: less(reserved, used),
            settled: less(pays, used),
            pays,
        }
    };
    capped_plan.plan().funders().iter().map(view).collect()
}

impl SimulationInput {
    fn order(&self, programme: &Programme) -> Result<Order, SimulateRejection> {
        let broken = |field, rule: String| Err(SimulateRejection::Field { field, rule });
        let vouchers = match (self.booklets, self.vouchers) {
            (Some(booklets), None) => booklets.saturating_mul(programme.booklet_size.into()),
            (None, Some(vouchers)) => vouchers,
            _ => {
                return broken(
                    "booklets",
                    "donnez « booklets » ou « vouchers », l'un des deux.".to_owned(),
                );
            }
        };
        if vouchers == 0 || !SimulatedVouchers::fits(vouchers) {
            return broken(
                if self.booklets.is_some() {
                    "booklets"
                } else {
                    "vouchers"
                },
                format!("de 1 à {} chèques commandés.", SimulatedVouchers::MAX),
            );
        }
        if self.used > vouchers {
            return broken("used", format!("au plus {vouchers}, le nombre de chèques commandés."));
        }
        Ok(Order {
            vouchers,
            face_value: programme.face_value,
        })
    }

    /// Used vouchers that reach the audiences, rounded down.
    fn reached(&self, shares: &[NewShare]) -> Result<u64, SimulateRejection> {
        let broken = |rule: &str| SimulateRejection::Field {
            field: "audience_rate",
            rule: rule.to_owned(),
        };
        let quotas = shares.iter().any(|share| share.audience_quota.is_some());
        let rate = match self.audience_rate {
            None if quotas => {
                return Err(broken(
                    "ce plan a un quota de public : dites quelle part des chèques utilisés le touche.",
                ));
            }
            None => Decimal::ONE,
            Some(rate) if Rate::fits(rate) => rate,
            Some(_) => {
                return Err(broken(
                    "un taux entre 0 et 1, avec au plus 8 décimales, par exemple « 0.4 ».",
                ));
            }
        };
        let exact = Decimal::from(self.used).checked_mul(rate);
        let whole = exact.map(|exact| exact.round_dp_with_strategy(0, RoundingStrategy::ToZero));
        whole
            .and_then(|whole| whole.to_u64())
            .ok_or_else(|| broken("trop de décimales."))
    }
}

/// The shares that a simulation is of, and their version (0 when they are not stored).
pub async fn shares(
    connection: &mut PgConnection,
    programme: &Programme,
    supposed: &SimulationInput,
) -> Result<(Vec<NewShare>, i32), UseCaseError<SimulateRejection>> {
    let stored = match (&supposed.shares, supposed.plan_id) {
        (Some(_), Some(_)) => {
            let rule = "donnez « plan_id » ou « shares », pas les deux.".to_owned();
            return Err(SimulateRejection::Field { field: "shares", rule }.into());
        }
        (Some(shares), None) => return Ok((shares.clone(), 0)),
        (None, Some(id)) => catalogue::plan(connection, id).await?,
        (None, None) => catalogue::newest_plan(connection, programme.id).await?,
    };
    let plan = stored
        .filter(|plan| plan.programme_id == programme.id)
        .ok_or(SimulateRejection::NoPlan)?;
    Ok((plan.shares, plan.version))
}

/// Simulates one order under these shares.
pub async fn simulate(
    connection: &mut PgConnection,
    programme: &Programme,
    supposed: &SimulationInput,
    (shares, version): (Vec<NewShare>, i32),
) -> Result<Simulation, UseCaseError<SimulateRejection>> {
    let order = supposed.order(programme)?;
    shares
        .iter()
        .try_for_each(NewShare::check)
        .map_err(SimulateRejection::ShareMisfit)?;
    let capped_plan = catalogue::capped_plan(&shares).map_err(SimulateRejection::NotAPlan)?;
    capped_plan
        .plan()
        .check(order.face_value)
        .map_err(|error| SimulateRejection::NotAPlan(error.into()))?;
    let figures = figures(&capped_plan, order, supposed.used, supposed.reached(&shares)?);
    let parties: Vec<PartyId> = capped_plan.plan().funders().iter().map(|(funder, _)| *funder).collect();
    let names = names(connection, &parties).await?;
    let mut funders = funders(&capped_plan, &figures, order, supposed.used);
    for (view, party) in funders.iter_mut().zip(&parties) {
        view.funder = names.get(party).cloned();
    }
    let value = |vouchers: u32| {
        order
            .face_value
            .checked_mul(vouchers.into())
            .expect("32 bits of 16 bits of cents")
    };
    let true_up = render(&Shown {
        computed: &figures.true_up,
        versions: vec![version],
        // Nobody is behind figures that are supposed.
        hidden: &BTreeSet::new(),
        names: &names,
    });
    Ok(Simulation {
        programme_id: programme.id,
        vouchers: order.vouchers,
        ordered: value(order.vouchers),
        used_vouchers: supposed.used,
        used: value(supposed.used),
        funders,
        true_up,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shares::Limits;
    use uuid::Uuid;

    use super::*;

    fn party(n: u128) -> PartyId {
        PartyId::from_uuid(Uuid::from_u128(n))
    }

    proptest! {
        #[test]
        fn what_is_paid_is_what_is_used_and_the_rest_goes_back(
            rate in 10_u32..90, cap in 1_i64..2_000_000, used_rate in 1_i64..=100, quota in 1_i64..=100,
            vouchers in 1_u32..5_000, used_percent in 0_u32..=100, reached_percent in 0_u64..=100,
        ) {
            let limits = Limits {
                cap: Some(Cents::new(cap)),
                used_rate: Some(Decimal::new(used_rate, 2)),
                audience_quota: Some(Decimal::new(quota, 2)),
                taken_over_by: Some(party(2)),
                ..Limits::default()
            };
            let rate = Decimal::new(rate.into(), 2);
            let capped_plan = CappedPlan::new(vec![
                (party(1), rate, limits),
                (party(2), Decimal::ONE - rate, Limits::default()),
            ]).unwrap();
            let order = Order { vouchers, face_value: Cents::new(1000) };
            let used = vouchers * used_percent / 100;
            let figures = figures(&capped_plan, order, used, u64::from(used) * reached_percent / 100);
            let views = funders(&capped_plan, &figures, order, used);
            let total = |of: fn(&FunderView) -> Cents| views.iter().map(|view| of(view).get()).sum::<i64>();
            prop_assert_eq!(total(|view| view.reserved), i64::from(vouchers) * 1000);
            prop_assert_eq!(total(|view| view.used), i64::from(used) * 1000);
            prop_assert_eq!(total(|view| view.pays), i64::from(used) * 1000);
            prop_assert_eq!(total(|view| view.settled), 0);
            prop_assert_eq!(total(|view| view.returned), i64::from(vouchers - used) * 1000);
            prop_assert!(views.iter().all(|view| !view.returned.is_negative() && !view.pays.is_negative()));
            prop_assert!(views[0].reserved.get() <= cap);
        }
    }
}
