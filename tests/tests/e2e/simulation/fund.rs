//! The oracle: the fund in the business's own words, who promised, paid, holds, used and is owed what. Nothing here knows of
//! accounts or of tables; every figure of the report is counted anew from vouchers, claims and payments.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::shares::{Plan, split};

pub const FUNDERS: usize = 3;
pub const PROGRAMMES: usize = 2;
pub const STRUCTURES: usize = 3;
/// Vouchers of a booklet.
pub const BOOKLET: usize = 10;
/// Cents of a voucher.
pub const FACE: i64 = 1000;

/// An amount a funder.
pub type Each = [i64; FUNDERS];

#[derive(Debug, Default)]
pub struct Funder {
    pub received: i64,
    pub deposited: i64,
    /// In a payment file of a refund.
    pub under_way: i64,
    /// Of its free money, back on its own account.
    pub returned: i64,
}

impl Funder {
    /// Money of its own came; below zero, the bank took some back.
    pub const fn gave(&mut self, cents: i64) {
        self.deposited += cents;
        if cents > 0 {
            self.received += cents;
        } else {
            self.returned -= cents;
        }
    }
}

#[derive(Debug)]
pub struct Call {
    pub id: Uuid,
    pub reference: String,
    pub programme: usize,
    pub funder: usize,
    pub cents: i64,
    pub paid: i64,
    pub called_on: NaiveDate,
    pub due_on: NaiveDate,
}

#[derive(Debug)]
pub struct Mandate {
    pub id: Uuid,
    pub number: u32,
    pub programme: usize,
    pub funder: usize,
    pub call: Option<usize>,
    pub cents: i64,
    pub cancelled: i64,
    pub awaited: i64,
}

/// What became of a voucher's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voucher {
    /// Paper: it was never worth anything.
    Paper,
    /// Revoked before it was worth anything.
    GivenUp,
    /// Never worth anything, and its programme ended.
    Unused,
    Alive,
    Spent,
    Revoked,
    Expired,
}

#[derive(Debug)]
pub struct Sheet {
    pub token: String,
    pub state: Voucher,
    /// Stopped for ever, whatever becomes of its money.
    pub blocked: bool,
    pub handed_over: bool,
    /// Money was put behind it.
    pub reserved: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "what happened to it, each thing once")]
#[derive(Debug)]
pub struct Batch {
    pub id: Uuid,
    /// The number of its first booklet: the programme's booklets are numbered on from batch to batch.
    pub first_booklet: usize,
    pub version: usize,
    pub rates: [i128; FUNDERS],
    pub sheets: Vec<Sheet>,
    pub funded: bool,
    pub activated: bool,
    pub cancelled: bool,
    pub invoiced: bool,
}

impl Batch {
    pub fn booklets(&self) -> usize {
        self.sheets.len() / BOOKLET
    }

    pub fn split(&self, sheet: usize) -> Each {
        split(&self.rates, i64::try_from(sheet + 1).expect("small"))
    }
}

#[derive(Debug)]
pub struct Claim {
    /// In answers and addresses.
    pub id: String,
    pub structure: usize,
    /// (batch, sheet) of each voucher.
    pub vouchers: Vec<(usize, usize)>,
    pub at: DateTime<Utc>,
    pub reversed: bool,
    /// (payment, cents): negative when it was deducted.
    pub lines: Vec<(usize, i64)>,
}

impl Claim {
    pub fn cents(&self) -> i64 {
        FACE * i64::try_from(self.vouchers.len()).expect("small")
    }
}

#[derive(Debug, Default)]
pub struct Programme {
    pub plans: Vec<Plan>,
    pub batches: Vec<Batch>,
    pub claims: Vec<Claim>,
    pub agreed: Each,
    pub called: Each,
    pub allocated: Each,
    /// Given back as free money.
    pub credited: Each,
    /// Refunds that left the bank and did not come back.
    pub returned: Each,
    pub available: Each,
    pub refundable: Each,
    /// All that ever became owed back.
    pub came_back: Each,
    /// All that was ever put behind batches.
    pub committed: Each,
    pub payable: [i64; STRUCTURES],
    pub recoverable: [i64; STRUCTURES],
    pub over: bool,
    pub trued_up: bool,
    pub stated_until: Option<NaiveDate>,
}

