//! The report that ends the "nobody had the same total" problem, from *received* onward: each figure is a sum of transfers or
//! of accounts. What comes before (announced, agreed, called), the hand-over, and *paid* (from the settlement lines, by
//! [`shares_of_claims`](crate::read::shares_of_claims)) are records of other services.

use std::collections::{BTreeMap, BTreeSet};

use sealed_log::{AccountKind, BookId, PartyId, Side, TransferKind};
use standards::Cents;

use crate::read::figures::{Figures, Flow, less, total};

/// The whole report, in order of id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waterfall {
    /// Money as it stands before a programme and after it.
    pub funders: Vec<FunderFigures>,
    /// Money in each programme.
    pub programmes: Vec<ProgrammeFigures>,
}

/// A funder's money outside programmes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunderFigures {
    /// Whose money it is.
    pub funder: PartyId,
    /// Received or mandated, in all; net of mandates cancelled.
    pub received: Cents,
    /// The part of `received` that began as a public mandate, net of those cancelled.
    pub mandated: Cents,
    /// The part of `mandated` that the bank has not seen yet.
    pub mandated_not_received: Cents,
    /// Not allocated to a programme.
    pub deposited: Cents,
    /// Going back, in a payment file.
    pub refund_under_way: Cents,
    /// Went back: left the bank account.
    pub returned: Cents,
}

/// A funder's money in a programme. Flows count everything that ever happened; `available`, `reserved`, `on_vouchers`,
/// `claimed` and `refundable` are where it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgrammeFigures {
    /// The programme, by its book.
    pub book: BookId,
    /// Whose money it is.
    pub funder: PartyId,
    /// Brought to the programme, net of what left it before anything stood behind it.
    pub allocated: Cents,
    /// Put behind batches, in all.
    pub funded: Cents,
    /// Of `funded`, released because the batch was cancelled.
    pub batch_cancelled: Cents,
    /// Of `funded`, released past the last day without ever becoming vouchers.
    pub batch_expired: Cents,
    /// Became spendable vouchers.
    pub activated: Cents,
    /// Of `activated`, revoked.
    pub revoked: Cents,
    /// Of `activated`, past the last day.
    pub expired: Cents,
    /// Of `activated`, claimed, and freed by a reversal of the claim after the voucher's revocation.
    pub reversed_revoked: Cents,
    /// The same, past the last day.
    pub reversed_expired: Cents,
    /// The same, after the evidence of the claim was disclosed.
    pub reversed_disclosed: Cents,
    /// Spent at structures, not reversed.
    pub claimed: Cents,
    /// Unused value, and at the end unspent money, that became free money again, by refund or credit.
    pub refunded: Cents,
    /// Received from (or, negative, ceded to) the other funders by true-ups.
    pub trued_up: Cents,
    /// Allocated, and behind nothing yet.
    pub available: Cents,
    /// Behind funded batches, and not yet on vouchers.
    pub reserved: Cents,
    /// On vouchers that can still be spent.
    pub on_vouchers: Cents,
    /// Owed back to the funder.
    pub refundable: Cents,
}

impl ProgrammeFigures {
    /// Put behind batches, net of what cancellations and the last day released.
    #[must_use]
    pub fn funded_net(&self) -> Cents {
        less(less(self.funded, self.batch_cancelled), self.batch_expired)
    }

    /// Freed from vouchers that nobody may spend any more: revoked, or their evidence disclosed, then or when their claim was reversed.
    #[must_use]
    pub fn revoked_in_all(&self) -> Cents {
        total([self.revoked, self.reversed_revoked, self.reversed_disclosed])
    }

    /// Became vouchers, net of revocations.
    #[must_use]
    pub fn activated_net(&self) -> Cents {
        less(self.activated, self.revoked_in_all())
    }

    /// Unused past the last day, as vouchers or before.
    #[must_use]
    pub fn expired_in_all(&self) -> Cents {
        total([self.expired, self.reversed_expired, self.batch_expired])
    }
}

impl Figures {
    /// The report at the moment of the figures.
    #[must_use]
    pub fn waterfall(&self) -> Waterfall {
        let mut lines: BTreeSet<(BookId, PartyId)> = BTreeSet::new();
        for held in &self.held {
            if let (AccountKind::Available | AccountKind::Reserved | AccountKind::Refundable, Some(funder)) =
                (held.kind, held.party)
            {
                lines.insert((held.book, funder));
            }
        }
        let deposits = self.held.iter().filter(|held| held.kind == AccountKind::Deposited);
        let funders: BTreeSet<PartyId> = deposits.filter_map(|held| held.party).collect();
        Waterfall {
            funders: funders.into_iter().map(|funder| self.of_funder(funder)).collect(),
            programmes: lines
                .into_iter()
                .map(|(book, funder)| self.of_programme(book, funder))
                .collect(),
        }
    }

