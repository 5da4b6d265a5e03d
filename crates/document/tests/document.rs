#![expect(clippy::unwrap_used, reason = "a test that fails says where")]
//! Documents as their readers find them: `tests/checkers/check_document.py` looks into each with other people's software.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use document::{Column, Document, DocumentError, Meta, Table};

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, 3).unwrap()
}

fn meta() -> Meta {
    Meta::new("Avis de virement", "AV-2026-04-0001", day())
        .issuer([
            "Fonds de soutien pour l'inclusion numérique",
            "1 place de la République, 21000 Dijon",
        ])
        .recipient([
            "Médiathèque intercommunale d'Œuvre-lès-Łódź & Cie",
            "Régie de recettes",
            "SIRET 217 700 002 00017",
        ])
}

fn claims(rows: usize) -> Table {
    let columns = [
        Column::text("Jour", 2).head(),
        Column::text("Service", 6),
        Column::text("Encaissement", 5),
        Column::amount("Chèques", 2),
        Column::amount("Montant", 3),
    ];
    let row = |n: usize| {
        [
            format!("{:02}/03/2026", n % 28 + 1),
            "Atelier d'initiation : créer et utiliser une adresse électronique".to_owned(),
            format!("{:032x}", n * 0x9e37_79b9),
            "4".to_owned(),
            "1\u{202f}040,00\u{a0}€".to_owned(),
        ]
    };
    Table::new(columns)
        .caption("Dispositif « Chèque culture numérique de la Côte-d'Or 2026 »")
        .rows((0..rows).map(row))
        .total(["Total", "", "", "48", "12\u{202f}480,00\u{a0}€"])
}

fn letter(rows: usize) -> Document {
    Document::new(meta())
        .paragraph(
            "Ce virement règle les encaissements acceptés jusqu'au 31 mars 2026. La somme est versée sur le compte dont vous \
             avez donné les coordonnées ; la référence ci-dessous figure sur votre relevé de compte.",
        )
        .facts([
            ("Montant viré", "12\u{202f}480,00\u{a0}€"),
            ("Référence de bout en bout", "00112233445566778899aabbccddeeff"),
            ("Date d'exécution", "5 avril 2026"),
        ])
        .heading("Encaissements")
        .table(claims(rows))
        .heading("Ce que vous pouvez faire")
        .list([
            "Rapprochez cet avis de la ligne de votre relevé de compte, par la référence de bout en bout.",
            "Si une ligne vous semble fausse, écrivez à l'opérateur du fonds en citant la référence de cet avis.",
        ])
}

fn keep(name: &str, pdf: &[u8]) {
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/{name}.pdf"), pdf).unwrap();
    }
}

/// What `tests/checkers/SCRIPT` says of the document, and whether it agrees.
fn checker(script: &str, pdf: &[u8], more: &[&str]) -> (bool, String) {
    let python = std::env::var("TEST_PYTHON")
        .expect("TEST_PYTHON is not set: run scripts/test (tests/requirements.txt says more)");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, pdf).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/checkers")
        .join(script);
    let output = Command::new(python)
        .arg("-B")
        .arg(script)
        .arg(file.path())
        .args(more)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_letter_with_a_long_table_is_accessible_on_every_page() {
    let pdf = letter(60).render().unwrap();
    keep("letter", &pdf);
    let (agrees, said) = checker(
        "check_document.py",
        &pdf,
        &["--tables", "1", "--rows", "62", "--pages", "5"],
    );
    assert!(agrees, "{said}");
}

#[test]
fn a_wide_table_lies_on_the_long_side() {
    let columns = (1..=8).map(|n| Column::amount(format!("Étape {n}"), 2));
    let columns = [Column::text("Financeur", 4).head()].into_iter().chain(columns);
    let row = |n: u32| {
        [format!("Département n° {n}")]
            .into_iter()
            .chain((0..8).map(|_| "1\u{202f}234\u{202f}567,89\u{a0}€".to_owned()))
    };
    let document = Document::new(Meta::new("Cascade des fonds", "CF-1", day()).landscape())
        .heading("Par financeur")
        .subheading("Période entière")
        .table(Table::new(columns).rows((0..40).map(row)));
    let pdf = document.render().unwrap();
    keep("wide", &pdf);
    let (agrees, said) = checker("check_document.py", &pdf, &["--tables", "1", "--rows", "41"]);
    assert!(agrees, "{said}");
}

#[test]
fn the_same_document_is_the_same_bytes() {
    assert_eq!(letter(40).render().unwrap(), letter(40).render().unwrap());
}

#[test]
fn nothing_to_list_is_still_a_document() {
    let table = Table::new([Column::text("Jour", 1)]);
    let pdf = Document::new(Meta::new("Relevé", "R-1", day()))
        .table(table)
        .render()
        .unwrap();
    let (agrees, said) = checker(
        "check_document.py",
        &pdf,
        &["--tables", "1", "--rows", "1", "--pages", "1"],
    );
    assert!(agrees, "{said}");
}

#[test]
fn texts_without_end_and_letters_the_font_lacks_are_still_set() {
    let long = "Anticonstitutionnellement".repeat(40);
    let table = Table::new([Column::text("Mot 日本", 1), Column::amount("Ủ", 1)]).row([long.as_str(), "1"]);
    let document = Document::new(meta())
        .paragraph("mot ".repeat(4000))
        .facts([(long.as_str(), long.as_str())])
        .table(table);
    let pdf = document.render().unwrap();
    keep("long", &pdf);
    let (agrees, said) = checker("check_document.py", &pdf, &["--tables", "1", "--rows", "2"]);
    assert!(agrees, "{said}");
}

#[test]
fn a_row_with_a_missing_cell_is_told_and_not_printed() {
    let table = Table::new([Column::text("A", 1), Column::text("B", 1)])
        .row(["1", "2"])
        .row(["1"]);
    let error = Document::new(meta()).table(table).render().unwrap_err();
    assert!(matches!(
        error,
        DocumentError::Cells {
            table: 1,
            row: 2,
            cells: 1,
            columns: 2
        }
    ));
}

/// Twice the rows take twice the time, not four times.
#[test]
fn the_work_grows_with_the_rows_and_no_faster() {
    let timed = |rows: usize| {
        let started = Instant::now();
        letter(rows).render().unwrap();
        started.elapsed()
    };
    let (small, large) = (timed(1000), timed(4000));
    assert!(
        large < small * 8 + Duration::from_secs(1),
        "{small:?} for 1,000 rows, {large:?} for 4,000"
    );
}
