//! What the fund is, in a few numbers. Nothing here knows of accounts: [`super::step`] says what each event books.

use std::collections::BTreeMap;

use ledger::read::{FunderFigures, ProgrammeFigures};
use ledger::{BatchId, BookId, PartyId};
use standards::Cents;

use crate::common::{FACE_VALUE, book, funder, shares, structure};

pub const BOOKS: usize = 2;
pub const FUNDERS: usize = 3;
pub const STRUCTURES: usize = 2;
pub const BATCHES: usize = 6;
/// Vouchers of a batch.
pub const VOUCHERS: u32 = 8;

pub fn book_of(b: usize) -> BookId {
    book(b as u128 + 1)
}

pub fn funder_of(f: usize) -> PartyId {
    funder(f as u128)
}

pub fn structure_of(s: usize) -> PartyId {
    structure(s as u128)
}

pub fn batch_of(b: usize, k: usize) -> BatchId {
    crate::common::batch((b * BATCHES + k) as u128 + 1)
}

/// Index of the voucher with this serial number in its series: batches follow one another.
pub fn idx_of(k: usize, serial: u32) -> u32 {
    u32::try_from(k).unwrap() * VOUCHERS + serial - 1
}

/// What each funder pays of a voucher, by its serial number in its batch.
pub fn split(serial: u32) -> [i64; FUNDERS] {
    let cents: Vec<i64> = shares(serial - 1).into_iter().map(|(_, cents)| cents.get()).collect();
    cents.try_into().unwrap()
}

#[derive(Default)]
pub struct Funder {
    pub received: i64,
    pub mandated: i64,
    pub receivable: i64,
    pub deposited: i64,
    pub under_way: i64,
    pub returned: i64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Batch {
    #[default]
    Ordered,
    Funded,
    Over,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Voucher {
    #[default]
    Inert,
    Alive,
    Spent,
    Dead,
}

pub struct Claim {
    pub name: String,
    pub structure: usize,
    /// (batch, serial number) of each voucher.
    pub vouchers: Vec<(usize, u32)>,
    pub reversed: bool,
    /// By which payment it is covered now.
    pub payment: Option<usize>,
}

impl Claim {
    pub fn cents(&self) -> i64 {
        FACE_VALUE.get() * i64::try_from(self.vouchers.len()).unwrap()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Sent,
    Paid,
    Back,
}

pub struct Payment {
    pub book: usize,
    pub structure: usize,
    pub cents: i64,
    /// What it was reduced by, because of a debt.
    pub deducted: i64,
    pub state: State,
}

#[derive(Default)]
pub struct Programme {
    pub allocated: [i64; FUNDERS],
    pub funded: [i64; FUNDERS],
    pub batch_cancelled: [i64; FUNDERS],
    pub batch_expired: [i64; FUNDERS],
    pub activated: [i64; FUNDERS],
    pub revoked: [i64; FUNDERS],
    pub expired: [i64; FUNDERS],
    pub reversed_revoked: [i64; FUNDERS],
    pub refunded: [i64; FUNDERS],
    pub trued_up: [i64; FUNDERS],
    pub available: [i64; FUNDERS],
    pub refundable: [i64; FUNDERS],
    pub reserved: [[i64; FUNDERS]; BATCHES],
    pub batches: [Batch; BATCHES],
    pub vouchers: BTreeMap<(usize, u32), Voucher>,
    pub claims: Vec<Claim>,
    pub payable: [i64; STRUCTURES],
    pub recoverable: [i64; STRUCTURES],
}

impl Programme {
    pub fn voucher(&self, of: (usize, u32)) -> Voucher {
        self.vouchers.get(&of).copied().unwrap_or_default()
    }

    /// What a funder has, free or owed back to it.
    pub fn held(&self, f: usize, free: bool) -> i64 {
        if free { self.available[f] } else { self.refundable[f] }
    }

    /// The same, to be taken from.
    pub fn purse(&mut self, f: usize, free: bool) -> &mut i64 {
        if free {
            &mut self.available[f]
        } else {
            &mut self.refundable[f]
        }
    }

    /// What the funders' shares of all vouchers in this state add up to.
    fn shares_of(&self, state: Voucher, f: usize) -> i64 {
        let those = self.vouchers.iter().filter(|(_, is)| **is == state);
        those.map(|((_, serial), _)| split(*serial)[f]).sum()
    }
}

pub struct Oracle {
    pub bank: i64,
    /// Positive: money in that nobody has explained.
    pub suspense: i64,
    pub funders: [Funder; FUNDERS],
    pub books: [Programme; BOOKS],
    pub payments: Vec<Payment>,
    /// Claims reversed after their reduced payment had come back: what is owed no longer holds them.
    pub reversed_into_debt: u32,
}

impl Oracle {
    pub fn new() -> Self {
        Self {
            bank: 0,
            suspense: 0,
            funders: Default::default(),
            books: Default::default(),
            payments: Vec::new(),
            reversed_into_debt: 0,
        }
    }

    /// By book, then by structure.
    pub fn payable(&self) -> Vec<i64> {
        self.books.iter().flat_map(|programme| programme.payable).collect()
    }

    pub fn funder_figures(&self, party: PartyId) -> FunderFigures {
        let f = (0..FUNDERS).find(|&f| funder_of(f) == party).unwrap();
        let funder = &self.funders[f];
        FunderFigures {
            funder: party,
            received: Cents::new(funder.received),
            mandated: Cents::new(funder.mandated),
            mandated_not_received: Cents::new(funder.receivable),
            deposited: Cents::new(funder.deposited),
            refund_under_way: Cents::new(funder.under_way),
            returned: Cents::new(funder.returned),
        }
    }

    pub fn programme_figures(&self, book: BookId, party: PartyId) -> ProgrammeFigures {
        let f = (0..FUNDERS).find(|&f| funder_of(f) == party).unwrap();
        let b = (0..BOOKS).find(|&b| book_of(b) == book).unwrap();
        let programme = &self.books[b];
        let of = |figure: &[i64; FUNDERS]| Cents::new(figure[f]);
        ProgrammeFigures {
            book,
            funder: party,
            allocated: of(&programme.allocated),
            funded: of(&programme.funded),
            batch_cancelled: of(&programme.batch_cancelled),
            batch_expired: of(&programme.batch_expired),
            activated: of(&programme.activated),
            revoked: of(&programme.revoked),
            expired: of(&programme.expired),
            reversed_revoked: of(&programme.reversed_revoked),
            reversed_expired: Cents::ZERO,
            reversed_disclosed: Cents::ZERO,
            claimed: Cents::new(programme.shares_of(Voucher::Spent, f)),
            refunded: of(&programme.refunded),
            trued_up: of(&programme.trued_up),
            available: of(&programme.available),
            reserved: Cents::new(programme.reserved.iter().map(|batch| batch[f]).sum()),
            on_vouchers: Cents::new(programme.shares_of(Voucher::Alive, f)),
            refundable: of(&programme.refundable),
        }
    }
}
