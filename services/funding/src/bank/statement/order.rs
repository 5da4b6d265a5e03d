//! Whether a statement is the one after the last: by its days, its opening balance and the bank's number; and whether it is one
//! that was loaded before in other bytes or another format. The first one may open at any balance, which is taken over.
//!
//! Balances alone do not tell: what came and left on one day may be the same. Legitimate and taken are several statements of one
//! day, numbers that begin again (at 1, or with the year), and statements without a number, as all of CFONB 120.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use database::UseCaseError;
use sqlx::PgTransaction;
use standards::Cents;
use standards::camt053::Statement;

use crate::bank::statement::{LoadRejection, read_any};
use crate::support::ids::StatementId;

/// The last statement that was loaded.
struct LastStatement {
    position: i32,
    closing: Cents,
    from_day: NaiveDate,
    to_day: NaiveDate,
    sequence: Option<i64>,
}

/// The bank's number as it is kept; ISO 20022 gives it 18 digits at most.
pub(super) fn sequence(statement: &Statement) -> Option<i64> {
    statement.sequence.and_then(|number| i64::try_from(number).ok())
}

/// The statement's place in the row; refuses one that does not follow the last. `confirmed` is a number of which the operator
/// says that the bank gave none to a statement between it and the last.
pub(super) async fn next_position(
    tx: &mut PgTransaction<'_>,
    statement: &Statement,
    confirmed: Option<u64>,
) -> Result<i32, UseCaseError<LoadRejection>> {
    let last = sqlx::query_as!(
        LastStatement,
        r#"select position, closing_cents as "closing: Cents", from_day, to_day, sequence
           from funding.statement order by position desc limit 1"#
    )
    .fetch_optional(&mut **tx)
    .await?;
    let opening = statement.opening.amount;
    let Some(last) = last else {
        return if opening.is_negative() {
            Err(LoadRejection::Overdrawn.into())
        } else {
            Ok(1)
        };
    };
    last.check_days(statement)?;
    if opening != last.closing {
        return Err(LoadRejection::Gap {
            last_closing: last.closing,
            opening,
        }
        .into());
    }
    if confirmed.is_none() || confirmed != statement.sequence {
        last.check_number(statement)?;
    }
    Ok(last.position + 1)
}

impl LastStatement {
    /// A period begins where the last one ended, or is of the same day.
    fn check_days(&self, statement: &Statement) -> Result<(), LoadRejection> {
        let (from, to) = (statement.opening.date, statement.closing.date);
        let follows = to > self.to_day && from >= self.to_day;
        let is_of_its_day = to == self.to_day && from >= self.from_day;
        if follows || is_of_its_day {
            return Ok(());
        }
        Err(LoadRejection::Days {
            last_to: self.to_day,
            from,
            to,
        })
    }

    fn check_number(&self, statement: &Statement) -> Result<(), LoadRejection> {
        let Some((last, number)) = self.sequence.zip(sequence(statement)) else {
            return Ok(());
        };
        let next = last.checked_add(1) == Some(number);
        let begins_again = number == 1 || self.to_day.year() != statement.closing.date.year();
        if next || begins_again {
            return Ok(());
        }
        Err(LoadRejection::Number { last, number })
    }
}

