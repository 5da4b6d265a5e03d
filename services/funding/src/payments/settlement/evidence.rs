//! Whether what is due was ever presented: before a claim is paid, the evidence that it keeps is opened and judged again, strictly, with
//! public keys alone. What redemption's role can write by itself (a claim, its transfer) pays nothing without it.
//!
//! Of each voucher: the sealed evidence opens in its place; its digest is the one in the transfer, which is sealed in the log; its terms
//! open the commitment that the voucher's account was opened with, and name this voucher and its value; and a scanned token bears the only
//! good signature of a published voucher key that was not withdrawn when the claim was accepted. A typed code has no signature: it opens the
//! commitment, and is counted as typed.
//!
//! Evidence never changes, so it is read before the accounts are locked. 17,000 signatures a second and core (docs/TOKEN.md).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;

use catalogue::PublishedKey;
use chrono::{DateTime, Utc};
use ledger::read::ClaimedPaper;
use ledger::{AccountNumber, BookId, Presented};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;
use voucher::{EvidenceKeys, Keyring, Kid, Terms, Token};

use crate::payments::settlement::due_claim::DueClaim;

/// Claims read and judged at once: some 10 MB when each has 50 vouchers.
const CHUNK_CLAIMS: usize = 2_000;

/// Why a claim is not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EvidenceFault {
    /// It has none for a voucher, or what it has does not open: a claim that was written by other hands.
    Missing,
    /// Not the evidence whose digest is in the books.
    OtherDigest,
    /// Not the paper that the voucher was minted for.
    OtherPaper,
    /// No published key made the signature, or its bounds exclude the voucher.
    Signature,
    /// The key was withdrawn before the claim.
    KeyWithdrawn,
}

/// The claims, of those that were looked at, that were not presented.
#[derive(Debug, Default)]
pub(super) struct Judged {
    looked_at: BTreeSet<(BookId, Uuid)>,
    faults: BTreeMap<(BookId, Uuid), EvidenceFault>,
}

impl Judged {
    /// Whether it was looked at, or pays nothing.
    pub fn covers(&self, due: &DueClaim) -> bool {
        !due.cents.is_positive() || self.looked_at.contains(&(due.book, due.claim))
    }

    /// Whether a claim that is due may be paid, as far as its evidence goes; one that takes money back always may.
    pub fn proves(&self, due: &DueClaim) -> bool {
        !due.cents.is_positive() || (self.covers(due) && !self.faults.contains_key(&(due.book, due.claim)))
    }

    /// Those that may not be paid.
    pub fn faults(&self) -> impl Iterator<Item = ((BookId, Uuid), EvidenceFault)> {
        self.faults.iter().map(|(key, fault)| (*key, *fault))
    }
}

/// Looks at the evidence of what is to be paid.
pub(super) async fn judge(
    connection: &mut PgConnection,
    keys: &Arc<EvidenceKeys>,
    dues: &[DueClaim],
) -> Result<Judged, sqlx::Error> {
    let published = Arc::new(Published::read(&mut *connection).await?);
    let mut by_book: BTreeMap<BookId, Vec<&DueClaim>> = BTreeMap::new();
    for due in dues.iter().filter(|due| due.cents.is_positive()) {
        by_book.entry(due.book).or_default().push(due);
    }
    let mut judged = Judged::default();
    for (book, dues) in by_book {
        for chunk in dues.chunks(CHUNK_CLAIMS) {
            let cases = read(&mut *connection, book, chunk).await?;
            let (keys, published) = (Arc::clone(keys), Arc::clone(&published));
            // Signatures are work: not for the threads that answer requests.
            let faults = tokio::task::spawn_blocking(move || judge_all(&cases, book, &keys, &published))
                .await
                .map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
            judged.looked_at.extend(chunk.iter().map(|due| (book, due.claim)));
            judged
                .faults
                .extend(faults.into_iter().map(|(claim, fault)| ((book, claim), fault)));
        }
    }
    Ok(judged)
}

/// A claim with what is known of its vouchers.
struct Case {
    claim: Uuid,
    at: DateTime<Utc>,
    cents: Cents,
    papers: Vec<ClaimedPaper>,
    sealed: HashMap<AccountNumber, Vec<u8>>,
}

