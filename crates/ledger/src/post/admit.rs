//! Who is admitted: pure, no database. The accounts are locked, so what was read is what is.

use std::collections::{HashMap, HashSet};

use sealed_log::{AccountKind, AccountNumber, BookId, Commitment, EventId, Evidence, Side, TransferId, TransferKind};
use standards::Cents;

use crate::post::account::Account;
use crate::post::outcome::{Outcome, Rejection};
use crate::post::posting::Posting;
use crate::post::transfer::Transfer;

type Key = (BookId, AccountNumber);

/// An account's two sums, which only grow, and the most that it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccountTotals {
    pub limit: Option<Cents>,
    pub debits: Cents,
    pub credits: Cents,
    /// Of a voucher: what it was opened with.
    pub commitment: Option<Commitment>,
}

/// A transfer that is in the books: what must be equal when its id comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booked {
    pub kind: i16,
    pub debit: AccountNumber,
    pub credit: AccountNumber,
    pub cents: Cents,
    pub event: EventId,
    pub reverses: Option<TransferId>,
    pub reference: String,
    pub evidence: Option<Evidence>,
}

/// The accounts and transfers that a batch touches, as they are under the locks, then as each admitted posting leaves them.
#[derive(Debug, Default)]
pub(crate) struct BatchState {
    before: HashMap<Key, AccountTotals>,
    now: HashMap<Key, AccountTotals>,
    booked: HashMap<(BookId, TransferId), Booked>,
    /// How many transfers of each event are in the books.
    legs: HashMap<(BookId, EventId), usize>,
    reversed: HashSet<(BookId, TransferId)>,
}

/// What one posting does to one account.
struct AccountDelta {
    account: Account,
    debits: Cents,
    credits: Cents,
}

impl BatchState {
    pub(crate) fn load(&mut self, key: Key, totals: AccountTotals) {
        self.before.insert(key, totals);
        self.now.insert(key, totals);
    }

    pub(crate) fn load_transfer(&mut self, book: BookId, id: TransferId, booked: Booked) {
        if let Some(reversed) = booked.reverses {
            self.reversed.insert((book, reversed));
        }
        let event = booked.event;
        if self.booked.insert((book, id), booked).is_none() {
            *self.legs.entry((book, event)).or_default() += 1;
        }
    }

    /// What the account was when it was locked; `None` when it did not exist.
    pub(crate) fn before(&self, key: Key) -> Option<AccountTotals> {
        self.before.get(&key).copied()
    }

    /// Every account that exists now, with what it is now.
    pub(crate) fn now(&self) -> impl Iterator<Item = (Key, AccountTotals)> {
        self.now.iter().map(|(&key, &totals)| (key, totals))
    }

    /// Admits a posting whole, or changes nothing.
    pub(crate) fn admit(&mut self, posting: &Posting) -> Outcome {
        match self.booked_before(posting) {
            Ok(true) => return Outcome::AlreadyPosted,
            Ok(false) => {}
            Err(rejection) => return Outcome::Rejected(rejection),
        }
        let checked = self.check_reversals(posting).and_then(|()| self.check_papers(posting));
        match checked.and_then(|()| self.totals_after(posting)) {
            Err(rejection) => Outcome::Rejected(rejection),
            Ok(after) => {
                self.now.extend(after);
                for transfer in posting.transfers() {
                    self.load_transfer(transfer.book(), transfer.id(), Booked::of(transfer, posting.event()));
                }
                Outcome::Posted
            }
        }
    }

    /// Whether the posting is in the books already: all its legs, with the same content, and no other leg of its event. A part
    /// of it, or its event with other legs, is neither a retry nor a new request.
    fn booked_before(&self, posting: &Posting) -> Result<bool, Rejection> {
        let mut same = 0;
        for transfer in posting.transfers() {
            match self.booked.get(&(transfer.book(), transfer.id())) {
                None => {}
                Some(booked) if *booked == Booked::of(transfer, posting.event()) => same += 1,
                Some(_) => return Err(Rejection::SameIdOtherContent(transfer.id())),
            }
        }
        let books: HashSet<BookId> = posting.transfers().iter().map(Transfer::book).collect();
        let booked: usize = books
            .into_iter()
            .filter_map(|book| self.legs.get(&(book, posting.event())))
            .sum();
        match (booked, same) {
            (0, 0) => Ok(false),
            _ if booked == same && same == posting.transfers().len() => Ok(true),
            _ => Err(Rejection::SameIdOtherContent(posting.transfers()[0].id())),
        }
    }

    fn check_reversals(&self, posting: &Posting) -> Result<(), Rejection> {
        let mut here = HashSet::new();
        for transfer in posting.transfers() {
            let Some(earlier) = transfer.reverses() else { continue };
            let opposite = self
                .booked
                .get(&(transfer.book(), earlier))
                .is_some_and(|booked| booked.undone_by(transfer));
            if !opposite {
                return Err(Rejection::NothingToReverse(earlier));
            }
            let key = (transfer.book(), earlier);
            if self.reversed.contains(&key) || !here.insert(key) {
                return Err(Rejection::AlreadyReversed(earlier));
            }
        }
        Ok(())
    }

