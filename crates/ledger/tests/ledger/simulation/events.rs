//! The events of several accounts: what each books, and what it does to the oracle.

use ledger::TransferKind as Kind;
use ledger::{Account, AccountNumber, BookId, EventId, Posting, Transfer};
use standards::Cents;

use super::oracle::{
    Batch, Claim, FUNDERS, Oracle, Payment, State, VOUCHERS, Voucher, batch_of, book_of, funder_of, idx_of, split,
    structure_of,
};
use super::step::{Expected, Step, one, take_from, two};
use crate::common::{FACE_VALUE, Leg, id, paper, posting, voucher};

fn number_of((k, serial): (usize, u32)) -> AccountNumber {
    voucher(idx_of(k, serial))
}

pub fn batch_funded(oracle: &mut Oracle, name: &str, b: usize, k: usize) -> (Posting, Expected) {
    let programme = &mut oracle.books[b];
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
        for (f, cents) in shares.into_iter().enumerate() {
            programme.available[f] -= cents;
            programme.funded[f] += cents;
        }
    }
    (
        posting(name, &legs),
        if enough { Expected::Now } else { Expected::Refused },
    )
}

/// What is left in reserve goes back; when nothing is, one cent is asked for in vain.
pub fn batch_over(oracle: &mut Oracle, name: &str, b: usize, k: usize, kind: Kind) -> (Posting, Expected) {
    let programme = &mut oracle.books[b];
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
pub fn activated(oracle: &mut Oracle, b: usize, of: (usize, u32)) -> (Posting, Expected) {
    let (programme, (k, serial)) = (&mut oracle.books[b], of);
    let shares = split(serial);
    let account = paper(number_of(of)).account(book_of(b));
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
        for (f, cents) in shares.into_iter().enumerate() {
            programme.reserved[k][f] -= cents;
            programme.activated[f] += cents;
        }
        Expected::Now
    } else {
        Expected::Refused
    };
    (posting(&format!("activated {b} {k} {serial}"), &legs), expected)
}

pub fn claimed(
    oracle: &mut Oracle,
    name: String,
    b: usize,
    s: usize,
    vouchers: Vec<(usize, u32)>,
) -> (Posting, Expected) {
    let programme = &mut oracle.books[b];
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
pub fn reversed(oracle: &mut Oracle, b: usize, number: usize, dead: bool) -> (Posting, Expected) {
    let programme = &mut oracle.books[b];
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
            transfers.push(Transfer::new(leg, Kind::ReversedRevoked, voucher, refundable, share).unwrap());
        }
    }
    let posting = Posting::new(EventId::derive(b"test", &[name.as_bytes()]), transfers).unwrap();
    if claim.reversed {
        return (posting, Expected::Refused);
    }
    claim.reversed = true;
    oracle.reversed_into_debt += u32::from(!owed && claim.payment.is_none());
    for of in claim.vouchers.clone() {
        programme
            .vouchers
            .insert(of, if dead { Voucher::Dead } else { Voucher::Alive });
        for f in (0..FUNDERS).filter(|_| dead) {
            programme.refundable[f] += split(of.1)[f];
            programme.reversed_revoked[f] += split(of.1)[f];
        }
    }
    if owed {
        programme.payable[s] -= cents;
    } else {
        programme.recoverable[s] += cents;
    }
    (posting, Expected::Now)
}

pub fn swept(oracle: &mut Oracle, name: &str, b: usize, of: (usize, u32), kind: Kind) -> (Posting, Expected) {
    let programme = &mut oracle.books[b];
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
pub fn settled(oracle: &mut Oracle, name: &str, b: usize, s: usize) -> (Posting, Expected) {
    let payment = oracle.payments.len();
    let programme = &mut oracle.books[b];
    let (owed, deducted) = (programme.payable[s], programme.recoverable[s]);
    let payable = Account::payable(book_of(b), structure_of(s));
    let (here, fund) = (Account::clearing(book_of(b)), Account::clearing(BookId::fund()));
    let cents = owed - deducted;
    let mut legs = two(
        Kind::Settled,
        &[(payable, here), (fund, Account::in_transit(structure_of(s)))],
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
    oracle.payments.push(Payment {
        book: b,
        structure: s,
        cents,
        deducted,
        state: State::Sent,
    });
    (posting(name, &legs), Expected::Now)
}

/// What the bank says of a payment.
pub fn answered(oracle: &mut Oracle, name: &str, number: usize, step: &Step) -> (Posting, Expected) {
    let payment = &mut oracle.payments[number];
    let (b, s, cents) = (payment.book, payment.structure, payment.cents);
    let in_transit = Account::in_transit(structure_of(s));
    if let Step::Paid(_) = step {
        let done = take_from(&mut oracle.bank, cents);
        payment.state = if done { State::Paid } else { State::Sent };
        let legs = one(Kind::Paid, in_transit, Account::bank(), cents);
        return (
            posting(name, &legs),
            if done { Expected::Now } else { Expected::Refused },
        );
    }
    let from = if let Step::Returned(_) = step {
        oracle.bank += cents;
        Account::bank()
    } else {
        in_transit
    };
    payment.state = State::Back;
    let programme = &mut oracle.books[b];
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
    (posting(name, &two(Kind::Rejected, &clearing, cents)), Expected::Now)
}