/// A statement that was loaded before with the same closing day, the same balances and the same movements, but in another format or
/// under another identifier; numbers of the bank that differ say that they are two. The bank's identifier alone says nothing: it is used
/// again the next year.
pub(super) async fn same_movements(
    tx: &mut PgTransaction<'_>,
    statement: &Statement,
) -> Result<Option<StatementId>, sqlx::Error> {
    let alike = sqlx::query!(
        r#"select s.id as "id: StatementId", f.raw, s.sequence, s.identification
           from funding.statement s join funding.statement_file f on f.sha256 = s.sha256
           where s.to_day = $1 and s.opening_cents = $2 and s.closing_cents = $3 order by s.position"#,
        statement.closing.date,
        statement.opening.amount.get(),
        statement.closing.amount.get(),
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in alike {
        let numbers = row.sequence.zip(sequence(statement));
        if numbers.is_some_and(|(one, other)| one != other) {
            continue;
        }
        // Two statements of a day on which nothing moved are alike, and nothing is booked twice: only their name tells.
        if statement.entries.is_empty() && row.identification != statement.id {
            continue;
        }
        // A kept file that somebody damaged is told by its own identity, not here.
        let Ok(known) = read_any(&row.raw, &statement.account) else {
            continue;
        };
        let same = |known: &Statement| known.closing == statement.closing && moved_the_same(known, statement);
        if known.statements.iter().any(same) {
            return Ok(Some(row.id));
        }
    }
    Ok(None)
}

/// By the movements, or by the transfers that they are made of: not all formats tell a batch's.
fn moved_the_same(one: &Statement, other: &Statement) -> bool {
    let movements = |statement: &Statement| sorted(statement.entries.iter().map(|entry| entry.amount));
    let transfers = |statement: &Statement| {
        let all = statement.entries.iter().flat_map(|entry| &entry.transfers);
        sorted(all.map(|transfer| transfer.amount))
    };
    let same = movements(one) == movements(other) || transfers(one) == transfers(other);
    // Payments of the same amounts, of which none is the same: two statements. A format may leave references out.
    let (one, other) = (end_to_ends(one), end_to_ends(other));
    same && (one.is_empty() || other.is_empty() || !one.is_disjoint(&other))
}

/// The payers' references, in capitals as some formats write them.
fn end_to_ends(statement: &Statement) -> BTreeSet<String> {
    let transfers = statement.entries.iter().flat_map(|entry| &entry.transfers);
    transfers
        .filter_map(|transfer| transfer.end_to_end.as_ref())
        .map(|reference| reference.to_ascii_uppercase())
        .collect()
}

fn sorted(amounts: impl Iterator<Item = Cents>) -> Vec<Cents> {
    let mut amounts: Vec<Cents> = amounts.collect();
    amounts.sort_unstable();
    amounts
}

#[cfg(test)]
mod tests {
    use standards::camt053::Balance;

    use super::*;

    fn last(sequence: Option<i64>) -> LastStatement {
        LastStatement {
            position: 7,
            closing: Cents::new(100_000),
            from_day: "2026-04-09".parse().unwrap(),
            to_day: "2026-04-10".parse().unwrap(),
            sequence,
        }
    }

    fn statement(from: &str, to: &str, sequence: Option<u64>) -> Statement {
        let balance = |day: &str| Balance {
            amount: Cents::new(100_000),
            date: day.parse().unwrap(),
        };
        Statement {
            id: "R".to_owned(),
            sequence,
            account: "FR7630006000011234567890189".parse().unwrap(),
            opening: balance(from),
            closing: balance(to),
            entries: Vec::new(),
        }
    }

    #[test]
    fn a_period_follows_the_last_or_is_of_its_day() {
        for (from, to, follows) in [
            ("2026-04-10", "2026-04-13", true),
            ("2026-04-13", "2026-04-13", true),
            ("2026-05-01", "2026-05-31", true),
            // Of the same day, whichever day the bank gives its opening balance.
            ("2026-04-09", "2026-04-10", true),
            ("2026-04-10", "2026-04-10", true),
            // Older, and one that covers what was loaded.
            ("2026-04-08", "2026-04-09", false),
            ("2026-04-06", "2026-04-10", false),
            ("2026-04-06", "2026-04-13", false),
        ] {
            let found = last(None).check_days(&statement(from, to, None));
            assert_eq!(found.is_ok(), follows, "{from} {to}");
        }
    }

    #[test]
    fn a_number_is_the_next_or_begins_again_and_a_missing_one_says_nothing() {
        for (before, to, number, follows) in [
            (Some(41), "2026-04-13", Some(42), true),
            (Some(41), "2026-04-13", Some(43), false),
            (Some(41), "2026-04-13", Some(41), false),
            (Some(41), "2026-04-13", Some(40), false),
            (Some(41), "2026-04-13", Some(1), true),
            (Some(41), "2027-01-04", Some(20_270_001), true),
            (Some(41), "2026-04-13", None, true),
            (None, "2026-04-13", Some(43), true),
            (None, "2026-04-13", None, true),
        ] {
            let found = last(before).check_number(&statement("2026-04-10", to, number));
            assert_eq!(found.is_ok(), follows, "{before:?} {number:?}");
        }
    }
}
