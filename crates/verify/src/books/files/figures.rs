//! Each funder's figures, from the entries alone. What a voucher was paid by is known when its activation is read, which in the log may
//! be after its claim: so all is kept, flat, and joined at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sealed_log::{
    AccountKind, AnyLeaf, BookId, EventId, Leaf, LeafAccount, PartyId, RecordKind, RecordLeaf, TransferKind,
};

/// What a funder's money did in a programme, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct InProgramme {
    /// Put behind batches, less what was cancelled.
    pub funded: i64,
    /// Became vouchers.
    pub activated: i64,
    /// Spent, less what was reversed.
    pub claimed: i64,
    /// Of what was claimed: debited at the bank and not come back.
    pub paid: i64,
    /// Became refundable past the last day.
    pub expired: i64,
    /// Became refundable because nobody may spend the voucher any more: revoked, or its evidence disclosed.
    pub revoked: i64,
}

/// What a funder's money did in the fund.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct InFund {
    pub received: i64,
    pub returned: i64,
    pub free: i64,
}

/// What the entries say of each funder.
#[derive(Debug, Default)]
pub(super) struct Concluded {
    pub programmes: BTreeMap<(PartyId, BookId), InProgramme>,
    pub funders: BTreeMap<PartyId, InFund>,
}

/// A voucher, by the order in which vouchers were met.
type Voucher = u32;

#[derive(Default)]
pub(super) struct Figures {
    told: Concluded,
    vouchers: HashMap<(BookId, u16, u32), Voucher>,
    /// Claims that stand, by voucher: at most one once all is read.
    standing: Vec<i32>,
    /// Who paid a voucher, and how much.
    shares: Vec<(Voucher, PartyId, i64)>,
    claims: Vec<(BookId, EventId, Voucher)>,
    /// By payment's reference: what of a claim it covers.
    lines: Vec<(u32, BookId, EventId, i64)>,
    references: HashMap<String, u32>,
    debited: HashSet<String>,
    came_back: HashSet<String>,
    /// Whose `in_transit` is no funder's.
    structures: BTreeSet<PartyId>,
}

impl Figures {
    pub fn add(&mut self, leaf: &AnyLeaf) {
        match leaf {
            AnyLeaf::Transfer(leaf) => self.transfer(leaf),
            AnyLeaf::Record(record) => self.record(record),
            AnyLeaf::Trail(_) => {}
        }
    }

    fn transfer(&mut self, leaf: &Leaf) {
        use AccountKind::{Available, Bank, Clearing, Deposited, InTransit, Payable, Receivable, Suspense};
        use TransferKind::{
            Activated, BatchCancelled, BatchExpired, BatchFunded, ClaimReversed, Claimed, Expired, Explained, Rejected,
            ReversedDisclosed, ReversedExpired, ReversedRevoked, Revoked,
        };
        let (debit, credit, cents) = (&leaf.debit, &leaf.credit, leaf.cents.get());
        for (account, signed) in [(debit, cents), (credit, -cents)] {
            match (account.kind, account.party) {
                (Available | Deposited, Some(party)) => add(&mut self.fund(party).free, -signed),
                (Payable, Some(party)) => {
                    self.structures.insert(party);
                }
                _ => {}
            }
        }
        match leaf.kind {
            BatchFunded => add(&mut self.programme(debit).funded, cents),
            BatchCancelled => add(&mut self.programme(credit).funded, -cents),
            Activated => {
                add(&mut self.programme(debit).activated, cents);
                if let Some((voucher, party)) = self.voucher(credit).zip(debit.party) {
                    self.shares.push((voucher, party, cents));
                }
            }
            Claimed => {
                if let Some(voucher) = self.voucher(debit) {
                    self.claims.push((debit.book, leaf.event, voucher));
                    self.stands(voucher, 1);
                }
            }
            ClaimReversed => {
                if let Some(voucher) = self.voucher(credit) {
                    self.stands(voucher, -1);
                }
            }
            Expired | BatchExpired | ReversedExpired => add(&mut self.programme(credit).expired, cents),
            Revoked | ReversedRevoked | ReversedDisclosed => add(&mut self.programme(credit).revoked, cents),
            _ => {}
        }
        // The bank's side. A refund that comes back is the funder's free money again: it was not returned.
        match (debit.kind, credit.kind, credit.party) {
            (Bank | Suspense | Receivable, Deposited, Some(party)) if leaf.kind == Rejected => {
                add(&mut self.fund(party).returned, -cents);
            }
            (Bank | Suspense | Receivable, Deposited, Some(party)) => add(&mut self.fund(party).received, cents),
            _ => {}
        }
        if let Some(party) = debit.party {
            match (debit.kind, credit.kind) {
                // A mandate that was not honoured.
                (Deposited, Receivable) => add(&mut self.fund(party).received, -cents),
                (Deposited | InTransit, Bank | Suspense) => {
                    add(&mut self.fund(party).returned, cents);
                    self.debited.insert(leaf.reference.clone());
                }
                _ => {}
            }
        }
        let came_back = credit.kind == Clearing
            && (debit.kind == Bank
                || (leaf.kind == Rejected && debit.kind == InTransit)
                || (leaf.kind == Explained && debit.kind == Suspense));
        if came_back {
            self.came_back.insert(leaf.reference.clone());
        }
    }

