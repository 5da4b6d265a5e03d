use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn party(n: usize) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(n as u128))
}

fn rate(text: &str) -> Decimal {
    text.parse().unwrap()
}

const TEN_EUROS: Cents = Cents::new(1000);

fn order(vouchers: u32) -> Order {
    Order {
        vouchers,
        face_value: TEN_EUROS,
    }
}

/// The State pays half, the département 30 %, the sponsor the rest and what the others do not.
fn capped_plan(state: Limits, departement: Limits) -> Result<CappedPlan, CappedPlanError> {
    CappedPlan::new(vec![
        (party(0), rate("0.5"), state),
        (party(1), rate("0.3"), departement),
        (party(2), rate("0.2"), Limits::default()),
    ])
}

fn rates(plan: &Plan) -> Vec<(PartyId, String)> {
    let funders = plan.funders().iter();
    funders.map(|(funder, rate)| (*funder, rate.to_string())).collect()
}

#[test]
fn nothing_changes_while_no_limit_acts() {
    let capped = Limits {
        cap: Some(Cents::new(500_000)),
        order_minimum: Some(Cents::new(1_000_000)),
        taken_over_by: Some(party(2)),
        ..Limits::default()
    };
    let agreed = capped_plan(capped, Limits::default()).unwrap();
    assert_eq!(agreed.effective(order(1000), &[Cents::ZERO; 3]), *agreed.plan());
}

#[test]
fn a_capped_funder_pays_what_is_left_and_the_taker_the_rest() {
    let capped = Limits {
        cap: Some(Cents::new(1_000_000)),
        taken_over_by: Some(party(2)),
        ..Limits::default()
    };
    let agreed = capped_plan(capped, Limits::default()).unwrap();
    // 3,000 vouchers: half is 15,000 €, 7,000.01 € are left of 10,000 €.
    let committed = [Cents::new(299_999), Cents::ZERO, Cents::ZERO];
    let plan = agreed.effective(order(3000), &committed);
    assert_eq!(
        rates(&plan),
        [
            (party(0), "0.23333366".to_owned()),
            (party(1), "0.3".to_owned()),
            (party(2), "0.46666634".to_owned())
        ]
    );
    let sums: Vec<i64> = plan.sum_first(3000, TEN_EUROS).into_iter().map(Cents::get).collect();
    assert_eq!(sums, [700_001, 900_000, 1_399_999]);
    // Nothing is left: who paid half is no part of the plan any more.
    let spent = [Cents::new(1_000_000), Cents::ZERO, Cents::ZERO];
    let plan = agreed.effective(order(3000), &spent);
    assert_eq!(
        rates(&plan),
        [(party(1), "0.3".to_owned()), (party(2), "0.7".to_owned())]
    );
}

#[test]
fn below_the_minimum_order_a_funder_pays_nothing() {
    let large_only = Limits {
        order_minimum: Some(Cents::new(2_000_000)),
        taken_over_by: Some(party(1)),
        ..Limits::default()
    };
    let agreed = capped_plan(large_only, Limits::default()).unwrap();
    let small = agreed.effective(order(1999), &[Cents::ZERO; 3]);
    assert_eq!(
        rates(&small),
        [(party(1), "0.8".to_owned()), (party(2), "0.2".to_owned())]
    );
    assert_eq!(agreed.effective(order(2000), &[Cents::ZERO; 3]), *agreed.plan());
}

#[test]
fn what_a_taker_cannot_pay_goes_on_to_its_own_taker() {
    let capped = |cents, taker| Limits {
        cap: Some(Cents::new(cents)),
        taken_over_by: Some(party(taker)),
        ..Limits::default()
    };
    let agreed = capped_plan(capped(10_000, 1), capped(50_000, 2)).unwrap();
    let plan = agreed.effective(order(1000), &[Cents::ZERO; 3]);
    assert_eq!(
        rates(&plan),
        [
            (party(0), "0.01".to_owned()),
            (party(1), "0.05".to_owned()),
            (party(2), "0.94".to_owned())
        ]
    );
}

