//! Who pays what of a voucher, written a second time from the definitions: whole numbers, no type of the ledger's.

use serde_json::{Value, json};

use super::fund::{Each, FACE, FUNDERS};

/// Rates are counted in billionths.
pub const ONE: i128 = 1_000_000_000;

/// What limits the first funder's share; the last one takes over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub cap: Option<i64>,
    pub order_minimum: Option<i64>,
    pub used_rate: Option<i128>,
    pub used_cap: Option<i64>,
}

/// A version of a plan: three funders, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub rates: [i128; FUNDERS],
    pub limits: Limits,
}

impl Plan {
    pub fn shares(&self, funders: &[Value; FUNDERS]) -> Value {
        let rate = |units: i128| format!("0.{units:09}").trim_end_matches('0').to_owned();
        let mut shares: Vec<Value> = (0..FUNDERS)
            .map(|f| json!({"funder_id": funders[f], "rate": rate(self.rates[f])}))
            .collect();
        let Limits {
            cap,
            order_minimum,
            used_rate,
            used_cap,
        } = self.limits;
        if self.limits != Limits::default() {
            shares[0]["taken_over_by"] = funders[FUNDERS - 1].clone();
        }
        for (name, amount) in [("cap", cap), ("order_minimum", order_minimum)] {
            if let Some(amount) = amount {
                shares[0][name] = json!(super::euros(amount));
            }
        }
        if let Some(units) = used_rate {
            shares[0]["used_cap"] = json!({"rate": rate(units)});
        } else if let Some(amount) = used_cap {
            shares[0]["used_cap"] = json!({"amount": super::euros(amount)});
        }
        json!(shares)
    }

    /// What it becomes for a batch, when the first funder has `committed` behind earlier ones.
    pub fn for_batch(&self, vouchers: i64, committed: i64) -> [i128; FUNDERS] {
        let total = vouchers * FACE;
        let mut kept = self.rates[0];
        if self.limits.order_minimum.is_some_and(|least| total < least) {
            kept = 0;
        }
        if let Some(cap) = self.limits.cap {
            let left = i128::from((cap - committed).max(0));
            // Eight decimals are kept, rounded down: never above the cap.
            kept = kept.min(left * ONE / i128::from(total) / 10 * 10);
        }
        // Under two cents of a voucher it pays nothing.
        if kept < self.rates[0] && kept * i128::from(FACE) < 2 * ONE {
            kept = 0;
        }
        let mut rates = self.rates;
        rates[FUNDERS - 1] += rates[0] - kept;
        rates[0] = kept;
        rates
    }
}

/// What each funder pays of voucher `serial` (from 1): cumulative rounding, half up.
pub fn split(rates: &[i128; FUNDERS], serial: i64) -> Each {
    let below = |n: i64, units: i128| {
        let exact = i128::from(n) * i128::from(FACE) * units;
        i64::try_from((2 * exact + ONE) / (2 * ONE)).expect("small")
    };
    let mut shares = [0; FUNDERS];
    let (mut units, mut before) = (0, 0);
    for (share, rate) in shares.iter_mut().zip(rates) {
        units += rate;
        let mine = below(serial, units) - below(serial - 1, units);
        *share = mine - before;
        before = mine;
    }
    shares
}

/// What was used of the batches of one version that the first funder takes part in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// In cents of face value.
    pub value: i64,
    /// What the first funder paid of it.
    pub paid: i64,
}

/// What the last funder owes the first at the true-up, version by version.
pub fn true_up(versions: &[(Plan, Used)]) -> i64 {
    let (mut owed, mut part_before) = (0, 0);
    for (plan, used) in versions {
        let mut part = used.paid;
        if let Some(rate) = plan.limits.used_rate {
            part = part.min(i64::try_from(i128::from(used.value) * rate / ONE).expect("small"));
        }
        if let Some(cap) = plan.limits.used_cap {
            part = part.min((cap - part_before).max(0));
        }
        owed += used.paid - part;
        part_before += part;
    }
    owed
}
