use std::collections::BTreeMap;

use sealed_log::{AccountKind, EventId, RecordKind, TransferKind};
use sealed_log::{AnyLeaf, RecordLeaf};
use standards::Cents;

/// What payments moved, and what they say that they cover.
#[derive(Default)]
pub(super) struct Records {
    count: u64,
    /// By payment: what left `payable` for it, and its lines.
    payments: BTreeMap<EventId, (i64, i64)>,
    too_large: bool,
}

impl Records {
    /// Adds an entry; says what cannot be by itself.
    pub fn add(&mut self, leaf: &AnyLeaf) -> Option<String> {
        match leaf {
            AnyLeaf::Transfer(leaf) => {
                if leaf.kind == TransferKind::Settled && leaf.debit.kind == AccountKind::Payable {
                    self.grow(leaf.event, (leaf.cents.get(), 0));
                }
                None
            }
            AnyLeaf::Record(record) => self.record(record),
            AnyLeaf::Trail(_) => None,
        }
    }

    fn record(&mut self, record: &RecordLeaf) -> Option<String> {
        self.count += 1;
        let cents = match record.kind {
            RecordKind::SettlementLine => record.cents.get(),
            RecordKind::SettlementDeduction => -record.cents.get(),
        };
        self.grow(record.event, (0, cents));
        let fits = record.cents.is_positive() && record.account.kind == AccountKind::Payable;
        (!fits).then(|| {
            format!(
                "une ligne « {} » de {} ne porte pas sur « {} »",
                record.kind.name(),
                record.cents,
                record.account.kind.name()
            )
        })
    }

    fn grow(&mut self, payment: EventId, (moved, covered): (i64, i64)) {
        let sums = self.payments.entry(payment).or_insert((0, 0));
        let grown = sums.0.checked_add(moved).zip(sums.1.checked_add(covered));
        match grown {
            Some(grown) => *sums = grown,
            None => self.too_large = true,
        }
    }

    /// How many there were.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Payments that are not the sum of their lines.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.too_large {
            faults.push("des lignes de contre-paiement dépassent 64 bits".to_owned());
        }
        let wrong = self.payments.iter().filter(|(_, (moved, covered))| moved != covered);
        for (payment, (moved, covered)) in wrong {
            faults.push(format!(
                "le virement {payment} est de {}, les encaissements qu'il couvre de {}",
                Cents::new(*moved),
                Cents::new(*covered)
            ));
        }
        faults
    }
}
