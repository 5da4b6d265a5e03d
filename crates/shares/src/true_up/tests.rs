use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn party(n: usize) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(n as u128))
}

fn rate(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The State pays 60 % with these limits, the sponsor the rest.
fn with(limits: Limits) -> CappedPlan {
    let limits = Limits {
        taken_over_by: Some(party(1)),
        ..limits
    };
    CappedPlan::new(vec![
        (party(0), rate("0.6"), limits),
        (party(1), rate("0.4"), Limits::default()),
    ])
    .unwrap()
}

/// `vouchers` vouchers of 10 € used, of which `reached` reached the State's audience.
fn used(vouchers: u64, reached: u64) -> UsedBatch {
    let cents = |share: i64| Cents::new(i64::try_from(vouchers).unwrap() * share);
    UsedBatch {
        vouchers,
        paid: vec![(party(0), cents(600)), (party(1), cents(400))],
        reached: vec![(party(0), reached)],
    }
}

fn owed(done: &TrueUp) -> Vec<(PartyId, PartyId, i64)> {
    let payments = done.payments.iter();
    payments
        .map(|payment| (payment.from, payment.to, payment.cents.get()))
        .collect()
}

#[test]
fn a_cap_of_use_is_settled_between_funders() {
    let half = Limits {
        used_rate: Some(rate("0.5")),
        ..Limits::default()
    };
    let done = true_up(&[(with(half), vec![used(100, 0)])], &[]);
    // 1,000 € used, 600 € paid, 500 € at most.
    assert_eq!(owed(&done), [(party(1), party(0), 10_000)]);
    assert_eq!(done.steps[0].most_by_rate, Some(Cents::new(50_000)));
    assert_eq!(done.parts[1].part, Cents::new(50_000));
}

#[test]
fn the_amount_of_use_is_capped_over_all_versions_of_the_plan() {
    let at_most = Limits {
        used_cap: Some(Cents::new(70_000)),
        ..Limits::default()
    };
    let versions = [(with(at_most), vec![used(100, 0)]), (with(at_most), vec![used(100, 0)])];
    let done = true_up(&versions, &[]);
    // 600 € of the first version, 100 € are left for the second.
    assert_eq!(owed(&done), [(party(1), party(0), 50_000)]);
    assert_eq!(done.steps[2].most_by_amount, Some(Cents::new(10_000)));
}

#[test]
fn a_missed_audience_shrinks_the_part_in_proportion() {
    let quota = Limits {
        audience_quota: Some(rate("0.5")),
        ..Limits::default()
    };
    for (reached, part) in [(50, 60_000), (51, 60_000), (40, 48_000), (0, 0)] {
        let done = true_up(&[(with(quota), vec![used(100, reached)])], &[]);
        assert_eq!(done.parts[0].part.get(), part, "{reached}");
        assert_eq!(done.steps[0].after_quota.is_some(), reached < 50);
    }
    // A share of use and an audience together: half of what is used, then four fifths of it.
    let both = Limits {
        used_rate: Some(rate("0.5")),
        ..quota
    };
    let done = true_up(&[(with(both), vec![used(100, 40)])], &[]);
    assert_eq!(done.parts[0].part.get(), 40_000);
}

#[test]
fn nothing_used_owes_nothing() {
    let quota = Limits {
        audience_quota: Some(rate("0.5")),
        used_rate: Some(rate("0.5")),
        ..Limits::default()
    };
    assert!(true_up(&[(with(quota), vec![used(0, 0)])], &[]).payments.is_empty());
    assert!(true_up(&[(with(quota), vec![])], &[]).payments.is_empty());
}

#[test]
fn a_batch_that_a_funder_does_not_pay_does_not_count_as_its_use() {
    let half = Limits {
        used_rate: Some(rate("0.5")),
        order_minimum: Some(Cents::new(2_000_000)),
        ..Limits::default()
    };
    let small = UsedBatch {
        vouchers: 10,
        paid: vec![(party(1), Cents::new(10_000))],
        reached: vec![],
    };
    let done = true_up(&[(with(half), vec![used(100, 0), small])], &[]);
    assert_eq!(done.steps[0].used, Cents::new(100_000));
    assert_eq!(owed(&done), [(party(1), party(0), 10_000)]);
}

#[test]
fn a_taker_with_a_limit_of_its_own_passes_on_and_gets_one_amount() {
    let half_of_use = |taker| Limits {
        used_rate: Some(rate("0.25")),
        taken_over_by: Some(party(taker)),
        ..Limits::default()
    };
    let agreed = CappedPlan::new(vec![
        (party(0), rate("0.4"), half_of_use(1)),
        (party(1), rate("0.4"), half_of_use(2)),
        (party(2), rate("0.2"), Limits::default()),
    ])
    .unwrap();
    let batch = UsedBatch {
        vouchers: 10,
        paid: vec![
            (party(0), Cents::new(4000)),
            (party(1), Cents::new(4000)),
            (party(2), Cents::new(2000)),
        ],
        reached: vec![],
    };
    let done = true_up(&[(agreed, vec![batch])], &[]);
    assert_eq!(owed(&done), [(party(2), party(0), 1500), (party(2), party(1), 1500)]);
    assert_eq!(done.steps[1].taken_over, Cents::new(1500));
}

/// By hand. 100 vouchers used: the State paid 600 €, half of 1,000 € at most, so the sponsor pays it 100 €. Ten are reversed: it paid
/// 540 €, 450 € at most, so 90 € in all: it gives 10 € back. All are reversed: what is left of the 100 € goes back.
#[test]
fn a_further_true_up_settles_the_difference_alone() {
    let half = || {
        with(Limits {
            used_rate: Some(rate("0.5")),
            ..Limits::default()
        })
    };
    let mut settled = Vec::new();
    for (vouchers, expected) in [
        (100, vec![(party(1), party(0), 10_000)]),
        (90, vec![(party(0), party(1), 1_000)]),
        (90, vec![]),
        (0, vec![(party(0), party(1), 9_000)]),
        (0, vec![]),
    ] {
        let done = true_up(&[(half(), vec![used(vouchers, 0)])], &settled);
        assert_eq!(owed(&done), expected, "{vouchers} vouchers used");
        settled.extend(done.payments);
    }
}

proptest! {
    #[test]
    fn true_ups_one_after_another_net_to_a_single_one(
        used_rate in prop::option::of(1_i64..=100), used_cap in prop::option::of(1_i64..500_000),
        quota in prop::option::of(1_i64..=100), uses in prop::collection::vec((0_u32..400, 0_u64..=100), 1..6),
    ) {
        let limits = |taker| Limits {
            used_rate: used_rate.map(|percent| Decimal::new(percent, 2)),
            used_cap: used_cap.map(Cents::new),
            audience_quota: quota.map(|percent| Decimal::new(percent, 2)),
            taken_over_by: Some(party(taker)),
            ..Limits::default()
        };
        let capped_plan = CappedPlan::new(vec![
            (party(0), rate("0.45"), limits(1)),
            (party(1), rate("0.25"), limits(2)),
            (party(2), rate("0.3"), Limits::default()),
        ]).unwrap();
        let mut settled: Vec<Payment> = Vec::new();
        for (vouchers, percent) in uses {
            let reached = u64::from(vouchers) * percent / 100;
            let reached = [(party(0), reached), (party(1), reached)].into();
            let batch = UsedBatch::first(capped_plan.plan(), vouchers, Cents::new(1000), &reached);
            let versions = [(capped_plan.clone(), vec![batch])];
            settled.extend(true_up(&versions, &settled).payments);
            for part in true_up(&versions, &[]).parts {
                let net: i64 = settled.iter().map(|payment| {
                    let sign = i64::from(payment.from == part.funder) - i64::from(payment.to == part.funder);
                    sign * payment.cents.get()
                }).sum();
                prop_assert_eq!(part.paid.get() + net, part.part.get());
            }
            prop_assert!(true_up(&versions, &settled).payments.is_empty(), "settled once");
        }
    }

    #[test]
    fn a_true_up_makes_no_money_and_keeps_every_limit(
        limits in prop::collection::vec(
            (prop::option::of(1_i64..=100), prop::option::of(1_i64..5_000_000), prop::option::of(1_i64..=100)), 1..5),
        batches in prop::collection::vec((0_u32..3_000, 0_u32..=100), 0..5),
    ) {
        let last = limits.len();
        let each = Decimal::new(100 / i64::try_from(last + 1).unwrap(), 2);
        let shares = limits.iter().enumerate().map(|(n, &(used_rate, used_cap, quota))| {
            let limits = Limits {
                used_rate: used_rate.map(|percent| Decimal::new(percent, 2)),
                used_cap: used_cap.map(Cents::new),
                audience_quota: quota.map(|percent| Decimal::new(percent, 2)),
                taken_over_by: Some(party(n + 1)),
                ..Limits::default()
            };
            (party(n), each, limits)
        });
        let rest = Decimal::ONE - each * Decimal::from(last);
        let capped_plan = CappedPlan::new(shares.chain([(party(last), rest, Limits::default())]).collect()).unwrap();
        let used = batches.iter().map(|&(vouchers, percent)| {
            let reached = (0..last).map(|n| (party(n), u64::from(vouchers) * u64::from(percent) / 100)).collect();
            UsedBatch::first(capped_plan.plan(), vouchers, Cents::new(1000), &reached)
        });
        let used: Vec<UsedBatch> = used.collect();
        let done = true_up(&[(capped_plan.clone(), used)], &[]);
        let total = |of: fn(&Part) -> Cents| Cents::try_sum(done.parts.iter().map(of)).unwrap();
        prop_assert_eq!(total(|part| part.paid), total(|part| part.part));
        for part in &done.parts {
            let gets = Cents::try_sum(done.payments.iter().filter(|p| p.to == part.funder).map(|p| p.cents)).unwrap();
            let pays = Cents::try_sum(done.payments.iter().filter(|p| p.from == part.funder).map(|p| p.cents)).unwrap();
            prop_assert_eq!(part.paid.get() + pays.get() - gets.get(), part.part.get());
            prop_assert!(!part.part.is_negative() && (gets.is_zero() || pays.is_zero()));
        }
        for step in &done.steps {
            prop_assert!(step.most_by_rate.is_none_or(|most| step.part <= most));
            prop_assert!(step.most_by_amount.is_none_or(|most| step.part <= most));
        }
    }
}
