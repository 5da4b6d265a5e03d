//! Bank statements (camt.053 or CFONB 120, told apart by what the file contains): a file is loaded whole or not at all, each line matched
//! once, by rules tried in order.
//!
//! | rule | line | is | books |
//! |---|---|---|---|
//! | `end-to-end` | debit with a payment's end-to-end id and its amount | the payment | in transit → bank |
//! | `end-to-end-tolerance` | the same, more by no more than the operator tolerates ([`crate::bank::tolerance`]; nothing unless set) | the payment and a charge | in transit → bank · charges owed by the operator → bank |
//! | `payment-file` | debit with a file's message id and the amount under way of it | all its payments | in transit → bank, each |
//! | `return` | credit with a payment's end-to-end id, its amount and a reason | the payment came back | bank → clearing · clearing → payable |
//! | `mandate` | credit that names one mandate whose money is awaited, or the call it answers, and comes from no other funder's account | the mandate | bank → receivable (what is above: deposited) |
//! | `call-reference` | credit that quotes one call's reference, of what is left of it or less, and comes from no other funder's account | a contribution | bank → deposited |
//! | `amount-and-account` | nothing of ours quoted; exact amount and account of one item, within days of its day | the payment, or the call | as theirs |
//! | `payment-file-total` | debit without reference, amount of exactly one file under way | all its payments | in transit → bank, each |
//! | – | what is left | unexplained | bank ↔ suspense |
//!
//! Each rule is a file of [`matching`] with its tests. A line that names an item with another amount is a break, never a match:
//! tolerance is zero unless it was set, also when the bank gives too much. Both sides are claimed by unique keys. Money in is booked before money
//! out, whatever the bank's order, since both are of one period. What one line cannot say (several items, several lines) a
//! person says: [`crate::bank::breaks`].
//!
//! What is left is a break ([`crate::bank::breaks`]), with a kind that `classify_breaks` reads off the line.
//!
//! What a line quotes is looked for in every text that the bank gives of it, and in none that may speak of another transfer.
//!
//! A statement must follow the last one (its opening balance is the last closing balance, and its days and the bank's number say
//! so too), so that the bank account of the books always equals the last closing balance. What was on the account before the first
//! statement is taken over as its line 0: unexplained money, and a break. One that tells the movements of another a second time is
//! known, whatever its format and whatever the bank calls it.
//!
//! A file may hold several statements of the account, loaded in the order of their days; those that are known are passed over, and
//! those of other accounts are left out and named.

mod book;
mod classify_breaks;
mod expected_receipt;
mod list;
mod match_candidates;
mod matching;
mod order;
mod statement_line;
mod view;
mod write;

use access::audit;
use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use ledger::Rejection;
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use standards::camt053::{self, AccountStatements, Camt053Error, Statement};
use standards::cfonb120::{self, CfonbError};
use standards::{Cents, Iban};
use web::{Created, Problem};

use crate::support::booking::{BookError, book_all};
use crate::{bank::breaks, support::FundAccount, support::ids::StatementId};

pub use list::{StatementRow, list};
pub use view::{LineDetails, StatementFileView, StatementView, read};

/// Why a statement was not loaded.
#[derive(Debug)]
pub enum LoadRejection {
    Invalid(Camt053Error),
    InvalidCfonb(CfonbError),
    UnknownFormat,
    /// Of these accounts, and none of the fund's.
    OtherAccount(Vec<String>),
    /// It does not follow the last one.
    Gap {
        last_closing: Cents,
        opening: Cents,
    },
    /// It begins before the last one ended.
    Days {
        last_to: NaiveDate,
        /// Of its opening balance.
        from: NaiveDate,
        /// Of its closing balance.
        to: NaiveDate,
    },
    /// The bank's numbers are not next to one another.
    Number {
        last: i64,
        number: i64,
    },
    /// Its days, balances and movements are another statement's.
    AlreadyLoaded(StatementId),
    Overdrawn,
}

impl database::Rejection for LoadRejection {}

