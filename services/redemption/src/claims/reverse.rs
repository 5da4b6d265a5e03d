//! Undoing a claim, once: the structure gives the vouchers back, whatever became of them since.
//!
//! | the claim was | the voucher is | moves |
//! |---|---|---|
//! | not settled | alive | payable → voucher |
//! | not settled | revoked, expired, or its evidence disclosed | payable → voucher → refundable of each funder, in the shares paid |
//! | settled | … | the same from recoverable: the next payment is so much less |
//! | in a payment that came back after a deduction | … | the same, as far as payable does not hold the whole claim |
//!
//! **Disclosed evidence.** Once what a claim was shown goes out in clear, to auditors or a liquidator ([`disclosure`]),
//! whoever reads it could spend a voucher that came back to life. So it does not: its value goes to the funders, and the person gets a
//! replacement from who gave the booklet. The same holds once [`REVERSAL_DAYS`] have passed since the claim.
//!
//! The last line: a payment that a debt had made smaller, and that came back, leaves less to its structure than its claims. Undoing one of
//! them makes a debt again.
//!
//! **Facts under locks.** Whether a claim was settled and whether a voucher was blocked are other services' facts. Both
//! services lock the accounts they move (payable, voucher) before they write their fact, so a statement that reads after
//! [`ledger::lock`] returned sees the last word.

use bounds::{Reason, TextKind};
use database::{Rejection, UseCaseError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use access::{Caller, Role, audit};
use catalogue::ProgrammeId;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::read::Opening;
use ledger::{
    Account, AccountNumber, BookId, EventKind, Outcome, PartyId, PostError, Posting, Transfer, TransferId, TransferKind,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::claims::claim::{blocks, transfer_id};
use crate::claims::disclosure;
use crate::claims::read_claims::{Receipt, receipts};
use crate::{ids::ClaimId, ids::ReversalId};

/// Days after a claim within which its reversal gives the person the voucher back: evidence older than that is no secret by plan
/// (exports, a liquidator's file).
pub const REVERSAL_DAYS: i64 = 60;

/// A reversal to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReversal {
    /// Made by the caller.
    pub id: ReversalId,
    /// Why; names no person.
    #[schema(value_type = Reason)]
    pub reason: String,
}

/// A claim undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reversal {
    pub claim_id: ClaimId,
    pub at: DateTime<Utc>,
    /// Vouchers that can be spent again.
    pub vouchers_alive: i32,
    /// Vouchers revoked or expired since, or whose evidence others may have read: their value went back to the funders, and a person who
    /// still needs it is given a replacement.
    pub vouchers_dead: i32,
    /// Whether the structure had been paid: its next payment is so much less.
    pub after_settlement: bool,
}

#[derive(Debug)]
pub enum ReverseRejection {
    /// Or somebody else's.
    NoClaim,
    Reason,
    /// Under another id.
    Already(DateTime<Utc>),
}

impl Rejection for ReverseRejection {}

impl From<ReverseRejection> for Problem {
    fn from(rejection: ReverseRejection) -> Self {
        match rejection {
            ReverseRejection::NoClaim => Self::not_found("Cet encaissement"),
            ReverseRejection::Reason => Self::refused("reason", "Le motif ne convient pas.").detail(format!(
                "« reason » : donnez un motif de {} caractères au plus, sans nommer personne.",
                Reason::CHARS_MAX
            )),
            ReverseRejection::Already(at) => Self::refused("already-reversed", "Cet encaissement est déjà annulé.")
                .detail("Un encaissement ne s'annule qu'une fois. Il n'y a rien à faire.")
                .with("reversed_at", at),
        }
    }
}

