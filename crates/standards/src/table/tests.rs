use super::*;

const COLUMNS: Columns = Columns {
    required: &["siret", "nom"],
    optional: &["note"],
};

fn read(bytes: &[u8]) -> Table {
    let reading = Reading {
        columns: &COLUMNS,
        sheet: None,
    };
    super::read(bytes, &reading)
}

fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
    let mut table = read(text.as_bytes());
    assert_eq!(table.take_problems().into_vec(), []);
    table
        .rows()
        .map(|row| {
            (
                row.line(),
                ["siret", "nom", "note"].map(|column| row.cell(column).into()).into(),
            )
        })
        .collect()
}

fn problems(bytes: impl AsRef<[u8]>) -> Vec<(u64, String, String)> {
    let problems = read(bytes.as_ref()).take_problems().into_vec();
    problems.into_iter().map(|p| (p.line, p.column, p.problem)).collect()
}

fn cells<const N: usize>(line: u64, cells: [&str; N]) -> (u64, Vec<String>) {
    (line, cells.map(String::from).into())
}

#[test]
fn commas_semicolons_and_tabs_are_told_apart_by_the_header() {
    for text in [
        "siret,nom\n1, a;b \n",
        "nom;siret\n\"a;b\";1\n",
        "\u{FEFF}siret\tnom\n1\ta;b\n",
    ] {
        assert_eq!(rows(text), [cells(2, ["1", "a;b", ""])], "{text}");
    }
}

#[test]
fn lines_are_numbered_as_in_a_text_editor() {
    let text = "siret,nom\n1,\"two\nlines\"\n\n\n2,b\n,\n3,c";
    assert_eq!(
        rows(text),
        [
            cells(2, ["1", "two\nlines", ""]),
            cells(6, ["2", "b", ""]),
            cells(8, ["3", "c", ""])
        ]
    );
    let lines = |text: &str| rows(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert_eq!(lines(&text.replace('\n', "\r\n")), [2, 6, 8]);
    assert_eq!(lines(&text.replace('\n', "\r")), [2, 6, 8]);
    assert_eq!(lines("\n\nsiret,nom\n1,a\n"), [4]);
}

#[test]
fn the_columns_may_come_in_any_order() {
    assert_eq!(rows("note,nom,siret\nx,a,1\n"), [cells(2, ["1", "a", "x"])]);
}

#[test]
fn a_wrong_header_is_told_column_by_column_and_no_row_is_read() {
    let text = "siret,Nm,Siret,\n1,2,3,4\n";
    assert_eq!(
        problems(text),
        [
            (1, "Siret".into(), "la colonne « Siret » est là deux fois".into()),
            (1, "nom".into(), "la colonne « nom » manque".into()),
        ]
    );
    let table = read(text.as_bytes());
    assert_eq!(table.rows().len(), 0);
    assert_eq!(
        table.notices(),
        [
            "La colonne « Nm » n'est pas attendue : elle n'a pas été lue.",
            "La colonne n° 4, sans nom, n'est pas attendue : elle n'a pas été lue.",
            "La colonne « note » manque : elle est lue comme vide.",
        ]
    );
}

#[test]
fn columns_that_nobody_asked_for_refuse_nothing_and_are_named() {
    for (text, named) in [
        ("siret,nom,note,nir\n1,a,x,2\n", "« nir »"),
        ("remarque;siret;nom;note\nb;1;a;x\n", "« remarque »"),
        ("siret\tnom\t\tnote\n1\ta\tb\tx\n", "n° 3"),
    ] {
        assert_eq!(rows(text), [cells(2, ["1", "a", "x"])], "{text}");
        let table = read(text.as_bytes());
        assert!(matches!(table.notices(), [notice] if notice.contains(named)), "{text}");
    }
}

#[test]
fn an_empty_file_is_refused() {
    for text in ["", "\u{FEFF}", "\n\n"] {
        assert_eq!(
            problems(text),
            [(1, String::new(), "le fichier est vide".into())],
            "{text:?}"
        );
    }
}

#[test]
fn latin_1_is_read_and_told_and_a_damaged_file_is_refused_with_its_line() {
    let mut table = read(b"siret,nom\n1,a\n2,caf\xE9\n");
    assert_eq!(table.take_problems().into_vec(), []);
    assert_eq!(table.samples(&["nom"]), ["café"]);
    assert!(table.notices()[0].contains("Windows-1252"));
    let [(line, _, problem)] = &problems(b"siret,nom\n1,\xC3\xA9t\xC3\xA9\n2,caf\xE9\n")[..] else {
        panic!("one problem")
    };
    assert_eq!(*line, 3);
    assert!(problem.contains("abîmé"));
}

#[test]
fn a_workbook_of_the_old_format_is_recognised() {
    let [(1, _, problem)] = &problems(b"\xD0\xCF\x11\xE0\xA1\xB1")[..] else {
        panic!("one problem")
    };
    assert!(problem.contains("classeur"));
}

#[test]
fn a_row_with_too_few_cells_is_told_and_the_others_are_read() {
    let text = "siret,nom\n1\n2,b\n3,c,d\n";
    let mut table = read(text.as_bytes());
    assert_eq!(table.rows().map(Row::line).collect::<Vec<_>>(), [3]);
    let lines: Vec<_> = table.take_problems().into_vec().into_iter().map(|p| p.line).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn control_characters_and_endless_cells_are_refused() {
    let long = "x".repeat(CELL_CHARS_MAX + 1);
    let found = problems(format!("siret,nom\n1,a\u{0}b\n2,{long}\n"));
    assert_eq!(
        found
            .iter()
            .map(|(line, column, _)| (*line, &**column))
            .collect::<Vec<_>>(),
        [(2, "nom"), (3, "nom")]
    );
}

#[test]
fn a_file_with_too_many_rows_is_refused_at_the_first_one_too_many() {
    let text = format!("siret,nom\n{}", "1,a\n".repeat(ROWS_MAX + 1));
    let [(line, _, problem)] = &problems(text)[..] else {
        panic!("one problem")
    };
    assert_eq!(*line, 2 + ROWS_MAX as u64);
    assert!(problem.contains("50000"));
}

#[test]
fn the_list_of_problems_is_bounded_and_says_how_many_are_left_out() {
    let found = problems(format!("siret,nom\n{}", "1\n".repeat(PROBLEMS_MAX + 7)));
    assert_eq!(found.len(), PROBLEMS_MAX + 1);
    assert_eq!(
        found.last().map(|(_, _, problem)| &**problem),
        Some("et 7 autres problèmes, non affichés")
    );
}
