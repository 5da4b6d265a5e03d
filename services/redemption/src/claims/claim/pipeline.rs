//! The queue before the transaction: claims that wait at one moment go to PostgreSQL together.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger::{AccountNumber, BookId};
use sqlx::PgPool;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot};
use web::Created;

use super::caches::{CatalogueCache, KeyringCache};
use super::decide::{DecideError, Decision, decide};
use super::fault::BadVoucher;
use super::validate::{ClaimContext, Validation, validate};
use super::validated_claim::ValidatedClaim;
use super::{ClaimError, ClaimRejection, Claimant, NewClaim};
use crate::claims::read_claims::{Receipt, receipts};
use crate::claims::secrets::ClaimSecrets;

/// Claims decided in one transaction.
pub const BATCH_MAX: usize = 256;

/// Claims that may wait; beyond, a claim is refused with 503.
pub const QUEUE_MAX: usize = 4096;

/// Transactions at once. More than the machine can commit at once only makes batches smaller.
pub const WORKERS: usize = 4;

/// Where all front doors bring their claims: checks each, queues it, and waits for its decision.
pub struct ClaimPipeline {
    pool: PgPool,
    keys: KeyringCache,
    catalogue: CatalogueCache,
    secrets: ClaimSecrets,
    queue: mpsc::Sender<Job>,
}

/// A claim that waits for its decision.
struct Job {
    claim: Arc<ValidatedClaim>,
    reply: oneshot::Sender<Answer>,
}

/// The decision, or that there is none: logged where it failed.
type Answer = Result<Decision, Unavailable>;

#[derive(Debug, Clone, Copy)]
struct Unavailable;

impl std::fmt::Debug for ClaimPipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimPipeline").finish_non_exhaustive()
    }
}

impl ClaimPipeline {
    /// Starts the workers, which run until it is dropped. Call it inside a Tokio runtime.
    #[must_use]
    pub fn start(pool: &PgPool, host: voucher::Host, secrets: ClaimSecrets) -> Self {
        Self::with_limits(pool, host, secrets, WORKERS, QUEUE_MAX)
    }

    /// As [`start`](Self::start), with other limits: at least one worker, at least one place in the queue.
    #[must_use]
    pub fn with_limits(
        pool: &PgPool,
        host: voucher::Host,
        secrets: ClaimSecrets,
        workers: usize,
        queue_max: usize,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(queue_max.max(1));
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..workers.max(1) {
            let pool = pool.clone();
            tokio::spawn(work(Arc::clone(&waiting), move |jobs| answer(pool.clone(), jobs)));
        }
        Self {
            pool: pool.clone(),
            keys: KeyringCache::new(pool.clone(), host),
            catalogue: CatalogueCache::new(pool.clone()),
            secrets,
            queue,
        }
    }

    /// Claims vouchers for a structure: all of them or none.
    pub async fn claim(
        &self,
        who: Claimant,
        new: &NewClaim,
        at: DateTime<Utc>,
    ) -> Result<Created<Receipt>, ClaimError> {
        let mut result = self.checked_and_decided(who, new, at).await;
        if let Err(ClaimError::Rejected(ClaimRejection::Vouchers(bad))) = &mut result {
            for bad in bad {
                bad.short_code = bad.index.checked_sub(new.tokens.len());
            }
        }
        let outcome = match &result {
            Ok(Created::New(_)) => "claimed",
            Ok(Created::Existing(_)) => "before",
            Err(_) => "refused",
        };
        metrics::counter!("ccn_claims_total", "outcome" => outcome).increment(1);
        result
    }