/// Undoes a claim of the caller's (any claim, if it is the operator), once.
pub async fn reverse(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    claim: ClaimId,
    new: &NewReversal,
    at: DateTime<Utc>,
) -> Result<Created<Reversal>, UseCaseError<ReverseRejection>> {
    let reason = new.reason.trim();
    if !Reason::fits(reason) {
        return Err(ReverseRejection::Reason.into());
    }
    let book = programme.book();
    disclosure::hold_off(tx, book).await?;
    let receipt = receipts(&mut *tx, book, &[claim.uuid()])
        .await?
        .remove(&claim)
        .filter(|receipt| who.has(Role::Operator) || receipt.structure_id.organisation() == who.organisation());
    let receipt = receipt.ok_or(ReverseRejection::NoClaim)?;
    let numbers: Vec<AccountNumber> = receipt
        .vouchers
        .iter()
        .map(|voucher| AccountNumber::voucher(voucher.series, voucher.idx))
        .collect();
    // Openings never change, so they may be read before the locks that they help to name.
    let openings = ledger::read::openings(&mut *tx, book, &numbers).await?;
    ledger::lock(tx, &accounts(book, &receipt, &numbers, &openings)).await?;
    if let Some(before) = reversed_before(tx, who, book, claim, new, reason).await? {
        return Ok(Created::Existing(before));
    }
    let settled = is_settled(tx, book, claim).await?;
    let disclosed =
        disclosure::is_disclosed(tx, book, claim).await? || at - receipt.at >= TimeDelta::days(REVERSAL_DAYS);
    let dead = dead(tx, book, &numbers, disclosed).await?;
    let structure = receipt.structure_id.party();
    let owed = ledger::read::balance(tx, Account::payable(book, structure)).await?;
    // Its payment may have come back reduced by an earlier debt: what is not owed any more cannot be taken from there.
    let from = if settled || owed < receipt.total {
        Account::recoverable(book, structure)
    } else {
        Account::payable(book, structure)
    };
    let posting = posting(book, &receipt, from, &dead, &openings);
    match ledger::post(tx, &[posting], at).await?.pop() {
        Some(Outcome::Posted) => {}
        Some(Outcome::Rejected(rejection)) => return Err(UseCaseError::failed(rejection)),
        Some(Outcome::AlreadyPosted) | None => return Err(PostError::Inconsistent("a reversal without its row").into()),
    }
    let vouchers_dead = i32::try_from(dead.len()).expect("at most 50 vouchers");
    let vouchers_alive = i32::try_from(numbers.len()).expect("at most 50 vouchers") - vouchers_dead;
    let reversal = Reversal {
        claim_id: claim,
        at,
        vouchers_alive,
        vouchers_dead,
        after_settlement: settled,
    };
    insert(tx, who, book, new.id, reason, &reversal).await?;
    audit(
        tx,
        who,
        at,
        "claim.reverse",
        Some(claim.uuid()),
        json!({ "id": new.id, "programme": programme }),
    )
    .await?;
    Ok(Created::New(reversal))
}

/// All that may be moved, whatever the facts turn out to be: a second call could wait out of order.
fn accounts(
    book: BookId,
    receipt: &Receipt,
    numbers: &[AccountNumber],
    openings: &HashMap<AccountNumber, Vec<Opening>>,
) -> Vec<Account> {
    let structure = receipt.structure_id.party();
    let funders: BTreeSet<PartyId> = openings.values().flatten().map(|opening| opening.funder).collect();
    numbers
        .iter()
        .map(|number| Account::voucher(book, *number))
        .chain([Account::payable(book, structure), Account::recoverable(book, structure)])
        .chain(funders.into_iter().map(|funder| Account::refundable(book, funder)))
        .collect()
}

