//! Who pays how much of a voucher: cumulative rounding. With *C* the cumulated rates and *b(n) = round(n · value · C)*, half up, a funder pays
//! what its own bound and that of the funder before it grew by at voucher *n*: whole cents, and nobody is ever a full cent off.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use rust_decimal::Decimal;
use sealed_log::PartyId;
use standards::Cents;

/// Funders in a plan.
pub const PLAN_FUNDERS_MAX: usize = 32;

/// Decimals of a rate: with a 32-bit serial number and 64-bit cents, every product below fits 128 bits exactly.
pub const RATE_DECIMALS_MAX: u32 = 9;

/// The least that a funder pays of a voucher, in cents: below, rounding could ask for a negative cent.
pub const SHARE_CENTS_MIN: i64 = 2;

/// A rate of 1, in billionths.
pub(crate) const ONE: i128 = 10_i128.pow(RATE_DECIMALS_MAX);

/// A funding plan: funders in priority order, with rates that sum to exactly 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    funders: Vec<(PartyId, Decimal)>,
    /// Billionths, cumulated: the last is [`ONE`].
    cumulated: Vec<i128>,
}

/// Why a plan is refused. The message is shown to the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A plan has 1 to [`PLAN_FUNDERS_MAX`] funders.
    #[error("un plan compte de 1 à {PLAN_FUNDERS_MAX} financeurs, pas {0}")]
    Funders(usize),
    /// A funder has one rate in a plan.
    #[error("un financeur figure deux fois dans le plan")]
    SameFunder(PartyId),
    /// A funder of nothing is no funder.
    #[error("chaque taux doit être supérieur à zéro, {0} ne l'est pas")]
    NotPositive(Decimal),
    /// The rate has more than [`RATE_DECIMALS_MAX`] decimals.
    #[error("un taux a au plus {RATE_DECIMALS_MAX} décimales, {0} en a davantage")]
    TooFine(Decimal),
    /// The rates do not add up to exactly 1.
    #[error("la somme des taux doit être exactement 1 (100 %), pas {0}")]
    Sum(Decimal),
    /// A voucher is worth more than zero.
    #[error("la valeur d'un chèque doit être supérieure à zéro, {0} ne l'est pas")]
    FaceValue(Cents),
    /// A funder would pay less than [`SHARE_CENTS_MIN`] of a voucher.
    #[error(
        "un financeur paierait moins de {SHARE_CENTS_MIN} centimes par chèque de {face_value} € : taux {rate} trop bas"
    )]
    ShareTooSmall {
        /// The rate that is too low.
        rate: Decimal,
        /// What a voucher is worth.
        face_value: Cents,
    },
}

impl Plan {
    /// Funders in priority order with their rates (0.35 is 35 %).
    pub fn new(funders: Vec<(PartyId, Decimal)>) -> Result<Self, PlanError> {
        if funders.is_empty() || funders.len() > PLAN_FUNDERS_MAX {
            return Err(PlanError::Funders(funders.len()));
        }
        let mut seen = BTreeSet::new();
        let mut sum = Decimal::ZERO;
        let mut cumulated = Vec::with_capacity(funders.len());
        for &(funder, rate) in &funders {
            if !seen.insert(funder) {
                return Err(PlanError::SameFunder(funder));
            }
            if rate <= Decimal::ZERO {
                return Err(PlanError::NotPositive(rate));
            }
            // Also keeps the sum exact: nothing above 1 is added to.
            sum = sum
                .checked_add(rate)
                .filter(|_| sum <= Decimal::ONE)
                .ok_or(PlanError::Sum(sum))?;
            cumulated.push(cumulated.last().unwrap_or(&0) + billionths(rate)?);
        }
        if sum == Decimal::ONE {
            Ok(Self { funders, cumulated })
        } else {
            Err(PlanError::Sum(sum))
        }
    }

    /// Funders in priority order with their rates.
    #[must_use]
    pub fn funders(&self) -> &[(PartyId, Decimal)] {
        &self.funders
    }

    /// The rates in billionths, in the plan's order.
    pub(crate) fn billionths(&self) -> Vec<i128> {
        let mut below = 0;
        let mut rates = Vec::with_capacity(self.cumulated.len());
        for &up_to in &self.cumulated {
            rates.push(up_to - below);
            below = up_to;
        }
        rates
    }

    /// Refuses a face value of which some funder would pay less than [`SHARE_CENTS_MIN`].
    pub fn check(&self, face_value: Cents) -> Result<(), PlanError> {
        if !face_value.is_positive() {
            return Err(PlanError::FaceValue(face_value));
        }
        let mut below = 0;
        for (&(_, rate), &up_to) in self.funders.iter().zip(&self.cumulated) {
            if (up_to - below) * i128::from(face_value.get()) < i128::from(SHARE_CENTS_MIN) * ONE {
                return Err(PlanError::ShareTooSmall { rate, face_value });
            }
            below = up_to;
        }
        Ok(())
    }