impl From<LoadRejection> for Problem {
    fn from(rejection: LoadRejection) -> Self {
        let invalid = || Self::refused("statement-invalid", "Ce fichier n'est pas un relevé utilisable.");
        match rejection {
            LoadRejection::Invalid(error) => invalid()
                .detail(error.to_string())
                .with("line", error.line)
                .with("element", error.element),
            LoadRejection::InvalidCfonb(error) => invalid()
                .detail(error.to_string())
                .with("line", error.line)
                .with("columns", error.columns),
            LoadRejection::UnknownFormat => invalid().detail(
                "Ni du XML (camt.053), ni des enregistrements CFONB 120 : téléchargez le relevé à la banque dans l'un de \
                 ces deux formats, sans l'ouvrir dans un tableur.",
            ),
            LoadRejection::OtherAccount(accounts) => {
                Self::refused("statement-other-account", "Ce relevé est celui d'un autre compte.")
                    .detail(format!(
                        "Seuls les relevés du compte cantonné du fonds sont acceptés. Compte du fichier : {}.",
                        accounts.join(", ")
                    ))
                    .with("other_accounts", accounts)
            }
            LoadRejection::Gap { last_closing, opening } => gap(last_closing, opening),
            LoadRejection::Days { last_to, from, to } => days(last_to, from, to),
            LoadRejection::Number { last, number } => number_gap(last, number),
            LoadRejection::AlreadyLoaded(id) => Self::refused(
                "statement-already-loaded",
                "Ce relevé est déjà chargé, sous une autre forme.",
            )
            .detail(
                "Il redit les mêmes soldes et les mêmes mouvements du même jour. Rien n'a changé.",
            )
            .with("statement_id", id),
            LoadRejection::Overdrawn => Self::refused(
                "statement-overdrawn",
                "Le relevé fait passer le compte du fonds sous zéro.",
            )
            .detail("Un compte cantonné ne peut pas être à découvert : vérifiez avec la banque."),
        }
    }
}

fn gap(last_closing: Cents, opening: Cents) -> Problem {
    let difference = opening.checked_sub(last_closing).unwrap_or_default();
    Problem::refused("statement-gap", "Ce relevé ne suit pas le précédent.")
        .detail(format!(
            "Dernier solde de clôture : {} ; solde d'ouverture : {} ; écart : {}. Chargez d'abord le relevé manquant.",
            last_closing.to_french(),
            opening.to_french(),
            difference.to_french()
        ))
        .with("last_closing", last_closing)
        .with("opening", opening)
        .with("difference", difference)
}

fn days(last_to: NaiveDate, from: NaiveDate, to: NaiveDate) -> Problem {
    let french = |day: NaiveDate| day.format("%d/%m/%Y");
    Problem::refused("statement-order", "Ce relevé commence avant la fin du précédent.")
        .detail(format!(
            "Il va du {} au {}, et les relevés sont chargés jusqu'au {}. Chargez le relevé qui suit ; un relevé plus ancien, ou d'une \
             période déjà chargée, ne se charge plus.",
            french(from),
            french(to),
            french(last_to)
        ))
        .with("last_to", last_to)
        .with("from", from)
        .with("to", to)
}

fn number_gap(last: i64, number: i64) -> Problem {
    Problem::refused("statement-number", "Le numéro de ce relevé ne suit pas le précédent.")
        .detail(format!(
            "La banque a numéroté le précédent {last}, et celui-ci {number}. Chargez d'abord les relevés qui manquent. Si la banque \
             confirme qu'il n'y en a pas, renvoyez celui-ci avec « ?confirmed_number={number} »."
        ))
        .with("last_number", last)
        .with("number", number)
}

/// A file with statements of the fund's account, read and balanced.
#[derive(Debug)]
pub struct StatementFile {
    /// In the order of their days.
    statements: Vec<FileStatement>,
    other_accounts: Vec<String>,
    sha256: [u8; 32],
    raw: Vec<u8>,
}

#[derive(Debug)]
struct FileStatement {
    /// From 1, in the order of the file.
    part: i32,
    statement: Statement,
}

/// Reads a file; needs no database.
pub fn parse(bytes: Vec<u8>, fund: &FundAccount) -> Result<StatementFile, LoadRejection> {
    let told = read_any(&bytes, &fund.iban)?;
    let other_accounts: Vec<String> = told.others.into_iter().collect();
    if told.statements.is_empty() {
        return Err(LoadRejection::OtherAccount(other_accounts));
    }
    let statements = (1..).zip(told.statements);
    let statements = statements.map(|(part, statement)| FileStatement { part, statement });
    Ok(StatementFile {
        statements: in_order(statements.collect()),
        other_accounts,
        sha256: Sha256::digest(&bytes).into(),
        raw: bytes,
    })
}

/// By their days and numbers. Of one day without numbers in the order of the file, or from its end: some banks put the newest first.
fn in_order(mut statements: Vec<FileStatement>) -> Vec<FileStatement> {
    let follow = |statements: &[FileStatement]| {
        let mut pairs = statements.windows(2);
        pairs.all(|pair| matches!(pair, [one, next] if one.statement.closing.amount == next.statement.opening.amount))
    };
    let sort = |statements: &mut Vec<FileStatement>| {
        statements.sort_by_key(|one| (one.statement.closing.date, one.statement.sequence));
    };
    sort(&mut statements);
    if !follow(&statements) {
        statements.sort_by_key(|one| std::cmp::Reverse(one.part));
        sort(&mut statements);
    }
    statements
}

