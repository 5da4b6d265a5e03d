//! What must hold to the cent, always. Each side is computed apart: one from the transfers, the other from the accounts' sums,
//! so that each invariant can fail.

use std::collections::BTreeSet;

use sealed_log::{AccountKind, BookId, PartyId};
use standards::Cents;

use crate::read::figures::{Figures, less, total};
use crate::read::waterfall::{FunderFigures, ProgrammeFigures};

/// What an invariant is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// All books together.
    Fund,
    /// One book: the fund's own, or a programme's.
    Book(BookId),
    /// One funder, over all books.
    Funder(PartyId),
    /// One structure, over all books.
    Structure(PartyId),
}

/// How the left side stands to the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are the same, to the cent.
    Equal,
    /// The left side is never more.
    AtMost,
}

/// One invariant of the books with both its sides, so that a report can print them and not only say that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invariant {
    /// What it says, in French, for the report.
    pub name: &'static str,
    /// What it is said of.
    pub subject: Subject,
    /// The side that the name says first.
    pub left: Cents,
    /// What it is compared with.
    pub right: Cents,
    /// How the first must stand to the second.
    pub relation: Relation,
}

impl Invariant {
    /// Whether both sides stand as they must.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.relation {
            Relation::Equal => self.left == self.right,
            Relation::AtMost => self.left <= self.right,
        }
    }

    const fn equal(name: &'static str, subject: Subject, left: Cents, right: Cents) -> Self {
        Self {
            name,
            subject,
            left,
            right,
            relation: Relation::Equal,
        }
    }
}

impl Figures {
    /// Every invariant that the ledger alone can check; the bank's takes a statement ([`Figures::bank_invariant`]).
    #[must_use]
    pub fn invariants(&self) -> Vec<Invariant> {
        let books: BTreeSet<BookId> = self
            .held
            .iter()
            .map(|held| held.book)
            .chain(self.deviation.keys().copied())
            .collect();
        let mut all = Vec::new();
        for &book in &books {
            all.extend(self.balanced(book));
        }
        let (debits, credits) = self.sums(|held| held.kind == AccountKind::Clearing);
        all.push(Invariant::equal(
            "Virements internes : débits = crédits",
            Subject::Fund,
            debits,
            credits,
        ));
        all.extend(self.funders());
        for &book in books.iter().filter(|book| !book.is_fund()) {
            all.extend(self.covered(book));
        }
        all.extend(self.structures());
        all.extend(self.charges());
        all.push(self.third_parties());
        all
    }

    /// What the bank took for itself, which is nobody's loss but the operator's; nothing when it never took any.
    fn charges(&self) -> Option<Invariant> {
        let taken = self.flow(|flow| flow.debit == AccountKind::ChargesOwed);
        let paid_back = self.flow(|flow| flow.credit == AccountKind::ChargesOwed);
        (!taken.is_zero()).then(|| {
            Invariant::equal(
                "Frais bancaires : prélevés − remboursés par l'opérateur = à sa charge",
                Subject::Fund,
                less(taken, paid_back),
                self.charges_owed(),
            )
        })
    }

    /// What a segregated account must hold: the money of third parties, and nothing of the operator's. For who may see all of it.
    fn third_parties(&self) -> Invariant {
        let ours = |kind| {
            matches!(
                kind,
                AccountKind::Bank | AccountKind::Receivable | AccountKind::ChargesOwed
            )
        };
        let here = self.flow(|flow| ours(flow.debit));
        let gone = self.flow(|flow| ours(flow.credit));
        let (paid, owed) = self.sums(|held| !ours(held.kind) && held.kind != AccountKind::Clearing);
        Invariant::equal(
            "Compte du fonds + mandats et frais à recevoir = dû aux financeurs et aux structures + lignes à expliquer",
            Subject::Book(BookId::fund()),
            less(here, gone),
            less(owed, paid),
        )
    }

    /// What the bank took for itself and the operator has not paid back.
    #[must_use]
    pub fn charges_owed(&self) -> Cents {
        let (debits, credits) = self.sums(|held| held.kind == AccountKind::ChargesOwed);
        less(debits, credits)
    }

    /// What the ledger says is on the bank account.
    #[must_use]
    pub fn bank(&self) -> Cents {
        let (debits, credits) = self.sums(|held| held.kind == AccountKind::Bank);
        less(debits, credits)
    }

