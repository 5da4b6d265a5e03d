//! The events: what each books, and what it does to the model when the fund can bear it.

use ledger::TransferKind as Kind;
use ledger::{Account, AccountNumber, BookId, GroupId, Posting, Transfer};
use rand::RngExt;
use rand::rngs::StdRng;
use standards::Cents;

use super::model::{
    BATCHES, BOOKS, Batch, Claim, FUNDERS, Life, Payment, STRUCTURES, State, VOUCHERS, Voucher, batch_of, book_of,
    funder_of, idx_of, split, structure_of,
};
use crate::common::{FACE_VALUE, Leg, id, posting, voucher};

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
    GivenBack(usize, Who),
    Refunded(Who),
    RefundSent(Who),
    RefundDebited(Who),
    RefundRejected(Who),
    RefundReturned(Who),
    TrueUp(usize, usize, Who),
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
            Self::GivenBack(..) => "given back",
            Self::Refunded(_) => "refunded",
            Self::RefundSent(_) => "refund sent",
            Self::RefundDebited(_) => "refund debited",
            Self::RefundRejected(_) => "refund rejected",
            Self::RefundReturned(_) => "refund returned",
            Self::TrueUp(..) => "true-up",
        }
    }

    /// `None` when there is nothing yet that it could happen to.
    pub fn random(random: &mut StdRng, life: &Life) -> Option<Self> {
        let f = random.random_range(0..FUNDERS);
        let b = random.random_range(0..BOOKS);
        let k = random.random_range(0..BATCHES);
        let s = random.random_range(0..STRUCTURES);
        let of = (k, random.random_range(1..=VOUCHERS));
        let cents = random.random_range(1..=2_000);
        // Mostly a voucher that it can happen to.
        let (funder, programme) = (&life.funders[f], &life.books[b]);
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
            let those = life
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
            7 => Self::UnexplainedOut(near(life.bank)),
            8 => Self::ExplainedAsContribution(who),
            9 => Self::ExplainedAsCharge(cents),
            10 => Self::BankCharge(near(life.bank)),
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
            40 => Self::GivenBack(b, (f, near(programme.refundable[f]))),
            41 => Self::Refunded((f, near(funder.deposited))),
            42 => Self::RefundSent((f, near(funder.deposited))),
            43 => Self::RefundDebited((f, near(funder.under_way))),
            44 if coin => Self::RefundRejected((f, near(funder.under_way))),
            44 => (funder.returned > 0).then(|| Self::RefundReturned((f, cents.min(funder.returned))))?,
            _ => Self::TrueUp(b, owes, (f, near(programme.available[owes]))),
        })
    }

    /// What it books under the number, and what must become of it; the model has moved on if it is booked.
    pub fn take(&self, number: usize, life: &mut Life) -> (Posting, Expected) {
        let name = format!("step {number}");
        match *self {
            Self::Activated(b, of) => return activated(life, b, of),
            Self::Claimed(b, s, ref those) => return claimed(life, name, b, s, those.clone()),
            Self::Reversed(b, claim, dead) => return reversed(life, b, claim, dead),
            Self::Settled(b, s) => return settled(life, &name, b, s),
            Self::BatchFunded(b, k) => return batch_funded(life, &name, b, k),
            Self::BatchOver(b, k, kind) => return batch_over(life, &name, b, k, kind),
            Self::Swept(b, of, kind) => return swept(life, &name, b, of, kind),
            Self::Paid(payment) | Self::Rejected(payment) | Self::Returned(payment) => {
                return answered(life, &name, payment, self);
            }
            _ => {}
        }
        let (legs, admitted) = self.simple(life);
        let expected = if admitted { Expected::Now } else { Expected::Refused };
        (posting(&name, &legs), expected)
    }

    /// One amount from here to there.
    fn simple(&self, life: &mut Life) -> (Vec<Leg>, bool) {
        let fund = Account::clearing(BookId::fund());
        match *self {
            Self::Received((f, cents)) => {
                let funder = &mut life.funders[f];
                (funder.received, funder.deposited) = (funder.received + cents, funder.deposited + cents);
                life.bank += cents;
                (one(Kind::Received, Account::bank(), deposited(f), cents), true)
            }
            Self::Mandated((f, cents)) => {
                let funder = &mut life.funders[f];
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
                let done = take_from(&mut life.funders[f].receivable, cents);
                life.bank += if done { cents } else { 0 };
                let receivable = Account::receivable(funder_of(f));
                (one(Kind::MandateReceived, Account::bank(), receivable, cents), done)
            }
            Self::Unexplained(cents) => {
                (life.bank, life.suspense) = (life.bank + cents, life.suspense + cents);
                (
                    one(Kind::Unexplained, Account::bank(), Account::suspense(), cents),
                    true,
                )
            }
            Self::UnexplainedOut(cents) => {
                let done = take_from(&mut life.bank, cents);
                life.suspense -= if done { cents } else { 0 };
                (
                    one(Kind::Unexplained, Account::suspense(), Account::bank(), cents),
                    done,
                )
            }
            Self::ExplainedAsContribution((f, cents)) => {
                let funder = &mut life.funders[f];
                (funder.received, funder.deposited) = (funder.received + cents, funder.deposited + cents);
                life.suspense -= cents;
                (one(Kind::Explained, Account::suspense(), deposited(f), cents), true)
            }
            Self::ExplainedAsCharge(cents) => {
                life.suspense += cents;
                (
                    one(Kind::Explained, Account::charges(), Account::suspense(), cents),
                    true,
                )
            }
            Self::BankCharge(cents) => {
                let done = take_from(&mut life.bank, cents);
                (one(Kind::BankCharge, Account::charges(), Account::bank(), cents), done)
            }
            Self::Allocated(b, (f, cents)) => {
                let done = take_from(&mut life.funders[f].deposited, cents);
                let programme = &mut life.books[b];
                if done {
                    programme.allocated[f] += cents;
                    programme.available[f] += cents;
                }
                let available = Account::available(book_of(b), funder_of(f));
                let there = Account::clearing(book_of(b));
                (
                    two(Kind::Allocated, [(deposited(f), fund), (there, available)], cents),
                    done,
                )
            }
            Self::GivenBack(b, (f, cents)) => {
                let done = take_from(&mut life.books[b].refundable[f], cents);
                if done {
                    life.books[b].given_back[f] += cents;
                    life.funders[f].deposited += cents;
                }
                let refundable = Account::refundable(book_of(b), funder_of(f));
                let there = Account::clearing(book_of(b));
                (
                    two(Kind::GivenBack, [(refundable, there), (fund, deposited(f))], cents),
                    done,
                )
            }
            Self::Refunded((f, cents)) => {
                let done = life.funders[f].deposited >= cents && life.bank >= cents;
                if done {
                    life.bank -= cents;
                    life.funders[f].deposited -= cents;
                    life.funders[f].returned += cents;
                }
                (one(Kind::RefundSent, deposited(f), Account::bank(), cents), done)
            }
            Self::RefundSent((f, cents)) => {
                let done = take_from(&mut life.funders[f].deposited, cents);
                life.funders[f].under_way += if done { cents } else { 0 };
                (
                    one(Kind::RefundSent, deposited(f), Account::in_transit(funder_of(f)), cents),
                    done,
                )
            }
            Self::RefundDebited((f, cents)) => {
                let done = life.funders[f].under_way >= cents && life.bank >= cents;
                if done {
                    life.bank -= cents;
                    life.funders[f].under_way -= cents;
                    life.funders[f].returned += cents;
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
                let done = take_from(&mut life.funders[f].under_way, cents);
                life.funders[f].deposited += if done { cents } else { 0 };
                (
                    one(Kind::Rejected, Account::in_transit(funder_of(f)), deposited(f), cents),
                    done,
                )
            }
            Self::RefundReturned((f, cents)) => {
                life.bank += cents;
                life.funders[f].returned -= cents;
                life.funders[f].deposited += cents;
                (one(Kind::Rejected, Account::bank(), deposited(f), cents), true)
            }
            Self::TrueUp(b, owes, (f, cents)) => {
                let programme = &mut life.books[b];
                let done = take_from(&mut programme.available[owes], cents);
                if done {
                    programme.refundable[f] += cents;
                    programme.trued_up[f] += cents;
                    programme.trued_up[owes] -= cents;
                }
                let from = Account::available(book_of(b), funder_of(owes));
                let to = Account::refundable(book_of(b), funder_of(f));
                (one(Kind::TrueUp, from, to, cents), done)
            }
            _ => unreachable!("has a function of its own"),
        }
    }
}

