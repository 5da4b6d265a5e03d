use std::collections::BTreeSet;

use super::*;

const GOOD: [(&str, &str); 21] = [
    ("id", "structure-1"),
    ("pivot", "43493312300029"),
    ("nom", "Anonymal"),
    ("commune", "Reims"),
    ("code_postal", "51100"),
    ("code_insee", "51454"),
    ("adresse", "12 BIS RUE DE LECLERCQ"),
    ("latitude", "43.52609"),
    ("longitude", "-5.41423"),
    ("typologie", "TIERS_LIEUX|ASSO"),
    ("telephone", "+33180059880"),
    ("courriels", "contact@example.org|bonjour@example.org"),
    ("itinerance", "Itinérant|Fixe"),
    ("date_maj", "2024-04-02"),
    ("services", "Loisirs et créations numériques"),
    ("prise_en_charge_specifique", "Surdité|Langues étrangères (anglais)"),
    ("frais_a_charge", "Gratuit sous condition|Payant"),
    ("dispositif_programmes_nationaux", "Point d'accès numérique CAF"),
    (
        "formations_labels",
        "Formé à « Mon Espace Santé »|Étapes numériques(La Poste)",
    ),
    ("modalites_acces", "Se présenter"),
    ("modalites_accompagnement", "À distance"),
];

/// The good row with some cells changed.
fn row(changes: &[(&str, &str)]) -> String {
    let cell = |column: &&str| {
        let find = |cells: &[(&str, &str)]| {
            cells
                .iter()
                .find(|(name, _)| name == column)
                .map(|(_, cell)| cell.to_string())
        };
        find(changes).or_else(|| find(&GOOD)).unwrap_or_default()
    };
    header()
        .iter()
        .map(cell)
        .map(|cell| format!("\"{cell}\""))
        .collect::<Vec<_>>()
        .join(",")
}

fn header() -> Vec<&'static str> {
    [COLUMNS.required, COLUMNS.optional].concat()
}

fn parse_rows(rows: &[String]) -> ParsedPlaces {
    parse(
        format!("{}\n{}\n", header().join(","), rows.join("\n")).as_bytes(),
        None,
    )
}

/// Line and column of what is wrong.
fn told(parsed: &ParsedPlaces) -> Vec<(u64, &str)> {
    parsed
        .problems
        .iter()
        .map(|problem| (problem.line, problem.column.as_str()))
        .collect()
}

#[test]
fn a_good_row_becomes_a_place() {
    let parsed = parse_rows(&[row(&[])]);
    assert_eq!(parsed.problems, []);
    let [(2, lieu)] = &parsed.rows[..] else {
        panic!("one row on line 2")
    };
    assert_eq!(
        lieu.pivot.as_ref().map(ToString::to_string).as_deref(),
        Some("43493312300029")
    );
    assert_eq!(lieu.code_insee.map(|code| code.to_string()).as_deref(), Some("51454"));
    assert_eq!(lieu.courriels, ["contact@example.org", "bonjour@example.org"]);
    assert_eq!(lieu.frais_a_charge, ["Gratuit sous condition", "Payant"]);
    assert_eq!((lieu.latitude, lieu.longitude), (Some(43.52609), Some(-5.41423)));
    assert_eq!(
        (lieu.horaires.as_deref(), lieu.publics_specifiquement_adresses.len()),
        (None, 0)
    );
}

#[test]
fn every_rule_of_the_schema_is_told_by_its_column() {
    let long = "x".repeat(281);
    for (column, wrong) in [
        ("id", ""),
        ("pivot", "43493312300028"),
        ("pivot", "9,87631E+13"),
        ("pivot", "434-933-123-00029"),
        ("id", "9,87631E+13"),
        ("date_maj", "45384"),
        ("date_maj", "02/04/24"),
        ("services", "Compréhension du monde"),
        ("latitude", "48,2,1"),
        ("nom", ""),
        ("commune", " "),
        ("code_postal", "1100"),
        ("code_postal", "5110A"),
        ("code_insee", "20001"),
        ("code_insee", "51999"),
        ("adresse", ""),
        ("latitude", "91"),
        ("latitude", "nan"),
        ("longitude", "1e2"),
        ("longitude", "-180.5"),
        ("telephone", "0180059880"),
        ("telephone", "+33 1 80 05 98 80"),
        ("telephone", "+33180059880123"),
        ("presentation_resume", &long),
        ("date_maj", ""),
        ("date_maj", "2024-4-2"),
        ("date_maj", "2024-02-30"),
        ("publics_specifiquement_adresses", "Tous"),
        ("prise_en_charge_specifique", "Langues étrangères"),
        ("frais_a_charge", "Gratuit Payant"),
        ("dispositif_programmes_nationaux", "Conseiller numérique"),
        ("formations_labels", "ORDI 3"),
        ("modalites_acces", "Venir"),
    ] {
        let parsed = parse_rows(&[row(&[(column, wrong)])]);
        assert!(parsed.rows.is_empty(), "{column} = {wrong}");
        assert!(!parsed.problems.is_empty(), "{column} = {wrong}");
        for problem in &parsed.problems {
            assert_eq!(
                (problem.line, problem.column.as_str()),
                (2, column),
                "{wrong}: {}",
                problem.problem
            );
            assert!(!problem.remedy.is_empty());
        }
    }
}

