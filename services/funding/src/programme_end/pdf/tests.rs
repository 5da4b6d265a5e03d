use access::OrganisationId;
use catalogue::{DaysSetting, ProgrammeId};
use chrono::NaiveDate;
use ledger::{BatchId, PartyId};
use rust_decimal::Decimal;
use standards::Cents;
use uuid::Uuid;

use super::super::content::{BatchFact, BatchFunderFact, Contest, FunderFact, Party, ProgrammeFacts, UnusedValueFact};
use super::super::figures::ProgrammeFigures;
use super::*;
use crate::support::french::{counted, percent};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Six funders of batches of a million vouchers.
fn large() -> Content {
    let millions = Cents::new(333_450_012);
    let figures = ProgrammeFigures {
        ordered: millions,
        funded: millions,
        activated: millions,
        handed_over: millions,
        claimed: millions,
        paid: millions,
        unpaid: Cents::new(-5_000),
        expired: millions,
        revoked: millions,
        cancelled: millions,
        refundable: millions,
    };
    let name = |n: u128| format!("Communauté de communes du Val-de-Saône-et-Bourgogne n° {n}");
    let funder = |n| FunderFact {
        id: PartyId::from_uuid(Uuid::from_u128(n)),
        name: name(n),
        siren: None,
        figures,
        trued_up: Cents::new(12_345),
        refunded: Cents::new(1),
        to_refund: millions,
        available: Cents::ZERO,
    };
    let of_batch = |n| BatchFunderFact {
        id: PartyId::from_uuid(Uuid::from_u128(n)),
        name: name(n),
        rate: Decimal::new(1_666_667, 7),
        figures,
    };
    let batch = |n| BatchFact {
        id: BatchId::from_uuid(Uuid::from_u128(n)),
        ordered_on: day("2026-03-02"),
        booklets: 100_000,
        booklet_size: 10,
        face_value: Cents::new(1_000),
        cancelled: false,
        funders: (1..=6).map(of_batch).collect(),
    };
    let sponsor = OrganisationId::from_uuid(Uuid::from_u128(9));
    Content {
        format: "ccn-etat-contradictoire/1",
        programme: ProgrammeFacts {
            id: ProgrammeId::from_uuid(Uuid::from_u128(8)),
            name: "Chèque culture numérique".to_owned(),
            territory: "R27".to_owned(),
            sponsor_id: sponsor,
            sponsor: "Région".to_owned(),
            printed_day: day("2026-12-31"),
            last_day: day("2027-01-31"),
        },
        issued_at: "2027-02-06T05:00:00Z".parse().unwrap(),
        due_on: day("2027-02-06"),
        late: false,
        contest: Contest {
            until: day("2027-02-21"),
            days: DaysSetting {
                days: 15,
                by_default: true,
            },
            parties: vec![Party {
                id: sponsor,
                name: "Région".to_owned(),
                sponsor: true,
                funder: true,
            }],
        },
        unused_value: UnusedValueFact {
            method: UnusedValue::Bank,
            by_default: false,
        },
        steps: Vec::new(),
        funders: (1..=6).map(funder).collect(),
        batches: vec![batch(21), batch(22)],
        total: figures,
    }
}

#[test]
fn the_largest_sums_are_drawn_and_always_the_same() {
    let digests = Digests {
        data: "00".repeat(32),
        csv: "11".repeat(32),
    };
    let content = large();
    let pdf = draw(&content, "Fonds", &digests).unwrap();
    assert_eq!(draw(&content, "Fonds", &digests).unwrap(), pdf);
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/grands-montants.pdf"), &pdf).unwrap();
    }
}

#[test]
fn counts_and_rates_read_as_people_write_them() {
    assert_eq!(counted(100_000), "100\u{202F}000");
    assert_eq!(counted(999), "999");
    assert_eq!(percent(Decimal::new(3339, 4)), "33,39\u{A0}%");
    assert_eq!(percent(Decimal::ONE), "100\u{A0}%");
}
