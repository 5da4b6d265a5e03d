use std::collections::BTreeSet;

use redemption::StructureId;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::fixture::{Fixture, SIRETS, file, place};

/// A file of the region's real places, when the data is beside the repository.
fn region(name: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../../../shared/data/bfc/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).ok();
    if bytes.is_none() {
        eprintln!("skipped: the region's data is not beside the repository");
    }
    bytes
}

impl Fixture {
    async fn previews(&self, kind: &str, id: u128, file: &[u8]) -> Value {
        let path = format!("/redemption/v1/{kind}-imports/{}?file=fichier.csv", Uuid::from_u128(id));
        self.operator.put(&path, "text/csv", file).await.ok()
    }

    async fn commits(&self, kind: &str, id: u128, file: &[u8], digest: &Value) -> testkit::Answer {
        let digest = digest.as_str().unwrap();
        let path = format!(
            "/redemption/v1/{kind}-imports/{}?file=fichier.csv&commit=true&digest={digest}",
            Uuid::from_u128(id)
        );
        self.operator.put(&path, "text/csv", file).await
    }

    async fn loads(&self, kind: &str, id: u128, file: &[u8]) -> Value {
        let preview = self.previews(kind, id, file).await;
        self.commits(kind, id, file, &preview["digest"]).await.created()
    }
}

fn counts(report: &Value) -> [u64; 5] {
    let size = |list: &Value| list.as_array().unwrap().len() as u64;
    [
        report["rows"].as_u64().unwrap(),
        report["accepted"].as_u64().unwrap(),
        report["unchanged"].as_u64().unwrap(),
        size(&report["refused"]),
        size(&report["duplicates"]),
    ]
}

#[testkit::test]
async fn the_regions_places_are_taken_once_and_72_qualify(pool: PgPool) {
    let (Some(places), Some(banks), Some(expected)) = (
        region("structures.csv"),
        region("bank-details.csv"),
        region("expected.json"),
    ) else {
        return;
    };
    let fixture = Fixture::new(pool).await;
    let preview = fixture.previews("structure", 1, &places).await;
    assert_eq!(
        (counts(&preview), &preview["committed"]),
        ([670, 670, 0, 0, 0], &json!(false))
    );
    assert_eq!(
        fixture.operator.get("/redemption/v1/structures").await.ok()["items"],
        json!([])
    );
    let report = fixture
        .commits("structure", 1, &places, &preview["digest"])
        .await
        .created();
    assert_eq!(
        fixture.commits("structure", 1, &places, &preview["digest"]).await.ok(),
        report
    );
    assert_eq!(
        counts(&fixture.loads("structure", 2, &places).await),
        [670, 0, 670, 0, 0]
    );

    let expected: Value = serde_json::from_slice(&expected).unwrap();
    let wrong = expected["bank"]["bad"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, why)| *why == "wrong check digits");
    let wrong: BTreeSet<String> = wrong.map(|(siret, _)| siret.clone()).collect();
    let preview = fixture.previews("bank-details", 3, &banks).await;
    assert_eq!(counts(&preview), [663, 656, 0, 7, 0]);
    let text = String::from_utf8(banks.clone()).unwrap();
    let siret = |problem: &Value| {
        let line = usize::try_from(problem["line"].as_u64().unwrap()).unwrap();
        text.lines().nth(line - 1).unwrap()[..14].to_owned()
    };
    let refused: BTreeSet<String> = preview["refused"].as_array().unwrap().iter().map(siret).collect();
    assert_eq!(refused, wrong);
    fixture
        .commits("bank-details", 3, &banks, &preview["digest"])
        .await
        .created();
    assert_eq!(
        counts(&fixture.loads("bank-details", 4, &banks).await),
        [663, 0, 656, 7, 0]
    );

    let ids: Vec<Uuid> = sqlx::query_scalar("select id from redemption.structure order by pivot")
        .fetch_all(&fixture.admin)
        .await
        .unwrap();
    let mut admitted = 0;
    for id in ids {
        let path = format!("/redemption/v1/structures/{id}/accreditation");
        let answer = fixture.operator.post(&path, json!({ "id": id })).await;
        if answer.status < 300 {
            admitted += 1;
        } else {
            assert_eq!(answer.kind(), "not-accreditable");
        }
    }
    assert_eq!(admitted, 72);
    let (mut listed, mut after) = (0, String::new());
    loop {
        let page = fixture
            .operator
            .get(&format!("/redemption/v1/structures?after={after}"))
            .await
            .ok();
        listed += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(listed, 670);
}