fn take_from(held: &mut i64, cents: i64) -> bool {
    let enough = *held >= cents;
    *held -= if enough { cents } else { 0 };
    enough
}

fn deposited(f: usize) -> Account {
    Account::deposited(funder_of(f))
}

fn one(kind: Kind, debit: Account, credit: Account, cents: i64) -> Vec<Leg> {
    vec![(kind, debit, credit, Cents::new(cents))]
}

fn two(kind: Kind, legs: [(Account, Account); 2], cents: i64) -> Vec<Leg> {
    legs.map(|(debit, credit)| (kind, debit, credit, Cents::new(cents)))
        .into()
}

fn number_of((k, serial): (usize, u32)) -> AccountNumber {
    voucher(idx_of(k, serial))
}

fn batch_funded(life: &mut Life, name: &str, b: usize, k: usize) -> (Posting, Expected) {
    let programme = &mut life.books[b];
    let mut shares = [0; FUNDERS];
    for serial in 1..=VOUCHERS {
        for (sum, cents) in shares.iter_mut().zip(split(serial)) {
            *sum += cents;
        }
    }
    let legs: Vec<Leg> = (0..FUNDERS)
        .map(|f| {
            let (book, funder) = (book_of(b), funder_of(f));
            let reserve = Account::reserved(book, batch_of(b, k), funder);
            (
                Kind::BatchFunded,
                Account::available(book, funder),
                reserve,
                Cents::new(shares[f]),
            )
        })
        .collect();
    let enough = (0..FUNDERS).all(|f| programme.available[f] >= shares[f]);
    if enough {
        programme.batches[k] = Batch::Funded;
        programme.reserved[k] = shares;
        for f in 0..FUNDERS {
            programme.available[f] -= shares[f];
            programme.funded[f] += shares[f];
        }
    }
    (
        posting(name, &legs),
        if enough { Expected::Now } else { Expected::Refused },
    )
}

