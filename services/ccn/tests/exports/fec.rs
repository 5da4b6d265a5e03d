use std::path::PathBuf;

use ledger::{Account, TransferKind};
use sqlx::PgPool;

use crate::checkers::asked;
use crate::fixture::{Books, export, post};
use crate::named::two_years_with_names;

const LATER: &str = "2027-03-01T09:00:00Z";

fn fecs(books: &Books) -> Vec<PathBuf> {
    let names = books.exported.files.iter().filter(|name| name.contains("FEC"));
    names.map(|name| books.path(name)).collect()
}

/// The administration's encoding, as Unicode.
fn read(path: &PathBuf) -> String {
    std::fs::read(path).unwrap().into_iter().map(char::from).collect()
}

#[testkit::test]
async fn each_year_keeps_the_rules_of_the_official_checker(pool: PgPool) {
    two_years_with_names(&pool).await;
    let books = export(&pool, LATER).await;
    let files = fecs(&books);
    let said = asked("check_fec.py", &files).unwrap();
    assert!(said.starts_with("732829320FEC20261231.txt: "), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    let first = read(&files[0]);
    // The curly apostrophe, the bar and the tab have no place in the file; Œ is one of the eight that ISO 8859-15 has.
    assert!(
        first.contains("Département de la Côte-d'Or   pôle\u{a0}«\u{a0}\u{bc}uvres\u{a0}»\t"),
        "{first}"
    );
    assert!(first.contains("\tÉtat plan numérique\t"));
    assert!(read(&files[1]).contains("AN\tÀ nouveaux\t1\t20270101\t"));
}

/// What happened in a month that is over when it is sealed is booked in the open one.
#[testkit::test]
async fn a_late_entry_says_so_and_keeps_its_day(pool: PgPool) {
    two_years_with_names(&pool).await;
    export(&pool, LATER).await;
    let leg = (TransferKind::Unexplained, Account::bank(), Account::suspense(), 700);
    post(&pool, "late", &[leg], None, "2026-12-24T09:00:00Z").await;
    let books = export(&pool, "2027-03-05T09:00:00Z").await;
    let said = asked("check_fec.py", fecs(&books)).unwrap();
    assert!(said.contains("2 late lines"), "{said}");
    let second = read(&fecs(&books)[1]);
    let late = second.lines().rfind(|line| line.contains("tardive")).unwrap();
    assert!(
        late.contains("\t20261224\tLigne de relevé à expliquer (tardive : fait du 24/12/2026)\t"),
        "{late}"
    );
    assert!(late.contains("\t20270201\t"), "{late}");
}

/// What the bank kept is owed by the operator from year to year, until it has paid it back: the fund has no result.
#[testkit::test]
async fn bank_charges_are_owed_by_the_operator_and_a_year_without_entries_has_its_file(pool: PgPool) {
    two_years_with_names(&pool).await;
    let charge = (TransferKind::BankCharge, Account::charges_owed(), Account::bank(), 250);
    post(&pool, "charge", &[charge], None, "2027-02-02T09:00:00Z").await;
    let came = (TransferKind::Unexplained, Account::bank(), Account::suspense(), 950);
    let paid_back = (
        TransferKind::Explained,
        Account::suspense(),
        Account::charges_owed(),
        250,
    );
    post(
        &pool,
        "two years later",
        &[came, paid_back],
        None,
        "2029-01-02T09:00:00Z",
    )
    .await;
    let books = export(&pool, "2029-01-03T09:00:00Z").await;
    let files = fecs(&books);
    let said = asked("check_fec.py", &files).unwrap();
    assert!(said.contains("732829320FEC20281231.txt: 1 entries"), "{said}");
    let owed = "\t4678\tFrais bancaires à la charge de l'opérateur\t\t\tAN-";
    let carried = files.iter().map(|file| read(file).contains(owed));
    assert_eq!(carried.collect::<Vec<_>>(), [false, false, true, true]);
    for file in &files {
        let content = read(file);
        let accounts = content.lines().skip(1).filter_map(|line| line.split('\t').nth(4));
        assert!(
            accounts.into_iter().all(|number| number.starts_with(['4', '5'])),
            "{content}"
        );
    }
}

/// The checker is no yes-man.
#[testkit::test]
async fn each_rule_that_is_broken_is_named(pool: PgPool) {
    two_years_with_names(&pool).await;
    let books = export(&pool, LATER).await;
    let path = fecs(&books).swap_remove(0);
    let whole = std::fs::read(&path).unwrap();
    let text: String = whole.iter().copied().map(char::from).collect();
    let line = text.lines().nth(1).unwrap().to_owned();
    let broken = [
        (text.replacen("EcritureNum", "EcritureNo", 1), "18 columns"),
        (text.replacen("\t512\t", "\t5A2\t", 1), "CompteNum begins"),
        (text.replacen("\r\n", "\n", 1), "lines end alike"),
        (
            text.replacen("5000,00\t0,00", "5000.00\t0,00", 1),
            "amounts with a comma",
        ),
        (
            text.replacen("5000,00\t0,00", "5000,00\t5000,00", 1),
            "a debit or a credit",
        ),
        (
            text.replacen("5000,00\t0,00", "5000,01\t0,00", 1),
            "each entry balances",
        ),
        (text.replacen("\t20261102\t", "\t20261132\t", 1), "dates AAAAMMJJ"),
        (text.replacen("\t20261102\t", "\t20251102\t", 1), "entries of the year"),
        (
            text.replacen("BQ\tBanque\t1\t", "BQ\tBanque\t2\t", 1),
            "EcritureNum without a gap",
        ),
        (text.replacen("BQ\tBanque\t", "BQ\t\t", 1), "mandatory fields"),
        (
            text.replacen("BQ\tBanque\t", "BQ\tBanques\t", 1),
            "one number, one name",
        ),
        (text.replacen(&line, &format!("{line}\t"), 1), "18 fields a line"),
    ];
    for (content, rule) in broken {
        assert_ne!(content, text, "{rule}");
        let bytes: Vec<u8> = content.chars().map(|c| u8::try_from(c).unwrap()).collect();
        std::fs::write(&path, bytes).unwrap();
        let refused = asked("check_fec.py", [&path]).unwrap_err();
        assert!(refused.contains(&format!("[{rule}")), "{rule}: {refused}");
    }
    std::fs::write(&path, text).unwrap();
    assert!(asked("check_fec.py", [&path]).unwrap_err().contains("[encoding"));
    std::fs::write(&path, whole).unwrap();
    asked("check_fec.py", [&path]).unwrap();
}