#[testkit::test]
async fn a_siret_given_twice_counts_once(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let twice = file(&[
        place(SIRETS[0], "APTIC"),
        place(SIRETS[1], ""),
        place(SIRETS[0], "").replacen("lieu-", "x", 1),
    ]);
    let report = fixture.loads("structure", 1, twice.as_bytes()).await;
    assert_eq!(counts(&report), [3, 2, 0, 0, 1]);
    let duplicate = &report["duplicates"][0];
    assert_eq!(
        (&duplicate["line"], &duplicate["same_as_line"], &duplicate["column"]),
        (&json!(4), &json!(2), &json!("pivot"))
    );
}

#[testkit::test]
async fn a_commit_names_what_was_previewed(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let one = file(&[place(SIRETS[0], "APTIC")]);
    let two = file(&[place(SIRETS[0], "Chèque culture numérique")]);
    let preview = fixture.previews("structure", 1, one.as_bytes()).await;
    let missing = fixture.commits("structure", 1, one.as_bytes(), &json!("")).await;
    assert_eq!(missing.kind().as_str(), "digest-missing");
    assert_eq!(
        fixture
            .commits("structure", 1, two.as_bytes(), &preview["digest"])
            .await
            .kind(),
        "preview-outdated"
    );
    // Meanwhile the same place arrives by another file: what was « new » would now be a change.
    assert_eq!(
        counts(&fixture.loads("structure", 2, two.as_bytes()).await),
        [1, 1, 0, 0, 0]
    );
    assert_eq!(
        fixture
            .commits("structure", 1, one.as_bytes(), &preview["digest"])
            .await
            .kind(),
        "preview-outdated"
    );
    assert_eq!(
        counts(&fixture.loads("structure", 1, one.as_bytes()).await),
        [1, 1, 0, 0, 0]
    );
    let other_content = fixture
        .commits("structure", 1, two.as_bytes(), &preview["digest"])
        .await;
    assert_eq!(other_content.kind().as_str(), "same-id-other-content");
    let stored: Value = sqlx::query_scalar("select place from redemption.structure")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(stored["autres_formations_labels"], "APTIC");
}

#[testkit::test]
async fn the_newest_account_of_a_structure_counts(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    fixture.imports(&[place(SIRETS[0], "APTIC")]).await;
    let banks = |siret: &str, iban: &str| format!("siret,titulaire,iban,bic\n{siret},Lieu,{iban},\n").into_bytes();
    let (old, new) = ("FR7630006000011234567890189", "FR7630006424462601815908634");
    fixture.loads("bank-details", 1, &banks(SIRETS[0], old)).await;
    let report = fixture.loads("bank-details", 2, &banks(SIRETS[0], new)).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    let id = StructureId::derive(b"structure", &[SIRETS[0].as_bytes()]).uuid();
    let paid_on: String = sqlx::query_scalar("select iban from redemption.payee where structure_id = $1")
        .bind(id)
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(paid_on, new);
    let stranger = fixture.previews("bank-details", 3, &banks(SIRETS[1], old)).await;
    assert_eq!(counts(&stranger), [1, 0, 0, 1, 0]);
    assert_eq!(stranger["refused"][0]["column"], "siret");
    assert!(
        stranger["refused"][0]["remedy"]
            .as_str()
            .unwrap()
            .contains("importez d'abord")
    );
}