#[test]
fn all_wrong_cells_of_a_row_are_told_at_once() {
    let parsed = parse_rows(&[row(&[("nom", ""), ("telephone", "1"), ("services", "A|B")])]);
    assert_eq!(
        told(&parsed),
        [(2, "nom"), (2, "telephone"), (2, "services"), (2, "services")]
    );
}

#[test]
fn identifiers_and_sirets_come_once() {
    let other = ("pivot", "21210231300013");
    let parsed = parse_rows(&[row(&[]), row(&[other]), row(&[("id", "structure-2")])]);
    assert_eq!(told(&parsed), [(3, "id"), (4, "pivot")]);
    assert_eq!(parsed.rows.len(), 1);
    assert_eq!(parsed.problems[0].problem, "cette valeur est déjà à la ligne 2");
}

#[test]
fn an_association_without_siret_and_an_overseas_organisation_are_known_by_their_registers() {
    for rna in [
        "W212000123",
        "W2A0000123",
        "W2B1001234",
        "W9R4001234",
        "W9C1001234",
        "w9g1001234",
    ] {
        assert_eq!(rna.parse(), Ok(Pivot::Rna(rna.to_uppercase())));
    }
    assert_eq!("1234567890".parse(), Ok(Pivot::Ridet("1234567890".into())));
    for wrong in ["X212000123", "WAA2000123", "W2A000012X", "W21200012"] {
        assert_eq!(wrong.parse::<Pivot>(), Err(PivotError::Shape), "{wrong}");
    }
    assert_eq!(
        "4349331230002".parse::<Pivot>(),
        Err(PivotError::Siret(crate::siret::SiretError::Length { found: 13 }))
    );
}

#[test]
fn what_a_spreadsheet_made_of_a_siret_is_named_with_the_remedy() {
    for shortened in ["9,87631E+13", "9.87631E+13", "2,12102E+13"] {
        let parsed = parse_rows(&[row(&[("pivot", shortened)])]);
        let [problem] = &parsed.problems[..] else {
            panic!("{:?}", parsed.problems)
        };
        assert_eq!((problem.column.as_str(), problem.value.as_str()), ("pivot", shortened));
        assert!(problem.problem.contains("un tableur a changé ce numéro"));
        assert!(problem.remedy.contains("au format Texte et recopiez les 14 chiffres"));
    }
    for whole in ["43493312300029.0", "43493312300029,00", "434 933 123 00029"] {
        let parsed = parse_rows(&[row(&[("pivot", whole)])]);
        assert_eq!(
            parsed.rows[0].1.pivot,
            "43493312300029".parse().ok(),
            "{:?}",
            parsed.problems
        );
    }
}

#[test]
fn a_place_without_siret_is_known_by_its_own_id() {
    let unknown = |id, pivot| row(&[("id", id), ("pivot", pivot)]);
    let parsed = parse_rows(&[
        unknown("a", "00000000000000"),
        unknown("b", "00000000000000"),
        unknown("c", ""),
        unknown("d", "000 000 000 00000"),
    ]);
    assert_eq!(parsed.problems, []);
    assert!(parsed.rows.iter().all(|(_, lieu)| lieu.pivot.is_none()));
    assert_eq!(parsed.rows.len(), 4);
}

#[test]
fn words_of_the_schema_are_found_whatever_their_case_accents_and_apostrophes() {
    for (column, typed, meant) in [
        ("itinerance", "itinérant", &["Itinérant"][..]),
        ("modalites_accompagnement", "A distance", &["À distance"]),
        (
            "modalites_acces",
            "CE LIEU N’ACCUEILLE PAS DE PUBLIC",
            &["Ce lieu n'accueille pas de public"],
        ),
        (
            "dispositif_programmes_nationaux",
            "point d’acces numerique caf",
            &["Point d'accès numérique CAF"],
        ),
        (
            "services",
            "Comprehension du monde numérique | loisirs et creations numeriques|",
            &["Compréhension du monde numérique", "Loisirs et créations numériques"],
        ),
        (
            "formations_labels",
            "Étapes numériques (La Poste)",
            &["Étapes numériques(La Poste)"],
        ),
    ] {
        let parsed = parse_rows(&[row(&[(column, typed)])]);
        assert_eq!(parsed.problems, [], "{typed}");
        let lieu = &parsed.rows[0].1;
        let read = match column {
            "itinerance" => &lieu.itinerance,
            "modalites_accompagnement" => &lieu.modalites_accompagnement,
            "modalites_acces" => &lieu.modalites_acces,
            "dispositif_programmes_nationaux" => &lieu.dispositif_programmes_nationaux,
            "services" => &lieu.services,
            _ => &lieu.formations_labels,
        };
        assert_eq!(read, meant, "{typed}");
    }
}

