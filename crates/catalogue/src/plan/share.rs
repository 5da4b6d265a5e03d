use std::fmt;

use access::OrganisationId;
use bounds::{Amount, AmountKind, RATE_DECIMALS_MAX, Rate};
use rust_decimal::Decimal;
use sealed_log::PartyId;
use serde::{Deserialize, Serialize};
use shares::{CappedPlan, CappedPlanError, Limits};
use standards::Cents;
use utoipa::ToSchema;

/// A funder's part of a plan. Every limit needs somebody who pays the rest: `taken_over_by`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    pub funder_id: OrganisationId,
    /// Its rate: `"0.3339"` is 33.39 %.
    #[schema(value_type = Rate, example = "0.3339")]
    pub rate: Decimal,
    /// The most that it puts behind batches, over the whole programme; acts when a batch is funded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    pub cap: Option<Cents>,
    /// Its share applies to batches of at least this face value; acts when a batch is funded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    pub order_minimum: Option<Cents>,
    /// The most that it pays of what is *used*; settled by a true-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_cap: Option<UsedCap>,
    /// The audience that used vouchers must reach; settled by a true-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_quota: Option<AudienceQuota>,
    /// The funder of the plan that pays what this one does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over_by: Option<OrganisationId>,
}

/// The most that a funder pays of what is used: a part of it, an amount, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsedCap {
    /// Part of the face value used of the batches that it takes part in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Rate>, example = "0.5")]
    pub rate: Option<Decimal>,
    /// Over the whole programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    pub amount: Option<Cents>,
}

/// The least part of used vouchers that reach an audience; below, the funder's part shrinks in proportion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudienceQuota {
    /// `"0.5"` is half of the used vouchers.
    #[schema(value_type = Rate, example = "0.5")]
    pub rate: Decimal,
    /// Labels of the catalogue's audiences, any of which counts.
    pub audiences: Vec<String>,
}

/// What of a share is no rate, or no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareMisfit {
    Rate(&'static str),
    Amount(&'static str),
}

impl fmt::Display for ShareMisfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(field) => write!(
                f,
                "« {field} » : un taux entre 0 et 1, avec au plus {RATE_DECIMALS_MAX} décimales, par exemple « 0.33305 »."
            ),
            Self::Amount(field) => write!(f, "« {field} » : {}.", Amount::range()),
        }
    }
}

impl NewShare {
    /// A share without limits.
    #[must_use]
    pub const fn new(funder_id: OrganisationId, rate: Decimal) -> Self {
        Self {
            funder_id,
            rate,
            cap: None,
            order_minimum: None,
            used_cap: None,
            audience_quota: None,
            taken_over_by: None,
        }
    }

    /// Whether something of it is settled by a true-up.
    #[must_use]
    pub const fn limits_use(&self) -> bool {
        self.used_cap.is_some() || self.audience_quota.is_some()
    }

    /// `0.50` and `0.5` are the same rate; audiences are a set.
    pub(super) fn normalized(&self) -> Self {
        let used_cap = self.used_cap.map(|cap| UsedCap {
            rate: cap.rate.map(|rate| rate.normalize()),
            ..cap
        });
        let audience_quota = self.audience_quota.as_ref().map(|quota| {
            let mut audiences = quota.audiences.clone();
            audiences.sort_unstable();
            audiences.dedup();
            AudienceQuota {
                rate: quota.rate.normalize(),
                audiences,
            }
        });
        Self {
            rate: self.rate.normalize(),
            used_cap: used_cap.filter(|cap| cap.rate.is_some() || cap.amount.is_some()),
            audience_quota,
            ..self.clone()
        }
    }

    /// Whether each amount and each rate in it is one.
    pub fn check(&self) -> Result<(), ShareMisfit> {
        let of_use = self.used_cap.unwrap_or_default();
        let quota = self.audience_quota.as_ref().map(|quota| quota.rate);
        let rates = [
            ("rate", Some(self.rate)),
            ("used_cap.rate", of_use.rate),
            ("audience_quota.rate", quota),
        ];
        let amounts = [
            ("cap", self.cap),
            ("order_minimum", self.order_minimum),
            ("used_cap.amount", of_use.amount),
        ];
        let rate = rates
            .into_iter()
            .find(|(_, rate)| rate.is_some_and(|rate| !Rate::fits(rate)));
        let amount = amounts
            .into_iter()
            .find(|(_, amount)| amount.is_some_and(|amount| !Amount::fits(amount)));
        match (rate, amount) {
            (Some((field, _)), _) => Err(ShareMisfit::Rate(field)),
            (None, Some((field, _))) => Err(ShareMisfit::Amount(field)),
            (None, None) => Ok(()),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            cap: self.cap,
            order_minimum: self.order_minimum,
            used_rate: self.used_cap.and_then(|cap| cap.rate),
            used_cap: self.used_cap.and_then(|cap| cap.amount),
            audience_quota: self.audience_quota.as_ref().map(|quota| quota.rate),
            taken_over_by: self.taken_over_by.map(party),
        }
    }
}

const fn party(funder: OrganisationId) -> PartyId {
    PartyId::from_uuid(funder.uuid())
}

/// The capped plan that these shares make: what is stored, or what a simulation supposes.
pub fn capped_plan(shares: &[NewShare]) -> Result<CappedPlan, CappedPlanError> {
    let share = |share: &NewShare| (party(share.funder_id), share.rate, share.limits());
    CappedPlan::new(shares.iter().map(share).collect())
}