#[testkit::test]
async fn a_place_without_siret_is_known_by_its_own_id_and_cannot_be_accredited(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let zeros = place("00000000000000", "APTIC");
    let other = zeros.replacen("lieu-00000000000000", "autre", 1);
    let empty = other.replacen("autre", "vide", 1).replacen("00000000000000", "", 1);
    fixture
        .loads("structure", 1, file(std::slice::from_ref(&zeros)).as_bytes())
        .await;
    // The next file's unknown is another place.
    let report = fixture
        .loads("structure", 2, file(&[other, empty, zeros]).as_bytes())
        .await;
    assert_eq!(counts(&report), [3, 2, 1, 0, 0]);
    assert_eq!(report["changed"], json!(0));
    let structures = fixture.operator.get("/redemption/v1/structures").await.ok();
    let known: Vec<(String, Option<String>)> =
        sqlx::query_as("select pivot, siret from redemption.structure order by pivot")
            .fetch_all(&fixture.admin)
            .await
            .unwrap();
    let by_id = ["lieu:autre", "lieu:lieu-00000000000000", "lieu:vide"];
    assert_eq!(known, by_id.map(|pivot| (pivot.to_owned(), None)));
    for item in structures["items"].as_array().unwrap() {
        let path = format!(
            "/redemption/v1/structures/{}/accreditation",
            item["id"].as_str().unwrap()
        );
        let answer = fixture.operator.post(&path, json!({ "id": Uuid::from_u128(9) })).await;
        assert_eq!((answer.status, answer.kind().as_str()), (422, "not-accreditable"));
        let told = answer.json();
        let reason = &told["reasons"][0];
        assert_eq!(reason["criterion"], "siret");
        assert!(reason["remedy"].as_str().unwrap().contains("14 chiffres"));
    }
}

#[testkit::test]
async fn a_preview_tells_new_from_changed_from_unchanged(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let known = [place(SIRETS[0], "APTIC"), place(SIRETS[1], "")];
    fixture.loads("structure", 1, file(&known).as_bytes()).await;
    let next = [known[0].clone(), place(SIRETS[1], "APTIC"), place(SIRETS[2], "")];
    let preview = fixture.previews("structure", 2, file(&next).as_bytes()).await;
    assert_eq!(
        ["accepted", "changed", "unchanged"].map(|count| preview[count].as_u64().unwrap()),
        [2, 1, 1]
    );
}

#[testkit::test]
async fn places_in_json_and_with_other_columns_are_read_and_what_was_left_out_is_named(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let places = json!([{ "id": "a", "pivot": SIRETS[0], "nom": "Médiathèque", "commune": "Dijon", "code_postal": 21000,
        "adresse": "1 rue de la Liberté", "date_maj": "02/01/2026", "services": ["utilisation securisee du numerique"],
        "modalites_acces": "se presenter|Téléphoner", "cle_ban": "x" }]);
    let path = format!(
        "/redemption/v1/structure-imports/{}?file=lieux.json",
        Uuid::from_u128(1)
    );
    let file = serde_json::to_vec(&places).unwrap();
    let preview = fixture.operator.put(&path, "application/json", &file).await.ok();
    assert_eq!(counts(&preview), [1, 1, 0, 0, 0], "{preview}");
    let notices = preview["notices"].to_string();
    assert!(
        notices.contains("« cle_ban »") && notices.contains("« telephone »"),
        "{notices}"
    );
    let digest = preview["digest"].as_str().unwrap();
    fixture
        .operator
        .put(
            &format!("{path}&commit=true&digest={digest}"),
            "application/json",
            &file,
        )
        .await
        .created();
    let stored: Value = sqlx::query_scalar("select place from redemption.structure")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(
        (&stored["services"], &stored["modalites_acces"]),
        (
            &json!(["Utilisation sécurisée du numérique"]),
            &json!(["Se présenter", "Téléphoner"])
        )
    );
}

#[testkit::test]
async fn a_file_with_thousands_of_problems_is_counted_right(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let mut rows: Vec<String> = (0..2_500)
        .map(|number| {
            place("", "")
                .replacen("lieu-", &format!("l{number}"), 1)
                .replace("21231", "99999")
        })
        .collect();
    rows.push(place(SIRETS[0], ""));
    let preview = fixture.previews("structure", 1, file(&rows).as_bytes()).await;
    assert_eq!(
        ["rows", "accepted", "problems"].map(|count| preview[count].as_u64().unwrap()),
        [2_501, 1, 2_500]
    );
    assert!(preview["refused"].as_array().unwrap().len() < 1_100);
}

