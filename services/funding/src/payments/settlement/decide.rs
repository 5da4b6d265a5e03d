//! Who is paid what, and who is held: pure.

use std::collections::BTreeMap;

use ledger::{BookId, PartyId};
use standards::Cents;
use standards::pain001::PAYMENTS_MAX;

use crate::payments::settlement::due::{Payee, SettlementFacts, would_fail_again};
use crate::payments::settlement::due_claim::DueClaim;
use crate::payments::settlement::limit::HoldReason;
use crate::{support::ids::MandateId, support::ids::PaymentId, support::ids::SettlementId};

/// What a settlement does.
#[derive(Debug, Default)]
pub(super) struct SettlementPlan {
    pub payments: Vec<PaymentDraft>,
    pub held: Vec<Hold>,
}

#[derive(Debug)]
pub(super) struct PaymentDraft {
    pub id: PaymentId,
    pub structure: PartyId,
    pub payee: Payee,
    pub total: Cents,
    pub parts: Vec<DraftPart>,
}

/// What a payment takes from one programme.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DraftPart {
    pub book: BookId,
    /// Taken back first, from what is payable.
    pub deducted: Cents,
    /// Sent: the sum of the lines.
    pub sent: Cents,
    pub lines: Vec<DueClaim>,
}

/// A structure that is owed money and is not paid it now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub structure: PartyId,
    pub cents: Cents,
    pub reason: &'static str,
    /// Whose money, when money is awaited.
    pub awaits: Vec<MissingFunding>,
}

/// A funder's money that a hold waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MissingFunding {
    pub funder: PartyId,
    /// Its shares of the claims held.
    pub cents: Cents,
    /// The oldest of its mandates that is awaited.
    pub mandate: Option<MandateId>,
}

/// Nobody has given an account.
pub(super) const NO_BANK_DETAILS: &str = "no_bank_details";
/// The last payment failed because of the account or its holder, and the one at fault is the same.
pub(super) const RETURNED_BY_BANK: &str = "returned_by_bank";
/// As much or more is to be taken back as is to be paid.
pub(super) const DEDUCTIONS: &str = "deductions";
/// Claims of which a funder's money has not come.
pub(super) const MONEY_AWAITED: &str = "money_awaited";
/// Claims that the bank account cannot pay.
pub(super) const BANK_SHORT: &str = "bank_short";

/// Claims that do not prove that their vouchers were presented.
pub(super) const EVIDENCE: &str = "evidence";

/// `None` when amounts add up to more than 64 bits. At most one payment file: those beyond it are due in the next
/// settlement of the same month.
pub(super) fn decide(settlement: SettlementId, facts: SettlementFacts) -> Option<SettlementPlan> {
    let SettlementFacts {
        dues,
        mut payees,
        failed,
        recoverable,
        withheld,
        mandates,
    } = facts;
    let mut plan = SettlementPlan::default();
    let mut structures: BTreeMap<PartyId, BTreeMap<BookId, Vec<DueClaim>>> = BTreeMap::new();
    for due in dues {
        if let Some(reason) = withheld.get(&(due.book, due.claim)) {
            plan.withhold(&due, reason, &mandates)?;
            continue;
        }
        structures
            .entry(due.structure)
            .or_default()
            .entry(due.book)
            .or_default()
            .push(due);
    }
    for (structure, books) in structures {
        let (mut parts, mut positive, mut set_off) = (Vec::new(), Cents::ZERO, Cents::ZERO);
        for (book, lines) in books {
            let claimed = sum(lines.iter().map(|due| due.cents).filter(|cents| cents.is_positive()))?;
            let sent = sum(lines.iter().map(|due| due.cents))?;
            if sent.is_positive() {
                let deducted = recoverable.get(&(book, structure)).copied().unwrap_or_default();
                positive = positive.checked_add(sent)?;
                parts.push(DraftPart {
                    book,
                    deducted,
                    sent,
                    lines,
                });
            } else {
                set_off = set_off.checked_add(claimed)?;
            }
        }
        let mut hold = |cents: Cents, reason| {
            if cents.is_positive() {
                plan.held.push(Hold {
                    structure,
                    cents,
                    reason,
                    awaits: Vec::new(),
                });
            }
        };
        if parts.is_empty() {
            hold(set_off, DEDUCTIONS);
            continue;
        }
        match payees.remove(&structure) {
            None => hold(positive.checked_add(set_off)?, NO_BANK_DETAILS),
            Some(payee) if would_fail_again(&failed, structure, &payee) => {
                hold(positive.checked_add(set_off)?, RETURNED_BY_BANK);
            }
            Some(payee) if plan.payments.len() < PAYMENTS_MAX => {
                hold(set_off, DEDUCTIONS);
                let parts_of = [settlement.uuid(), structure.uuid()];
                let id = PaymentId::derive(b"payment", &[parts_of[0].as_bytes(), parts_of[1].as_bytes()]);
                plan.payments.push(PaymentDraft {
                    id,
                    structure,
                    payee,
                    total: positive,
                    parts,
                });
            }
            Some(_) => {}
        }
    }
    Some(plan)
}