    async fn checked_and_decided(
        &self,
        who: Claimant,
        new: &NewClaim,
        at: DateTime<Utc>,
    ) -> Result<Created<Receipt>, ClaimError> {
        let context = ClaimContext {
            pool: &self.pool,
            keys: &self.keys,
            catalogue: &self.catalogue,
            secrets: &self.secrets,
        };
        let claim = match validate(context, who, new, at).await? {
            Validation::Bookable(claim) => Arc::new(claim),
            Validation::OnlyIfBooked(claim, refusal) => return self.booked_or_refused(&claim, refusal).await,
        };
        let (reply, answer) = oneshot::channel();
        self.queue
            .try_send(Job {
                claim: Arc::clone(&claim),
                reply,
            })
            .map_err(|error| match error {
                TrySendError::Full(_) => ClaimRejection::Busy,
                TrySendError::Closed(_) => ClaimRejection::Unavailable,
            })?;
        // A worker that failed dropped its end: that is an answer too.
        let decision = answer
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(ClaimRejection::Unavailable)?;
        match decision {
            Decision::Booked(made) => Ok(made),
            Decision::OtherContent => Err(ClaimError::IdReused),
            Decision::NotAccredited => Err(ClaimRejection::NotAccredited.into()),
            Decision::Suspended => Err(ClaimRejection::Suspended.into()),
            Decision::Refused(faults) => {
                let position = |number: AccountNumber| {
                    let voucher = claim.vouchers.iter().find(|voucher| voucher.number == number);
                    voucher.map(|voucher| voucher.position)
                };
                let mut bad: Vec<BadVoucher> = faults
                    .into_iter()
                    .filter_map(|(number, fault)| Some(BadVoucher::new(position(number)?, fault)))
                    .collect();
                bad.sort_by_key(|bad| bad.index);
                Err(ClaimRejection::Vouchers(bad).into())
            }
        }
    }

    /// A retry gets what its claim got, however late it comes; a new claim, its refusal.
    async fn booked_or_refused(
        &self,
        claim: &ValidatedClaim,
        refusal: ClaimRejection,
    ) -> Result<Created<Receipt>, ClaimError> {
        let mut connection = self.pool.acquire().await?;
        let id = claim.id();
        let mut known = receipts(&mut connection, claim.book(), &[id.uuid()]).await?;
        match known.remove(&id) {
            None => Err(refusal.into()),
            Some(receipt) if claim.is(&receipt) => Ok(Created::Existing(receipt)),
            Some(_) => Err(ClaimError::IdReused),
        }
    }
}

/// Takes what waits, again and again. Each batch is a task of its own, so that its panic is its own.
async fn work<F>(waiting: Arc<Mutex<mpsc::Receiver<Job>>>, answer: impl Fn(Vec<Job>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let mut jobs = Vec::new();
        if waiting.lock().await.recv_many(&mut jobs, BATCH_MAX).await == 0 {
            return;
        }
        if tokio::spawn(answer(jobs)).await.is_err() {
            tracing::error!("a batch of claims failed; its callers come again");
        }
    }
}

async fn answer(pool: PgPool, jobs: Vec<Job>) {
    let mut books: BTreeMap<BookId, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        books.entry(job.claim.book()).or_default().push(job);
    }
    for (book, mut jobs) in books {
        while !jobs.is_empty() {
            let (round, later) = different_ids(jobs);
            answer_round(&pool, book, round).await;
            jobs = later;
        }
    }
}

/// One claim and everybody who sent it.
struct Candidate {
    claim: Arc<ValidatedClaim>,
    replies: Vec<oneshot::Sender<Answer>>,
}

/// Retries that wait beside their first share its decision; another content under the same id waits for the next round,
/// since the first may be refused and leave the id free.
fn different_ids(jobs: Vec<Job>) -> (Vec<Candidate>, Vec<Job>) {
    let mut round: Vec<Candidate> = Vec::new();
    let mut place = BTreeMap::new();
    let mut later = Vec::new();
    for job in jobs {
        let index = *place.entry(job.claim.id()).or_insert(round.len());
        match round.get_mut(index) {
            None => round.push(Candidate {
                claim: job.claim,
                replies: vec![job.reply],
            }),
            Some(candidate) if candidate.claim.same_as(&job.claim) => candidate.replies.push(job.reply),
            Some(_) => later.push(job),
        }
    }
    (round, later)
}

