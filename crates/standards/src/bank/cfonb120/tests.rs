use chrono::NaiveDate;

use super::*;
use crate::bank::camt053::{Balance, Imbalance};
use crate::money::Cents;

/// Written by the package `python-cfonb` (see `fixtures/make.py`), which reads the same amounts and end-to-end id.
const TWO_DAYS: &str = include_str!("fixtures/two-days.txt");

fn one(bytes: &[u8]) -> Statement {
    let mut statements = read(bytes).unwrap();
    assert_eq!(statements.len(), 1);
    statements.remove(0)
}

fn refusal(bytes: impl AsRef<[u8]>) -> CfonbError {
    read(bytes.as_ref()).unwrap_err()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The same file with other text at a line and column (both from 1).
fn with(line: usize, column: usize, text: &str) -> String {
    let mut lines: Vec<Vec<char>> = TWO_DAYS.lines().map(|line| line.chars().collect()).collect();
    lines[line - 1].splice(column - 1..column - 1 + text.chars().count(), text.chars());
    lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>() + "\n")
        .collect()
}

#[test]
fn a_statement_written_by_other_software_is_read() {
    let statement = one(TWO_DAYS.as_bytes());
    assert_eq!(statement.account, "FR7630006000011234567890189".parse().unwrap());
    let balance = |cents, day| Balance {
        amount: Cents::new(cents),
        date: date(day),
    };
    assert_eq!(statement.opening, balance(10_025, "2026-06-08"));
    assert_eq!(statement.closing, balance(105_696, "2026-06-09"));
    assert_eq!(statement.id, "CFONB 2026-06-08/2026-06-09 100.25 1056.96 3");
    let amounts: Vec<_> = statement.entries.iter().map(|entry| entry.amount.get()).collect();
    assert_eq!(amounts, [100_011, -4_005, -335]);

    let [received, sent, charge] = &statement.entries[..] else {
        panic!("three movements")
    };
    assert_eq!(
        received.transfers[0].counterparty_name.as_deref(),
        Some("DEPARTEMENT DE LA COTE D'OR")
    );
    assert_eq!(
        received.transfers[0].remittance.as_deref(),
        Some("APPEL DE FONDS AF-2026-7K3M9Q ET UNE SUITE QUI VA JUSQU'A LA COLONNE 118")
    );
    assert_eq!(received.information.as_deref(), Some("VIR SEPA RECU VIREMENT RECU"));
    assert_eq!(
        (received.booked_on, received.value_on),
        (date("2026-06-08"), Some(date("2026-06-08")))
    );
    assert_eq!(sent.reference.as_deref(), Some("0000000000000002"));
    assert_eq!(
        sent.transfers[0].end_to_end.as_deref(),
        Some("0123456789ABCDEF0123456789ABCDEF")
    );
    assert_eq!(
        sent.transfers[0].counterparty_name.as_deref(),
        Some("MEDIATHEQUE DE DIJON")
    );
    assert_eq!(
        sent.transfers[0].counterparty_iban,
        "FR7630006424462601815908634".parse().ok()
    );
    assert_eq!(
        (charge.reference.as_deref(), charge.transfers[0].end_to_end.as_deref()),
        (None, None)
    );
}