impl SettlementPlan {
    /// Adds a claim that is not paid now to what its structure is held.
    fn withhold(&mut self, due: &DueClaim, reason: &HoldReason, mandates: &BTreeMap<PartyId, MandateId>) -> Option<()> {
        let (reason, whose) = match reason {
            HoldReason::Evidence => (EVIDENCE, [].as_slice()),
            HoldReason::Bank => (BANK_SHORT, [].as_slice()),
            HoldReason::Funders(whose) => (MONEY_AWAITED, whose.as_slice()),
        };
        let same = |held: &Hold| held.structure == due.structure && held.reason == reason;
        let place = self.held.iter().position(same).unwrap_or_else(|| {
            self.held.push(Hold {
                structure: due.structure,
                cents: Cents::ZERO,
                reason,
                awaits: Vec::new(),
            });
            self.held.len() - 1
        });
        let held = &mut self.held[place];
        held.cents = held.cents.checked_add(due.cents)?;
        for &(funder, cents) in whose {
            match held.awaits.iter_mut().find(|awaits| awaits.funder == funder) {
                Some(awaits) => awaits.cents = awaits.cents.checked_add(cents)?,
                None => held.awaits.push(MissingFunding {
                    funder,
                    cents,
                    mandate: mandates.get(&funder).copied(),
                }),
            }
        }
        Some(())
    }
}