    /// The books' bank account against the last statement's closing balance and the explained items under way (negative for
    /// money going out).
    #[must_use]
    pub fn bank_invariant(&self, statement_closing: Cents, under_way: Cents) -> Invariant {
        Invariant::equal(
            "Compte bancaire = solde du dernier relevé + opérations expliquées en cours",
            Subject::Fund,
            self.bank(),
            total([statement_closing, under_way]),
        )
    }

    fn balanced(&self, book: BookId) -> [Invariant; 2] {
        let (debits, credits) = self.sums(|held| held.book == book);
        let deviation = self.deviation.get(&book).copied().unwrap_or(Cents::ZERO);
        let subject = Subject::Book(book);
        [
            Invariant::equal("Total des débits = total des crédits", subject, debits, credits),
            Invariant::equal(
                "Écart entre les comptes et leurs écritures = 0",
                subject,
                deviation,
                Cents::ZERO,
            ),
        ]
    }

    fn funders(&self) -> Vec<Invariant> {
        let waterfall = self.waterfall();
        let invariant = |funder: &FunderFigures| {
            let of = |figure: fn(&ProgrammeFigures) -> Cents| {
                let lines = waterfall.programmes.iter().filter(|line| line.funder == funder.funder);
                total(lines.map(figure))
            };
            let right = [
                funder.deposited,
                of(|line| line.available),
                of(|line| line.reserved),
                of(|line| line.on_vouchers),
                of(|line| line.claimed),
                of(|line| line.refundable),
                funder.refund_under_way,
                funder.returned,
            ];
            Invariant::equal(
                "Versé = à affecter + disponible + réservé + en chèques + encaissé + à rendre + rendu",
                Subject::Funder(funder.funder),
                total([funder.received, of(|line| line.trued_up)]),
                total(right),
            )
        };
        waterfall.funders.iter().map(invariant).collect()
    }

    fn covered(&self, book: BookId) -> [Invariant; 2] {
        let held = |kind| {
            let (debits, credits) = self.sums(|held| held.book == book && held.kind == kind);
            less(credits, debits)
        };
        let vouchers = held(AccountKind::Voucher);
        let spendable = self.spendable.get(&book).copied().unwrap_or(Cents::ZERO);
        let between = |debit, credit| self.flow(|flow| (flow.book, flow.debit, flow.credit) == (book, debit, credit));
        let allocated = less(
            between(AccountKind::Clearing, AccountKind::Available),
            between(AccountKind::Available, AccountKind::Clearing),
        );
        let subject = Subject::Book(book);
        [
            Invariant::equal(
                "Chèques en circulation = valeur faciale des chèques utilisables selon leur historique",
                subject,
                vouchers,
                spendable,
            ),
            Invariant {
                name: "En chèques + réservé ≤ versé et affecté",
                subject,
                left: total([vouchers, held(AccountKind::Reserved)]),
                right: allocated,
                relation: Relation::AtMost,
            },
        ]
    }

    fn structures(&self) -> Vec<Invariant> {
        let payable = self.held.iter().filter(|held| held.kind == AccountKind::Payable);
        let structures: BTreeSet<PartyId> = payable.filter_map(|held| held.party).collect();
        let invariant = |structure: PartyId| {
            let held = |kind| {
                let (debits, credits) = self.sums(|held| held.kind == kind && held.party == Some(structure));
                less(credits, debits)
            };
            let claimed = self.claimed_by.get(&structure).copied().unwrap_or(Cents::ZERO);
            let paid = self.paid(structure);
            // A recoverable account stands on its debit side, so adding its credit balance takes it off.
            let recoverable = held(AccountKind::Recoverable);
            Invariant::equal(
                "À payer + virements en cours + payé − à reprendre = encaissements non annulés",
                Subject::Structure(structure),
                total([
                    held(AccountKind::Payable),
                    held(AccountKind::InTransit),
                    paid,
                    recoverable,
                ]),
                claimed,
            )
        };
        structures.into_iter().map(invariant).collect()
    }

    /// What left for the structure and did not come back, from the transfers. A payment that comes back is debited to the bank,
    /// which knows no structure, but credited to the structure's payable again, like one that never left.
    fn paid(&self, structure: PartyId) -> Cents {
        let left = self.flow(|flow| flow.debit == AccountKind::InTransit && flow.debit_party == Some(structure));
        let back = self.flow(|flow| {
            flow.debit == AccountKind::Clearing
                && flow.credit == AccountKind::Payable
                && flow.credit_party == Some(structure)
        });
        less(left, back)
    }
}