impl Programme {
    /// What each funder paid of the vouchers that are so.
    pub fn sum(&self, is: impl Fn(&Batch, &Sheet) -> bool) -> Each {
        let mut sum = [0; FUNDERS];
        for batch in &self.batches {
            for (place, sheet) in batch.sheets.iter().enumerate() {
                if is(batch, sheet) {
                    add(&mut sum, batch.split(place));
                }
            }
        }
        sum
    }

    pub fn owe_back(&mut self, shares: Each) {
        add(&mut self.refundable, shares);
        add(&mut self.came_back, shares);
    }

    /// What a claim still asks for, by the payments that neither came back nor were refused.
    pub fn due(claim: &Claim, payments: &[Payment]) -> i64 {
        let worth = if claim.reversed { 0 } else { claim.cents() };
        worth - Self::covered(claim, payments)
    }

    pub fn covered(claim: &Claim, payments: &[Payment]) -> i64 {
        let live = claim.lines.iter().filter(|(payment, _)| payments[*payment].is_live());
        live.map(|(_, cents)| cents).sum()
    }
}

pub fn add(sum: &mut Each, more: Each) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// To a structure.
    Structure(usize),
    /// A refund, out of a programme, to a funder.
    Funder(usize, usize),
    /// To a funder, of its free money.
    Free(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Somebody has to approve it.
    Proposed,
    Sent,
    Debited,
    Returned,
    /// By the bank, before its debit.
    Rejected,
    /// By the second person.
    Withdrawn,
}

#[derive(Debug)]
pub struct Payment {
    pub end_to_end: String,
    pub to: Paid,
    pub cents: i64,
    /// Out of each programme.
    pub parts: [i64; PROGRAMMES],
    pub state: State,
    /// Which of the structure's accounts it goes to.
    pub account: u32,
    pub file: usize,
    pub at: DateTime<Utc>,
}

impl Payment {
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Proposed | State::Sent | State::Debited)
    }
}

/// Whether somebody else has to look before the bank gets it, and what they said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposal {
    NotNeeded,
    Waiting,
    Approved,
    Refused,
}

/// A payment file: of a settlement, or of one refund.
#[derive(Debug)]
pub struct File {
    pub id: Uuid,
    pub of_settlement: bool,
    pub execute_on: NaiveDate,
    pub payments: Vec<usize>,
    pub proposal: Proposal,
    /// What the bank calls it, once it has it.
    pub message_id: Option<String>,
}

impl Paid {
    pub const fn funder(self) -> Option<usize> {
        match self {
            Self::Structure(_) => None,
            Self::Funder(_, f) | Self::Free(f) => Some(f),
        }
    }
}

impl File {
    pub fn path(&self) -> String {
        let kind = if self.of_settlement { "settlements" } else { "refunds" };
        format!("/funding/v1/{kind}/{}", self.id)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A line of a statement: which, and whether it was explained as something.
    Line,
    Call(usize),
    Payment(usize),
}

#[derive(Debug, Clone)]
pub struct Break {
    pub about: About,
    pub kind: &'static str,
    pub cents: i64,
    pub state: &'static str,
}

#[derive(Debug, Default)]
pub struct Fund {
    pub bank: i64,
    /// Money in that nobody has explained; negative: money out.
    pub suspense: i64,
    pub funders: [Funder; FUNDERS],
    pub programmes: [Programme; PROGRAMMES],
    pub calls: Vec<Call>,
    pub mandates: Vec<Mandate>,
    /// How many invoices of the operator's fee there are: the fund's money knows nothing of them.
    pub invoices: usize,
    /// What the bank took and the operator has not paid back.
    pub charges_owed: i64,
    pub files: Vec<File>,
    pub payments: Vec<Payment>,
    pub breaks: Vec<Break>,
    /// The account on which each structure is paid; none yet for who gave none.
    pub accounts: [Option<u32>; STRUCTURES],
    pub tolerance: i64,
    pub approval_above: Option<i64>,
    pub closed: u32,
}

impl Fund {
    pub fn awaited(&self, funder: usize) -> i64 {
        let mine = self.mandates.iter().filter(|mandate| mandate.funder == funder);
        mine.map(|mandate| mandate.awaited).sum()
    }

    /// What a funder put into a programme and was not given back, by whatever way.
    pub fn placed(&self, programme: usize, funder: usize) -> i64 {
        let under_way = |one: &&Payment| {
            one.to == Paid::Funder(programme, funder) && matches!(one.state, State::Sent | State::Proposed)
        };
        let under_way: i64 = self.payments.iter().filter(under_way).map(|one| one.cents).sum();
        let one = &self.programmes[programme];
        one.allocated[funder] - one.credited[funder] - one.returned[funder] - under_way
    }

