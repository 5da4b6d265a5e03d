//! Files of 3,000 people and 670 real places: exactly the bad lines are refused, exactly the duplicates found.

use std::collections::BTreeSet;

use e2e::{Deployment, Place, Refusal, Scene, Settings, id, real_data};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;

/// What the data's makers put into it.
#[derive(Deserialize)]
struct Expected {
    a: People,
    b: People,
    bank: Bank,
}

#[derive(Deserialize)]
struct People {
    rows: u64,
    #[serde(default)]
    bad: Vec<Defect>,
    #[serde(default)]
    duplicates: Vec<Defect>,
    #[serde(default)]
    already_in_a: Vec<Defect>,
}

#[derive(Deserialize)]
struct Defect {
    line: u64,
    column: Option<String>,
    same_as_line: Option<u64>,
}

#[derive(Deserialize)]
struct Bank {
    bad: std::collections::BTreeMap<String, String>,
}

fn read(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(real_data(name)?).expect("readable"))
}

fn expected() -> Option<Expected> {
    Some(serde_json::from_slice(&read("expected.json")?).expect("the data's own description"))
}

/// Lines and columns that a report names.
fn cells(report: &Value, list: &str) -> BTreeSet<(u64, String)> {
    let cells = report[list].as_array().expect("a list");
    for cell in cells {
        for text in ["problem", "remedy"] {
            assert!(
                cell[text].as_str().is_some_and(|text| text.len() > 10),
                "says nothing: {cell:#}"
            );
        }
    }
    cells
        .iter()
        .map(|cell| {
            (
                cell["line"].as_u64().expect("a line"),
                cell["column"].as_str().expect("a column").to_owned(),
            )
        })
        .collect()
}

fn lines(report: &Value, list: &str) -> BTreeSet<u64> {
    cells(report, list).into_iter().map(|(line, _)| line).collect()
}

#[testkit::test]
async fn exactly_the_expected_people_are_refused_or_found_twice(pool: PgPool) {
    let (Some(expected), Some(a), Some(b)) = (expected(), read("beneficiaries-a.csv"), read("beneficiaries-b.csv"))
    else {
        return;
    };
    let settings = Settings {
        people: 0,
        structures: 0,
        booklets_per_person: 2,
        ..Settings::default()
    };
    let scene = Scene::with(pool, settings).await;
    let first = scene.prescriber.imports(&a).await;
    assert_eq!(first["rows"], expected.a.rows);
    let bad: BTreeSet<_> = expected
        .a
        .bad
        .iter()
        .map(|line| (line.line, line.column.clone().expect("bad cells are named")))
        .collect();
    assert_eq!(cells(&first, "refused"), bad);
    let twice: BTreeSet<_> = expected.a.duplicates.iter().map(|line| line.line).collect();
    assert_eq!(lines(&first, "duplicates"), twice);
    for (told, known) in first["duplicates"]
        .as_array()
        .expect("a list")
        .iter()
        .zip(&expected.a.duplicates)
    {
        assert_eq!(told["same_as_line"].as_u64(), known.same_as_line, "{told:#}");
    }
    let accepted = expected.a.rows - (bad.len() + twice.len()) as u64;
    assert_eq!((&first["accepted"], &first["unchanged"]), (&json!(accepted), &json!(0)));

    // The other organisation learns that somebody has them, not who.
    let client = scene
        .operator()
        .admits(id("other"), "Mission locale", &["prescriber"])
        .await;
    scene.sponsor.admits_prescriber(id("other")).await.created();
    let other = e2e::Prescriber {
        id: id("other"),
        client,
        ..scene.prescriber.clone()
    };
    let second = other.imports(&b).await;
    assert_eq!(second["rows"], expected.b.rows);
    assert_eq!(
        lines(&second, "refused"),
        expected.b.bad.iter().map(|line| line.line).collect()
    );
    let known: BTreeSet<_> = expected.b.already_in_a.iter().map(|line| line.line).collect();
    assert_eq!(lines(&second, "duplicates"), known);
    assert!(!second.to_string().contains("Prescripteur"));
    assert_eq!(second["accepted"], expected.b.rows - known.len() as u64);
    assert_eq!(scene.prescriber.people().await.len() as u64, accepted);

    // Loaded again, nothing changes.
    let again = scene.prescriber.imports(&a).await;
    assert_eq!((&again["accepted"], &again["unchanged"]), (&json!(0), &json!(accepted)));
    assert_eq!(scene.prescriber.people().await.len() as u64, accepted);
}

