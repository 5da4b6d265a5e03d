//! Who owes whom in the end: once it is known what was used and whom it reached, a true-up settles it between funders.
//!
//! For each version of the plan, funder by funder, each before who takes over from it:
//!
//! 1. *paid* is what its shares of the used vouchers sum to, and what it took over from others in this computation;
//! 2. at most `used_rate` of the face value used of the batches that it takes part in (rounded down);
//! 3. at most what is left of `used_cap`, less its part in earlier versions of the plan;
//! 4. when fewer than `audience_quota` of the used vouchers of these batches reached its audience, what is left shrinks in
//!    proportion (rounded down);
//! 5. what is above goes to who takes over.
//!
//! The differences of all versions are netted, so that a funder that both gains and takes over pays or gets one amount, and then
//! paired in the plans' order. They sum to zero: a true-up moves money between funders and makes none.
//!
//! A claim that is reversed after a true-up changes what was used, so a further one settles the difference: the same computation,
//! less what the earlier ones settled. However many there were, their payments net to those of a single one made last.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sealed_log::PartyId;
use standards::Cents;

use crate::capped_plan::{CappedPlan, Limits};
use crate::plan::{ONE, Plan, billionths};

/// What was used of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedBatch {
    /// Vouchers claimed and not reversed.
    pub vouchers: u64,
    /// What each funder of the batch's own plan paid of them, also nothing.
    pub paid: Vec<(PartyId, Cents)>,
    /// Of these vouchers, those that reached the audience of each funder with a quota.
    pub reached: Vec<(PartyId, u64)>,
}

/// A true-up with the steps that led to it, so that each amount can be explained to who pays it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueUp {
    /// One a funder and version of the plan, in the order of the computation.
    pub steps: Vec<Step>,
    /// One a funder, in the plans' order.
    pub parts: Vec<Part>,
    pub payments: Vec<Payment>,
}

/// What one funder pays in one version of the plan, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The version, by its place among those given.
    pub version: usize,
    /// Whose step it is.
    pub funder: PartyId,
    /// What its shares of the used vouchers sum to.
    pub paid: Cents,
    /// What it took over from funders above their limits.
    pub taken_over: Cents,
    /// Face value used of the batches that it takes part in.
    pub used: Cents,
    /// Vouchers used of these batches.
    pub vouchers: u64,
    /// Its most by the share of use.
    pub most_by_rate: Option<Cents>,
    /// Its most by amount.
    pub most_by_amount: Option<Cents>,
    /// Of the vouchers, those that reached its audience.
    pub reached: Option<u64>,
    /// What the quota leaves of its part, when it was missed.
    pub after_quota: Option<Cents>,
    /// What it pays of this version in the end.
    pub part: Cents,
    /// What goes to who takes over.
    pub passed_on: Cents,
    /// The funder that takes it over.
    pub to: Option<PartyId>,
}

/// What a funder pays of everything used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Whose part it is.
    pub funder: PartyId,
    /// What its shares of the used vouchers sum to, before any limit.
    pub paid: Cents,
    /// What it pays in the end, under all limits.
    pub part: Cents,
    /// What earlier true-ups settled of the difference: paid to other funders, or (negative) got back from them.
    pub settled: Cents,
}

/// What one funder owes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// The funder that paid too little.
    pub from: PartyId,
    /// The funder that paid too much, and gets it back.
    pub to: PartyId,
    /// Above zero.
    pub cents: Cents,
}

/// Settles the limits of use and the audience quotas: each version of the plan with the batches ordered under it. What earlier true-ups
/// `settled` is not settled again.
///
/// # Panics
/// When what was used is worth more than 64 bits of cents, or a batch names a funder that its plan does not.
#[must_use]
pub fn true_up(versions: &[(CappedPlan, Vec<UsedBatch>)], settled: &[Payment]) -> TrueUp {
    let mut computed = TrueUp {
        steps: Vec::new(),
        parts: Vec::new(),
        payments: Vec::new(),
    };
    for (version, (plan, batches)) in versions.iter().enumerate() {
        computed.add_version(version, plan, batches);
    }
    for payment in settled {
        for (funder, cents) in [(payment.from, payment.cents.get()), (payment.to, -payment.cents.get())] {
            let part = computed.part(funder);
            part.settled = sum([part.settled, Cents::new(cents)]);
        }
    }
    computed.pair();
    computed
}

impl TrueUp {
    fn add_version(&mut self, version: usize, plan: &CappedPlan, batches: &[UsedBatch]) {
        let funders = plan.plan().funders();
        for &(funder, _) in funders {
            self.part(funder);
        }
        assert!(
            batches
                .iter()
                .flat_map(|batch| &batch.paid)
                .all(|(payer, _)| funders.iter().any(|(funder, _)| funder == payer)),
            "a batch's own plan has only funders of the plan that it was ordered under"
        );
        let mut taken_over = vec![Cents::ZERO; funders.len()];
        for &index in plan.order() {
            let mine = Share::by(funders[index].0, batches);
            let before = self.part(funders[index].0).part;
            let taker = plan.taker(index);
            let step = Step {
                version,
                taken_over: taken_over[index],
                to: taker.map(|taker| funders[taker].0),
                ..mine.settle(&plan.limits()[index], taken_over[index], before)
            };
            if let Some(taker) = taker {
                taken_over[taker] = sum([taken_over[taker], step.passed_on]);
            }
            let part = self.part(step.funder);
            part.paid = sum([part.paid, step.paid]);
            part.part = sum([part.part, step.part]);
            self.steps.push(step);
        }
    }

