//! The 3,000 people of two prescribers: exactly the expected lines are refused, exactly the expected duplicates are found.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::fixture::Fixture;

fn data(name: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../../../shared/data/bfc/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = std::fs::read(path).ok();
    if read.is_none() {
        eprintln!("skipped: the region's data is not beside the repository");
    }
    read
}

fn lines(list: &Value) -> Vec<u64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["line"].as_u64().unwrap())
        .collect()
}

#[testkit::test]
async fn exactly_the_expected_lines_are_refused_and_found_twice(pool: PgPool) {
    let (Some(a), Some(b), Some(expected)) = (
        data("beneficiaries-a.csv"),
        data("beneficiaries-b.csv"),
        data("expected.json"),
    ) else {
        return;
    };
    let expected: Value = serde_json::from_slice(&expected).unwrap();
    let fixture = Fixture::new(pool, "hand_over").await;
    let cells = |list: &Value| -> Vec<(u64, String)> {
        let cell = |item: &Value| {
            (
                item["line"].as_u64().unwrap(),
                item["column"].as_str().unwrap().to_owned(),
            )
        };
        list.as_array().unwrap().iter().map(cell).collect()
    };

    let preview = fixture.previews(&fixture.prescriber, 1, a.clone()).await;
    let done = fixture
        .commits(&fixture.prescriber, 1, a.clone(), preview["digest"].as_str().unwrap())
        .await
        .created();
    assert_eq!(cells(&done["refused"]), cells(&expected["a"]["bad"]));
    assert_eq!(lines(&done["duplicates"]), lines(&expected["a"]["duplicates"]));
    let same_as = |list: &Value| {
        list.as_array()
            .unwrap()
            .iter()
            .map(|d| d["same_as_line"].as_u64())
            .collect::<Vec<_>>()
    };
    assert_eq!(same_as(&done["duplicates"]), same_as(&expected["a"]["duplicates"]));
    assert_eq!(
        (&done["rows"], &done["accepted"]),
        (&expected["a"]["rows"], &json!(1494))
    );

    let preview = fixture.previews(&fixture.other_prescriber, 2, b.clone()).await;
    let done = fixture
        .commits(
            &fixture.other_prescriber,
            2,
            b.clone(),
            preview["digest"].as_str().unwrap(),
        )
        .await
        .created();
    assert_eq!(done["refused"], json!([]));
    assert_eq!(lines(&done["duplicates"]), lines(&expected["b"]["already_in_a"]));
    assert_eq!(
        (&done["rows"], &done["accepted"]),
        (&expected["b"]["rows"], &json!(1500))
    );

    let again = fixture.previews(&fixture.other_prescriber, 3, b).await;
    assert_eq!((&again["accepted"], &again["unchanged"]), (&json!(0), &json!(1500)));
    let again = fixture.previews(&fixture.prescriber, 4, a).await;
    assert_eq!((&again["accepted"], &again["unchanged"]), (&json!(0), &json!(1494)));
}