    /// What a funder has free that is not what its mandates await, if a programme gave back so much; nothing when none is awaited.
    pub fn own_after(&self, programme: usize, funder: usize, back: i64) -> Option<i64> {
        let awaited = self.awaited(funder);
        // The second programme accepts mandates: what was put there and not given back may be all of what is awaited.
        let placed = self.placed(1, funder) - if programme == 1 { back } else { 0 };
        (awaited > 0).then(|| self.funders[funder].deposited + back - (awaited - placed).max(0))
    }

    /// A payment goes back to what it paid.
    pub fn goes_back(&mut self, payment: usize, state: State) {
        let payment = &mut self.payments[payment];
        let was_out = payment.state == State::Debited;
        payment.state = state;
        if was_out {
            self.bank += payment.cents;
        }
        match payment.to {
            Paid::Structure(s) => {
                for (programme, part) in self.programmes.iter_mut().zip(payment.parts) {
                    programme.payable[s] += part;
                }
            }
            Paid::Funder(p, f) => {
                self.funders[f].deposited += payment.cents;
                self.programmes[p].credited[f] += payment.cents;
                if was_out {
                    self.programmes[p].returned[f] -= payment.cents;
                } else {
                    self.funders[f].under_way -= payment.cents;
                }
            }
            Paid::Free(f) => {
                self.funders[f].deposited += payment.cents;
                if was_out {
                    self.funders[f].returned -= payment.cents;
                } else {
                    self.funders[f].under_way -= payment.cents;
                }
            }
        }
    }

    /// What was sent to a funder in the last thirty days and nobody was asked for.
    pub fn unasked(&self, funder: Option<usize>, now: DateTime<Utc>) -> i64 {
        let since = now - chrono::TimeDelta::days(30);
        let lately = |one: &&Payment| {
            one.to.funder() == funder && one.at > since && self.files[one.file].proposal == Proposal::NotNeeded
        };
        self.payments.iter().filter(lately).map(|one| one.cents).sum()
    }

    /// What the bank account has for certain that nothing asks for; it may have more.
    pub fn idle(&self) -> i64 {
        let sent = self
            .payments
            .iter()
            .filter(|one| matches!(one.state, State::Sent | State::Proposed));
        self.bank - self.suspense.abs() - sent.map(|one| one.cents).sum::<i64>()
    }

    /// It is on a statement.
    pub fn is_debited(&mut self, payment: usize) {
        let payment = &mut self.payments[payment];
        payment.state = State::Debited;
        self.bank -= payment.cents;
        match payment.to {
            Paid::Structure(_) => {}
            Paid::Funder(p, f) => {
                self.funders[f].under_way -= payment.cents;
                self.programmes[p].returned[f] += payment.cents;
            }
            Paid::Free(f) => {
                self.funders[f].under_way -= payment.cents;
                self.funders[f].returned += payment.cents;
            }
        }
    }

    /// What was missing or late and is there now needs nobody any more.
    pub fn settle_expected(&mut self) {
        for one in self.breaks.iter_mut().filter(|one| one.state != "closed") {
            let there = match one.about {
                About::Line => false,
                About::Call(call) => self.calls[call].paid >= self.calls[call].cents,
                About::Payment(payment) => !matches!(self.payments[payment].state, State::Sent | State::Proposed),
            };
            if there {
                one.state = "closed";
            }
        }
    }

    /// What should be on the account by a day and is not.
    pub fn open_expected(&mut self, day: NaiveDate) {
        let known = |about: &About, breaks: &[Break]| breaks.iter().any(|one| one.about == *about);
        for (place, payment) in self.payments.iter().enumerate() {
            let late = self.files[payment.file].execute_on + chrono::Days::new(5) <= day;
            let about = About::Payment(place);
            if late && payment.state == State::Sent && !known(&about, &self.breaks) {
                self.breaks.push(Break {
                    about,
                    kind: "missing",
                    cents: -payment.cents,
                    state: "open",
                });
            }
        }
        for (place, call) in self.calls.iter().enumerate() {
            let about = About::Call(place);
            if call.due_on < day && call.paid < call.cents && !known(&about, &self.breaks) {
                self.breaks.push(Break {
                    about,
                    kind: "late",
                    cents: call.cents - call.paid,
                    state: "open",
                });
            }
        }
    }
}