fn posting(
    book: BookId,
    receipt: &Receipt,
    from: Account,
    dead: &BTreeMap<AccountNumber, TransferKind>,
    openings: &HashMap<AccountNumber, Vec<Opening>>,
) -> Posting {
    let claim = receipt.claim_id;
    let transfer = |id, kind, debit, credit, cents: Cents| {
        Transfer::new(id, kind, debit, credit, cents).expect("what was claimed goes back")
    };
    let mut transfers = Vec::new();
    for voucher in &receipt.vouchers {
        let number = AccountNumber::voucher(voucher.series, voucher.idx);
        let account = Account::voucher(book, number);
        let parts = (*claim.uuid().as_bytes(), number.get().to_be_bytes());
        let id = TransferId::derive(b"claim-reversed", &[&parts.0, &parts.1]);
        let back = transfer(id, TransferKind::ClaimReversed, from, account, voucher.value);
        transfers.push(back.reversing(transfer_id(claim, number)));
        let Some(&kind) = dead.get(&number) else { continue };
        for opening in openings
            .get(&number)
            .into_iter()
            .flatten()
            .filter(|opening| opening.cents.is_positive())
        {
            let funder = opening.funder.uuid();
            let id = TransferId::derive(b"claim-reversed-dead", &[&parts.0, &parts.1, funder.as_bytes()]);
            transfers.push(transfer(
                id,
                kind,
                account,
                Account::refundable(book, opening.funder),
                opening.cents,
            ));
        }
    }
    let event = EventKind::reversal(book, claim.uuid());
    Posting::new(event, transfers).expect("at most 50 vouchers of at most 32 funders")
}

/// The same reversal again is answered; another one is told so.
async fn reversed_before(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    book: BookId,
    claim: ClaimId,
    new: &NewReversal,
    reason: &str,
) -> Result<Option<Reversal>, UseCaseError<ReverseRejection>> {
    let known = sqlx::query!(
        r#"select id as "id: ReversalId", reason, by_organisation, at, vouchers_alive, vouchers_dead, after_settlement
           from redemption.reversal where book_id = $1 and claim_id = $2"#,
        book.uuid(),
        claim.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(known) = known else { return Ok(None) };
    if known.id != new.id {
        return Err(ReverseRejection::Already(known.at).into());
    }
    if known.reason != reason || known.by_organisation != who.organisation().uuid() {
        return Err(UseCaseError::IdReused);
    }
    Ok(Some(Reversal {
        claim_id: claim,
        at: known.at,
        vouchers_alive: known.vouchers_alive,
        vouchers_dead: known.vouchers_dead,
        after_settlement: known.after_settlement,
    }))
}

async fn is_settled(tx: &mut PgTransaction<'_>, book: BookId, claim: ClaimId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from funding.settled_claim where book_id = $1 and claim_id = $2) as "settled!""#,
        book.uuid(),
        claim.uuid(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// The vouchers that must not come back to life, and by what their value goes to the funders.
async fn dead(
    tx: &mut PgTransaction<'_>,
    book: BookId,
    numbers: &[AccountNumber],
    disclosed: bool,
) -> Result<BTreeMap<AccountNumber, TransferKind>, sqlx::Error> {
    let blocks = blocks(&mut *tx, book, numbers).await?;
    let why = |block: Option<&str>| match block {
        Some("revoked") => Some(TransferKind::ReversedRevoked),
        Some(_) => Some(TransferKind::ReversedExpired),
        None => disclosed.then_some(TransferKind::ReversedDisclosed),
    };
    Ok(blocks
        .into_iter()
        .filter_map(|(number, block)| Some((number, why(block.as_deref())?)))
        .collect())
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    book: BookId,
    id: ReversalId,
    reason: &str,
    reversal: &Reversal,
) -> Result<(), UseCaseError<ReverseRejection>> {
    sqlx::query!(
        "insert into redemption.reversal
             (book_id, claim_id, id, reason, by_organisation, at, vouchers_alive, vouchers_dead, after_settlement)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        book.uuid(),
        reversal.claim_id.uuid(),
        id.uuid(),
        reason,
        who.organisation().uuid(),
        reversal.at,
        reversal.vouchers_alive,
        reversal.vouchers_dead,
        reversal.after_settlement,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "reversal_id_unique") => UseCaseError::IdReused,
        error => error.into(),
    })?;
    Ok(())
}