#[tracing::instrument(skip_all, fields(claims = round.len()))]
async fn answer_round(pool: &PgPool, book: BookId, round: Vec<Candidate>) {
    metrics::histogram!("ccn_claim_batch_claims").record(u32::try_from(round.len()).unwrap_or(u32::MAX));
    let claims: Arc<[Arc<ValidatedClaim>]> = round.iter().map(|candidate| Arc::clone(&candidate.claim)).collect();
    match decide(pool, book, &claims).await {
        Ok(decisions) => {
            for (candidate, decision) in round.into_iter().zip(decisions) {
                candidate.answer(Ok(decision));
            }
        }
        Err(error) if round.len() > 1 && error.may_be_one_claims_fault() => {
            tracing::warn!(causes = causes(&error), "a batch of claims is decided one by one");
            for candidate in round {
                let alone: Arc<[Arc<ValidatedClaim>]> = Arc::new([Arc::clone(&candidate.claim)]);
                let decision = decide(pool, book, &alone).await.map(|mut decisions| decisions.pop());
                candidate.answer(match decision {
                    Ok(Some(decision)) => Ok(decision),
                    Ok(None) => Err(Unavailable),
                    Err(error) => Err(unavailable(&error)),
                });
            }
        }
        Err(error) => {
            let unavailable = unavailable(&error);
            for candidate in round {
                candidate.answer(Err(unavailable));
            }
        }
    }
}

impl Candidate {
    /// The first who sent it made it; for the others it was made before. Who went away needs no answer.
    fn answer(self, answer: Answer) {
        let repeated = match &answer {
            Ok(Decision::Booked(made)) => Ok(Decision::Booked(Created::Existing(made.clone().into_inner()))),
            answer => answer.clone(),
        };
        let mut replies = self.replies.into_iter();
        if let Some(first) = replies.next() {
            let _ = first.send(answer);
        }
        for reply in replies {
            let _ = reply.send(repeated.clone());
        }
    }
}

fn unavailable(error: &DecideError) -> Unavailable {
    tracing::error!(causes = causes(error), "claims were not decided");
    Unavailable
}

fn causes(error: &DecideError) -> String {
    let mut causes = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        causes.push_str(": ");
        causes.push_str(&error.to_string());
        source = error.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use catalogue::ProgrammeId;
    use ledger::Presented;
    use standards::Cents;
    use uuid::Uuid;

    use super::*;
    use crate::claims::claim::validated_claim::ValidatedVoucher;
    use crate::{ids::ClaimRequestId, ids::StructureId};

    fn job(request: u128, idx: u32) -> (Job, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        let claim = ValidatedClaim {
            programme: ProgrammeId::from_uuid(Uuid::from_u128(1)),
            request: ClaimRequestId::from_uuid(Uuid::from_u128(request)),
            structure: StructureId::from_uuid(Uuid::from_u128(2)),
            service: "bureautique".to_owned(),
            date: chrono::NaiveDate::default(),
            vouchers: vec![ValidatedVoucher {
                position: 0,
                number: AccountNumber::voucher(1, idx),
                value: Cents::new(1000),
                presented: Presented::Terms([0; ledger::TERMS_BYTES]),
                sealed: Vec::new(),
            }],
            status_list_at: None,
            at: DateTime::UNIX_EPOCH,
        };
        (
            Job {
                claim: Arc::new(claim),
                reply,
            },
            answer,
        )
    }

    #[test]
    fn retries_share_a_round_and_another_content_waits_for_the_next() {
        let jobs = [job(1, 1), job(2, 2), job(1, 1), job(1, 3)].map(|(job, _)| job);
        let (round, later) = different_ids(jobs.into());
        let replies: Vec<usize> = round.iter().map(|candidate| candidate.replies.len()).collect();
        assert_eq!((replies, later.len()), (vec![2, 1], 1));
    }

    #[tokio::test]
    async fn a_batch_that_panics_hangs_nobody_and_the_next_one_is_answered() {
        let (queue, waiting) = mpsc::channel(8);
        let batches = AtomicU32::new(0);
        let answer = move |jobs: Vec<Job>| {
            let first = batches.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                assert!(!first, "the first batch panics");
                for job in jobs {
                    let _ = job.reply.send(Ok(Decision::Suspended));
                }
            }
        };
        let worker = tokio::spawn(work(Arc::new(Mutex::new(waiting)), answer));
        let (first, first_answer) = job(1, 1);
        queue.try_send(first).unwrap_or_else(|_| panic!("the queue has room"));
        assert!(first_answer.await.is_err(), "told that there is no answer");
        let (second, second_answer) = job(2, 2);
        queue.try_send(second).unwrap_or_else(|_| panic!("the queue has room"));
        assert!(matches!(second_answer.await, Ok(Ok(Decision::Suspended))));
        drop(queue);
        worker.await.expect("a closed pipeline sends its workers home");
    }
}
