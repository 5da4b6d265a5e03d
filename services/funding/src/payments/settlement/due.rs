//! What is due, read under the locks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger::{Account, BookId, PartyId};
use sqlx::PgTransaction;
use standards::written::words::words;
use standards::{Bic, Cents, Iban};
use uuid::Uuid;
use voucher::EvidenceKeys;

use crate::payments::settlement::due_claim::DueClaim;
use crate::payments::settlement::evidence;
use crate::payments::settlement::limit::{self, HoldReason, WithheldClaims};
use crate::payments::settlement::reasons::{Blamed, blamed};
use crate::support::booking::BookError;
use crate::support::ids::MandateId;

/// Where a structure's payment goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payee {
    pub holder: String,
    pub iban: Iban,
    pub bic: Option<Bic>,
}

/// A payment that the bank sent back or rejected for a reason of the payee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FailedPayment {
    pub payee: Payee,
    pub blamed: Blamed,
}

impl FailedPayment {
    /// Whether a payment to `payee` would fail for the same reason. A closed account stays closed when its holder is spelt otherwise or its
    /// BIC is another; a name that is not the account's is mended by another name.
    fn would_fail_again(&self, payee: &Payee) -> bool {
        // The payment file has no accents: one that was put right changes nothing for the bank.
        let same_holder = || words(&self.payee.holder) == words(&payee.holder);
        self.payee.iban == payee.iban && (self.blamed == Blamed::Account || same_holder())
    }
}

/// All that is needed to decide.
#[derive(Debug, Default)]
pub(super) struct SettlementFacts {
    pub dues: Vec<DueClaim>,
    /// Structures that can be paid; one without usable details is missing.
    pub payees: BTreeMap<PartyId, Payee>,
    /// Of each account that a structure was paid on, the last payment, if it failed because of it or of its holder.
    pub failed: BTreeMap<PartyId, Vec<FailedPayment>>,
    /// What the books say is to be taken back.
    pub recoverable: BTreeMap<(BookId, PartyId), Cents>,
    /// Claims whose money is not there, or that prove nothing.
    pub withheld: WithheldClaims,
    /// The oldest awaited mandate of the funders that are waited for.
    pub mandates: BTreeMap<PartyId, MandateId>,
}

impl SettlementFacts {
    /// Whether its account is known, and the last payment to it did not fail because of it.
    fn can_be_paid(&self, structure: PartyId) -> bool {
        let payee = self.payees.get(&structure);
        payee.is_some_and(|payee| !would_fail_again(&self.failed, structure, payee))
    }
}

pub(super) fn would_fail_again(
    failed: &BTreeMap<PartyId, Vec<FailedPayment>>,
    structure: PartyId,
    payee: &Payee,
) -> bool {
    let failed = failed.get(&structure);
    failed.is_some_and(|failed| failed.iter().any(|one| one.would_fail_again(payee)))
}

/// Locks every account that the settlement can touch, then reads: what was committed while waiting is seen, what
/// comes later waits.
pub(super) async fn lock_and_read(
    tx: &mut PgTransaction<'_>,
    evidence_keys: &Arc<EvidenceKeys>,
    cutoff: DateTime<Utc>,
) -> Result<SettlementFacts, BookError> {
    let expected = dues(tx, cutoff).await?;
    let judged = evidence::judge(tx, evidence_keys, &expected).await?;
    for ((book, claim), fault) in judged.faults() {
        metrics::counter!("ccn_unproven_claims_total").increment(1);
        tracing::error!(%book, %claim, ?fault, "a claim that is due does not prove that its vouchers were presented: it is not paid");
    }
    let pairs: BTreeSet<(BookId, PartyId)> = expected.iter().map(|due| (due.book, due.structure)).collect();
    ledger::lock(tx, &accounts(&pairs)).await?;
    let mut dues = dues(tx, cutoff).await?;
    // A structure that claimed for the first time meanwhile is not locked, and what became due meanwhile (its payment came back) was not
    // looked at: their turn is the next settlement.
    dues.retain(|due| pairs.contains(&(due.book, due.structure)) && judged.covers(due));
    let structures: Vec<Uuid> = pairs
        .iter()
        .map(|(_, structure)| structure.uuid())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut facts = SettlementFacts {
        dues,
        payees: payees(tx, &structures).await?,
        failed: failed(tx, &structures).await?,
        recoverable: recoverable(tx, &pairs).await?,
        ..SettlementFacts::default()
    };
    let unproven = |due: &&DueClaim| !judged.proves(due);
    let payable: Vec<&DueClaim> = facts
        .dues
        .iter()
        .filter(|due| facts.can_be_paid(due.structure) && !unproven(due))
        .collect();
    let (mut withheld, mandates) = limit::unfunded_claims(tx, &payable).await?;
    let held = facts.dues.iter().filter(unproven);
    withheld.extend(held.map(|due| ((due.book, due.claim), HoldReason::Evidence)));
    (facts.withheld, facts.mandates) = (withheld, mandates);
    Ok(facts)
}

