//! The events: what each books, and what it does to the oracle when the fund can bear it.

use ledger::TransferKind as Kind;
use ledger::{Account, BookId, Posting};
use rand::RngExt;
use rand::rngs::StdRng;
use standards::Cents;

use super::events::{activated, answered, batch_funded, batch_over, claimed, reversed, settled, swept};
use super::oracle::{
    BATCHES, BOOKS, Batch, Claim, FUNDERS, Oracle, Payment, STRUCTURES, State, VOUCHERS, Voucher, book_of, funder_of,
};
use crate::common::{Leg, posting};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Now,
    Before,
    Refused,
}

type Who = (usize, i64);

#[derive(Clone, Debug)]
pub enum Step {
    Received(Who),
    Mandated(Who),
    MandateReceived(Who),
    Unexplained(i64),
    UnexplainedOut(i64),
    ExplainedAsContribution(Who),
    ExplainedAsCharge(i64),
    BankCharge(i64),
    Allocated(usize, Who),
    BatchFunded(usize, usize),
    BatchOver(usize, usize, Kind),
    Activated(usize, (usize, u32)),
    Claimed(usize, usize, Vec<(usize, u32)>),
    Reversed(usize, usize, bool),
    Swept(usize, (usize, u32), Kind),
    Settled(usize, usize),
    Paid(usize),
    Rejected(usize),
    Returned(usize),
    /// Out of what is owed back, or of what is free.
    MadeFree(usize, Who, bool),
    Refunded(Who),
    RefundSent(Who),
    RefundDebited(Who),
    RefundRejected(Who),
    RefundReturned(Who),
    /// Out of what is owed back, or of what is free.
    TrueUp(usize, usize, Who, bool),
}