    /// What each funder pays of voucher `serial` (from 1 in its batch), in the plan's order. Sums to `face_value`; never
    /// negative when [`check`](Self::check) accepts the face value.
    #[must_use]
    pub fn split(&self, serial: NonZeroU32, face_value: Cents) -> Vec<Cents> {
        let upto = self.sum_first(serial.get(), face_value);
        let before = self.sum_first(serial.get() - 1, face_value);
        upto.into_iter()
            .zip(before)
            .map(|(upto, before)| upto.checked_sub(before).expect("a part of a face value fits"))
            .collect()
    }

    /// What each funder pays of the first `vouchers` vouchers of a batch: within a cent of its exact share.
    ///
    /// # Panics
    /// When all these vouchers together are worth more than 64 bits of cents.
    #[must_use]
    pub fn sum_first(&self, vouchers: u32, face_value: Cents) -> Vec<Cents> {
        let total = i128::from(vouchers) * i128::from(face_value.get());
        let mut below = 0;
        self.cumulated
            .iter()
            .map(|&up_to| {
                let bound = half_up(total * up_to);
                let share = bound - below;
                below = bound;
                Cents::new(i64::try_from(share).expect("a batch is worth less than 64 bits of cents"))
            })
            .collect()
    }
}

pub(crate) fn billionths(rate: Decimal) -> Result<i128, PlanError> {
    let rate = rate.normalize();
    let missing = RATE_DECIMALS_MAX
        .checked_sub(rate.scale())
        .ok_or(PlanError::TooFine(rate))?;
    rate.mantissa()
        .checked_mul(10_i128.pow(missing))
        .ok_or(PlanError::Sum(rate))
}

/// `billionths` to whole units, half up.
fn half_up(billionths: i128) -> i128 {
    (billionths + ONE / 2).div_euclid(ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn plan(rates: &[Decimal]) -> Result<Plan, PlanError> {
        let party = |n: usize| PartyId::from_uuid(Uuid::from_u128(n as u128));
        Plan::new(rates.iter().enumerate().map(|(n, &rate)| (party(n), rate)).collect())
    }

    fn rates(texts: &[&str]) -> Vec<Decimal> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn rates_sum_to_exactly_one() {
        assert!(plan(&rates(&["0.3339", "0.33305", "0.33305"])).is_ok());
        assert_eq!(
            plan(&rates(&["0.3333", "0.3333", "0.3333"])),
            Err(PlanError::Sum(rates(&["0.9999"])[0]))
        );
        assert!(matches!(
            plan(&rates(&["79228162514264337593543950335", "1"])),
            Err(PlanError::Sum(_))
        ));
        assert!(matches!(plan(&rates(&["1.5", "-0.5"])), Err(PlanError::NotPositive(_))));
        assert!(matches!(
            plan(&rates(&["0.0000000001", "0.9999999999"])),
            Err(PlanError::TooFine(_))
        ));
        assert_eq!(plan(&[]), Err(PlanError::Funders(0)));
        assert!(plan(&rates(&["0.50", "0.500000000000"])).is_ok());
    }

    #[test]
    fn a_funder_of_less_than_two_cents_a_voucher_is_refused() {
        let plan = plan(&rates(&["0.998", "0.002"])).unwrap();
        assert_eq!(plan.check(Cents::new(1000)), Ok(()));
        assert!(matches!(
            plan.check(Cents::new(999)),
            Err(PlanError::ShareTooSmall { .. })
        ));
        assert_eq!(plan.check(Cents::ZERO), Err(PlanError::FaceValue(Cents::ZERO)));
    }

    /// Rates from parts of a million, so that they sum to 1 and none is nothing.
    fn any_rates() -> impl Strategy<Value = Vec<Decimal>> {
        prop::collection::vec(2_000_i64..500_000, 0..8).prop_filter_map("one funder is left over", |parts| {
            let rest = 1_000_000 - parts.iter().sum::<i64>();
            (rest >= 2_000).then(|| {
                parts
                    .into_iter()
                    .chain([rest])
                    .map(|part| Decimal::new(part, 6))
                    .collect()
            })
        })
    }

    proptest! {
        #[test]
        fn shares_sum_to_the_face_value_and_nobody_is_a_cent_off(
            rates in any_rates(), face_value in 1000_i64..100_000, serial in 1_u32..5_000_000,
        ) {
            let plan = plan(&rates).unwrap();
            let face_value = Cents::new(face_value);
            plan.check(face_value).unwrap();
            let split = plan.split(NonZeroU32::new(serial).unwrap(), face_value);
            prop_assert_eq!(Cents::try_sum(split.iter().copied()), Some(face_value));
            prop_assert!(split.iter().all(|share| !share.is_negative()));
            for (share, rate) in plan.sum_first(serial, face_value).into_iter().zip(&rates) {
                let exact = Decimal::from(serial) * Decimal::from(face_value.get()) * rate;
                prop_assert!((Decimal::from(share.get()) - exact).abs() < Decimal::ONE);
            }
        }
    }
}
