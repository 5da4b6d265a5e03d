//! The published vectors of the funding shares.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sealed_log::PartyId;
use serde::Deserialize;
use shares::Plan;
use standards::Cents;
use uuid::Uuid;

#[derive(Deserialize)]
struct Vectors {
    plans: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    rates: Vec<Decimal>,
    face_value_cents: i64,
    serial_to_cents: BTreeMap<String, Vec<i64>>,
    sum_of_first_100000: Vec<i64>,
}

#[test]
fn every_published_share_is_recomputed() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/shares.json")).unwrap();
    assert!(!vectors.plans.is_empty());
    let cents = |shares: Vec<Cents>| shares.into_iter().map(Cents::get).collect::<Vec<_>>();
    for vector in vectors.plans {
        let funders = vector.rates.iter().enumerate();
        let plan = Plan::new(
            funders
                .map(|(n, &rate)| (PartyId::from_uuid(Uuid::from_u128(n as u128)), rate))
                .collect(),
        )
        .unwrap();
        let face_value = Cents::new(vector.face_value_cents);
        plan.check(face_value).unwrap();
        for (serial, expected) in vector.serial_to_cents {
            assert_eq!(
                cents(plan.split(serial.parse().unwrap(), face_value)),
                expected,
                "{:?} {serial}",
                vector.rates
            );
        }
        assert_eq!(cents(plan.sum_first(100_000, face_value)), vector.sum_of_first_100000);
    }
}
