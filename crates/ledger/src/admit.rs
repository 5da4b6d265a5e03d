//! Who is admitted: pure, so that it is tested without a database. The accounts are locked, what is read is what is.

use std::collections::{HashMap, HashSet};

use standards::Cents;

use crate::{
    Account, AccountKind, AccountNumber, BookId, GroupId, Outcome, Posting, Rejection, Side, Transfer, TransferId,
};

type Key = (BookId, AccountNumber);

/// An account's two sums, which only grow, and the most that it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    pub limit: Option<Cents>,
    pub debits: Cents,
    pub credits: Cents,
}

/// A transfer that is in the books: what must be equal when its id comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booked {
    pub kind: i16,
    pub debit: AccountNumber,
    pub credit: AccountNumber,
    pub cents: Cents,
    pub group: GroupId,
    pub reverses: Option<TransferId>,
    pub reference: String,
}

/// The accounts and transfers that a batch touches, as they are under the locks, then as each admitted posting leaves them.
#[derive(Debug, Default)]
pub(crate) struct Books {
    before: HashMap<Key, Sums>,
    now: HashMap<Key, Sums>,
    booked: HashMap<(BookId, TransferId), Booked>,
    /// How many transfers of each event are in the books.
    legs: HashMap<(BookId, GroupId), usize>,
    reversed: HashSet<(BookId, TransferId)>,
}

/// What one posting does to one account.
struct Touch {
    account: Account,
    face_value: Option<Cents>,
    debits: Cents,
    credits: Cents,
}

impl Books {
    pub(crate) fn load(&mut self, key: Key, sums: Sums) {
        self.before.insert(key, sums);
        self.now.insert(key, sums);
    }

    pub(crate) fn load_transfer(&mut self, book: BookId, id: TransferId, booked: Booked) {
        if let Some(reversed) = booked.reverses {
            self.reversed.insert((book, reversed));
        }
        let group = booked.group;
        if self.booked.insert((book, id), booked).is_none() {
            *self.legs.entry((book, group)).or_default() += 1;
        }
    }

    /// What the account was when it was locked; `None` when it did not exist.
    pub(crate) fn before(&self, key: Key) -> Option<Sums> {
        self.before.get(&key).copied()
    }

    /// Every account that exists now, with what it is now.
    pub(crate) fn now(&self) -> impl Iterator<Item = (Key, Sums)> {
        self.now.iter().map(|(&key, &sums)| (key, sums))
    }

    /// Admits a posting whole, or changes nothing.
    pub(crate) fn admit(&mut self, posting: &Posting) -> Outcome {
        match self.booked_before(posting) {
            Ok(true) => return Outcome::Before,
            Ok(false) => {}
            Err(rejection) => return Outcome::Refused(rejection),
        }
        match self.check_reversals(posting).and_then(|()| self.sums_after(posting)) {
            Err(rejection) => Outcome::Refused(rejection),
            Ok(after) => {
                self.now.extend(after);
                for transfer in posting.transfers() {
                    self.load_transfer(transfer.book(), transfer.id(), Booked::of(transfer, posting.group()));
                }
                Outcome::Now
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
                Some(booked) if *booked == Booked::of(transfer, posting.group()) => same += 1,
                Some(_) => return Err(Rejection::SameIdOtherContent(transfer.id())),
            }
        }
        let books: HashSet<BookId> = posting.transfers().iter().map(Transfer::book).collect();
        let booked: usize = books
            .into_iter()
            .filter_map(|book| self.legs.get(&(book, posting.group())))
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

    fn sums_after(&self, posting: &Posting) -> Result<Vec<(Key, Sums)>, Rejection> {
        touches(posting)?
            .into_iter()
            .map(|touch| Ok((touch.account.key(), self.sum_after(&touch)?)))
            .collect()
    }

    fn sum_after(&self, touch: &Touch) -> Result<Sums, Rejection> {
        let account = touch.account;
        let old = match (self.now.get(&account.key()), touch.face_value) {
            (Some(&sums), None) => sums,
            (None, Some(face_value)) => Sums {
                limit: Some(face_value),
                debits: Cents::ZERO,
                credits: Cents::ZERO,
            },
            (Some(_), Some(_)) => return Err(Rejection::AlreadyOpen(account.number())),
            (None, None) => return Err(Rejection::NoSuchAccount(account.number())),
        };
        let full = too_large(account);
        let new = Sums {
            limit: old.limit,
            debits: old.debits.checked_add(touch.debits).ok_or_else(|| full.clone())?,
            credits: old.credits.checked_add(touch.credits).ok_or(full)?,
        };
        let (grown, shrunk, left_before, balance) = match account.kind().side() {
            Side::Either => return Ok(new),
            Side::Credit => (touch.credits, touch.debits, old.credit_balance(), new.credit_balance()),
            Side::Debit => (touch.debits, touch.credits, old.debit_balance(), new.debit_balance()),
        };
        if balance.is_negative() {
            let left = left_before.checked_add(grown).ok_or_else(|| too_large(account))?;
            return Err(Rejection::Short {
                account,
                needed: shrunk,
                left,
            });
        }
        match new.limit {
            Some(limit) if balance > limit => Err(Rejection::OverLimit {
                account,
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

impl Sums {
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
    pub(crate) fn of(transfer: &Transfer, group: GroupId) -> Self {
        Self {
            kind: transfer.kind().code(),
            debit: transfer.debit().number(),
            credit: transfer.credit().number(),
            cents: transfer.cents(),
            group,
            reverses: transfer.reverses(),
            reference: transfer.reference_text().to_owned(),
        }
    }

    /// Whether `reversal` gives this claim's voucher back what the same structure got for it.
    fn undone_by(&self, reversal: &Transfer) -> bool {
        let structure = reversal.debit().party();
        self.kind == crate::TransferKind::Claimed.code()
            && self.cents == reversal.cents()
            && self.debit == reversal.credit().number()
            && structure.is_some_and(|structure| Account::payable(reversal.book(), structure).number() == self.credit)
    }
}

/// One line an account, in the order in which the posting names them.
fn touches(posting: &Posting) -> Result<Vec<Touch>, Rejection> {
    let mut touches: Vec<Touch> = Vec::new();
    let mut place = HashMap::new();
    for transfer in posting.transfers() {
        for (account, debits, credits) in [
            (transfer.debit(), transfer.cents(), Cents::ZERO),
            (transfer.credit(), Cents::ZERO, transfer.cents()),
        ] {
            let index = *place.entry(account.key()).or_insert_with(|| {
                touches.push(Touch {
                    account,
                    face_value: None,
                    debits: Cents::ZERO,
                    credits: Cents::ZERO,
                });
                touches.len() - 1
            });
            let touch = &mut touches[index];
            touch.face_value = touch.face_value.or(account.face_value());
            touch.debits = touch.debits.checked_add(debits).ok_or_else(|| too_large(account))?;
            touch.credits = touch.credits.checked_add(credits).ok_or_else(|| too_large(account))?;
        }
    }
    Ok(touches)
}

fn too_large(account: Account) -> Rejection {
    let most = Cents::new(i64::MAX);
    Rejection::OverLimit {
        account,
        limit: most,
        would_hold: most,
    }
}
