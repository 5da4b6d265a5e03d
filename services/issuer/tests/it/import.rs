use serde_json::json;
use sqlx::PgPool;

use crate::fixture::{COLUMNS, Fixture, uuid};

const ANNE: &str = "B1,O'Brien,Anne Marie-Thérèse,1970-02-14,F,71133,21231,Seniors,,,1\n";
const PAUL: &str = "B2,Martin,Paul,1980-03-01,M,21231,21231,Autre,,,2\n";

fn file(rows: &[&str]) -> String {
    format!("{COLUMNS}\n{}", rows.concat())
}

#[testkit::test]
async fn a_preview_keeps_nothing_and_a_commit_does_what_it_showed(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let list = file(&[ANNE, PAUL, "B3,,,,,,,,,,\n"]);
    let preview = fixture.previews(&fixture.prescriber, 1, list.clone()).await;
    assert_eq!(
        (&preview["rows"], &preview["accepted"], &preview["committed"]),
        (&json!(3), &json!(2), &json!(false))
    );
    assert_eq!(preview["refused"][0]["line"], 4);
    let people = fixture.prescriber.get(&fixture.path("beneficiaries")).await.ok();
    assert_eq!(people["items"], json!([]));

    let digest = preview["digest"].as_str().unwrap();
    let done = fixture
        .commits(&fixture.prescriber, 1, list.clone(), digest)
        .await
        .created();
    assert_eq!(
        (&done["committed"], &done["digest"]),
        (&json!(true), &preview["digest"])
    );
    let people = fixture.prescriber.get(&fixture.path("beneficiaries")).await.ok();
    assert_eq!(people["items"].as_array().unwrap().len(), 2);
    let others = fixture.other_prescriber.get(&fixture.path("beneficiaries")).await.ok();
    assert_eq!(others["items"], json!([]), "each prescriber sees its own people");
}

#[testkit::test]
async fn a_commit_needs_the_digest_of_a_preview_that_still_holds(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let path = fixture.path(&format!("beneficiary-imports/{}?file=a.csv&commit=true", uuid(1)));
    fixture
        .prescriber
        .put(&path, "text/csv", file(&[ANNE]))
        .await
        .refused("digest-missing");
    let digest = fixture.previews(&fixture.prescriber, 1, file(&[ANNE])).await["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture.loads(&fixture.other_prescriber, 2, &file(&[ANNE])).await;
    fixture
        .commits(&fixture.prescriber, 1, file(&[ANNE]), &digest)
        .await
        .refused("preview-outdated");
}

#[testkit::test]
async fn a_file_loaded_twice_changes_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let list = file(&[ANNE, PAUL]);
    let first = fixture.loads(&fixture.prescriber, 1, &list).await;
    let again = fixture
        .commits(&fixture.prescriber, 1, list.clone(), first["digest"].as_str().unwrap())
        .await
        .ok();
    assert_eq!(again, first, "the same import is answered alike");
    let second = fixture.loads(&fixture.prescriber, 2, &list).await;
    assert_eq!((&second["accepted"], &second["unchanged"]), (&json!(0), &json!(2)));
    fixture
        .commits(&fixture.prescriber, 1, file(&[PAUL]), "00")
        .await
        .refused("same-id-other-content");
}

#[testkit::test]
async fn another_organisations_person_is_told_without_its_name(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.loads(&fixture.prescriber, 1, &file(&[ANNE])).await;
    let typed_otherwise = "Z9,O BRIEN,MARIE THERESE anne,1970-02-14,,71133,21231,Autre,,,1\n";
    let report = fixture
        .previews(&fixture.other_prescriber, 2, file(&[typed_otherwise]))
        .await;
    assert_eq!(report["accepted"], 0);
    let told = report["duplicates"][0].to_string();
    assert!(
        told.contains("un autre organisme") && !told.contains("CCAS") && !told.contains("B1"),
        "{told}"
    );
    let own = fixture.previews(&fixture.prescriber, 3, file(&[typed_otherwise])).await;
    assert_eq!(own["duplicates"][0]["value"], "Z9 (déjà B1)", "its own number is told");
}

#[testkit::test]
async fn a_number_that_names_somebody_else_is_refused(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.loads(&fixture.prescriber, 1, &file(&[ANNE])).await;
    let report = fixture
        .previews(&fixture.prescriber, 2, file(&[&PAUL.replace("B2", "B1")]))
        .await;
    assert_eq!(
        (&report["accepted"], &report["refused"][0]["column"]),
        (&json!(0), &json!("identifiant_externe"))
    );
}