#[testkit::test]
async fn accounts_with_thousands_of_problems_are_counted_right(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    fixture.imports(&[place(SIRETS[0], "APTIC")]).await;
    let good = format!("{},Lieu,FR7630006000011234567890189,", SIRETS[0]);
    let with = |bad: &dyn Fn(usize) -> String| {
        let rows: Vec<String> = (0..2_500).map(bad).chain([good.clone()]).collect();
        format!("siret,titulaire,iban,bic\n{}\n", rows.join("\n"))
    };
    // Wrong numbers; places that nobody imported; two wrong cells a line.
    let wrong = with(&|_| "21210231300014,Lieu,FR7630006000011234567890189,".to_owned());
    let strangers = with(&|number| format!("{},Lieu,FR7630006000011234567890189,", siret(number)));
    let twice = with(&|_| "21210231300014,,FR7630006000011234567890189,".to_owned());
    for (n, (file, problems)) in (1..).zip([(wrong, 2_500), (strangers, 2_500), (twice, 5_000)]) {
        let preview = fixture.previews("bank-details", n, file.as_bytes()).await;
        assert_eq!(
            ["rows", "accepted", "problems"].map(|count| preview[count].as_u64().unwrap()),
            [2_501, 1, problems],
        );
        assert_eq!(preview["refused"].as_array().unwrap().len(), 1_001);
    }
}

/// A number that passes the check of SIRETs.
fn siret(number: usize) -> String {
    let check = |digits: &str| {
        let sum: u32 = (1..)
            .zip(digits.bytes().rev())
            .map(|(place, digit)| {
                let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
                value / 10 + value % 10
            })
            .sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    };
    let siren = check(&format!("9{number:07}"));
    check(&format!("{siren}0001"))
}

#[testkit::test]
async fn accounts_are_read_from_the_sheet_of_a_workbook_that_is_named(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    fixture.imports(&[place(SIRETS[0], "APTIC")]).await;
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().set_name("Lisez-moi").unwrap();
    let sheet = workbook.add_worksheet().set_name("Comptes").unwrap();
    for (row, cells) in (0..).zip([
        ["siret", "titulaire", "iban", "bic", "banque"],
        [SIRETS[0], "Médiathèque", "FR7630006000011234567890189", "", "CA"],
    ]) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    let file = workbook.save_to_buffer().unwrap();
    let path = |id: u128, sheet: &str| {
        let id = Uuid::from_u128(id);
        format!("/redemption/v1/bank-details-imports/{id}?file=comptes.xlsx{sheet}")
    };
    let put = async |path: String| fixture.operator.put(&path, "application/octet-stream", &file).await;
    let named = put(path(1, "&sheet=Comptes")).await.ok();
    assert_eq!(counts(&named), [1, 1, 0, 0, 0], "{named}");
    assert!(named["notices"].to_string().contains("« banque »"), "{named}");
    let first = put(path(2, "")).await.ok();
    assert_eq!(first["accepted"], 0, "{first}");
    let missing = put(path(3, "&sheet=Absente")).await.ok();
    assert!(
        missing["refused"][0]["problem"].as_str().unwrap().contains("Absente"),
        "{missing}"
    );
}

#[testkit::test]
#[ignore = "some seconds of a machine: 50,000 lines"]
async fn fifty_thousand_known_places_are_previewed_again_within_ten_seconds(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let rows: Vec<String> = (0..50_000).map(|number| place(&format!("W{number:09}"), "")).collect();
    let file = file(&rows).into_bytes();
    fixture.loads("structure", 1, &file).await;
    let started = std::time::Instant::now();
    let again = fixture.previews("structure", 2, &file).await;
    eprintln!("50,000 places previewed again: {:?}", started.elapsed());
    assert_eq!(again["unchanged"], 50_000);
    assert!(started.elapsed().as_secs() < 10);
}
