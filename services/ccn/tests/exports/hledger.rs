use sqlx::PgPool;

use crate::checkers::asked;
use crate::fixture::export;
use crate::named::two_years_with_names;

const LATER: &str = "2027-03-01T09:00:00Z";

#[testkit::test]
async fn hledger_sums_the_journal_to_what_the_report_says(pool: PgPool) {
    two_years_with_names(&pool).await;
    let books = export(&pool, LATER).await;
    let said = asked("check_hledger.py", [books.folder.path()]).unwrap();
    assert!(
        said.contains("2 funders, 1 programmes: the journal and the report agree"),
        "{said}"
    );
    let journal = books.read("journal.hledger");
    assert!(
        journal.contains("; Versements reçus non affectés - État plan numérique"),
        "the accounts are told by name"
    );

    // One cent elsewhere, and they no longer agree.
    books.write(
        "journal.hledger",
        &journal
            .replacen("5000.01 EUR", "5000.02 EUR", 2)
            .replacen("-5000.01 EUR", "-5000.02 EUR", 1),
    );
    let refused = asked("check_hledger.py", [books.folder.path()]).unwrap_err();
    assert!(
        refused.contains("free is") || refused.contains("received is"),
        "{refused}"
    );
}
