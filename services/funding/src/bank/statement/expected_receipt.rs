//! Money in that was promised by its number: that of a public mandate.
//!
//! A line that quotes a call answered by a mandate pays the mandate: its money is counted already. What a line brings above a
//! mandate is an ordinary contribution.
//!
//! Accountants number their mandates from 1 each year, so a number alone says little: it is believed for exactly what is still
//! to come, or from an account of the funder's own. With the bordereau, or where the call is quoted, the amount may be another.
//! Money from the account of another registered funder pays no mandate, whatever it quotes: a person says whose it is.

use ledger::{Account, EventKind, PartyId, Posting, TransferKind};
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::statement_line::StatementLine;
use crate::contributions::mandate::{MandateNumber, Naming, receipt};
use crate::support::booking::{BookError, Event};
use crate::support::ids::StatementId;
use crate::support::remittance_text::{RemittanceWord, words};

/// A mandate whose money is awaited, and not all there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExpectedReceipt {
    pub id: Uuid,
    pub party: PartyId,
    pub reference: String,
    /// The accountant's number.
    pub number: MandateNumber,
    /// The reference of the call that it answers.
    pub answered: Option<String>,
    pub left: Cents,
}

impl ExpectedReceipt {
    /// Whether a payer's line that names nothing may be this mandate's money, with that of others perhaps, rather than the call's.
    pub(super) fn may_be(&self, payer: PartyId, cents: Cents, call: &str) -> bool {
        let may = match &self.answered {
            Some(answered) => answered == call || self.left == cents,
            None => self.left <= cents,
        };
        self.left.is_positive() && self.party == payer && may
    }
}

/// What a line brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReceiptAllocation {
    pub id: Uuid,
    pub party: PartyId,
    pub reference: String,
    /// Of what was awaited.
    pub cents: Cents,
    pub rest: Cents,
}

/// What a line says that may be of mandates.
struct RemittanceInfo {
    texts: Vec<Vec<RemittanceWord>>,
    /// The calls that it quotes.
    calls: Vec<String>,
    /// Whose they are.
    called: Vec<PartyId>,
    /// The funders that registered the account it comes from: some share one.
    payers: Vec<PartyId>,
    cents: Cents,
}

impl RemittanceInfo {
    fn of(line: &StatementLine, candidates: &MatchCandidates) -> Self {
        let calls: Vec<String> = line.references().iter().map(ToString::to_string).collect();
        let called = calls.iter().filter_map(|reference| candidates.calls.get(reference));
        Self {
            texts: line.texts().map(words).collect(),
            called: called.map(|call| call.funder).collect(),
            calls,
            payers: candidates.payers_of(line).to_vec(),
            cents: line.cents,
        }
    }

    /// Whether it quotes the call that a mandate answers.
    fn quotes(&self, answered: Option<&String>) -> bool {
        answered.is_some_and(|call| self.calls.contains(call))
    }

    /// Whoever quotes a call of another funder does not pay this mandate.
    fn is_of(&self, expected: &ExpectedReceipt) -> bool {
        expected.left.is_positive() && self.called.iter().all(|funder| *funder == expected.party)
    }

    /// Whether it pays this mandate, as far as can be known.
    fn pays(&self, expected: &ExpectedReceipt) -> bool {
        let own = self.payers.contains(&expected.party);
        if !self.is_of(expected) || !(own || self.payers.is_empty()) {
            return false;
        }
        self.quotes(expected.answered.as_ref())
            || match self.naming(&expected.number) {
                None => false,
                Some(Naming::Whole) => true,
                Some(Naming::Number) => own || expected.left == self.cents,
            }
    }

    /// How the texts name it: the one that says most is believed.
    fn naming(&self, number: &MandateNumber) -> Option<Naming> {
        let mut found = None;
        for naming in self.texts.iter().filter_map(|text| number.named_in(text)) {
            if matches!(naming, Naming::Whole) {
                return Some(naming);
            }
            found = Some(naming);
        }
        found
    }