#[testkit::test]
async fn exactly_the_expected_accounts_are_missing_or_wrong(pool: PgPool) {
    let (Some(expected), Some(places), Some(details)) = (expected(), read("structures.csv"), read("bank-details.csv"))
    else {
        return;
    };
    let deployment = Deployment::new(pool).await;
    let operator = &deployment.operator;
    let report = operator.imports_structures(&places).await;
    assert_eq!(
        (&report["rows"], &report["accepted"]),
        (&json!(670), &json!(670)),
        "{:#}",
        report["refused"]
    );
    assert_eq!((&report["refused"], &report["duplicates"]), (&json!([]), &json!([])));
    let again = operator.imports_structures(&places).await;
    assert_eq!((&again["accepted"], &again["unchanged"]), (&json!(0), &json!(670)));

    let report = operator.imports_bank_details(&details).await;
    let text = String::from_utf8(details.clone()).expect("UTF-8");
    let siret_of = |line: u64| {
        let line = usize::try_from(line).expect("a small file");
        text.lines()
            .nth(line - 1)
            .and_then(|row| row.split(',').next())
            .expect("a line")
    };
    let refused: BTreeSet<&str> = lines(&report, "refused").into_iter().map(siret_of).collect();
    let of = |why: &str| -> BTreeSet<&str> {
        expected
            .bank
            .bad
            .iter()
            .filter(|(_, said)| *said == why)
            .map(|(siret, _)| siret.as_str())
            .collect()
    };
    assert_eq!(refused, of("wrong check digits"));
    assert!(cells(&report, "refused").iter().all(|(_, column)| column == "iban"));
    assert_eq!(operator.imports_bank_details(&details).await["accepted"], 0);

    let structures = operator.structures().await;
    assert_eq!(structures.len(), 670);
    let without: BTreeSet<&str> = structures
        .iter()
        .filter(|structure| structure["has_bank_details"] == false)
        .map(|structure| structure["siret"].as_str().expect("a SIRET"))
        .collect();
    assert_eq!(without, expected.bank.bad.keys().map(String::as_str).collect());

    // Those that asked and meet every criterion; the others are told why not.
    let mut accredited = 0;
    for structure in &structures {
        let answer = operator
            .accredits(serde_json::from_value(structure["id"].clone()).expect("an id"))
            .await;
        match answer.status {
            201 => accredited += 1,
            _ => assert_ne!(answer.refused(Refusal::NotAccreditable)["reasons"], json!([])),
        }
    }
    assert_eq!(accredited, 72);
}

#[testkit::test]
async fn a_preview_keeps_nothing_and_a_commit_needs_its_digest(pool: PgPool) {
    let scene = Scene::with(
        pool,
        Settings {
            people: 0,
            structures: 0,
            ..Settings::default()
        },
    )
    .await;
    let csv = b"identifiant_externe,nom_naissance,prenoms,date_naissance,sexe,code_insee_naissance,code_insee_residence,public,telephone,courriel,carnets\n\
        X1,Durand,Anne,1960-02-03,F,21231,21231,Seniors,,,1\n";
    let import = id("import");
    let preview = scene.prescriber.sends(import, csv, None).await.ok();
    assert_eq!(
        (&preview["accepted"], &preview["committed"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(scene.prescriber.people().await, []);
    let path = scene
        .prescriber
        .path(&format!("/beneficiary-imports/{import}?file=x.csv&commit=true"));
    scene
        .prescriber
        .client
        .put(&path, "text/csv", csv)
        .await
        .refused(Refusal::DigestMissing);

    // Somebody registers the same person in between: what would happen has changed.
    let client = scene
        .operator()
        .admits(id("other"), "Mission locale", &["prescriber"])
        .await;
    scene.sponsor.admits_prescriber(id("other")).await.created();
    let other = e2e::Prescriber {
        id: id("other"),
        client,
        ..scene.prescriber.clone()
    };
    assert_eq!(other.imports(csv).await["accepted"], 1);
    let digest = preview["digest"].as_str();
    scene
        .prescriber
        .sends(import, csv, digest)
        .await
        .refused(Refusal::PreviewOutdated);
    let preview = scene.prescriber.sends(import, csv, None).await.ok();
    assert_eq!(preview["duplicates"].as_array().map(Vec::len), Some(1));
    let done = scene
        .prescriber
        .sends(import, csv, preview["digest"].as_str())
        .await
        .created();
    assert_eq!((&done["accepted"], &done["committed"]), (&json!(0), &json!(true)));
    scene
        .prescriber
        .sends(import, csv, preview["digest"].as_str())
        .await
        .ok();
}

#[testkit::test]
async fn the_same_person_is_found_whatever_the_spelling(pool: PgPool) {
    let scene = Scene::with(
        pool,
        Settings {
            people: 0,
            structures: 0,
            ..Settings::default()
        },
    )
    .await;
    let head = "identifiant_externe,nom_naissance,prenoms,date_naissance,sexe,code_insee_naissance,code_insee_residence,public,telephone,courriel,carnets";
    let person =
        |id: &str, name: &str, first: &str| format!("{id},{name},{first},1960-02-03,F,21231,21231,Seniors,,,1");
    let rows = [
        head.to_owned(),
        person("1", "Lefèvre-Duprès", "Anne-Marie Zoé"),
        person("2", "LEFEVRE DUPRES", "ANNE MARIE ZOE"),
        person("3", "lefèvre duprès", "Zoé Anne-Marie"),
        person("4", "Lefèvre", "Anne-Marie Zoé"),
    ];
    let report = scene.prescriber.imports(rows.join("\n").as_bytes()).await;
    assert_eq!(lines(&report, "duplicates"), BTreeSet::from([3, 4]), "{report:#}");
    assert_eq!(report["accepted"], 2);
}

#[testkit::test]
async fn a_structure_listed_twice_is_imported_once(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let places = [Place::new(1), Place::new(2), Place::new(1)];
    let report = deployment.operator.imports_structures(&Place::file(&places)).await;
    assert_eq!(lines(&report, "duplicates"), BTreeSet::from([4]));
    assert_eq!(deployment.operator.structures().await.len(), 2);
}
