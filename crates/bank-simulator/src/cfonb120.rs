//! Statements in the French format CFONB 120: 120 characters a record, the sign in the last digit of an amount.

use std::fmt::Write as _;

use chrono::NaiveDate;
use standards::Iban;
use standards::camt053::{Entry, Statement};

/// A movement as the format has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement<'a> {
    /// Positive when money came in.
    pub cents: i64,
    /// Complements: a qualifier of three letters (`LCC`, `RCN`, …) and at most 70 characters.
    pub complements: Vec<(&'a str, &'a str)>,
}

impl<'a> From<&'a Entry> for Movement<'a> {
    /// With what this format can say of it.
    fn from(entry: &'a Entry) -> Self {
        let transfer = &entry.transfers[0];
        let batch = entry.batch.as_ref().and_then(|batch| batch.message_id.as_deref());
        let account = transfer.counterparty_iban.as_ref().map(Iban::electronic);
        let complements = [
            ("RCN", transfer.end_to_end.as_deref()),
            ("LCC", transfer.remittance.as_deref()),
            ("CPY", account),
            ("REF", batch),
            ("RET", transfer.return_reason.as_deref()),
        ];
        Self {
            cents: entry.amount.get(),
            complements: complements
                .into_iter()
                .filter_map(|(qualifier, text)| Some((qualifier, text?)))
                .collect(),
        }
    }
}

/// A whole statement.
#[must_use]
pub fn write(statement: &Statement) -> Vec<u8> {
    let movements: Vec<Movement> = statement.entries.iter().map(Movement::from).collect();
    let opening = (statement.opening.date, statement.opening.amount.get());
    movements_of(&statement.account, opening, statement.closing.date, &movements)
}

/// The same from movements: opened on a day with so many cents, booked and closed on another.
#[must_use]
pub fn movements_of(account: &Iban, opening: (NaiveDate, i64), day: NaiveDate, movements: &[Movement]) -> Vec<u8> {
    // FR76, then bank (5), branch (5), account (11), key (2).
    let iban = account.electronic();
    let account = format!("{}    {}EUR2 {}", &iban[4..9], &iban[9..14], &iban[14..25]);
    let date = |day: NaiveDate| day.format("%d%m%y").to_string();
    let balance = |code: &str, day: NaiveDate, cents: i64| {
        format!("{code}{account}  {}{:50}{}{:16}\n", date(day), "", amount(cents), "")
    };
    let today = date(day);
    let mut file = balance("01", opening.0, opening.1);
    for movement in movements {
        let cents = amount(movement.cents);
        writeln!(
            file,
            "04{account}05{today}  {today}{:31}  0000000  {cents}{:16}",
            "VIR", ""
        )
        .expect("memory");
        for (qualifier, text) in &movement.complements {
            writeln!(file, "05{account}05{today}     {qualifier}{text:<70}  ").expect("memory");
        }
    }
    let moved: i64 = movements.iter().map(|movement| movement.cents).sum();
    file.push_str(&balance("07", day, opening.1 + moved));
    file.into_bytes()
}

/// Fourteen digits, of which the last carries the sign.
fn amount(cents: i64) -> String {
    let signs = if cents < 0 { b"}JKLMNOPQR" } else { b"{ABCDEFGHI" };
    let last = usize::try_from(cents.unsigned_abs() % 10).expect("a digit");
    format!("{:013}{}", cents.unsigned_abs() / 10, char::from(signs[last]))
}