async fn read(connection: &mut PgConnection, book: BookId, dues: &[&DueClaim]) -> Result<Vec<Case>, sqlx::Error> {
    let claims: Vec<Uuid> = dues.iter().map(|due| due.claim).collect();
    let mut papers: HashMap<Uuid, Vec<ClaimedPaper>> = HashMap::new();
    for paper in ledger::read::claimed_papers(&mut *connection, book, &claims).await? {
        papers.entry(paper.claim.uuid()).or_default().push(paper);
    }
    let rows = sqlx::query!(
        r#"select claim_id as "claim!", numbers as "numbers!", evidence as "evidence!"
           from redemption.claim_evidence where book_id = $1 and claim_id = any($2)"#,
        book.uuid(),
        &claims,
    )
    .fetch_all(connection)
    .await?;
    let mut sealed: HashMap<Uuid, HashMap<AccountNumber, Vec<u8>>> = rows
        .into_iter()
        .map(|row| {
            let numbers = row.numbers.into_iter().map(AccountNumber::new);
            (row.claim, numbers.zip(row.evidence).collect())
        })
        .collect();
    let case = |due: &&DueClaim| Case {
        claim: due.claim,
        at: due.at,
        cents: due.cents,
        papers: papers.remove(&due.claim).unwrap_or_default(),
        sealed: sealed.remove(&due.claim).unwrap_or_default(),
    };
    Ok(dues.iter().map(case).collect())
}

/// The voucher keys that were ever published.
struct Published {
    ring: Keyring,
    withdrawn: HashMap<[u8; 32], DateTime<Utc>>,
}

impl Published {
    async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let keys: Vec<PublishedKey> = catalogue::published_keys(connection).await?;
        let withdrawn = |key: &PublishedKey| Some((key.key.to_bytes(), key.withdrawn.as_ref()?.0));
        Ok(Self {
            withdrawn: keys.iter().filter_map(withdrawn).collect(),
            // Tokens come as bytes: the host of their address is no part of them.
            ring: Keyring::new(
                "cheque.localhost".parse().expect("a host of 16 letters"),
                keys.into_iter().map(|key| key.key).collect(),
            ),
        })
    }

    fn judge(&self, token: &Token, at: DateTime<Utc>) -> Result<(), EvidenceFault> {
        let key = self.ring.proves(token).map_err(|_| EvidenceFault::Signature)?;
        match self.withdrawn.get(&key.to_bytes()) {
            Some(withdrawn) if *withdrawn <= at => Err(EvidenceFault::KeyWithdrawn),
            _ => Ok(()),
        }
    }
}

/// Every processor takes its part.
fn judge_all(cases: &[Case], book: BookId, keys: &EvidenceKeys, published: &Published) -> Vec<(Uuid, EvidenceFault)> {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let part = cases.len().div_ceil(processors).max(1);
    let judged = |cases: &[Case]| -> Vec<(Uuid, EvidenceFault)> {
        let fault = |case: &Case| Some((case.claim, case.judge(book, keys, published).err()?));
        cases.iter().filter_map(fault).collect()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = cases
            .chunks(part)
            .map(|cases| scope.spawn(move || judged(cases)))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("judging does not panic"))
            .collect()
    })
}

impl Case {
    fn judge(&self, book: BookId, keys: &EvidenceKeys, published: &Published) -> Result<(), EvidenceFault> {
        let booked = Cents::try_sum(self.papers.iter().map(|paper| paper.cents));
        // What is due of a claim is all of it, in the vouchers that its transfers took.
        if self.papers.is_empty() || booked != Some(self.cents) {
            return Err(EvidenceFault::Missing);
        }
        self.papers
            .iter()
            .try_for_each(|paper| self.voucher(book, paper, keys, published))
    }

    fn voucher(
        &self,
        book: BookId,
        paper: &ClaimedPaper,
        keys: &EvidenceKeys,
        published: &Published,
    ) -> Result<(), EvidenceFault> {
        let place = ledger::evidence_place(book, self.claim, paper.number);
        let sealed = self.sealed.get(&paper.number).ok_or(EvidenceFault::Missing)?;
        let shown = keys.open(&place, sealed).map_err(|_| EvidenceFault::Missing)?;
        let shown = Presented::from_bytes(&shown).ok_or(EvidenceFault::Missing)?;
        if paper.evidence != Some(shown.evidence(self.claim)) {
            return Err(EvidenceFault::OtherDigest);
        }
        let (_, terms): (Kid, Terms) = Terms::from_bytes(shown.terms()).map_err(|_| EvidenceFault::OtherPaper)?;
        let same = AccountNumber::voucher(terms.series, terms.idx.get()) == paper.number
            && Cents::new(terms.cents.into()) == paper.cents
            && paper
                .commitment
                .is_some_and(|commitment| commitment.is_to(shown.terms()));
        if !same {
            return Err(EvidenceFault::OtherPaper);
        }
        match &shown {
            Presented::Terms(_) => Ok(()),
            Presented::Token(bytes) => {
                let token = Token::from_bytes(bytes).map_err(|_| EvidenceFault::Signature)?;
                published.judge(&token, self.at)
            }
        }
    }
}