    /// What each claim shows is the voucher that it spends. One that does not exist is told so by its account.
    fn check_papers(&self, posting: &Posting) -> Result<(), Rejection> {
        for transfer in posting.transfers() {
            let Some(terms) = transfer.terms() else { continue };
            let voucher = transfer.debit();
            let opened = self.now.get(&voucher.key()).and_then(|totals| totals.commitment);
            if opened.is_some_and(|commitment| !commitment.is_to(terms)) {
                return Err(Rejection::OtherPaper(voucher.number()));
            }
        }
        Ok(())
    }

    fn totals_after(&self, posting: &Posting) -> Result<Vec<(Key, AccountTotals)>, Rejection> {
        deltas(posting)?
            .into_iter()
            .map(|delta| Ok((delta.account.key(), self.total_after(&delta)?)))
            .collect()
    }

    fn total_after(&self, delta: &AccountDelta) -> Result<AccountTotals, Rejection> {
        let account = delta.account;
        let old = match (self.now.get(&account.key()), account.face_value()) {
            (Some(&totals), None) => totals,
            (None, Some(face_value)) => AccountTotals {
                limit: Some(face_value),
                debits: Cents::ZERO,
                credits: Cents::ZERO,
                commitment: account.commitment(),
            },
            (Some(_), Some(_)) => return Err(Rejection::AlreadyOpen(account.number())),
            (None, None) => return Err(Rejection::NoSuchAccount(account.number())),
        };
        let full = too_large(account);
        let new = AccountTotals {
            limit: old.limit,
            debits: old.debits.checked_add(delta.debits).ok_or_else(|| full.clone())?,
            credits: old.credits.checked_add(delta.credits).ok_or(full)?,
            commitment: old.commitment,
        };
        let (grown, shrunk, left_before, balance) = match account.kind().side() {
            Side::Either => return Ok(new),
            Side::Credit => (delta.credits, delta.debits, old.credit_balance(), new.credit_balance()),
            Side::Debit => (delta.debits, delta.credits, old.debit_balance(), new.debit_balance()),
        };
        if balance.is_negative() {
            let left = left_before.checked_add(grown).ok_or_else(|| too_large(account))?;
            return Err(Rejection::Short {
                account: Box::new(account),
                needed: shrunk,
                left,
            });
        }
        match new.limit {
            Some(limit) if balance > limit => Err(Rejection::OverLimit {
                account: Box::new(account),
                limit,
                would_hold: balance,
            }),
            Some(face_value)
                if account.kind() == AccountKind::Voucher && !balance.is_zero() && balance != face_value =>
            {
                Err(Rejection::NotWhole {
                    account: account.number(),
                    face_value,
                    left: balance,
                })
            }
            _ => Ok(new),
        }
    }
}

impl AccountTotals {
    /// Both sums are never negative, so their difference fits.
    fn credit_balance(self) -> Cents {
        self.credits
            .checked_sub(self.debits)
            .expect("the difference of two amounts that are not negative fits")
    }

    fn debit_balance(self) -> Cents {
        self.debits
            .checked_sub(self.credits)
            .expect("the difference of two amounts that are not negative fits")
    }
}

impl Booked {
    pub(crate) fn of(transfer: &Transfer, event: EventId) -> Self {
        Self {
            kind: transfer.kind().code(),
            debit: transfer.debit().number(),
            credit: transfer.credit().number(),
            cents: transfer.cents(),
            event,
            reverses: transfer.reverses(),
            reference: transfer.reference_text().to_owned(),
            evidence: transfer.evidence(),
        }
    }

    /// Whether `reversal` gives this claim's voucher back what the same structure got for it.
    fn undone_by(&self, reversal: &Transfer) -> bool {
        let structure = reversal.debit().party();
        self.kind == TransferKind::Claimed.code()
            && self.cents == reversal.cents()
            && self.debit == reversal.credit().number()
            && structure.is_some_and(|structure| Account::payable(reversal.book(), structure).number() == self.credit)
    }
}

/// One line an account, in the order in which the posting names them.
fn deltas(posting: &Posting) -> Result<Vec<AccountDelta>, Rejection> {
    let mut deltas: Vec<AccountDelta> = Vec::new();
    let mut place = HashMap::new();
    for transfer in posting.transfers() {
        for (account, debits, credits) in [
            (transfer.debit(), transfer.cents(), Cents::ZERO),
            (transfer.credit(), Cents::ZERO, transfer.cents()),
        ] {
            let index = *place.entry(account.key()).or_insert_with(|| {
                deltas.push(AccountDelta {
                    account,
                    debits: Cents::ZERO,
                    credits: Cents::ZERO,
                });
                deltas.len() - 1
            });
            let delta = &mut deltas[index];
            if account.face_value().is_some() {
                delta.account = account;
            }
            delta.debits = delta.debits.checked_add(debits).ok_or_else(|| too_large(account))?;
            delta.credits = delta.credits.checked_add(credits).ok_or_else(|| too_large(account))?;
        }
    }
    Ok(deltas)
}

fn too_large(account: Account) -> Rejection {
    let most = Cents::new(i64::MAX);
    Rejection::OverLimit {
        account: Box::new(account),
        limit: most,
        would_hold: most,
    }
}