fn accounts(pairs: &BTreeSet<(BookId, PartyId)>) -> Vec<Account> {
    let mut accounts = vec![Account::clearing(BookId::fund())];
    for &(book, structure) in pairs {
        accounts.push(Account::clearing(book));
        accounts.push(Account::payable(book, structure));
        accounts.push(Account::recoverable(book, structure));
        accounts.push(Account::in_transit(structure));
    }
    accounts
}

async fn dues(tx: &mut PgTransaction<'_>, cutoff: DateTime<Utc>) -> Result<Vec<DueClaim>, sqlx::Error> {
    sqlx::query_as!(
        DueClaim,
        r#"with covered as (
               select l.book_id, l.claim_id, sum(l.cents)::bigint as cents
               from funding.settlement_line l
               where not exists (
                   select from funding.payment_answer a where a.payment_id = l.payment_id and a.answer in ('returned', 'rejected'))
               group by l.book_id, l.claim_id
           ), claims as (
               select c.book_id, c.claim_id, c.structure_id, c.at,
                   case when c.reversed_at is null then c.cents else 0 end - coalesce(covered.cents, 0) as cents
               from redemption.claim_status c
               left join covered on covered.book_id = c.book_id and covered.claim_id = c.claim_id
           )
           select book_id as "book!: BookId", claim_id as "claim!", structure_id as "structure!: PartyId",
               cents as "cents!: Cents", at as "at!"
           from claims where cents < 0 or (cents > 0 and at < $1)
           order by structure_id, book_id, claim_id"#,
        cutoff,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Details that a payment file cannot carry (not an IBAN, outside SEPA) are no details.
fn payee(holder: Option<String>, iban: Option<String>, bic: Option<String>) -> Option<Payee> {
    let iban: Iban = iban?.parse().ok()?;
    let bic = bic.map(|bic| bic.parse()).transpose().ok()?;
    iban.is_sepa().then_some(Payee {
        holder: holder?,
        iban,
        bic,
    })
}

async fn payees(tx: &mut PgTransaction<'_>, structures: &[Uuid]) -> Result<BTreeMap<PartyId, Payee>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select structure_id as "structure!: PartyId", holder as "holder?", iban as "iban?", bic as "bic?"
           from redemption.payee where structure_id = any($1)"#,
        structures,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.structure, payee(row.holder, row.iban, row.bic)?)))
        .collect())
}

/// The payments that the bank sent back or rejected for a reason of the payee, and after which nothing else was paid to the same account.
async fn failed(
    tx: &mut PgTransaction<'_>,
    structures: &[Uuid],
) -> Result<BTreeMap<PartyId, Vec<FailedPayment>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select distinct on (p.party_id, p.iban) p.party_id as "structure: PartyId", p.holder, p.iban, p.bic, a.answer as "answer?",
               coalesce(a.reason, '') as "reason!", coalesce(l.own_reason, true) as "own_reason!"
           from funding.payment p
           left join funding.payment_answer a on a.payment_id = p.id and a.answer in ('returned', 'rejected')
           left join funding.payment_report_line l on l.report_id = a.report_id and l.line = a.line
           where p.party_id = any($1) and p.settlement_id is not null
               -- One that never reached the bank says nothing of the account.
               and a.decided_order_id is null
           order by p.party_id, p.iban, p.at desc, p.id"#,
        structures,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut failed: BTreeMap<PartyId, Vec<FailedPayment>> = BTreeMap::new();
    for row in rows {
        let blamed = row
            .answer
            .and_then(|answer| blamed(&answer, &row.reason, row.own_reason));
        let payee = payee(Some(row.holder), Some(row.iban), row.bic);
        if let Some((blamed, payee)) = blamed.zip(payee) {
            failed
                .entry(row.structure)
                .or_default()
                .push(FailedPayment { payee, blamed });
        }
    }
    Ok(failed)
}

async fn recoverable(
    tx: &mut PgTransaction<'_>,
    pairs: &BTreeSet<(BookId, PartyId)>,
) -> Result<BTreeMap<(BookId, PartyId), Cents>, sqlx::Error> {
    let accounts: Vec<Account> = pairs
        .iter()
        .map(|&(book, structure)| Account::recoverable(book, structure))
        .collect();
    let balances = ledger::read::balances(tx, &accounts).await?;
    Ok(pairs.iter().copied().zip(balances).collect())
}
