//! A plan whose shares have limits, and what it becomes for one batch.
//!
//! | limit | acts | effect |
//! |---|---|---|
//! | `cap` | when a batch is funded | the funder pays what is left of its cap, as a rate rounded down; the rest is taken over |
//! | `order_minimum` | when a batch is funded | of a smaller batch the funder pays nothing; its share is taken over |
//! | `used_rate`, `used_cap`, `audience_quota` | at the true-up | [`true_up`](crate::true_up()) |
//!
//! Whoever has a limit names who takes over, and nobody takes over from itself, not even through others: so somebody without
//! a limit always ends the chain, and a batch is never left without money because a cap is reached.

use rust_decimal::Decimal;
use sealed_log::PartyId;
use standards::Cents;

use crate::plan::{ONE, Plan, PlanError, RATE_DECIMALS_MAX, SHARE_CENTS_MIN, billionths};

/// Rates of an effective plan are multiples of this many billionths: eight decimals are stored.
const STORED_STEP: i128 = 10;

/// What limits a funder's share. All amounts are over the whole programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// At most this much is put behind batches.
    pub cap: Option<Cents>,
    /// Only batches of at least this face value.
    pub order_minimum: Option<Cents>,
    /// At most this part of the face value used, of the batches that it takes part in.
    pub used_rate: Option<Decimal>,
    /// At most this much of the face value used.
    pub used_cap: Option<Cents>,
    /// Least part of the used vouchers that must reach an audience; below, its part shrinks in proportion.
    pub audience_quota: Option<Decimal>,
    /// Who pays what this funder does not.
    pub taken_over_by: Option<PartyId>,
}

impl Limits {
    const fn limits(&self) -> bool {
        self.cap.is_some() || self.order_minimum.is_some() || self.limits_use()
    }

    /// Whether something is left to settle by a true-up.
    #[must_use]
    pub const fn limits_use(&self) -> bool {
        self.used_rate.is_some() || self.used_cap.is_some() || self.audience_quota.is_some()
    }
}

/// A funding plan with the limits of each share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CappedPlan {
    plan: Plan,
    /// In the plan's order.
    limits: Vec<Limits>,
    /// Indices of the taker, in the plan's order.
    takers: Vec<Option<usize>>,
    /// Indices, each funder before who takes over from it.
    order: Vec<usize>,
}

/// Why limits are refused. The message is shown to the person who typed them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CappedPlanError {
    /// Already the rates do not make a plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A cap or a minimum is more than zero.
    #[error("un plafond ou un minimum doit être supérieur à zéro, {0} ne l'est pas")]
    NotPositive(Cents),
    /// A rate of use or of an audience is above 0 and at most 1.
    #[error("un taux d'utilisation ou de public est supérieur à 0 et au plus égal à 1 (100 %), {0} ne l'est pas")]
    Rate(Decimal),
    /// This funder has a limit, and no `taken_over_by` says who pays the rest.
    #[error("la part du financeur {0} est limitée : dites qui paie le reste (« taken_over_by »)")]
    NoTaker(PartyId),
    /// `taken_over_by` is no funder of the plan.
    #[error("« taken_over_by » désigne {0}, qui n'est pas un financeur de ce plan")]
    UnknownTaker(PartyId),
    /// This funder would take over from itself, at once or through others.
    #[error("les reprises tournent en rond : personne ne paierait le reste de la part du financeur {0}")]
    Circle(PartyId),
}

/// A batch as it is ordered: how many vouchers, of what value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How many, all of one face value.
    pub vouchers: u32,
    /// What one voucher is worth, above zero.
    pub face_value: Cents,
}

impl Order {
    fn total(self) -> i128 {
        i128::from(self.vouchers) * i128::from(self.face_value.get())
    }
}

impl CappedPlan {
    /// Funders in order of priority with their rates and limits.
    pub fn new(shares: Vec<(PartyId, Decimal, Limits)>) -> Result<Self, CappedPlanError> {
        let plan = Plan::new(shares.iter().map(|&(funder, rate, _)| (funder, rate)).collect())?;
        let limits: Vec<Limits> = shares.into_iter().map(|(.., limits)| limits).collect();
        for limit in &limits {
            check(limit)?;
        }
        let takers = takers(&plan, &limits)?;
        let order = in_order(&plan, &takers)?;
        Ok(Self {
            plan,
            limits,
            takers,
            order,
        })
    }

    /// The plan as long as no limit acts.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The limits, in the plan's order.
    #[must_use]
    pub fn limits(&self) -> &[Limits] {
        &self.limits
    }