#[testkit::test]
async fn two_imports_at_once_register_a_person_once(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let (mine, theirs) = (file(&[ANNE, PAUL]), file(&[PAUL, ANNE]));
    let first = fixture.previews(&fixture.prescriber, 1, mine.clone()).await;
    let second = fixture.previews(&fixture.other_prescriber, 2, theirs.clone()).await;
    let (first, second) = tokio::join!(
        fixture.commits(&fixture.prescriber, 1, mine, first["digest"].as_str().unwrap()),
        fixture.commits(&fixture.other_prescriber, 2, theirs, second["digest"].as_str().unwrap()),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422], "{} {}", first.text(), second.text());
    let people: i64 = sqlx::query_scalar("select count(*) from issuer.identity")
        .fetch_one(&fixture.owner)
        .await
        .unwrap();
    assert_eq!(people, 2);
}

#[testkit::test]
async fn the_stored_report_has_no_value_of_a_person(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let wrong = "B7,Durandal,Zoé,1980-99-99,F,21231,21231,Seniors,,,1\n";
    fixture.loads(&fixture.prescriber, 1, &file(&[ANNE, ANNE, wrong])).await;
    fixture
        .loads(&fixture.prescriber, 2, &file(&[&ANNE.replace("B1", "B6")]))
        .await;
    let stored: String = sqlx::query_scalar("select string_agg(report::text, ' ') from issuer.import")
        .fetch_one(&fixture.owner)
        .await
        .unwrap();
    assert!(stored.contains("date_naissance"));
    for value in ["Durandal", "Zoé", "1980-99-99", "Brien", "B1", "B6", "B7"] {
        assert!(!stored.contains(value), "{value} in {stored}");
    }
}

#[testkit::test]
async fn a_person_whose_place_of_birth_has_two_codes_is_registered_once(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let person = |number: usize, code: &str| {
        format!("P{number},Lumiere,Lucie Anne,1948-06-0{number},F,{code},21231,Seniors,,,1\n")
    };
    let codes = [
        ("75115", "75056"),
        ("13205", "13055"),
        ("91352", "99352"),
        ("20004", "2A004"),
    ];
    let list = |which: fn(&(&'static str, &'static str)) -> &'static str| {
        let rows = (1..).zip(&codes).map(|(number, both)| person(number, which(both)));
        format!("{COLUMNS}\n{}", rows.collect::<String>())
    };
    fixture
        .loads(&fixture.prescriber, 1, &list(|(district, _)| district))
        .await;
    let other = fixture
        .previews(&fixture.other_prescriber, 2, list(|(_, commune)| commune))
        .await;
    assert_eq!((&other["accepted"], &other["problems"]), (&json!(0), &json!(4)));
    assert_eq!(other["duplicates"].as_array().unwrap().len(), 4);
}

#[testkit::test]
async fn a_list_saved_by_a_spreadsheet_is_read_and_three_names_are_shown_but_not_kept(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let header = COLUMNS.replace(',', ";");
    let rows = ["Bérénice", "Noël", "Paul", "Zoé", "Chloé"]
        .into_iter()
        .zip(1..)
        .map(|(name, day)| format!("N{day};Léger;{name};0{day}/03/1980;f;75101;21231;SENIORS;;;1\r\n"));
    let list = format!("{header}\r\n{}", rows.collect::<String>());
    let latin: Vec<u8> = list
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect();
    let preview = fixture.previews(&fixture.prescriber, 1, latin.clone()).await;
    assert_eq!(preview["accepted"], 5, "{preview}");
    assert_eq!(
        preview["samples"],
        json!(["Bérénice Léger", "Noël Léger", "Paul Léger"])
    );
    assert!(preview["notices"][0].as_str().unwrap().contains("Windows-1252"));
    let digest = preview["digest"].as_str().unwrap();
    let done = fixture.commits(&fixture.prescriber, 1, latin, digest).await.created();
    assert_eq!(done["samples"], json!([]));
    let stored: String = sqlx::query_scalar("select string_agg(report::text, ' ') from issuer.import")
        .fetch_one(&fixture.owner)
        .await
        .unwrap();
    assert!(!stored.contains("Léger"));
    // The same people in UTF-8 are known.
    let again = fixture.previews(&fixture.prescriber, 2, list).await;
    assert_eq!((&again["unchanged"], &again["samples"]), (&json!(5), &json!([])));
}

#[testkit::test]
#[ignore = "some seconds of a machine: 50,000 lines"]
async fn fifty_thousand_known_people_are_previewed_again_within_ten_seconds(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let rows = (0..50_000).map(|number| {
        let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_u32.pow(place) % 26).unwrap());
        let name: String = (0..4).map(letter).collect();
        format!("dossier-2026-{number:06},Martin {name},Paul,1980-03-01,M,21231,21231,Seniors,,,1\n")
    });
    let list = format!("{COLUMNS}\n{}", rows.collect::<String>());
    fixture.loads(&fixture.prescriber, 1, &list).await;
    let started = std::time::Instant::now();
    let again = fixture.previews(&fixture.prescriber, 2, list).await;
    eprintln!("50,000 people previewed again: {:?}", started.elapsed());
    assert_eq!(again["unchanged"], 50_000);
    assert!(started.elapsed().as_secs() < 10);
}