    /// A funder's part, of nothing when it is new.
    fn part(&mut self, funder: PartyId) -> &mut Part {
        let known = self.parts.iter().position(|part| part.funder == funder);
        let place = known.unwrap_or_else(|| {
            self.parts.push(Part {
                funder,
                paid: Cents::ZERO,
                part: Cents::ZERO,
                settled: Cents::ZERO,
            });
            self.parts.len() - 1
        });
        &mut self.parts[place]
    }

    /// Pairs who owes with who is owed, in the plans' order.
    fn pair(&mut self) {
        let difference = |part: &Part| (part.funder, part.part.get() - part.paid.get() - part.settled.get());
        let mut owe: Vec<_> = self
            .parts
            .iter()
            .map(difference)
            .filter(|&(_, more)| more > 0)
            .collect();
        let owed: Vec<_> = self
            .parts
            .iter()
            .map(difference)
            .filter(|&(_, more)| more < 0)
            .collect();
        for (to, less) in owed {
            let mut due = -less;
            for (from, left) in &mut owe {
                let cents = due.min(*left);
                if cents > 0 {
                    let (from, cents) = (*from, Cents::new(cents));
                    self.payments.push(Payment { from, to, cents });
                    due -= cents.get();
                    *left -= cents.get();
                }
            }
        }
    }
}

/// One funder's sums over the batches that it takes part in.
struct Share {
    funder: PartyId,
    paid: Cents,
    value: Cents,
    vouchers: u64,
    reached: u64,
}

impl Share {
    fn by(funder: PartyId, batches: &[UsedBatch]) -> Self {
        let mine = || batches.iter().filter(|batch| batch.pays(funder).is_some());
        Self {
            funder,
            paid: sum(mine().filter_map(|batch| batch.pays(funder))),
            value: sum(mine().flat_map(|batch| batch.paid.iter().map(|&(_, cents)| cents))),
            vouchers: mine().map(|batch| batch.vouchers).sum(),
            reached: mine().map(|batch| batch.reached(funder)).sum(),
        }
    }

    fn settle(&self, limits: &Limits, taken_over: Cents, earlier: Cents) -> Step {
        let due = sum([self.paid, taken_over]);
        let most_by_rate = limits.used_rate.map(|rate| part_of(self.value, units(rate), ONE));
        let most_by_amount = limits
            .used_cap
            .map(|cap| Cents::new((cap.get() - earlier.get()).max(0)));
        let mut part = [most_by_rate, most_by_amount].into_iter().flatten().fold(due, Ord::min);
        let after_quota = limits.audience_quota.map(units).and_then(|quota| {
            let (reached, wanted) = (i128::from(self.reached) * ONE, quota * i128::from(self.vouchers));
            (reached < wanted).then(|| part_of(part, reached, wanted))
        });
        part = after_quota.unwrap_or(part);
        Step {
            version: 0,
            funder: self.funder,
            paid: self.paid,
            taken_over: Cents::ZERO,
            used: self.value,
            vouchers: self.vouchers,
            most_by_rate,
            most_by_amount,
            reached: limits.audience_quota.map(|_| self.reached),
            after_quota,
            part,
            passed_on: Cents::new(due.get() - part.get()),
            to: None,
        }
    }
}

impl UsedBatch {
    fn pays(&self, funder: PartyId) -> Option<Cents> {
        let found = self.paid.iter().find(|(payer, _)| *payer == funder);
        found.map(|&(_, cents)| cents)
    }

    fn reached(&self, funder: PartyId) -> u64 {
        let found = self.reached.iter().find(|(wanted_by, _)| *wanted_by == funder);
        found.map_or(0, |&(_, vouchers)| vouchers)
    }

    /// The first `used` vouchers of a batch of this plan: what a simulation supposes.
    #[must_use]
    pub fn first(plan: &Plan, used: u32, face_value: Cents, reached: &BTreeMap<PartyId, u64>) -> Self {
        let funders = plan.funders().iter().map(|&(funder, _)| funder);
        Self {
            vouchers: used.into(),
            paid: funders.zip(plan.sum_first(used, face_value)).collect(),
            reached: reached.iter().map(|(&funder, &vouchers)| (funder, vouchers)).collect(),
        }
    }
}

fn units(rate: Decimal) -> i128 {
    billionths(rate).expect("the plan checked its rates")
}

/// `cents × numerator / denominator`, rounded down; nothing of nothing.
fn part_of(cents: Cents, numerator: i128, denominator: i128) -> Cents {
    let part = (i128::from(cents.get()) * numerator).checked_div(denominator);
    Cents::new(i64::try_from(part.unwrap_or(0)).expect("a part is not more than the whole"))
}

fn sum(amounts: impl IntoIterator<Item = Cents>) -> Cents {
    Cents::try_sum(amounts).expect("what was used is worth less than 64 bits of cents")
}

#[cfg(test)]
mod tests;
