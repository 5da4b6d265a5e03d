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
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        for text in [accented.clone(), format!("\u{FEFF}{accented}")] {
            let utf16: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            assert!(looks_like(&utf16));
            assert_eq!(one(&utf16), one(accented.as_bytes()));
        }
    }
}

#[test]
fn signs_of_windows_and_control_characters_are_only_words() {
    let mut windows = with(3, 49, "DEPARTEMENT ? DE LA COTE D?OR").into_bytes();
    let places: Vec<_> = (0..windows.len()).filter(|&place| windows[place] == b'?').collect();
    (windows[places[0]], windows[places[1]]) = (0x80, 0x92);
    let name = |bytes: &[u8]| one(bytes).entries[0].transfers[0].counterparty_name.clone().unwrap();
    assert_eq!(name(&windows), "DEPARTEMENT € DE LA COTE D’OR");
    (windows[places[0]], windows[places[1]]) = (b'\t', 0x1B);
    assert_eq!(name(&windows), "DEPARTEMENT   DE LA COTE D OR");
}

#[test]
fn currency_and_decimals_left_blank_are_those_of_the_other_records() {
    let expected = one(TWO_DAYS.as_bytes());
    let blank = |lines: &[usize]| {
        let records = (1..).zip(TWO_DAYS.lines()).map(|(number, line)| {
            if lines.contains(&number) {
                format!("{}    {}\n", &line[..16], &line[20..])
            } else {
                format!("{line}\n")
            }
        });
        records.collect::<String>()
    };
    for lines in [
        &[1, 13][..],
        &[1],
        &[13],
        &[2, 7, 12],
        &[1, 2, 13],
        &(1..=13).collect::<Vec<_>>(),
    ] {
        assert_eq!(one(blank(lines).as_bytes()), expected, "{lines:?}");
    }
    // Whole euros, which only a movement says.
    let record = |code: &str, scale: &str, amount: &str| {
        format!(
            "{code}30006    00001{scale} 12345678901  080626{:50}{amount}{:16}\n",
            "", ""
        )
    };
    let file = |scales: [&str; 3]| {
        record("01", scales[0], "0000000000000{")
            + &record("04", scales[1], "0000000000001B")
            + &record("07", scales[2], "0000000000001B")
    };
    for scales in [
        ["    ", "EUR0", "    "],
        ["EUR0", "    ", "    "],
        ["    ", "EUR0", "EUR0"],
    ] {
        assert_eq!(
            one(file(scales).as_bytes()).closing.amount,
            Cents::new(1_200),
            "{scales:?}"
        );
    }
    assert_eq!(one(file(["    "; 3]).as_bytes()).closing.amount, Cents::new(12));
    assert!(matches!(
        refusal(file(["    ", "USD2", "    "])).problem,
        CfonbProblem::Currency(_)
    ));
}

#[test]
fn every_text_of_a_movement_is_kept_and_none_refuses_it() {
    let movement = |file: &str| one(file.as_bytes()).entries.remove(1);
    let other = |file: &str| movement(file).transfers.remove(0).other_texts;
    let end_to_end = "0123456789ABCDEF0123456789ABCDEF";
    assert_eq!(other(TWO_DAYS), ["SUPP"]);
    // Line 8 is the complement RCN, 9 NBE, 11 LCC.
    assert_eq!(other(&with(8, 46, "REF")), ["SUPP"]);
    assert_eq!(other(&with(8, 46, "R-N")), [format!("{end_to_end:<35}SUPP")]);
    assert_eq!(other(&with(9, 46, "RCN")), ["SUPP", "MEDIATHEQUE DE DIJON"]);
    assert_eq!(other(&with(9, 46, "NBU")), ["SUPP", "MEDIATHEQUE DE DIJON"]);
    assert_eq!(
        movement(&with(9, 46, "RCN")).transfers[0].end_to_end.as_deref(),
        Some(end_to_end)
    );
    let file = movement(&with(8, 46, "REF")).batch.unwrap();
    assert_eq!(file.payment_info_id.as_deref(), Some(end_to_end));
}

#[test]
fn a_movement_without_a_true_day_is_of_its_value_day_or_the_closing_day() {
    let day = |file: String| one(file.as_bytes()).entries[0].booked_on;
    assert_eq!(day(with(2, 35, "300226")), date("2026-06-08"));
    assert_eq!(day(with(2, 35, "      ")), date("2026-06-08"));
    let neither = with(2, 35, "000000").replacen("000000  080626VIR", "000000  310626VIR", 1);
    assert_eq!(one(neither.as_bytes()).entries[0].value_on, None);
    assert_eq!(day(neither), date("2026-06-09"));
}

#[test]
fn the_days_of_one_account_are_taken_and_the_other_accounts_are_named() {
    let account = "FR7630006000011234567890189".parse().unwrap();
    let other = TWO_DAYS
        .replace("12345678901", "99999999999")
        .replace("EUR2", "USD3")
        .replace("0000000010569F", "0000000010569E");
    let found = read_account([TWO_DAYS, &other, &other].concat().as_bytes(), &account).unwrap();
    assert_eq!(found.statements, [one(TWO_DAYS.as_bytes())]);
    let others: Vec<_> = found.others.iter().map(String::as_str).collect();
    assert_eq!(others, ["30006 00001 99999999999"]);
    let cut = [&other[..other.len() / 2], TWO_DAYS].concat();
    assert!(read_account(cut.as_bytes(), &account).is_err());
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
        (1, 35, "300226", (35, 40), P::Date("300226".into())),
        (13, 35, "      ", (35, 40), P::Date("      ".into())),
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
    let said = refusal(with(13, 35, "300226")).to_string();
    assert_eq!(
        said,
        "ligne 13, colonnes 35 à 40 : « 300226 » n'est pas une date JJMMAA qui existe ; signalez-le à la banque"
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
    assert_eq!(refusal(&ebcdic).problem, CfonbProblem::Encoding);
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