    fn of_funder(&self, funder: PartyId) -> FunderFigures {
        use AccountKind::{Bank, Deposited, InTransit, Receivable, Suspense};
        let out = |from: AccountKind, to: &[AccountKind]| {
            self.flow(|flow| flow.debit == from && flow.debit_party == Some(funder) && to.contains(&flow.credit))
        };
        let came_in = |from: &[AccountKind], wanted: &dyn Fn(&Flow) -> bool| {
            self.flow(|flow| {
                let deposit = flow.credit == Deposited && flow.credit_party == Some(funder);
                deposit && from.contains(&flow.debit) && wanted(flow)
            })
        };
        let is_return = |flow: &Flow| flow.kind == TransferKind::Rejected;
        let held = |kind| self.held_for(BookId::fund(), kind, funder);
        let left_bank = total([out(Deposited, &[Bank, Suspense]), out(InTransit, &[Bank, Suspense])]);
        FunderFigures {
            funder,
            received: less(
                came_in(&[Bank, Suspense, Receivable], &|flow| !is_return(flow)),
                out(Deposited, &[Receivable]),
            ),
            mandated: less(came_in(&[Receivable], &|_| true), out(Deposited, &[Receivable])),
            mandated_not_received: held(Receivable),
            deposited: held(Deposited),
            refund_under_way: held(InTransit),
            returned: less(left_bank, came_in(&[Bank], &is_return)),
        }
    }

    fn of_programme(&self, book: BookId, funder: PartyId) -> ProgrammeFigures {
        use TransferKind as Kind;
        let gave = |kind: Kind, from: AccountKind| {
            self.flow(|flow| (flow.book, flow.kind, flow.debit, flow.debit_party) == (book, kind, from, Some(funder)))
        };
        let got = |kind: Kind, to: AccountKind| {
            self.flow(|flow| (flow.book, flow.kind, flow.credit, flow.credit_party) == (book, kind, to, Some(funder)))
        };
        let held = |kind| self.held_for(book, kind, funder);
        let by_voucher =
            |sums: &BTreeMap<(BookId, PartyId), Cents>| sums.get(&(book, funder)).copied().unwrap_or(Cents::ZERO);
        ProgrammeFigures {
            book,
            funder,
            allocated: less(
                got(Kind::Allocated, AccountKind::Available),
                gave(Kind::Deallocated, AccountKind::Available),
            ),
            funded: gave(Kind::BatchFunded, AccountKind::Available),
            batch_cancelled: gave(Kind::BatchCancelled, AccountKind::Reserved),
            batch_expired: gave(Kind::BatchExpired, AccountKind::Reserved),
            activated: gave(Kind::Activated, AccountKind::Reserved),
            revoked: got(Kind::Revoked, AccountKind::Refundable),
            expired: got(Kind::Expired, AccountKind::Refundable),
            reversed_revoked: got(Kind::ReversedRevoked, AccountKind::Refundable),
            reversed_expired: got(Kind::ReversedExpired, AccountKind::Refundable),
            reversed_disclosed: got(Kind::ReversedDisclosed, AccountKind::Refundable),
            claimed: by_voucher(&self.claimed),
            refunded: total([
                gave(Kind::Refunded, AccountKind::Refundable),
                gave(Kind::Refunded, AccountKind::Available),
            ]),
            trued_up: less(
                got(Kind::TrueUp, AccountKind::Refundable),
                total([
                    gave(Kind::TrueUp, AccountKind::Available),
                    gave(Kind::TrueUp, AccountKind::Refundable),
                ]),
            ),
            available: held(AccountKind::Available),
            reserved: held(AccountKind::Reserved),
            on_vouchers: by_voucher(&self.on_vouchers),
            refundable: held(AccountKind::Refundable),
        }
    }

    /// What a party's accounts of a kind hold, on their normal side.
    fn held_for(&self, book: BookId, kind: AccountKind, party: PartyId) -> Cents {
        let (debits, credits) = self.sums(|held| (held.book, held.kind, held.party) == (book, kind, Some(party)));
        if kind.side() == Side::Debit {
            less(debits, credits)
        } else {
            less(credits, debits)
        }
    }
}
