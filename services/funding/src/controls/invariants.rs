//! What must hold to the cent, always: the invariants of the books (each side from another source: transfers against
//! account sums), the bank account against the last statement, and the records of the three services against the
//! books. All in one snapshot.
//!
//! Operators and auditors see every line. A funder or a sponsor sees those of the whole fund (the records' among them:
//! sums over everybody), its own and its programmes'; whether all hold is said to everybody.

mod reader;
mod records;

use std::collections::BTreeMap;

use access::Caller;
use ledger::read::{Figures, Invariant, Subject};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use standards::Cents;
use utoipa::ToSchema;

use crate::controls::invariants::reader::Reader;

/// Failing structures that are shown one by one.
const FAILURES_SHOWN_MAX: usize = 20;

/// The invariants that the caller may see, with both their sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Invariants {
    /// The books' first, then the bank's, then the records'.
    pub invariants: Vec<InvariantView>,
    /// Whether every invariant there is holds, shown or not.
    pub all_hold: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvariantView {
    /// What it says and of what, in French.
    pub name: String,
    pub left: Cents,
    pub right: Cents,
    /// Whether it holds. Two sums can be equal while what they are made of differs: then it does not.
    pub holds: bool,
}

/// Everything that was checked, before anybody looks.
pub(crate) struct Checked {
    books: Vec<Invariant>,
    bank: Invariant,
    records: Vec<InvariantView>,
    names: FunderNames,
}

impl Checked {
    /// As operators and auditors see it.
    pub(crate) fn all(&self) -> Vec<InvariantView> {
        views(&self.books, &self.bank, &self.records, &self.names)
    }
}

/// Checks everything; in a snapshot, or the sides are of different moments.
pub(crate) async fn check(snapshot: &mut PgConnection) -> Result<Checked, sqlx::Error> {
    let figures = Figures::read(&mut *snapshot).await?;
    let closing = last_closing(&mut *snapshot).await?;
    Ok(Checked {
        books: figures.invariants(),
        // Nothing is under way at the bank that the books do not hold apart, as payments in transit.
        bank: figures.bank_invariant(closing, Cents::ZERO),
        names: names(&mut *snapshot).await?,
        records: records::check(snapshot).await?,
    })
}

/// Checks everything, and shows what `who` may see.
pub async fn invariants(pool: &PgPool, who: &Caller) -> Result<Invariants, sqlx::Error> {
    let mut snapshot = ledger::read::snapshot(pool).await?;
    let mut checked = check(&mut snapshot).await?;
    let reader = Reader::of(&mut snapshot, who).await?;
    snapshot.rollback().await?;
    let mut invariants = checked.all();
    let all_hold = invariants.iter().all(|invariant| invariant.holds);
    if !all_hold {
        tracing::error!("an invariant does not hold");
    }
    let all = checked.books.len();
    checked.books.retain(|invariant| reader.sees(invariant.subject));
    if checked.books.len() < all {
        invariants = checked.all();
    }
    Ok(Invariants { invariants, all_hold })
}

fn views(books: &[Invariant], bank: &Invariant, records: &[InvariantView], names: &FunderNames) -> Vec<InvariantView> {
    let (structures, others): (Vec<Invariant>, Vec<Invariant>) = books
        .iter()
        .copied()
        .partition(|invariant| matches!(invariant.subject, Subject::Structure(_)));
    let mut views: Vec<InvariantView> = others.iter().map(|invariant| view(invariant, names)).collect();
    views.extend(structures_as_one(&structures, names));
    views.push(view(bank, names));
    views.extend_from_slice(records);
    views
}

/// Names of funders, programmes and structures.
type FunderNames = BTreeMap<uuid::Uuid, String>;

fn view(invariant: &Invariant, names: &FunderNames) -> InvariantView {
    let label = |id: uuid::Uuid| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
    let of = match invariant.subject {
        Subject::Fund => None,
        Subject::Book(book) if book.is_fund() => Some("livre du fonds".to_owned()),
        Subject::Book(book) => Some(label(book.uuid())),
        Subject::Funder(party) | Subject::Structure(party) => Some(label(party.uuid())),
    };
    let name = of.map_or_else(|| invariant.name.to_owned(), |of| format!("{} ({of})", invariant.name));
    InvariantView {
        name,
        left: invariant.left,
        right: invariant.right,
        holds: invariant.holds(),
    }
}

/// Thousands of structures are one line while all is well, and a line each where it is not.
fn structures_as_one(structures: &[Invariant], names: &FunderNames) -> Vec<InvariantView> {
    let first = match structures {
        [] => return Vec::new(),
        [one] => return vec![view(one, names)],
        [first, ..] => first,
    };
    let side = |amount: fn(&Invariant) -> Cents| Cents::try_sum(structures.iter().map(amount));
    let (left, right) = (side(|invariant| invariant.left), side(|invariant| invariant.right));
    let failing = || structures.iter().filter(|invariant| !invariant.holds());
    let whole = InvariantView {
        name: format!("{} ({} structures)", first.name, structures.len()),
        left: left.unwrap_or_default(),
        right: right.unwrap_or_default(),
        holds: left.is_some() && right.is_some() && failing().next().is_none(),
    };
    let shown = failing()
        .take(FAILURES_SHOWN_MAX)
        .map(|invariant| view(invariant, names));
    std::iter::once(whole).chain(shown).collect()
}

async fn names(connection: &mut PgConnection) -> Result<FunderNames, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!" from funding.funder
           union all select id, name from catalogue.programme
           union all select structure_id, name from redemption.payee"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Zero before the first statement.
async fn last_closing(connection: &mut PgConnection) -> Result<Cents, sqlx::Error> {
    let closing = sqlx::query_scalar!(
        r#"select closing_cents as "closing: Cents" from funding.statement order by position desc limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(closing.unwrap_or_default())
}
