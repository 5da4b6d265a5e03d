//! One transaction for the claims of one book that were waiting at the same moment.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger::{AccountNumber, BookId, Outcome, PostError, Posting};
use sqlx::{PgPool, PgTransaction};
use uuid::Uuid;
use web::Created;

use super::fault::Fault;
use super::refusal_diagnosis::RefusalDiagnosis;
use super::validated_claim::ValidatedClaim;
use crate::claims::read_claims::{Receipt, receipts};
use crate::{ids::ClaimId, ids::StructureId};

/// Times that a batch begins again because one of its ids was booked elsewhere at the same moment.
const RACES_MAX: u32 = 3;

/// What becomes of one claim.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// It is in the books.
    Booked(Created<Receipt>),
    /// The id names another claim.
    OtherContent,
    /// The organisation is no accredited structure.
    NotAccredited,
    /// The structure is suspended.
    Suspended,
    /// These vouchers cannot be spent.
    Refused(Vec<(AccountNumber, Fault)>),
}

/// Why a whole batch was not decided.
#[derive(Debug, thiserror::Error)]
pub(super) enum DecideError {
    /// An id was booked by somebody else after it was looked up: begin again, and it is known.
    #[error("a claim of the same id was booked at the same moment")]
    Conflict,
    /// The books refused what they had admitted.
    #[error("posting")]
    Post(#[from] PostError),
    #[error("a refusal of claim {0} that nothing explains: {1}")]
    Unexplained(ClaimId, ledger::Rejection),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl DecideError {
    /// Whether one claim of the batch may be to blame, so that the others deserve a try of their own.
    pub(super) fn may_be_one_claims_fault(&self) -> bool {
        match self {
            Self::Database(error) | Self::Post(PostError::Database(error)) => error.as_database_error().is_some(),
            _ => true,
        }
    }
}

/// Decides claims of one book with different ids, in order of arrival.
pub(super) async fn decide(
    pool: &PgPool,
    book: BookId,
    claims: &Arc<[Arc<ValidatedClaim>]>,
) -> Result<Vec<Decision>, DecideError> {
    let mut races = 0;
    loop {
        let result = database::transaction(pool, "claim", |tx| {
            let claims = Arc::clone(claims);
            Box::pin(async move { decide_in(tx, book, &claims).await })
        })
        .await;
        match result {
            Err(DecideError::Conflict) if races < RACES_MAX => races += 1,
            result => return result,
        }
    }
}

async fn decide_in(
    tx: &mut PgTransaction<'_>,
    book: BookId,
    claims: &[Arc<ValidatedClaim>],
) -> Result<Vec<Decision>, DecideError> {
    // One instant for the batch: the latest, so that no entry is older than what it waited for.
    let at = claims.iter().map(|claim| claim.at).max().unwrap_or_default();
    let ids: Vec<Uuid> = claims.iter().map(|claim| claim.id().uuid()).collect();
    let known = receipts(&mut *tx, book, &ids).await?;
    let standing = standing(tx, claims).await?;
    let mut decisions: Vec<Option<Decision>> = claims
        .iter()
        .map(|claim| before_posting(claim, &known, &standing))
        .collect();
    let candidates: Vec<usize> = (0..claims.len()).filter(|&place| decisions[place].is_none()).collect();
    if !candidates.is_empty() {
        let posted = post(tx, book, claims, &candidates, at).await?;
        for (place, decision) in candidates.into_iter().zip(posted) {
            decisions[place] = Some(decision);
        }
    }
    Ok(decisions
        .into_iter()
        .map(|decision| decision.expect("every candidate was posted"))
        .collect())
}

fn before_posting(
    claim: &ValidatedClaim,
    known: &HashMap<ClaimId, Receipt>,
    standing: &HashMap<StructureId, Standing>,
) -> Option<Decision> {
    if let Some(receipt) = known.get(&claim.id()) {
        return Some(booked_before(claim, receipt));
    }
    match standing.get(&claim.structure) {
        None => Some(Decision::NotAccredited),
        Some(Standing { suspended: true }) => Some(Decision::Suspended),
        Some(Standing { suspended: false }) => None,
    }
}

fn booked_before(claim: &ValidatedClaim, receipt: &Receipt) -> Decision {
    if claim.is(receipt) {
        Decision::Booked(Created::Existing(receipt.clone()))
    } else {
        Decision::OtherContent
    }
}

async fn post(
    tx: &mut PgTransaction<'_>,
    book: BookId,
    claims: &[Arc<ValidatedClaim>],
    candidates: &[usize],
    at: DateTime<Utc>,
) -> Result<Vec<Decision>, DecideError> {
    let candidates: Vec<&ValidatedClaim> = candidates.iter().map(|&place| &*claims[place]).collect();
    let postings: Vec<Posting> = candidates.iter().map(|claim| claim.posting()).collect();
    let outcomes = ledger::post(tx, &postings, at).await?;
    let of = |wanted: fn(&Outcome) -> bool| -> Vec<&ValidatedClaim> {
        candidates
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| wanted(outcome))
            .map(|(claim, _)| *claim)
            .collect()
    };
    insert(tx, book, &of(|outcome| *outcome == Outcome::Posted), at).await?;
    let ids: Vec<Uuid> = of(|outcome| *outcome != Outcome::Posted)
        .iter()
        .map(|claim| claim.id().uuid())
        .collect();
    // Whoever held the locks before us may have been the same claim.
    let known = if ids.is_empty() {
        HashMap::new()
    } else {
        receipts(&mut *tx, book, &ids).await?
    };
    let forged = of(|outcome| matches!(outcome, Outcome::Rejected(ledger::Rejection::OtherPaper(_))));
    for claim in &forged {
        // Nobody can do this without the signing key, or a code that this system gave out for another voucher.
        metrics::counter!("ccn_other_paper_total").increment(1);
        tracing::error!(
            claim = %claim.id(), structure = %claim.structure,
            "a good signature over what was never minted: the signing key may be stolen"
        );
    }
    let refused: Vec<AccountNumber> = of(|outcome| matches!(outcome, Outcome::Rejected(_)))
        .iter()
        .flat_map(|claim| claim.vouchers.iter().map(|voucher| voucher.number))
        .collect();
    let facts = if refused.is_empty() {
        None
    } else {
        Some(RefusalDiagnosis::read(&mut *tx, book, &refused).await?)
    };
    let decision = |(claim, outcome): (&&ValidatedClaim, &Outcome)| match (outcome, known.get(&claim.id()), &facts) {
        (Outcome::Posted, ..) => Ok(Decision::Booked(Created::New(claim.receipt(at)))),
        (_, Some(receipt), _) => Ok(booked_before(claim, receipt)),
        (Outcome::Rejected(rejection), None, Some(facts)) => match facts.faults(claim) {
            faults if faults.is_empty() => Err(DecideError::Unexplained(claim.id(), rejection.clone())),
            faults => Ok(Decision::Refused(faults)),
        },
        // Transfers without their claim: both are written by one transaction, so a later look finds it.
        (Outcome::AlreadyPosted | Outcome::Rejected(_), None, _) => Err(DecideError::Conflict),
    };
    candidates.iter().zip(&outcomes).map(decision).collect()
}

/// Whether an accredited structure may claim now.
struct Standing {
    suspended: bool,
}

/// The accredited ones among the structures that claim.
async fn standing(
    tx: &mut PgTransaction<'_>,
    claims: &[Arc<ValidatedClaim>],
) -> Result<HashMap<StructureId, Standing>, sqlx::Error> {
    let structures: Vec<Uuid> = claims.iter().map(|claim| claim.structure.uuid()).collect();
    let rows = sqlx::query!(
        r#"select a.structure_id as "structure_id: StructureId",
               exists (select from redemption.suspension s where s.structure_id = a.structure_id and s.lifted_at is null)
                   as "suspended!"
           from redemption.accreditation a where a.structure_id = any($1)"#,
        &structures,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.structure_id,
                Standing {
                    suspended: row.suspended,
                },
            )
        })
        .collect())
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    book: BookId,
    claims: &[&ValidatedClaim],
    at: DateTime<Utc>,
) -> Result<(), DecideError> {
    if claims.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = claims.iter().map(|claim| claim.id().uuid()).collect();
    let requests: Vec<Uuid> = claims.iter().map(|claim| claim.request.uuid()).collect();
    let structures: Vec<Uuid> = claims.iter().map(|claim| claim.structure.uuid()).collect();
    let services: Vec<String> = claims.iter().map(|claim| claim.service.clone()).collect();
    let status_lists: Vec<Option<DateTime<Utc>>> = claims.iter().map(|claim| claim.status_list_at).collect();
    let dates: Vec<_> = claims.iter().map(|claim| claim.date).collect();
    // PostgreSQL has no ragged arrays: all vouchers in one, and which claim each is of in another.
    let vouchers = || {
        claims
            .iter()
            .zip(&ids)
            .flat_map(|(claim, id)| claim.vouchers.iter().map(move |voucher| (id, voucher)))
    };
    let owners: Vec<Uuid> = vouchers().map(|(id, _)| *id).collect();
    let numbers: Vec<i64> = vouchers().map(|(_, voucher)| voucher.number.get()).collect();
    let values: Vec<i64> = vouchers().map(|(_, voucher)| voucher.value.get()).collect();
    let evidence: Vec<Vec<u8>> = vouchers().map(|(_, voucher)| voucher.sealed.clone()).collect();
    let inserted = sqlx::query!(
        "insert into redemption.claim
             (book_id, id, request_id, structure_id, service, service_date, numbers, face_values, cents, evidence, at,
                 status_list_at)
         select $1, c.id, c.request_id, c.structure_id, c.service, c.service_date, v.numbers, v.face_values, v.cents,
             v.evidence, $2,
             c.status_list_at
         from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::date[], $11::timestamptz[])
             as c (id, request_id, structure_id, service, service_date, status_list_at)
         join (
             select u.claim_id, array_agg(u.number order by u.number) as numbers,
                 array_agg(u.cents order by u.number) as face_values,
                 array_agg(u.evidence order by u.number) as evidence, sum(u.cents)::bigint as cents
             from unnest($8::uuid[], $9::bigint[], $10::bigint[], $12::bytea[]) as u (claim_id, number, cents, evidence)
             group by u.claim_id
         ) v on v.claim_id = c.id
         on conflict (book_id, id) do nothing",
        book.uuid(),
        at,
        &ids,
        &requests,
        &structures,
        &services,
        &dates,
        &owners,
        &numbers,
        &values,
        &status_lists as &[Option<DateTime<Utc>>],
        &evidence,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if inserted == claims.len() as u64 {
        Ok(())
    } else {
        Err(DecideError::Conflict)
    }
}