impl Step {
    /// How many kinds of event there are.
    pub const KINDS: usize = 28;

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Received(_) => "received",
            Self::Mandated(_) => "mandated",
            Self::MandateReceived(_) => "mandate received",
            Self::Unexplained(_) => "unexplained",
            Self::UnexplainedOut(_) => "unexplained out",
            Self::ExplainedAsContribution(_) => "explained as contribution",
            Self::ExplainedAsCharge(_) => "explained as charge",
            Self::BankCharge(_) => "bank charge",
            Self::Allocated(..) => "allocated",
            Self::BatchFunded(..) => "batch funded",
            Self::BatchOver(_, _, Kind::BatchExpired) => "batch expired",
            Self::BatchOver(..) => "batch cancelled",
            Self::Activated(..) => "activated",
            Self::Claimed(..) => "claimed",
            Self::Reversed(..) => "reversed",
            Self::Swept(_, _, Kind::Expired) => "expired",
            Self::Swept(..) => "revoked",
            Self::Settled(..) => "settled",
            Self::Paid(_) => "paid",
            Self::Rejected(_) => "rejected",
            Self::Returned(_) => "returned",
            Self::MadeFree(..) => "made free",
            Self::Refunded(_) => "refunded",
            Self::RefundSent(_) => "refund sent",
            Self::RefundDebited(_) => "refund debited",
            Self::RefundRejected(_) => "refund rejected",
            Self::RefundReturned(_) => "refund returned",
            Self::TrueUp(..) => "true-up",
        }
    }

    /// What hardly happens by chance: a structure that owes is paid less, the payment comes back, and its claims are reversed.
    fn towards_a_debt_that_came_back(random: &mut StdRng, oracle: &Oracle) -> Option<Self> {
        let reduced = |payment: &Payment| payment.deducted > 0 && payment.state == State::Sent;
        if let Some(payment) = oracle.payments.iter().rposition(reduced) {
            return Some(Self::Rejected(payment));
        }
        let places = || (0..BOOKS).flat_map(|b| (0..STRUCTURES).map(move |s| (b, s)));
        for (b, s) in places() {
            let programme = &oracle.books[b];
            let open = |claim: &Claim| claim.structure == s && !claim.reversed && claim.payment.is_none();
            let due: i64 = programme
                .claims
                .iter()
                .filter(|claim| open(claim))
                .map(Claim::cents)
                .sum();
            if due > programme.payable[s] {
                let claim = programme.claims.iter().position(open)?;
                return Some(Self::Reversed(b, claim, random.random_bool(0.3)));
            }
        }
        let owes = |&(b, s): &(usize, usize)| {
            let programme = &oracle.books[b];
            programme.recoverable[s] > 0 && programme.payable[s] > programme.recoverable[s]
        };
        places().find(owes).map(|(b, s)| Self::Settled(b, s))
    }

    /// `None` when there is nothing yet that it could happen to.
    pub fn random(random: &mut StdRng, oracle: &Oracle) -> Option<Self> {
        if random.random_bool(0.08)
            && let Some(step) = Self::towards_a_debt_that_came_back(random, oracle)
        {
            return Some(step);
        }
        let f = random.random_range(0..FUNDERS);
        let b = random.random_range(0..BOOKS);
        let k = random.random_range(0..BATCHES);
        let s = random.random_range(0..STRUCTURES);
        let of = (k, random.random_range(1..=VOUCHERS));
        let cents = random.random_range(1..=2_000);
        // Mostly a voucher that it can happen to.
        let (funder, programme) = (&oracle.funders[f], &oracle.books[b]);
        let fitting = random.random_bool(0.8);
        let mut pick = |state: Voucher| {
            let places = (0..BATCHES).flat_map(|k| (1..=VOUCHERS).map(move |serial| (k, serial)));
            let those: Vec<_> = places
                .filter(|&of| {
                    programme.voucher(of) == state
                        && (state != Voucher::Inert || programme.batches[of.0] == Batch::Funded)
                })
                .collect();
            if fitting && !those.is_empty() {
                those[random.random_range(0..those.len())]
            } else {
                of
            }
        };
        let (inert, alive, second) = (pick(Voucher::Inert), pick(Voucher::Alive), pick(Voucher::Alive));
        let owes = (f + random.random_range(1..FUNDERS)) % FUNDERS;
        let (coin, rare, bound, any) = (
            random.random_bool(0.5),
            random.random_bool(0.3),
            random.random_range(0..12),
            random.random_range(0..usize::MAX),
        );
        // Often what is there, to the cent or one above, where the bounds are.
        let near = |held: i64| match bound {
            0 => held.max(1),
            1 | 2 => held + 1,
            _ => cents,
        };
        let payment = |state| {
            let those = oracle
                .payments
                .iter()
                .enumerate()
                .filter(|(_, payment)| payment.state == state);
            those.map(|(number, _)| number).max()
        };
        let who = (f, cents);
        let kind = |kinds: [Kind; 2]| kinds[usize::from(coin)];
        Some(match random.random_range(0..54) {
            0..3 => Self::Received((f, cents * 8)),
            3..5 => Self::Mandated(who),
            5 => Self::MandateReceived((f, near(funder.receivable))),
            6 => Self::Unexplained(cents),
            7 => Self::UnexplainedOut(near(oracle.bank)),
            8 => Self::ExplainedAsContribution(who),
            9 => Self::ExplainedAsCharge(cents),
            10 => Self::BankCharge(near(oracle.bank)),
            11..15 => Self::Allocated(
                b,
                (
                    f,
                    if rare {
                        near(funder.deposited)
                    } else {
                        funder.deposited.max(1)
                    },
                ),
            ),
            15..18 => (programme.batches[k] == Batch::Ordered).then_some(Self::BatchFunded(b, k))?,
            18 if any % 2 == 0 => (programme.batches[k] == Batch::Funded)
                .then(|| Self::BatchOver(b, k, kind([Kind::BatchExpired, Kind::BatchCancelled])))?,
            18..25 => Self::Activated(b, inert),
            25..31 => {
                let mut those = vec![alive];
                those.extend((second != alive && coin).then_some(second));
                Self::Claimed(b, s, those)
            }
            31..33 | 46..49 => {
                let claims = programme.claims.len();
                (claims > 0).then(|| Self::Reversed(b, claims - 1 - any % claims.min(5), rare))?
            }
            33 => Self::Swept(b, alive, kind([Kind::Revoked, Kind::Expired])),
            34..36 | 49..51 => (programme.payable[s] > programme.recoverable[s]).then_some(Self::Settled(b, s))?,
            36..38 => Self::Paid(payment(State::Sent)?),
            38 | 51..53 => Self::Rejected(payment(State::Sent)?),
            39 => Self::Returned(payment(State::Paid)?),
            40 => Self::MadeFree(b, (f, near(programme.held(f, coin))), coin),
            41 => Self::Refunded((f, near(funder.deposited))),
            42 => Self::RefundSent((f, near(funder.deposited))),
            43 => Self::RefundDebited((f, near(funder.under_way))),
            44 if coin => Self::RefundRejected((f, near(funder.under_way))),
            44 => (funder.returned > 0).then(|| Self::RefundReturned((f, cents.min(funder.returned))))?,
            _ => Self::TrueUp(b, owes, (f, near(programme.held(owes, coin))), coin),
        })
    }

    /// What it books under the number, and what must become of it; the oracle has moved on if it is booked.
    pub fn take(&self, number: usize, oracle: &mut Oracle) -> (Posting, Expected) {
        let name = format!("step {number}");
        match *self {
            Self::Activated(b, of) => return activated(oracle, b, of),
            Self::Claimed(b, s, ref those) => return claimed(oracle, name, b, s, those.clone()),
            Self::Reversed(b, claim, dead) => return reversed(oracle, b, claim, dead),
            Self::Settled(b, s) => return settled(oracle, &name, b, s),
            Self::BatchFunded(b, k) => return batch_funded(oracle, &name, b, k),
            Self::BatchOver(b, k, kind) => return batch_over(oracle, &name, b, k, kind),
            Self::Swept(b, of, kind) => return swept(oracle, &name, b, of, kind),
            Self::Paid(payment) | Self::Rejected(payment) | Self::Returned(payment) => {
                return answered(oracle, &name, payment, self);
            }
            _ => {}
        }
        let (legs, admitted) = self.arrives(oracle);
        let expected = if admitted { Expected::Now } else { Expected::Refused };
        (posting(&name, &legs), expected)
    }

    /// Money that comes to the fund or is explained there.
    fn arrives(&self, oracle: &mut Oracle) -> (Vec<Leg>, bool) {
        match *self {
            Self::Received((f, cents)) => {
                let funder = &mut oracle.funders[f];
                (funder.received, funder.deposited) = (funder.received + cents, funder.deposited + cents);
                oracle.bank += cents;
                (one(Kind::Received, Account::bank(), deposited(f), cents), true)
            }
            Self::Mandated((f, cents)) => {
                let funder = &mut oracle.funders[f];
                for figure in [
                    &mut funder.received,
                    &mut funder.mandated,
                    &mut funder.receivable,
                    &mut funder.deposited,
                ] {
                    *figure += cents;
                }
                let receivable = Account::receivable(funder_of(f));
                (one(Kind::Mandated, receivable, deposited(f), cents), true)
            }
            Self::MandateReceived((f, cents)) => {
                let done = take_from(&mut oracle.funders[f].receivable, cents);
                oracle.bank += if done { cents } else { 0 };
                let receivable = Account::receivable(funder_of(f));
                (one(Kind::MandateReceived, Account::bank(), receivable, cents), done)
            }
            Self::Unexplained(cents) => {
                (oracle.bank, oracle.suspense) = (oracle.bank + cents, oracle.suspense + cents);
                (
                    one(Kind::Unexplained, Account::bank(), Account::suspense(), cents),
                    true,
                )
            }
            Self::UnexplainedOut(cents) => {
                let done = take_from(&mut oracle.bank, cents);
                oracle.suspense -= if done { cents } else { 0 };
                (
                    one(Kind::Unexplained, Account::suspense(), Account::bank(), cents),
                    done,
                )
            }
            Self::ExplainedAsContribution((f, cents)) => {
                let funder = &mut oracle.funders[f];
                (funder.received, funder.deposited) = (funder.received + cents, funder.deposited + cents);
                oracle.suspense -= cents;
                (one(Kind::Explained, Account::suspense(), deposited(f), cents), true)
            }
            Self::ExplainedAsCharge(cents) => {
                oracle.suspense += cents;
                (
                    one(Kind::Explained, Account::charges_owed(), Account::suspense(), cents),
                    true,
                )
            }
            Self::BankCharge(cents) => {
                let done = take_from(&mut oracle.bank, cents);
                (
                    one(Kind::BankCharge, Account::charges_owed(), Account::bank(), cents),
                    done,
                )
            }
            _ => self.moves_on(oracle),
        }
    }

    /// Money that goes to programmes, and back.
    fn moves_on(&self, oracle: &mut Oracle) -> (Vec<Leg>, bool) {
        let fund = Account::clearing(BookId::fund());
        match *self {
            Self::Allocated(b, (f, cents)) => {
                let done = take_from(&mut oracle.funders[f].deposited, cents);
                let programme = &mut oracle.books[b];
                if done {
                    programme.allocated[f] += cents;
                    programme.available[f] += cents;
                }
                let available = Account::available(book_of(b), funder_of(f));
                let there = Account::clearing(book_of(b));
                (
                    two(Kind::Allocated, &[(deposited(f), fund), (there, available)], cents),
                    done,
                )
            }
            Self::MadeFree(b, (f, cents), free) => {
                let done = take_from(oracle.books[b].purse(f, free), cents);
                if done {
                    oracle.books[b].refunded[f] += cents;
                    oracle.funders[f].deposited += cents;
                }
                let (from, there) = (purse(b, f, free), Account::clearing(book_of(b)));
                (two(Kind::Refunded, &[(from, there), (fund, deposited(f))], cents), done)
            }
            Self::Refunded((f, cents)) => {
                let done = oracle.funders[f].deposited >= cents && oracle.bank >= cents;
                if done {
                    oracle.bank -= cents;
                    oracle.funders[f].deposited -= cents;
                    oracle.funders[f].returned += cents;
                }
                (one(Kind::RefundSent, deposited(f), Account::bank(), cents), done)
            }
            Self::RefundSent((f, cents)) => {
                let done = take_from(&mut oracle.funders[f].deposited, cents);
                oracle.funders[f].under_way += if done { cents } else { 0 };
                (
                    one(Kind::RefundSent, deposited(f), Account::in_transit(funder_of(f)), cents),
                    done,
                )
            }
            Self::RefundDebited((f, cents)) => {
                let done = oracle.funders[f].under_way >= cents && oracle.bank >= cents;
                if done {
                    oracle.bank -= cents;
                    oracle.funders[f].under_way -= cents;
                    oracle.funders[f].returned += cents;
                }
                (
                    one(
                        Kind::RefundSent,
                        Account::in_transit(funder_of(f)),
                        Account::bank(),
                        cents,
                    ),
                    done,
                )
            }
            Self::RefundRejected((f, cents)) => {
                let done = take_from(&mut oracle.funders[f].under_way, cents);
                oracle.funders[f].deposited += if done { cents } else { 0 };
                (
                    one(Kind::Rejected, Account::in_transit(funder_of(f)), deposited(f), cents),
                    done,
                )
            }
            Self::RefundReturned((f, cents)) => {
                oracle.bank += cents;
                oracle.funders[f].returned -= cents;
                oracle.funders[f].deposited += cents;
                (one(Kind::Rejected, Account::bank(), deposited(f), cents), true)
            }
            Self::TrueUp(b, owes, (f, cents), free) => {
                let programme = &mut oracle.books[b];
                let done = take_from(programme.purse(owes, free), cents);
                if done {
                    programme.refundable[f] += cents;
                    programme.trued_up[f] += cents;
                    programme.trued_up[owes] -= cents;
                }
                let to = Account::refundable(book_of(b), funder_of(f));
                (one(Kind::TrueUp, purse(b, owes, free), to, cents), done)
            }
            _ => unreachable!("has a function of its own"),
        }
    }
}

pub fn take_from(held: &mut i64, cents: i64) -> bool {
    let enough = *held >= cents;
    *held -= if enough { cents } else { 0 };
    enough
}

/// What a funder has in a programme, free or owed back to it.
fn purse(b: usize, f: usize, free: bool) -> Account {
    if free {
        Account::available(book_of(b), funder_of(f))
    } else {
        Account::refundable(book_of(b), funder_of(f))
    }
}

fn deposited(f: usize) -> Account {
    Account::deposited(funder_of(f))
}

pub fn one(kind: Kind, debit: Account, credit: Account, cents: i64) -> Vec<Leg> {
    vec![(kind, debit, credit, Cents::new(cents))]
}

pub fn two(kind: Kind, legs: &[(Account, Account); 2], cents: i64) -> Vec<Leg> {
    legs.iter()
        .map(|&(debit, credit)| (kind, debit, credit, Cents::new(cents)))
        .collect()
}
