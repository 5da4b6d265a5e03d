use catalogue::ProgrammeId;
use uuid::Uuid;

use super::*;
use crate::support::ids::ConventionId;

const LONG: &str = "Communauté de communes du Val-de-Saône-et-Bourgogne-du-Nord et de la vallée de l'Ouche";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn long_names_and_large_sums_fit_a_letter() {
    let reminder = |days, on: &str| ReminderView {
        days,
        reminded_on: day(on),
        missing: Cents::new(123_456_789_012),
    };
    let call = CallState {
        id: CallId::from_uuid(Uuid::from_u128(1)),
        convention_id: ConventionId::from_uuid(Uuid::from_u128(2)),
        funder_id: OrganisationId::from_uuid(Uuid::from_u128(3)),
        funder: LONG.to_owned(),
        programme_id: ProgrammeId::from_uuid(Uuid::from_u128(4)),
        reference: "AF-2026-7K3M9Q".to_owned(),
        amount: Cents::new(234_567_890_123),
        due_on: day("2026-03-31"),
        called_at: "2026-03-02T10:00:00Z".parse().unwrap(),
        received: Cents::ZERO,
        mandated: Cents::ZERO,
        missing: Cents::ZERO,
        overdue_days: 0,
        reminders: vec![reminder(1, "2026-04-01"), reminder(400, "2027-05-05")],
    };
    let agreed = Agreed {
        siren: "732829320".to_owned(),
        programme: format!("Chèque culture numérique de la {LONG}"),
        amount: Cents::new(999_999_999_999),
        signed_on: day("2026-01-15"),
        starts_on: day("2026-01-01"),
        ends_on: day("2028-12-31"),
    };
    let fund = FundAccount {
        name: "Fonds de soutien pour l'inclusion numérique en Bourgogne-Franche-Comté".to_owned(),
        iban: "FR7630006000011234567890189".parse().unwrap(),
        bic: Some("AGRIFRPPXXX".parse().unwrap()),
    };
    let letters = [
        ("grand-appel", called(&call, &agreed, &fund, None)),
        ("grande-relance", reminded(&call, 1, &agreed, &fund, None)),
    ];
    for (name, letter) in letters {
        let pdf = letter.render().unwrap();
        assert_eq!(letter.render().unwrap(), pdf, "the same bytes");
        if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
            std::fs::write(format!("{folder}/{name}.pdf"), &pdf).unwrap();
        }
    }
}