/// By content, never by a file's name or type, which banks and browsers change.
fn read_any(bytes: &[u8], account: &Iban) -> Result<AccountStatements, LoadRejection> {
    if cfonb120::looks_like(bytes) {
        return cfonb120::read_account(bytes, account).map_err(LoadRejection::InvalidCfonb);
    }
    if camt053::looks_like(bytes) {
        return camt053::read_account(bytes, account).map_err(LoadRejection::Invalid);
    }
    Err(LoadRejection::UnknownFormat)
}

/// Loads the statements of a file, or finds that they were loaded before, under whatever id. The first new one has the id `id`.
/// `confirmed` is the bank's number of a statement when the operator says that none is missing before it, whatever the numbers say.
pub async fn load(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: StatementId,
    file: &StatementFile,
    confirmed: Option<u64>,
    at: DateTime<Utc>,
) -> Result<Created<StatementFileView>, UseCaseError<LoadRejection>> {
    NamedLock::Statements.take(tx).await?;
    // Whoever repeats an id is never answered with another statement.
    let named = sqlx::query_scalar!("select sha256 from funding.statement where id = $1", id.uuid());
    let named = named.fetch_optional(&mut **tx).await?;
    if named.is_some_and(|sha256| sha256 != file.sha256) {
        return Err(UseCaseError::IdReused);
    }
    let mut views = Vec::with_capacity(file.statements.len());
    let mut is_new = false;
    for one in &file.statements {
        if let Some(known) = known_before(tx, file, one).await? {
            views.push(read(tx, known).await?.ok_or(sqlx::Error::RowNotFound)?);
            continue;
        }
        let own = if is_new {
            StatementId::derive(b"statement-of-file", &[id.uuid().as_bytes(), &one.part.to_be_bytes()])
        } else {
            write::write_file(tx, file, at).await?;
            id
        };
        is_new = true;
        views.push(load_one(tx, who, own, (&file.sha256, one), confirmed, at).await?);
    }
    let mut views = views.into_iter();
    let view = StatementFileView {
        first: views.next().ok_or(sqlx::Error::RowNotFound)?,
        further: views.collect(),
        other_accounts: file.other_accounts.clone(),
    };
    Ok(if is_new {
        Created::New(view)
    } else {
        Created::Existing(view)
    })
}

async fn load_one(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: StatementId,
    (sha256, one): (&[u8; 32], &FileStatement),
    confirmed: Option<u64>,
    at: DateTime<Utc>,
) -> Result<StatementView, UseCaseError<LoadRejection>> {
    let statement = &one.statement;
    let position = order::next_position(tx, statement, confirmed).await?;
    let lines = statement_line::lines(statement, position == 1);
    let mut candidates = match_candidates::read(tx, &lines).await?;
    let matches = matching::match_lines(&lines, &mut candidates);
    write::write(tx, id, position, (sha256, one), &lines, &matches, at).await?;
    let openings = classify_breaks::classify_breaks(&lines, &matches, &candidates);
    breaks::open(tx, who, breaks::BreakSource::Statement(id), &openings, at).await?;
    breaks::resolve_due_breaks(tx, who, at).await?;
    breaks::open_overdue_breaks(tx, who, statement.closing.date, at).await?;
    let returned = book::returned_parts(tx, &matches).await?;
    let postings = book::postings(id, position, &lines, &matches, &returned)?;
    book_all(tx, postings, at).await.map_err(|error| match error {
        BookError::Refused(Rejection::Short { .. }) => UseCaseError::Rejected(LoadRejection::Overdrawn),
        error => error.into(),
    })?;
    let view = read(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let confirmed = confirmed.filter(|number| Some(*number) == statement.sequence);
    audit(
        tx,
        who,
        at,
        "statement.load",
        Some(id.uuid()),
        (view.lines.len(), view.unexplained, confirmed),
    )
    .await?;
    tracing::info!(
        lines = view.lines.len(),
        unexplained = view.unexplained,
        position,
        "statement loaded"
    );
    metrics::counter!("ccn_statement_lines_total", "matched" => "no").increment(view.unexplained as u64);
    Ok(view)
}

/// By its place in the same file, or by what it says.
async fn known_before(
    tx: &mut PgTransaction<'_>,
    file: &StatementFile,
    one: &FileStatement,
) -> Result<Option<StatementId>, UseCaseError<LoadRejection>> {
    let same = sqlx::query_scalar!(
        r#"select id as "id: StatementId" from funding.statement where sha256 = $1 and part = $2"#,
        &file.sha256,
        one.part,
    );
    if let Some(same) = same.fetch_optional(&mut **tx).await? {
        return Ok(Some(same));
    }
    match order::same_movements(tx, &one.statement).await? {
        // The file is this statement: whoever sends it learns that it came in another form.
        Some(known) if file.statements.len() == 1 => Err(LoadRejection::AlreadyLoaded(known).into()),
        known => Ok(known),
    }
}