    /// Each funder's taker, as an index in the plan's order.
    pub(crate) fn taker(&self, index: usize) -> Option<usize> {
        self.takers[index]
    }

    /// Indices in the plan's order, each funder before who takes over from it.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// The plan of one batch: `committed` is what each funder has behind earlier batches of the programme, net of what came
    /// back, in the plan's order. Nobody is above its cap, and nobody pays less than [`SHARE_CENTS_MIN`] cents of a voucher.
    ///
    /// # Panics
    /// When `committed` has another length than the plan.
    #[must_use]
    pub fn effective(&self, batch: Order, committed: &[Cents]) -> Plan {
        assert_eq!(committed.len(), self.limits.len(), "one amount a funder");
        let mut units: Vec<i128> = self.plan.billionths();
        for &index in &self.order {
            let Some(taker) = self.takers[index] else { continue };
            let kept = self.limits[index].keeps(units[index], batch, committed[index]);
            units[taker] += units[index] - kept;
            units[index] = kept;
        }
        let rate = |units: i128| Decimal::from_i128_with_scale(units, RATE_DECIMALS_MAX).normalize();
        let funders = self.plan.funders().iter().zip(&units);
        let shares = funders.filter(|&(_, &units)| units > 0);
        Plan::new(shares.map(|(&(funder, _), &units)| (funder, rate(units))).collect())
            .expect("what one funder leaves another takes: the sum stays 1")
    }
}

impl Limits {
    /// What a funder keeps of a rate, in billionths.
    fn keeps(&self, units: i128, batch: Order, committed: Cents) -> i128 {
        let mut kept = units;
        if self
            .order_minimum
            .is_some_and(|least| batch.total() < i128::from(least.get()))
        {
            kept = 0;
        }
        if let Some(cap) = self.cap {
            let left = i128::from(cap.get()) - i128::from(committed.get());
            // Shares are less than a cent off, and so is a whole number of cents at or below `left`: never above the cap.
            let most = (left.max(0) * ONE).div_euclid(batch.total().max(1)) / STORED_STEP * STORED_STEP;
            kept = kept.min(most);
        }
        let too_small = kept * i128::from(batch.face_value.get()) < i128::from(SHARE_CENTS_MIN) * ONE;
        if kept < units && too_small { 0 } else { kept }
    }
}

fn check(limits: &Limits) -> Result<(), CappedPlanError> {
    let amounts = [limits.cap, limits.order_minimum, limits.used_cap];
    if let Some(amount) = amounts.into_iter().flatten().find(|amount| !amount.is_positive()) {
        return Err(CappedPlanError::NotPositive(amount));
    }
    for rate in [limits.used_rate, limits.audience_quota].into_iter().flatten() {
        if rate <= Decimal::ZERO || rate > Decimal::ONE {
            return Err(CappedPlanError::Rate(rate));
        }
        billionths(rate)?;
    }
    Ok(())
}

fn takers(plan: &Plan, limits: &[Limits]) -> Result<Vec<Option<usize>>, CappedPlanError> {
    let funders = plan.funders();
    let taker = |(&(funder, _), limit): (&(PartyId, Decimal), &Limits)| match limit.taken_over_by {
        None if limit.limits() => Err(CappedPlanError::NoTaker(funder)),
        None => Ok(None),
        Some(taker) => {
            let index = funders.iter().position(|&(other, _)| other == taker);
            index.map(Some).ok_or(CappedPlanError::UnknownTaker(taker))
        }
    };
    funders.iter().zip(limits).map(taker).collect()
}

/// Each funder before who takes over from it; of those that are free to come next, the plan's order.
fn in_order(plan: &Plan, takers: &[Option<usize>]) -> Result<Vec<usize>, CappedPlanError> {
    let mut order: Vec<usize> = Vec::with_capacity(takers.len());
    while order.len() < takers.len() {
        let waits =
            |index: usize| (0..takers.len()).any(|other| takers[other] == Some(index) && !order.contains(&other));
        let next = (0..takers.len()).find(|&index| !order.contains(&index) && !waits(index));
        let stuck = || (0..takers.len()).find(|index| !order.contains(index));
        let Some(next) = next else {
            let funder = stuck().map_or_else(|| plan.funders()[0].0, |index| plan.funders()[index].0);
            return Err(CappedPlanError::Circle(funder));
        };
        order.push(next);
    }
    Ok(order)
}

#[cfg(test)]
mod tests;