#[test]
fn a_funder_who_would_get_under_two_cents_drops_out() {
    let capped = Limits {
        cap: Some(Cents::new(1_999)),
        taken_over_by: Some(party(2)),
        ..Limits::default()
    };
    let agreed = capped_plan(capped, Limits::default()).unwrap();
    let plan = agreed.effective(order(1000), &[Cents::ZERO; 3]);
    assert_eq!(plan.funders().len(), 2);
    plan.check(TEN_EUROS).unwrap();
}

#[test]
fn limits_without_somebody_who_pays_the_rest_are_refused() {
    let capped = |taker: Option<usize>| Limits {
        cap: Some(Cents::new(1)),
        taken_over_by: taker.map(party),
        ..Limits::default()
    };
    let refused = |first, second| capped_plan(first, second).unwrap_err();
    assert_eq!(
        refused(capped(None), Limits::default()),
        CappedPlanError::NoTaker(party(0))
    );
    assert_eq!(
        refused(capped(Some(7)), Limits::default()),
        CappedPlanError::UnknownTaker(party(7))
    );
    assert_eq!(
        refused(capped(Some(0)), Limits::default()),
        CappedPlanError::Circle(party(0))
    );
    assert_eq!(
        refused(capped(Some(1)), capped(Some(0))),
        CappedPlanError::Circle(party(0))
    );
    let wrong = Limits {
        used_rate: Some(rate("1.1")),
        taken_over_by: Some(party(2)),
        ..Limits::default()
    };
    assert_eq!(refused(wrong, Limits::default()), CappedPlanError::Rate(rate("1.1")));
    let nothing = Limits {
        cap: Some(Cents::ZERO),
        ..capped(Some(2))
    };
    assert_eq!(
        refused(nothing, Limits::default()),
        CappedPlanError::NotPositive(Cents::ZERO)
    );
}

/// Up to six funders; each may be capped and may want large orders, and is taken over by the next one.
fn any_capped_plan() -> impl Strategy<Value = CappedPlan> {
    let limit = (prop::option::of(1_i64..5_000_000), prop::option::of(1_i64..5_000_000));
    prop::collection::vec((20_000_i64..150_000, limit), 0..6).prop_map(|parts| {
        let last = parts.len();
        let rest = 1_000_000 - parts.iter().map(|(part, _)| part).sum::<i64>();
        let limited = parts.into_iter().enumerate().map(|(n, (part, (cap, least)))| {
            let limits = Limits {
                cap: cap.map(Cents::new),
                order_minimum: least.map(Cents::new),
                taken_over_by: Some(party(n + 1)),
                ..Limits::default()
            };
            (party(n), Decimal::new(part, 6), limits)
        });
        let open = (party(last), Decimal::new(rest, 6), Limits::default());
        CappedPlan::new(limited.chain([open]).collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn batch_after_batch_nobody_is_above_its_cap_and_every_voucher_is_paid(
        capped_plan in any_capped_plan(),
        orders in prop::collection::vec((1_u32..5_000, 100_i64..20_000), 1..12),
    ) {
        let mut committed = vec![Cents::ZERO; capped_plan.limits().len()];
        for (vouchers, face_value) in orders {
            let batch = Order { vouchers, face_value: Cents::new(face_value) };
            let plan = capped_plan.effective(batch, &committed);
            prop_assert_eq!(plan.check(batch.face_value), Ok(()));
            let total = batch.face_value.checked_mul(vouchers.into()).unwrap();
            let sums = plan.sum_first(vouchers, batch.face_value);
            prop_assert_eq!(Cents::try_sum(sums.iter().copied()), Some(total));
            for (&(funder, _), cents) in plan.funders().iter().zip(sums) {
                let index = capped_plan.plan().funders().iter().position(|&(known, _)| known == funder).unwrap();
                committed[index] = committed[index].checked_add(cents).unwrap();
                let limits = capped_plan.limits()[index];
                prop_assert!(limits.cap.is_none_or(|cap| committed[index] <= cap), "{index} above its cap");
                prop_assert!(limits.order_minimum.is_none_or(|least| total >= least));
            }
        }
    }
}