/// What is left in reserve goes back; when nothing is, one cent is asked for in vain.
fn batch_over(life: &mut Life, name: &str, b: usize, k: usize, kind: Kind) -> (Posting, Expected) {
    let programme = &mut life.books[b];
    let left = programme.reserved[k];
    let leg = |f: usize, cents: i64| {
        let (book, funder) = (book_of(b), funder_of(f));
        let reserve = Account::reserved(book, batch_of(b, k), funder);
        (kind, reserve, Account::refundable(book, funder), Cents::new(cents))
    };
    programme.batches[k] = Batch::Over;
    if left == [0; FUNDERS] {
        return (posting(name, &[leg(0, 1)]), Expected::Refused);
    }
    let legs: Vec<Leg> = (0..FUNDERS).filter(|&f| left[f] > 0).map(|f| leg(f, left[f])).collect();
    programme.reserved[k] = [0; FUNDERS];
    for f in 0..FUNDERS {
        programme.refundable[f] += left[f];
        let released = if kind == Kind::BatchExpired {
            &mut programme.batch_expired
        } else {
            &mut programme.batch_cancelled
        };
        released[f] += left[f];
    }
    (posting(name, &legs), Expected::Now)
}

/// Its ids are made from the voucher, so a second activation is a retry.
fn activated(life: &mut Life, b: usize, of: (usize, u32)) -> (Posting, Expected) {
    let (programme, (k, serial)) = (&mut life.books[b], of);
    let shares = split(serial);
    let account = Account::new_voucher(book_of(b), number_of(of), FACE_VALUE);
    let legs: Vec<Leg> = (0..FUNDERS)
        .map(|f| {
            let reserve = Account::reserved(book_of(b), batch_of(b, k), funder_of(f));
            (Kind::Activated, reserve, account, Cents::new(shares[f]))
        })
        .collect();
    let expected = if programme.voucher(of) != Voucher::Inert {
        Expected::Before
    } else if programme.batches[k] == Batch::Funded {
        programme.vouchers.insert(of, Voucher::Alive);
        for f in 0..FUNDERS {
            programme.reserved[k][f] -= shares[f];
            programme.activated[f] += shares[f];
        }
        Expected::Now
    } else {
        Expected::Refused
    };
    (posting(&format!("activated {b} {k} {serial}"), &legs), expected)
}