#[test]
fn other_line_ends_cut_blanks_and_encodings_are_the_same_statement() {
    let expected = one(TWO_DAYS.as_bytes());
    assert_eq!(one(TWO_DAYS.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(one(TWO_DAYS.replace('\n', "\n\n").as_bytes()), expected);
    assert_eq!(one((TWO_DAYS.to_owned() + "\u{1A}").as_bytes()), expected);
    assert_eq!(one(format!("\u{FEFF}{TWO_DAYS}").as_bytes()), expected);
    let padded: String = TWO_DAYS
        .lines()
        .fold(String::new(), |file, line| file + &format!("{line:<120}"));
    assert_eq!(one(padded.as_bytes()), expected);
    let trimmed: String = TWO_DAYS.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    assert_eq!(one(trimmed.as_bytes()), expected);

    let accented = with(3, 49, "DÉPARTEMENT DE LA CÔTE D'OR");
    let latin: Vec<u8> = accented.chars().map(|one| u8::try_from(one).unwrap()).collect();
    assert_eq!(one(&latin), one(accented.as_bytes()));
}

/// A statement without movements.
fn quiet(scale: &str, amount: &str) -> String {
    let record = |code| {
        format!(
            "{code}30006    00001EUR{scale} 12345678901  080626{:50}{amount}{:16}",
            "", ""
        )
    };
    ["01", "07"].map(record).concat()
}

#[test]
fn every_signed_digit_is_read() {
    for (digit, letters) in (0..).zip(["{}éè", "AJ", "BK", "CL", "DM", "EN", "FO", "GP", "HQ", "IR"]) {
        for (place, letter) in letters.chars().enumerate() {
            let read = one(quiet("2", &format!("0000000000102{letter}")).as_bytes());
            let cents = if place % 2 == 0 { 1020 + digit } else { -1020 - digit };
            assert_eq!(read.opening.amount.get(), cents, "{letter}");
        }
    }
}

#[test]
fn decimals_scale_the_amount_and_a_third_one_is_refused() {
    let whole = |scale: &str| quiet(scale, "0000000000100{");
    assert_eq!(one(whole("0").as_bytes()).opening.amount, Cents::new(100_000));
    assert_eq!(one(whole("1").as_bytes()).opening.amount, Cents::new(10_000));
    assert_eq!(one(whole("2").as_bytes()).opening.amount, Cents::new(1_000));
    let error = refusal(whole("3"));
    assert_eq!((error.line, error.columns), (1, (20, 20)));
    assert_eq!(error.problem, CfonbProblem::Decimals("3".to_owned()));
}

#[test]
fn a_transfer_that_came_back_says_why_and_from_whom() {
    let returned = with(7, 104, "E").replace("0000000010569F", "0000000011370F");
    // The bank's reject code, in columns 41 and 42.
    let lines: Vec<_> = returned.lines().map(str::to_owned).collect();
    let by_code = lines
        .join("\n")
        .replace("08090626  090626VIR SEPA EMIS", "0809062602090626VIR SEPA EMIS");
    let transfer = &one(by_code.as_bytes()).entries[1].transfers[0];
    assert_eq!(
        (transfer.amount.get(), transfer.return_reason.as_deref()),
        (4_005, Some("02"))
    );
    assert_eq!(transfer.counterparty_name.as_deref(), Some("MEDIATHEQUE DE DIJON"));
    // Or the complement RET with the scheme's reason.
    let by_complement = by_code.replace("LCCCHEQUES", "RETAC04UES");
    assert_eq!(
        one(by_complement.as_bytes()).entries[1].transfers[0]
            .return_reason
            .as_deref(),
        Some("AC04")
    );
}

#[test]
fn a_refusal_names_the_line_the_columns_and_what_to_do() {
    use CfonbProblem as P;
    for (line, column, text, columns, problem) in [
        (1, 1, "02", (1, 2), P::Code("02".into())),
        (1, 17, "USD", (17, 19), P::Currency("USD".into())),
        (2, 17, "978", (17, 19), P::Currency("978".into())),
        (2, 20, "3", (20, 20), P::Decimals("3".into())),
        (2, 20, " ", (20, 20), P::Decimals(" ".into())),
        (2, 35, "300226", (35, 40), P::Date("300226".into())),
        (2, 43, "310626", (43, 48), P::Date("310626".into())),
        (13, 35, "070626", (35, 40), P::DatesInOrder),
        (2, 104, "1", (91, 104), P::Amount("00000000100011".into())),
        (2, 91, " ", (91, 104), P::Amount(" 000000010001A".into())),
        (2, 3, "99999", (3, 32), P::Account("99999 00001 12345678901".into())),
        (
            13,
            22,
            "99999999999",
            (3, 32),
            P::Account("30006 00001 99999999999".into()),
        ),
        (1, 22, "1234567890a", (22, 32), P::Digits("1234567890a".into())),
        (1, 12, "0000A", (12, 16), P::Digits("0000A".into())),
        (8, 46, "R-N", (46, 48), P::Qualifier("R-N".into())),
        (9, 46, "RCN", (46, 48), P::Repeated("RCN")),
        (
            3,
            1,
            "01",
            (1, 2),
            P::Order {
                found: "01",
                expected: "04, 05 ou 07",
            },
        ),
        (
            2,
            1,
            "05",
            (1, 2),
            P::Order {
                found: "05",
                expected: "04 ou 07",
            },
        ),
    ] {
        let error = refusal(with(line, column, text));
        assert_eq!(
            (error.line, error.columns, &error.problem),
            (line as u64, columns, &problem),
            "{text}"
        );
    }
    let said = refusal(with(2, 35, "300226")).to_string();
    assert_eq!(
        said,
        "ligne 2, colonnes 35 à 40 : « 300226 » n'est pas une date JJMMAA qui existe ; signalez-le à la banque"
    );
}

#[test]
fn what_does_not_add_up_is_refused_at_the_new_balance() {
    let error = refusal(with(13, 104, "P"));
    assert_eq!((error.line, error.columns), (13, (91, 104)));
    assert!(
        matches!(error.problem, CfonbProblem::Imbalance(Imbalance::Closing { .. })),
        "{error}"
    );
}

#[test]
fn truncated_repeated_and_unreadable_files_are_refused() {
    let lines: Vec<_> = TWO_DAYS.lines().collect();
    assert_eq!(refusal(lines[..12].join("\n")).problem, CfonbProblem::Truncated);
    let cut = &TWO_DAYS[..TWO_DAYS.len() - 40];
    assert!(matches!(refusal(cut).problem, CfonbProblem::Amount(_)));
    assert_eq!(
        refusal(lines[1..].join("\n")).problem,
        CfonbProblem::Order {
            found: "04",
            expected: "01"
        }
    );
    let long = format!("{}x\n{}", lines[0], lines[1..].join("\n"));
    assert_eq!(
        (refusal(&long).columns, refusal(&long).problem),
        ((121, 121), CfonbProblem::Length(121))
    );
    assert_eq!(refusal("").problem, CfonbProblem::Empty);
    assert_eq!(refusal("\n \n").problem, CfonbProblem::Empty);
    assert_eq!(
        refusal([b"01\x00".as_slice(), &[b' '; 117]].concat()).problem,
        CfonbProblem::Encoding
    );
    let ebcdic: Vec<u8> = [0xF0, 0xF1].into_iter().chain([0x40; 118]).collect();
    assert!(looks_like(&ebcdic));
    assert!(matches!(
        refusal(&ebcdic).problem,
        CfonbProblem::Code(_) | CfonbProblem::Encoding
    ));
    let utf16: Vec<u8> = TWO_DAYS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refusal(&utf16).problem, CfonbProblem::Encoding);
    assert_eq!(refusal(vec![b'0'; BYTES_MAX + 1]).problem, CfonbProblem::TooLarge);
    // The largest file of noise that is taken ends quickly, at its first record.
    let mut noise = vec![b'0'; BYTES_MAX];
    noise[1] = b'4';
    assert!(matches!(refusal(&noise).problem, CfonbProblem::Order { .. }));
}

#[test]
fn several_statements_of_one_file_are_told_apart() {
    let both = format!("{TWO_DAYS}{TWO_DAYS}");
    assert_eq!(read(both.as_bytes()).unwrap().len(), 2);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_change_of_a_statement_makes_it_panic_or_unbalanced(line in 1_usize..=13, column in 1_usize..=120, text in "[ -~éè]{1,3}") {
        if column + 2 < 118
            && let Ok(statements) = read(with(line, column, &text).as_bytes()) {
                for statement in statements {
                    proptest::prop_assert!(statement.check().is_ok());
                }
            }
    }
}
