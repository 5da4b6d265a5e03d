//! Our own items that a statement's lines may be.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use ledger::PartyId;
use sqlx::PgTransaction;
use standards::{Cents, calendar};
use uuid::Uuid;

use crate::bank::statement::expected_receipt::{self, ExpectedReceipt};
use crate::bank::statement::statement_line::StatementLine;
use crate::{bank::tolerance, support::ids::CallId, support::ids::PaymentId};

/// A payment that the statement names, or that is under way.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own that the bank may have given"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PaymentCandidate {
    pub party: PartyId,
    pub cents: Cents,
    /// The settlement or refund whose file it is in.
    pub file: Uuid,
    pub message_id: String,
    pub iban: String,
    /// When the bank should debit it.
    pub execute_on: NaiveDate,
    pub refund: bool,
    pub debited: bool,
    pub returned: bool,
    /// Before its debit: no line can be it any more.
    pub rejected: bool,
}

/// A call for funds that the statement quotes, or of a funder that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallCandidate {
    pub id: CallId,
    pub funder: PartyId,
    /// What has not arrived yet.
    pub left: Cents,
    /// Where the funder said that it pays from.
    pub iban: String,
    pub called_on: NaiveDate,
    pub due_on: NaiveDate,
}

#[derive(Debug, Default)]
pub(super) struct MatchCandidates {
    pub payments: BTreeMap<PaymentId, PaymentCandidate>,
    pub calls: BTreeMap<String, CallCandidate>,
    /// What the bank may take beyond a payment that it names.
    pub tolerance: Cents,
    /// Mandates and invoices that are not all paid.
    pub expected: Vec<ExpectedReceipt>,
    /// The funders that pay from an account, of the accounts that the statement names.
    pub payers: BTreeMap<String, Vec<PartyId>>,
}

impl MatchCandidates {
    /// The funders that registered the account from which a line comes: some share one.
    pub(super) fn payers_of(&self, line: &StatementLine) -> &[PartyId] {
        let account = line.counterparty.as_ref();
        let payers = account.and_then(|account| self.payers.get(account));
        payers.map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a line comes from an account that others registered, and this funder did not.
    pub(super) fn is_of_another_funder(&self, line: &StatementLine, funder: PartyId) -> bool {
        let payers = self.payers_of(line);
        !payers.is_empty() && !payers.contains(&funder)
    }
}

pub(super) async fn read(tx: &mut PgTransaction<'_>, lines: &[StatementLine]) -> Result<MatchCandidates, sqlx::Error> {
    let named: Vec<Uuid> = lines
        .iter()
        .filter_map(|line| line.payment().map(PaymentId::uuid))
        .collect();
    let quoted: Vec<String> = lines
        .iter()
        .flat_map(StatementLine::references)
        .map(|reference| reference.as_str().to_owned())
        .collect();
    let payers: Vec<String> = lines
        .iter()
        .filter(|line| line.cents.is_positive())
        .filter_map(|line| line.counterparty.clone())
        .collect();
    Ok(MatchCandidates {
        payments: payments(tx, &named).await?,
        calls: calls(tx, &quoted, &payers).await?,
        tolerance: tolerance::read(tx).await?.amount,
        expected: expected_receipt::read(tx).await?,
        payers: registered(tx, &payers).await?,
    })
}

async fn payments(
    tx: &mut PgTransaction<'_>,
    named: &[Uuid],
) -> Result<BTreeMap<PaymentId, PaymentCandidate>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select p.id as "id: PaymentId", p.party_id as "party: PartyId", p.cents as "cents: Cents",
               coalesce(p.settlement_id, p.refund_id) as "file!", coalesce(s.message_id, r.message_id) as "message_id!",
               p.iban, coalesce(s.execute_on, r.execute_on) as "execute_on!",
               p.refund_id is not null as "refund!", debited.payment_id is not null as "debited!",
               returned.payment_id is not null as "returned!", rejected.payment_id is not null as "rejected!"
           from funding.payment p
           left join funding.settlement s on s.id = p.settlement_id
           left join funding.refund r on r.id = p.refund_id
           left join funding.payment_answer debited on debited.payment_id = p.id and debited.answer = 'debited'
           left join funding.payment_answer returned on returned.payment_id = p.id and returned.answer = 'returned'
           left join funding.payment_answer rejected on rejected.payment_id = p.id and rejected.answer = 'rejected'
           where (p.id = any($1) or (debited.payment_id is null and rejected.payment_id is null))
               -- What nobody has approved is not at the bank: a line that names it is for a person.
               and not exists (select from funding.payment_order_waiting w where w.order_id = coalesce(p.settlement_id, p.refund_id))"#,
        named,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let payment = PaymentCandidate {
                party: row.party,
                cents: row.cents,
                file: row.file,
                message_id: row.message_id,
                iban: row.iban,
                execute_on: row.execute_on,
                refund: row.refund,
                debited: row.debited,
                returned: row.returned,
                rejected: row.rejected,
            };
            (row.id, payment)
        })
        .collect())
}

/// Those that are quoted, and those of the payers that are not paid in full.
async fn calls(
    tx: &mut PgTransaction<'_>,
    quoted: &[String],
    payers: &[String],
) -> Result<BTreeMap<String, CallCandidate>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select k.reference, k.id as "id: CallId", c.funder_id as "funder: PartyId", f.iban, k.called_at, k.due_on,
               (k.cents - coalesce(p.cents, 0)) as "left!: Cents"
           from funding.call k
           join funding.convention c on c.id = k.convention_id
           join funding.funder f on f.id = c.funder_id
           left join funding.call_paid p on p.call_id = k.id
           where k.reference = any($1) or (f.iban = any($2) and k.cents > coalesce(p.cents, 0))"#,
        quoted,
        payers,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let call = CallCandidate {
                id: row.id,
                funder: row.funder,
                left: row.left,
                iban: row.iban,
                called_on: calendar::paris_date(row.called_at),
                due_on: row.due_on,
            };
            (row.reference, call)
        })
        .collect())
}

async fn registered(
    tx: &mut PgTransaction<'_>,
    accounts: &[String],
) -> Result<BTreeMap<String, Vec<PartyId>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select iban, id as "funder: PartyId" from funding.funder where iban = any($1)"#,
        accounts,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut registered = BTreeMap::<String, Vec<PartyId>>::new();
    for row in rows {
        registered.entry(row.iban).or_default().push(row.funder);
    }
    Ok(registered)
}