    fn record(&mut self, record: &RecordLeaf) {
        let cents = match record.kind {
            RecordKind::SettlementLine => record.cents.get(),
            RecordKind::SettlementDeduction => -record.cents.get(),
        };
        let next = u32::try_from(self.references.len()).unwrap_or(u32::MAX);
        let reference = match self.references.get(&record.reference) {
            Some(known) => *known,
            None => *self.references.entry(record.reference.clone()).or_insert(next),
        };
        self.lines
            .push((reference, record.account.book, EventId::from_uuid(record.claim), cents));
    }

    fn fund(&mut self, party: PartyId) -> &mut InFund {
        self.told.funders.entry(party).or_default()
    }

    /// The figures of the account's owner; of nobody where it has none.
    fn programme(&mut self, account: &LeafAccount) -> &mut InProgramme {
        let nobody = PartyId::from_uuid(uuid::Uuid::nil());
        self.told
            .programmes
            .entry((account.party.unwrap_or(nobody), account.book))
            .or_default()
    }

    fn voucher(&mut self, account: &LeafAccount) -> Option<Voucher> {
        let (series, idx) = account.voucher?;
        let next = Voucher::try_from(self.standing.len()).ok()?;
        let place = *self.vouchers.entry((account.book, series, idx)).or_insert(next);
        if place == next {
            self.standing.push(0);
        }
        Some(place)
    }

    fn stands(&mut self, voucher: Voucher, claims: i32) {
        if let Some(standing) = usize::try_from(voucher)
            .ok()
            .and_then(|place| self.standing.get_mut(place))
        {
            *standing = standing.saturating_add(claims);
        }
    }

    /// After the last entry: what was claimed and paid, in the shares of who paid the vouchers.
    pub fn conclude(mut self) -> Concluded {
        let mut books = vec![BookId::fund(); self.standing.len()];
        for ((book, ..), voucher) in self.vouchers.drain() {
            if let Some(of) = usize::try_from(voucher).ok().and_then(|place| books.get_mut(place)) {
                *of = book;
            }
        }
        let paid = self.paid_claims();
        let mut times_paid = vec![0_i64; self.standing.len()];
        for (book, claim, voucher) in &self.claims {
            if let (Some(sign), Some(times)) = (
                paid.get(&(*book, *claim)),
                usize::try_from(*voucher)
                    .ok()
                    .and_then(|place| times_paid.get_mut(place)),
            ) {
                *times += sign;
            }
        }
        for (voucher, party, cents) in &self.shares {
            let Ok(place) = usize::try_from(*voucher) else { continue };
            let (Some(book), Some(standing), Some(times)) =
                (books.get(place), self.standing.get(place), times_paid.get(place))
            else {
                continue;
            };
            let of = self.told.programmes.entry((*party, *book)).or_default();
            add(&mut of.claimed, cents.saturating_mul(i64::from(*standing)));
            add(&mut of.paid, cents.saturating_mul(*times));
        }
        self.told.funders.retain(|party, _| !self.structures.contains(party));
        self.told
    }

    /// Claims by the payments that left and did not come back: one for what is paid, minus one for what was taken back beyond it.
    fn paid_claims(&self) -> HashMap<(BookId, EventId), i64> {
        let left: HashSet<u32> = self
            .references
            .iter()
            .filter(|(reference, _)| self.debited.contains(*reference) && !self.came_back.contains(*reference))
            .map(|(_, number)| *number)
            .collect();
        let mut covered: HashMap<(BookId, EventId), i64> = HashMap::new();
        for (reference, book, claim, cents) in &self.lines {
            if left.contains(reference) {
                add(covered.entry((*book, *claim)).or_default(), *cents);
            }
        }
        for cents in covered.values_mut() {
            *cents = cents.signum();
        }
        covered
    }
}

/// Sums beyond 64 bits are told by the balances.
const fn add(sum: &mut i64, cents: i64) {
    *sum = sum.saturating_add(cents);
}