fn claimed(life: &mut Life, name: String, b: usize, s: usize, vouchers: Vec<(usize, u32)>) -> (Posting, Expected) {
    let programme = &mut life.books[b];
    let leg = |&of: &(usize, u32)| {
        let debit = Account::voucher(book_of(b), number_of(of));
        (
            Kind::Claimed,
            debit,
            Account::payable(book_of(b), structure_of(s)),
            FACE_VALUE,
        )
    };
    let posting = posting(&name, &vouchers.iter().map(leg).collect::<Vec<_>>());
    if vouchers.iter().any(|&of| programme.voucher(of) != Voucher::Alive) {
        return (posting, Expected::Refused);
    }
    for &of in &vouchers {
        programme.vouchers.insert(of, Voucher::Spent);
    }
    let claim = Claim {
        name,
        structure: s,
        vouchers,
        reversed: false,
        payment: None,
    };
    programme.payable[s] += claim.cents();
    programme.claims.push(claim);
    (posting, Expected::Now)
}

/// From what the structure is owed, unless it was paid for the claim or what it is owed is gone: then it owes.
fn reversed(life: &mut Life, b: usize, number: usize, dead: bool) -> (Posting, Expected) {
    let programme = &mut life.books[b];
    let claim = &mut programme.claims[number];
    let (s, cents) = (claim.structure, claim.cents());
    let owed = claim.payment.is_none() && programme.payable[s] >= cents;
    let structure = structure_of(s);
    let from = if owed {
        Account::payable(book_of(b), structure)
    } else {
        Account::recoverable(book_of(b), structure)
    };
    let name = format!(
        "reversal of {}{}",
        claim.name,
        if claim.reversed { " again" } else { "" }
    );
    let mut transfers = Vec::new();
    for (n, &of) in claim.vouchers.iter().enumerate() {
        let voucher = Account::voucher(book_of(b), number_of(of));
        let back = Transfer::new(
            id(&name, transfers.len()),
            Kind::ClaimReversed,
            from,
            voucher,
            FACE_VALUE,
        )
        .unwrap();
        transfers.push(back.reversing(id(&claim.name, n)));
        for f in (0..FUNDERS).filter(|_| dead) {
            let refundable = Account::refundable(book_of(b), funder_of(f));
            let share = Cents::new(split(of.1)[f]);
            let leg = id(&name, transfers.len());
            transfers.push(Transfer::new(leg, Kind::ClaimReversed, voucher, refundable, share).unwrap());
        }
    }
    let posting = Posting::new(GroupId::derive(b"test", &[name.as_bytes()]), transfers).unwrap();
    if claim.reversed {
        return (posting, Expected::Refused);
    }
    claim.reversed = true;
    for of in claim.vouchers.clone() {
        programme
            .vouchers
            .insert(of, if dead { Voucher::Dead } else { Voucher::Alive });
        for f in (0..FUNDERS).filter(|_| dead) {
            programme.refundable[f] += split(of.1)[f];
            programme.reversed_dead[f] += split(of.1)[f];
        }
    }
    if owed {
        programme.payable[s] -= cents;
    } else {
        programme.recoverable[s] += cents;
    }
    (posting, Expected::Now)
}