    /// Whether it speaks of this mandate at all.
    fn names(&self, expected: &ExpectedReceipt) -> bool {
        self.is_of(expected) && (self.quotes(expected.answered.as_ref()) || self.naming(&expected.number).is_some())
    }
}

/// The rule `mandate`.
pub(super) fn mandate(line: &StatementLine, candidates: &mut MatchCandidates) -> Option<ReceiptAllocation> {
    let info = RemittanceInfo::of(line, candidates);
    take(line, candidates, |expected| info.pays(expected))
}

/// Whether a line that quotes a call may bring the money of mandates, which counts already: it names one, or they answer the call.
pub(super) fn speaks_of_mandates(line: &StatementLine, candidates: &MatchCandidates) -> bool {
    let info = RemittanceInfo::of(line, candidates);
    candidates.expected.iter().any(|expected| info.names(expected))
}

/// The one that is named; of several, the one of exactly this amount; else it is for a person to say.
fn take(
    line: &StatementLine,
    candidates: &mut MatchCandidates,
    names: impl Fn(&ExpectedReceipt) -> bool,
) -> Option<ReceiptAllocation> {
    if !line.cents.is_positive() || line.return_reason.is_some() {
        return None;
    }
    let mut found: Vec<&mut ExpectedReceipt> = candidates
        .expected
        .iter_mut()
        .filter(|expected| expected.left.is_positive() && names(expected))
        .collect();
    if found.len() > 1 {
        found.retain(|expected| expected.left == line.cents);
    }
    let [expected] = &mut found[..] else { return None };
    let cents = line.cents.min(expected.left);
    let rest = line.cents.checked_sub(cents)?;
    expected.left = expected.left.checked_sub(cents)?;
    Some(ReceiptAllocation {
        id: expected.id,
        party: expected.party,
        reference: expected.reference.clone(),
        cents,
        rest,
    })
}

impl ReceiptAllocation {
    /// The kind of our item and its id.
    pub(super) const fn item(&self) -> (&'static str, Uuid) {
        ("mandate", self.id)
    }

    /// The event that it books, named by its line.
    pub(super) fn posting(&self, line: Uuid) -> Result<Posting, BookError> {
        let bank = Account::bank();
        let event = Event::new(EventKind::MandateReceived, line).reference(self.reference.clone());
        let mut event = event.leg(
            TransferKind::MandateReceived,
            bank,
            Account::receivable(self.party),
            self.cents,
        )?;
        if self.rest.is_positive() {
            event = event.leg(TransferKind::Received, bank, Account::deposited(self.party), self.rest)?;
        }
        Ok(event.posting()?)
    }

    /// Keeps which line brought what.
    pub(super) async fn keep(
        &self,
        tx: &mut PgTransaction<'_>,
        statement: StatementId,
        line: i32,
    ) -> Result<(), sqlx::Error> {
        receipt::insert(tx, self.id, (statement, line), self.cents, self.rest).await
    }
}

/// Mandates that are not all paid: hundreds at most.
pub(super) async fn read(tx: &mut PgTransaction<'_>) -> Result<Vec<ExpectedReceipt>, sqlx::Error> {
    let mandates = sqlx::query!(
        r#"select m.id as "id!", m.funder_id as "funder!: PartyId", m.year as "year!", m.bordereau, m.number as "number!",
               m.reference as "reference!", m.awaited_cents as "left!: Cents", k.reference as "call?"
           from funding.mandate_state m left join funding.call k on k.id = m.call_id
           where m.awaited_cents > 0 order by m.id"#
    )
    .fetch_all(&mut **tx)
    .await?;
    let mandates = mandates.into_iter().filter_map(|row| {
        Some(ExpectedReceipt {
            id: row.id,
            party: row.funder,
            number: MandateNumber::parse(row.year, row.bordereau.as_deref(), &row.number)?,
            answered: row.call,
            reference: row.reference,
            left: row.left,
        })
    });
    Ok(mandates.collect())
}