fn sum(cents: impl Iterator<Item = Cents>) -> Option<Cents> {
    Cents::try_sum(cents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::settlement::due::FailedPayment;
    use crate::payments::settlement::reasons::Blamed;
    use uuid::Uuid;

    const STRUCTURE: PartyId = PartyId::from_uuid(Uuid::from_u128(1));
    const A: BookId = BookId::from_uuid(Uuid::from_u128(10));
    const B: BookId = BookId::from_uuid(Uuid::from_u128(11));

    fn due(book: BookId, claim: u128, cents: i64) -> DueClaim {
        DueClaim {
            book,
            claim: Uuid::from_u128(claim),
            structure: STRUCTURE,
            cents: Cents::new(cents),
            at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn payee(iban: &str) -> Payee {
        Payee {
            holder: "Médiathèque".to_owned(),
            iban: iban.parse().unwrap(),
            bic: None,
        }
    }

    fn plan(dues: Vec<DueClaim>, failed: Vec<FailedPayment>) -> SettlementPlan {
        let facts = SettlementFacts {
            recoverable: dues
                .iter()
                .filter(|due| due.cents.is_negative())
                .fold(BTreeMap::new(), |mut all, due| {
                    let cents = all.entry((due.book, due.structure)).or_insert(Cents::ZERO);
                    *cents = cents.checked_sub(due.cents).unwrap();
                    all
                }),
            dues,
            payees: [(STRUCTURE, payee("FR7630006000011234567890189"))].into(),
            failed: [(STRUCTURE, failed)].into(),
            ..SettlementFacts::default()
        };
        decide(SettlementId::from_uuid(Uuid::from_u128(5)), facts).unwrap()
    }

    #[test]
    fn one_payment_a_structure_whatever_its_programmes() {
        let plan = plan(vec![due(A, 1, 4000), due(A, 2, 1000), due(B, 3, 500)], Vec::new());
        assert_eq!(plan.payments.len(), 1);
        assert_eq!(plan.payments[0].total, Cents::new(5500));
        assert!(plan.held.is_empty());
    }

    #[test]
    fn what_was_paid_and_reversed_is_taken_back_first() {
        let plan = plan(vec![due(A, 1, 4000), due(A, 2, -1000)], Vec::new());
        let part = &plan.payments[0].parts[0];
        assert_eq!((part.deducted, part.sent), (Cents::new(1000), Cents::new(3000)));
    }

    #[test]
    fn a_programme_never_pays_anothers_deductions() {
        let plan = plan(vec![due(A, 1, 4000), due(B, 2, 1000), due(B, 3, -1000)], Vec::new());
        assert_eq!(plan.payments[0].total, Cents::new(4000));
        assert_eq!(
            plan.held,
            [Hold {
                structure: STRUCTURE,
                cents: Cents::new(1000),
                reason: DEDUCTIONS,
                awaits: Vec::new(),
            }]
        );
    }

    #[test]
    fn nothing_but_deductions_is_neither_paid_nor_held() {
        let plan = plan(vec![due(A, 1, -1000)], Vec::new());
        assert!(plan.payments.is_empty() && plan.held.is_empty());
    }

    #[test]
    fn a_claim_whose_money_has_not_come_is_held_beside_the_payment_of_the_others() {
        let (funder, mandate) = (
            PartyId::from_uuid(Uuid::from_u128(7)),
            MandateId::from_uuid(Uuid::from_u128(8)),
        );
        let reason = |cents| HoldReason::Funders(vec![(funder, Cents::new(cents))]);
        let facts = SettlementFacts {
            dues: vec![due(A, 1, 4000), due(A, 2, 1000), due(B, 3, 500), due(B, 4, 200)],
            payees: [(STRUCTURE, payee("FR7630006000011234567890189"))].into(),
            withheld: [
                ((A, Uuid::from_u128(2)), reason(600)),
                ((B, Uuid::from_u128(3)), reason(250)),
                ((B, Uuid::from_u128(4)), HoldReason::Bank),
            ]
            .into(),
            mandates: [(funder, mandate)].into(),
            ..SettlementFacts::default()
        };
        let plan = decide(SettlementId::from_uuid(Uuid::from_u128(5)), facts).unwrap();
        assert_eq!(plan.payments[0].total, Cents::new(4000));
        let held = |cents, reason, awaits| Hold {
            structure: STRUCTURE,
            cents: Cents::new(cents),
            reason,
            awaits,
        };
        let awaits = MissingFunding {
            funder,
            cents: Cents::new(850),
            mandate: Some(mandate),
        };
        assert_eq!(
            plan.held,
            [held(1500, MONEY_AWAITED, vec![awaits]), held(200, BANK_SHORT, vec![])]
        );
    }

    #[test]
    fn a_payment_that_failed_waits_for_what_the_bank_blamed_to_change() {
        let held = |failed: &[(&str, &str, Option<&str>, Blamed)]| {
            let failed = failed.iter().map(|&(iban, holder, bic, blamed)| FailedPayment {
                payee: Payee {
                    holder: holder.to_owned(),
                    bic: bic.map(|bic| bic.parse().unwrap()),
                    ..payee(iban)
                },
                blamed,
            });
            plan(vec![due(A, 1, 4000)], failed.collect())
                .held
                .iter()
                .any(|hold| hold.reason == RETURNED_BY_BANK)
        };
        let (same, other) = ("FR7630006000011234567890189", "DE89370400440532013000");
        assert!(held(&[(same, "Médiathèque", None, Blamed::Account)]));
        assert!(!held(&[(other, "Médiathèque", None, Blamed::Account)]));
        // A closed account stays closed, however its holder is spelt and whatever its BIC is.
        assert!(held(&[(same, "Association Clic", Some("AGRIFRPP"), Blamed::Account)]));
        // It stays closed too when another account was paid in the meantime.
        assert!(held(&[
            (same, "Médiathèque", None, Blamed::Account),
            (other, "Médiathèque", None, Blamed::Account)
        ]));
        // A name that was not the account's is mended by another name, not by capitals, accents or a BIC.
        assert!(held(&[(same, "MEDIATHEQUE ", Some("AGRIFRPP"), Blamed::Holder)]));
        assert!(!held(&[(same, "Commune de Dijon", None, Blamed::Holder)]));
    }
}