fn swept(life: &mut Life, name: &str, b: usize, of: (usize, u32), kind: Kind) -> (Posting, Expected) {
    let programme = &mut life.books[b];
    let legs: Vec<Leg> = (0..FUNDERS)
        .map(|f| {
            let debit = Account::voucher(book_of(b), number_of(of));
            let refundable = Account::refundable(book_of(b), funder_of(f));
            (kind, debit, refundable, Cents::new(split(of.1)[f]))
        })
        .collect();
    let alive = programme.voucher(of) == Voucher::Alive;
    if alive {
        programme.vouchers.insert(of, Voucher::Dead);
        for f in 0..FUNDERS {
            let gone = if kind == Kind::Expired {
                &mut programme.expired
            } else {
                &mut programme.revoked
            };
            gone[f] += split(of.1)[f];
            programme.refundable[f] += split(of.1)[f];
        }
    }
    (
        posting(name, &legs),
        if alive { Expected::Now } else { Expected::Refused },
    )
}

/// All that is owed, less what was paid too much.
fn settled(life: &mut Life, name: &str, b: usize, s: usize) -> (Posting, Expected) {
    let payment = life.payments.len();
    let programme = &mut life.books[b];
    let (owed, deducted) = (programme.payable[s], programme.recoverable[s]);
    let payable = Account::payable(book_of(b), structure_of(s));
    let (here, fund) = (Account::clearing(book_of(b)), Account::clearing(BookId::fund()));
    let cents = owed - deducted;
    let mut legs = two(
        Kind::Settled,
        [(payable, here), (fund, Account::in_transit(structure_of(s)))],
        cents,
    );
    if deducted > 0 {
        let recoverable = Account::recoverable(book_of(b), structure_of(s));
        legs.extend(one(Kind::Deducted, payable, recoverable, deducted));
    }
    (programme.payable[s], programme.recoverable[s]) = (0, 0);
    for claim in &mut programme.claims {
        if claim.structure == s && !claim.reversed && claim.payment.is_none() {
            claim.payment = Some(payment);
        }
    }
    life.payments.push(Payment {
        book: b,
        structure: s,
        cents,
        state: State::Sent,
    });
    (posting(name, &legs), Expected::Now)
}

/// What the bank says of a payment.
fn answered(life: &mut Life, name: &str, number: usize, step: &Step) -> (Posting, Expected) {
    let payment = &mut life.payments[number];
    let (b, s, cents) = (payment.book, payment.structure, payment.cents);
    let in_transit = Account::in_transit(structure_of(s));
    if let Step::Paid(_) = step {
        let done = take_from(&mut life.bank, cents);
        payment.state = if done { State::Paid } else { State::Sent };
        let legs = one(Kind::Paid, in_transit, Account::bank(), cents);
        return (
            posting(name, &legs),
            if done { Expected::Now } else { Expected::Refused },
        );
    }
    let from = if let Step::Returned(_) = step {
        life.bank += cents;
        Account::bank()
    } else {
        in_transit
    };
    payment.state = State::Back;
    let programme = &mut life.books[b];
    programme.payable[s] += cents;
    for claim in &mut programme.claims {
        if claim.payment == Some(number) {
            claim.payment = None;
        }
    }
    let payable = Account::payable(book_of(b), structure_of(s));
    let clearing = [
        (from, Account::clearing(BookId::fund())),
        (Account::clearing(book_of(b)), payable),
    ];
    (posting(name, &two(Kind::Rejected, clearing, cents)), Expected::Now)
}