#[test]
fn french_dates_and_decimal_commas_are_read() {
    for (column, cell) in [
        ("date_maj", "02/04/2024"),
        ("date_maj", "02-04-2024"),
        ("date_maj", "02.04.2024"),
        ("date_maj", "2024-04-02 00:00:00"),
        ("latitude", "43,52609"),
    ] {
        let parsed = parse_rows(&[row(&[(column, cell)])]);
        assert_eq!(parsed.problems, [], "{cell}");
        assert_eq!(parsed.rows, parse_rows(&[row(&[])]).rows, "{cell}");
    }
}

#[test]
fn a_missing_optional_column_and_one_more_refuse_nothing_and_are_named() {
    let whole = parse_rows(&[row(&[("typologie", "")])]);
    let text = format!("{},cle_ban\n{},x\n", header().join(","), row(&[("typologie", "")]));
    let without = text
        .replace("typologie,", "")
        .replacen("\"\",\"+33180059880\"", "\"+33180059880\"", 1);
    for (file, named) in [(text, &["cle_ban"][..]), (without, &["cle_ban", "typologie"])] {
        let parsed = parse(file.as_bytes(), None);
        assert_eq!((&parsed.problems, &parsed.rows), (&vec![], &whole.rows));
        assert_eq!(parsed.notices.len(), named.len(), "{:?}", parsed.notices);
        for name in named {
            assert!(
                parsed
                    .notices
                    .iter()
                    .any(|notice| notice.contains(&format!("« {name} »")))
            );
        }
    }
    assert_eq!(whole.notices, [] as [&str; 0]);
}

#[test]
fn a_missing_required_column_is_told_on_the_first_line() {
    let header = header().join(",").replace("adresse,", "lieu,");
    let parsed = parse(format!("{header}\n{}\n", row(&[])).as_bytes(), None);
    assert!(told(&parsed).contains(&(1, "adresse")));
    assert!(parsed.rows.is_empty());
    let capitals = header.replace("lieu,", "Adresse,").replace("telephone", "Téléphone");
    assert_eq!(
        parse(format!("{capitals}\n{}\n", row(&[])).as_bytes(), None).rows,
        parse_rows(&[row(&[])]).rows
    );
}

#[test]
fn a_file_with_thousands_of_problems_is_counted_right() {
    let rows: Vec<String> = (0..2_500)
        .map(|number| {
            row(&[
                ("id", &format!("l{number}")),
                ("pivot", ""),
                ("nom", ""),
                ("commune", ""),
            ])
        })
        .collect();
    let parsed = parse_rows(&rows);
    assert_eq!((parsed.problem_count, parsed.sent_rows), (5_000, 2_500));
    assert!(parsed.problems.len() < 1_100);
}

#[test]
fn a_file_saved_by_a_spreadsheet_is_read_with_three_names_to_judge_by() {
    let names = ["Médiathèque", "Espace", "Cœur d’été", "Médiathèque", "Île", "Forêt"];
    let rows: Vec<String> = (0..)
        .zip(names)
        .map(|(number, nom)| row(&[("id", &format!("l{number}")), ("pivot", ""), ("nom", nom)]))
        .collect();
    let text = format!("{}\n{}\n", header().join(","), rows.join("\n"));
    let latin = encoding_rs::WINDOWS_1252.encode(&text).0;
    let utf16: Vec<u8> = [0xFEFF]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [&latin[..], &utf16] {
        let parsed = parse(bytes, None);
        assert_eq!((&parsed.problems, &parsed.rows), (&vec![], &parse_rows(&rows).rows));
        assert_eq!(parsed.samples, ["Médiathèque", "Cœur d’été", "Île"]);
        assert_eq!(parsed.notices.len(), 1);
    }
    assert_eq!(parse(text.as_bytes(), None).samples, [] as [&str; 0]);
}

