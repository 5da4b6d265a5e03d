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
    COLUMNS
        .required
        .iter()
        .map(cell)
        .map(|cell| format!("\"{cell}\""))
        .collect::<Vec<_>>()
        .join(",")
}

fn parse_rows(rows: &[String]) -> Parsed {
    parse(format!("{}\n{}\n", COLUMNS.required.join(","), rows.join("\n")).as_bytes())
}

/// Line and column of what is wrong.
fn told(parsed: &Parsed) -> Vec<(u64, &str)> {
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
    assert_eq!(lieu.pivot.to_string(), "43493312300029");
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
        ("pivot", ""),
        ("pivot", "43493312300028"),
        ("pivot", "434 933 123 00029"),
        ("nom", ""),
        ("commune", " "),
        ("code_postal", "1100"),
        ("code_postal", "5110A"),
        ("code_insee", "20001"),
        ("code_insee", "51999"),
        ("adresse", ""),
        ("latitude", "48,2"),
        ("latitude", "91"),
        ("latitude", "nan"),
        ("longitude", "1e2"),
        ("longitude", "-180.5"),
        ("telephone", "0180059880"),
        ("telephone", "+33 1 80 05 98 80"),
        ("telephone", "+33180059880123"),
        ("presentation_resume", &long),
        ("itinerance", "itinérant"),
        ("date_maj", ""),
        ("date_maj", "02/04/2024"),
        ("date_maj", "2024-4-2"),
        ("date_maj", "2024-02-30"),
        ("services", "Comprehension du monde numérique"),
        ("services", "Loisirs et créations numériques|"),
        (
            "services",
            "Loisirs et créations numériques | Accès internet et matériel informatique",
        ),
        ("publics_specifiquement_adresses", "Tous"),
        ("prise_en_charge_specifique", "Langues étrangères"),
        ("frais_a_charge", "Gratuit Payant"),
        ("dispositif_programmes_nationaux", "Conseiller numérique"),
        ("formations_labels", "ORDI 3"),
        ("modalites_acces", "Venir"),
        ("modalites_accompagnement", "A distance"),
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
    assert_eq!("W212000123".parse(), Ok(Pivot::Rna("W212000123".into())));
    assert_eq!("1234567890".parse(), Ok(Pivot::Ridet("1234567890".into())));
    assert_eq!("X212000123".parse::<Pivot>(), Err(PivotError::Shape));
    assert_eq!(
        "4349331230002".parse::<Pivot>(),
        Err(PivotError::Siret(crate::siret::SiretError::Length { found: 13 }))
    );
}

#[test]
fn a_missing_column_is_told_on_the_first_line() {
    let header = COLUMNS.required.join(",").replace("typologie", "Typologie");
    let parsed = parse(format!("{header}\n{}\n", row(&[])).as_bytes());
    assert_eq!(told(&parsed), [(1, "Typologie"), (1, "typologie")]);
    assert!(parsed.rows.is_empty());
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
    let parsed = parse(&file);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.rows.len(), 1);
}

#[test]
fn all_places_of_a_real_region_pass() {
    let Some(file) = shared("bfc/structures.csv") else {
        return;
    };
    let parsed = parse(&file);
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
    assert_eq!(names, COLUMNS.required);
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