#[cfg(feature = "workbook")]
#[test]
fn a_workbook_and_json_say_the_same_as_csv() {
    let rows = [
        row(&[]),
        row(&[
            ("id", "2"),
            ("pivot", "21210231300013"),
            ("typologie", ""),
            ("horaires", "Mo 09:00,10:00"),
        ]),
    ];
    let csv = parse_rows(&rows);
    assert_eq!(csv.rows.len(), 2);
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let mut objects = Vec::new();
    let text = format!("{}\n{}\n", header().join(","), rows.join("\n"));
    for (line, record) in (0..).zip(
        csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes())
            .records(),
    ) {
        let mut object = serde_json::Map::new();
        for ((column, name), cell) in (0..).zip(header()).zip(record.unwrap().iter()) {
            match cell.parse::<f64>() {
                Ok(number) if line > 0 && !cell.starts_with('+') => {
                    sheet.write_number(line, column, number).unwrap();
                }
                _ => {
                    sheet.write_string(line, column, cell).unwrap();
                }
            }
            let value = match (name, cell) {
                (_, "") => serde_json::Value::Null,
                ("latitude" | "longitude" | "pivot", number) => serde_json::from_str(number).unwrap_or_default(),
                ("courriels" | "services" | "typologie", list) => list.split('|').collect(),
                (_, text) => text.into(),
            };
            object.insert(name.to_owned(), value);
        }
        if line > 0 {
            object.insert("cle_ban".to_owned(), serde_json::json!({ "a": [1] }));
            objects.push(object);
        }
    }
    for (what, bytes) in [
        ("a workbook", workbook.save_to_buffer().unwrap()),
        ("JSON", serde_json::to_vec(&objects).unwrap()),
        ("JSON of people", serde_json::to_vec_pretty(&objects).unwrap()),
    ] {
        let parsed = parse(&bytes, None);
        assert_eq!((&parsed.problems, &parsed.rows), (&vec![], &csv.rows), "{what}");
    }
}

#[test]
fn json_that_is_no_list_of_places_is_told_where() {
    for (json, problem) in [
        ("[{\"id\": 1,]", "JSON"),
        ("{\"lieux\": []}", "JSON"),
        ("[1]", "JSON"),
        ("[[]]", "JSON"),
        ("[]", "manque"),
        ("[{\"id\": \"a\"}]", "manque"),
    ] {
        let parsed = parse(json.as_bytes(), None);
        assert!(
            parsed.problems.iter().any(|told| told.problem.contains(problem)),
            "{json}: {:?}",
            parsed.problems
        );
        assert!(parsed.rows.is_empty());
    }
}

#[test]
fn a_quoted_line_break_does_not_shift_the_lines_after_it() {
    let rows = [
        row(&[("horaires", "Mo 09:00\nTu 09:00")]),
        row(&[("id", "2"), ("pivot", "21210231300013"), ("nom", "")]),
    ];
    assert_eq!(told(&parse_rows(&rows)), [(4, "nom")]);
}

fn shared(name: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../../../shared/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(path).ok();
    if file.is_none() {
        eprintln!("skipped: {name} is not beside the repository");
    }
    file
}

#[test]
fn the_example_of_the_national_schema_passes() {
    let Some(file) = shared("exemple-valide-lieux.csv") else {
        return;
    };
    let parsed = parse(&file, None);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.rows.len(), 1);
}

#[test]
fn all_places_of_a_real_region_pass() {
    let Some(file) = shared("bfc/structures.csv") else {
        return;
    };
    let parsed = parse(&file, None);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.rows.len(), 670);
}

#[test]
fn the_columns_and_words_are_those_of_the_published_schema() {
    let Some(file) = shared("schema-lieux-mediation-numerique-1.0.2.json") else {
        return;
    };
    let schema: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let fields = schema["fields"].as_array().unwrap();
    let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(BTreeSet::from_iter(names), BTreeSet::from_iter(header()));
    let required = fields.iter().filter(|field| field["constraints"]["required"] == true);
    let required: Vec<&str> = required.map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(required, COLUMNS.required);
    for (column, words) in [
        ("itinerance", lists::ITINERANCE),
        ("services", lists::SERVICES),
        ("publics_specifiquement_adresses", lists::PUBLICS),
        ("prise_en_charge_specifique", lists::PRISES_EN_CHARGE),
        ("frais_a_charge", lists::FRAIS),
        ("dispositif_programmes_nationaux", lists::DISPOSITIFS),
        ("formations_labels", lists::FORMATIONS),
        ("modalites_acces", lists::MODALITES_ACCES),
        ("modalites_accompagnement", lists::MODALITES_ACCOMPAGNEMENT),
    ] {
        let field = fields.iter().find(|field| field["name"] == column).unwrap();
        let escaped: Vec<String> = words
            .iter()
            .map(|word| word.replace('(', "\\(").replace(')', "\\)"))
            .collect();
        let pattern = format!("(?:(?:^|\\|)({}))+$", escaped.join("|"));
        assert_eq!(field["constraints"]["pattern"], pattern, "{column}");
    }
}
